"""Sweep: every few seconds, judge the orders whose time has come. Rows are the truth; jobs only wake."""

from __future__ import annotations

import logging

from plugin.services import Services
from plugin.storage import ledger, sending, shops

log = logging.getLogger(__name__)
BATCH = 500


def sweep(given: Services) -> list[int]:
    """Judge what is due, shop by shop; return the shops that have orders to send, the longest waiting first."""
    with given.database.transaction() as conn:
        due = shops.due(conn, given.clock.now())
    for shop_id in due:
        sweep_shop(given, shop_id)
    with given.database.transaction() as conn:
        return sending.to_send(conn, given.clock.now())


def sweep_shop(given: Services, shop_id: int) -> int:
    """Judge one shop's due orders in short transactions, and take back what dead workers held; return how many."""
    judged = 0
    while True:
        now = given.clock.now()
        with given.database.transaction() as conn:
            shop = shops.by_id(conn, given.vault, shop_id)
            if shop is None:
                return judged
            settings = given.settings
            sending.reclaim(conn, shop, now, lease=settings.lease, doubt_delay=settings.doubt_delay)
            count = ledger.sweep(conn, shop, now, BATCH)
        judged += count
        if count < BATCH:
            if judged:
                log.info("orders judged", extra={"shop_id": shop_id, "count": judged})
            return judged
