"""Orders and receipts out of payloads, as documented and as seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.recovery.order import PaidOrder, Region
from tests.builders import (
    ABSENT,
    ADDRESS,
    BUYERS_ADDRESS,
    CHECKOUT_TOKEN,
    NOON,
    ORDER_ID,
    PAID,
    paid_order,
    paid_payload,
    receipt,
)


def test_the_example_payload_gives_the_example_order() -> None:
    order = PaidOrder.from_payload(paid_payload(), paid_at=PAID)

    assert order == paid_order()


def test_an_order_holds_nothing_of_the_buyer_but_the_regions() -> None:
    shown = repr(receipt())

    assert not any(
        word in shown for word in ("zoe", "Zoë", "Example", "San Francisco", "94105", BUYERS_ADDRESS, "Firefox")
    )
    assert CHECKOUT_TOKEN not in shown


@pytest.mark.parametrize("typed", [2**53 + 1, str(2**53 + 1), 2**63 - 1, "9223372036854775807"])
def test_ids_beyond_what_floats_hold_are_exact(typed: int | str) -> None:
    assert receipt(id=typed).order.id == int(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "2026-11-24T12:00:00Z",
        "2026-11-24T12:00:00+00:00",
        "2026-11-24T07:00:00-05:00",
        "2026-11-24T17:45:00+05:45",
        "2026-11-25T02:00:00.000+14:00",
        "2026-11-24T00:00:00-12:00",
    ],
)
def test_times_come_with_any_offset_and_are_kept_in_utc(typed: str) -> None:
    placed_at = receipt(processed_at=typed).order.placed_at

    assert placed_at == NOON
    assert placed_at.tzinfo is UTC


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001 (the offset is added below)
def test_any_moment_in_any_offset_is_the_same_moment(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))

    assert receipt(processed_at=moment.isoformat()).order.placed_at == moment


def test_an_order_is_placed_when_it_was_processed_else_created() -> None:
    created = "2026-11-20T08:00:00Z"

    assert receipt(created_at=created).order.placed_at == NOON
    assert receipt(created_at=created, processed_at=None).order.placed_at == datetime(2026, 11, 20, 8, tzinfo=UTC)


def test_the_time_of_payment_comes_with_the_notification() -> None:
    eastern = timezone(timedelta(hours=-5))

    order = receipt(paid_at=datetime(2026, 11, 24, 9, tzinfo=eastern)).order

    assert order.paid_at == datetime(2026, 11, 24, 14, tzinfo=UTC)
    assert order.paid_at.tzinfo is UTC


def test_an_order_without_time_of_change_is_as_old_as_its_purchase() -> None:
    assert receipt(updated_at=None).order.updated_at == NOON


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({}, "#1001"),
        ({"name": "EXAMPLE-7/2026"}, "EXAMPLE-7/2026"),
        ({"name": 1001}, "1001"),
        ({"name": None}, "#1001"),
        ({"name": "", "order_number": None}, str(ORDER_ID)),
        ({"name": "#10\t01\u202e"}, "#1001"),
        ({"name": "\u200b"}, str(ORDER_ID)),
        ({"name": "9" * 100}, "9" * 64),
    ],
)
def test_the_number_is_the_name_the_merchant_knows(changes: dict[str, Any], number: str) -> None:
    assert receipt(**changes).order.number == number


@pytest.mark.parametrize(
    ("amount", "value"),
    [
        ("115.90", "115.90"),
        ("4760", "4760"),
        ("120.0", "120.0"),
        ("10.649999999999999", "10.6500"),
        ("0.00", "0"),
        (404, "404"),
        (Decimal("404.95"), "404.95"),
        (Decimal("1E+3"), "1000"),
        ("99999999999999.9999", "99999999999999.9999"),
    ],
)
def test_money_is_exact(amount: object, value: str) -> None:
    totals = {"presentment_money": {"amount": amount, "currency_code": "jpy"}}

    order = receipt(total_price_set=totals).order

    assert (order.value, order.currency) == (Decimal(value), "JPY")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("115.90", "EUR")),
        ({"total_price_set": None}, ("124.36", "USD")),
        ({"total_price_set": ABSENT}, ("124.36", "USD")),
        ({"total_price_set": {"presentment_money": {"amount": "115.90"}}}, ("124.36", "USD")),
        ({"total_price_set": {"presentment_money": {"currency_code": "EUR"}}}, ("124.36", "USD")),
        (
            {
                "total_price_set": {"shop_money": {"amount": "124.36", "currency_code": "USD"}},
                "total_price": None,
            },
            ("124.36", "USD"),
        ),
    ],
)
def test_the_total_is_as_sold_and_never_an_amount_of_another_currency(
    changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    order = receipt(**changes).order

    assert (str(order.value), order.currency) == expected


@pytest.mark.parametrize("typed", [True, "true", "TRUE", "1"])
def test_a_test_order_is_one_however_it_says_so(typed: object) -> None:
    assert receipt(test=typed).order.test


@pytest.mark.parametrize("typed", [False, "FALSE", "0", "", "NULL", None, ABSENT])
def test_every_other_order_is_none(typed: object) -> None:
    assert not receipt(test=typed).order.test


@pytest.mark.parametrize(
    "changes",
    [
        {"cancelled_at": "2026-11-24T12:30:00Z"},
        {"financial_status": "voided"},
        {"financial_status": "REFUNDED"},
        {"financial_status": "voided", "cancelled_at": "2026-11-24T12:30:00Z", "test": True},
    ],
)
def test_cancelled_voided_and_refunded_orders_are_called_off(changes: dict[str, Any]) -> None:
    assert receipt(**changes).order.cancelled


@pytest.mark.parametrize(
    "changes",
    [{}, {"financial_status": "partially_refunded"}, {"financial_status": ABSENT}, {"cancelled_at": "NULL"}],
)
def test_a_part_of_the_money_back_does_not_call_an_order_off(changes: dict[str, Any]) -> None:
    assert not receipt(**changes).order.cancelled


@pytest.mark.parametrize(
    ("address", "region"),
    [
        (ADDRESS, Region("US", "CA")),
        ({"country_code": " de ", "province_code": None}, Region("DE")),
        ({"country_code": "JP", "province_code": "JP-13"}, Region("JP", "13")),
        ({"country_code": "GB", "province_code": "no code at all"}, Region("GB")),
        ({"country_code": "ZZ"}, Region("ZZ")),
        ({"country_code": "Germany"}, Region("ZZ")),
        ({"country_code": None, "city": "Nowhere"}, Region("ZZ")),
        ({"country_code": None, "city": ""}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_region_is_known_by_its_codes(address: dict[str, Any] | None, region: Region | None) -> None:
    order = receipt(billing_address=address, shipping_address=ABSENT).order

    assert (order.billing, order.shipping) == (region, None)
