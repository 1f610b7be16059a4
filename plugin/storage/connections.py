"""Connections to Meta: opened, given a new token, broken, closed. What waits on one is never sent over another."""

from __future__ import annotations

from datetime import datetime, timedelta

from plugin.storage import evidence, policy
from plugin.storage.database import Conn
from plugin.storage.policy import Staff
from plugin.storage.shops import MetaConnection, Shop, token_place


def connect(conn: Conn, shop: Shop, dataset: str, token: str, *, user_id: str, now: datetime) -> int:
    """Open a connection, and return its id. The same dataset with a new token keeps the one that is open.

    What was said of other pixels was said of the dataset before: a connection that is opened asks anew.
    """
    if shop.connection is not None and shop.connection.dataset == dataset:
        _renew(conn, shop, shop.connection.id, token, now)
        return shop.connection.id
    close(conn, shop.id, now)
    row = conn.execute(
        "INSERT INTO meta_connection (shop_id, dataset, from_at, connected_by) VALUES (%s, %s, %s, %s) RETURNING id",
        # Shopify tells the time of a purchase in whole seconds: one placed right now must not seem older than this
        (shop.id, dataset, now.replace(microsecond=0), user_id),
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert returns its row
    _seal(conn, shop, row["id"], token)
    policy.answer_other_pixel(conn, shop, None, Staff(user_id, "settings"), now)
    return int(row["id"])


def _renew(conn: Conn, shop: Shop, connection_id: int, token: str, now: datetime) -> None:
    _seal(conn, shop, connection_id, token)
    conn.execute(
        "UPDATE meta_connection SET broken = NULL, broken_at = NULL, paused_until = NULL"
        " WHERE shop_id = %s AND id = %s",
        (shop.id, connection_id),
    )
    conn.execute(
        "UPDATE paid_order SET look_at = %s WHERE shop_id = %s AND connection_id = %s"
        " AND outcome = 'waiting' AND reason = 'connection_broken'",
        (now, shop.id, connection_id),
    )


def _seal(conn: Conn, shop: Shop, connection_id: int, token: str) -> None:
    sealed = shop.key.seal(token.encode(), token_place(connection_id))
    conn.execute(
        "UPDATE meta_connection SET token = %s WHERE shop_id = %s AND id = %s", (sealed, shop.id, connection_id)
    )


def token_of(shop: Shop, connection: MetaConnection) -> str:
    """Return a connection's token in the clear, for one request.

    Raises:
        Unsealable: it does not open.
    """
    return shop.key.unseal(connection.sealed_token, token_place(connection.id)).decode()


def close(conn: Conn, shop_id: int, now: datetime) -> None:
    """Close the open connection, if any: its token goes, and what waits is looked at anew (it ends missed)."""
    conn.execute(
        "UPDATE meta_connection SET until_at = %s, token = NULL WHERE shop_id = %s AND until_at IS NULL", (now, shop_id)
    )
    conn.execute(
        "UPDATE paid_order SET look_at = %s, sealed_event = NULL, switch_count = NULL"
        " WHERE shop_id = %s AND outcome = 'waiting' AND attempt IS NULL",
        (now, shop_id),
    )


def mark_broken(conn: Conn, shop_id: int, connection: MetaConnection, cause: str, now: datetime) -> None:
    """Remember that Meta turns this connection down, unless the merchant has given it another token meanwhile."""
    conn.execute(
        "UPDATE meta_connection SET broken = %s, broken_at = %s"
        " WHERE shop_id = %s AND id = %s AND until_at IS NULL AND broken IS NULL AND token = %s",
        (cause, now, shop_id, connection.id, connection.sealed_token),
    )


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
"""Between Shopify's clock, which dates a webhook, and ours, which dates an install."""


def uninstall(conn: Conn, domain: str, now: datetime, triggered_at: datetime | None = None) -> int | None:
    """Let a store leave: tokens and browser ids go, the connection closes, the switch is off. Return the shop's id.

    None if no such store is installed, or it was installed after `triggered_at`.
    """
    at = now if triggered_at is None else triggered_at + CLOCKS_DIFFER
    row = conn.execute(_LEAVE, {"now": now, "domain": domain, "triggered_at": at}).fetchone()
    if row is None:
        return None
    shop_id = int(row["id"])
    was_on = conn.execute(
        "UPDATE shop_policy SET tracking_on = false, switch_count = switch_count + 1, erase_pending = true"
        " WHERE shop_id = %s AND tracking_on",
        (shop_id,),
    ).rowcount
    if was_on:
        conn.execute(
            "INSERT INTO policy_change (shop_id, at, user_id, place, what, old, new)"
            " VALUES (%s, %s, '', 'uninstall', 'offline_tracking', 'on', 'off')",
            (shop_id, now),
        )
    close(conn, shop_id, now)
    evidence.forget_browsers(conn, shop_id)
    return shop_id


def left(conn: Conn, domain: str) -> int | None:
    """Return the id of a store that has left and not come back."""
    row = conn.execute("SELECT id FROM shop WHERE domain = %s AND uninstalled_at IS NOT NULL", (domain,)).fetchone()
    return None if row is None else int(row["id"])
