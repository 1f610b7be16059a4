from __future__ import annotations

import base64

import pytest
from flask.testing import FlaskClient

from plugin.cli import main
from plugin.services import Services
from plugin.settings import Settings
from plugin.storage import locks
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import API_KEY, SECRETS, SHOP, MovedClock
from tests.edges.handwork import do
from tests.edges.ledger_view import switch_on, tell
from tests.edges.privacy import (
    EMAIL,
    buy_as_canary,
    redact,
    request_data,
    rows,
    upkeep,
)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, settings: Settings, database_url: str) -> None:
    """The environment of the test's app."""
    name, key = settings.keys[0]
    env = {
        "SHOPIFY_API_KEY": API_KEY,
        "SHOPIFY_API_SECRET": SECRETS,
        "BACKSTOP_URL": "http://127.0.0.1:1",
        "DATABASE_URL": database_url,
        "BACKSTOP_KEYS": f"{name}:{base64.b64encode(key).decode()}",
    }
    for variable, value in env.items():
        monkeypatch.setenv(variable, value)


def asked(client: FlaskClient, services: Services, *order_ids: int) -> None:
    request_data(client, *(order_ids or (ORDER_ID,)))
    upkeep(services)


def test_the_report_counts_what_is_kept_and_lists_requests(
    capsys: pytest.CaptureFixture[str],
    client: FlaskClient,
    services: Services,
    shop: Shop,
    clock: MovedClock,
    told: None,
) -> None:
    switch_on(services, shop)
    tell(client, shop, clock)
    buy_as_canary(client, clock)
    assert main(["privacy", "report", SHOP]) == 0
    said = capsys.readouterr().out
    assert "1  orders with a buyer's hashes, sealed" in said
    assert "No request came in." in said

    asked(client, services)
    assert main(["privacy", "report", SHOP]) == 0
    said = capsys.readouterr().out

    assert "request 1: customers/data_request, came in 2026-11-24, due 2026-12-24, done, orders 1" in said
    assert EMAIL not in said


def test_the_report_ends_with_1_if_a_request_is_overdue(
    capsys: pytest.CaptureFixture[str], client: FlaskClient, services: Services, shop: Shop, told: None
) -> None:
    redact(client, ORDER_ID)
    do(services, "UPDATE compliance_request SET asked_at = asked_at - interval '1 year'")

    assert main(["privacy", "report", SHOP]) == 1

    assert "overdue" in capsys.readouterr().err


def test_a_store_is_erased_on_a_clear_word_only_and_once(
    capsys: pytest.CaptureFixture[str],
    client: FlaskClient,
    services: Services,
    shop: Shop,
    clock: MovedClock,
    told: None,
) -> None:
    buy_as_canary(client, clock)
    assert main(["shops", "erase", SHOP]) == 2
    assert rows(services, "paid_order") == 1

    assert main(["shops", "erase", SHOP, "--yes"]) == 0
    assert main(["shops", "erase", SHOP, "--yes"]) == 0
    assert main(["privacy", "report", SHOP]) == 0

    said = capsys.readouterr().out
    assert f"All of {SHOP} is erased." in said
    assert "already" in said
    assert rows(services, "paid_order") == rows(services, "shop_key") == 0


def test_erasing_a_store_waits_for_a_request_that_is_out(
    capsys: pytest.CaptureFixture[str],
    services: Services,
    shop: Shop,
    told: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("plugin.cli.privacy.WAIT_FOR_FLIGHT", 0.2)
    with locks.sending(services.database, shop.id):
        assert main(["shops", "erase", SHOP, "--yes"]) == 1

    assert "has not ended yet" in capsys.readouterr().err
    assert rows(services, "shop_key") == 1
