from __future__ import annotations

import base64
import json

import pytest
from flask.testing import FlaskClient

from plugin.cli import main
from plugin.services import Services
from plugin.settings import Settings
from plugin.storage import connections, shops, upkeep
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import SHOP, MovedClock
from tests.edges.ledger_view import buy, switch_on, tell, work

ENV = {
    "SHOPIFY_API_KEY": "key",
    "SHOPIFY_API_SECRET": "secret",
    "BACKSTOP_URL": "http://127.0.0.1:1",
}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, settings: Settings, database_url: str) -> None:
    """The environment of the test's app."""
    name, key = settings.keys[0]

    env = ENV | {"DATABASE_URL": database_url, "BACKSTOP_KEYS": f"{name}:{base64.b64encode(key).decode()}"}
    for variable, value in env.items():
        monkeypatch.setenv(variable, value)


def test_wrong_usage_ends_with_2_and_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["orders", "explain", SHOP]) == 2

    assert capsys.readouterr().err.count("\n") == 1


def test_missing_settings_end_with_1_and_name_them_all(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["db", "upgrade"]) == 1

    said = capsys.readouterr().err
    assert "SHOPIFY_API_KEY" in said
    assert "BACKSTOP_URL" in said
    assert "Traceback" not in said


def test_a_database_that_is_away_ends_with_1_and_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, told: None
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")

    assert main(["shops", "list"]) == 1

    assert capsys.readouterr().err == "The database does not answer.\n"


def test_keys_are_generated_as_the_setting_wants_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "generate", "--name", "k7"]) == 0

    made = capsys.readouterr().out.strip()
    settings = Settings.from_env(ENV | {"BACKSTOP_KEYS": made})
    assert settings.keys[0][0] == "k7"


def test_upgrading_is_told(capsys: pytest.CaptureFixture[str], told: None) -> None:
    assert main(["db", "upgrade"]) == 0

    assert capsys.readouterr().out == "The database is up to date.\n"


def test_a_server_of_ones_own_is_not_stopped(capsys: pytest.CaptureFixture[str], told: None) -> None:
    assert main(["db", "stop"]) == 1

    assert "stop it there" in capsys.readouterr().err


def test_an_order_is_explained_without_buyer_data(
    capsys: pytest.CaptureFixture[str],
    client: FlaskClient,
    services: Services,
    shop: Shop,
    clock: MovedClock,
    told: None,
) -> None:
    switch_on(services, shop)
    tell(client, shop, clock)
    buy(client, clock)
    work(services)

    assert main(["orders", "explain", SHOP, str(ORDER_ID)]) == 0

    said = capsys.readouterr().out
    assert f"({ORDER_ID}): waiting, grace_period" in said
    assert "Marketing allowed, analytics allowed" in said
    assert "Rule 5 of 13." in said
    assert "sealed" in said
    assert "example.com" not in said


def test_orders_are_counted_by_outcome_and_reason(
    capsys: pytest.CaptureFixture[str],
    client: FlaskClient,
    services: Services,
    shop: Shop,
    clock: MovedClock,
    told: None,
) -> None:
    buy(client, clock)
    work(services)

    assert main(["orders", "counts", SHOP, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"waiting": {"grace_period": 1}}
    assert main(["orders", "counts", SHOP]) == 0
    assert "grace_period" in capsys.readouterr().out


def test_unknown_stores_and_orders_are_said_to_be_unknown(
    capsys: pytest.CaptureFixture[str], shop: Shop, told: None
) -> None:
    assert main(["orders", "counts", "stranger.myshopify.com"]) == 1
    assert main(["orders", "explain", SHOP, "7"]) == 1

    assert capsys.readouterr().err.count("\n") == 2


def test_a_store_is_shown_with_its_connection_and_switch(
    capsys: pytest.CaptureFixture[str], services: Services, shop: Shop, clock: MovedClock, told: None
) -> None:
    with services.database.transaction() as conn:
        assert shop.connection is not None
        connections.mark_broken(conn, shop.id, shop.connection, "token_revoked", clock.now())
    assert main(["shops", "show", SHOP]) == 0
    said = capsys.readouterr().out
    assert "1234567890123456" in said
    assert "token_revoked" in said
    assert "tracking: off" in said

    with services.database.transaction() as conn:
        connections.uninstall(conn, SHOP, clock.now())
        assert shops.by_domain(conn, services.vault, SHOP) is None
    assert main(["shops", "list"]) == 0
    assert main(["shops", "show", SHOP]) == 0
    said = capsys.readouterr().out
    assert "left 2026-11-24" in said
    assert "not connected" in said


def test_held_orders_are_sent_or_closed_by_name_or_all(
    capsys: pytest.CaptureFixture[str], shop: Shop, told: None
) -> None:
    assert main(["orders", "send", SHOP]) == 2
    assert main(["orders", "close", SHOP, "7", "--all-held"]) == 2
    assert main(["orders", "send", SHOP, "7"]) == 1
    assert main(["orders", "close", SHOP, "--all-held"]) == 1

    assert capsys.readouterr().err.count("No order is held there.") == 2


def test_show_says_since_when_and_why_a_store_has_to_be_opened_again(
    told: None, services: Services, shop: Shop, clock: MovedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["shops", "show", SHOP]) == 0
    assert "Shopify: installed\n" in capsys.readouterr().out
    with services.database.transaction() as conn:
        upkeep.need_reopening(conn, shop, upkeep.Refusal.REFRESH, clock.now())

    assert main(["shops", "show", SHOP]) == 0

    said = capsys.readouterr().out
    assert f"has to be opened again: Shopify takes no token of ours since {clock.now():%Y-%m-%d %H:%M} UTC" in said
    assert "(refresh_refused)" in said


def test_show_says_when_a_store_left(
    told: None, services: Services, shop: Shop, clock: MovedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    with services.database.transaction() as conn:
        connections.uninstall(conn, SHOP, clock.now())

    assert main(["shops", "show", SHOP]) == 0

    assert f"Shopify: left {clock.now():%Y-%m-%d}\n" in capsys.readouterr().out
