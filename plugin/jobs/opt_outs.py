"""Opt-outs: before an order is sent, Shopify is asked whether its customer opted out of the sale of data.

Only where the shop lets us read its customers. Orders wait out their grace period anyway, so they are asked about then,
many at a time, and no webhook waits for it. `plugin/storage/opt_outs.py` says what waits for the answer, and how long.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence

from plugin.jobs import asking, each
from plugin.services import Services
from plugin.shopify import orders_again
from plugin.shopify.errors import ShopifyError
from plugin.shopify.order_queries import OPT_OUTS_PAGE, SALE_OPT_OUTS
from plugin.storage import installs, ledger, opt_outs, reading, shops
from plugin.storage.shops import Shop

log = logging.getLogger(__name__)
LONGEST_TURN = 60.0
"""Seconds after which no further page is asked for: others wait for this worker."""


def due(given: Services) -> list[int]:
    """Return the shops with orders of whose customers Shopify is to be asked."""
    with given.database.transaction() as conn:
        return opt_outs.due(conn)


def ask(given: Services, shop_id: int) -> None:
    """Ask about a shop's orders until all are answered, or this turn is over; the next one comes within a minute."""
    end = time.monotonic() + LONGEST_TURN
    with each.apart(log, "asking for customers' choice failed", shop_id=shop_id):
        try:
            while time.monotonic() < end and _page(given, shop_id):
                pass
        except ShopifyError as fault:
            asking.tell(log, "customers' choice not read", shop_id, fault)


def _page(given: Services, shop_id: int) -> bool:
    """Ask about the next orders; return whether there may be more."""
    with given.database.transaction() as conn:
        shop = shops.by_id(conn, given.vault, shop_id)
        may_ask = shop is not None and shop.policy.tracking_on and opt_outs.readable(shop)
        order_ids = opt_outs.page(conn, shop, OPT_OUTS_PAGE) if shop is not None and may_ask else []
    if shop is None or not order_ids:
        return False
    data = asking.ask(given, shop, SALE_OPT_OUTS, orders_again.variables(order_ids))
    granted, answers = orders_again.read_opt_outs(data, order_ids)
    return _keep(given, shop, order_ids, answers) if granted & opt_outs.GRANTS else _withdrawn(given, shop, granted)


def _keep(given: Services, asked_as: Shop, order_ids: Sequence[int], answers: Mapping[int, bool]) -> bool:
    """Note the answers; who opted out is withheld at once, unless limited data use is chosen."""
    with given.database.transaction() as conn:
        shop = shops.by_id(conn, given.vault, asked_as.id) if reading.hold(conn, asked_as) else None
        if shop is None:
            return False
        opt_outs.note(conn, shop, answers)
        opted_out = [order_id for order_id in order_ids if answers[order_id]]
        ledger.settle_by_evidence(conn, shop, ledger.by_ids(conn, shop.id, opted_out), given.clock.now())
    log.info("customers' choice noted", extra={"shop_id": asked_as.id, "count": len(order_ids)})
    return True


def _withdrawn(given: Services, shop: Shop, granted: frozenset[str]) -> bool:
    """Shopify no longer lets us read customers, and its message of that was lost: nothing is asked any more."""
    with given.database.transaction() as conn:
        installs.scopes_told(conn, shop.domain, ",".join(sorted(granted)), given.clock.now())
    log.info("scopes noted", extra={"shop_id": shop.id})
    return False
