"""A store that left without our being told, and came back: nothing of its earlier installation goes on."""

from __future__ import annotations

import pytest
import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from plugin.jobs import reconcile
from plugin.services import Services
from sandbox.world import World
from tests.conftest import SHOP
from tests.edges.ledger_view import policy_changes, switch_on, tell, work
from tests.edges.lost_webhooks import Town
from tests.edges.visits import Merchant, Page, minted


@pytest.fixture
def town(sandbox: World, services: Services, client: FlaskClient) -> Town:
    """A store that is connected, with tracking on, and of which no webhook reaches us."""
    made = Town(sandbox, services, client)
    made.open()
    switch_on(services, made.shop())
    made.work()
    sandbox.faults.put({"name": "webhooks_lost"})
    return made


def say(town: Town, what: str) -> None:
    """Let the merchant uninstall or install the app in Shopify's admin."""
    answer = requests.post(f"{town.world.options.own_url}/admin/{SHOP}/{what}", timeout=5)
    assert answer.status_code == 200


def load(town: Town) -> TestResponse:
    """Let the admin load the app, as it does after each install."""
    return Merchant(town.client, tokens=[minted(town.world)]).load()


def tracking(answer: TestResponse) -> str | None:
    assert answer.status_code == 200
    return Page(answer).page.get("data-tracking")


def test_after_an_untold_uninstall_the_next_install_begins_with_the_switch_off(town: Town) -> None:
    before = town.shop()
    say(town, "uninstall")
    say(town, "install")

    assert tracking(load(town)) == "off"

    after = town.shop()
    assert after.generation > before.generation
    assert (after.policy.tracking_on, after.connection, after.web_pixel_id) == (False, None, None)
    assert after.key.data != before.key.data
    assert [change["new"] for change in policy_changes(town.services, after)[:1]] == ["off"]


def test_an_order_of_the_earlier_installation_is_not_sent_by_the_later_one(town: Town) -> None:
    (order_id,) = town.sell()
    tell(town.client, town.shop(), town.clock, token=town.shopify.orders[order_id]["checkout_token"])
    town.tell(order_id)
    work(town.services)
    assert town.rows()[order_id]["sealed_event"] is not None
    say(town, "uninstall")
    say(town, "install")
    load(town)

    town.pass_by(hours=1)
    work(town.services)

    row = town.rows()[order_id]
    assert (row["outcome"], row["reason"], row["sealed_event"]) == ("missed", "not_connected", None)
    assert town.world.meta.events_json() == []


@pytest.mark.parametrize("hours", [0, 3])
def test_a_worker_that_was_turned_down_meanwhile_changes_nothing_about_it(town: Town, hours: int) -> None:
    say(town, "uninstall")
    town.pass_by(hours=hours)
    reconcile.reconcile(town.services, town.shop().id)
    assert town.column("reopen_needed") is not None
    say(town, "install")

    assert tracking(load(town)) == "off"
    assert town.column("reopen_needed") is None


def test_tokens_that_died_in_the_same_installation_leave_the_switch_on(town: Town) -> None:
    before = town.shop()
    town.shopify.tokens.kill()

    assert tracking(load(town)) == "on"

    after = town.shop()
    assert (after.generation, after.policy.tracking_on) == (before.generation, True)
    assert after.connection == before.connection


def test_a_store_that_never_left_is_asked_once_a_load_and_stays_as_it_is(town: Town) -> None:
    asked = len(town.shopify.documents)

    assert tracking(load(town)) == "on"

    assert len(town.shopify.documents) == asked + 1
    assert (town.shopify.tokens.exchanges, town.shop().reopen_needed) == (1, None)


@pytest.mark.parametrize("fault", ["graphql_500", "graphql_403", "graphql_throttled"])
def test_a_shopify_that_does_not_say_so_is_no_uninstall(town: Town, fault: str) -> None:
    town.world.faults.put({"name": fault})

    assert tracking(load(town)) == "on"


def test_while_nobody_can_say_whether_it_came_back_nothing_is_decided(town: Town) -> None:
    say(town, "uninstall")
    say(town, "install")
    town.world.faults.put({"name": "token_500"})
    assert load(town).status_code == 200
    assert town.column("reopen_needed") is not None

    town.world.faults.clear("token_500")
    assert tracking(load(town)) == "off"
