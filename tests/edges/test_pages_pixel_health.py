"""What the pages say of a pixel in trouble, and where the merchant is written to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from plugin.recovery.pixel_health import Finding, Health, Trouble
from plugin.services import Services
from plugin.storage import alerts, pixel_health
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import MovedClock
from tests.edges.ledger_view import buy, switch_on, work
from tests.edges.visits import Merchant


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client)


@pytest.fixture
def silent(services: Services, shop: Shop, clock: MovedClock) -> Shop:
    with services.database.transaction() as conn:
        conn.execute("UPDATE shop SET web_pixel_id = 'gid://shopify/WebPixel/1' WHERE id = %s", (shop.id,))
        since = clock.now() - timedelta(hours=3)
        finding = Finding(Health.PAUSED, Trouble.NOTHING_SEEN, since, 0.87)
        assert pixel_health.begin(conn, shop.id, finding, clock.now())
        assert not pixel_health.begin(conn, shop.id, finding, clock.now())
    return shop


def test_the_dashboard_says_what_happened_and_what_to_repair(merchant: Merchant, silent: Shop) -> None:
    page = merchant.get("/").text

    assert page.count("data-pixel-trouble") == 1
    assert "Nothing arrives from the pixel any more" in page
    assert "Always on" in page
    assert "87%" in page
    assert "Paused" in page


def test_a_pixel_that_works_again_has_no_banner(merchant: Merchant, services: Services, silent: Shop) -> None:
    with services.database.transaction() as conn:
        pixel_health.end(conn, silent.id, services.clock.now())

    assert "data-pixel-trouble" not in merchant.get("/").text


def test_an_order_of_that_time_names_it(
    merchant: Merchant, client: FlaskClient, services: Services, silent: Shop, clock: MovedClock
) -> None:
    switch_on(services, silent)
    buy(client, clock)
    clock.pass_by(minutes=31)
    work(services)

    page = merchant.get(f"/orders/{ORDER_ID}").text

    assert "When it was paid, the pixel was in trouble: nothing arrived from the pixel any more.</s-paragraph>" in page


def test_the_address_for_e_mails_is_kept_shown_and_cleared(merchant: Merchant, services: Services, shop: Shop) -> None:
    merchant.post("/alerts", alert_address="  owner@lantern.example ")

    assert 'value="owner@lantern.example"' in merchant.get("/settings").text
    log = merchant.get("/switch-log").text
    assert "E-mails" in log
    assert "owner@" not in log

    merchant.post("/alerts", alert_address="")
    with services.database.transaction() as conn:
        assert alerts.address_of(conn, shop) is None


@pytest.mark.parametrize("typed", ["owner", "a@b", "a@b.example, c@d.example", "Ä@b.example", "x" * 250 + "@b.example"])
def test_what_is_no_address_is_refused_at_the_field(
    merchant: Merchant, services: Services, shop: Shop, typed: str
) -> None:
    answer = merchant.post("/alerts", alert_address=typed)

    assert answer.status_code == 422
    assert "Enter one e-mail address" in answer.text
    with services.database.transaction() as conn:
        assert alerts.address_of(conn, shop) is None
