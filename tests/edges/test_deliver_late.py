"""A worker that stalls past its lease and is answered after all: nothing that Meta took is sent a second time."""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from plugin.jobs import sweep
from plugin.meta.outgoing import post
from plugin.services import Services
from plugin.storage import sending
from plugin.storage.attempts import attempts_of
from plugin.storage.sending import Claim
from plugin.storage.settling import Passing, Settling, Told
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import MovedClock
from tests.edges.crowd import attempts, crowd, open_shop, outcomes
from tests.edges.handwork import LEASE, MOMENT, TAKEN, Meta, buy_another, claimed, do, started
from tests.edges.ledger_view import ended, purchase, row, totals, work
from tests.edges.plant import plant
from tests.edges.servers import Server, reply

RECOVERED = ("recovered", "pixel_silent")


def stalls(services: Services, shop: Shop) -> sending.Post:
    """Begin a request, and let its lease be over and its orders be taken back before its answer comes."""
    held = claimed(services, shop)
    begun = started(services, held)
    assert begun is not None
    do(services, "UPDATE attempt SET deadline = now() - interval '1 second'")
    do(services, "UPDATE paid_order SET lease_until = now() - interval '1 second' WHERE attempt IS NOT NULL")
    object.__setattr__(services, "settings", replace(services.settings, lease=MOMENT))
    sweep.sweep(services)
    assert row(services)["attempt"] is None
    return begun


def settling(services: Services, post: sending.Post, act: str = "recovered") -> None:
    with services.database.transaction() as conn:
        end = Settling(conn, services.vault, post, services.clock.now(), Told(trace_id="Alate"))
        end.recovered() if act == "recovered" else end.later(Passing.IN_DOUBT)


def claim_again(services: Services, shop: Shop, clock: MovedClock) -> Claim:
    clock.pass_by(minutes=2)
    with services.database.transaction() as conn:
        held = sending.claim(conn, shop.id, clock.now(), lease=LEASE)
    assert held is not None
    return held


def test_a_late_good_answer_settles_what_was_taken_back(
    services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    late = stalls(services, missed)

    settling(services, late)
    clock.pass_by(hours=1)
    work(services)

    assert ended(services) == RECOVERED
    assert (row(services)["trace_id"], row(services)["reposts"]) == ("Alate", 0)
    assert row(services)["sealed_event"] is None
    assert totals(services) == {RECOVERED: 1}
    assert meta.events() == []


def test_it_settles_what_another_has_claimed_and_not_begun_to_send(
    services: Services, missed: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    late = stalls(services, missed)
    other = buy_another(client, missed, clock, 1)
    clock.pass_by(minutes=31)
    sweep.sweep(services)
    again = claim_again(services, missed, clock)
    assert set(again.order_ids) == {ORDER_ID, other}

    settling(services, late)
    begun = started(services, again)

    assert begun is not None
    assert begun.claim.order_ids == (other,)
    assert ended(services) == RECOVERED


def test_an_order_whose_repeat_has_begun_is_settled_by_that(
    services: Services, missed: Shop, clock: MovedClock
) -> None:
    late = stalls(services, missed)
    again = started(services, claim_again(services, missed, clock))
    assert again is not None

    settling(services, late)
    assert ended(services) == ("waiting", "sending")
    settling(services, again)

    assert ended(services) == RECOVERED
    assert row(services)["reposts"] == 1
    with services.database.transaction() as conn:
        told = attempts_of(conn, missed.id, ORDER_ID)
    assert [one.result for one in told] == ["accepted", "accepted"]


def test_what_was_accepted_before_is_not_tried_again_when_the_repeat_fails(
    services: Services, missed: Shop, clock: MovedClock
) -> None:
    late = stalls(services, missed)
    again = started(services, claim_again(services, missed, clock))
    assert again is not None
    settling(services, late)

    settling(services, again, "later")

    assert ended(services) == RECOVERED


def test_a_late_answer_changes_nothing_that_was_decided_meanwhile(
    client: FlaskClient, services: Services, missed: Shop, clock: MovedClock
) -> None:
    late = stalls(services, missed)
    purchase(client, missed, clock, "sent")

    settling(services, late)

    assert ended(services) == ("tracked", "pixel_delivered")
    assert totals(services) == {("tracked", "pixel_delivered"): 1}


def test_an_answer_that_is_there_is_read_however_late_its_reader_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(reply(TAKEN)) as server:
        lags = iter([0.0])
        monkeypatch.setattr("plugin.meta.outgoing.time.monotonic", lambda: next(lags, 1e6))

        assert post(server.url, b"{}", timeout=(1, 1)).status == 200


def test_a_stopped_worker_that_goes_on_sends_nothing_twice() -> None:
    with plant() as site:
        shop = open_shop(site.services, site.meta)
        crowd(site.services, shop, 20)
        site.meta.fault("meta_slow", delay=1)
        worker = site.worker()
        site.until(site.meta.received)
        worker.send_signal(signal.SIGSTOP)
        threading.Timer(8, worker.send_signal, [signal.SIGCONT]).start()
        site.worker()
        time.sleep(4)
        site.until(lambda: outcomes(site.services) == {RECOVERED: 20})

        assert len(site.meta.received()) == 20
        assert [one["result"] for one in attempts(site.services)] == ["accepted"]
