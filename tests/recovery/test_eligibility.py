"""Kinds of orders as Shopify tells them, and what becomes of each: docs/eligibility.md says the same."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from plugin.recovery.evidence import Delivery
from plugin.recovery.order import Receipt
from plugin.recovery.purchase import purchase_event
from plugin.recovery.verdict import Outcome, Reason
from plugin.shopify import changed_orders
from tests.builders import ABSENT, NOON, PAYLOAD, completed, evidence, paid_payload, post
from tests.recovery.table import DAY, MINUTE, judged

TABLE = Path(__file__).parents[2] / "docs" / "eligibility.md"
NO_BROWSER = {"browser_ip": None, "client_details": None, "landing_site": None}
NO_CHECKOUT = {"checkout_id": None, "checkout_token": None, "cart_token": None}
BUYER = {key: PAYLOAD[key] for key in ("email", "contact_email", "customer", "billing_address", "shipping_address")}
SENT, IGNORED = (Outcome.WAITING, Reason.SENDING), (Outcome.IGNORED, Reason.NOT_FROM_CHECKOUT)


def money(amount: str, currency: str = "EUR", *, shop: str | None = None) -> dict[str, Any]:
    return {
        "shop_money": {"amount": shop or amount, "currency_code": "EUR"},
        "presentment_money": {"amount": amount, "currency_code": currency},
    }


def line(price: str, **changes: Any) -> dict[str, Any]:
    usual = {"id": 2, "product_id": 8002, "variant_id": 9002, "quantity": 1, "gift_card": False}
    return usual | {"price": price, "price_set": money(price)} | changes


@dataclass(frozen=True)
class Kind:
    """What sets a kind of order apart in the payload, when it was paid, and how it ends where the pixel was blocked."""

    changes: dict[str, Any] = field(default_factory=dict)
    ends: tuple[Outcome, Reason] = SENT
    paid_after: timedelta = MINUTE


KINDS: dict[str, Kind] = {
    "online checkout": Kind(),
    "headless storefront, told as web": Kind({"app_id": 12875497473, "landing_site": None, "referring_site": None}),
    "headless storefront, told by its app's number": Kind(
        {"app_id": 12875497473, "source_name": "12875497473"}, IGNORED
    ),
    "Shop app": Kind({"app_id": 3890849, "source_name": "3890849", **NO_BROWSER}, IGNORED),
    "point of sale": Kind(
        {"source_name": "pos", "location_id": 655441491, "user_id": 799407056, "customer": None}
        | {"billing_address": None, "shipping_address": None, **NO_BROWSER, **NO_CHECKOUT},
        IGNORED,
    ),
    "draft order": Kind(
        # with a checkout token, and the address and browser of the member of staff
        {"source_name": "shopify_draft_order", "user_id": 799407056, "landing_site": None, "cart_token": None},
        IGNORED,
    ),
    "subscription, first order": Kind({"line_items": [line("15.00", selling_plan_allocation={"selling_plan": {}})]}),
    "subscription renewal": Kind({"source_name": "subscription_contract", **NO_BROWSER, **NO_CHECKOUT}, IGNORED),
    "marketplace import": Kind(
        {"app_id": 2376822785, "source_name": "2376822785", "source_identifier": "111-2223334-5556667"}
        | {"billing_address": None, "browser_ip": "127.0.0.1", "client_details": None, **NO_CHECKOUT},
        IGNORED,
    ),
    "gift card bought": Kind(
        {"total_price": "50.00", "total_price_set": money("50.00"), "shipping_address": None}
        | {"line_items": [line("50.00", gift_card=True, requires_shipping=False)]}
    ),
    "paid by gift card": Kind({"payment_gateway_names": ["gift_card"]}),
    "nothing to pay": Kind(
        {"total_price": "0.00", "total_price_set": money("0.00"), "payment_gateway_names": [], "phone": ABSENT}
        | {"discount_codes": [{"code": "FREE", "amount": "15.00", "type": "percentage"}], "line_items": [line("15.00")]}
    ),
    "another currency": Kind(
        {"currency": "EUR", "presentment_currency": "JPY", "total_price": "25.70"}
        | {"total_price_set": money("4760", "JPY", shop="25.70")}
    ),
    "captured days later": Kind(paid_after=3 * DAY),
    "paid by bank transfer": Kind({"payment_gateway_names": ["Bank Deposit"], **BUYER}, paid_after=DAY),
    "paid more than 7 days after placing": Kind(
        {"payment_gateway_names": ["Bank Deposit"]}, (Outcome.IGNORED, Reason.PAID_LATE), paid_after=7 * DAY + MINUTE
    ),
    "test order": Kind({"test": True, "payment_gateway_names": ["bogus"]}, (Outcome.IGNORED, Reason.TEST_ORDER)),
    "cancelled": Kind(
        {"cancelled_at": "2026-11-24T13:05:00+01:00", "cancel_reason": "customer"}, (Outcome.IGNORED, Reason.CANCELLED)
    ),
    "refunded in full": Kind({"financial_status": "refunded"}, (Outcome.IGNORED, Reason.CANCELLED)),
    "refunded in part": Kind({"financial_status": "partially_refunded"}),
}


def receipt_of(kind: Kind) -> Receipt:
    return Receipt.from_payload(paid_payload(**kind.changes), paid_at=NOON + kind.paid_after)


def ending(kind: Kind, delivery: Delivery | None = Delivery.BLOCKED) -> tuple[Outcome, Reason]:
    receipt = receipt_of(kind)
    known = evidence(post(), completed(delivery)) if delivery else evidence()
    verdict = judged(receipt.order, known=known, now=receipt.order.paid_at + 30 * MINUTE)
    return verdict.outcome, verdict.reason


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_of_order_ends_as_the_document_says(name: str) -> None:
    assert ending(KINDS[name]) == KINDS[name].ends


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.ends == IGNORED])
def test_no_address_or_browser_is_taken_from_where_no_buyer_was(name: str) -> None:
    receipt = receipt_of(KINDS[name])

    assert (receipt.client_ip, receipt.client_user_agent) == (None, None)


def test_an_order_of_nothing_is_a_purchase_of_nothing() -> None:
    event = event_of("nothing to pay")

    assert (event["custom_data"]["value"], event["custom_data"]["currency"]) == (0, "EUR")


def test_value_and_currency_are_the_buyers() -> None:
    event = event_of("another currency")

    assert (event["custom_data"]["value"], event["custom_data"]["currency"]) == (4760, "JPY")


def test_a_gift_card_counts_with_what_it_cost() -> None:
    assert receipt_of(KINDS["gift card bought"]).order.value == Decimal("50.00")


def event_of(name: str) -> dict[str, Any]:
    chosen = frozenset({"em"})
    raw = purchase_event(
        receipt_of(KINDS[name]), fields=chosen, shop_url="https://store.example", content_ids="product"
    )
    event = json.loads(raw)
    assert isinstance(event, dict)
    return event


def test_an_order_captured_days_later_waits_for_the_merchant_unless_the_pixel_was_blocked() -> None:
    late = KINDS["captured days later"]

    assert ending(late, Delivery.BLOCKED) == SENT
    assert ending(late, None) == ending(late, Delivery.PENDING) == (Outcome.WAITING, Reason.HELD)
    assert ending(late, Delivery.SENT) == (Outcome.TRACKED, Reason.PIXEL_DELIVERED)


def test_an_order_is_a_purchase_of_the_time_when_it_was_placed() -> None:
    event = event_of("captured days later")

    assert datetime.fromtimestamp(event["event_time"], tz=NOON.tzinfo) == NOON


@pytest.mark.parametrize(
    ("state", "in_full", "taken"),
    [
        ("PAID", True, True),
        ("PARTIALLY_REFUNDED", True, True),
        ("REFUNDED", False, True),  # ends an order, never begins one: it is ignored
        ("PAID", False, False),
        ("PARTIALLY_REFUNDED", False, False),
        ("PARTIALLY_PAID", False, False),
        ("PARTIALLY_PAID", True, False),
        ("PENDING", False, False),
        ("AUTHORIZED", False, False),
        ("EXPIRED", False, False),
        ("VOIDED", False, False),
        (None, True, False),
    ],
)
def test_a_part_of_the_price_is_not_the_price(state: str | None, in_full: bool, taken: bool) -> None:  # noqa: FBT001 - pytest's way
    assert changed_orders.is_fully_paid({"displayFinancialStatus": state, "fullyPaid": in_full}) is taken


def test_the_document_names_each_kind() -> None:
    named = re.findall(r"^\| ([^|]+?) \|", TABLE.read_text(), re.MULTILINE)

    assert {name for name in KINDS if name not in named} == set()
