from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from plugin.jobs import reconcile, renew
from plugin.recovery.consent import RegionRule
from plugin.services import Services
from plugin.shopify import access
from plugin.shopify.errors import ShopifyDisconnected
from sandbox.shops import Policy
from sandbox.world import World
from tests.conftest import SHOP
from tests.edges import visits
from tests.edges.lost_webhooks import Town
from tests.edges.visits import Merchant, Page, access_token, minted, tokens_of

THREADS = 20


@pytest.fixture
def town(sandbox: World, services: Services, client: FlaskClient) -> Town:
    made = Town(sandbox, services, client)
    made.open()
    made.work()
    return made


def merchant(town: Town) -> Merchant:
    return Merchant(town.client, tokens=[minted(town.world)])


def banner(town: Town) -> bool:
    """Open the app; return whether the dashboard says that Shopify had stopped letting it in."""
    answer = merchant(town).load()
    assert answer.status_code == 200
    return any(element.get("data-reopen") for element in Page(answer).elements)


def test_twenty_at_once_renew_the_tokens_once(town: Town) -> None:
    town.pass_by(hours=2)
    shop, got = town.shop(), set()
    start = threading.Barrier(THREADS)

    def ask() -> None:
        start.wait(timeout=10)
        got.add(access_token(town.services, shop))

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    tokens = town.shopify.tokens
    assert (tokens.exchanges, tokens.refreshes) == (1, 1)
    assert got == {tokens_of(town.services).access}


def test_a_shop_that_nobody_opens_keeps_its_tokens(town: Town) -> None:
    for _ in range(120):
        town.pass_by(days=1)
        for shop_id in renew.due(town.services):
            renew.renew(town.services, shop_id)

    assert town.column("reopen_needed") is None
    assert town.shopify.tokens.exchanges == 1
    assert tokens_of(town.services).refresh_expires_at > town.clock.now() + timedelta(days=83)  # type: ignore[operator]


@pytest.mark.parametrize("cause", ["refresh_refused", "access_refused"])
def test_tokens_that_shopify_no_longer_takes_mark_the_shop_until_it_is_opened(town: Town, cause: str) -> None:
    (order_id,) = town.sell()
    town.pass_by(hours=2 if cause == "refresh_refused" else 0)
    town.shopify.tokens.kill()
    town.pass_by(minutes=70 if cause == "refresh_refused" else 0)
    reconcile.reconcile(town.services, town.shop().id)
    assert (town.column("reopen_why"), town.column("uninstalled_at")) == (cause, None)
    town.pass_by(hours=2)
    assert reconcile.due(town.services) == []  # nothing is asked in vain

    assert banner(town)

    assert not banner(town)
    assert (town.column("reopen_needed"), town.column("reopen_why")) == (None, None)
    assert town.shopify.tokens.exchanges == 2
    town.work()
    assert town.rows().keys() == {order_id}


def test_a_refresh_token_that_grew_old_marks_the_shop(town: Town) -> None:
    town.pass_by(days=91)

    with pytest.raises(ShopifyDisconnected):
        access_token(town.services)

    assert town.column("reopen_why") == "refresh_refused"


def test_the_first_time_and_cause_stay(town: Town) -> None:
    town.shopify.tokens.kill()
    reconcile.reconcile(town.services, town.shop().id)
    since = town.column("reopen_needed")
    town.pass_by(days=2)

    renew.renew(town.services, town.shop().id)

    assert (town.column("reopen_needed"), town.column("reopen_why")) == (since, "access_refused")


def test_a_token_turned_down_after_it_was_replaced_marks_nothing(town: Town) -> None:
    old = access_token(town.services)
    town.pass_by(hours=2)
    access_token(town.services)

    access.turned_down(town.services.database, town.shop(), old, town.clock.now())

    assert town.column("reopen_needed") is None


def test_a_shop_that_shopify_lets_in_again_needs_no_visit(town: Town) -> None:
    town.world.faults.put({"name": "graphql_401", "count": 2})
    reconcile.reconcile(town.services, town.shop().id)
    assert town.column("reopen_why") == "access_refused"

    renew.renew(town.services, town.shop().id)

    assert town.column("reopen_needed") is None
    assert reconcile.due(town.services) == [town.shop().id]


def test_a_token_that_shopify_ends_before_its_time_is_replaced(town: Town) -> None:
    (order_id,) = town.sell()
    town.pass_by(minutes=70)
    access_token(town.services)
    town.shopify.tokens.pairs[-1].life = timedelta()  # as it is where its clock is ahead of ours

    town.work()

    assert town.column("reopen_needed") is None
    assert town.rows().keys() == {order_id}
    assert town.shopify.tokens.exchanges == 1


def test_while_shopify_renews_nothing_an_early_end_is_no_end(town: Town) -> None:
    town.world.faults.put({"name": "graphql_401"})
    town.world.faults.put({"name": "token_500"})

    reconcile.reconcile(town.services, town.shop().id)

    assert town.column("reopen_needed") is None


def test_an_address_that_shopify_does_not_know_is_no_dead_token(town: Town) -> None:
    town.world.faults.put({"name": "graphql_403"})

    renew.renew(town.services, town.shop().id)

    assert (town.column("reopen_needed"), town.column("uninstalled_at")) == (None, None)
    assert town.column("upkeep_due") == town.clock.now() + timedelta(hours=1)
    assert tokens_of(town.services).refresh is not None


def test_while_shopify_gives_no_new_token_the_page_opens_and_says_so(town: Town) -> None:
    town.shopify.tokens.kill()
    reconcile.reconcile(town.services, town.shop().id)
    town.world.faults.put({"name": "token_500"})

    assert banner(town)
    assert banner(town)

    assert town.column("reopen_needed") is not None


def test_a_shop_that_has_left_is_not_marked(town: Town) -> None:
    shop, token = town.shop(), access_token(town.services)
    visits.uninstall(town.services)

    access.turned_down(town.services.database, shop, token, town.clock.now())
    renew.renew(town.services, shop.id)

    assert town.column("reopen_needed") is None
    assert renew.due(town.services) == []


def test_the_consent_policy_is_read_again_each_day(town: Town) -> None:
    town.shopify.policies = [Policy("FR", None, consent_required=True, sale_opt_out_required=False)]
    town.pass_by(hours=23)
    assert renew.due(town.services) == []

    town.pass_by(hours=1)
    town.work()

    assert town.shop().policy.rules == (RegionRule("FR", None, consent_required=True, sale_opt_out_required=False),)
    assert town.column("consent_rules_at") == town.clock.now()


def test_a_consent_policy_that_is_not_readable_for_a_week_allows_nothing(town: Town) -> None:
    town.world.faults.put({"name": "graphql_500"})
    town.pass_by(days=6, hours=23)
    town.work()
    assert town.shop().policy.rules is not None

    town.pass_by(hours=2)
    town.work()

    assert town.shop().policy.rules is None
    town.world.faults.clear(None)
    town.pass_by(hours=1)
    town.work()
    assert town.shop().policy.rules is not None
    assert SHOP in town.world.shops
