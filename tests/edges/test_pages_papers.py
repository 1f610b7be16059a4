from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import MovedClock, connect, install
from tests.edges.handwork import Meta, do
from tests.edges.ledger_view import buy, switch_on, work
from tests.edges.privacy import requests_of, rows
from tests.edges.statements import counted
from tests.edges.visits import Element, Merchant, Page

OTHER = "other.myshopify.com"
PATH = "/data-protection"
DOCUMENTS = ("record", "wording", "roles", "after", "assessment")


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client, sub="7001")


def plain(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())


def looked_up(merchant: Merchant, number: str = "1001") -> list[Element]:
    return [e for e in Page(merchant.get(f"{PATH}?number={number}")).elements if "data-looked-up" in e.attributes]


def wording(merchant: Merchant) -> str:
    return Page(merchant.get(PATH)).one("s-text-area", name="wording")["value"]


# --- Papers


def test_the_page_has_all_papers_and_marks_the_drafts(merchant: Merchant, shop: Shop) -> None:
    answer = merchant.get(PATH)

    page, text = Page(answer), plain(answer.text)
    assert [e["data-document"] for e in page.all("s-section") if e.get("data-document")] == list(DOCUMENTS)
    for name in ("wording", "assessment"):
        assert "No lawyer has reviewed it" in page.one("s-section", data_document=name)["subheading"]
    for said in (
        "400 days",
        "Who of your staff changed what",
        "jointly with Meta",
        "We are your processor",
        "“Your activity off Meta technologies”",
        "two years at most",
        "Article 30",
        "To Meta in the USA",
    ):
        assert said in text + answer.text
    assert "readonly" in page.one("s-text-area", name="wording").attributes


def test_the_wording_follows_the_shops_choices(merchant: Merchant, services: Services, shop: Shop) -> None:
    first = wording(merchant)
    do(
        services,
        "UPDATE shop_policy SET fields = '{em,fbp}', consent_mode = 'store_policy', ldu = true",
    )
    second = wording(merchant)

    assert "Email, Phone, First name" in first
    assert "on the basis of your consent." in first
    assert "If you have opted out of the sale or sharing of your data, nothing is sent." in first
    assert "Email, Meta browser id." in second
    assert "legitimate interest" in second
    assert "limited data use" in second
    assert "\n\n" in first


def test_the_names_of_a_shop_stay_text(merchant: Merchant, services: Services, shop: Shop) -> None:
    do(services, "UPDATE shop SET name = %s", '"><script>x</script>')

    assert "<script>x" not in merchant.get(PATH).text


# --- Look-up


def test_an_order_tells_by_its_number_what_was_sent(
    merchant: Merchant, services: Services, missed: Shop, meta: Meta
) -> None:
    work(services)

    [found] = looked_up(merchant, "%231001")
    text = plain(merchant.get(f"{PATH}?number=1001").text)

    assert (found["data-looked-up"], found["data-sent"]) == (str(ORDER_ID), "yes")
    assert "Sent, and taken by Meta. 24 Nov 2026, 13:31" in text
    assert "Email (hashed)" in text
    assert "Browser (as it is)" in text
    assert "The buyer's consent, recorded in the checkout" in text
    assert "No contact details, hashed or not" in text


def test_an_order_that_waits_tells_what_is_kept(merchant: Merchant, services: Services, waiting: Shop) -> None:
    number = Page(merchant.get("/orders")).one("s-table-row")["data-order"]
    do(services, "UPDATE paid_order SET number = '#77'")

    [found] = looked_up(merchant, "77")

    assert (found["data-looked-up"], found["data-sent"]) == (number, "no")
    text = plain(merchant.get(f"{PATH}?number=77").text)
    assert "Nothing was sent." in text
    assert "Email (hashed)" in text
    assert "until it is decided" in text


@pytest.mark.parametrize("number", ["9", "%23", "x" * 200, "%00", "%3Cb%3E"])
def test_a_number_that_is_none_finds_nothing(merchant: Merchant, shop: Shop, number: str) -> None:
    answer = merchant.get(f"{PATH}?number={number}")

    assert answer.status_code == 200
    assert "<b>" not in answer.text
    assert [e["data-looked-up"] for e in Page(answer).elements if "data-looked-up" in e.attributes] in (["0"], [])


def test_nobody_looks_up_the_orders_of_another_shop(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    buy(client, clock)
    connect(services, install(services, OTHER))
    stranger = Merchant(client, shop=OTHER)

    assert [found["data-looked-up"] for found in looked_up(stranger)] == ["0"]
    assert stranger.post(f"{PATH}/erase", order=str(ORDER_ID), sure="yes").status_code == 404
    assert requests_of(services) == []
    assert rows(services, "tombstone") == 0


def test_looking_up_takes_at_most_six_statements(
    merchant: Merchant, services: Services, missed: Shop, meta: Meta
) -> None:
    work(services)

    with counted() as seen:
        assert len(looked_up(merchant)) == 1

    assert len(seen) <= 6, seen


# --- The public statement


def test_the_statement_is_for_everybody_and_frames_nowhere(client: FlaskClient, services: Services) -> None:
    with counted() as seen:
        answer = client.get("/privacy")

    assert answer.status_code == 200
    assert seen == []
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "script" not in answer.headers["Content-Security-Policy"]
    assert "<script" not in answer.text
    assert "The operator of this app processes data for the store" in answer.text
    assert client.post("/privacy").status_code == 405


def test_the_statement_names_the_operator(
    client: FlaskClient, services: Services, merchant: Merchant, shop: Shop
) -> None:
    object.__setattr__(services.settings, "operator", "Example <Ltd>")

    assert "Example &lt;Ltd&gt;" in client.get("/privacy").text
    assert "Example &lt;Ltd&gt;" in merchant.get(PATH).text
    assert "ask us for its name" not in merchant.get(PATH).text


def test_the_statement_is_linked_where_data_is_told_of(merchant: Merchant, shop: Shop) -> None:
    assert Page(merchant.get(PATH)).all("s-link", href="/privacy?locale=en")


def test_switching_on_changes_the_record(merchant: Merchant, services: Services, shop: Shop) -> None:
    assert "to be sent once turned on" in merchant.get(PATH).text
    switch_on(services, shop)

    assert "to be sent once turned on" not in merchant.get(PATH).text
