"""How many statements a page takes: at most six, however the shop stands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.settings import Settings
from plugin.storage import again, meta_test_code, resync
from plugin.storage.shops import Shop
from tests.conftest import MovedClock, connect, install, settings_from
from tests.edges.handwork import Meta, do
from tests.edges.ledger_view import STAFF, buy, switch_off, switch_on, tell, work
from tests.edges.statements import counted
from tests.edges.visits import Merchant, shop_of

MOST_STATEMENTS = 6
PAGES = ("/", "/settings")


@pytest.fixture
def settings() -> Settings:
    """With a login at Facebook: then the settings page also asks for one under way."""
    return settings_from(META_APP_ID="4444444444", META_APP_SECRET="s" * 32, META_CONFIG_ID="5555555555")


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client, sub="7001")


def takes(merchant: Merchant, path: str) -> list[str]:
    with counted() as seen:
        assert merchant.get(path).status_code == 200
    assert len(seen) <= MOST_STATEMENTS, (path, seen)
    return seen


def test_a_page_takes_at_most_six_statements(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock, meta: Meta
) -> None:
    tell(client, shop, clock)
    buy(client, clock)
    clock.pass_by(minutes=31)
    work(services)
    merchant.get("/switch-log")  # opens the sessions' first connection

    for path in (
        *PAGES,
        "/?days=90",
        "/orders",
        "/orders?reason=tracking_off&number=1001",
        "/switch-log",
        "/data-protection",
    ):
        takes(merchant, path)


def test_settings_and_dashboard_take_no_more_however_the_shop_stands(
    merchant: Merchant, services: Services, client: FlaskClient, clock: MovedClock
) -> None:
    install(services)
    look(merchant)
    shop = connect(services, shop_of(services), ago=timedelta(days=9))
    tell(client, shop, clock)
    buy(client, clock)
    clock.pass_by(minutes=31)
    work(services)
    look(merchant)
    switch_on(services, shop)
    look(merchant)
    with services.database.transaction() as conn:
        again.ask(conn, shop_of(services), STAFF, clock.now())
        meta_test_code.keep(conn, shop.id, "TEST12345", clock.now())
    look(merchant)
    assert 'data-recovery="going-on"' in merchant.get("/settings").text
    assert "TEST12345" in merchant.get("/settings").text
    do(services, "UPDATE meta_connection SET broken = 'token_revoked', broken_at = %s", clock.now())
    look(merchant)
    with services.database.transaction() as conn:
        resync.pause(conn, clock.now())
    look(merchant)
    assert "data-paused" in merchant.get("/").text
    switch_off(services, shop)
    look(merchant)
    do(services, "UPDATE ledger_mark SET paused_at = NULL")


def look(merchant: Merchant) -> None:
    for path in PAGES:
        takes(merchant, path)
