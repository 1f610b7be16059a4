from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from plugin.jobs import deliver
from plugin.services import Services
from plugin.storage.attempts import attempts_of
from plugin.storage.orders import event_place
from plugin.storage.settling import ONE_EVERY
from plugin.storage.shops import Shop
from tests.conftest import MovedClock
from tests.edges.crowd import SandboxMeta, crowd, event_of, open_shop, outcomes, sandbox_meta
from tests.edges.handwork import do, read_shop
from tests.edges.ledger_view import ended, row, work

REJECTED = ("failed", "rejected_by_meta")


@pytest.fixture
def meta(services: Services) -> Iterator[SandboxMeta]:
    with sandbox_meta(services) as sandbox:
        yield sandbox


@pytest.fixture
def shop(services: Services, meta: SandboxMeta) -> Shop:
    return open_shop(services, meta)


def send_all(services: Services, shop: Shop) -> int:
    turns = 0
    while deliver.deliver(services, shop.id):
        turns += 1
        assert turns < 100
    return turns


slow = pytest.mark.slow


@pytest.mark.parametrize(
    ("count", "bad"),
    [
        (1000, [777]),
        pytest.param(1000, [499, 500], marks=slow),
        pytest.param(1000, [0, 999], marks=slow),
        (250, [3, 111, 188, 222, 249]),
        pytest.param(1000, [3, 111, 222, 333, 444, 555, 666, 777, 888, 990], marks=slow),
    ],
)
def test_bad_orders_in_a_batch_are_found_by_halving_and_all_others_are_sent(
    services: Services, meta: SandboxMeta, shop: Shop, count: int, bad: list[int]
) -> None:
    orders = crowd(services, shop, count, again=True)
    meta.fault("meta_reject", orders=[orders[place] for place in bad], subcode=2804050)

    send_all(services, shop)

    assert outcomes(services) == {("recovered", "pixel_silent"): count - len(bad), REJECTED: len(bad)}
    assert {ended(services, orders[place]) for place in bad} == {REJECTED}
    assert row(services, orders[bad[0]])["code"] == "100/2804050"
    assert len(meta.posts()) - 1 <= len(bad) * 2 * math.ceil(math.log2(count))
    good = [f"purchase.{order}" for place, order in enumerate(orders) if place not in bad]
    assert meta.received() == good


def test_an_order_that_meta_names_is_left_out_and_tried_alone(
    services: Services, meta: SandboxMeta, shop: Shop
) -> None:
    orders = crowd(services, shop, 100)
    meta.fault("meta_reject", order=orders[40], blame=True)

    send_all(services, shop)

    assert meta.sizes() == [100, 99, 1]
    assert outcomes(services) == {("recovered", "pixel_silent"): 99, REJECTED: 1}


def test_an_order_that_meta_names_wrongly_is_sent_all_the_same(
    services: Services, meta: SandboxMeta, shop: Shop
) -> None:
    orders = crowd(services, shop, 16)
    meta.fault("meta_reject", order=orders[3], blame=True, off_by=1)

    send_all(services, shop)

    assert outcomes(services) == {("recovered", "pixel_silent"): 15, REJECTED: 1}
    assert ended(services, orders[3]) == REJECTED


def test_where_most_are_bad_the_rest_goes_one_by_one_and_slowly(
    services: Services, meta: SandboxMeta, shop: Shop, clock: MovedClock
) -> None:
    crowd(services, shop, 60)
    meta.fault("meta_reject", subcode=2804050)  # all of them

    send_all(services, shop)
    turn = len(meta.posts())
    assert turn <= 40
    left = outcomes(services)[("waiting", "sending")]

    for _ in range(left):
        clock.pass_by(seconds=ONE_EVERY.total_seconds())
        before = len(meta.posts())
        send_all(services, shop)
        assert len(meta.posts()) == before + 1

    assert outcomes(services) == {REJECTED: 60}
    assert meta.sizes()[turn:] == [1] * left


def test_orders_that_go_one_by_one_hold_up_no_other(
    services: Services, meta: SandboxMeta, shop: Shop, clock: MovedClock
) -> None:
    crowd(services, shop, 60)
    meta.fault("meta_reject", count=40)
    send_all(services, shop)
    meta.repair()
    fresh = crowd(services, shop, 5, first=1_000)

    send_all(services, shop)
    assert {ended(services, order) for order in fresh} == {("recovered", "pixel_silent")}
    assert outcomes(services)[("waiting", "sending")] > 10
    clock.pass_by(hours=1)
    send_all(services, shop)

    assert ("waiting", "sending") not in outcomes(services)


def test_a_code_that_we_do_not_know_holds_up_no_other_order_and_is_given_up_only_after_some_tries(
    services: Services, meta: SandboxMeta, shop: Shop, clock: MovedClock
) -> None:
    orders = crowd(services, shop, 8)
    meta.fault("meta_reject", order=orders[2], code=987_654, subcode=77)

    work(services)
    assert outcomes(services) == {("recovered", "pixel_silent"): 7, ("waiting", "meta_unavailable"): 1}
    assert row(services, orders[2])["code"] == "987654/77"
    for _ in range(5):
        assert ended(services, orders[2]) == ("waiting", "meta_unavailable")
        clock.pass_by(hours=6)
        work(services)

    assert ended(services, orders[2]) == REJECTED
    assert row(services, orders[2])["code"] == "987654/77"
    with services.database.transaction() as conn:
        told = attempts_of(conn, shop.id, orders[2])
    assert [(one.result, one.code) for one in told[-6:]] == [("refused", "987654/77")] * 6


def test_an_order_refused_with_an_unknown_code_is_recovered_if_meta_takes_it_later(
    services: Services, meta: SandboxMeta, shop: Shop, clock: MovedClock
) -> None:
    orders = crowd(services, shop, 2)
    meta.fault("meta_reject", order=orders[1], code=987_654)
    work(services)
    meta.repair()
    clock.pass_by(minutes=1)
    work(services)

    assert outcomes(services) == {("recovered", "pixel_silent"): 2}


@pytest.mark.parametrize(
    ("old", "new", "flaw"),
    [
        (b'"EUR"', b'"euro"', "wrong_currency"),
        (b"115.9", b"-15.9", "wrong_value"),
        (b'"website"', b'"store"', "wrong_shape"),
        (b'"em":["', b'"em":["x', "not_hashed"),
        (b'"event_time":1', b'"event_time":0', "wrong_shape"),
    ],
)
def test_a_bad_event_of_our_own_making_ends_without_a_request(
    services: Services, meta: SandboxMeta, shop: Shop, clock: MovedClock, old: bytes, new: bytes, flaw: str
) -> None:
    orders = crowd(services, shop, 3)
    event = event_of(orders[1], clock.now())
    assert old in event
    with services.database.transaction() as conn:
        key = read_shop(conn, services, shop).key
    sealed = key.seal(event.replace(old, new), event_place(orders[1]))
    do(services, "UPDATE paid_order SET sealed_event = %s WHERE order_id = %s", sealed, orders[1])

    work(services)

    assert meta.sizes() == [2]
    assert ended(services, orders[1]) == REJECTED
    assert row(services, orders[1])["code"] == f"local/{flaw}"
