from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from plugin.recovery.order import Receipt
from plugin.shopify.admin import API_VERSION

CONFIG = tomllib.loads((Path(__file__).parents[2] / "shopify.app.toml").read_text())
SUBSCRIPTIONS = CONFIG["webhooks"]["subscriptions"]
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def address(**changes: str) -> dict[str, Any]:
    return {
        "first_name": "Ada",
        "last_name": "Example",
        "name": "Ada Example",
        "company": "Example Ltd",
        "address1": "1 Example Street",
        "city": "Berlin",
        "zip": "10115",
        "province": "Berlin",
        "province_code": "BE",
        "country": "Germany",
        "country_code": "DE",
        "phone": "+49 30 5550100",
    } | changes


def money(amount: str) -> dict[str, Any]:
    return {
        "shop_money": {"amount": amount, "currency_code": "EUR"},
        "presentment_money": {"amount": "9.00", "currency_code": "USD"},
    }


ORDER: dict[str, Any] = {
    "id": 5550000000001,
    "admin_graphql_api_id": "gid://shopify/Order/5550000000001",
    "name": "#1001",
    "order_number": 1001,
    "created_at": "2026-11-24T10:00:00Z",
    "processed_at": "2026-11-24T10:00:01Z",
    "updated_at": "2026-11-24T10:00:02Z",
    "cancelled_at": None,
    "financial_status": "paid",
    "test": False,
    "source_name": "web",
    "user_id": None,
    "checkout_token": "checkout-token-1",
    "cart_token": "cart-token-1",
    "currency": "EUR",
    "total_price": "8.00",
    "total_price_set": money("8.00"),
    "browser_ip": "9.9.9.9",
    "client_details": {"browser_ip": "9.9.9.9", "user_agent": "Mozilla/5.0", "session_hash": "x"},
    "email": "ada@example.com",
    "contact_email": "ada.other@example.com",
    "phone": "+49 30 5550101",
    "note": "ring twice",
    "customer": {
        "id": 7,
        "email": "ada.third@example.com",
        "phone": "+49 30 5550102",
        "first_name": "Ada",
        "last_name": "Example",
        "note": "likes tea",
    },
    "billing_address": address(),
    "shipping_address": address(city="Potsdam", phone="+49 30 5550103"),
    "note_attributes": [{"name": "_backstop", "value": "1;maps;2026-11-24T09:58:00.000Z;;"}],
    "line_items": [
        {"product_id": 1, "variant_id": 2, "quantity": 3, "price": "3.00", "price_set": money("3.00"), "title": "Tea"}
    ],
}


def only(payload: Any, wanted: list[str]) -> Any:
    """What is left of a payload when only these fields are subscribed to."""
    if isinstance(payload, list):
        return [only(each, wanted) for each in payload]
    if not isinstance(payload, dict) or not wanted:
        return payload
    left = {}
    for name in {path.split(".")[0] for path in wanted}:
        below = [path.partition(".")[2] for path in wanted if path.split(".")[0] == name]
        left[name] = only(payload[name], [path for path in below if path])
    return left


def subscription(topic: str) -> dict[str, Any]:
    [found] = [each for each in SUBSCRIPTIONS if topic in each.get("topics", []) + each.get("compliance_topics", [])]
    return dict(found)


def test_the_api_version_is_the_one_we_call() -> None:
    assert CONFIG["webhooks"]["api_version"] == API_VERSION == "2026-10"


def test_only_the_scopes_we_need_are_asked_for_and_shopify_installs() -> None:
    assert CONFIG["access_scopes"] == {
        "scopes": "read_orders,write_pixels,read_customer_events",
        "optional_scopes": ["read_customers"],
        "use_legacy_install_flow": False,
    }
    assert CONFIG["embedded"] is True


@pytest.mark.parametrize(
    ("topic", "uri"),
    [
        ("orders/paid", "/webhooks/orders/paid"),
        ("app/uninstalled", "/webhooks/app/uninstalled"),
        ("app/scopes_update", "/webhooks/app/scopes_update"),
        ("customers/data_request", "/webhooks/compliance"),
        ("customers/redact", "/webhooks/compliance"),
        ("shop/redact", "/webhooks/compliance"),
    ],
)
def test_each_topic_has_its_address(topic: str, uri: str) -> None:
    assert subscription(topic)["uri"] == uri


def test_what_the_subscription_leaves_out_changes_nothing_that_we_read() -> None:
    wanted = subscription("orders/paid")["include_fields"]

    received = only(ORDER, wanted)

    assert Receipt.from_payload(received, paid_at=NOON) == Receipt.from_payload(ORDER, paid_at=NOON)
    assert "Example Street" not in str(received)
    assert {"id", "admin_graphql_api_id", "updated_at"} <= set(wanted)


@pytest.mark.parametrize("path", subscription("orders/paid")["include_fields"])
def test_each_field_asked_for_occurs_in_an_order(path: str) -> None:
    value: Any = ORDER
    for name in path.split("."):
        value = (value[0] if isinstance(value, list) else value)[name]
