from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from plugin.jobs import sweep
from plugin.pages.words import SWITCH, WARNING_VERSION
from plugin.services import Services
from plugin.storage import policy, sending, shops
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import MovedClock, connect, install
from tests.edges.ledger_view import buy, ended, policy_changes, row, tell
from tests.edges.visits import Merchant, Page

ON = {"on": "1", "warning": WARNING_VERSION, "ack": "yes", "mode": "recorded", "seen_mode": "recorded"}
OFF = {"on": "0"}
LEASE = timedelta(seconds=90)
PLACES = ("dashboard", "settings")
PATHS = {"dashboard": "/", "settings": "/settings"}


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client, sub="7001")


def log_of(services: Services, shop: Shop) -> list[tuple[str | None, ...]]:
    changes = policy_changes(services, shop)
    return [(c["user_id"], c["place"], c["old"], c["new"], c["warning_version"]) for c in reversed(changes)]


def is_on(merchant: Merchant) -> bool:
    words = {Page(merchant.get(path)).page["data-tracking"] for path in PATHS.values()}
    assert len(words) == 1
    return words == {"on"}


@pytest.mark.parametrize("place", PLACES)
def test_the_switch_is_on_both_pages_with_the_same_label_and_off(merchant: Merchant, shop: Shop, place: str) -> None:
    page = Page(merchant.load(PATHS[place]))

    switch = page.one("s-switch")
    assert (switch["label"], switch["data-tracking"]) == (SWITCH, "off")
    assert SWITCH == "Offline conversion tracking"
    assert "checked" not in switch.attributes
    assert "disabled" not in switch.attributes
    assert {field["value"] for field in page.all("input", name="place")} == {place}


@pytest.mark.parametrize("place", PLACES)
def test_switching_on_shows_the_whole_privacy_warning(merchant: Merchant, shop: Shop, place: str) -> None:
    answer = merchant.load(PATHS[place])

    page, text = Page(answer), " ".join(answer.text.split())
    opened = page.one("s-switch")["data-warning-modal"]
    assert len(page.all("s-modal", id=opened)) == 1
    assert page.one("s-checkbox", name="ack").get("required") is not None
    for words in (
        "personally identifiable information",
        "instead of pixel events only",
        "Your privacy policy may need changes",
        "Local law",
        "Talk to your privacy officer or legal counsel first",
        "street address, name, email and phone number",
        "Sent hashed (SHA-256): email, phone, first and last name, city, region, postal code, country, customer id.",
        "Never sent: the street line of the address",
    ):
        assert words in text


@pytest.mark.parametrize("place", PLACES)
def test_a_confirmed_switch_is_on_and_on_record(merchant: Merchant, services: Services, shop: Shop, place: str) -> None:
    answer = merchant.post("/offline-tracking", place=place, **ON)

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(PATHS[place] + "?")
    assert is_on(merchant)
    assert log_of(services, shop) == [("7001", place, "off", "on", WARNING_VERSION)]
    assert "confirmed by staff user 7001" in merchant.get(PATHS[place]).text


def test_switching_on_twice_is_recorded_once(merchant: Merchant, services: Services, shop: Shop) -> None:
    for _ in range(2):
        assert merchant.post("/offline-tracking", place="settings", **ON).status_code == 303

    assert len(log_of(services, shop)) == 1


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ack": ""}, "ack"),
        ({"ack": "no"}, "ack"),
        ({"warning": "2025-01"}, "ack"),
        ({"warning": ""}, "ack"),
    ],
)
def test_without_confirming_the_present_warning_nothing_is_switched_on(
    merchant: Merchant, services: Services, shop: Shop, place: str, changes: dict[str, str], field: str
) -> None:
    answer = merchant.post("/offline-tracking", place=place, **ON | changes)

    page = Page(answer)
    assert answer.status_code == 422
    assert page.page["data-page"] == place
    assert page.error_at(field)
    assert not is_on(merchant)
    assert log_of(services, shop) == []


@pytest.mark.parametrize(
    "fields",
    [{"on": "2"}, {"on": ""}, {}, {"on": "1", "place": "elsewhere"}, {"on": "0", "place": "https://x.example"}],
)
def test_anything_else_than_on_or_off_is_refused(
    merchant: Merchant, services: Services, shop: Shop, fields: dict[str, str]
) -> None:
    asked = {"place": "settings", "warning": WARNING_VERSION, "ack": "yes"} | fields

    assert merchant.post("/offline-tracking", **asked).status_code == 422
    assert log_of(services, shop) == []


def test_it_cannot_be_on_without_a_connection(merchant: Merchant, services: Services) -> None:
    shop = install(services)

    answer = merchant.post("/offline-tracking", place="dashboard", **ON)

    assert answer.status_code == 422
    assert "needs a connected dataset" in Page(answer).one("s-switch")["error"]
    assert "disabled" in Page(merchant.get("/")).one("s-switch").attributes
    assert log_of(services, shop) == []


def test_off_is_at_once_and_says_what_it_dropped(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    merchant.post("/offline-tracking", place="dashboard", **ON)
    buy(client, clock)
    assert row(services)["sealed_event"] is not None

    answer = merchant.go("/offline-tracking", place="dashboard", **OFF)

    assert Page(answer).one("meta", name="note")["content"].endswith("1 waiting order was dropped unsent.")
    assert row(services)["sealed_event"] is None
    assert not is_on(merchant)
    assert log_of(services, shop)[-1] == ("7001", "dashboard", "on", "off", None)


def test_off_says_that_one_request_is_still_out(
    merchant: Merchant,
    services: Services,
    shop: Shop,
    client: FlaskClient,
    clock: MovedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    merchant.post("/offline-tracking", place="settings", **ON)
    tell(client, shop, clock)
    buy(client, clock)
    clock.pass_by(minutes=31)
    sweep.sweep(services)
    with services.database.transaction() as conn:
        held = sending.claim(conn, shop.id, clock.now(), lease=LEASE)
        assert held is not None
        assert sending.start_post(conn, services.vault, held, clock.now(), LEASE) is not None
    monkeypatch.setattr(policy, "WAIT_FOR_FLIGHT", 0.2)

    answer = merchant.go("/offline-tracking", place="settings", **OFF)

    assert "One request to Meta is still out" in answer.text
    assert Page(answer).page["data-tracking"] == "off"


def test_another_shops_switch_stays_as_it_is(merchant: Merchant, services: Services, shop: Shop) -> None:
    other = connect(services, install(services, "other.myshopify.com"))

    merchant.post("/offline-tracking", place="settings", shop="other.myshopify.com", **ON)

    assert log_of(services, other) == []
    assert Page(Merchant(merchant.client, shop=other.domain).get("/")).page["data-tracking"] == "off"


def test_on_and_disconnect_at_once_never_leave_it_on_without_a_connection(
    services: Services, shop: Shop, client: FlaskClient
) -> None:
    app = client.application

    def post(path: str, **fields: str) -> None:
        Merchant(app.test_client()).post(path, **fields)

    for _ in range(5):
        with services.database.transaction() as conn:
            present = shops.by_id(conn, services.vault, shop.id)
        assert present is not None
        connect(services, present)
        steps = [
            threading.Thread(target=post, args=("/offline-tracking",), kwargs={"place": "settings", **ON}),
            threading.Thread(target=post, args=("/disconnect",)),
        ]
        for step in steps:
            step.start()
        for step in steps:
            step.join(timeout=20)

        page = Page(Merchant(client).get("/settings")).page
        assert (page["data-connected"], page["data-tracking"]) == ("no", "off")


def test_the_log_tells_who_when_where_and_which_text(merchant: Merchant, services: Services, shop: Shop) -> None:
    merchant.post("/offline-tracking", place="settings", **ON)
    Merchant(merchant.client, sub="7002").post("/offline-tracking", place="dashboard", **OFF)

    rows = Page(merchant.get("/switch-log")).all("s-table-row", data_what="offline_tracking")

    told = [(r["data-user"], r["data-place"], r["data-new"], r["data-warning"]) for r in rows]
    assert told == [("7002", "dashboard", "off", ""), ("7001", "settings", "on", WARNING_VERSION)]


def test_an_empty_log_says_so(merchant: Merchant, shop: Shop) -> None:
    assert "Nothing was changed yet" in merchant.get("/switch-log").text


def test_a_notice_is_never_the_words_of_an_address(merchant: Merchant, shop: Shop) -> None:
    answer = merchant.get("/?note=%3Cscript%3Ehello%3C/script%3E&n=abc")

    assert "hello" not in answer.text
    assert Page(answer).all("meta", name="note") == []


def test_a_decided_order_is_not_touched_by_switching_off(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    merchant.post("/offline-tracking", place="settings", **ON)
    buy(client, clock, test=True)
    sweep.sweep(services)
    before = ended(services, ORDER_ID)

    merchant.post("/offline-tracking", place="settings", **OFF)

    assert ended(services, ORDER_ID) == before == ("ignored", "test_order")
