"""The event that Meta gets: the same bytes every time, and nothing that was not meant to leave."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.recovery.buyer import ALL_FIELDS
from plugin.recovery.dial import EVERYTHING
from plugin.recovery.order import Receipt
from plugin.recovery.purchase import Browser, event_id, fields_of, purchase_event, with_browser
from tests.builders import ABSENT, ADDRESS, BUYERS_ADDRESS, BUYERS_BROWSER, ORDER_ID, receipt

SHOP_URL = "https://store.example/"
PHONE = Browser(
    fbp="fb.1.1764000000000.1234567890",
    fbc="fb.1.1764000000000.AbC",
    ip="81.2.69.192",
    user_agent="Mozilla/5.0 (Phone)",
    url="https://store.example/thank-you",
)


def event_of(read: Receipt, *, fields: frozenset[str] = EVERYTHING) -> bytes:
    return purchase_event(read, fields=fields, shop_url=SHOP_URL, content_ids="product")


def loaded(event: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event, parse_float=Decimal)
    return found


def test_the_event_id_is_the_one_the_pixel_builds() -> None:
    assert event_id(820_982_911_946_154_508) == "purchase.820982911946154508"


def test_the_example_receipt_gives_the_event_of_one_purchase() -> None:
    read = receipt()

    event = loaded(event_of(read))

    assert event == {
        "event_name": "Purchase",
        "event_time": 1_795_521_600,
        "event_id": f"purchase.{ORDER_ID}",
        "action_source": "website",
        "event_source_url": SHOP_URL,
        "user_data": read.buyer.user_data(ALL_FIELDS)
        | {"client_ip_address": BUYERS_ADDRESS, "client_user_agent": BUYERS_BROWSER},
        "custom_data": {
            "value": Decimal("115.90"),
            "currency": "EUR",
            "order_id": str(ORDER_ID),
            "content_type": "product",
            "content_ids": ["8001"],
            "contents": [{"id": "8001", "quantity": 2, "item_price": Decimal("57.95")}],
            "num_items": 2,
        },
    }


def test_the_event_is_compact_utf8_and_always_the_same_bytes() -> None:
    first, second = event_of(receipt()), event_of(receipt())

    assert first == second
    assert first.startswith(b'{"event_name":"Purchase","event_time":1795521600,')


def test_the_event_holds_nothing_in_the_clear() -> None:
    event = with_browser(event_of(receipt()), PHONE, ldu=False).decode().lower()

    secrets = (
        "zoe",
        "zoë",
        "example street",
        "san francisco",
        "94105",
        "2025550143",
        "shirt",
        "c0ffee",
        "7001000100300",
    )
    assert not any(secret in event for secret in secrets)


@pytest.mark.parametrize("amount", ["115.90", "4760", "10.6500", "0", "99999999999999.9999", "0.10"])
def test_money_is_written_as_it_was_read(amount: str) -> None:
    totals = {"presentment_money": {"amount": amount, "currency_code": "EUR"}}

    event = event_of(receipt(total_price_set=totals))

    assert f'"value":{amount},'.encode() in event
    assert with_browser(event, PHONE, ldu=True).count(f'"value":{amount},'.encode()) == 1


@given(st.decimals(0, 10**13, places=4))
def test_any_amount_reaches_meta_undistorted(amount: Decimal) -> None:
    totals = {"presentment_money": {"amount": str(amount), "currency_code": "EUR"}}

    event = with_browser(event_of(receipt(total_price_set=totals)), PHONE, ldu=False)

    assert loaded(event)["custom_data"]["value"] == amount


def test_only_the_chosen_fields_are_in_the_event() -> None:
    data = loaded(event_of(receipt(), fields=frozenset({"em", "country", "client_user_agent"})))["user_data"]

    assert set(data) == {"em", "country", "client_user_agent"}


def test_a_browser_that_nobody_saw_is_not_in_the_event() -> None:
    data = loaded(event_of(receipt(browser_ip=None, client_details=ABSENT)))["user_data"]

    assert not data.keys() & {"client_ip_address", "client_user_agent", "fbp", "fbc"}


def test_lines_go_by_the_ids_of_the_merchants_catalogue_and_tips_are_no_goods() -> None:
    tip = {"product_id": None, "variant_id": None, "quantity": 1, "price": "5.00"}
    shirt = {"product_id": 8001, "variant_id": 9001, "quantity": 2}
    gone = {"product_id": 8002, "variant_id": 9002, "quantity": 0}
    read = receipt(line_items=[shirt, tip, gone], total_price_set=None)

    event = purchase_event(read, fields=ALL_FIELDS, shop_url=SHOP_URL, content_ids="variant")

    custom = loaded(event)["custom_data"]
    assert (custom["content_ids"], custom["contents"]) == (["9001"], [{"id": "9001", "quantity": 2}])
    assert (custom["content_type"], custom["num_items"]) == ("product", 3)


def test_an_order_without_goods_has_no_contents() -> None:
    custom = loaded(event_of(receipt(line_items=[])))["custom_data"]

    assert set(custom) == {"value", "currency", "order_id"}


def test_without_a_browser_and_without_limits_the_event_stays_as_it_is() -> None:
    event = event_of(receipt())

    assert with_browser(event, None, ldu=False) == event
    assert loaded(with_browser(event, Browser(), ldu=False)) == loaded(event)


def test_what_the_browser_told_goes_before_what_shopify_told() -> None:
    event = loaded(with_browser(event_of(receipt()), PHONE, ldu=False))

    told = {key: event["user_data"][key] for key in ("client_ip_address", "client_user_agent", "fbp", "fbc")}
    assert told == {
        "client_ip_address": "81.2.69.192",
        "client_user_agent": "Mozilla/5.0 (Phone)",
        "fbp": "fb.1.1764000000000.1234567890",
        "fbc": "fb.1.1764000000000.AbC",
    }
    assert event["event_source_url"] == "https://store.example/thank-you"


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "no address", ""])
def test_an_address_that_no_buyer_has_does_not_replace_shopifys(address: str) -> None:
    event = loaded(with_browser(event_of(receipt()), Browser(ip=address), ldu=False))

    assert event["user_data"]["client_ip_address"] == BUYERS_ADDRESS


def test_limited_data_use_lets_meta_find_the_state_and_goes_without_browser_ids() -> None:
    event = loaded(with_browser(event_of(receipt()), PHONE, ldu=True))

    limits = {key: value for key, value in event.items() if key.startswith("data_processing")}
    assert limits == {
        "data_processing_options": ["LDU"],
        "data_processing_options_country": 0,
        "data_processing_options_state": 0,
    }
    assert not event["user_data"].keys() & {"fbp", "fbc"}


def test_limited_data_use_names_the_strictest_state_where_meta_could_find_none() -> None:
    event = loaded(with_browser(event_of(receipt(browser_ip=None, client_details=None)), None, ldu=True))

    assert event["data_processing_options"] == ["LDU"]
    assert (event["data_processing_options_country"], event["data_processing_options_state"]) == (1, 1000)


def test_an_event_sent_again_is_the_same_bytes() -> None:
    event = event_of(receipt(billing_address=ADDRESS | {"city": "Zürich"}))

    assert with_browser(event, PHONE, ldu=True) == with_browser(event, PHONE, ldu=True)
    assert with_browser(event, PHONE, ldu=False) == with_browser(event, PHONE, ldu=False)


def test_an_event_that_never_left_may_be_finished_again() -> None:
    event = event_of(receipt())
    limited = with_browser(event, PHONE, ldu=True)

    assert with_browser(limited, PHONE, ldu=False) == with_browser(event, PHONE, ldu=False)
    assert with_browser(with_browser(event, PHONE, ldu=False), PHONE, ldu=True) == limited


def test_what_was_sent_is_told_by_its_names() -> None:
    event = with_browser(event_of(receipt(), fields=frozenset({"em", "country"})), Browser(fbp=PHONE.fbp), ldu=False)

    assert fields_of(event) == ["country", "em", "fbp"]
