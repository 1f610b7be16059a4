"""The warning of another sender: the staff may put it away; it comes back when that is news, or in 30 days."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from plugin.recovery.dataset_report import Counts, Figures, Ledger, Quality, Report, Told
from plugin.services import Services
from plugin.storage import connections, reports
from plugin.storage.shops import Shop
from tests.conftest import MovedClock, connect, install
from tests.edges.visits import Merchant, Page, shop_of


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client)


def found(services: Services, count: int, told: Told = Told.COUNTED) -> None:
    """Let a report name so many purchases of another sender."""
    shop = shop_of(services)
    assert shop.connection is not None
    meta, ours = Counts(0, count + 3, 3), Ledger(sent=3, settled=3, most=3, orders=9)
    figures = Figures(int(services.clock.now().timestamp()), meta, ours) if told is Told.COUNTED else None
    with services.database.transaction() as conn:
        report = Report(told, Quality(told), figures=figures)
        assert reports.keep(conn, shop.id, shop.connection, report, services.clock.now())


def warns(merchant: Merchant) -> bool:
    return bool([e for e in Page(merchant.get("/")).all("s-banner") if e.get("data-second-sender")])


def put_away(merchant: Merchant, count: str) -> Page:
    return Page(merchant.go("/second-sender", count=count))


@pytest.fixture
def away(merchant: Merchant, services: Services, shop: Shop) -> Merchant:
    found(services, 12)
    assert warns(merchant)
    assert "put away for 30 days" in put_away(merchant, "12").one("meta", name="note")["content"]
    assert not warns(merchant)
    return merchant


def test_it_is_a_form_in_the_banner(merchant: Merchant, services: Services, shop: Shop) -> None:
    found(services, 12)

    page = Page(merchant.get("/"))

    assert page.one("form", id="second-sender-away")["action"] == "/second-sender"
    assert page.one("input", name="count")["value"] == "12"


def test_put_away_it_is_told_where_it_matters_all_the_same(away: Merchant) -> None:
    for path in ("/", "/settings"):
        assert len(Page(away.get(path)).all("s-paragraph", data_second_sender="12")) == 1
    assert Page(away.get("/settings")).one("s-section", id="meta-report")["data-foreign"] == "12"


def test_what_moves_a_little_is_no_news(away: Merchant, services: Services) -> None:
    for count in (11, 3, 24):
        found(services, count)
        assert not warns(away)


def test_clearly_more_is(away: Merchant, services: Services) -> None:
    found(services, 25)

    assert warns(away)


def test_gone_and_come_back_is(away: Merchant, services: Services) -> None:
    found(services, 0)
    assert not warns(away)
    found(services, 5)

    assert warns(away)


def test_a_report_that_could_not_be_read_changes_nothing(away: Merchant, services: Services) -> None:
    found(services, 0, Told.ERROR)
    found(services, 12)

    assert not warns(away)


def test_another_dataset_is(away: Merchant, services: Services) -> None:
    shop = shop_of(services)
    with services.database.transaction() as conn:
        connections.close(conn, shop.id, services.clock.now())
    connect(services, shop_of(services))
    found(services, 12)

    assert warns(away)


def test_after_thirty_days_it_is_back(away: Merchant, clock: MovedClock) -> None:
    clock.pass_by(days=29, hours=23)
    assert not warns(away)
    clock.pass_by(hours=2)

    assert warns(away)


def test_what_was_not_seen_is_not_put_away(merchant: Merchant, services: Services, shop: Shop) -> None:
    found(services, 12)

    for count in ("", "11", "12.0", " 12", "0"):
        assert "other figures" in put_away(merchant, count).one("meta", name="note")["content"]
    assert warns(merchant)


def test_without_a_connection_or_a_finding_nothing_happens(merchant: Merchant, services: Services) -> None:
    install(services)
    assert merchant.post("/second-sender", count="12").status_code == 303

    connect(services, shop_of(services))
    assert merchant.post("/second-sender", count="0").status_code == 303
    found(services, 12)

    assert warns(merchant)


def test_another_shops_warning_stays(away: Merchant, services: Services) -> None:
    other = connect(services, install(services, "other.myshopify.com"))
    Merchant(away.client, shop=other.domain).post("/second-sender", count="12")

    with services.database.transaction() as conn:
        rows = conn.execute("SELECT shop_id, sender_dismissed FROM meta_connection WHERE until_at IS NULL").fetchall()
    assert {row["shop_id"]: row["sender_dismissed"] for row in rows} == {shop_of(services).id: 12, other.id: None}
