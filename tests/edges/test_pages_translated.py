"""What the dashboard, the settings page and the switch's dialog say in rarer states can be translated, too."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from plugin.pages.words import WARNING_VERSION
from plugin.recovery.dataset_report import Counts, Figures, Key, Ledger, Quality, Report, Told
from plugin.services import Services
from plugin.settings import Settings
from plugin.storage import again, reports
from plugin.storage.shops import Shop
from tests.conftest import MovedClock, settings_from
from tests.edges.handwork import GRACE, do
from tests.edges.languages import TAG, untranslated, write_pseudo
from tests.edges.ledger_view import STAFF, buy, switch_on, tell, work
from tests.edges.visits import Merchant, shop_of

NAMES = ("Lantern", r"lantern\.myshopify\.com", "event_id", r"read_\w+", r"write_\w+", "English|Deutsch|עברית")
ON = {"on": "1", "ack": "yes", "place": "settings", "mode": "store_policy"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_from(BACKSTOP_TRANSLATIONS=str(write_pseudo(tmp_path).parent))


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    client.environ_base["HTTP_X_LOCALE"] = TAG
    return Merchant(client, sub="7001")


def seen(merchant: Merchant, *paths: str) -> list[str]:
    """Return what pages say in English."""
    return [said for path in paths or ("/", "/settings") for said in untranslated(merchant.get(path).text, *NAMES)]


def foreign(services: Services, shop: Shop) -> None:
    quality = Quality(Told.COUNTED, None, 6.4, 0.0, 75.0, (Key("event_id", 100.0, 98.5, None),))
    figures = Figures(int(services.clock.now().timestamp()), Counts(0, 9, 2), Ledger(sent=2, settled=2, most=2))
    assert shop.connection is not None
    with services.database.transaction() as conn:
        told = Report(Told.COUNTED, quality, figures=figures)
        assert reports.keep(conn, shop.id, shop.connection, told, services.clock.now())


@pytest.mark.slow
def test_no_state_of_them_says_anything_in_english_only(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    tell(client, shop, clock)
    buy(client, clock)
    clock.pass_by(minutes=GRACE)
    work(services)
    foreign(services, shop)
    do(services, "UPDATE shop_policy SET other_pixel = 'running'")
    do(services, "UPDATE shop SET scopes = scopes || ',read_customers', web_pixel_id = 'gid://shopify/WebPixel/1'")
    found = seen(merchant, "/", "/settings", "/?note=sender_dismissed", "/settings?note=scope_unavailable")
    for form in ({}, {"warning": WARNING_VERSION}, {"warning": WARNING_VERSION, "mode": "x"}):
        found += untranslated(merchant.post("/offline-tracking", **ON | form).text, *NAMES)
    switch_on(services, shop)
    found += untranslated(merchant.post("/offline-tracking", **ON | {"warning": WARNING_VERSION}).text, *NAMES)
    with services.database.transaction() as conn:
        again.ask(conn, shop_of(services), STAFF, clock.now())
    found += seen(merchant)
    for result in ("done", "stopped", "not_allowed"):
        do(services, "UPDATE recovery SET ended_at = %s, result = %s", clock.now(), result)
        found += seen(merchant, "/")
    do(services, "UPDATE shop SET scopes = 'read_orders'")
    found += seen(merchant)

    assert found == []
