from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from plugin.jobs import deliver, sweep
from plugin.services import Services
from plugin.storage import claiming
from plugin.storage.shops import Shop
from tests.conftest import MovedClock
from tests.edges.crowd import FIRST, SandboxMeta, connection, crowd, open_shop, outcomes, sandbox_meta
from tests.edges.handwork import do
from tests.edges.ledger_view import ended, work


@pytest.fixture
def meta(services: Services) -> Iterator[SandboxMeta]:
    with sandbox_meta(services) as sandbox:
        yield sandbox


@pytest.fixture
def shop(services: Services, meta: SandboxMeta) -> Shop:
    return open_shop(services, meta)


def test_a_turn_is_one_batch_and_the_oldest_orders_go_first(services: Services, meta: SandboxMeta, shop: Shop) -> None:
    younger = crowd(services, shop, 150, first=FIRST)
    older = crowd(services, shop, 150, first=FIRST + 1000, placed=services.clock.now() - timedelta(hours=9))

    assert deliver.deliver(services, shop.id)

    assert meta.sizes() == [200]
    assert meta.received() == [f"purchase.{order}" for order in [*older, *younger[:50]]]
    assert outcomes(services) == {("recovered", "pixel_silent"): 200, ("waiting", "sending"): 100}


def test_orders_decided_anew_go_by_the_thousand_after_those_that_just_came_in(
    services: Services, meta: SandboxMeta, shop: Shop
) -> None:
    week = services.clock.now() - timedelta(days=5)
    crowd(services, shop, 1100, again=True, placed=week)
    do(services, "UPDATE paid_order SET released = true")  # or the merchant would be asked
    fresh = crowd(services, shop, 3, first=FIRST + 5000)

    while deliver.deliver(services, shop.id):
        pass

    assert meta.sizes() == [3, 1000, 100]
    assert meta.received()[:3] == [f"purchase.{order}" for order in fresh]


def test_after_two_answers_in_a_row_that_never_came_batches_are_small(
    services: Services, meta: SandboxMeta, shop: Shop, clock: MovedClock
) -> None:
    crowd(services, shop, 500)
    meta.fault("meta_reset_after", count=2)
    for _ in range(2):
        deliver.deliver(services, shop.id)
        clock.pass_by(seconds=6)
    assert connection(services, shop)["doubts"] == 2

    deliver.deliver(services, shop.id)

    assert meta.sizes() == [200, 200, 50]
    assert connection(services, shop)["doubts"] == 0


def test_each_shop_has_a_batch_before_any_has_two(
    services: Services, meta: SandboxMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "SHARE", 60.0)
    large = open_shop(services, meta, 0)
    crowd(services, large, 1000)
    small = [open_shop(services, meta, number) for number in range(1, 8)]
    for place, one in enumerate(small, 1):
        crowd(services, one, 3, first=FIRST + 10_000 * place)

    assert deliver.serve(services)
    assert meta.sizes() == [200, 3, 3, 3, 3, 3, 3, 3]
    crowd(services, small[0], 2, first=FIRST + 99_000)
    for _ in range(4):
        deliver.serve(services)

    assert meta.sizes()[8:] == [200, 2, 200, 200, 200]
    assert not deliver.serve(services)


def test_a_shop_with_old_orders_only_comes_after_one_that_sells_right_now(
    services: Services, meta: SandboxMeta
) -> None:
    recovering, selling = open_shop(services, meta, 0), open_shop(services, meta, 1)
    crowd(services, recovering, 5, again=True)
    crowd(services, selling, 1, first=FIRST + 100)
    do(services, "UPDATE meta_connection SET served_at = now() - interval '10 seconds'")
    do(services, "UPDATE meta_connection SET served_at = now() WHERE shop_id = %s", selling.id)

    with services.database.transaction() as conn:
        assert claiming.to_send(conn, services.clock.now()) == [selling.id, recovering.id]

    do(services, "UPDATE meta_connection SET served_at = now() - interval '2 min' WHERE shop_id = %s", recovering.id)
    with services.database.transaction() as conn:
        assert claiming.to_send(conn, services.clock.now()) == [recovering.id, selling.id]


def test_an_order_that_grew_too_old_while_it_waited_is_in_no_batch(
    services: Services, meta: SandboxMeta, shop: Shop, clock: MovedClock
) -> None:
    limit = clock.now() - timedelta(days=6, hours=23)
    old = crowd(services, shop, 5, placed=limit - timedelta(seconds=5))
    young = crowd(services, shop, 5, first=FIRST + 100, placed=limit + timedelta(minutes=1))
    do(services, "UPDATE paid_order SET released = true")

    deliver.deliver(services, shop.id)
    assert outcomes(services) == {("recovered", "pixel_silent"): 5, ("waiting", "sending"): 5}
    sweep.sweep(services)

    assert meta.received() == [f"purchase.{order}" for order in young]
    assert {ended(services, order) for order in old} <= {("failed", "expired"), ("failed", "unconfirmed")}


def test_an_order_expires_in_time_though_its_next_try_would_come_later(
    services: Services, meta: SandboxMeta, shop: Shop, clock: MovedClock
) -> None:
    [order] = crowd(services, shop, 1, placed=clock.now() - timedelta(days=6, hours=22, minutes=58))
    do(services, "UPDATE paid_order SET tries = 8, released = true")
    meta.fault("meta_500")
    work(services)
    assert ended(services, order) == ("waiting", "meta_unavailable")

    clock.pass_by(minutes=3)
    work(services)

    assert ended(services, order) == ("failed", "expired")


def test_orders_on_their_way_wait_for_a_connection_that_broke_and_end_with_one_that_closed(
    services: Services, meta: SandboxMeta, shop: Shop
) -> None:
    [order] = crowd(services, shop, 1)
    do(services, "UPDATE meta_connection SET broken = 'token_revoked'")
    work(services)
    assert ended(services, order) == ("waiting", "connection_broken")

    do(services, "UPDATE paid_order SET reason = 'sending', look_at = %s", services.clock.now())
    do(services, "UPDATE meta_connection SET until_at = now(), token = NULL")
    work(services)

    assert ended(services, order) == ("missed", "not_connected")
    assert meta.posts() == []


def test_one_shops_trouble_is_no_others(services: Services, meta: SandboxMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    shops = [open_shop(services, meta, number) for number in range(3)]
    for place, one in enumerate(shops):
        crowd(services, one, 2, first=FIRST + 1000 * place)
    send = services.meta.send

    def stumble(dataset: str, *rest: object, **more: object) -> object:
        if dataset.endswith("1"):
            raise ZeroDivisionError
        return send(dataset, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(services.meta, "send", stumble)
    deliver.serve(services)

    assert outcomes(services) == {("recovered", "pixel_silent"): 4, ("waiting", "sending"): 2}


def test_a_lane_that_is_told_to_stop_begins_with_no_other_shop(services: Services, meta: SandboxMeta) -> None:
    shops = [open_shop(services, meta, number) for number in range(3)]
    for place, one in enumerate(shops):
        crowd(services, one, 2, first=FIRST + 1000 * place)

    assert deliver.serve(services, lambda: len(meta.posts()) > 0)

    assert meta.sizes() == [2]


def test_lanes_begin_at_different_places_and_reach_all(services: Services, meta: SandboxMeta) -> None:
    shops = [open_shop(services, meta, number) for number in range(4)]
    for place, one in enumerate(shops):
        crowd(services, one, 1, first=FIRST + 1000 * place)

    deliver.serve(services, lambda: len(meta.posts()) > 0, start=8 / 16)
    assert meta.received() == [f"purchase.{FIRST + 2000}"]
    deliver.serve(services, start=15 / 16)

    assert outcomes(services) == {("recovered", "pixel_silent"): 4}
