from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from plugin.meta.conversions import ConversionsClient
from plugin.services import Services
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import SHOP, MovedClock
from tests.edges.handwork import GRACE, LATE, Meta, do
from tests.edges.ledger_view import buy, purchase, switch_off, switch_on, tell, work
from tests.edges.privacy import (
    CANARIES,
    CUSTOMER_ID,
    EMAIL,
    FBP,
    buy_as_canary,
    found_of,
    redact,
    request_data,
    requests_of,
    upkeep,
)
from tests.edges.visits import Merchant


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client)


def file_of(merchant: Merchant, number: int = 1) -> dict[str, Any]:
    answer = merchant.get(f"/data-protection/{number}.json")
    assert answer.status_code == 200
    found = json.loads(answer.text)
    assert isinstance(found, dict)
    return found


def order_of(merchant: Merchant, number: int = 1) -> dict[str, Any]:
    (order,) = file_of(merchant, number)["orders"]
    assert isinstance(order, dict)
    return order


def asked(client: FlaskClient, services: Services, *order_ids: int) -> None:
    request_data(client, *(order_ids or (ORDER_ID,)))
    upkeep(services)


def test_the_file_of_a_recovered_order_says_what_was_sent_when_and_why(
    client: FlaskClient, services: Services, merchant: Merchant, shop: Shop, meta: Meta, clock: MovedClock
) -> None:
    switch_on(services, shop)
    tell(client, shop, clock, fbp=FBP)
    buy_as_canary(client, clock)
    at = clock.pass_by(minutes=GRACE)
    work(services)
    asked(client, services)

    answer = merchant.get("/data-protection/1.json")
    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="data-request-9001.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    whole = json.loads(answer.text)
    assert (whole["shop"], whole["data_request"]) == (SHOP, "9001")
    assert whole["answer_due_at"] == (clock.now() + timedelta(days=30)).isoformat()
    (order,) = whole["orders"]
    assert order["sent_to_meta"] == "yes"
    sent = order["what_was_sent"]
    assert (sent["at"], sent["to_dataset"], sent["trace_id"]) == (at.isoformat(), "1234567890123456", "Atrace")
    assert sent["event_id"] == f"purchase.{ORDER_ID}"
    assert "consent" in sent["on_what_basis"]
    assert {"Email (hashed)", "Phone (hashed)", "Meta browser id (as it is)"} <= set(sent["about_the_buyer"])
    assert order["kept"]["hashed_until_decided"] == []
    assert order["kept"]["choice_recorded_in_the_checkout"]["marketing"] is True
    assert not [one for one in CANARIES if one.lower() in answer.text.lower()]


def test_the_file_of_an_order_that_the_pixel_reported_says_that_nothing_was_sent(
    client: FlaskClient, services: Services, merchant: Merchant, shop: Shop, clock: MovedClock
) -> None:
    switch_on(services, shop)
    tell(client, shop, clock)
    buy_as_canary(client, clock)
    purchase(client, shop, clock, "sent")
    asked(client, services)

    order = order_of(merchant)

    assert (order["sent_to_meta"], order["what_was_sent"]) == ("no", None)
    assert order["sent_to_meta_in_words"] == "Nothing was sent."
    assert order["outcome"] == "Tracked by pixel"


def test_who_reads_a_file_stands_in_the_access_log(
    client: FlaskClient,
    services: Services,
    merchant: Merchant,
    missed: Shop,
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked(client, services)

    with caplog.at_level("INFO", logger="plugin"):
        file_of(merchant)

    [line] = [record for record in caplog.records if record.msg == "customer data read"]
    about = {"shop_id": missed.id, "order_id": ORDER_ID, "user_id": "42", "purpose": "data request", "count": 1}
    assert about.items() <= vars(line).items()


def test_who_looks_an_order_up_stands_in_the_access_log(
    merchant: Merchant, missed: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="plugin"):
        merchant.get("/data-protection?number=1")
        nothing_found = [record.msg for record in caplog.records]
        merchant.get("/data-protection?number=1001")

    [line] = [record for record in caplog.records if record.msg == "customer data read"]
    about = {"shop_id": missed.id, "order_id": ORDER_ID, "user_id": "42", "purpose": "order looked up", "count": 1}
    assert about.items() <= vars(line).items()
    assert "customer data read" not in nothing_found


def test_the_file_of_a_waiting_order_names_the_fields_that_are_kept(
    client: FlaskClient, services: Services, merchant: Merchant, shop: Shop, clock: MovedClock
) -> None:
    switch_on(services, shop)
    tell(client, shop, clock, fbp=FBP)
    buy_as_canary(client, clock)
    work(services)
    asked(client, services)

    order = order_of(merchant)

    assert order["sent_to_meta"] == "no"
    assert "Email (hashed)" in order["kept"]["hashed_until_decided"]
    assert order["kept"]["browser_ids_until_decided"] is True
    switch_off(services, shop)
    assert order_of(merchant)["kept"]["hashed_until_decided"] == []


def test_an_event_that_does_not_open_is_not_called_kept(
    client: FlaskClient, services: Services, merchant: Merchant, shop: Shop, clock: MovedClock
) -> None:
    switch_on(services, shop)
    buy_as_canary(client, clock)
    do(services, "UPDATE paid_order SET sealed_event = 'x'")
    asked(client, services)

    assert order_of(merchant)["kept"]["hashed_until_decided"] == []


def test_the_file_says_where_an_answer_never_came(
    client: FlaskClient, services: Services, merchant: Merchant, missed: Shop, clock: MovedClock
) -> None:
    with Meta(LATE) as server:
        object.__setattr__(services, "meta", ConversionsClient(f"{server.url}/v26.0", timeout=(1, 0.5)))
        work(services)
    asked(client, services)

    order = order_of(merchant)

    assert order["sent_to_meta"] == "unconfirmed"
    assert "may or may not" in order["sent_to_meta_in_words"]
    assert "Email (hashed)" in order["what_was_sent"]["about_the_buyer"]


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        ("outcome = 'failed', reason = 'rejected_by_meta', look_at = NULL, sealed_event = NULL", "refused"),
        ("reason = 'sending'", "under_way"),
    ],
)
def test_the_file_tells_a_refused_request_from_one_that_is_under_way(
    client: FlaskClient, services: Services, merchant: Merchant, missed: Shop, clock: MovedClock, change: str, sent: str
) -> None:
    statement = f"UPDATE paid_order SET first_sent_at = %s, {change}"  # noqa: S608 - the examples above
    do(services, statement, clock.now())
    asked(client, services)

    assert order_of(merchant)["sent_to_meta"] == sent


def test_orders_of_which_nothing_is_kept_are_named_as_such(
    client: FlaskClient, services: Services, merchant: Merchant, shop: Shop, clock: MovedClock
) -> None:
    buy(client, clock)
    asked(client, services, ORDER_ID, ORDER_ID + 1)

    whole = file_of(merchant)

    assert [order["order_id"] for order in whole["orders"]] == [str(ORDER_ID)]
    assert whole["orders_of_which_nothing_is_kept"] == [str(ORDER_ID + 1)]
    assert requests_of(services)[0]["found"] == 1


def test_the_choice_is_told_from_the_summary_once_the_evidence_has_gone(
    client: FlaskClient, services: Services, merchant: Merchant, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    work(services)
    do(services, "DELETE FROM evidence")
    asked(client, services)

    assert order_of(merchant)["kept"]["choice_recorded_in_the_checkout"]["marketing"] is True


def test_where_only_a_buyer_is_named_the_waiting_orders_make_the_file(
    client: FlaskClient, services: Services, merchant: Merchant, shop: Shop, clock: MovedClock
) -> None:
    switch_on(services, shop)
    buy_as_canary(client, clock)
    request_data(client, email=EMAIL)
    upkeep(services)

    assert order_of(merchant)["order_id"] == str(ORDER_ID)
    assert found_of(services, *CANARIES, str(CUSTOMER_ID)) == set()


def test_after_an_erasure_the_file_says_nothing_of_the_order(
    client: FlaskClient, services: Services, merchant: Merchant, shop: Shop, clock: MovedClock
) -> None:
    buy_as_canary(client, clock)
    asked(client, services)
    redact(client, ORDER_ID)
    upkeep(services)

    assert file_of(merchant)["orders"] == []
