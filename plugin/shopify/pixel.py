"""Our web pixel in a shop: placed with its settings, or taken away. Shopify keeps at most one for each app and shop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from plugin.language import N_
from plugin.shopify.admin import AdminClient
from plugin.shopify.errors import ShopifyRefused, ShopifyUnavailable
from plugin.shopify.queries import (
    CREATE_PIXEL,
    DELETE_PIXEL,
    UPDATE_PIXEL,
    WEB_PIXEL,
    PixelChange,
    Query,
    read_pixel_change,
    read_web_pixel,
)

ROUNDS = 3
"""How often we look again when the pixel came or went between two of our calls."""
GONE = "NOT_FOUND"
TAKEN = "TAKEN"
NO_EXTENSION = "NO_EXTENSION"
# Shopify also says these two without such a code, as an error of the whole request.
SAYS_GONE = "no web pixel"
SAYS_NO_EXTENSION = "no extension"
REFUSED = N_("Shopify did not place the pixel. Nothing was changed in your shop.")
NOT_DEPLOYED = N_(
    "Shopify does not know our pixel yet, so it could not be placed: this app was not released completely. "
    "Please tell our support."
)


@dataclass(frozen=True, slots=True)
class PixelSettings:
    """The settings of extensions/meta-pixel, under its own names. Public: the storefront's pages print them."""

    pixelID: str  # noqa: N815 - the extension's name for it
    """The dataset's id."""
    ingestKey: str  # noqa: N815 - the extension's name for it
    """Names the shop to us; proves nothing."""
    collector: str
    """Address of our ``/pixel/evidence``."""
    contentIds: Literal["product", "variant"]  # noqa: N815 - the extension's name for it
    ldu: Literal["yes", "no"]
    """Whether a buyer who opted out of data sale is reported with limited data use."""


def place_pixel(admin: AdminClient, shop: str, token: str, settings: PixelSettings) -> str:
    """Give the shop our pixel with these settings, whether or not it has one; return the pixel's gid.

    Raises:
        ShopifyRefused: the text is for the merchant.
        ShopifyUnavailable, ShopifyDisconnected, ShopifyForbidden: see there.
    """
    values = {"settings": asdict(settings)}
    for _ in range(ROUNDS):
        pixel_id = _find(admin, shop, token)
        if pixel_id is None:
            change = _change(admin, shop, token, CREATE_PIXEL, values)
        else:
            change = _change(admin, shop, token, UPDATE_PIXEL, {"id": pixel_id, **values})
        if change.pixel_id is not None:
            return change.pixel_id
        if not change.codes & {TAKEN, GONE}:
            raise ShopifyRefused(NOT_DEPLOYED if NO_EXTENSION in change.codes else REFUSED, change.codes)
    raise ShopifyUnavailable("the pixel comes and goes")


def remove_pixel(admin: AdminClient, shop: str, token: str) -> None:
    """Take our pixel out of the shop; one that is not there is fine.

    Raises:
        ShopifyRefused, ShopifyUnavailable, ShopifyDisconnected, ShopifyForbidden: see there.
    """
    pixel_id = _find(admin, shop, token)
    if pixel_id is None:
        return
    change = _change(admin, shop, token, DELETE_PIXEL, {"id": pixel_id})
    if change.codes - {GONE}:
        raise ShopifyRefused("Shopify did not remove the pixel.", change.codes)


def _find(admin: AdminClient, shop: str, token: str) -> str | None:
    try:
        return read_web_pixel(admin.run(shop, token, WEB_PIXEL))
    except ShopifyRefused as fault:
        if not any(GONE in code for code in fault.codes) and not _says(fault, SAYS_GONE):
            raise
    return None


def _change(admin: AdminClient, shop: str, token: str, query: Query, variables: Mapping[str, Any]) -> PixelChange:
    try:
        return read_pixel_change(admin.run(shop, token, query, variables))
    except ShopifyRefused as fault:
        if NO_EXTENSION in fault.codes or _says(fault, SAYS_NO_EXTENSION):
            return PixelChange(None, frozenset({NO_EXTENSION}))
        raise


def _says(fault: ShopifyRefused, words: str) -> bool:
    return any(words in message.lower() for message in fault.messages)
