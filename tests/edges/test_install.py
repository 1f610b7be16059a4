from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from plugin.recovery.consent import RegionRule
from plugin.services import Services
from plugin.settings import Settings
from plugin.shopify.errors import ShopifyUnavailable
from plugin.storage.vault import Unsealable
from sandbox.world import World
from tests import doors
from tests.conftest import SHOP, MovedClock
from tests.edges import visits
from tests.edges.visits import Merchant, Page, access_token, minted, shop_of, stored, tokens_of, uninstall


@pytest.fixture
def sandbox() -> Iterator[World]:
    with visits.sandbox() as world:
        yield world


@pytest.fixture
def settings(sandbox: World) -> Settings:
    return visits.settings_for(sandbox)


@pytest.fixture
def merchant(client: FlaskClient, sandbox: World) -> Merchant:
    return Merchant(client, tokens=[minted(sandbox)])


def test_the_first_visit_installs_the_shop(merchant: Merchant, services: Services, sandbox: World) -> None:
    answer = merchant.load()

    assert answer.status_code == 200
    assert Page(answer).page.get("data-tracking") == "off"
    assert Page(answer).page.get("data-connected") == "no"
    shop = shop_of(services)
    assert (shop.generation, shop.name, shop.currency, shop.time_zone) == (1, "Lantern", "EUR", "Europe/Berlin")
    assert (shop.policy.tracking_on, shop.connection, shop.web_pixel_id) == (False, None, None)
    assert shop.policy.rules == (RegionRule("DE", None, consent_required=True, sale_opt_out_required=False),)
    assert sandbox.shops[SHOP].tokens.exchanges == 1


def test_the_next_visit_exchanges_nothing(merchant: Merchant, services: Services, sandbox: World) -> None:
    merchant.load()

    answers = [merchant.load("/settings"), merchant.get("/orders")]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert (sandbox.shops[SHOP].tokens.exchanges, shop_of(services).generation) == (1, 1)


def test_tokens_are_kept_sealed(merchant: Merchant, services: Services, database_url: str) -> None:
    merchant.load()

    clear = tokens_of(services)
    with psycopg.connect(database_url) as conn:
        kept = b"".join(
            bytes(part) for part in conn.execute("SELECT access_token, refresh_token FROM shop").fetchone() or ()
        )
    assert clear.access
    assert clear.access.encode() not in kept
    assert (clear.refresh or "").encode() not in kept


def test_two_first_visits_at_once_are_one_install(flask_app: Flask, services: Services, sandbox: World) -> None:
    merchants = [Merchant(flask_app.test_client(), tokens=[minted(sandbox)]) for _ in range(4)]
    answers: list[TestResponse] = []
    threads = [threading.Thread(target=lambda m=m: answers.append(m.load())) for m in merchants]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert [answer.status_code for answer in answers] == [200] * 4
    assert (sandbox.shops[SHOP].tokens.exchanges, shop_of(services).generation) == (1, 1)


def test_a_shop_that_comes_back_begins_anew(merchant: Merchant, services: Services, sandbox: World) -> None:
    merchant.load()
    first, key = shop_of(services), tokens_of(services).access
    uninstall(services)

    merchant.load()

    second = shop_of(services)
    assert second.id == first.id
    assert second.generation == 3  # leaving is one step, coming back another
    assert second.key.data != first.key.data
    assert second.ingest_key == first.ingest_key
    assert tokens_of(services).access != key


def test_a_shop_without_tokens_that_work_gets_new_ones_and_stays_as_it_is(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    merchant.load()
    clock.pass_by(days=91)
    sandbox.clock.offset += timedelta(days=91).total_seconds()

    merchant.tokens.append(minted(sandbox))
    assert merchant.load().status_code == 200

    assert (sandbox.shops[SHOP].tokens.exchanges, shop_of(services).generation) == (2, 1)
    assert access_token(services)


def test_tokens_sealed_under_a_key_that_is_gone_are_none(
    merchant: Merchant, services: Services, sandbox: World
) -> None:
    merchant.load()
    with services.database.transaction() as conn:
        conn.execute("UPDATE shop SET access_token = substring(access_token for 20) || '\\x00'")
    with pytest.raises(Unsealable):
        tokens_of(services)

    assert merchant.load().status_code == 200
    assert sandbox.shops[SHOP].tokens.exchanges == 2


@pytest.mark.parametrize(("name", "status"), [("token_500", 503), ("token_lost", 503), ("graphql_500", 503)])
def test_while_shopify_is_away_a_page_says_so_and_the_next_visit_installs(
    merchant: Merchant, services: Services, sandbox: World, name: str, status: int
) -> None:
    sandbox.faults.put({"name": name})

    answer = merchant.load()

    assert answer.status_code == status
    assert int(answer.headers["Retry-After"]) > 0
    assert "Shopify does not answer right now" in answer.text
    assert "Traceback" not in answer.text
    assert stored(services) is None
    sandbox.faults.clear(None)
    assert merchant.load().status_code == 200
    assert shop_of(services).generation == 1


def test_a_consent_policy_that_cannot_be_read_stops_no_install(
    merchant: Merchant, services: Services, sandbox: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.shops[SHOP].policies = []
    object.__setattr__(services, "admin", OnlyDetails(services.admin))

    assert merchant.load().status_code == 200
    assert shop_of(services).policy.rules is None


class OnlyDetails:
    """A client that Shopify answers the first document only."""

    def __init__(self, admin: object) -> None:
        self._admin = admin

    def run(self, shop: str, access: str, query: object, *more: object) -> object:
        if getattr(query, "name", "") == "ConsentPolicy":
            raise ShopifyUnavailable("away")
        return self._admin.run(shop, access, query, *more)  # type: ignore[attr-defined]  # the real client


def test_an_id_token_that_shopify_does_not_take_loops_nowhere(client: FlaskClient, sandbox: World) -> None:
    strange = Merchant(client, tokens=[doors.id_token()])
    sandbox.shops[SHOP].installed = False

    loaded, fetched = strange.load(), strange.get("/")

    assert loaded.status_code == 502
    assert "open it again" in loaded.text
    assert (fetched.status_code, fetched.headers["X-Shopify-Retry-Invalid-Session-Request"]) == (401, "1")


def test_one_shops_visit_installs_no_other(merchant: Merchant, services: Services, sandbox: World) -> None:
    visits.add_shop(sandbox, "other.myshopify.com")

    merchant.client.get("/?shop=other.myshopify.com", headers={"Authorization": f"Bearer {merchant.token()}"})

    assert stored(services, "other.myshopify.com") is None
