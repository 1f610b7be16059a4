"""How long decided orders and requests to Meta are kept. Evidence goes by partition: see `schema.keep_partitions`."""

from __future__ import annotations

from datetime import datetime, timedelta

from plugin.storage.database import Conn

LEDGER_KEPT = timedelta(days=400)
"""A year and a month: last year's season can still be compared."""
ATTEMPTS_KEPT = timedelta(days=90)
BATCH = 5000
"""Rows of one transaction."""

_ORDERS = """
DELETE FROM paid_order WHERE shop_id = %(shop)s AND order_id IN (SELECT order_id FROM paid_order
    WHERE shop_id = %(shop)s AND paid_at < %(before)s AND outcome <> 'waiting' LIMIT %(limit)s)
"""
_ATTEMPTS = """
DELETE FROM attempt WHERE shop_id = %(shop)s AND attempt IN (SELECT attempt FROM attempt
    WHERE shop_id = %(shop)s AND claimed_at < %(before)s AND result IS NOT NULL LIMIT %(limit)s)
"""


def all_shops(conn: Conn) -> list[int]:
    """Return the ids of the shops of which anything is kept."""
    return [row["id"] for row in conn.execute("SELECT id FROM shop WHERE erased_at IS NULL ORDER BY id").fetchall()]


def drop_old(conn: Conn, shop_id: int, now: datetime) -> bool:
    """Delete a batch of what is older than it is kept; return whether there may be more. The day totals stay."""
    most = 0
    for statement, kept in ((_ORDERS, LEDGER_KEPT), (_ATTEMPTS, ATTEMPTS_KEPT)):
        given = {"shop": shop_id, "before": now - kept, "limit": BATCH}
        most = max(most, conn.execute(statement, given).rowcount)
    return most == BATCH
