"""What a run with many orders asks of the sandbox: webhooks by plan, lists by pages, bad orders by their ending."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import SHOP, Door, Sandbox, eventually, purchase

pytestmark = pytest.mark.usefixtures("shop")

PATH = "/webhooks/orders/paid"


def bought(sandbox: Sandbox, *tell: float) -> Any:
    return sandbox.post(f"/shop/{SHOP}/orders", {"region": "JP", "tell": list(tell)})


def test_webhooks_go_when_they_are_planned_the_same_again_or_as_another(sandbox: Sandbox, door: Door) -> None:
    order = bought(sandbox, 60, 60, 300)
    assert order["webhook"] == {"scheduled": 3}
    assert door.knocks == []

    sandbox.advance(seconds=61)
    eventually(lambda: len(door.at(PATH)) == 2)
    sandbox.advance(seconds=300)
    eventually(lambda: len(door.at(PATH)) == 3)

    first, same, other = (knock.headers["X-Shopify-Webhook-Id"] for knock in door.at(PATH))
    assert first == same != other
    assert len({knock.body for knock in door.at(PATH)}) == 1


def test_a_webhook_that_is_planned_for_no_time_is_lost(sandbox: Sandbox, door: Door) -> None:
    assert bought(sandbox)["webhook"] == {"scheduled": 0}
    sandbox.advance(hours=5)
    assert sandbox.get("/admin/deliveries.json")["deliveries"] == []


def test_deliveries_of_all_shops_are_read_page_by_page(sandbox: Sandbox) -> None:
    for _ in range(3):
        bought(sandbox, 600)
    pages = [sandbox.get(f"/admin/deliveries.json?after={after}&limit=2")["deliveries"] for after in (0, 2)]
    assert [len(page) for page in pages] == [2, 1]


def test_events_and_requests_are_read_page_by_page_and_tell_their_callers_port(sandbox: Sandbox) -> None:
    for n in range(3):
        sandbox.send(purchase(event_id=f"purchase.{n}"))
    page = sandbox.get("/meta/received.json?after=1&limit=1&requests_after=2")
    assert [event["event_id"] for event in page["events"]] == ["purchase.1"]
    (last,) = page["requests"]
    assert isinstance(last["peer"], int)


def test_orders_with_a_certain_ending_are_bad(sandbox: Sandbox) -> None:
    sandbox.fault("meta_reject", ending="37")
    sandbox.send(purchase(event_id="purchase.137"), status=400)
    sandbox.send(purchase(event_id="purchase.138"))
    assert [event["event_id"] for event in sandbox.received()] == ["purchase.138"]


def test_what_became_of_a_request_that_was_taken_but_not_said_so_is_told(sandbox: Sandbox) -> None:
    sandbox.fault("meta_short", count=1)
    for n in range(2):
        sandbox.send(purchase(event_id=f"purchase.{n}"))
    results = [request["result"] for request in sandbox.get("/meta/received.json")["requests"]]
    assert results == ["accepted, meta_short", "accepted"]
