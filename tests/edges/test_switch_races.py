from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import pytest

from plugin.jobs import sweep
from plugin.services import Services
from plugin.storage import locks, shops
from plugin.storage.database import DatabaseAway
from plugin.storage.shops import Shop
from tests.conftest import MovedClock
from tests.edges.handwork import Meta, browser_ids_kept, claimed, do, started, waits_for_a_lock
from tests.edges.ledger_view import ended, row, switch_off, switch_on, work


def test_an_order_that_came_before_an_off_is_not_sent_though_it_is_on_again_before_the_erasing(
    services: Services, missed: Shop, meta: Meta, clock: MovedClock, crew: ThreadPoolExecutor
) -> None:
    sweep.sweep(services)
    with locks.sending(services.database, missed.id):  # a request is out
        off = crew.submit(switch_off, services, missed)
        assert waits_for_a_lock(services)
        switch_on(services, missed)
    off.result(10)
    work(services)

    assert meta.events() == []
    assert ended(services) == ("missed", "tracking_off")


def test_an_order_claimed_before_an_off_is_not_sent_though_it_is_on_again_after_the_answer(
    services: Services, missed: Shop, meta: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.storage.policy.WAIT_FOR_FLIGHT", 0.3)
    held = claimed(services, missed)
    with locks.sending(services.database, missed.id):
        assert switch_off(services, missed).still_out
    switch_on(services, missed)

    assert started(services, held) is None
    assert ended(services) == ("missed", "tracking_off")


def test_switching_off_that_breaks_off_half_way_leaves_no_receipt_data_behind(
    services: Services, missed: Shop, meta: Meta, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> NoReturn:
        raise DatabaseAway("AdminShutdown")

    do(services, "UPDATE meta_connection SET broken = 'token_revoked'")
    sweep.sweep(services)
    assert ended(services) == ("waiting", "connection_broken")
    with monkeypatch.context() as patch:
        patch.setattr(locks, "nothing_in_flight", lost)
        with pytest.raises(DatabaseAway):
            switch_off(services, missed)

    clock.pass_by(hours=1)
    work(services)

    assert row(services)["sealed_event"] is None
    assert browser_ids_kept(services) == 0


def test_switching_off_while_postgresql_restarts_says_that_the_database_is_away(
    services: Services, missed: Shop, crew: ThreadPoolExecutor
) -> None:
    with locks.sending(services.database, missed.id):
        off = crew.submit(switch_off, services, missed)
        pid = waits_for_a_lock(services)
        do(services, "SELECT pg_terminate_backend(%s)", pid)

        assert isinstance(off.exception(10), DatabaseAway)


def test_evidence_that_keeps_coming_does_not_hold_up_switching_off(services: Services, missed: Shop) -> None:
    over = threading.Event()

    def visitor() -> None:
        while not over.is_set():
            with services.database.transaction() as conn:
                shops.by_ingest_key(conn, services.vault, missed.ingest_key)
                time.sleep(0.05)

    visitors = [threading.Thread(target=visitor, daemon=True) for _ in range(8)]
    for thread in visitors:
        thread.start()
        time.sleep(0.01)
    with ThreadPoolExecutor(1) as one:
        off = one.submit(switch_off, services, missed)
        try:
            time.sleep(5)
            answered = off.done()
        finally:
            over.set()
            for thread in visitors:
                thread.join()
    assert answered
