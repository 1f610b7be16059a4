from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from plugin.services import Services
from plugin.storage.policy import Staff
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import MovedClock, connect, install
from tests.edges.handwork import do
from tests.edges.privacy import (
    redact,
    redact_shop,
    request_data,
    requests_of,
    upkeep,
)
from tests.edges.visits import Element, Merchant, Page

OTHER = "other.myshopify.com"


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client)


def lines(answer: TestResponse) -> list[Element]:
    return [e for e in Page(answer).all("s-table-row") if e.get("data-request")]


def asked(client: FlaskClient, services: Services, *order_ids: int) -> None:
    request_data(client, *(order_ids or (ORDER_ID,)))
    upkeep(services)


def test_the_page_is_in_the_menu_and_says_what_is_kept(merchant: Merchant, shop: Shop) -> None:
    assert Page(merchant.load()).all("s-link", href="/data-protection")
    answer = merchant.get("/data-protection")

    assert answer.status_code == 200
    assert "No customer has asked for anything yet" in answer.text
    assert "cannot be withdrawn from here" in answer.text


def test_a_request_is_listed_with_its_state_and_the_date_by_which_it_is_due(
    client: FlaskClient, services: Services, merchant: Merchant, shop: Shop, clock: MovedClock
) -> None:
    request_data(client, ORDER_ID)
    redact(client, ORDER_ID)
    redact_shop(client, clock.now())
    answer = merchant.get("/data-protection")
    assert [line["data-state"] for line in lines(answer)] == ["open"] * 3
    assert "24 Dec 2026, 13:00" in answer.text
    assert not Page(answer).all("a", href="/data-protection/1.json")

    upkeep(services)
    answer = merchant.get("/data-protection")

    assert [line["data-state"] for line in lines(answer)] == ["ignored", "done", "done"]
    assert Page(answer).one("a", href="/data-protection/1.json")["download"] == "data-request-9001.json"
    assert not Page(answer).all("a", href="/data-protection/2.json")


def test_a_request_that_nobody_works_on_is_shown_as_overdue(
    client: FlaskClient, merchant: Merchant, shop: Shop, clock: MovedClock, services: Services
) -> None:
    redact(client, ORDER_ID)
    clock.pass_by(days=31)
    do(
        services,
        "UPDATE shop SET access_expires_at = %s, refresh_expires_at = %s",
        *([clock.now().replace(year=2027)] * 2),
    )

    assert "Overdue" in merchant.get("/data-protection").text


@pytest.mark.parametrize("name", ["2", "0", "x", "9" * 30, "1%00", "-1"])
def test_there_is_no_other_file(
    client: FlaskClient, services: Services, merchant: Merchant, shop: Shop, name: str
) -> None:
    asked(client, services)

    assert merchant.get(f"/data-protection/{name}.json").status_code == 404


def test_a_shop_cannot_load_the_file_of_another(
    client: FlaskClient, services: Services, merchant: Merchant, shop: Shop
) -> None:
    connect(services, install(services, OTHER))
    asked(client, services)

    assert Merchant(client, shop=OTHER).get("/data-protection/1.json").status_code == 404
    assert not lines(Merchant(client, shop=OTHER).get("/data-protection"))
    assert merchant.get("/data-protection/1.json").status_code == 200


def test_without_a_token_there_is_no_file(client: FlaskClient, services: Services, shop: Shop) -> None:
    asked(client, services)

    answer = client.get("/data-protection/1.json")

    assert answer.status_code == 302
    assert "/bounce" in answer.headers["Location"]


def test_there_is_no_file_of_an_open_request_and_none_after_90_days(
    client: FlaskClient, services: Services, merchant: Merchant, shop: Shop, clock: MovedClock
) -> None:
    request_data(client, ORDER_ID)
    assert merchant.get("/data-protection/1.json").status_code == 404
    upkeep(services)
    clock.pass_by(days=91)
    upkeep(services)
    do(
        services,
        "UPDATE shop SET access_expires_at = %s, refresh_expires_at = %s",
        *([clock.now().replace(year=2028)] * 2),
    )

    assert merchant.get("/data-protection/1.json").status_code == 404
    assert requests_of(services)[0]["order_ids"] == []


def test_the_log_shows_what_shopify_asked_for(
    client: FlaskClient, services: Services, merchant: Merchant, shop: Shop
) -> None:
    redact(client, ORDER_ID)
    upkeep(services)

    answer = merchant.get("/switch-log")

    assert "erasure" in answer.text
    assert Page(answer).one("s-table-row", data_what="customers_redact")["data-place"] == Staff("", "shopify").place
