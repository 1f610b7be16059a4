from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient

from plugin.jobs import deliver, sweep
from plugin.meta.conversions import ConversionsClient
from plugin.services import Services
from plugin.storage import locks
from plugin.storage.shops import Shop
from plugin.storage.vault import Place
from tests.builders import CHECKOUT_TOKEN, ORDER_ID
from tests.conftest import MovedClock
from tests.edges.handwork import GRACE, LATE, MOMENT, Meta, claimed, do, started
from tests.edges.ledger_view import (
    ended,
    policy_changes,
    purchase,
    row,
    tell,
    totals,
    work,
)
from tests.edges.privacy import (
    CANARIES,
    CUSTOMER_ID,
    EMAIL,
    FBP,
    buy_as_canary,
    customer,
    everything,
    found_of,
    redact,
    requests_of,
    rows,
    upkeep,
)


@contextmanager
def a_request_is_out(services: Services, shop: Shop) -> Iterator[None]:
    with locks.sending(services.database, shop.id):
        yield


def state(services: Services) -> str:
    return str(requests_of(services)[-1]["state"])


def test_a_waiting_order_ends_withheld_and_leaves_nothing_but_its_day_and_a_tombstone(
    client: FlaskClient, services: Services, waiting: Shop, meta: Meta, clock: MovedClock
) -> None:
    redact(client, ORDER_ID)
    upkeep(services)
    clock.pass_by(minutes=GRACE)
    work(services)

    assert meta.events() == []
    assert (rows(services, "paid_order"), rows(services, "evidence"), rows(services, "tombstone")) == (0, 0, 2)
    assert totals(services) == {("withheld", "erased"): 1}
    assert found_of(services, *CANARIES, str(ORDER_ID), str(CUSTOMER_ID)) == set()


def test_the_scan_would_find_what_is_kept(services: Services, waiting: Shop) -> None:
    clear = waiting.key.unseal(row(services)["sealed_event"], Place("paid_order", "sealed_event", str(ORDER_ID)))
    do(services, "UPDATE shop SET url = %s", clear.decode())
    do(services, "UPDATE evidence SET sealed_ids = %s", EMAIL.encode())

    assert {EMAIL, str(ORDER_ID)} < found_of(services, *CANARIES, str(ORDER_ID))
    assert waiting.key.lookup_hash(CHECKOUT_TOKEN).hex() in everything(services)


def test_an_erasure_is_recorded_without_naming_anybody(
    client: FlaskClient, services: Services, waiting: Shop, clock: MovedClock
) -> None:
    redact(client, ORDER_ID, ORDER_ID + 1)
    upkeep(services)

    entry = policy_changes(services, waiting)[0]
    assert (entry["what"], entry["place"], entry["user_id"]) == ("customers_redact", "shopify", "")
    assert (entry["old"], entry["new"]) == ("request 1", "done, orders: 1")
    (done,) = requests_of(services)
    assert (done["state"], done["found"], done["order_ids"], done["done_at"]) == ("done", 1, [], clock.now())


def test_an_order_in_doubt_ends_unconfirmed_before_it_goes(
    client: FlaskClient, services: Services, waiting: Shop, clock: MovedClock
) -> None:
    clock.pass_by(minutes=GRACE)
    with Meta(LATE) as server:
        object.__setattr__(services, "meta", ConversionsClient(f"{server.url}/v26.0", timeout=(1, 0.5)))
        work(services)
    assert row(services)["in_doubt_since"] is not None

    redact(client, ORDER_ID)
    upkeep(services)

    assert totals(services) == {("failed", "unconfirmed"): 1}
    assert rows(services, "paid_order") == 0


def test_an_order_whose_worker_died_after_the_request_left_ends_unconfirmed(
    client: FlaskClient, services: Services, waiting: Shop, clock: MovedClock
) -> None:
    clock.pass_by(minutes=GRACE)
    assert started(services, claimed(services, waiting, MOMENT)) is not None
    redact(client, ORDER_ID)
    upkeep(services)
    assert state(services) == "open"  # its request may still be out

    do(services, "UPDATE attempt SET deadline = now() - interval '1 second'")
    upkeep(services)

    assert (state(services), rows(services, "paid_order")) == ("done", 0)
    assert totals(services) == {("failed", "unconfirmed"): 1}


def test_while_a_request_holds_one_order_the_others_go_and_it_follows_in_the_next_round(
    client: FlaskClient, services: Services, waiting: Shop, meta: Meta, clock: MovedClock
) -> None:
    clock.pass_by(minutes=GRACE)
    held = claimed(services, waiting)
    other = buy_as_canary(client, clock, 1, checkout_token="another")
    redact(client, ORDER_ID, other)

    with a_request_is_out(services, waiting):
        upkeep(services)
        assert state(services) == "open"
        assert rows(services, "paid_order") == 1
        assert ended(services) == ("waiting", "sending")
    upkeep(services)

    assert (state(services), requests_of(services)[0]["found"]) == ("done", 2)
    assert rows(services, "paid_order") == 0
    assert totals(services) == {("withheld", "erased"): 2}
    assert started(services, held) is None


def test_a_request_under_way_is_waited_for(
    client: FlaskClient,
    services: Services,
    waiting: Shop,
    meta: Meta,
    clock: MovedClock,
    crew: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock.pass_by(minutes=GRACE)
    sweep.sweep(services)
    redact(client, ORDER_ID)
    left, go_on = threading.Event(), threading.Event()

    def meanwhile(point: str) -> None:
        if point == "after_post":
            left.set()
            go_on.wait(10)

    monkeypatch.setattr(deliver, "crash_at", meanwhile)
    sending = crew.submit(deliver.deliver, services, waiting.id)
    assert left.wait(10)
    upkeep(services)
    assert state(services) == "open"
    go_on.set()
    sending.result(10)
    upkeep(services)

    assert state(services) == "done"
    assert totals(services) == {("recovered", "pixel_silent"): 1}
    assert rows(services, "paid_order") == 0


def test_a_sent_order_goes_with_the_fingerprint_of_its_request_and_its_day_stays(
    client: FlaskClient, services: Services, waiting: Shop, meta: Meta, clock: MovedClock
) -> None:
    clock.pass_by(minutes=GRACE)
    work(services)
    assert len(meta.events()) == 1

    redact(client, ORDER_ID)
    upkeep(services)

    assert totals(services) == {("recovered", "pixel_silent"): 1}
    with services.database.transaction() as conn:
        (attempt,) = conn.execute("SELECT result, digest FROM attempt").fetchall()
    assert attempt == {"result": "accepted", "digest": None}
    assert found_of(services, *CANARIES, str(ORDER_ID)) == set()


def test_what_comes_late_about_an_erased_order_changes_nothing(
    client: FlaskClient, services: Services, waiting: Shop, clock: MovedClock
) -> None:
    redact(client, ORDER_ID)
    upkeep(services)
    before = everything(services)

    buy_as_canary(client, clock)
    buy_as_canary(client, clock, cancelled_at=clock.now().isoformat())
    tell(client, waiting, clock, fbp=FBP)
    purchase(client, waiting, clock, "sent", fbp=FBP)

    assert everything(services) == before


def test_customer_is_the_person_that_buys() -> None:
    assert customer()["email"] == EMAIL
