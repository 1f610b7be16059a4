"""Intake and evidence that commit only after the switch went off, or the shop was erased: as two real transactions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient

from plugin.jobs import compliance, sweep
from plugin.recovery.order import Receipt
from plugin.recovery.post import Post
from plugin.recovery.purchase import Browser
from plugin.services import Services
from plugin.storage import connections, erasure, evidence, intake, orders, shops
from plugin.storage.evidence import Arrival
from plugin.storage.shops import Shop
from tests.builders import paid_payload, wire_post
from tests.conftest import SHOP, MovedClock
from tests.edges.handwork import GRACE, Meta, browser_ids_kept, read_shop
from tests.edges.ledger_view import ended, row, somebody_waits_for_a_lock, switch_off, switch_on, tell, work


def receipt_now(clock: MovedClock) -> Receipt:
    at = clock.now().isoformat()
    return Receipt.from_payload(paid_payload(processed_at=at, created_at=at, updated_at=at), paid_at=clock.now())


def test_an_order_that_was_being_taken_in_while_the_switch_went_off_is_erased_by_the_next_sweep_and_never_sent(
    services: Services, shop: Shop, meta: Meta, client: FlaskClient, clock: MovedClock
) -> None:
    switch_on(services, shop)
    tell(client, shop, clock)
    with services.database.transaction() as conn:
        orders.record_paid(conn, services.vault, SHOP, receipt_now(clock), clock.now())
        assert not switch_off(services, shop).still_out
    assert row(services)["sealed_event"] is not None

    sweep.sweep(services)

    assert row(services)["sealed_event"] is None
    switch_on(services, shop)
    clock.pass_by(minutes=GRACE)
    work(services)
    assert meta.events() == []
    assert ended(services) == ("missed", "tracking_off")


@dataclass(frozen=True, slots=True)
class Flip:
    """A switch that has been off when it goes on: an order that was read before has no event, and is one of before."""

    services: Services
    shop: Shop
    was_on: bool

    def happens(self) -> None:
        if self.was_on:
            switch_off(self.services, self.shop)
        switch_on(self.services, self.shop)


@pytest.fixture(params=[False, True], ids=["off before", "on, off, on"])
def flip(
    request: pytest.FixtureRequest, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> Flip:
    """A switch about to go on; the buyer has agreed to everything."""
    switch_on(services, shop)
    tell(client, shop, clock)
    if not request.param:
        switch_off(services, shop)
    return Flip(services, shop, request.param)


def ends_as_one_of_before(services: Services, meta: Meta, clock: MovedClock) -> None:
    assert row(services)["sealed_event"] is None
    clock.pass_by(minutes=GRACE)
    work(services)
    assert meta.events() == []
    assert ended(services) == ("missed", "tracking_off")


def test_an_order_that_was_read_before_the_switch_went_on_counts_as_one_of_before(
    services: Services, flip: Flip, meta: Meta, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with services.database.transaction() as conn:
        before = shops.by_domain(conn, services.vault, SHOP)
    flip.happens()
    with services.database.transaction() as conn, monkeypatch.context() as patch:
        patch.setattr(shops, "by_domain", lambda *_: before)  # it was read before
        orders.record_paid(conn, services.vault, SHOP, receipt_now(clock), clock.now())

    ends_as_one_of_before(services, meta, clock)


def test_a_group_takes_an_order_that_was_read_before_the_switch_went_on_for_one_of_before(
    services: Services, flip: Flip, meta: Meta, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = intake._looked_up  # noqa: SLF001 - the moment between the look and the writing

    def looked_up(*given: Any) -> Any:
        found = whole(*given)
        flip.happens()
        return found

    monkeypatch.setattr(intake, "_looked_up", looked_up)
    incoming = intake.Incoming(services.vault, SHOP, receipt_now(clock), clock.now())
    assert services.database.grouped(intake.record_all, incoming.made) == flip.shop.id

    ends_as_one_of_before(services, meta, clock)


def test_browser_ids_that_were_being_kept_while_the_switch_went_off_are_gone_within_a_minute(
    services: Services, shop: Shop, clock: MovedClock
) -> None:
    switch_on(services, shop)
    raw = wire_post(key=shop.ingest_key, stage="checkout_started", tr=None, order=None, eid=None)
    post = Post.from_json(raw)
    with services.database.transaction() as conn:
        read = read_shop(conn, services, shop)
        evidence.keep(conn, read, Arrival(post, clock.now(), Browser(fbp="fb.1.1.1", ip="81.2.69.160")))
        switch_off(services, shop)
    assert browser_ids_kept(services) == 1

    compliance.erase_late(services)

    assert browser_ids_kept(services) == 0


def test_an_order_that_was_being_taken_in_while_its_shop_was_erased_is_not_left_behind(
    services: Services, shop: Shop, clock: MovedClock, crew: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_in() -> None:
        with services.database.transaction() as conn:
            orders.record_paid(conn, services.vault, SHOP, receipt_now(clock), clock.now())

    with services.database.transaction() as conn:
        before = shops.by_domain(conn, services.vault, SHOP)
    with services.database.transaction() as conn:
        connections.uninstall(conn, SHOP, clock.now())
    monkeypatch.setattr(shops, "by_domain", lambda *_: before)  # it was read before
    with services.database.transaction() as conn:
        assert erasure.generation_left(conn, shop.id) is not None
        erasure.erase_shop(conn, shop.id, clock.now())
        late = crew.submit(take_in)
        somebody_waits_for_a_lock(services)
    late.result(10)

    with services.database.transaction() as conn:
        assert conn.execute("SELECT * FROM paid_order").fetchall() == []
        assert shops.due(conn, clock.now()) == []
