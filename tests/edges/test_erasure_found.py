from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from plugin.jobs import compliance
from plugin.services import Services
from plugin.storage import privacy
from plugin.storage.shops import Shop
from tests import doors
from tests.builders import ORDER_ID, paid_payload
from tests.conftest import MovedClock, install
from tests.edges.ledger_view import (
    buy,
    ended,
    row,
    switch_on,
)
from tests.edges.privacy import (
    CANARIES,
    CUSTOMER_ID,
    EMAIL,
    PHONE,
    buy_as_canary,
    found_of,
    redact,
    request_data,
    requests_of,
    rows,
    upkeep,
)


def test_an_order_erased_before_it_came_in_does_not_come_in(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    switch_on(services, shop)
    redact(client, ORDER_ID)
    upkeep(services)

    buy_as_canary(client, clock)
    other = buy_as_canary(client, clock, 1, checkout_token="another")

    assert rows(services, "paid_order") == 1
    assert ended(services, other)[0] == "waiting"


def test_a_tombstone_is_one_shops_own(client: FlaskClient, services: Services, shop: Shop, clock: MovedClock) -> None:
    other = install(services, "other.myshopify.com")
    redact(client, ORDER_ID)
    upkeep(services)

    doors.webhook(client, "/webhooks/orders/paid", paid_payload(), shop=other.domain, at=clock.now())

    assert row(services)["shop_id"] == other.id


@pytest.mark.parametrize(
    "who",
    [
        {"email": f" {EMAIL.upper()} "},
        {"phone": PHONE},
        {"id": CUSTOMER_ID},
        {"id": 8, "email": EMAIL, "phone": None},
    ],
)
def test_where_no_order_is_named_the_events_that_wait_are_opened_and_compared(
    client: FlaskClient, services: Services, waiting: Shop, clock: MovedClock, who: dict[str, Any]
) -> None:
    stranger = ORDER_ID + 1
    nobody = {"billing_address": None, "shipping_address": None, "checkout_token": "another"}
    buy(client, clock, id=stranger, admin_graphql_api_id=f"gid://shopify/Order/{stranger}", **nobody)

    redact(client, **who)
    upkeep(services)

    assert rows(services, "paid_order") == 1
    assert ended(services, stranger)[0] == "waiting"
    assert requests_of(services)[0]["sealed_buyer"] is None
    assert found_of(services, *CANARIES, str(ORDER_ID)) == set()


def test_many_waiting_events_are_opened_a_batch_at_a_time(
    client: FlaskClient, services: Services, waiting: Shop, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privacy, "BATCH", 1)
    monkeypatch.setattr(compliance, "BATCH", 1)
    buy_as_canary(client, clock, 1, checkout_token="another")

    redact(client, email=EMAIL)
    upkeep(services)

    assert (rows(services, "paid_order"), requests_of(services)[0]["found"]) == (0, 2)


def test_a_request_that_names_nobody_known_is_done(client: FlaskClient, services: Services, waiting: Shop) -> None:
    redact(client, email="somebody.else@example.com")
    redact(client, id=None, email=None)
    upkeep(services)

    assert [one["state"] for one in requests_of(services)] == ["done", "done"]
    assert rows(services, "paid_order") == 1


def test_an_erased_order_also_goes_from_a_data_request_that_named_it(
    client: FlaskClient, services: Services, waiting: Shop
) -> None:
    request_data(client, ORDER_ID, ORDER_ID + 1)
    redact(client, ORDER_ID)
    upkeep(services)

    assert requests_of(services)[0]["order_ids"] == [ORDER_ID + 1]


def test_one_requests_trouble_is_no_others(
    client: FlaskClient, services: Services, waiting: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_data(client, 1)
    redact(client, ORDER_ID)

    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(compliance, "_find", broken)
    upkeep(services)

    assert [one["state"] for one in requests_of(services)] == ["open", "done"]
