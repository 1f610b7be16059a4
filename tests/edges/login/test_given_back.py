"""Giving logins back: one shop's trouble, a colleague's new login, or an erasure at once changes nothing about it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from plugin import jobs
from plugin.jobs import compliance, connecting
from plugin.pages import placing
from plugin.services import Services
from plugin.storage import policy
from sandbox.world import World
from tests import doors
from tests.conftest import SHOP
from tests.edges import logins, visits
from tests.edges.handwork import do
from tests.edges.logins import OTHER_SHOP, OUTLET, connect, count, log_in, tokens
from tests.edges.visits import Merchant, minted, shop_of

THEIRS = "2000000000000009"


@pytest.fixture
def sandbox() -> Iterator[World]:
    with logins.sandbox() as world:
        visits.add_shop(world, OTHER_SHOP)
        world.people.add({"id": THEIRS, "name": "Harbour", "owned": [{"id": "7000000001", "name": "Theirs"}]})
        yield world


def leave(client: FlaskClient, shop: str) -> None:
    answer = doors.webhook(client, "/webhooks/app/uninstalled", {"myshopify_domain": shop}, shop=shop)
    assert answer.status_code == 200


def test_a_shop_whose_key_does_not_open_holds_up_no_other(
    merchant: Merchant, other: Merchant, services: Services, sandbox: World
) -> None:
    connect(merchant)
    broken = shop_of(services).id
    connect(other, "7000000001", business=THEIRS)
    leave(merchant.client, SHOP)
    leave(other.client, OTHER_SHOP)
    do(services, "UPDATE shop_key SET kid = 'gone', data_key = '\\x00' WHERE shop_id = %s", broken)
    services.vault.forget(broken)

    connecting.tidy(services)

    assert tokens(sandbox) == [None, 458]
    assert count(services, "meta_login") == 0


def test_disconnecting_does_not_take_a_login_that_came_meanwhile(
    flask_app: Flask, merchant: Merchant, services: Services, sandbox: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(merchant)
    colleague = Merchant(flask_app.test_client(), tokens=[minted(sandbox, sub="43")])
    remove = placing.remove

    def slowly(visit: object, shop: object) -> bool:
        removed = remove(visit, shop)  # type: ignore[arg-type]  # passed on
        connect(colleague, OUTLET)
        return removed

    monkeypatch.setattr(placing, "remove", slowly)
    answer = merchant.go("/disconnect")

    assert answer.status_code == 200
    assert tokens(sandbox) == [None, None]
    assert shop_of(services).connection is not None


def test_disconnecting_gives_back_what_it_has_closed(
    flask_app: Flask, merchant: Merchant, services: Services, sandbox: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A colleague's renewal that slips in before the closing is closed too: its token is the one to give back."""
    connect(merchant)
    colleague = Merchant(flask_app.test_client(), tokens=[minted(sandbox, sub="43")])
    switch_off = policy.switch_off

    def slowly(*given: object) -> object:
        monkeypatch.setattr(policy, "switch_off", switch_off)
        connect(colleague, "7000000001", business=THEIRS)
        return switch_off(*given)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(policy, "switch_off", slowly)
    merchant.go("/disconnect")

    assert shop_of(services).connection is None
    assert tokens(sandbox)[1] == 458


def test_a_shop_that_is_erased_at_once_has_its_login_given_back(
    merchant: Merchant, services: Services, sandbox: World
) -> None:
    connect(merchant)
    shop_id = shop_of(services).id

    compliance.erase_shop(services, shop_id, 1.0)

    assert tokens(sandbox) == [458]
    assert count(services, "meta_login") == 0


def test_a_shop_is_erased_also_while_meta_is_away(merchant: Merchant, services: Services, sandbox: World) -> None:
    connect(merchant)
    log_in(merchant)
    shop_id = shop_of(services).id
    sandbox.faults.put({"name": "revoke_500"})

    compliance.erase_shop(services, shop_id, 1.0)

    assert (count(services, "meta_login"), count(services, "shop_key")) == (0, 0)


@pytest.mark.parametrize("name", ["tidy_logins", "watch"])
def test_while_an_outside_hangs_its_job_has_one_slot(services: Services, name: str) -> None:
    assert jobs.build(services).tasks[name].lock == name
