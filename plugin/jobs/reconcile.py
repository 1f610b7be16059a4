"""Reconcile: paid orders that no webhook told us of are found again, shop by shop, and taken in as a webhook's are.

Each page is written before the next one is asked for, so a round that is cut off goes on where it was.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from plugin import metrics
from plugin.jobs import asking, each
from plugin.recovery import rounds
from plugin.recovery.order import Receipt
from plugin.services import Services
from plugin.shopify import changed_orders
from plugin.shopify.changed_orders import Page
from plugin.shopify.errors import ShopifyError, ShopifyUnavailable
from plugin.storage import locks, orders, reconciling, shops
from plugin.storage.database import DatabaseAway
from plugin.storage.orders import Told, ToldBy
from plugin.storage.reconciling import Position
from plugin.storage.shops import Shop

log = logging.getLogger(__name__)
MOST_PAGES = 40
"""Pages of one round: 2000 orders."""
FAR_TOO_MANY = 20
"""Times as many pages end a round whatever they hold."""
LONGEST_ROUND = 60.0
"""Seconds after which no further page is asked for: others wait for this worker."""

LOOKS = 3
"""Requests for one page; a second is only needed where the switch is moved while it is read."""


class Left(Exception):
    """The shop has left, or was installed anew, since the round began."""


@dataclass(slots=True)
class Round:
    """What a round has come to: pages read, orders taken in, how far it saw, and whether that was all."""

    pages: int = 0
    found: int = 0
    seen_until: datetime | None = None
    finished: bool = False


def due(given: Services) -> list[int]:
    """Return the shops whose round is due."""
    with given.database.transaction() as conn:
        return reconciling.due(conn, given.clock.now())


def on_start(given: Services) -> None:
    """Let shops be due that were not read for a while: this worker, or all of them, may have been away."""
    with given.database.transaction() as conn:
        reconciling.suspect_everywhere(conn, given.clock.now(), rounds.OVERLAP + rounds.OVERDUE)


def reconcile(given: Services, shop_id: int) -> Round | None:
    """Do a shop's round, unless another worker is at it; None if there was none to do."""
    with locks.turn(given.database, shop_id, locks.Lock.RECONCILING) as mine:
        done = Round()
        due_at = _attempt(given, shop_id, done) if mine else None
        if due_at is None:
            return None
        with given.database.transaction() as conn:
            reconciling.put_off(conn, shop_id, due_at)
    log.info("orders reconciled", extra={"shop_id": shop_id, "count": done.found})
    return done


def _attempt(given: Services, shop_id: int, done: Round) -> datetime | None:
    """Read what there is, and return when to read next; None if the shop has left."""
    try:
        _read(given, shop_id, done)
        return _next(given, shop_id, done)
    except Left:
        return None
    except DatabaseAway:
        raise
    except ShopifyError as fault:
        asking.tell(log, "orders not reconciled", shop_id, fault)
        return asking.come_back_at(fault, given.clock.now())
    except Exception:  # one shop's trouble, whatever it is, is no other's: this is the job's wrapper
        log.exception("reconciliation failed", extra={"shop_id": shop_id})
        return given.clock.now() + rounds.REST


def _next(given: Services, shop_id: int, done: Round) -> datetime:
    now = given.clock.now()
    with given.database.transaction() as conn:
        in_gap = reconciling.is_in_gap(conn, shop_id, *rounds.gap_window(now))
    return rounds.next_round(shop_id, now, seen_until=None if done.finished else done.seen_until, in_gap=in_gap)


def _read(given: Services, shop_id: int, done: Round) -> None:
    """Read page after page, until there is none or this turn is over."""
    end, cursor = time.monotonic() + LONGEST_ROUND, None
    place = _place(given, shop_id)
    since = rounds.begins_at(place.seen_until, place.installed_at, given.clock.now())
    while not done.finished and not _is_over(done, since, end):
        read_at = given.clock.now()
        shop, page = _page(given, shop_id, since, cursor)
        done.pages += 1
        found = _take(given, shop, place.mine(page.receipts))
        done.found += found
        metrics.reconcile_found(found)
        if page.unreadable:
            log.warning("unreadable orders passed over", extra={"shop_id": shop_id, "count": page.unreadable})
        cursor, done.finished = page.next_cursor, page.next_cursor is None
        done.seen_until = read_at if done.finished else page.last_change
        if done.seen_until is not None:
            with given.database.transaction() as conn:
                reconciling.advance(conn, shop, rounds.seen_for_good(done.seen_until, read_at))


def _is_over(done: Round, since: datetime, end: float) -> bool:
    """Whether others have their turn: after some pages or some time, once the next round would begin later."""
    long = done.pages >= MOST_PAGES or time.monotonic() > end
    return long and (rounds.moves_on(since, done.seen_until) or done.pages >= FAR_TOO_MANY * MOST_PAGES)


def _place(given: Services, shop_id: int) -> Position:
    shop = _shop(given, shop_id)
    with given.database.transaction() as conn:
        place = reconciling.position(conn, shop)
    if place is None:
        raise Left
    return place


def _shop(given: Services, shop_id: int) -> Shop:
    with given.database.transaction() as conn:
        shop = shops.by_id(conn, given.vault, shop_id)
    if shop is None:
        raise Left
    return shop


def _page(given: Services, shop_id: int, since: datetime, cursor: str | None) -> tuple[Shop, Page]:
    """Ask for a page, with buyers only while tracking is on; once more if the switch was moved meanwhile.

    So an order without its buyer was there before the switch went on, and is rightly one that came in while it was off.
    """
    shop = _shop(given, shop_id)
    for _ in range(LOOKS):
        with_buyer = shop.policy.tracking_on
        query = changed_orders.query_for(with_buyer=with_buyer)
        wanted = changed_orders.variables(since, cursor, with_choice=shop.cart_choices)
        data = asking.ask(given, shop, query, wanted)
        again = _shop(given, shop_id)
        if again.generation != shop.generation:
            raise Left
        if again.policy.tracking_on == with_buyer:
            return again, changed_orders.read_page(data, given.clock.now())
        shop = again
    raise ShopifyUnavailable("the switch is moved faster than orders are read")


def _take(given: Services, shop: Shop, receipts: Sequence[Receipt]) -> int:
    """Take in the orders that the ledger lacks or has as not cancelled; return how many it lacked."""
    with given.database.transaction() as conn:
        known = reconciling.known(conn, shop.id, [receipt.order.id for receipt in receipts])
    for receipt in receipts:
        if receipt.order.id not in known or receipt.order.cancelled:
            _record(given, shop, receipt)
    with given.database.transaction() as conn:  # what was erased stays away, and is no find
        return len(reconciling.known(conn, shop.id, [receipt.order.id for receipt in receipts]) - known)


def _record(given: Services, shop: Shop, receipt: Receipt) -> None:
    told = Told(ToldBy.RECONCILIATION, with_buyer=shop.policy.tracking_on)
    now = given.clock.now()
    with (
        each.apart(log, "order not taken in", shop_id=shop.id, order_id=receipt.order.id),
        given.database.transaction() as conn,
    ):
        orders.record_paid(conn, given.vault, shop.domain, receipt, now, told=told)
