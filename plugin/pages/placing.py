"""Our pixel in the shop: placed, and taken out, with whatever token Shopify still takes."""

from __future__ import annotations

import logging
from collections.abc import Callable
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
from plugin.storage import installs, reading
from plugin.storage.shops import Shop

log = logging.getLogger(__name__)

T = TypeVar("T")


def place(visit: Visit, shop: Shop) -> str | None:
    """Place the pixel with the shop's present settings; return the code of the notice that says why not, else None."""
    settings = _settings(visit, shop)
    try:
        pixel_id = _with_token(
            visit, shop, lambda token: pixel.place_pixel(visit.given.admin, shop.domain, token, settings)
        )
    except ShopifyError as fault:
        log.warning("pixel not placed", extra={"shop_id": shop.id, "error": type(fault).__name__})
        return _why(fault)
    with visit.given.database.transaction() as conn:
        if reading.hold(conn, shop):
            installs.keep_web_pixel(conn, shop.id, pixel_id)
    return None


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
