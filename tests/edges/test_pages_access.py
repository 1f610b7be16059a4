from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.settings import Settings
from plugin.shopify import access
from plugin.shopify.errors import ShopifyDisconnected, ShopifyUnavailable
from sandbox.world import World
from tests.conftest import SHOP, MovedClock
from tests.edges import visits
from tests.edges.visits import Merchant, access_token, minted, shop_of, tokens_of, uninstall


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


def test_an_access_token_is_used_until_a_minute_before_its_end(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    merchant.load()
    first = access_token(services)

    clock.at = tokens_of(services).access_expires_at - timedelta(seconds=61)
    assert access_token(services) == first
    clock.pass_by(seconds=1)
    second = access_token(services)

    assert second != first
    assert access_token(services) == second
    assert (tokens_of(services).access, sandbox.shops[SHOP].tokens.refreshes) == (second, 1)


def test_one_refreshes_and_the_others_wait_for_it(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    merchant.load()
    shop = shop_of(services)
    clock.pass_by(hours=2)
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(access_token(services, shop))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert len(found) == 4
    assert len(set(found)) == 1
    assert sandbox.shops[SHOP].tokens.refreshes == 1


def test_a_new_pair_is_stored_even_if_its_first_answer_is_lost(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    merchant.load()
    clock.pass_by(hours=2)
    sandbox.faults.put({"name": "token_lost", "count": 1})

    with pytest.raises(ShopifyUnavailable):
        access_token(services)

    assert access_token(services) == tokens_of(services).access  # the old refresh token is still good


def test_a_dead_refresh_token_asks_for_a_visit_and_the_visit_mends_it(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    merchant.load()
    clock.pass_by(hours=2)
    sandbox.shops[SHOP].tokens.kill()

    for _ in range(2):
        with pytest.raises(ShopifyDisconnected):
            access_token(services)
    assert merchant.load().status_code == 200

    assert access_token(services) == tokens_of(services).access
    assert shop_of(services).generation == 1


def test_a_shop_that_has_left_gets_no_token(merchant: Merchant, services: Services, clock: MovedClock) -> None:
    merchant.load()
    shop = shop_of(services)
    uninstall(services)

    with pytest.raises(ShopifyDisconnected):
        access_token(services, shop)


def test_tokens_of_a_shop_that_left_meanwhile_are_not_stored(
    merchant: Merchant, services: Services, clock: MovedClock
) -> None:
    merchant.load()
    shop, tokens = shop_of(services), tokens_of(services)
    uninstall(services)

    with pytest.raises(ShopifyDisconnected):
        access.keep(services.database, shop, tokens)

    with services.database.transaction() as conn:
        row = conn.execute("SELECT access_token, refresh_token FROM shop").fetchone()
    assert row == {"access_token": None, "refresh_token": None}
