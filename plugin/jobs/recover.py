"""Recover the last 7 days: orders from before the switch went on are read again from Shopify, and decided anew.

Page by page in the order of their ids: each page is written, with how far that is, before the next one is asked for. It
stops with the switch or the connection that it was asked under, whenever that is noticed; nothing is written after.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime

from plugin.jobs import asking
from plugin.recovery import rounds
from plugin.recovery.order import Receipt
from plugin.services import Services
from plugin.shopify import orders_again
from plugin.shopify.errors import ShopifyError, ShopifyRefused
from plugin.shopify.order_queries import ORDERS_AGAIN, ORDERS_PAGE
from plugin.storage import again, locks, open_orders, reading, shops
from plugin.storage.again import Recovery, Result
from plugin.storage.database import DatabaseAway
from plugin.storage.shops import Shop

log = logging.getLogger(__name__)
LONGEST_TURN = 60.0
"""Seconds after which no further page is asked for: others wait for this worker."""
READS_ORDERS = frozenset({"read_orders", "write_orders"})
DENIED = "ACCESS_DENIED"


class NotAllowed(Exception):
    """Shopify does not let the app read orders, or who bought."""


def due(given: Services) -> list[int]:
    """Return the shops whose recovery is to go on."""
    with given.database.transaction() as conn:
        return again.due(conn, given.clock.now())


def recover(given: Services, shop_id: int) -> None:
    """Go on with a shop's recovery for a while, unless another worker reads its orders now."""
    with locks.turn(given.database, shop_id, locks.Lock.RECONCILING) as mine:
        due_at = _attempt(given, shop_id) if mine else None
        if due_at is not None:
            with given.database.transaction() as conn:
                again.put_off(conn, shop_id, due_at)


def _attempt(given: Services, shop_id: int) -> datetime | None:
    """Read what there is; return when to go on, None if it has ended."""
    end, asked = time.monotonic() + LONGEST_TURN, _asked(given, shop_id)
    try:
        while time.monotonic() < end:
            if (result := _page(given, shop_id)) is not None:
                _end(given, shop_id, asked, result)
                return None
        return given.clock.now()
    except DatabaseAway:
        raise
    except NotAllowed:
        _end(given, shop_id, asked, Result.NOT_ALLOWED)
        return None
    except ShopifyError as fault:
        asking.tell(log, "orders not read again", shop_id, fault)
        return asking.come_back_at(fault, given.clock.now())
    except Exception:  # one shop's trouble, whatever it is, is no other's: this is the job's wrapper
        log.exception("recovery failed", extra={"shop_id": shop_id})
        return given.clock.now() + rounds.REST


def _asked(given: Services, shop_id: int) -> int | None:
    """The recovery that this turn may end: meanwhile the merchant may ask for another one."""
    with given.database.transaction() as conn:
        recovery = again.latest(conn, shop_id)
    return None if recovery is None else recovery.id


def _end(given: Services, shop_id: int, asked: int | None, result: Result) -> None:
    with given.database.transaction() as conn:
        again.end(conn, shop_id, asked, result, given.clock.now())
    log.info("recovery ended", extra={"shop_id": shop_id, "result": result})


def _page(given: Services, shop_id: int) -> Result | None:
    """Read one page again and decide its orders; return how the recovery ends, None if it goes on.

    Raises:
        NotAllowed: see there; the page's orders stay as they are.
        ShopifyError: see `asking.ask`.
    """
    with given.database.transaction() as conn:
        shop, recovery = shops.by_id(conn, given.vault, shop_id), again.latest(conn, shop_id)
        if shop is None or recovery is None or not again.holds_for(recovery, shop):
            return Result.STOPPED
        if recovery.result is not None:
            return recovery.result
        now = given.clock.now()
        order_ids = open_orders.page(conn, shop, now, after=recovery.after_order, limit=ORDERS_PAGE)
    if not order_ids:
        return Result.DONE
    receipts = _read(given, shop, order_ids)
    _write(given, shop, recovery, order_ids, receipts)
    return None


def _read(given: Services, shop: Shop, order_ids: Sequence[int]) -> Sequence[Receipt]:
    try:
        data = asking.ask(
            given, shop, ORDERS_AGAIN, orders_again.variables_again(order_ids, with_choice=shop.cart_choices)
        )
    except ShopifyRefused as fault:
        raise (NotAllowed if DENIED in fault.codes else fault) from None
    found = orders_again.read(data, given.clock.now())
    if found.hidden or not found.granted & READS_ORDERS:
        raise NotAllowed
    if found.unreadable:
        log.warning("unreadable orders passed over", extra={"shop_id": shop.id, "count": found.unreadable})
    return found.receipts


def _write(
    given: Services, read_as: Shop, recovery: Recovery, order_ids: Sequence[int], receipts: Sequence[Receipt]
) -> None:
    """Decide a page's orders and note it; nothing, if the recovery no longer holds: the next look ends it."""
    with given.database.transaction() as conn:
        if not reading.hold(conn, read_as):
            return
        still = again.under_way(conn, read_as)
        shop = shops.by_id(conn, given.vault, read_as.id)
        if shop is None or still is None or still.id != recovery.id or not again.holds_for(still, shop):
            return
        to_send = open_orders.take(conn, shop, receipts, given.clock.now())
        again.advance(conn, shop, recovery, order_ids, to_send)
