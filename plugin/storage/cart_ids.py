"""Browser ids that the cart told: they wait in the sealed event, and go when the buyer refuses what they need."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from plugin.recovery.purchase import fields_of, is_limited, with_browser
from plugin.storage.database import Conn
from plugin.storage.entries import Entry
from plugin.storage.orders import event_place
from plugin.storage.shops import Shop
from plugin.storage.vault import Unsealable

log = logging.getLogger(__name__)

# What may have left once leaves again with the same bytes, or not at all: that is the last check's to decide.
_WAITING = """
SELECT order_id, sealed_event FROM paid_order WHERE shop_id = %s AND order_id = ANY(%s)
    AND outcome = 'waiting' AND sealed_event IS NOT NULL AND first_sent_at IS NULL FOR UPDATE
"""


def forget(conn: Conn, shop: Shop, entries: Sequence[Entry]) -> None:
    """Take browser ids out of the events of these orders, as far as they still wait (under limited data use)."""
    told = [entry.order.id for entry in entries if entry.cart_choice is not None]
    for row in conn.execute(_WAITING, (shop.id, told)).fetchall() if told else ():
        order_id = row["order_id"]
        try:
            event = shop.key.unseal(row["sealed_event"], event_place(order_id))
        except Unsealable:
            log.exception("event does not open", extra={"shop_id": shop.id, "order_id": order_id})
            continue
        if {"fbp", "fbc"} & set(fields_of(event)):
            bare = with_browser(event, None, ldu=is_limited(event), ids=False)
            conn.execute(
                "UPDATE paid_order SET sealed_event = %s WHERE shop_id = %s AND order_id = %s",
                (shop.key.seal(bare, event_place(order_id)), shop.id, order_id),
            )
