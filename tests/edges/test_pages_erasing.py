from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import MovedClock
from tests.edges.handwork import Meta, do
from tests.edges.ledger_view import buy, ended, policy_changes, work
from tests.edges.privacy import requests_of, rows, upkeep
from tests.edges.visits import Element, Merchant, Page

PATH = "/data-protection"


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client, sub="7001")


def looked_up(merchant: Merchant, number: str = "1001") -> list[Element]:
    return [e for e in Page(merchant.get(f"{PATH}?number={number}")).elements if "data-looked-up" in e.attributes]


def test_an_order_is_erased_on_the_merchants_word_and_does_not_come_back(
    merchant: Merchant, services: Services, waiting: Shop, client: FlaskClient, clock: MovedClock, meta: Meta
) -> None:
    order_id = Page(merchant.get("/orders")).one("s-table-row")["data-order"]
    number = do_number(services)
    modal = Page(merchant.get(f"{PATH}?number={number}")).one("s-modal")
    assert modal["heading"].startswith("Erase order")

    answer = merchant.go(f"{PATH}/erase", order=order_id, sure="yes")

    assert "is erased within a minute" in Page(answer).one("meta", name="note")["content"]
    assert "You asked to erase an order" in answer.text
    upkeep(services)
    assert rows(services, "paid_order") == 0
    [request] = requests_of(services)
    assert (request["state"], request["found"], request["order_ids"]) == ("done", 1, [])
    buy(client, clock, id=int(order_id), name=f"#{number}")
    clock.pass_by(minutes=31)
    work(services)
    assert rows(services, "paid_order") == 0
    assert meta.received == []
    said = [(c["what"], c["user_id"], c["place"]) for c in policy_changes(services, waiting)][:2]
    assert said == [("customers_redact", "", "shopify"), ("order_erasure", "7001", "data-protection")]
    assert order_id not in " ".join(str(change) for change in policy_changes(services, waiting))
    assert (
        "An order&#39;s erasure" in merchant.get("/switch-log").text
        or "An order's erasure" in merchant.get("/switch-log").text
    )


def do_number(services: Services) -> str:
    do(services, "UPDATE paid_order SET number = '#77'")
    return "77"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"order": str(ORDER_ID)}, 422),
        ({"order": str(ORDER_ID), "sure": "no"}, 422),
        ({"order": "x", "sure": "yes"}, 422),
        ({"order": "9" * 19, "sure": "yes"}, 422),
        ({"sure": "yes"}, 422),
        ({"order": "7", "sure": "yes"}, 404),
    ],
)
def test_without_a_clear_word_nothing_is_erased(
    merchant: Merchant,
    services: Services,
    shop: Shop,
    client: FlaskClient,
    clock: MovedClock,
    fields: dict[str, str],
    status: int,
) -> None:
    buy(client, clock)

    assert merchant.post(f"{PATH}/erase", **fields).status_code == status
    assert client.post(f"{PATH}/erase", data={"order": str(ORDER_ID), "sure": "yes"}).status_code == 401
    upkeep(services)
    assert rows(services, "paid_order") == 1
    assert rows(services, "tombstone") == 0
    assert policy_changes(services, shop) == []


def test_a_shop_that_has_left_meanwhile_erases_nothing(
    merchant: Merchant,
    services: Services,
    shop: Shop,
    client: FlaskClient,
    clock: MovedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    buy(client, clock)
    monkeypatch.setattr("plugin.storage.reading.hold", lambda *_: False)

    assert merchant.post(f"{PATH}/erase", order=str(ORDER_ID), sure="yes").status_code == 409
    assert requests_of(services) == []


def test_an_order_that_was_sent_is_forgotten_here(
    merchant: Merchant, services: Services, missed: Shop, meta: Meta
) -> None:
    switch_note = len(policy_changes(services, missed))
    work(services)
    assert ended(services) == ("recovered", "pixel_silent")

    merchant.post(f"{PATH}/erase", order=str(ORDER_ID), sure="yes")
    upkeep(services)

    assert merchant.get(f"/orders/{ORDER_ID}").status_code == 404
    assert [found["data-looked-up"] for found in looked_up(merchant)] == ["0"]
    assert len(policy_changes(services, missed)) == switch_note + 2
