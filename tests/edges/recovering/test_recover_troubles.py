from __future__ import annotations

import pytest

from plugin.jobs import recover
from plugin.shopify.errors import ShopifyRefused
from plugin.storage.again import Result
from plugin.storage.database import DatabaseAway
from tests.edges.before_on import Before, meanwhile, outcomes
from tests.edges.handwork import do
from tests.edges.visits import Page


def test_a_second_recovery_takes_what_the_first_had_taken_and_off_dropped(town: Before, missed: list[int]) -> None:
    town.recover()
    town.switch_off()
    assert outcomes(town) == {("missed", "tracking_off")}
    town.switch_on()

    recovery = town.recover()
    town.send()

    assert (recovery.looked_at, recovery.result) == (6, Result.DONE)
    assert outcomes(town) == {("recovered", "pixel_silent")}
    assert len(town.received()) == 6
    assert town.adds_up()


@pytest.mark.parametrize("fault", ["graphql_500", "graphql_403", "graphql_throttled"])
def test_while_shopify_is_away_it_waits_and_goes_on_where_it_was(
    town: Before, missed: list[int], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.jobs.recover.ORDERS_PAGE", 2)
    meanwhile(town, lambda: town.world.faults.put({"name": fault}))

    stuck = town.recover()
    again_at_once = town.recover()
    assert (stuck.result, stuck.looked_at, again_at_once) == (None, 2, stuck)
    town.world.faults.clear()
    town.pass_by(hours=1, minutes=1)
    done = town.recover()

    assert (done.result, done.looked_at, done.to_send) == (Result.DONE, 6, 6)
    assert town.adds_up()


def test_a_shop_to_be_opened_again_is_waited_for(town: Before, missed: list[int]) -> None:
    town.world.faults.put({"name": "graphql_401"})
    assert town.recover().result is None
    town.pass_by(hours=2)
    town.world.faults.clear()
    assert town.recover().result is None

    town.merchant().get("/")

    assert town.recover().result is Result.DONE


def test_hidden_buyers_end_it_and_their_orders_stay_as_they_are(town: Before, missed: list[int]) -> None:
    town.world.faults.put({"name": "protected_null"})

    recovery = town.recover()

    assert (recovery.result, recovery.looked_at) == (Result.NOT_ALLOWED, 0)
    assert outcomes(town) == {("missed", "tracking_off")}
    page = town.merchant().get("/settings")
    assert Page(page).all("s-text", data_recovery="not_allowed")
    assert "does not let this app read orders" in " ".join(page.text.split())


def test_without_leave_to_read_orders_it_ends(town: Before, missed: list[int]) -> None:
    town.shopify.scopes.discard("read_orders")

    assert town.recover().result is Result.NOT_ALLOWED
    assert outcomes(town) == {("missed", "tracking_off")}


def test_orders_that_shopify_no_longer_has_or_nobody_can_read_hide_no_others(town: Before, missed: list[int]) -> None:
    del town.shopify.orders[missed[0]]
    town.shopify.orders[missed[1]] |= {"name": "#1\x00"}

    recovery = town.recover()

    assert (recovery.result, recovery.looked_at, recovery.to_send) == (Result.DONE, 6, 4)
    assert town.ended(missed[0]) == town.ended(missed[1]) == ("missed", "tracking_off")


def test_a_worker_that_dies_is_followed_by_one_that_goes_on(
    town: Before, missed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.jobs.recover.ORDERS_PAGE", 2)

    def die() -> None:
        raise SystemExit

    meanwhile(town, lambda: meanwhile(town, die))
    with pytest.raises(SystemExit):
        town.recover()
    assert town.recovery().after_order == sorted(missed)[1]

    done = town.recover()

    assert (done.result, done.looked_at, done.to_send) == (Result.DONE, 6, 6)
    assert town.documents("OrdersAgain") == 4


def test_one_shops_trouble_is_told_and_comes_again(
    town: Before, missed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("plugin.shopify.orders_again.read", lambda *_: 1 / 0)
        assert town.recover().result is None
    do(town.services, "UPDATE recovery SET due_at = %s", town.clock.now())

    assert town.recover().result is Result.DONE


@pytest.mark.parametrize(("code", "result"), [("ACCESS_DENIED", Result.NOT_ALLOWED), ("MAX_COST_EXCEEDED", None)])
def test_a_document_that_shopify_refuses_as_a_whole_ends_it_or_is_tried_again(
    town: Before, missed: list[int], code: str, result: Result | None
) -> None:
    def refuse() -> None:
        raise ShopifyRefused("refused", frozenset({code}))

    meanwhile(town, refuse)

    assert town.recover().result is result
    assert recover.due(town.services) == []
    assert outcomes(town) == {("missed", "tracking_off")}


def test_while_the_database_is_away_nothing_is_lost(
    town: Before, missed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise DatabaseAway("AdminShutdown")

    meanwhile(town, away)
    with pytest.raises(DatabaseAway):
        town.recover()

    assert town.recover().to_send == 6
