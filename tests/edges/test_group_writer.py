"""Orders and posts that are written together: nobody answers for another, and nobody is answered before the commit."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus

import psycopg
import pytest
from flask import Flask

from plugin.services import Services
from plugin.storage.shops import Shop
from tests import doors
from tests.builders import ORDER_ID, paid_payload, wire_post
from tests.conftest import MovedClock
from tests.edges.ledger_view import somebody_waits_for_a_lock

PATH = "/webhooks/orders/paid"
MANY = 24
BAD = ORDER_ID + 7


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(MANY + 8) as made:
        yield made


def deliver(flask_app: Flask, clock: MovedClock, number: int) -> int:
    """Deliver an order of its own checkout; return the status."""
    at = clock.now().isoformat()
    named = {"id": ORDER_ID + number, "checkout_token": f"checkout-{number}", "name": f"#{number}"}
    body = paid_payload(**named, processed_at=at, created_at=at, updated_at=at)
    return doors.webhook(flask_app.test_client(), PATH, body).status_code


def tell_of(flask_app: Flask, shop: Shop, number: int) -> int:
    """Post evidence of a checkout; return the status."""
    began = {"stage": "checkout_started", "tr": None, "order": None, "eid": None}
    raw = wire_post(key=shop.ingest_key, token=f"checkout-{number}", **began)
    return doors.evidence(flask_app.test_client(), raw).status_code


def order_ids(services: Services) -> set[int]:
    with services.database.transaction() as conn:
        return {row["order_id"] for row in conn.execute("SELECT order_id FROM paid_order").fetchall()}


@contextmanager
def refused(database_url: str) -> Iterator[None]:
    """Let PostgreSQL refuse one order."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(f"ALTER TABLE paid_order ADD CONSTRAINT bad_order CHECK (order_id <> {BAD}) NOT VALID")
        try:
            yield
        finally:
            conn.execute("ALTER TABLE paid_order DROP CONSTRAINT bad_order")


def test_one_bad_row_among_many_fails_alone(
    flask_app: Flask,
    services: Services,
    shop: Shop,
    clock: MovedClock,
    threads: ThreadPoolExecutor,
    database_url: str,
) -> None:
    numbers = range(MANY)
    with refused(database_url):
        found = dict(zip(numbers, threads.map(lambda number: deliver(flask_app, clock, number), numbers), strict=True))

    assert {number: status for number, status in found.items() if status != HTTPStatus.OK} == {BAD - ORDER_ID: 500}
    assert order_ids(services) == {ORDER_ID + number for number in numbers} - {BAD}


def test_a_row_that_somebody_holds_keeps_no_other_waiting(
    flask_app: Flask, services: Services, shop: Shop, clock: MovedClock, threads: ThreadPoolExecutor
) -> None:
    assert deliver(flask_app, clock, 0) == HTTPStatus.OK
    with services.database.transaction() as conn:
        conn.execute("SELECT FROM paid_order WHERE order_id = %s FOR UPDATE", (ORDER_ID,))
        held = threads.submit(deliver, flask_app, clock, 0)
        others = list(threads.map(lambda number: deliver(flask_app, clock, number), range(1, MANY)))
        somebody_waits_for_a_lock(services)

    assert set(others) == {HTTPStatus.OK}
    assert held.result(10) == HTTPStatus.OK


def test_what_was_acknowledged_is_there_though_connections_die_all_the_while(
    flask_app: Flask,
    services: Services,
    shop: Shop,
    clock: MovedClock,
    threads: ThreadPoolExecutor,
    database_url: str,
) -> None:
    over = threading.Event()
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    def restart() -> None:
        with psycopg.connect(database_url, autocommit=True) as conn:
            for _ in range(8):
                conn.execute(kill)
                time.sleep(0.02)
            over.set()

    killer = threads.submit(restart)
    found: dict[int, int] = {}
    number = 0
    while not over.is_set():
        batch = range(number, number + 8)
        found |= zip(batch, threads.map(lambda one: deliver(flask_app, clock, one), batch), strict=True)
        number += 8
    killer.result(10)

    assert set(found.values()) <= {HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE}
    assert {ORDER_ID + one for one, status in found.items() if status == HTTPStatus.OK} <= order_ids(services)
    assert deliver(flask_app, clock, number) == HTTPStatus.OK


def test_posts_of_many_checkouts_are_all_kept_and_each_once(
    flask_app: Flask, services: Services, shop: Shop, threads: ThreadPoolExecutor
) -> None:
    numbers = [*range(MANY), *range(MANY // 2)]

    statuses = set(threads.map(lambda number: tell_of(flask_app, shop, number), numbers))

    assert statuses == {HTTPStatus.NO_CONTENT}
    with services.database.transaction() as conn:
        rows = conn.execute("SELECT jsonb_array_length(posts) AS n FROM evidence").fetchall()
    assert [row["n"] for row in rows] == [1] * MANY
