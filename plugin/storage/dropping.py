"""What switching off does to the orders that wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from psycopg.rows import DictRow

from plugin.storage.database import Conn
from plugin.storage.ledger import Entry, judge, write
from plugin.storage.shops import Shop


def empty(conn: Conn, shop: Shop, now: datetime, *, held_too: bool, limit: int = 500) -> int:
    """Erase events that wait though the switch was off since they came in; return how many orders that dropped.

    Rows in their grace period go on waiting and end tracked or missed; due ones are decided now; one whose request may
    have reached Meta ends failed / unconfirmed. `held_too`: the caller holds the sending lock alone, so no attempt is
    under way; otherwise rows held by one are left to it (it finds the switch off, or settles what it sent).
    """
    rows = conn.execute(
        "SELECT o.*, a.post_started IS NOT NULL AS started FROM paid_order o"
        " LEFT JOIN attempt a ON a.shop_id = o.shop_id AND a.attempt = o.attempt"
        " WHERE o.shop_id = %s AND o.outcome = 'waiting' AND o.switch_count <> %s AND (%s OR o.attempt IS NULL)"
        " LIMIT %s FOR UPDATE OF o",
        (shop.id, shop.switch_count, held_too, limit),
    ).fetchall()
    entries = [_dropped(row) for row in rows]
    write(conn, shop, judge(conn, shop, entries, now), now)
    conn.execute(
        "UPDATE paid_order SET sealed_event = NULL, switch_count = NULL WHERE shop_id = %s AND order_id = ANY(%s)",
        (shop.id, [entry.order.id for entry in entries]),
    )
    return len(rows)


def _dropped(row: DictRow) -> Entry:
    entry = Entry.from_row(row)
    doubt = entry.in_doubt_since or (entry.first_sent_at if row["started"] else None)
    return replace(entry, sealed_event=None, in_doubt_since=doubt)
