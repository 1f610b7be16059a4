"""Reconciliation's place in the ledger: which shops are due, how far each has been read, what no webhook told us of."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.recovery.order import Receipt
from plugin.storage.database import Conn
from plugin.storage.shops import Shop

MOST_SHOPS = 500
"""Shops that one look at the calendar wakes; the others follow a minute later."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a shop's orders have been looked at; `seen_until` None: not at all."""

    installed_at: datetime
    seen_until: datetime | None

    def mine(self, receipts: Iterable[Receipt]) -> list[Receipt]:
        """Return the orders that were paid since the install: what changes of older ones is none of the ledger's."""
        begin = self.installed_at.replace(microsecond=0)  # Shopify tells whole seconds
        return [receipt for receipt in receipts if receipt.order.paid_at >= begin]


_DUE = """
SELECT id FROM shop
WHERE uninstalled_at IS NULL AND access_token IS NOT NULL AND reopen_needed IS NULL
    AND (reconcile_due IS NULL OR reconcile_due <= %s)
ORDER BY reconcile_due NULLS FIRST LIMIT %s
"""


def due(conn: Conn, now: datetime) -> list[int]:
    """Return the ids of installed shops whose round is due, the longest waiting first."""
    return [row["id"] for row in conn.execute(_DUE, (now, MOST_SHOPS)).fetchall()]


def position(conn: Conn, shop: Shop) -> Position | None:
    """Return where a shop's round begins; None if it has left or was installed anew since it was read."""
    row = conn.execute(
        "SELECT installed_at, reconciled_until FROM shop"
        " WHERE id = %s AND generation = %s AND uninstalled_at IS NULL AND reopen_needed IS NULL",
        (shop.id, shop.generation),
    ).fetchone()
    return None if row is None else Position(row["installed_at"], row["reconciled_until"])


def advance(conn: Conn, shop: Shop, seen_until: datetime) -> None:
    """Remember how far a shop's orders are known; never less than before."""
    conn.execute(
        "UPDATE shop SET reconciled_until = greatest(reconciled_until, %s) WHERE id = %s AND generation = %s",
        (seen_until, shop.id, shop.generation),
    )


def put_off(conn: Conn, shop_id: int, until: datetime) -> None:
    """Let a shop's next round be due at a time."""
    conn.execute("UPDATE shop SET reconcile_due = %s WHERE id = %s", (until, shop_id))


def suspect_gap(conn: Conn, shop_id: int, now: datetime) -> None:
    """Let a shop's round be due now. Many late webhooks at once write this only once."""
    conn.execute("UPDATE shop SET reconcile_due = %s WHERE id = %s AND reconcile_due > %s", (now, shop_id, now))


def suspect_everywhere(conn: Conn, now: datetime, rested: timedelta) -> int:
    """Let all shops be due that have not been read for some time: a worker that starts was away. Return how many."""
    return conn.execute(
        "UPDATE shop SET reconcile_due = %(now)s WHERE uninstalled_at IS NULL AND reconcile_due > %(now)s"
        " AND reconciled_until < %(read)s",
        {"now": now, "read": now - rested},
    ).rowcount


def known(conn: Conn, shop_id: int, order_ids: Collection[int]) -> set[int]:
    """Return which of these orders the ledger has."""
    rows = conn.execute(
        "SELECT order_id FROM paid_order WHERE shop_id = %s AND order_id = ANY(%s)", (shop_id, list(order_ids))
    ).fetchall()
    return {row["order_id"] for row in rows}


def is_in_gap(conn: Conn, shop_id: int, first: datetime, last: datetime) -> bool:
    """Whether no webhook has told us of some order that was paid between two times."""
    row = conn.execute(
        "SELECT 1 FROM paid_order WHERE shop_id = %s AND paid_at BETWEEN %s AND %s AND told_by = 'reconciliation'"
        " LIMIT 1",
        (shop_id, first, last),
    ).fetchone()
    return row is not None
