from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from shopify_app import ShopifyApp

from sandbox.webhooks import FIRST_GAP, RETRIES
from tests.sandbox.conftest import KEY, SECRET, SHOP, Door, Knock, Sandbox, eventually

pytestmark = pytest.mark.usefixtures("shop")

PATH = "/webhooks/orders/paid"


def order(sandbox: Sandbox, **wish: Any) -> Any:
    return sandbox.post(f"/shop/{SHOP}/orders", wish)


def deliveries(sandbox: Sandbox) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = sandbox.get(f"/admin/{SHOP}/deliveries.json")["deliveries"]
    return told


def tried(sandbox: Sandbox, times: int) -> bool:
    return len(deliveries(sandbox)[0]["attempts"]) == times


def judge(knock: Knock, secret: str = SECRET) -> Any:
    oracle = ShopifyApp(client_id=KEY, client_secret=secret)
    url = f"https://app.example{knock.path}"
    return oracle.verify_webhook_req(
        {"method": "POST", "headers": knock.headers, "url": url, "body": knock.body.decode()}
    )


def test_its_signature_convinces_shopifys_library(sandbox: Sandbox, door: Door) -> None:
    order(sandbox, region="JP")

    (knock,) = door.at(PATH)
    assert judge(knock).ok
    assert judge(knock).shop == "lantern"
    assert not judge(knock, secret="another-secret-of-thirty-two-bytes").ok
    assert not judge(Knock(knock.path, knock.headers, knock.body + b" ")).ok


def test_all_documented_headers_are_there(sandbox: Sandbox, door: Door) -> None:
    order(sandbox)

    headers = door.at(PATH)[0].headers
    assert headers["X-Shopify-Topic"] == "orders/paid"
    assert headers["X-Shopify-Shop-Domain"] == SHOP
    assert headers["X-Shopify-API-Version"] == "2026-10"
    assert headers["Content-Type"] == "application/json"
    assert {"X-Shopify-Webhook-Id", "X-Shopify-Event-Id", "X-Shopify-Triggered-At"} <= headers.keys()


def test_a_failed_webhook_is_tried_again_with_the_same_bytes_and_ids(sandbox: Sandbox, door: Door) -> None:
    door.statuses = [503, 302]
    assert order(sandbox)["webhook"]["status"] == 503

    sandbox.advance(minutes=2)
    eventually(lambda: len(door.at(PATH)) == 2)
    eventually(lambda: not any(d["due_at"] is None for d in deliveries(sandbox)))
    sandbox.advance(minutes=3)
    eventually(lambda: deliveries(sandbox)[0]["state"] == "delivered")

    knocks = door.at(PATH)
    assert len(knocks) == 3
    assert len({knock.body for knock in knocks}) == 1
    assert len({knock.headers["X-Shopify-Webhook-Id"] for knock in knocks}) == 1


def test_after_eight_retries_over_four_hours_it_is_given_up(sandbox: Sandbox, door: Door) -> None:
    door.statuses = [500] * 20
    order(sandbox)

    for tries in range(2, 10):
        sandbox.advance(hours=2.1)
        eventually(partial(tried, sandbox, tries))

    eventually(lambda: deliveries(sandbox)[0]["state"] == "given_up")
    assert len(door.at(PATH)) == 9


def test_the_gaps_double_and_make_four_hours() -> None:
    assert sum(FIRST_GAP.total_seconds() * 2**n for n in range(RETRIES)) == pytest.approx(4 * 3600, abs=1)


def test_a_first_try_can_be_lost_on_the_way(sandbox: Sandbox, door: Door) -> None:
    sandbox.fault("webhooks_down")
    assert order(sandbox)["webhook"]["status"] is None
    assert door.knocks == []

    sandbox.advance(minutes=2)
    eventually(lambda: len(door.at(PATH)) == 1)


def test_all_tries_can_be_lost(sandbox: Sandbox, door: Door) -> None:
    sandbox.fault("webhooks_lost")
    order(sandbox)
    sandbox.advance(hours=1)

    eventually(lambda: len(deliveries(sandbox)[0]["attempts"]) == 2)
    assert door.knocks == []


def test_a_webhook_can_come_twice(sandbox: Sandbox, door: Door) -> None:
    sandbox.fault("webhooks_twice")
    order(sandbox)

    eventually(lambda: len(door.at(PATH)) == 2)


def test_a_shop_is_redacted_two_days_after_the_app_was_removed(sandbox: Sandbox, door: Door) -> None:
    sandbox.post(f"/admin/{SHOP}/uninstall")
    sandbox.advance(hours=47)
    assert door.at("/webhooks/compliance") == []

    sandbox.advance(hours=2)

    (knock,) = eventually(lambda: door.at("/webhooks/compliance"))
    assert knock.headers["X-Shopify-Topic"] == "shop/redact"
    assert knock.json()["shop_domain"] == SHOP


def test_an_uninstalled_app_is_told_nothing_of_orders(sandbox: Sandbox, door: Door) -> None:
    sandbox.post(f"/admin/{SHOP}/uninstall")

    assert order(sandbox)["webhook"]["status"] is None
    assert door.at(PATH) == []


def test_a_customer_can_ask_for_data_and_for_erasure(sandbox: Sandbox, door: Door) -> None:
    customer = {"id": 7, "email": "mara@example.com", "phone": None}
    for topic, key in (("customers/data_request", "orders_requested"), ("customers/redact", "orders_to_redact")):
        wish = {"topic": topic, "customer": customer, "orders": [2**53 + 1]}
        assert sandbox.post(f"/admin/{SHOP}/compliance", wish)["webhook"]["status"] == 200
        assert door.at("/webhooks/compliance")[-1].json()[key] == [2**53 + 1]


def test_the_list_of_deliveries_holds_no_buyer(sandbox: Sandbox) -> None:
    order(sandbox, buyer={"email": "ina@example.com"})

    assert "ina@example.com" not in json.dumps(deliveries(sandbox))
