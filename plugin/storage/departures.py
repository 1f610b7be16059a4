"""Shops that have left: the tokens of their logins are given back to Meta, and kept sealed until then, an hour at most.

A token that waits for that stands in `meta_login` with the problem `leaving`, still sealed for the connection that it
was of. That connection was closed in the same transaction, so the two bear the same time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from plugin.storage import shops
from plugin.storage.database import Conn
from plugin.storage.logins import KEPT
from plugin.storage.vault import Unsealable, Vault

MOST = 20
"""Shops of one round."""

_NOTE = """
INSERT INTO meta_login (shop_id, generation, user_id, made_at, ticket_hash, state, problem, token, business,
    meta_user_hash)
SELECT c.shop_id, s.generation, '', %(now)s, sha256(c.token), 'granted', 'leaving', c.token, c.business,
    c.meta_user_hash
FROM meta_connection c JOIN shop s ON s.id = c.shop_id
WHERE c.shop_id = %(shop)s AND c.until_at IS NULL AND c.kind = 'login' AND c.token IS NOT NULL
"""
_WAITING = """
SELECT l.shop_id, l.id, l.token, l.meta_user_hash, c.id AS connection_id FROM meta_login l
JOIN meta_connection c ON c.shop_id = l.shop_id AND c.until_at = l.made_at
WHERE l.problem = 'leaving' AND l.made_at > %s AND (%s::bigint IS NULL OR l.shop_id = %s) ORDER BY l.made_at LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Departure:
    """A token to be given back; None where it does not open any more."""

    shop_id: int
    login_id: int
    token: str | None = field(repr=False)
    user_hash: bytes | None


def note(conn: Conn, shop_id: int, now: datetime) -> None:
    """Keep an open login connection's token for giving it back; the caller closes the connection at the same time."""
    conn.execute(_NOTE, {"now": now, "shop": shop_id})


def waiting(conn: Conn, vault: Vault, now: datetime, shop_id: int | None = None) -> list[Departure]:
    """Return what is to be given back, of one shop where it is named."""
    rows = conn.execute(_WAITING, (now - KEPT, shop_id, shop_id, MOST)).fetchall()
    found = []
    for row in rows:
        user_hash = None if row["meta_user_hash"] is None else bytes(row["meta_user_hash"])
        try:
            shop = shops.by_id(conn, vault, row["shop_id"])
            sealed, place = bytes(row["token"]), shops.token_place(row["connection_id"])
            token = None if shop is None else shop.key.unseal(sealed, place).decode()
        except Unsealable:
            token = None
        found.append(Departure(row["shop_id"], row["id"], token, user_hash))
    return found


def done(conn: Conn, departure: Departure) -> None:
    """Forget a token, given back or not."""
    conn.execute("DELETE FROM meta_login WHERE shop_id = %s AND id = %s", (departure.shop_id, departure.login_id))
