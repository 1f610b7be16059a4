from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from plugin.jobs import reconcile
from plugin.shopify.errors import ShopifyUnavailable
from plugin.storage import locks
from tests.conftest import SHOP
from tests.edges import visits
from tests.edges.lost_webhooks import Town
from tests.edges.test_jobs import run_until_idle


class Failing:
    """A client whose requests go wrong from the nth on."""

    def __init__(self, admin: object, good: int) -> None:
        self._admin, self._good = admin, good

    def run(self, *given: Any) -> Any:
        self._good -= 1
        if self._good < 0:
            raise ShopifyUnavailable("away", timedelta(minutes=3))
        return self._admin.run(*given)  # type: ignore[attr-defined]  # the real client


def test_throttling_pauses_a_round_and_the_round_goes_on(town: Town) -> None:
    town.sell(60)
    town.pass_by(minutes=70)
    town.world.faults.put({"name": "graphql_throttled", "count": 2})

    town.work()

    assert len(town.rows()) == 60
    assert town.pauses == [1.0, 1.0]


def test_throttling_for_long_puts_the_round_off(town: Town) -> None:
    (order_id,) = town.sell()
    town.pass_by(minutes=70)
    town.world.faults.put({"name": "graphql_throttled"})

    town.work()

    assert town.rows() == {}
    assert town.column("reconcile_due") == town.clock.now() + timedelta(minutes=1)
    town.world.faults.clear(None)
    town.pass_by(minutes=1)
    town.work()
    assert town.rows().keys() == {order_id}


def test_a_round_that_breaks_off_goes_on_where_it_was(town: Town) -> None:
    first = town.sell(50)
    town.pass_by(minutes=31)
    second = town.sell(10)
    town.pass_by(minutes=70)
    admin = town.services.admin
    town.offer(Failing(admin, good=1))
    town.work()
    assert town.rows().keys() == set(first)
    assert town.column("reconcile_due") == town.clock.now() + timedelta(minutes=3)
    seen = town.column("reconciled_until")
    assert abs(seen - town.rows()[first[-1]]["updated_at"]) < timedelta(seconds=1)

    town.offer(admin)
    town.pass_by(minutes=3)
    town.work()

    assert town.rows().keys() == {*first, *second}


def test_a_round_takes_a_few_pages_and_the_next_one_the_others(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "MOST_PAGES", 1)
    for _ in range(3):
        town.sell(40)
        town.pass_by(minutes=20)
    town.pass_by(minutes=70)

    counts = []
    for _ in range(4):
        town.work()
        counts.append(len(town.rows()))

    assert counts[0] == 50
    assert counts[-1] == 120
    assert town.work() == 0


def test_more_orders_than_a_round_reads_within_the_overlap_are_all_found_in_time(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "MOST_PAGES", 1)
    for _ in range(3):
        town.sell(30)
        town.pass_by(minutes=4)

    town.live(timedelta(minutes=40))

    assert len(town.rows()) == 90
    assert len(town.asked()) < 20


def test_a_round_reads_on_as_long_as_all_happened_in_one_second(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "MOST_PAGES", 1)
    for order_id in town.sell(120):
        town.edit(order_id, updated_at="2026-11-24T15:00:00+01:00")
    town.pass_by(minutes=70)

    for _ in range(3):
        town.work()

    assert len(town.rows()) == 120


@pytest.mark.parametrize(
    ("fault", "rest"), [("graphql_403", timedelta(hours=1)), ("graphql_500", timedelta(minutes=10))]
)
def test_trouble_leaves_the_shop_installed_and_the_next_round_finds_the_order(
    town: Town, fault: str, rest: timedelta
) -> None:
    (order_id,) = town.sell()
    town.pass_by(minutes=70)
    town.world.faults.put({"name": fault})

    town.work()

    assert (town.column("uninstalled_at"), town.column("reopen_needed")) == (None, None)
    assert town.column("reconcile_due") == town.clock.now() + rest
    town.world.faults.clear(None)
    town.pass_by(hours=1)
    town.work()
    assert town.rows().keys() == {order_id}


def test_one_shops_trouble_is_no_others(town: Town) -> None:
    other = "other.myshopify.com"
    visits.add_shop(town.world, other)
    merchant = visits.Merchant(town.client, shop=other, tokens=[visits.minted(town.world, other)])
    assert merchant.load().status_code == 200
    (order_id,) = town.sell()
    town.pass_by(minutes=70)
    town.world.faults.put({"name": "graphql_500", "shop": other})

    assert town.work() == 2

    assert town.rows().keys() == {order_id}


def test_a_webhook_that_comes_late_has_its_shop_read_at_once(town: Town) -> None:
    town.work()
    known, unknown = town.sell(2)
    town.pass_by(minutes=11)
    assert reconcile.due(town.services) == []
    town.tell(known, late=timedelta(minutes=9))
    assert reconcile.due(town.services) == []

    town.tell(known, late=timedelta(minutes=11))
    town.work()

    assert town.rows().keys() == {known, unknown}


def test_a_worker_that_starts_reads_what_was_not_read_for_a_while(town: Town) -> None:
    town.work()
    town.pass_by(minutes=9)
    reconcile.on_start(town.services)
    assert reconcile.due(town.services) == []

    town.pass_by(minutes=2)
    reconcile.on_start(town.services)

    assert reconcile.due(town.services) == [town.shop().id]


def test_a_round_waits_for_no_other(town: Town) -> None:
    with locks.turn(town.services.database, town.shop().id, locks.Lock.RECONCILING) as mine:
        assert mine
        assert reconcile.reconcile(town.services, town.shop().id) is None


def test_a_bug_in_one_round_is_tried_again_later(town: Town) -> None:
    town.offer(object())

    town.work()

    assert town.column("reconcile_due") == town.clock.now() + timedelta(minutes=10)


def test_an_answer_without_orders_is_asked_for_again(town: Town) -> None:
    class Odd:
        def run(self, *_: Any) -> Any:
            return {"orders": None}

    town.offer(Odd())

    done = reconcile.reconcile(town.services, town.shop().id)

    assert done is not None
    assert not done.finished


def test_the_queue_reads_due_shops_by_itself(town: Town) -> None:
    (order_id,) = town.sell()
    town.pass_by(minutes=70)

    asyncio.run(run_until_idle(town.services, ("shopify", {"timestamp": 0})))

    assert town.rows().keys() == {order_id}
    assert SHOP in town.world.shops
