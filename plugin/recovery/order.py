"""A paid order and its receipt, read from the payload of Shopify's ``orders/paid``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Self, TypeVar

import msgspec

from plugin.recovery import payload as read
from plugin.recovery.buyer import Buyer
from plugin.recovery.cart import CartChoice
from plugin.recovery.origin import came_from_checkout, client_of
from plugin.recovery.payload import MAX_COUNT, MAX_ID, PLAIN_AMOUNT, UnreadablePayload, parse_body

__all__ = ["Item", "PaidOrder", "Receipt", "Region", "UnreadablePayload", "parse_body"]

MAX_NUMBER: Final = 64
MAX_TOKEN: Final = 128
UNKNOWN_COUNTRY: Final = "ZZ"
"""Shopify's code for a country it does not know."""

Value = TypeVar("Value")

_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_SUBDIVISION: Final = re.compile(r"[A-Z0-9]{1,6}")
_UNPRINTABLE: Final = re.compile(r"[^!-~]")
_CALLED_OFF: Final = frozenset({"voided", "refunded"})


@dataclass(frozen=True, slots=True)
class Region:
    """A country (ISO 3166-1 alpha-2) and, where known, its subdivision (Shopify's province code); both in capitals."""

    country: str
    subdivision: str | None = None

    @classmethod
    def from_address(cls, address: Mapping[str, Any]) -> Self | None:
        """Return the region of an address of the payload; None if there is no address.

        An address whose country cannot be read is in UNKNOWN_COUNTRY, for which no rule is known.
        """
        country = (read.text_at(address, "country_code") or "").strip().upper()
        if not country and all(value in read.ABSENT for value in address.values()):
            return None
        if country == UNKNOWN_COUNTRY or not _COUNTRY.fullmatch(country):
            return cls(UNKNOWN_COUNTRY)
        subdivision = (read.text_at(address, "province_code") or "").strip().upper().removeprefix(f"{country}-")
        return cls(country, subdivision if _SUBDIVISION.fullmatch(subdivision) else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidOrder:
    """An order that Shopify called fully paid. Holds nothing of the buyer but the regions that consent rules ask for.

    ``value`` and ``currency`` are as sold (presentment money); all times are aware and in UTC; ``cancelled`` also means
    voided or fully refunded; ``from_checkout`` says that an online checkout stands behind it.
    """

    id: int
    number: str
    placed_at: datetime
    paid_at: datetime
    updated_at: datetime
    value: Decimal
    currency: str
    test: bool = False
    from_checkout: bool = True
    cancelled: bool = False
    billing: Region | None = None
    shipping: Region | None = None

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any], *, paid_at: datetime) -> Self:
        """Read the order; keys may be null or absent as long as id, total and time of the purchase are there.

        ``paid_at`` (aware) comes with the notification, not in its body.

        Raises:
            UnreadablePayload: if one of those three is missing, or a field does not hold what it should.
        """
        order_id = _needed(read.id_at(payload, "id"), "id")
        placed_at = _needed(read.moment_at(payload, "processed_at") or read.moment_at(payload, "created_at"), "time")
        value, currency = _total(payload)
        return cls(
            id=order_id,
            number=_number(payload, order_id),
            placed_at=placed_at,
            paid_at=paid_at.astimezone(UTC),
            updated_at=read.moment_at(payload, "updated_at") or placed_at,
            value=value,
            currency=currency,
            test=read.flag_at(payload, "test"),
            from_checkout=came_from_checkout(payload),
            cancelled=_is_called_off(payload),
            billing=Region.from_address(read.object_at(payload, "billing_address")),
            shipping=Region.from_address(read.object_at(payload, "shipping_address")),
        )


class Item(msgspec.Struct, frozen=True, gc=False):
    """One line of an order. Tips have neither product nor variant; ``price`` is one piece's, in the order's currency.

    ``price`` is None where the payload tells it in another currency only.
    """

    product_id: int | None
    variant_id: int | None
    quantity: int
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """An order with what Meta may be told of it: the hashed buyer, the items, the buyer's browser as Shopify saw it."""

    order: PaidOrder
    checkout_token: str | None = field(repr=False)
    buyer: Buyer = field(repr=False)
    items: tuple[Item, ...]
    client_ip: str | None = field(repr=False)
    client_user_agent: str | None = field(repr=False)
    choice: CartChoice | None = field(default=None, repr=False)
    """What the cart told of the buyer's choice; whoever keeps a receipt asks first whether the merchant wants it."""

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any], *, paid_at: datetime) -> Self:
        """Read the whole receipt; see ``PaidOrder.from_payload`` for ``paid_at`` and errors."""
        order = PaidOrder.from_payload(payload, paid_at=paid_at)
        client_ip, user_agent = client_of(payload) if order.from_checkout else (None, None)
        choice = CartChoice.from_payload(payload)
        return cls(
            order=order,
            checkout_token=_token(payload),
            buyer=Buyer.from_payload(payload),
            items=_items(payload, order.currency),
            client_ip=client_ip,
            client_user_agent=user_agent,
            choice=choice and choice.told_before(order.placed_at),
        )


def _needed(value: Value | None, what: str) -> Value:
    if value is None:
        raise UnreadablePayload(f"The order has no {what}.")
    return value


def _number(payload: Mapping[str, Any], order_id: int) -> str:
    """Return the order's name as the merchant knows it ("#1001")."""
    counted = read.text_at(payload, "order_number")
    typed = read.text_at(payload, "name") or (f"#{counted}" if counted else str(order_id))
    return "".join(letter for letter in typed if letter.isprintable())[:MAX_NUMBER].strip() or str(order_id)


def _total(payload: Mapping[str, Any]) -> tuple[Decimal, str]:
    """Return the total as sold; where the payload has no such pair, the one in the shop's currency."""
    totals = read.object_at(payload, "total_price_set")
    pairs = (
        (read.object_at(totals, "presentment_money"), "amount", "currency_code"),
        (payload, "total_price", "currency"),
        (read.object_at(totals, "shop_money"), "amount", "currency_code"),
    )
    for holder, amount_key, currency_key in pairs:
        value, currency = read.money_at(holder, amount_key), read.currency_at(holder, currency_key)
        if value is not None and currency is not None:
            return value, currency
    raise UnreadablePayload("The order has no total with a currency.")


def _is_called_off(payload: Mapping[str, Any]) -> bool:
    status = (read.text_at(payload, "financial_status") or "").strip().lower()
    return status in _CALLED_OFF or read.text_at(payload, "cancelled_at") is not None


def _token(payload: Mapping[str, Any]) -> str | None:
    """Return the checkout token; one that no evidence could name counts as none."""
    token = read.text_at(payload, "checkout_token") or ""
    return None if not token or len(token) > MAX_TOKEN or _UNPRINTABLE.search(token) else token


def _items(payload: Mapping[str, Any], currency: str) -> tuple[Item, ...]:
    """Read the lines: those that are as nearly all are with a few questions at once, any other one by the rules."""
    items = []
    for line in read.objects_at(payload, "line_items"):
        try:
            product_id, variant_id, quantity = line["product_id"], line["variant_id"], line["quantity"]
            money = line["price_set"]["presentment_money"]
            is_usual = (
                type(product_id) is type(variant_id) is type(quantity) is int
                and 0 < product_id <= MAX_ID
                and 0 < variant_id <= MAX_ID
                and 0 <= quantity <= MAX_COUNT
                and money["currency_code"] == currency
                and PLAIN_AMOUNT.fullmatch(money["amount"])
            )
        except (KeyError, TypeError):
            is_usual = False
        if is_usual:
            items.append(Item(product_id, variant_id, quantity, Decimal(money["amount"])))
        else:
            items.append(_item(line, currency))
    return tuple(items)


def _item(line: Mapping[str, Any], currency: str) -> Item:
    quantity = read.count_at(line, "quantity")
    return Item(
        product_id=read.id_at(line, "product_id"),
        variant_id=read.id_at(line, "variant_id"),
        quantity=1 if quantity is None else quantity,
        price=_price(line, currency),
    )


def _price(line: Mapping[str, Any], currency: str) -> Decimal | None:
    """Return the price as sold; the plain price is in the shop's currency and only good where that is the same."""
    prices = read.object_at(line, "price_set")
    if not prices:
        return read.money_at(line, "price")
    for side in ("presentment_money", "shop_money"):
        money = read.object_at(prices, side)
        if money.get("currency_code") == currency or read.currency_at(money, "currency_code") == currency:
            return read.money_at(money, "amount")
    return None
