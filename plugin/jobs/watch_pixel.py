"""Watch the pixel: every few minutes, whether a shop's orders show that it fell silent, or works again."""

from __future__ import annotations

import logging
from datetime import datetime

from plugin.jobs import alerts, asking, each
from plugin.recovery.pixel_health import Finding, Health, Trouble, does_well_again, examine, name_fall
from plugin.services import Services
from plugin.shopify.errors import ShopifyError, ShopifyRefused
from plugin.shopify.queries import WEB_PIXEL, read_web_pixel
from plugin.storage import installs, pixel_health, shops
from plugin.storage.pixel_health import TroubleTime
from plugin.storage.shops import Shop

log = logging.getLogger(__name__)


def watch_all(given: Services) -> int:
    """Look at each shop that is due; return how many. One shop's trouble is no other's."""
    with given.database.transaction() as conn:
        due = pixel_health.due(conn, given.clock.now())
    for shop_id in due:
        with each.apart(log, "pixel not examined", shop_id=shop_id):
            watch(given, shop_id)
    return len(due)


def watch(given: Services, shop_id: int) -> None:
    """Examine one shop's pixel; a trouble is remembered from its first order on, told, and ended when it is over."""
    now = given.clock.now()
    with given.database.transaction() as conn:
        shop = shops.by_id(conn, given.vault, shop_id)
        if shop is None or shop.connection is None:
            return
        known = pixel_health.open_trouble(conn, shop_id)
        pixel_health.checked(conn, shop_id, now)
    if known is not None:
        _follow(given, shop, known, now)
        return
    finding = _examine(given, shop, now)
    if finding.health is Health.HEALTHY:
        return
    with given.database.transaction() as conn:
        new = pixel_health.begin(conn, shop_id, finding, now)
        if new:
            alerts.raise_alert(conn, shop_id, f"pixel_{finding.trouble}", now)
    if new:
        log.warning("pixel in trouble", extra={"shop_id": shop_id, "reason": finding.trouble})


def _examine(given: Services, shop: Shop, now: datetime) -> Finding:
    """Judge by the orders; only when they show a fall is Shopify asked whether the pixel is still there."""
    if shop.web_pixel_id is None:
        return Finding(Health.NOT_INSTALLED, Trouble.NOT_INSTALLED)
    with given.database.transaction() as conn:
        quarters = pixel_health.quarters(conn, shop, now)
    finding = examine(quarters, in_shop=None)
    if finding.trouble is not Trouble.NOTHING_SEEN:
        return finding
    return examine(quarters, in_shop=_in_shop(given, shop))


def _in_shop(given: Services, shop: Shop) -> bool | None:
    """Whether Shopify has our pixel in the shop; None if it could not be asked. If not, it is not placed."""
    try:
        there = read_web_pixel(asking.ask(given, shop, WEB_PIXEL)) is not None
    except ShopifyRefused:  # Shopify says "not found" as a refusal
        there = False
    except ShopifyError as fault:
        asking.tell(log, "pixel not looked for", shop.id, fault)
        return None
    if not there:
        with given.database.transaction() as conn:
            installs.keep_web_pixel(conn, shop.id, None)
    return there


def _follow(given: Services, shop: Shop, known: TroubleTime, now: datetime) -> None:
    """End a trouble that is over, by the orders that came in since; else call it by what they show."""
    with given.database.transaction() as conn:
        if known.health is Health.NOT_INSTALLED:
            if shop.web_pixel_id is not None:
                pixel_health.end(conn, shop.id, now)
            return
        quarters = pixel_health.quarters(conn, shop, now, since=known.from_at)
        if does_well_again(quarters, known.usual):
            pixel_health.end(conn, shop.id, now)
            log.info("pixel works again", extra={"shop_id": shop.id})
        elif quarters and shop.web_pixel_id is not None:
            in_shop = True if known.health is Health.PAUSED else None
            pixel_health.rename(conn, shop.id, known.id, Finding(*name_fall(quarters, in_shop=in_shop)))
