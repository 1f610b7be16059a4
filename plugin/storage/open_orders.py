"""Open orders: those that came in before the switch went on, and may still be decided anew within Meta's 7 days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from plugin.recovery.consent import ConsentMode
from plugin.recovery.order import Receipt
from plugin.recovery.verdict import DEDUPLICATION, SENDING_ENDS, Outcome, may_change
from plugin.storage import ledger, orders
from plugin.storage.database import Conn
from plugin.storage.entries import Entry, Judged
from plugin.storage.orders import region_text
from plugin.storage.shops import Shop


@dataclass(frozen=True, slots=True)
class Preview:
    """What recovering would do, from the ledger alone; by consent mode how many it would send, and how many hold.

    `undecided`: orders that still wait for the pixel. They are taken along, and may yet be tracked.
    """

    total: int
    undecided: int
    sent: Mapping[ConsentMode, int]
    held: Mapping[ConsentMode, int]

    def withheld(self, mode: ConsentMode) -> int:
        """How many of the decided ones would not be sent under a mode."""
        return self.total - self.undecided - self.sent[mode] - self.held[mode]


# Placed while this dataset was connected and not too long ago, and taken in before the switch was last put on; those
# still in their grace period too, but none that a request may have had. The time of payment, never much before the
# purchase, is what the index knows.
_OPEN = """
shop_id = %(shop_id)s AND connection_id = %(connection_id)s
    AND placed_at > %(since)s AND paid_at > %(since)s - interval '1 day'
    AND switch_count IS DISTINCT FROM %(switch_count)s AND attempt IS NULL
    AND (outcome = 'missed' OR outcome = 'withheld' AND reason = 'consent_unknown'
        OR outcome = 'waiting' AND reason = 'grace_period' AND in_doubt_since IS NULL)
"""
# Meta may have had those placed long ago whose evidence does not say that the pixel's request failed (row 12). What is
# known to be called off by now is read again too, but nobody would send it.
_PREVIEW = f"""
SELECT outcome = 'waiting' AS undecided, would_recorded, would_store_policy, placed_at < %(long_ago)s
    AND coalesce(summary ->> 'delivery', 'pending') IN ('pending', 'timeout') AS held, count(*) AS n
FROM paid_order WHERE {_OPEN} AND NOT cancelled GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - a constant of this file
_FIRST = f"SELECT min(order_id) AS first FROM paid_order WHERE {_OPEN}"  # noqa: S608 - a constant of this file
_PAGE = f"SELECT order_id FROM paid_order WHERE {_OPEN} AND order_id > %(after)s ORDER BY order_id LIMIT %(limit)s"  # noqa: S608 - a constant of this file
_LOCK = f"SELECT * FROM paid_order WHERE {_OPEN} AND order_id = ANY(%(ids)s) ORDER BY order_id FOR UPDATE"  # noqa: S608 - a constant of this file
_LEFT = f"SELECT count(*) AS n FROM paid_order WHERE {_OPEN} AND order_id > %(after)s"  # noqa: S608 - a constant of this file
# The row is decided or waits by now; only a waiting one holds an event.
_READ_AGAIN = """
UPDATE paid_order SET sealed_event = CASE WHEN outcome = 'waiting' THEN %(sealed)s::bytea END,
    switch_count = %(switch_count)s, again = true, has_match_data = %(has_match_data)s, cancelled = %(cancelled)s,
    cart_choice = %(cart_choice)s, sale_opted_out = %(sale_opted_out)s,
    billing_region = %(billing)s, shipping_region = %(shipping)s
WHERE shop_id = %(shop_id)s AND order_id = %(order_id)s
"""


def _scope(shop: Shop, now: datetime, **more: Any) -> dict[str, Any]:
    return {
        "shop_id": shop.id,
        "connection_id": shop.connection and shop.connection.id,
        "switch_count": shop.switch_count,
        "since": now - SENDING_ENDS,
        "long_ago": now - DEDUPLICATION,
        "now": now,
        **more,
    }


def preview(conn: Conn, shop: Shop, now: datetime) -> Preview:
    """Say what recovering the last 7 days would do, by what was known of the orders when they were decided."""
    rows = conn.execute(_PREVIEW, _scope(shop, now)).fetchall()
    decided = [row for row in rows if not row["undecided"]]
    columns = {ConsentMode.RECORDED: "would_recorded", ConsentMode.STORE_POLICY: "would_store_policy"}
    sent, held = (
        {
            mode: sum(row["n"] for row in decided if row[name] and row["held"] is is_held)
            for mode, name in columns.items()
        }
        for is_held in (False, True)
    )
    total = sum(row["n"] for row in rows)
    return Preview(total, total - sum(row["n"] for row in decided), sent, held)


def first(conn: Conn, shop: Shop, now: datetime) -> int | None:
    """Return the lowest id of a shop's open orders; None if there are none."""
    row = conn.execute(_FIRST, _scope(shop, now)).fetchone()
    assert row is not None  # noqa: S101 - an aggregate is one row
    return None if row["first"] is None else int(row["first"])


def left(conn: Conn, shop: Shop, now: datetime, *, after: int) -> int:
    """Count the open orders beyond an id."""
    row = conn.execute(_LEFT, _scope(shop, now, after=after)).fetchone()
    assert row is not None  # noqa: S101 - an aggregate is one row
    return int(row["n"])


def page(conn: Conn, shop: Shop, now: datetime, *, after: int, limit: int) -> list[int]:
    """Return the ids of the next open orders beyond an id, in their order."""
    rows = conn.execute(_PAGE, _scope(shop, now, after=after, limit=limit)).fetchall()
    return [row["order_id"] for row in rows]


def take(conn: Conn, shop: Shop, receipts: Sequence[Receipt], now: datetime) -> int:
    """Decide orders anew that were read again; return how many wait now, to be sent or for the merchant's word.

    `shop` was read after it and its switch were held: see `again.under_way`. What is no longer open (a late delivery
    came, it was erased) stays as it is. What the order itself is stays too, but for its regions and whether it was
    called off: later edits change neither its outcome nor what is sent. The event is kept only of those that wait.
    """
    told = {receipt.order.id: receipt for receipt in receipts}
    rows = conn.execute(_LOCK, _scope(shop, now, ids=list(told))).fetchall()
    entries = [_as_read_again(Entry.from_row(row), shop, told[row["order_id"]]) for row in rows]
    judged = [change for change in ledger.judge(conn, shop, entries, now) if _counts(change)]
    ledger.write(conn, shop, judged, now)
    with conn.cursor() as cursor:
        cursor.executemany(_READ_AGAIN, [_values(change.entry, shop) for change in judged])
    return sum(change.verdict.outcome is Outcome.WAITING for change in judged)


def _as_read_again(entry: Entry, shop: Shop, receipt: Receipt) -> Entry:
    """The entry as if it had come in now: with its event, under the shop's present switch.

    What the merchant said to a held order, and that a customer had not opted out, was said for the time before; that
    one had opted out stands, in case nobody can be asked any more.
    """
    order = replace(
        entry.order,
        cancelled=entry.order.cancelled or receipt.order.cancelled,
        billing=receipt.order.billing or entry.order.billing,
        shipping=receipt.order.shipping or entry.order.shipping,
    )
    return replace(
        entry,
        order=order,
        switch_count=shop.switch_count,
        has_match_data=receipt.buyer.is_matchable(shop.fields),
        sealed_event=orders.sealed_event(shop, replace(receipt, order=order, choice=None)),
        tries=0,
        released=False,
        sale_opted_out=entry.sale_opted_out or None,
        cart_choice=(receipt.choice if shop.cart_choices else None) or entry.cart_choice,
    )


def _counts(change: Judged) -> bool:
    """Whether a verdict takes the place of the old one. What grew too old meanwhile stays what it was."""
    old, new = change.entry, change.verdict
    unchanged = (old.outcome, old.reason) == (new.outcome, new.reason) and new.outcome is not Outcome.WAITING
    return not unchanged and new.outcome is not Outcome.FAILED and may_change(old, new, recovering=True)


def _values(entry: Entry, shop: Shop) -> dict[str, Any]:
    return {
        "shop_id": shop.id,
        "order_id": entry.order.id,
        "sealed": entry.sealed_event,
        "switch_count": entry.switch_count,
        "has_match_data": entry.has_match_data,
        "cancelled": entry.order.cancelled,
        "cart_choice": entry.cart_choice and Jsonb(entry.cart_choice.kept()),
        "sale_opted_out": entry.sale_opted_out,
        "billing": region_text(entry.order.billing),
        "shipping": region_text(entry.order.shipping),
    }
