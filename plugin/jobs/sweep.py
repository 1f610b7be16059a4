"""Sweep: every few seconds, judge the orders whose time has come. Rows are the truth; jobs only wake."""

from __future__ import annotations

import logging
import time

from plugin.services import Services
from plugin.storage import claiming, ledger, narrowing, policy, reclaiming, shops

WAIT_FOR_FLIGHT = 1.0
"""Seconds; what is still out then is waited for by the next sweep."""
log = logging.getLogger(__name__)
BATCH = 500
ROUNDS = 4
"""Batches of one shop before others have their turn."""
SHARE = 10.0
"""Seconds for second shares; a sweep comes every few seconds anyway."""


def sweep(given: Services) -> list[int]:
    """Judge what is due, shop by shop; return the shops that have orders to send, in the order of their turns.

    Shops with more than their share have another one after all others, as long as there is time.
    """
    with given.database.transaction() as conn:
        due = shops.due(conn, given.clock.now())
    end = time.monotonic() + SHARE
    while due:
        due = [shop_id for shop_id in due if _has_more(given, shop_id)]
        if time.monotonic() > end:
            break
    with given.database.transaction() as conn:
        return claiming.to_send(conn, given.clock.now())


def _has_more(given: Services, shop_id: int) -> bool:
    try:
        return sweep_shop(given, shop_id) >= ROUNDS * BATCH
    except Exception:  # one shop's trouble, whatever it is, is no other's: this is the job's wrapper
        log.exception("sweep failed", extra={"shop_id": shop_id})
        return False


def sweep_shop(given: Services, shop_id: int) -> int:
    """Judge one shop's due orders in short transactions, and take back what dead workers held; return how many."""
    judged, erase = 0, False
    for _ in range(ROUNDS):
        now = given.clock.now()
        with given.database.transaction() as conn:
            shop = shops.by_id(conn, given.vault, shop_id)
            if shop is None:
                return judged
            settings = given.settings
            reclaiming.reclaim(conn, shop, now, lease=settings.lease, doubt_delay=settings.doubt_delay)
            narrowing.cut_fresh(conn, shop, now, BATCH)
            count = reclaiming.end_stranded(conn, shop, now, BATCH) + ledger.sweep(conn, shop, now, BATCH)
        judged, erase = judged + count, shop.erase_pending
        if count < BATCH:
            break
    if erase:
        policy.erase_waiting(given.database, given.vault, shop_id, given.clock.now(), WAIT_FOR_FLIGHT)
    if judged:
        log.info("orders judged", extra={"shop_id": shop_id, "count": judged})
    return judged
