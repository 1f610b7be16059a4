"""Connections to Meta: opened, given a new token, broken, mended, closed. What waits on one never goes over another."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from plugin.storage import alerts, departures, evidence, logins, policy
from plugin.storage.database import Conn
from plugin.storage.policy import Staff
from plugin.storage.shops import MetaConnection, Shop, token_place
from plugin.storage.vault import Unsealable

PASTED: Final = "pasted"
LOGIN: Final = "login"
BROKEN: Final = "connection_broken"
"""What the merchant is written about, where they want e-mails."""


@dataclass(frozen=True, slots=True)
class ByLogin:
    """A token that came from Facebook's login, and what is known of it."""

    token: str = field(repr=False)
    dataset_name: str | None = None
    business: str | None = None
    expires_at: datetime | None = None
    user_hash: bytes | None = None


def connect(
    conn: Conn,
    shop: Shop,
    dataset: str,
    token: str | ByLogin,
    *,
    user_id: str,
    now: datetime,
) -> int:
    """Open a connection with a pasted token, or a login's; return its id. The open one to the same dataset is kept.

    What was said of other pixels was said of the dataset before: a connection that is opened asks anew.
    """
    if shop.connection is not None and shop.connection.dataset == dataset:
        connection_id = shop.connection.id
        _keep_token(conn, shop, connection_id, token)
        works(conn, shop.id, connection_id, now)
        return connection_id
    close(conn, shop.id, now)
    row = conn.execute(
        "INSERT INTO meta_connection (shop_id, dataset, from_at, connected_by, checked_at)"
        " VALUES (%s, %s, %s, %s, %s) RETURNING id",
        # Shopify tells the time of a purchase in whole seconds: one placed right now must not seem older than this
        (shop.id, dataset, now.replace(microsecond=0), user_id, now),
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert returns its row
    connection_id = int(row["id"])
    _keep_token(conn, shop, connection_id, token)
    policy.answer_other_pixel(conn, shop, None, Staff(user_id, "settings"), now)
    return connection_id


def _keep_token(conn: Conn, shop: Shop, connection_id: int, token: str | ByLogin) -> None:
    known = ByLogin(token) if isinstance(token, str) else token
    sealed = shop.key.seal(known.token.encode(), token_place(connection_id))
    conn.execute(
        "UPDATE meta_connection SET token = %s, kind = %s, dataset_name = %s, business = %s, token_expires_at = %s,"
        " meta_user_hash = %s, paused_until = NULL, failures = 0, doubts = 0 WHERE shop_id = %s AND id = %s",
        (
            sealed,
            PASTED if isinstance(token, str) else LOGIN,
            known.dataset_name,
            known.business,
            known.expires_at,
            known.user_hash,
            shop.id,
            connection_id,
        ),
    )


def works(conn: Conn, shop_id: int, connection_id: int, now: datetime) -> None:
    """Remember that Meta takes a connection's token: nothing is broken any more, and what waited for that goes on."""
    conn.execute(
        "UPDATE meta_connection SET broken = NULL, broken_at = NULL, checked_at = %s WHERE shop_id = %s AND id = %s",
        (now, shop_id, connection_id),
    )
    conn.execute(
        "UPDATE paid_order SET look_at = %s WHERE shop_id = %s AND connection_id = %s"
        " AND outcome = 'waiting' AND reason = 'connection_broken'",
        (now, shop_id, connection_id),
    )


def token_of(shop: Shop, connection: MetaConnection) -> str:
    """Return a connection's token in the clear, for one request.

    Raises:
        Unsealable: it does not open.
    """
    if not connection.sealed_token:
        raise Unsealable("token")
    return shop.key.unseal(connection.sealed_token, token_place(connection.id)).decode()


def close(conn: Conn, shop_id: int, now: datetime) -> None:
    """Close the open connection, if any. Its token goes, and whose it was; what waits on it will end missed."""
    conn.execute(
        "UPDATE meta_connection SET until_at = %s, token = NULL, meta_user_hash = NULL, business = NULL"
        " WHERE shop_id = %s AND until_at IS NULL",
        (now, shop_id),
    )
    conn.execute(
        "UPDATE paid_order SET look_at = %s, sealed_event = NULL, switch_count = NULL"
        " WHERE shop_id = %s AND outcome = 'waiting' AND attempt IS NULL",
        (now, shop_id),
    )


def mark_broken(conn: Conn, shop_id: int, connection: MetaConnection, cause: str, now: datetime) -> None:
    """Remember that Meta turns this connection down, unless the merchant has given it another token meanwhile."""
    changed = conn.execute(
        "UPDATE meta_connection SET broken = %s, broken_at = %s"
        " WHERE shop_id = %s AND id = %s AND until_at IS NULL AND broken IS NULL AND token = %s",
        (cause, now, shop_id, connection.id, connection.sealed_token),
    ).rowcount
    if changed:
        alerts.raise_alert(conn, shop_id, BROKEN, now)


def turned_down(conn: Conn, shop_id: int, connection_id: int, cause: str, now: datetime) -> None:
    """Remember what the daily check found; a connection that was broken already keeps the time, and gets this cause."""
    row = conn.execute(
        "UPDATE meta_connection SET broken = %s, broken_at = coalesce(broken_at, %s), checked_at = %s"
        " WHERE shop_id = %s AND id = %s RETURNING broken_at",
        (cause, now, now, shop_id, connection_id),
    ).fetchone()
    if row is not None and row["broken_at"] == now:
        alerts.raise_alert(conn, shop_id, BROKEN, now)


def pause(conn: Conn, shop_id: int, connection_id: int, until: datetime) -> None:
    """Start no request over this connection before a moment: Meta was away, or asked to slow down."""
    conn.execute(
        "UPDATE meta_connection SET paused_until = greatest(paused_until, %s) WHERE shop_id = %s AND id = %s",
        (until, shop_id, connection_id),
    )


# A webhook told late or twice must not undo a new install: what was triggered before it is none of its business.
_LEAVE = """
UPDATE shop SET uninstalled_at = %(now)s, generation = generation + 1, access_token = NULL, access_expires_at = NULL,
    refresh_token = NULL, refresh_expires_at = NULL, web_pixel_id = NULL
WHERE domain = %(domain)s AND uninstalled_at IS NULL AND installed_at <= %(triggered_at)s RETURNING id
"""
CLOCKS_DIFFER = timedelta(minutes=1)
"""Between Shopify's clock, which dates a webhook, and ours, which dates an install and what comes in."""


def uninstall(conn: Conn, domain: str, now: datetime, triggered_at: datetime | None = None) -> int | None:
    """Let a store leave: tokens and browser ids go, the connection closes, the switch is off. Return the shop's id.

    None if no such store is installed, or it was installed after `triggered_at`.
    """
    at = now if triggered_at is None else triggered_at + CLOCKS_DIFFER
    row = conn.execute(_LEAVE, {"now": now, "domain": domain, "triggered_at": at}).fetchone()
    if row is None:
        return None
    shop_id = int(row["id"])
    off(conn, shop_id, "uninstall", now)
    logins.drop(conn, shop_id)
    departures.note(conn, shop_id, now)
    close(conn, shop_id, now)
    evidence.forget_browsers(conn, shop_id)
    return shop_id


def off(conn: Conn, shop_id: int, place: str, now: datetime) -> None:
    """Put the switch off without anybody at the screen, and record it; the sweep erases what waits."""
    was_on = conn.execute(
        "UPDATE shop_policy SET tracking_on = false, switch_count = switch_count + 1, erase_pending = true"
        " WHERE shop_id = %s AND tracking_on",
        (shop_id,),
    ).rowcount
    if was_on:
        policy.record(conn, shop_id, Staff("", place), now, ("offline_tracking", "on", "off", None))


def left(conn: Conn, domain: str) -> int | None:
    """Return the id of a store that has left and not come back."""
    row = conn.execute("SELECT id FROM shop WHERE domain = %s AND uninstalled_at IS NOT NULL", (domain,)).fetchone()
    return None if row is None else int(row["id"])
