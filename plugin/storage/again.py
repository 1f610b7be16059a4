"""Recover the last 7 days: orders that came in before the switch went on, to be read again and decided anew.

What is asked for is a row of `recovery`. It goes on by the order ids, so that a worker that takes over begins where the
last page was written, and it stops with the switch, or the connection, that it was asked under.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from psycopg.rows import DictRow

from plugin.storage import open_orders
from plugin.storage.database import Conn
from plugin.storage.policy import Staff, record
from plugin.storage.shops import Shop

WHAT = "recover_last_days"
"""How the switch log names it."""
MOST_SHOPS = 500


class Result(StrEnum):
    """How a recovery ended."""

    DONE = "done"
    STOPPED = "stopped"
    """Switched off, or disconnected, meanwhile."""
    NOT_ALLOWED = "not_allowed"
    """Shopify does not let us read orders, or who bought."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """One recovery: how far it is, and how it ended (None: it goes on)."""

    id: int
    asked_at: datetime
    connection_id: int
    switch_count: int
    after_order: int
    looked_at: int
    to_send: int
    ended_at: datetime | None
    result: Result | None


_DUE = """
SELECT r.shop_id FROM recovery r JOIN shop s ON s.id = r.shop_id JOIN shop_policy p ON p.shop_id = r.shop_id
WHERE r.ended_at IS NULL AND (p.switch_count <> r.switch_count
    OR r.due_at <= %s AND s.access_token IS NOT NULL AND s.reopen_needed IS NULL)
ORDER BY r.due_at LIMIT %s
"""


def ask(conn: Conn, shop: Shop, staff: Staff, now: datetime) -> None:
    """Ask for the last 7 days, and record who did; in the transaction that switches tracking on, the shop held by it.

    One from before that switch that nobody has ended yet is over.
    """
    conn.execute(
        "UPDATE recovery SET ended_at = %s, result = %s WHERE shop_id = %s AND ended_at IS NULL",
        (now, Result.STOPPED, shop.id),
    )
    first = open_orders.first(conn, shop, now)
    conn.execute(
        "INSERT INTO recovery (shop_id, asked_at, user_id, connection_id, switch_count, after_order, due_at)"
        " SELECT shop_id, %s, %s, id, %s, %s, %s FROM meta_connection WHERE shop_id = %s AND until_at IS NULL",
        (now, staff.user_id, shop.switch_count, 0 if first is None else first - 1, now, shop.id),
    )
    record(conn, shop.id, staff, now, (WHAT, "not asked for", "asked for", None))


def due(conn: Conn, now: datetime) -> list[int]:
    """Return the ids of shops whose recovery can go on, or is to be stopped, the longest waiting first."""
    return [row["shop_id"] for row in conn.execute(_DUE, (now, MOST_SHOPS)).fetchall()]


def latest(conn: Conn, shop_id: int) -> Recovery | None:
    """Return a shop's last recovery; None if there never was one."""
    row = conn.execute("SELECT * FROM recovery WHERE shop_id = %s ORDER BY id DESC LIMIT 1", (shop_id,)).fetchone()
    return None if row is None else _recovery(row)


def under_way(conn: Conn, shop: Shop) -> Recovery | None:
    """Return a shop's recovery that has not ended, with the switch held still until the commit.

    The caller holds the shop. Switching off then waits for what is written here, and erases it with the rest.
    """
    conn.execute("SELECT FROM shop_policy WHERE shop_id = %s FOR SHARE", (shop.id,))
    row = conn.execute("SELECT * FROM recovery WHERE shop_id = %s AND ended_at IS NULL", (shop.id,)).fetchone()
    return None if row is None else _recovery(row)


def holds_for(recovery: Recovery, shop: Shop) -> bool:
    """Whether switch and connection are still those that the recovery was asked under."""
    connected = shop.connection is not None and shop.connection.id == recovery.connection_id
    return shop.policy.tracking_on and shop.switch_count == recovery.switch_count and connected


def advance(conn: Conn, shop: Shop, recovery: Recovery, asked: Sequence[int], to_send: int) -> None:
    """Note that a page of orders has been read again, and how many of them wait now."""
    conn.execute(
        "UPDATE recovery SET after_order = %s, looked_at = looked_at + %s, to_send = to_send + %s"
        " WHERE shop_id = %s AND id = %s",
        (asked[-1], len(asked), to_send, shop.id, recovery.id),
    )


def put_off(conn: Conn, shop_id: int, until: datetime) -> None:
    """Let a shop's recovery go on at a time."""
    conn.execute("UPDATE recovery SET due_at = %s WHERE shop_id = %s AND ended_at IS NULL", (until, shop_id))


def end(conn: Conn, shop_id: int, recovery_id: int | None, result: Result, now: datetime) -> None:
    """End this recovery of a shop, if it is under way; one that was asked for since goes on."""
    conn.execute(
        "UPDATE recovery SET ended_at = %s, result = %s WHERE shop_id = %s AND id = %s AND ended_at IS NULL",
        (now, result, shop_id, recovery_id),
    )


def _recovery(row: DictRow) -> Recovery:
    return Recovery(
        row["id"],
        row["asked_at"],
        row["connection_id"],
        row["switch_count"],
        row["after_order"],
        row["looked_at"],
        row["to_send"],
        row["ended_at"],
        None if row["result"] is None else Result(row["result"]),
    )
