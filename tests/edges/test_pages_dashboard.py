from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from plugin.pages.banners import Banner
from plugin.pages.words import TONES, WARNING_VERSION
from plugin.recovery.outcomes import Outcome
from plugin.services import Services
from plugin.storage import resync
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import MovedClock, install
from tests.edges.handwork import do
from tests.edges.ledger_view import buy, purchase, switch_on, tell, work
from tests.edges.visits import Merchant, Page

ON = {"on": "1", "warning": WARNING_VERSION, "ack": "yes", "place": "dashboard", "mode": "recorded"}


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client, sub="7001")


def banners(page: Page) -> list[str]:
    return [name for e in page.all("s-banner") for name in e.attributes if name.startswith("data-")]


def trouble(services: Services, shop: Shop) -> None:
    do(
        services,
        "INSERT INTO pixel_trouble (shop_id, health, trouble, from_at, found_at, usual)"
        " VALUES (%s, 'silent', 'nothing_seen', %s, %s, 0.8)",
        shop.id,
        services.clock.now(),
        services.clock.now(),
    )


@pytest.fixture
def paused(services: Services, clock: MovedClock) -> Iterator[None]:
    with services.database.transaction() as conn:
        resync.pause(conn, clock.now())
    yield
    do(services, "UPDATE ledger_mark SET paused_at = NULL")


# --- Ranges and figures


@pytest.mark.parametrize(
    ("query", "days"), [("", 30), ("?days=7", 7), ("?days=90", 90), ("?days=8", 30), ("?days=x", 30)]
)
def test_a_range_of_days_is_chosen_by_the_address(
    merchant: Merchant, shop: Shop, client: FlaskClient, clock: MovedClock, query: str, days: int
) -> None:
    buy(client, clock)

    page = Page(merchant.get(f"/{query}"))

    assert page.one("s-section", id="figures")["heading"] == f"Last {days} days"
    assert page.one("a", aria_current="page")["href"].startswith(f"/?days={days}")
    assert len(page.all("th", scope="row")) == days  # the table beside the chart has every day
    assert len(page.all("text", **{"class": "day"})) in range(3, 8)
    assert page.figures()["waiting"] == 1


def test_an_order_is_counted_in_the_ranges_that_hold_its_day(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    buy(client, clock)
    purchase(client, shop, clock, "sent")
    do(services, "UPDATE day_total SET day = day - 40")
    do(services, "UPDATE paid_order SET day = day - 40, paid_at = paid_at - interval '40 days'")

    assert Page(merchant.get("/")).figures().get("tracked", 0) == 0
    assert Page(merchant.get("/?days=90")).figures()["tracked"] == 1


def test_value_recovered_is_told_by_currency(merchant: Merchant, services: Services, shop: Shop) -> None:
    for currency, value in (("JPY", 1200), ("EUR", "231.80")):
        do(
            services,
            "INSERT INTO day_total VALUES (%s, %s, 'recovered', 'pixel_silent', %s, true, true, 2, %s)",
            shop.id,
            services.clock.now().date(),
            currency,
            value,
        )

    answer = merchant.get("/?days=7")

    assert [e["data-currency"] for e in Page(answer).all("s-text") if e.get("data-currency")] == ["EUR", "JPY"]
    assert "231.80 EUR" in answer.text
    assert "1,200 JPY" in answer.text
    assert "data-recovered-value" not in merchant.get("/?days=7").text.replace("data-recovered-value", "", 1)


def test_a_refusal_is_never_shown_as_an_error(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    tell(client, shop, clock, consent={"m": False, "a": False, "p": True, "s": True})
    buy(client, clock)
    work(services)

    for path in ("/", "/orders", f"/orders/{ORDER_ID}"):
        page = Page(merchant.get(path))
        assert page.all(data_outcome="withheld")
        assert page.all(tone="critical") == []
    assert TONES[Outcome.WITHHELD] == "neutral"


# --- Measure first


def test_before_the_switch_it_is_measured_what_it_would_do(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    tell(client, shop, clock)
    buy(client, clock)  # consented, and missed
    for n in range(1, 4):
        buy(client, clock, id=ORDER_ID + n, checkout_token=f"token-{n}")  # no record of a choice: withheld
    buy(client, clock, id=ORDER_ID + 4, checkout_token="token-4", test=True)
    clock.pass_by(minutes=31)
    work(services)

    answer = merchant.get("/")

    card = Page(answer).one("s-section", data_measure="4")
    assert card["data-missed"] == "1"
    assert "The last 7 days may still move" in card["subheading"]
    would = {e["data-measured"]: e["data-would"] for e in Page(answer).all("s-list-item") if e.get("data-measured")}
    assert would == {"recorded": "1", "store_policy": "1"}
    assert "stays in your retargeting audiences" in answer.text
    assert "With these identifiers: Email, Phone, First name" in answer.text
    assert banners(Page(answer)) == ["data-other-pixel"]  # more important than what is missed

    merchant.post("/offline-tracking", **ON)
    assert "data-measure" not in merchant.get("/").text


def test_without_a_connection_nothing_is_measured(merchant: Merchant, services: Services) -> None:
    install(services)

    assert "data-measure" not in merchant.get("/").text


def test_without_orders_the_card_says_so(merchant: Merchant, shop: Shop) -> None:
    assert "No online order has been decided in this time" in merchant.get("/").text


# --- One banner at a time


def test_the_most_important_banner_stands_alone(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    now = clock.now()
    tell(client, shop, clock)
    buy(client, clock)
    clock.pass_by(minutes=31)
    work(services)
    seen = [banners(Page(merchant.get("/")))]
    steps_up = [
        ("UPDATE shop_policy SET other_pixel = 'none'", ()),
        ("UPDATE shop_policy SET other_pixel = 'running'", ()),
        ("", ()),
        (
            "UPDATE paid_order SET outcome = 'waiting', reason = 'held', look_at = %s, decided_at = NULL",
            (now + timedelta(days=6),),
        ),
        ("UPDATE shop SET scopes = 'read_orders'", ()),
        ("UPDATE meta_connection SET kind = 'login', token_expires_at = %s", (now + timedelta(days=2),)),
        ("UPDATE meta_connection SET broken = 'token_revoked', broken_at = %s", (now,)),
    ]
    for statement, values in steps_up:
        if statement:
            do(services, statement, *values)
        else:
            trouble(services, shop)
        seen.append(banners(Page(merchant.get("/"))))
    seen.append(banners(Page(merchant.get("/?note=off_one_out"))))
    refused = merchant.post("/offline-tracking", place="dashboard", on="1", warning=WARNING_VERSION)

    assert [names[0] for names in seen] == [
        "data-other-pixel",
        "data-missed",
        "data-other-pixel",
        "data-pixel-trouble",
        "data-held",
        "data-missing-scopes",
        "data-ends",
        "data-broken",
        "data-problem",
    ]
    assert {len(names) for names in seen} == {1}
    assert [e["tone"] for e in Page(refused).all("s-banner") if "was not turned on" in e["heading"]] == ["critical"]
    assert banners(Page(refused)) == []


def test_paused_sending_is_said_first_and_only_where_something_would_be_sent(
    merchant: Merchant, services: Services, shop: Shop, clock: MovedClock, paused: None
) -> None:
    do(services, "UPDATE shop_policy SET other_pixel = 'none'")
    off = banners(Page(merchant.get("/")))
    switch_on(services, shop)
    do(services, "UPDATE meta_connection SET broken = 'token_revoked', broken_at = %s", clock.now())

    page = Page(merchant.get("/"))

    assert off == []
    assert page.one("s-switch")["details"].startswith("Paid orders that the pixel missed wait until the connection")
    assert banners(page) == ["data-paused"]
    assert page.one("s-banner", data_paused=clock.now().isoformat())["tone"] == "warning"


def test_the_order_of_banners_is_the_one_of_their_list() -> None:
    wanted = "error problem paused reopen broken ended ends scopes held pixel second_sender other_pixel missed"
    assert " ".join(Banner) == wanted
