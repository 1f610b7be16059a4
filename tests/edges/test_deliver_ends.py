from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from plugin.jobs import deliver, sweep
from plugin.services import Services
from plugin.storage import connections, locks, sending
from plugin.storage.held import Said, Word
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import MovedClock
from tests.edges.handwork import GRACE, LATE, TAKEN, Meta, say
from tests.edges.ledger_view import buy, ended, row, switch_off, switch_on, work
from tests.edges.servers import Cut, Reply, reply


def test_switching_off_drops_what_waits_and_on_again_revives_none(
    client: FlaskClient, services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    young = ORDER_ID + 1
    buy(client, clock, id=young, admin_graphql_api_id=f"gid://shopify/Order/{young}")
    sweep.sweep(services)
    assert ended(services) == ("waiting", "sending")

    ending = switch_off(services, missed)
    assert (ending.dropped, ending.still_out) == (2, False)
    assert ended(services) == ("missed", "tracking_off")
    assert ended(services, young) == ("waiting", "grace_period")
    assert row(services, young)["sealed_event"] is None

    switch_on(services, missed)
    clock.pass_by(minutes=GRACE)
    work(services)

    assert ended(services, young) == ("missed", "tracking_off")
    assert meta.events() == []


def test_switching_off_leaves_an_order_in_doubt_unconfirmed(
    services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    meta.says(LATE)
    work(services)

    switch_off(services, missed)

    assert ended(services) == ("failed", "unconfirmed")


def test_an_uninstalled_store_sends_nothing_and_its_orders_end(
    services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    with services.database.transaction() as conn:
        connections.uninstall(conn, missed.domain, clock.now())

    work(services)

    assert ended(services) == ("missed", "not_connected")
    assert meta.events() == []


def held_by_a_dead_worker(services: Services, shop: Shop, *, started: bool) -> None:
    """Claim as a worker does, and (if `started`) mark the request as begun; then never come back."""
    sweep.sweep(services)
    with services.database.transaction() as conn:
        claimed = sending.claim(conn, shop.id, services.clock.now(), lease=timedelta(milliseconds=1))
    assert claimed is not None
    if started:
        with services.database.transaction() as conn:
            now = services.clock.now()
            assert sending.start_post(conn, services.vault, claimed, now, timedelta(milliseconds=1)) is not None
    with services.database.transaction() as conn:  # its deadline and PostgreSQL's rest after a start have passed
        conn.execute("UPDATE attempt SET deadline = now() - interval '1 second'")


def test_what_a_dead_worker_had_not_started_is_sent_without_doubt(
    services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    object.__setattr__(services, "settings", replace(services.settings, lease=timedelta(milliseconds=1)))
    held_by_a_dead_worker(services, missed, started=False)

    work(services)

    assert ended(services) == ("recovered", "pixel_silent")
    assert row(services)["in_doubt_since"] is None


def test_what_a_dead_worker_may_have_sent_is_in_doubt_and_sent_again(
    services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    object.__setattr__(services, "settings", replace(services.settings, lease=timedelta(milliseconds=1)))
    held_by_a_dead_worker(services, missed, started=True)
    sweep.sweep(services)
    assert row(services)["in_doubt_since"] is not None
    assert ended(services) == ("waiting", "sending")

    clock.pass_by(minutes=2)
    work(services)

    assert ended(services) == ("recovered", "pixel_silent")
    assert row(services)["reposts"] == 1


def test_switching_off_waits_for_the_request_that_is_out(
    services: Services, missed: Shop, meta: Meta, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.storage.policy.WAIT_FOR_FLIGHT", 0.3)
    with locks.sending(services.database, missed.id):
        ending = switch_off(services, missed)

    assert ending.still_out
    work(services)
    assert meta.events() == []
    assert ended(services) == ("missed", "tracking_off")


def test_only_one_worker_sends_for_a_store_at_a_time(services: Services, missed: Shop, meta: Meta) -> None:
    sweep.sweep(services)
    with locks.turn(services.database, missed.id) as mine:
        deliver.deliver(services, missed.id)

    assert mine
    assert meta.events() == []


def test_an_order_reset_on_the_way_is_in_doubt(services: Services, missed: Shop, meta: Meta, clock: MovedClock) -> None:
    meta.says(Reply(cut=Cut.AFTER_BODY))

    work(services)

    assert row(services)["in_doubt_since"] is not None


@pytest.fixture
def held_order(services: Services, missed: Shop, meta: Meta, clock: MovedClock) -> Shop:
    """The order's only request got no answer, 48 hours ago."""
    meta.says(LATE)
    work(services)
    clock.pass_by(hours=48)
    work(services)
    assert ended(services) == ("waiting", "held")
    meta.says(reply(TAKEN))
    return missed


def test_a_held_order_is_sent_on_the_merchants_word(
    services: Services, held_order: Shop, meta: Meta, clock: MovedClock
) -> None:
    assert say(services, held_order, Said(Word.SEND)) == 1
    work(services)

    assert ended(services) == ("recovered", "pixel_silent")
    assert len(meta.events()) == 2


def test_the_merchants_word_is_good_for_one_request(
    services: Services, held_order: Shop, meta: Meta, clock: MovedClock
) -> None:
    meta.says(LATE)
    assert say(services, held_order, Said(Word.SEND, ORDER_ID)) == 1
    work(services)
    clock.pass_by(hours=1)
    work(services)

    assert ended(services) == ("waiting", "held")
    assert len(meta.events()) == 2


def test_a_held_order_is_closed_on_the_merchants_word(
    services: Services, held_order: Shop, meta: Meta, clock: MovedClock
) -> None:
    assert say(services, held_order, Said(Word.CLOSE, 1)) == 0
    assert say(services, held_order, Said(Word.CLOSE, ORDER_ID)) == 1

    assert ended(services) == ("failed", "unconfirmed")
    assert len(meta.events()) == 1
