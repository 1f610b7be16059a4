"""What is done once by ``POST /faults``, and the switches that came with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from sandbox.acts import ACTS
from tests.sandbox.conftest import SHOP, Door, Sandbox, eventually

pytestmark = pytest.mark.usefixtures("shop")

PAID = "/webhooks/orders/paid"
PRIVACY = "/webhooks/compliance"


def act(sandbox: Sandbox, name: str, **more: Any) -> Any:
    return sandbox.post("/faults", {"name": name, "shop": SHOP} | more)["act"]


def same(ask: Callable[[], int], number: int) -> bool:
    return ask() == number


def told(door: Door) -> Any:
    return door.at(PAID)[-1].json()


def test_the_faults_page_names_every_fault_and_act(sandbox: Sandbox) -> None:
    page = sandbox.get("/faults")

    assert {"graphql_costs", "tokens_short", "webhooks_lost"} <= set(page["all_faults"])
    assert page["acts"] == list(ACTS)
    assert page["faults"] == []


@pytest.mark.parametrize(
    ("name", "signs"),
    [
        ("pos_order", {"source_name": "pos", "checkout_token": None}),
        ("draft_order", {"source_name": "shopify_draft_order"}),
        ("renewal_order", {"source_name": "subscription_contract"}),
        ("import_order", {"source_name": "2376822785"}),
        ("gift_card_order", {"source_name": "web", "payment_gateway_names": ["gift_card"]}),
        ("zero_value_order", {"total_price": "0.00", "current_total_price": "0.00", "payment_gateway_names": []}),
        ("multi_currency_order", {"currency": "EUR", "presentment_currency": "USD"}),
        ("paid_late_order", {"financial_status": "paid", "total_outstanding": "0.00"}),
    ],
)
def test_an_order_of_each_kind_is_made_and_told(sandbox: Sandbox, door: Door, name: str, signs: dict[str, Any]) -> None:
    assert act(sandbox, name)["webhook"]["status"] == 200

    assert {key: told(door)[key] for key in signs} == signs
    assert told(door)["total_price_set"]["shop_money"]["amount"] == told(door)["total_price"]


def test_the_kinds_differ_where_it_matters(sandbox: Sandbox, door: Door) -> None:
    act(sandbox, "gift_card_order")
    assert {line["gift_card"] for line in told(door)["line_items"]} == {True}
    act(sandbox, "multi_currency_order")
    money = told(door)["total_price_set"]
    assert money["shop_money"]["amount"] != money["presentment_money"]["amount"]
    act(sandbox, "paid_late_order")
    assert told(door)["processed_at"][:10] < told(door)["updated_at"][:10]


@pytest.mark.parametrize("name", ["partially_paid_order", "authorized_order"])
def test_an_order_paid_in_two_steps_is_told_of_at_the_second(sandbox: Sandbox, door: Door, name: str) -> None:
    made = act(sandbox, name)
    assert (made["webhook"], door.knocks) == (None, [])
    sandbox.advance(hours=30)

    (paid,) = act(sandbox, "pay_open_orders")["paid"]

    assert (paid["order_id"], paid["webhook"]["status"]) == (made["order_id"], 200)
    assert (told(door)["financial_status"], told(door)["total_outstanding"]) == ("paid", "0.00")
    assert act(sandbox, "pay_open_orders") == {"done": "pay_open_orders", "shop": SHOP, "paid": []}


def test_an_edit_after_the_payment_makes_an_order_partially_paid(sandbox: Sandbox, door: Door) -> None:
    made = sandbox.post(f"/shop/{SHOP}/orders", {"currency": "USD", "rate": "1.1"})
    before = told(door)

    assert act(sandbox, "add_item")["order_id"] == made["order_id"]

    sandbox.post(f"/admin/{SHOP}/orders/{made['order_id']}", {"action": "resend"})
    after = told(door)
    assert (after["financial_status"], after["total_outstanding"]) == ("partially_paid", "12.50")
    assert after["total_price"] == before["total_price"] < after["current_total_price"]


def test_the_privacy_webhooks_are_about_the_newest_buyer_and_all_of_their_orders(sandbox: Sandbox, door: Door) -> None:
    sandbox.post(f"/shop/{SHOP}/orders", {"buyer": {"email": "ina@example.com"}})
    theirs = [sandbox.post(f"/shop/{SHOP}/orders", {"buyer": {"email": "mara@example.com"}}) for _ in range(2)]
    ids = [int(order["order_id"]) for order in theirs]

    assert act(sandbox, "customers_data_request")["webhook"]["status"] == 200
    asked = door.at(PRIVACY)[-1]
    assert asked.headers["X-Shopify-Topic"] == "customers/data_request"
    assert (asked.json()["orders_requested"], asked.json()["customer"]["email"]) == (ids, "mara@example.com")

    act(sandbox, "customers_redact", order=ids[0])
    assert door.at(PRIVACY)[-1].json()["orders_to_redact"] == ids
    act(sandbox, "shop_redact")
    assert door.at(PRIVACY)[-1].json().keys() == {"shop_id", "shop_domain"}


def test_without_an_order_nobody_is_meant(sandbox: Sandbox) -> None:
    sandbox.post("/faults", {"name": "customers_redact", "shop": SHOP}, status=404)
    sandbox.post("/faults", {"name": "pos_order", "shop": "nobody.myshopify.com"}, status=404)


def test_the_app_is_removed_and_comes_back_without_its_tokens_and_pixel(sandbox: Sandbox, door: Door) -> None:
    token = sandbox.tokens()["access_token"]
    act(sandbox, "uninstall")
    assert len(door.at("/webhooks/app/uninstalled")) == 1
    assert act(sandbox, "reinstall")["installed"]

    state = sandbox.get(f"/admin/{SHOP}/state.json")
    assert (state["installed"], state["web_pixel"]) == (True, None)
    assert "data" not in sandbox.admin(token, "{ shop { name } }", status=401)


def test_scopes_are_taken_away_and_given_back(sandbox: Sandbox, door: Door) -> None:
    usual = sandbox.get(f"/admin/{SHOP}/state.json")["scopes"]

    fewer = act(sandbox, "scopes_update")["scopes"]
    again = act(sandbox, "scopes_update")["scopes"]
    said = act(sandbox, "scopes_update", scopes=["read_orders"])["scopes"]

    assert (len(fewer), again, said) == (len(usual) - 1, usual, ["read_orders"])
    assert [knock.json()["current"] for knock in door.at("/webhooks/app/scopes_update")] == [fewer, again, said]


def test_the_consent_policy_of_a_region_is_chosen(sandbox: Sandbox) -> None:
    rules = act(sandbox, "consent_policy")["regions"]
    assert (rules["DE"], rules["US"], rules["US-CA"]) == ("opt_in", "none", "opt_out")

    rules = act(sandbox, "consent_policy", regions={"DE": "none", "US": "opt_in"})["regions"]

    assert (rules["DE"], rules["US"], rules["US-CA"], rules["FR"]) == ("none", "opt_in", "opt_out", "opt_in")
    query = "{ consentPolicy { countryCode regionCode consentRequired dataSaleOptOutRequired } }"
    lines = sandbox.admin(sandbox.tokens()["access_token"], query)["data"]["consentPolicy"]
    assert [line["consentRequired"] for line in lines if line["countryCode"] == "DE"] == [False]
    sandbox.post("/faults", {"name": "consent_policy", "regions": {"DE": "maybe"}}, status=400)


def test_short_tokens_end_soon_and_are_refreshed(sandbox: Sandbox) -> None:
    sandbox.fault("tokens_short", seconds=30)
    pair = sandbox.tokens()
    assert pair["expires_in"] == 30
    sandbox.advance(seconds=31)
    sandbox.admin(pair["access_token"], "{ shop { name } }", status=401)

    fields = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
    renewed = sandbox.exchange(fields)

    assert sandbox.admin(renewed["access_token"], "{ shop { name } }")["data"]
    sandbox.post("/faults", {"clear": True})
    assert sandbox.tokens()["expires_in"] == 3600


def test_as_many_tries_as_are_asked_for_fail(sandbox: Sandbox, door: Door) -> None:
    sandbox.fault("webhooks_down", tries=3)
    sandbox.post(f"/shop/{SHOP}/orders")

    def tries() -> int:
        return len(sandbox.get(f"/admin/{SHOP}/deliveries.json")["deliveries"][0]["attempts"])

    for number in (2, 3):
        sandbox.advance(minutes=10)
        eventually(partial(same, tries, number))
        assert door.knocks == []
    sandbox.advance(minutes=30)
    eventually(lambda: len(door.at(PAID)) == 1)
