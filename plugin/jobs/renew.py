"""Renew: once a day a shop's tokens are used, so that none grows old, and its consent policy is read again."""

from __future__ import annotations

import logging
from datetime import datetime

from plugin.jobs import asking
from plugin.recovery import rounds
from plugin.recovery.consent import RegionRule
from plugin.services import Services
from plugin.shopify.errors import ShopifyError
from plugin.shopify.queries import CONSENT_POLICY, read_consent_policy
from plugin.storage import installs, shops, upkeep
from plugin.storage.database import DatabaseAway
from plugin.storage.shops import Shop

log = logging.getLogger(__name__)


def due(given: Services) -> list[int]:
    """Forget consent policies that have become too old; return the shops whose day is over."""
    now = given.clock.now()
    with given.database.transaction() as conn:
        forgotten = upkeep.drop_old_rules(conn, now)
        found = upkeep.due(conn, now)
    if forgotten:
        log.warning("consent policies not readable for too long", extra={"count": forgotten})
    return found


def renew(given: Services, shop_id: int) -> None:
    """Read a shop's consent policy with a token that is renewed if need be; so a refresh token never sees its 90th day.

    A shop of which Shopify takes no token is tried again each hour: it may be let in without being opened.
    """
    with given.database.transaction() as conn:
        shop = shops.by_id(conn, given.vault, shop_id)
    if shop is None:
        return
    rules, due_at = _attempt(given, shop)
    with given.database.transaction() as conn:
        if rules is not None:
            installs.keep_rules(conn, shop, rules, given.clock.now())
        upkeep.put_off(conn, shop_id, due_at)


def _attempt(given: Services, shop: Shop) -> tuple[tuple[RegionRule, ...] | None, datetime]:
    """Return the consent policy, None if Shopify did not tell it, and when to ask next."""
    try:
        rules = read_consent_policy(asking.ask(given, shop, CONSENT_POLICY))
    except DatabaseAway:
        raise
    except ShopifyError as fault:
        asking.tell(log, "consent policy not renewed", shop.id, fault)
        return None, asking.come_back_at(fault, given.clock.now())
    except Exception:  # one shop's trouble, whatever it is, is no other's: this is the job's wrapper
        log.exception("upkeep failed", extra={"shop_id": shop.id})
        return None, given.clock.now() + rounds.LONG_REST
    return rules, given.clock.now() + upkeep.EVERY
