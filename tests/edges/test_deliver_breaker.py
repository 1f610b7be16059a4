from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from plugin.jobs import deliver
from plugin.services import Services
from plugin.storage import breaker, claiming
from plugin.storage.shops import Shop
from tests.conftest import MovedClock
from tests.edges.crowd import FIRST, SandboxMeta, attempts, connection, crowd, open_shop, outcomes, sandbox_meta
from tests.edges.handwork import LEASE, do
from tests.edges.ledger_view import ended, row, work

RECOVERED = ("recovered", "pixel_silent")


@pytest.fixture
def meta(services: Services) -> Iterator[SandboxMeta]:
    with sandbox_meta(services) as sandbox:
        yield sandbox


@pytest.fixture
def shop(services: Services, meta: SandboxMeta) -> Shop:
    return open_shop(services, meta)


def rest_of(services: Services, shop: Shop) -> timedelta:
    until = connection(services, shop)["paused_until"]
    return timedelta() if until is None else until - services.clock.now()


def fail(services: Services, shop: Shop, clock: MovedClock, times: int) -> None:
    """Let so many requests of a shop fail in a row, each as soon as its connection has rested."""
    for _ in range(times):
        clock.pass_by(seconds=max(rest_of(services, shop).total_seconds(), 0))
        deliver.deliver(services, shop.id)


def test_the_rest_doubles_from_the_fifth_failure_on_up_to_an_hour() -> None:
    rests = [breaker.rest(failures, 0).total_seconds() for failures in range(1, 14)]

    assert rests == [5, 5, 5, 5, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert breaker.rest(500, 0) == timedelta(hours=1)
    assert {breaker.rest(5, shop_id) for shop_id in range(100)} == {breaker.rest(5, shop_id) for shop_id in range(16)}
    assert breaker.rest(5, 15) < timedelta(seconds=40)


@pytest.mark.parametrize("fault", ["meta_500", "meta_503_html", "meta_reset_before", "meta_200_html"])
def test_five_failures_in_a_row_open_the_breaker_and_ten_orders_try_it(
    services: Services, meta: SandboxMeta, shop: Shop, clock: MovedClock, fault: str
) -> None:
    crowd(services, shop, 1500)
    meta.fault(fault)
    fail(services, shop, clock, 4)
    assert rest_of(services, shop) == timedelta(seconds=5)
    fail(services, shop, clock, 1)
    assert timedelta(seconds=30) <= rest_of(services, shop) <= timedelta(seconds=40)
    clock.pass_by(seconds=29)
    assert not deliver.deliver(services, shop.id)

    fail(services, shop, clock, 1)
    assert meta.sizes()[-1] == 10
    assert timedelta(seconds=60) <= rest_of(services, shop) <= timedelta(seconds=80)
    meta.repair()
    fail(services, shop, clock, 2)

    assert meta.sizes()[-2:] == [10, 200]
    assert connection(services, shop)["failures"] == 0


def test_what_failed_goes_again_as_soon_as_meta_takes_something_and_not_by_its_schedule(
    services: Services, meta: SandboxMeta, shop: Shop, clock: MovedClock
) -> None:
    [order] = crowd(services, shop, 1)
    do(services, "UPDATE paid_order SET tries = 5")
    meta.fault("meta_500")
    work(services)
    assert row(services, order)["look_at"] == clock.now() + timedelta(hours=5)
    meta.repair()
    crowd(services, shop, 1, first=FIRST + 10)

    clock.pass_by(seconds=10)
    work(services)
    work(services)

    assert outcomes(services) == {RECOVERED: 2}


def test_a_refused_batch_closes_the_breaker_for_meta_works(
    services: Services, meta: SandboxMeta, shop: Shop, clock: MovedClock
) -> None:
    orders = crowd(services, shop, 1100)
    meta.fault("meta_500", count=5)
    fail(services, shop, clock, 5)
    meta.fault("meta_reject", orders=orders)

    fail(services, shop, clock, 1)

    assert connection(services, shop)["failures"] == 0


@pytest.mark.parametrize("fault", ["meta_throttle", "meta_429"])
def test_being_asked_to_slow_down_is_no_failure_and_pauses_for_as_long_as_meta_says(
    services: Services, meta: SandboxMeta, shop: Shop, clock: MovedClock, fault: str
) -> None:
    [order] = crowd(services, shop, 1)
    meta.fault(fault, minutes=2, seconds=120)
    work(services)
    assert (connection(services, shop)["failures"], row(services, order)["tries"]) == (0, 0)
    assert rest_of(services, shop) == timedelta(minutes=2)
    assert [one["result"] for one in attempts(services)] == ["throttled"]

    meta.repair()
    clock.pass_by(seconds=119)
    work(services)
    assert len(meta.posts()) == 1
    clock.pass_by(seconds=1)
    work(services)

    assert ended(services, order) == RECOVERED


@pytest.mark.parametrize("header", ["app", "business", "account"])
@pytest.mark.parametrize(
    ("percent", "minutes", "rest"), [(79, 9, 0), (80, 0, 15), (94.9, 9, 15), (95, 9, 540), (100, 0, 300)]
)
def test_usage_headers_of_good_answers_are_honoured_before_the_limit_is_hit(
    services: Services, meta: SandboxMeta, shop: Shop, header: str, percent: float, minutes: int, rest: int
) -> None:
    crowd(services, shop, 400)
    meta.fault("meta_usage", header=header, percent=percent, minutes=minutes)

    deliver.deliver(services, shop.id)

    assert outcomes(services)[RECOVERED] == 200
    named = rest if header != "app" or rest != 540 else 300  # the app's own header names no time
    assert rest_of(services, shop).total_seconds() == named
    assert deliver.deliver(services, shop.id) == (rest == 0)


def test_halving_too_waits_when_limits_are_near(
    services: Services, meta: SandboxMeta, shop: Shop, clock: MovedClock
) -> None:
    orders = crowd(services, shop, 4)
    meta.fault("meta_reject", order=orders[0])
    meta.fault("meta_usage", percent=96)
    deliver.deliver(services, shop.id)
    assert meta.sizes() == [4, 2, 1, 1]  # refusals of this sandbox carry no usage; the good answer does
    clock.pass_by(seconds=299)
    assert not deliver.deliver(services, shop.id)
    clock.pass_by(seconds=1)

    assert deliver.deliver(services, shop.id)


@pytest.fixture
def many(services: Services, meta: SandboxMeta) -> list[Shop]:
    """Six shops with due orders."""
    shops = [open_shop(services, meta, number) for number in range(6)]
    for place, one in enumerate(shops):
        crowd(services, one, 30, first=FIRST + 1000 * place)
    return shops


def later(services: Services, seconds: int) -> None:
    """Let real time pass for the breaker of Meta as a whole: it runs by the database's clock."""
    do(services, "UPDATE meta_connection SET served_at = served_at - make_interval(secs => %s)", seconds)


def test_while_meta_as_a_whole_is_down_one_connection_tries_every_ten_seconds(
    services: Services, meta: SandboxMeta, many: list[Shop]
) -> None:
    meta.fault("meta_500")
    deliver.serve(services)
    assert len(meta.posts()) == 4  # enough to know
    assert not deliver.serve(services)

    for tried in range(5, 9):
        later(services, 11)
        deliver.serve(services)
        deliver.serve(services)
        assert len(meta.posts()) == tried
    assert meta.sizes()[4:] == [10] * 4


def test_the_first_try_that_gets_through_lets_all_others_go_on(
    services: Services, meta: SandboxMeta, many: list[Shop]
) -> None:
    meta.fault("meta_500")
    deliver.serve(services)
    do(
        services,
        "UPDATE meta_connection SET failures = 9, paused_until = %s",
        services.clock.now() + timedelta(hours=1),
    )
    later(services, 11)
    meta.repair()

    assert deliver.serve(services)
    assert connection(services, many[0])["paused_until"] is None
    for _ in range(40):
        later(services, 11)
        deliver.serve(services)

    assert outcomes(services) == {RECOVERED: 180}


def test_workers_that_look_at_the_same_moment_send_one_try_between_them(
    services: Services, meta: SandboxMeta, many: list[Shop], crew: ThreadPoolExecutor
) -> None:
    do(services, "UPDATE meta_connection SET failures = 1, served_at = now() - interval '20 seconds'")

    def claimed(one: Shop) -> bool:
        with services.database.transaction() as conn:
            return claiming.claim(conn, one.id, services.clock.now(), lease=LEASE) is not None

    assert sum(crew.map(claimed, many)) == 1


def test_one_failing_connection_says_nothing_about_meta(
    services: Services, meta: SandboxMeta, many: list[Shop]
) -> None:
    meta.fault("meta_500", dataset=many[0].connection.dataset if many[0].connection else "")
    deliver.serve(services)
    deliver.serve(services)

    assert outcomes(services)[RECOVERED] == 150


def test_the_breaker_keeps_no_order_from_being_tracked_or_from_the_switch(
    services: Services, meta: SandboxMeta, shop: Shop, clock: MovedClock
) -> None:
    crowd(services, shop, 20)
    meta.fault("meta_500")
    fail(services, shop, clock, 7)
    do(services, "UPDATE shop_policy SET tracking_on = false, switch_count = switch_count + 1, erase_pending = true")

    work(services)

    assert outcomes(services) == {("missed", "tracking_off"): 20}
