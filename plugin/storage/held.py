"""Held orders: Meta may have had them for more than 47 hours, so only the merchant's word sends or closes them."""

from __future__ import annotations

from datetime import datetime

from plugin.recovery.verdict import Outcome, Reason, Verdict
from plugin.storage import ledger
from plugin.storage.database import Conn
from plugin.storage.ledger import Entry, Judged
from plugin.storage.shops import Shop

_HELD = "shop_id = %s AND outcome = 'waiting' AND reason = 'held' AND attempt IS NULL AND (order_id = %s OR %s)"


def send(conn: Conn, shop: Shop, now: datetime, order_id: int | None = None) -> int:
    """Release a held order (None: all of them) for one request; return how many. The sweep does the rest."""
    return conn.execute(
        f"UPDATE paid_order SET released = true, look_at = %s WHERE {_HELD}",  # noqa: S608 - a constant of this file
        (now, shop.id, order_id, order_id is None),
    ).rowcount


def close(conn: Conn, shop: Shop, now: datetime, order_id: int | None = None) -> int:
    """Close a held order (None: all of them) unsent: failed, unconfirmed; return how many."""
    rows = conn.execute(
        f"SELECT * FROM paid_order WHERE {_HELD} FOR UPDATE",  # noqa: S608 - a constant of this file
        (shop.id, order_id, order_id is None),
    ).fetchall()
    verdict = Verdict(Outcome.FAILED, Reason.UNCONFIRMED)
    judged = ledger.judge(conn, shop, [Entry.from_row(row) for row in rows], now)
    ledger.write(conn, shop, [Judged(change.entry, change.evidence, verdict) for change in judged], now)
    return len(rows)
