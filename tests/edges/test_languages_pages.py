"""Nothing that a merchant reads is left in English: pages in a made-up language that brackets every text of ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.settings import Settings
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import MovedClock, install, settings_from
from tests.edges.handwork import GRACE, Meta
from tests.edges.languages import PSEUDO, TAG, untranslated, write_pseudo
from tests.edges.ledger_view import buy, purchase, switch_on, tell, work
from tests.edges.privacy import redact
from tests.edges.settings_form import save
from tests.edges.visits import Merchant

PAGES = (
    "/",
    "/?days=7",
    "/settings",
    "/settings/preview",
    "/orders",
    "/orders?outcome=failed",
    "/orders?outcome=failed&number=9&reason=expired&day=2026-11-24",
    "/orders?before=1-1",
    f"/orders/{ORDER_ID}",
    f"/orders/{ORDER_ID + 1}",
    f"/orders/{ORDER_ID + 2}",
    "/orders/9",
    "/switch-log",
    "/switch-log?before=1",
    f"/switch-log?text=2026-11-{PSEUDO}",
    "/data-protection",
    "/data-protection?number=%231001",
    "/data-protection?number=%239",
)
TYPED = (
    "Lantern",
    r"lantern\.myshopify\.com",
    r"\b[A-Z]{2}(-[A-Z]{2,3})?\b",
    "TEST1",
    "staff@example.com",
    "Atrace",
    "English|Deutsch|עברית",
)
"""A shop's own name, regions, what somebody typed, Meta's number of a request, and languages."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pseudo(tmp_path_factory.mktemp("translations")).parent


@pytest.fixture
def settings(folder: Path) -> Settings:
    login = {"META_APP_ID": "1", "META_APP_SECRET": "secret", "META_CONFIG_ID": "2"}
    return settings_from(BACKSTOP_TRANSLATIONS=str(folder), **login)


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    client.environ_base["HTTP_X_LOCALE"] = TAG
    return Merchant(client, sub="7001")


def forgotten(merchant: Merchant, *paths: str) -> dict[str, list[str]]:
    """Return what pages say in English."""
    found = {}
    for path in paths:
        page = merchant.get(path).text
        assert f'lang="{TAG}"' in page, path
        found[path] = untranslated(page, *TYPED)
    return {path: said for path, said in found.items() if said}


def test_a_shop_that_is_not_connected_yet(merchant: Merchant, services: Services) -> None:
    install(services)

    assert forgotten(merchant, *PAGES, "/privacy", "/facebook/ended?how=granted", "/facebook/connect") == {}


def test_a_shop_with_the_switch_off(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    tell(client, shop, clock)
    buy(client, clock)
    buy(client, clock, id=ORDER_ID + 1, checkout_token="another")
    third = ORDER_ID + 2
    purchase(client, shop, clock, "sent", token="third", order=str(third), eid=f"purchase.{third}")
    buy(client, clock, id=third, checkout_token="third")
    clock.pass_by(minutes=GRACE)
    work(services)
    save(merchant, grace_minutes="45", ldu="yes", fields=["em", "country"])
    merchant.post("/test-code", test_code="TEST1")
    merchant.post("/alerts", alert_address="staff@example.com")
    redact(client, ORDER_ID + 1)

    assert forgotten(merchant, *PAGES) == {}


def test_a_shop_with_the_switch_on(missed: Shop, meta: Meta, merchant: Merchant, services: Services) -> None:
    work(services)

    assert forgotten(merchant, *PAGES) == {}


def test_an_order_that_waits(waiting: Shop, merchant: Merchant) -> None:
    assert forgotten(merchant, "/", "/orders", f"/orders/{ORDER_ID}", "/settings/preview") == {}


def test_forms_that_are_turned_down(merchant: Merchant, shop: Shop) -> None:
    turned_down = {
        "/settings": {"grace_minutes": "1"},
        "/connect": {"dataset": "x", "token": ""},
        "/test-code": {"test_code": "!"},
        "/alerts": {"alert_address": "nobody"},
        "/offline-tracking": {"on": "1", "place": "dashboard"},
        "/facebook/choose": {"dataset": "x"},
    }

    found = {path: untranslated(merchant.post(path, **form).text, *TYPED) for path, form in turned_down.items()}

    assert {path: said for path, said in found.items() if said} == {}


def test_what_is_said_of_the_step_before(merchant: Merchant, services: Services, shop: Shop) -> None:
    switch_on(services, shop)

    page = merchant.go("/offline-tracking", on="0", place="dashboard").text

    assert untranslated(page, *TYPED) == []
