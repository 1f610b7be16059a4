from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from plugin.meta.conversions import ConversionsClient
from plugin.recovery.buyer import ALL_FIELDS
from plugin.services import Services
from plugin.storage.shops import Shop
from tests.builders import CHECKOUT_TOKEN, ORDER_ID
from tests.conftest import SHOP, MovedClock, connect, install
from tests.edges.ledger_view import buy, ended, purchase, switch_on, tell, work
from tests.edges.servers import Server, reply
from tests.edges.visits import Merchant, Page

OTHER = "other.myshopify.com"
TAKEN = {"events_received": 1, "messages": [], "fbtrace_id": "AtraceOfTheBatch"}
RAW = ("Example", "94105", "San Francisco", "202-555-0143", "example.com/", CHECKOUT_TOKEN, "81.2.69.160")
"""What the example order's buyer gave; no page may show any of it."""


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client)


@pytest.fixture
def meta(services: Services) -> Iterator[Server]:
    with Server(reply(TAKEN)) as server:
        object.__setattr__(services, "meta", ConversionsClient(f"{server.url}/v26.0"))
        yield server


@pytest.fixture
def recovered(client: FlaskClient, services: Services, shop: Shop, clock: MovedClock, meta: Server) -> Shop:
    """A shop with one order that was sent to Meta."""
    switch_on(services, shop)
    tell(client, shop, clock)
    buy(client, clock)
    clock.pass_by(minutes=31)
    work(services)
    assert ended(services)[0] == "recovered"
    return shop


def buy_many(client: FlaskClient, clock: MovedClock, numbers: range) -> None:
    """Take in orders, each a second after the other."""
    for n in numbers:
        buy(client, clock, id=ORDER_ID + n, name=f"#{n}", checkout_token=f"token-of-{n}")
        clock.pass_by(seconds=1)


def test_a_new_shop_sees_that_nothing_came_in_yet(merchant: Merchant, shop: Shop) -> None:
    assert "No paid orders yet" in merchant.load().text
    assert "No paid orders yet" in merchant.get("/orders").text


def test_the_dashboard_counts_each_outcome_once(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    tell(client, shop, clock)
    buy(client, clock)  # consented and missed: off
    buy(client, clock, id=ORDER_ID + 1, name="#1002", checkout_token="another-checkout")  # no record
    buy(client, clock, id=ORDER_ID + 2, name="#1003", test=True, checkout_token="a-third")
    clock.pass_by(minutes=31)
    buy(client, clock, id=ORDER_ID + 3, name="#1004", checkout_token="a-fourth")
    work(services)

    page = Page(merchant.load())

    assert page.figures() == {
        "paid": 3,
        "waiting": 1,
        "missed": 1,
        "withheld": 1,
        "ignored": 1,
        "tracked": 0,
        "recovered": 0,
        "failed": 0,
    }
    rows = {(r["data-outcome"], r["data-reason"]) for r in page.all("s-table-row")}
    assert rows == {
        ("missed", "tracking_off"),
        ("withheld", "consent_unknown"),
        ("ignored", "test_order"),
        ("waiting", "grace_period"),
    }
    assert page.all("svg")


def test_orders_are_listed_page_by_page_the_latest_first(
    merchant: Merchant, shop: Shop, client: FlaskClient, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.pages.orders.PAGE", 3)
    buy_many(client, clock, range(1, 8))

    pages = [Page(merchant.load("/orders"))]
    while older := pages[-1].all("s-link", id="older"):
        pages.append(Page(merchant.get(older[0]["href"])))

    assert [page.orders() for page in pages] == [[7, 6, 5], [4, 3, 2], [1]]


def test_orders_paid_at_the_same_moment_are_all_listed(
    merchant: Merchant, shop: Shop, client: FlaskClient, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.pages.orders.PAGE", 2)
    for n in range(1, 5):
        buy(client, clock, id=ORDER_ID + n, checkout_token=f"token-of-{n}")

    first = Page(merchant.load("/orders"))
    second = Page(merchant.get(first.one("s-link", id="older")["href"]))

    assert first.orders() + second.orders() == [4, 3, 2, 1]


def test_orders_can_be_listed_by_outcome(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    buy(client, clock)
    buy(client, clock, id=ORDER_ID + 1, checkout_token="another", test=True)
    work(services)

    assert Page(merchant.get("/orders?outcome=ignored")).orders() == [1]
    assert Page(merchant.get("/orders?outcome=waiting")).orders() == [0]
    assert Page(merchant.get("/orders?outcome=failed")).orders() == []
    assert Page(merchant.get("/orders?outcome=anything")).orders() == [1, 0]


@pytest.mark.parametrize(
    "before",
    ["x", "1", "1-", "-1", "1-x", "\uff19-1", "1-99999999999999999999", "9" * 30 + "-1", "1-1-1", "1;2", "\x00"],
)
def test_a_mark_that_is_none_begins_at_the_top(
    merchant: Merchant, shop: Shop, client: FlaskClient, clock: MovedClock, before: str
) -> None:
    buy(client, clock)
    asked = {"before": before, "id_token": merchant.token()}

    answer = client.get("/orders", query_string=asked)

    assert answer.status_code == 200
    assert len(Page(answer).orders()) == 1


def test_a_recovered_order_tells_what_was_sent_and_why(merchant: Merchant, recovered: Shop) -> None:
    answer = merchant.load(f"/orders/{ORDER_ID}")

    page = Page(answer)
    assert (page.page["data-outcome"], page.page["data-reason"]) == ("recovered", "pixel_silent")
    assert page.all("dl", data_sent="yes")
    [fields] = [found["data-fields"] for found in page.all("dd") if "data-fields" in found.attributes]
    assert set(fields.split()) == ALL_FIELDS | {"client_ip_address", "client_user_agent", "fbp"}
    assert page.all("dd", data_basis="recorded_consent")
    assert page.all("dd", data_consent="given")
    assert page.all("s-paragraph", data_personal_data="erased")
    assert f"purchase.{ORDER_ID}" in answer.text
    assert "AtraceOfTheBatch" in answer.text
    assert "Meta took the request" in answer.text
    assert "24 Nov 2026, 13:31" in answer.text  # Berlin


def test_no_page_shows_anything_of_the_buyer(merchant: Merchant, recovered: Shop) -> None:
    for path in ("/", "/orders", f"/orders/{ORDER_ID}", "/settings", "/switch-log"):
        text = merchant.load(path).text
        assert not [raw for raw in RAW if raw in text]


def test_a_waiting_order_tells_when_it_is_decided_and_that_hashes_are_held(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    switch_on(services, shop)
    buy(client, clock)
    work(services)

    answer = merchant.load(f"/orders/{ORDER_ID}")

    assert "Looked at again:" in answer.text
    assert Page(answer).all("s-paragraph", data_personal_data="held")
    assert Page(answer).all("s-paragraph", data_sent="no")


def test_a_tracked_order_says_that_the_pixel_reported_it(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    buy(client, clock)
    purchase(client, shop, clock, "sent")

    answer = merchant.load(f"/orders/{ORDER_ID}")

    assert Page(answer).page["data-outcome"] == "tracked"
    assert Page(answer).all("dd", data_delivery="sent")
    assert "The pixel reported this order" in answer.text
    assert "Meta received" not in answer.text
    assert Page(answer).all("s-paragraph", data_personal_data="none")


def test_late_evidence_is_shown_and_changes_nothing(
    merchant: Merchant, recovered: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    clock.pass_by(minutes=5)
    purchase(client, recovered, clock, "sent")

    page = Page(merchant.load(f"/orders/{ORDER_ID}"))

    assert page.page["data-outcome"] == "recovered"
    assert page.all("dd", data_delivery="sent")


def test_when_evidence_is_gone_what_decided_is_still_told(
    merchant: Merchant, services: Services, recovered: Shop
) -> None:
    with services.database.transaction() as conn:
        conn.execute("DELETE FROM evidence")

    assert Page(merchant.load(f"/orders/{ORDER_ID}")).all("dd", data_consent="given")


@pytest.mark.parametrize("order_id", ["1", "0", "-1", "abc", "9" * 19, "9" * 25, "1.0", "%00", "٣", f"{ORDER_ID}x"])
def test_an_unknown_order_is_a_page_of_404(merchant: Merchant, shop: Shop, order_id: str) -> None:
    answer = merchant.get(f"/orders/{order_id}")

    assert answer.status_code == 404
    assert "data-stopped" in Page(answer).page.attributes


def test_one_shop_sees_nothing_of_another(
    merchant: Merchant, services: Services, recovered: Shop, client: FlaskClient
) -> None:
    connect(services, install(services, OTHER))
    stranger = Merchant(client, shop=OTHER)

    assert stranger.get(f"/orders/{ORDER_ID}").status_code == 404
    assert Page(stranger.get("/orders")).orders() == []
    assert "No paid orders yet" in stranger.get("/").text
    assert SHOP not in stranger.get("/settings").text
    assert "Nothing was changed yet" in stranger.get("/switch-log").text
