from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import SHOP, Door, Sandbox

pytestmark = pytest.mark.usefixtures("shop")

RECON = """query Recon($after: String, $q: String!) { orders(first: 2, after: $after, sortKey: UPDATED_AT, query: $q) {
  pageInfo { hasNextPage endCursor }
  nodes { id legacyResourceId name test cancelledAt createdAt processedAt updatedAt displayFinancialStatus fullyPaid
    sourceName checkoutToken cartToken clientIp currencyCode presentmentCurrencyCode
    totalPriceSet { presentmentMoney { amount currencyCode } } customAttributes { key value } } } }"""
PAID = "(financial_status:paid OR financial_status:partially_refunded OR financial_status:refunded)"


def order(sandbox: Sandbox, **wish: Any) -> Any:
    return sandbox.post(f"/shop/{SHOP}/orders", wish)


def found(sandbox: Sandbox, query: str) -> list[str]:
    token, names, after = sandbox.tokens()["access_token"], [], None
    for _ in range(20):
        page = sandbox.admin(token, RECON, {"q": query, "after": after})["data"]["orders"]
        names += [node["name"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return names
    raise AssertionError("endless pages")


def test_a_web_order_is_told_with_all_that_is_documented(sandbox: Sandbox, door: Door) -> None:
    answer = order(sandbox, currency="USD", rate="1.1", buyer={"email": "ina@example.com"})

    body = door.at("/webhooks/orders/paid")[0].json()
    assert answer["webhook"]["status"] == 200
    assert answer["order_id"] == str(body["id"])
    assert (answer["name"], answer["checkout_token"]) == (body["name"], body["checkout_token"])
    assert body["currency"] == "EUR"
    assert body["total_price_set"] == {
        "shop_money": {"amount": "47.90", "currency_code": "EUR"},
        "presentment_money": {"amount": "52.69", "currency_code": "USD"},
    }
    assert body["financial_status"] == "paid"
    assert body["email"] == body["customer"]["email"] == "ina@example.com"
    assert body["client_details"]["user_agent"].startswith("Mozilla/5.0")
    assert body["line_items"][0]["product_id"] == 8712345678901


def test_half_of_the_ids_are_beyond_what_javascript_can_hold(sandbox: Sandbox) -> None:
    ids = [int(order(sandbox)["order_id"]) for _ in range(4)]

    assert len(set(ids)) == 4
    assert sorted(n > 2**53 for n in ids) == [False, False, True, True]
    assert all(n < 2**63 for n in ids)


def test_yen_come_without_decimals(sandbox: Sandbox, door: Door) -> None:
    order(sandbox, currency="JPY", rate=163, region="JP")

    money = door.at("/webhooks/orders/paid")[0].json()["total_price_set"]["presentment_money"]
    assert money == {"amount": "7808", "currency_code": "JPY"}


@pytest.mark.parametrize(
    ("kind", "signs"),
    [
        ("pos", {"source_name": "pos", "browser_ip": None, "checkout_token": None}),
        ("draft", {"source_name": "shopify_draft_order", "landing_site": None, "user_id": 73014444001}),
        ("test", {"test": True, "source_name": "web"}),
        ("renewal", {"source_name": "subscription_contract", "client_details": None}),
        ("import", {"source_name": "2376822785"}),
        ("notification", {"test": True, "financial_status": "voided"}),
        ("no_match_data", {"email": None, "customer": None, "billing_address": None}),
    ],
)
def test_orders_without_a_checkout_show_it(sandbox: Sandbox, door: Door, kind: str, signs: dict[str, Any]) -> None:
    order(sandbox, kind=kind)

    body = door.at("/webhooks/orders/paid")[0].json()
    assert {key: body[key] for key in signs} == signs


def test_any_key_can_be_bent(sandbox: Sandbox, door: Door) -> None:
    order(sandbox, changes={"email": "", "browser_ip": "127.0.0.1"})

    body = door.at("/webhooks/orders/paid")[0].json()
    assert (body["email"], body["browser_ip"]) == ("", "127.0.0.1")


def test_reconciliation_finds_every_paid_order_page_by_page(sandbox: Sandbox) -> None:
    names = [order(sandbox)["name"] for _ in range(5)]
    order(sandbox, pay=False)
    order(sandbox, kind="test")
    refunded = order(sandbox)
    sandbox.post(f"/admin/{SHOP}/orders/{refunded['order_id']}", {"action": "refund"})

    assert sorted(found(sandbox, f"{PAID} updated_at:>='2020-01-01T00:00:00Z' test:false")) == sorted(
        [*names, refunded["name"]]
    )


def test_a_watermark_leaves_out_what_lies_before(sandbox: Sandbox) -> None:
    order(sandbox)
    sandbox.advance(hours=2)
    watermark = sandbox.get("/clock")["now"]
    sandbox.advance(minutes=5)
    late = order(sandbox)

    assert found(sandbox, f"updated_at:>='{watermark}'") == [late["name"]]


def test_an_order_that_is_older_than_60_days_needs_another_scope(sandbox: Sandbox) -> None:
    order(sandbox, placed_ago=61 * 86_400)

    assert found(sandbox, PAID) == []
    sandbox.post(f"/admin/{SHOP}/scopes", {"scopes": ["read_orders", "read_all_orders"]})
    assert len(found(sandbox, PAID)) == 1


def test_one_order_is_read_with_its_buyer_and_lines(sandbox: Sandbox) -> None:
    made = order(sandbox, region="US-CA")
    query = """query ($id: ID!) { order(id: $id) { email phone totalPriceSet { presentmentMoney { amount } }
      billingAddress { city zip provinceCode countryCodeV2 } customer { id }
      lineItems(first: 5) { nodes { quantity product { legacyResourceId } variant { id }
        discountedUnitPriceSet { presentmentMoney { amount currencyCode } } } } } }"""

    answer = sandbox.admin(sandbox.tokens()["access_token"], query, {"id": f"gid://shopify/Order/{made['order_id']}"})

    node = answer["data"]["order"]
    assert node["email"].endswith("@example.com")
    assert node["billingAddress"] == {
        "city": "Anytown",
        "zip": "90001",
        "provinceCode": "CA",
        "countryCodeV2": "US",
    }
    assert [line["quantity"] for line in node["lineItems"]["nodes"]] == [1, 2]
    assert node["customer"] is None
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


def test_an_order_can_be_paid_later(sandbox: Sandbox, door: Door) -> None:
    made = order(sandbox, pay=False)
    assert door.knocks == []

    sandbox.advance(hours=30)
    sandbox.post(f"/admin/{SHOP}/orders/{made['order_id']}", {"action": "pay"})

    body = door.at("/webhooks/orders/paid")[0].json()
    assert body["financial_status"] == "paid"
    assert body["updated_at"] > body["processed_at"]
