"""Our pixel in the shop: placed, and taken out, with whatever token Shopify still takes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Literal, TypeVar, cast

from plugin.pages import install
from plugin.pages.door import Visit
from plugin.shopify import access, pixel
from plugin.shopify.auth import IdTokenRefused
from plugin.shopify.errors import (
    ShopifyDisconnected,
    ShopifyError,
    ShopifyForbidden,
    ShopifyRefused,
    ShopifyUnavailable,
)
from plugin.shopify.pixel import PixelSettings
from plugin.storage import installs, reading, shops
from plugin.storage.shops import Shop

log = logging.getLogger(__name__)

T = TypeVar("T")
MOST_TURNS = 3


def place(visit: Visit, shop: Shop) -> str | None:
    """Place the pixel with the shop's present settings; return the code of the notice that says why not, else None.

    Somebody else may connect, disconnect or save meanwhile: the pixel is then placed, or taken out, once more.
    """
    for _ in range(MOST_TURNS):
        placed = _settings(visit, shop)
        try:
            pixel_id = _with_token(visit, shop, partial(_place, visit, shop, placed))
        except ShopifyError as fault:
            log.warning("pixel not placed", extra={"shop_id": shop.id, "error": type(fault).__name__})
            return _why(fault)
        now = _keep(visit, shop, placed, pixel_id)
        if now is None:
            return None
        if now.connection is None:
            remove(visit, now)
            return None
        shop = now
    return "pixel_refused"


def _place(visit: Visit, shop: Shop, settings: PixelSettings, token: str) -> str:
    return pixel.place_pixel(visit.given.admin, shop.domain, token, settings)


def _keep(visit: Visit, shop: Shop, placed: PixelSettings, pixel_id: str) -> Shop | None:
    """Remember that the pixel is placed. If other settings hold by now, it is not: then return the shop with them."""
    with visit.given.database.transaction() as conn:
        now = shops.by_domain(conn, visit.given.vault, shop.domain) if reading.hold(conn, shop) else None
        if now is None:
            return None
        is_current = now.connection is not None and _settings(visit, now) == placed
        installs.keep_web_pixel(conn, shop.id, pixel_id if is_current else None)
        return None if is_current else now


def remove(visit: Visit, shop: Shop) -> bool:
    """Take the pixel out of the shop, if it is there; False if Shopify did not let us."""
    try:
        _with_token(visit, shop, lambda token: pixel.remove_pixel(visit.given.admin, shop.domain, token))
    except ShopifyError as fault:
        log.warning("pixel not removed", extra={"shop_id": shop.id, "error": type(fault).__name__})
        return False
    with visit.given.database.transaction() as conn:
        if reading.hold(conn, shop):
            installs.keep_web_pixel(conn, shop.id, None)
    return True


def _settings(visit: Visit, shop: Shop) -> PixelSettings:
    assert shop.connection is not None  # noqa: S101 - a pixel is placed for a dataset only
    return PixelSettings(
        pixelID=shop.connection.dataset,
        ingestKey=shop.ingest_key,
        collector=f"{visit.given.settings.url}/pixel/evidence",
        contentIds=cast("Literal['product', 'variant']", shop.content_ids),
        ldu="yes" if shop.policy.ldu else "no",
    )


def _with_token(visit: Visit, shop: Shop, use: Callable[[str], T]) -> T:
    """Use the kept access token; if Shopify turns it down, one that this visit's id token gets."""
    given = visit.given
    try:
        return use(access.access_token(given.database, given.vault, given.tokens, shop, visit.now))
    except ShopifyDisconnected:
        try:
            token = install.new_token(given, shop, visit.id_token, visit.now)
        except IdTokenRefused as fault:
            raise ShopifyDisconnected("Shopify does not take the id token") from fault
        return use(token)


def _why(fault: ShopifyError) -> str:
    if isinstance(fault, ShopifyUnavailable):
        return "pixel_shopify_away"
    if isinstance(fault, ShopifyForbidden):
        return "pixel_shopify_forbids"
    if isinstance(fault, ShopifyRefused):
        return "pixel_not_released" if pixel.NO_EXTENSION in fault.codes else "pixel_refused"
    return "pixel_shopify_refuses"
