"""Asking a shop's Admin API from a job, without anybody at the screen."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from plugin.recovery import rounds
from plugin.services import Services
from plugin.shopify import access
from plugin.shopify.errors import ShopifyDisconnected, ShopifyError, ShopifyForbidden, ShopifyUnavailable
from plugin.shopify.queries import Query
from plugin.storage.shops import Shop


def ask(given: Services, shop: Shop, query: Query, variables: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """Return a document's data. A shop that Shopify takes no token of any more is marked: it is to be opened again.

    A token that is turned down before its time is replaced once.

    Raises:
        ShopifyError: by what is to be done next; see `AdminClient.run`.
        DatabaseAway: see there.
    """
    way = given.database, given.vault, given.tokens, shop
    token = access.access_token(*way, given.clock.now())
    try:
        return given.admin.run(shop.domain, token, query, variables)
    except ShopifyDisconnected:
        token = access.another_token(*way, given.clock.now(), refused=token)
    try:
        return given.admin.run(shop.domain, token, query, variables)
    except ShopifyDisconnected:
        access.turned_down(given.database, shop, token, given.clock.now())
        raise


def come_back_at(fault: ShopifyError, now: datetime) -> datetime:
    """Return when to ask again: soon where Shopify was away, in an hour where nothing will change by itself."""
    if isinstance(fault, ShopifyUnavailable):
        return rounds.after_trouble(now, fault.retry_after)
    return now + rounds.LONG_REST


def tell(log: logging.Logger, event: str, shop_id: int, fault: ShopifyError) -> None:
    """Log why a job did not get its answer; an address that Shopify does not know is for the operator to mend."""
    level = logging.ERROR if isinstance(fault, ShopifyForbidden) else logging.WARNING
    log.log(level, event, extra={"shop_id": shop_id, "error": type(fault).__name__})
