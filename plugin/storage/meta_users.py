"""Connections by who logged in for them at Facebook: what Meta's own messages, and the daily check, have to know."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import DictRow

from plugin.storage import connections, logins
from plugin.storage.connections import CLOCKS_DIFFER
from plugin.storage.database import Conn
from plugin.storage.shops import MetaConnection

REMOVED = "removed_at_facebook"
"""Why a connection was closed: somebody took the app away at Facebook, or asked Meta to have their data deleted."""
EVERY = timedelta(days=1)
MOST_SHOPS = 200
"""Shops that one round checks; with a round every ten minutes, a day is enough for 28,800."""


@dataclass(frozen=True, slots=True)
class Details:
    """What the pages and the daily check know of an open connection beside what sending needs."""

    kind: str
    dataset_name: str | None
    business: str | None
    expires_at: datetime | None
    checked_at: datetime | None
    user_hash: bytes | None


def details(conn: Conn, shop_id: int) -> Details | None:
    """Return what is known of a shop's open connection; None if it has none."""
    row = conn.execute(
        "SELECT kind, dataset_name, business, token_expires_at, checked_at, meta_user_hash FROM meta_connection"
        " WHERE shop_id = %s AND until_at IS NULL",
        (shop_id,),
    ).fetchone()
    if row is None:
        return None
    return Details(
        row["kind"],
        row["dataset_name"],
        row["business"],
        row["token_expires_at"],
        row["checked_at"],
        _bytes(row, "meta_user_hash"),
    )


def in_use(conn: Conn, user_hash: bytes | None) -> bool:
    """Whether a shop is connected by a user's login, or about to be.

    What is given back at Meta would be taken from it, too.
    """
    row = conn.execute(
        "SELECT 1 FROM meta_connection WHERE meta_user_hash = %(user)s AND until_at IS NULL"
        " UNION ALL SELECT 1 FROM meta_login WHERE meta_user_hash = %(user)s AND state = 'granted' AND problem IS NULL"
        " LIMIT 1",
        {"user": user_hash},
    ).fetchone()
    return row is not None


def shops_of(conn: Conn, user_hash: bytes) -> list[int]:
    """Return the shops of which a connection or a login names this user."""
    rows = conn.execute(
        "SELECT shop_id FROM meta_connection WHERE meta_user_hash = %(user)s"
        " UNION SELECT shop_id FROM meta_login WHERE meta_user_hash = %(user)s ORDER BY shop_id",
        {"user": user_hash},
    ).fetchall()
    return [row["shop_id"] for row in rows]


def take_away(conn: Conn, shop_id: int, user_hash: bytes, now: datetime, told_at: datetime | None) -> bool:
    """Close the connection of a user who took the app away, as a disconnect does; False if there was none.

    What began after `told_at`, or has worked since, is another login: Meta's message may come late, or twice.
    """
    before = now if told_at is None else told_at + CLOCKS_DIFFER
    conn.execute("SELECT FROM shop WHERE id = %s FOR NO KEY UPDATE", (shop_id,))  # nobody connects it meanwhile
    conn.execute(
        "DELETE FROM meta_login WHERE shop_id = %s AND meta_user_hash = %s AND made_at <= %s",
        (shop_id, user_hash, before),
    )
    ended = conn.execute(
        "UPDATE meta_connection SET broken = %s, broken_at = %s WHERE shop_id = %s AND meta_user_hash = %s"
        " AND until_at IS NULL AND from_at <= %s"
        " AND NOT (broken IS NULL AND checked_at IS NOT NULL AND checked_at > %s)",  # a renewed one keeps its beginning
        (REMOVED, now, shop_id, user_hash, before, before),
    ).rowcount
    if not ended:
        return False
    connections.off(conn, shop_id, "facebook", now)
    logins.drop(conn, shop_id)
    connections.close(conn, shop_id, now)
    return True


def forget(conn: Conn, shop_id: int, user_hash: bytes, code: str, now: datetime) -> None:
    """Erase what is left of a user of Meta's, and remember that it was done, under the code that they were given."""
    conn.execute(
        "UPDATE meta_connection SET meta_user_hash = NULL, business = NULL WHERE shop_id = %s AND meta_user_hash = %s",
        (shop_id, user_hash),
    )
    conn.execute("DELETE FROM meta_login WHERE shop_id = %s AND meta_user_hash = %s", (shop_id, user_hash))
    conn.execute(
        "INSERT INTO meta_deletion (shop_id, code_hash, asked_at, done_at) VALUES (%s, %s, %s, %s)",
        (shop_id, _code_hash(code), now, now),
    )


def deleted_at(conn: Conn, code: str) -> datetime | None:
    """Return when the data that a code stands for was deleted; None if there never was any."""
    row = conn.execute(
        "SELECT max(done_at) AS at FROM meta_deletion WHERE code_hash = %s", (_code_hash(code),)
    ).fetchone()
    return None if row is None else row["at"]


def to_check(conn: Conn, now: datetime) -> list[int]:
    """Return the installed shops whose connection was not tried for a day, or not since its login's end.

    The longest waiting come first.
    """
    rows = conn.execute(
        "SELECT c.shop_id FROM meta_connection c JOIN shop s ON s.id = c.shop_id"
        " WHERE c.until_at IS NULL AND s.uninstalled_at IS NULL AND (c.checked_at IS NULL OR c.checked_at <= %s"
        " OR (c.broken IS NULL AND c.checked_at < c.token_expires_at AND c.token_expires_at <= %s))"
        " ORDER BY c.checked_at NULLS FIRST LIMIT %s",
        (now - EVERY, now, MOST_SHOPS),
    ).fetchall()
    return [row["shop_id"] for row in rows]


def look_again(conn: Conn, shop_id: int, connection_id: int, at: datetime) -> None:
    """Let a connection's next check be due at a time."""
    conn.execute(
        "UPDATE meta_connection SET checked_at = %s WHERE shop_id = %s AND id = %s",
        (at - EVERY, shop_id, connection_id),
    )


def is_unchanged(conn: Conn, shop_id: int, connection: MetaConnection) -> bool:
    """Whether a connection still is what it was when it was read; held so until the commit."""
    row = conn.execute(
        "SELECT 1 FROM meta_connection WHERE shop_id = %s AND id = %s AND until_at IS NULL AND token = %s FOR UPDATE",
        (shop_id, connection.id, connection.sealed_token),
    ).fetchone()
    return row is not None


def keep_told(
    conn: Conn, shop_id: int, connection_id: int, expires_at: datetime | None, user_hash: bytes | None
) -> None:
    """Keep what Meta said of a login's token: its end, and whose it is (by the app's present secret)."""
    conn.execute(
        "UPDATE meta_connection SET token_expires_at = %s, meta_user_hash = coalesce(%s, meta_user_hash)"
        " WHERE shop_id = %s AND id = %s",
        (expires_at, user_hash, shop_id, connection_id),
    )


def _bytes(row: DictRow, name: str) -> bytes | None:
    return None if row[name] is None else bytes(row[name])


def _code_hash(code: str) -> bytes:
    return hashlib.sha256(code.encode(errors="replace")).digest()
