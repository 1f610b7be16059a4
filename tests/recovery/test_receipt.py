"""Receipts: where an order came from, whose browser its payload shows, and what was bought."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from plugin.recovery.order import Item
from tests.builders import ABSENT, BUYERS_ADDRESS, BUYERS_BROWSER, CHECKOUT_TOKEN, receipt


@pytest.mark.parametrize(
    "changes",
    [
        {"source_name": "shopify_draft_order", "user_id": 501, "landing_site": None},
        {"source_name": "shopify_draft_order"},
        {"source_name": "pos"},
        {"source_name": "iphone"},
        {"source_name": "subscription_contract_checkout_one"},
        {"source_name": "3890849"},
        {"source_name": 3890849},
        {"source_name": None},
        {"source_name": ABSENT},
        {"user_id": 501},
        {"user_id": "501"},
        {"checkout_token": None},
        {"checkout_token": ""},
        {"checkout_token": ABSENT},
    ],
)
def test_a_checkout_token_alone_proves_no_online_checkout(changes: dict[str, Any]) -> None:
    read = receipt(**changes)

    assert not read.order.from_checkout
    assert (read.client_ip, read.client_user_agent) == (None, None)


@pytest.mark.parametrize("changes", [{}, {"source_name": "WEB"}, {"user_id": ABSENT}, {"landing_site": None}])
def test_a_web_order_with_a_token_and_no_staff_came_from_the_checkout(changes: dict[str, Any]) -> None:
    read = receipt(**changes)

    assert read.order.from_checkout
    assert (read.client_ip, read.client_user_agent) == (BUYERS_ADDRESS, BUYERS_BROWSER)


@pytest.mark.parametrize(
    "typed",
    ["127.0.0.1", "10.0.0.7", "203.0.113.9", "240.0.0.1", "224.0.0.1", "::1", "fe80::1", "2001:db8::1", "no address"],
)
def test_an_address_that_no_buyer_has_hides_the_browser_with_it(typed: str) -> None:
    read = receipt(browser_ip=typed)

    assert (read.client_ip, read.client_user_agent) == (None, None)


def test_a_browser_without_address_is_still_the_buyers() -> None:
    read = receipt(browser_ip=None, client_details={"user_agent": f" {BUYERS_BROWSER}\n"})

    assert (read.client_ip, read.client_user_agent) == (None, BUYERS_BROWSER)


def test_an_address_is_written_in_its_usual_form() -> None:
    read = receipt(browser_ip=" 2A02:0DB8:0:0:0:0:0:1 ", client_details=None)

    assert (read.client_ip, read.client_user_agent) == ("2a02:db8::1", None)


def test_a_user_agent_has_a_length_and_no_controls() -> None:
    read = receipt(client_details={"user_agent": "A\x00B" + "x" * 2000})

    assert read.client_user_agent == "A B" + "x" * 1021


@pytest.mark.parametrize(
    ("typed", "token"),
    [
        (CHECKOUT_TOKEN, CHECKOUT_TOKEN),
        ("Z2Nw-long_form", "Z2Nw-long_form"),
        ("with blank", None),
        ("x" * 129, None),
        ("é", None),
    ],
)
def test_a_token_that_no_post_could_name_counts_as_none(typed: str, token: str | None) -> None:
    assert receipt(checkout_token=typed).checkout_token == token


EUROS = {"presentment_money": {"amount": "57.95", "currency_code": "EUR"}}
DOLLARS = {"shop_money": {"amount": "62.18", "currency_code": "USD"}}


@pytest.mark.parametrize(
    ("line", "item"),
    [
        ({"product_id": 1, "variant_id": 2, "quantity": 3, "price_set": EUROS}, Item(1, 2, 3, Decimal("57.95"))),
        ({"product_id": "1", "variant_id": None, "price_set": EUROS}, Item(1, None, 1, Decimal("57.95"))),
        ({"quantity": 1, "price": "5.00", "price_set": DOLLARS}, Item(None, None, 1, None)),
        ({"quantity": 1, "price": "5.00"}, Item(None, None, 1, Decimal("5.00"))),
        ({"quantity": 0}, Item(None, None, 0, None)),
    ],
)
def test_a_line_has_ids_quantity_and_a_price_in_the_orders_currency(line: dict[str, Any], item: Item) -> None:
    assert receipt(line_items=[line]).items == (item,)


def test_a_shop_that_sells_in_its_own_currency_needs_no_second_price() -> None:
    totals = {"presentment_money": {"amount": "9.00", "currency_code": "USD"}}

    read = receipt(total_price_set=totals, line_items=[{"price_set": DOLLARS}])

    assert read.items[0].price == Decimal("62.18")


def test_an_order_without_lines_has_no_items() -> None:
    assert receipt(line_items=ABSENT).items == ()
