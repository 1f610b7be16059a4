"""The one event that Meta gets for a recovered order, and its id."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from plugin.recovery.order import Item, Receipt
from plugin.recovery.origin import clean_user_agent, public_address

EVENT_NAME: Final = "Purchase"
ACTION_SOURCE: Final = "website"

_GEOLOCATED: Final = {"data_processing_options_country": 0, "data_processing_options_state": 0}
"""Meta finds the state by the buyer's address on the internet."""
_CALIFORNIA: Final = {"data_processing_options_country": 1, "data_processing_options_state": 1000}
"""Without such an address Meta could not, and would not limit anything: so the strictest state is named."""

_LIMITED: Final = ("data_processing_options", *_GEOLOCATED)
"""What limited data use adds to an event."""

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")  # 404.95 is written as such, through no float
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)


@dataclass(frozen=True, slots=True, repr=False)
class Browser:
    """What the pixel's posts tell of the buyer's browser; ``url`` is the page, without query and token."""

    fbp: str | None = None
    fbc: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    url: str | None = None


def event_id(order_id: int) -> str:
    """Return the id of an order's Purchase: the pixel builds the same one, so that Meta drops a second copy."""
    return f"purchase.{order_id}"


def purchase_event(
    receipt: Receipt, *, fields: frozenset[str], shop_url: str, content_ids: Literal["product", "variant"]
) -> bytes:
    """Return the Meta server event of a receipt as compact JSON (UTF-8), without browser ids; same receipt, same bytes.

    ``fields``: the identifiers the merchant sends. ``shop_url``: the shop's public address, for want of the page's.
    ``content_ids``: which ids the merchant's catalogue has; lines without such an id (tips) are left out.
    """
    order = receipt.order
    client = {"client_ip_address": receipt.client_ip, "client_user_agent": receipt.client_user_agent}
    event = {
        "event_name": EVENT_NAME,
        "event_time": int(order.placed_at.timestamp()),
        "event_id": event_id(order.id),
        "action_source": ACTION_SOURCE,
        "event_source_url": shop_url,
        "user_data": receipt.buyer.user_data(fields) | _known(client),
        "custom_data": {
            "value": order.value,
            "currency": order.currency,
            "order_id": str(order.id),
            **_contents(receipt.items, content_ids),
        },
    }
    return _ENCODER.encode(event)


def with_browser(event: bytes, browser: Browser | None, *, ldu: bool) -> bytes:
    """Return the event with what is known of the buyer's browser, and with limited data use if ``ldu``.

    What the browser itself told replaces Shopify's word on its address and user agent - but for an address that is none
    of the public internet. Limited data use goes without browser ids. Same arguments, same bytes; and an event that was
    finished before, but never left, may be finished again.
    """
    told = browser or Browser()
    changed: dict[str, Any] = _DECODER.decode(event)
    for name in ("fbp", "fbc"):
        changed["user_data"].pop(name, None)
    for name in _LIMITED:
        changed.pop(name, None)
    changed["user_data"] |= _known(
        {
            "client_ip_address": public_address(told.ip or ""),
            "client_user_agent": clean_user_agent(told.user_agent or ""),
            "fbp": None if ldu else told.fbp,
            "fbc": None if ldu else told.fbc,
        }
    )
    if told.url:
        changed["event_source_url"] = told.url
    if ldu:
        located = "client_ip_address" in changed["user_data"]
        changed |= {"data_processing_options": ["LDU"], **(_GEOLOCATED if located else _CALIFORNIA)}
    return _ENCODER.encode(changed)


def fields_of(event: bytes) -> list[str]:
    """Return the names of what an event tells of the buyer, sorted; never a value."""
    return sorted(_DECODER.decode(event)["user_data"])


def user_data_of(event: bytes) -> dict[str, Any]:
    """Return what an event tells of the buyer, for finding an event by a hash; it is not to be kept or shown."""
    found: dict[str, Any] = _DECODER.decode(event)["user_data"]
    return found


def _known(values: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _contents(items: tuple[Item, ...], content_ids: Literal["product", "variant"]) -> dict[str, Any]:
    """Return the lines by id, quantity and price: titles could tell of the buyer's health or finances."""
    by_product = content_ids == "product"
    chosen = [(item.product_id if by_product else item.variant_id, item) for item in items if item.quantity]
    contents = [_line(str(number), item) for number, item in chosen if number]
    if not contents:
        return {}
    return {
        "content_type": "product",
        "content_ids": [line["id"] for line in contents],
        "contents": contents,
        "num_items": sum(item.quantity for item in items),
    }


def _line(number: str, item: Item) -> dict[str, Any]:
    priced = {} if item.price is None else {"item_price": item.price}
    return {"id": number, "quantity": item.quantity, **priced}
