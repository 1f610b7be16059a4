"""The one event that Meta gets for a recovered order, and its id."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal, TypeVar

import msgspec

from plugin.recovery.order import Receipt
from plugin.recovery.origin import clean_user_agent, public_address

T = TypeVar("T")

EVENT_NAME: Final = "Purchase"
ACTION_SOURCE: Final = "website"
CONTENT_TYPE: Final = "product"
"""What the ids are of: products, be they the catalogue's variants."""

BROWSER_FIELDS: Final = ("client_ip_address", "client_user_agent", "fbp", "fbc")
"""What tells of the buyer's browser; Meta's names. It takes them as they are only."""

_IDS: Final = ("fbp", "fbc")

_GEOLOCATED: Final = {"data_processing_options_country": 0, "data_processing_options_state": 0}
"""Meta finds the state by the buyer's address on the internet."""
_CALIFORNIA: Final = {"data_processing_options_country": 1, "data_processing_options_state": 1000}
"""Without such an address Meta could not, and would not limit anything: so the strictest state is named."""

_LIMITED: Final = ("data_processing_options", *_GEOLOCATED)
"""What limited data use adds to an event."""

ENCODER: Final = msgspec.json.Encoder(decimal_format="number")  # 404.95 is written as such, through no float
DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)


class _Line(msgspec.Struct, omit_defaults=True, gc=False):
    """A line of an order; the keys of JSON are the fields of these three classes, in their order."""

    id: str
    quantity: int
    item_price: Decimal | None = None


class _Bought(msgspec.Struct, omit_defaults=True, gc=False):
    value: Decimal
    currency: str
    order_id: str
    content_type: str | None = None
    content_ids: list[str] | None = None
    contents: list[_Line] | None = None
    num_items: int | None = None


class _Event(msgspec.Struct, kw_only=True, gc=False):
    event_name: str = EVENT_NAME
    event_time: int
    event_id: str
    action_source: str = ACTION_SOURCE
    event_source_url: str
    user_data: dict[str, Any]
    custom_data: _Bought


@dataclass(frozen=True, slots=True, repr=False)
class Browser:
    """What the pixel's posts tell of the buyer's browser; ``url`` is the page, without query and token."""

    fbp: str | None = None
    fbc: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    url: str | None = None

    def only(self, fields: frozenset[str]) -> Browser:
        """Return what of it the merchant lets go; the page's address tells of nobody and stays."""
        told = dict(zip(BROWSER_FIELDS, (self.ip, self.user_agent, self.fbp, self.fbc), strict=True))
        ip, user_agent, fbp, fbc = (value if name in fields else None for name, value in told.items())
        return Browser(fbp, fbc, ip, user_agent, self.url)


def event_id(order_id: int) -> str:
    """Return the id of an order's Purchase: the pixel builds the same one, so that Meta drops a second copy."""
    return f"purchase.{order_id}"


def purchase_event(
    receipt: Receipt, *, fields: frozenset[str], shop_url: str, content_ids: Literal["product", "variant"]
) -> bytes:
    """Return the Meta server event of a receipt as compact JSON (UTF-8); same receipt, same bytes.

    Browser ids are in it where the cart told them with a choice that allows them.

    ``fields``: the identifiers the merchant sends. ``shop_url``: the shop's public address, for want of the page's.
    ``content_ids``: which ids the merchant's catalogue has; lines without such an id (tips) are left out.
    """
    order = receipt.order
    event = _Event(
        event_time=int(order.placed_at.timestamp()),
        event_id=event_id(order.id),
        event_source_url=shop_url,
        user_data=receipt.buyer.user_data(fields) | _client(receipt, fields),
        custom_data=_bought(receipt, content_ids),
    )
    return ENCODER.encode(event)


def with_browser(event: bytes, browser: Browser | None, *, ldu: bool, ids: bool = True) -> bytes:
    """Return the event with what is known of the buyer's browser, and with limited data use if ``ldu``.

    What the browser itself told replaces Shopify's word on its address and user agent - but for an address that is none
    of the public internet - and the cart's word on browser ids. Limited data use goes without browser ids, and so does
    an order whose buyer refused at any time what they need (``ids`` False). Same arguments, same bytes; and an event
    that was finished before, but never left, may be finished again.
    """
    told = browser or Browser()
    changed: dict[str, Any] = DECODER.decode(event)
    ids = ids and not ldu
    for name in () if ids else _IDS:
        changed["user_data"].pop(name, None)
    for name in _LIMITED:
        changed.pop(name, None)
    changed["user_data"] |= _known(
        {
            "client_ip_address": public_address(told.ip or ""),
            "client_user_agent": clean_user_agent(told.user_agent or ""),
            "fbp": told.fbp if ids else None,
            "fbc": told.fbc if ids else None,
        }
    )
    if told.url:
        changed["event_source_url"] = told.url
    if ldu:
        located = "client_ip_address" in changed["user_data"]
        changed |= {"data_processing_options": ["LDU"], **(_GEOLOCATED if located else _CALIFORNIA)}
    return ENCODER.encode(changed)


def fields_of(event: bytes) -> list[str]:
    """Return the names of what an event tells of the buyer, sorted; never a value."""
    return sorted(DECODER.decode(event)["user_data"])


def user_data_of(event: bytes) -> dict[str, Any]:
    """Return what an event tells of the buyer, for finding an event by a hash; it is not to be kept or shown."""
    found: dict[str, Any] = DECODER.decode(event)["user_data"]
    return found


def limited(event: bytes, fields: frozenset[str]) -> bytes:
    """Return the event without what ``fields`` does not allow of the buyer; the same bytes if nothing has to go.

    Limited data use without the buyer's address names the strictest state, as ``with_browser`` does.
    """
    changed: dict[str, Any] = DECODER.decode(event)
    told = changed["user_data"]
    if told.keys() <= fields:
        return event
    changed["user_data"] = _chosen(told, fields)
    if "data_processing_options" in changed and "client_ip_address" not in changed["user_data"]:
        changed |= _CALIFORNIA
    return ENCODER.encode(changed)


def is_limited(event: bytes) -> bool:
    """Say whether an event asks Meta for limited data use."""
    return bool(DECODER.decode(event).get("data_processing_options"))


def _chosen(values: dict[str, T], fields: frozenset[str]) -> dict[str, T]:
    return {name: value for name, value in values.items() if name in fields}


def _known(values: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _client(receipt: Receipt, fields: frozenset[str]) -> dict[str, str]:
    choice = receipt.choice
    fbp, fbc = (choice.fbp, choice.fbc) if choice and choice.consent.allows_ids else (None, None)
    told = zip(BROWSER_FIELDS, (receipt.client_ip, receipt.client_user_agent, fbp, fbc), strict=True)
    return {name: value for name, value in told if value and name in fields}


def _bought(receipt: Receipt, content_ids: Literal["product", "variant"]) -> _Bought:
    """Return the lines by id, quantity and price: titles could tell of the buyer's health or finances."""
    order, items = receipt.order, receipt.items
    by_product = content_ids == "product"
    numbers = [one.product_id if by_product else one.variant_id for one in items]
    named = zip(numbers, items, strict=True)
    lines = [_Line(str(number), one.quantity, one.price) for number, one in named if number and one.quantity]
    told = _Bought(order.value, order.currency, str(order.id))
    if lines:
        told.content_type, told.content_ids, told.contents = CONTENT_TYPE, [line.id for line in lines], lines
        told.num_items = sum([one.quantity for one in items])
    return told
