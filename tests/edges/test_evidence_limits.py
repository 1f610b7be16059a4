from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

import pytest
from flask.testing import FlaskClient

from plugin.flood import AT_ONCE, BURST, Gate, TooMany
from plugin.services import Services
from plugin.storage.database import Conn, Database, Together
from plugin.storage.grouping import Made
from plugin.storage.shops import Shop
from tests import doors
from tests.builders import ORDER_ID, wire_post
from tests.conftest import MovedClock, settings_from
from tests.edges.ledger_view import switch_on
from tests.edges.posts import REFUSED, STRANGER, Hand, narrow_gate, post, rows

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


class Counted(Database):
    """Counts the statements of its transactions and groups."""

    statements: int

    def grouped(self, write: Together[Any, Any], make: Callable[[], Made[Any]]) -> Any:
        return super().grouped(self._counting(write), make)

    @cache  # noqa: B019 - one a test: groups are told apart by what writes them
    def _counting(self, write: Together[Any, Any]) -> Together[Any, Any]:
        return lambda conn, things: write(cast("Conn", _Counting(conn, self)), things)

    @contextmanager
    def transaction(self) -> Iterator[Conn]:
        with super().transaction() as conn:
            yield cast("Conn", _Counting(conn, self))


class _Counting:
    def __init__(self, conn: Conn, database: Counted) -> None:
        self._conn, self._database = conn, database

    def execute(self, *words: Any) -> Any:
        self._database.statements += 1
        return self._conn.execute(*words)

    def cursor(self) -> Any:
        self._database.statements += 1
        return self._conn.cursor()


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def narrow(services: Services, hand: Hand) -> Gate:
    return narrow_gate(services, hand)


@pytest.fixture
def counted(services: Services, database_url: str) -> Iterator[Counted]:
    services.evidence_database.close()
    database = Counted(database_url, lock_patience=0.5)
    object.__setattr__(services, "evidence_database", database)
    yield database
    database.close()


def test_every_answer_may_be_read_by_any_page(client: FlaskClient, shop: Shop) -> None:
    answers = {
        method: client.open("/pixel/evidence", method=method)
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "POST", "OPTIONS")
    }

    assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers.values()} == {"*"}
    assert {method: answer.status_code for method, answer in answers.items()} == {
        **dict.fromkeys(("GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE"), 405),
        "POST": 400,
        "OPTIONS": 204,
    }
    assert "Access-Control-Allow-Origin" not in client.get("/health/live").headers


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "identity, gzip", "zstd"])
def test_a_compressed_post_gets_415_unread(client: FlaskClient, services: Services, shop: Shop, coding: str) -> None:
    answer = doors.evidence(client, wire_post(key=shop.ingest_key), Content_Encoding=coding)

    assert answer.status_code == 415
    assert rows(services) == 0
    assert doors.evidence(client, wire_post(key=shop.ingest_key), Content_Encoding="Identity").status_code == 204


def test_a_known_and_an_invented_shop_get_the_same_answer(client: FlaskClient, shop: Shop) -> None:
    known, invented = (post(client, key, "one-checkout") for key in (shop.ingest_key, STRANGER))

    assert known.status_code == invented.status_code == 204
    assert list(known.headers) == list(invented.headers)
    assert known.data == invented.data == b""


@pytest.mark.parametrize("key", [None, STRANGER], ids=["known", "invented"])
def test_a_key_is_held_to_its_rate_whether_there_is_such_a_shop_or_not(
    client: FlaskClient, shop: Shop, narrow: Gate, hand: Hand, key: str | None
) -> None:
    key = key or shop.ingest_key
    for _ in range(2 * BURST):
        assert post(client, key, "one-checkout").status_code == 204

    refused = post(client, key, "one-checkout")

    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "1"
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    hand.now += 1
    assert post(client, key, "one-checkout").status_code == 204
    assert post(client, "another_key_of_a_shop", "one-checkout").status_code == 204


def test_a_flood_of_other_posts_loses_no_refusal_and_no_delivery(client: FlaskClient, shop: Shop, narrow: Gate) -> None:
    while post(client, shop.ingest_key, "one-checkout").status_code == 204:
        pass

    refused = post(client, shop.ingest_key, "another", stage="consent_withdrawn", consent=REFUSED)
    named = {"stage": "checkout_completed", "tr": "sent", "order": str(ORDER_ID), "eid": f"purchase.{ORDER_ID}"}
    delivered = post(client, shop.ingest_key, "a-third", **named)

    assert (refused.status_code, delivered.status_code) == (204, 204)
    codes = [post(client, shop.ingest_key, "another", consent=REFUSED).status_code for _ in range(2 * BURST)]
    assert codes[-1] == 429


def test_an_address_is_held_to_its_rate_and_a_household_is_one(client: FlaskClient, shop: Shop, narrow: Gate) -> None:
    for number in range(BURST):
        assert post(client, f"{STRANGER}{number}", "c", f"2a02:26f0:1:2::{number}").status_code == 204

    assert post(client, STRANGER, "c", "2a02:26f0:1:2:ffff::1").status_code == 429
    assert post(client, STRANGER, "c", "2a02:26f0:1:3::1").status_code == 204
    assert {post(client, f"{STRANGER}{number}", "c").status_code for number in range(2 * BURST)} == {204}


def test_what_is_refused_at_the_gate_never_reaches_the_database(
    client: FlaskClient, shop: Shop, narrow: Gate, services: Services
) -> None:
    services.evidence_database.close()
    object.__setattr__(services, "evidence_database", Database(NOWHERE, patience=0.05))
    for _ in range(2 * BURST):
        narrow.admit_key(shop.ingest_key)

    assert post(client, shop.ingest_key, "c").status_code == 429
    assert post(client, STRANGER, "c").status_code == 503


def test_while_the_database_is_away_a_post_that_finds_no_place_is_told_so(
    client: FlaskClient, shop: Shop, narrow: Gate
) -> None:
    leave, taken = threading.Event(), threading.Semaphore(0)

    def stay() -> None:
        with narrow.place():
            taken.release()
            leave.wait(10)

    threads = [threading.Thread(target=stay) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    assert all(taken.acquire(timeout=5) for _ in threads)
    busy = post(client, shop.ingest_key, "c")
    narrow.note_away()
    away = post(client, shop.ingest_key, "c")
    leave.set()

    assert (busy.status_code, busy.headers["Retry-After"]) == (429, "1")
    assert (away.status_code, away.headers["Access-Control-Allow-Origin"]) == (503, "*")


def statements(counted: Counted, client: FlaskClient, raw: bytes) -> int:
    counted.statements = 0
    assert doors.evidence(client, raw).status_code == 204
    return counted.statements


def test_a_post_costs_one_statement_and_a_refusal_one_look_up_one_lock_and_two_writes(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock, counted: Counted
) -> None:
    switch_on(services, shop)
    began = {"key": shop.ingest_key, "stage": "checkout_started", "tr": None, "order": None, "eid": None}
    delivered = {"key": shop.ingest_key, "order": str(ORDER_ID)}

    found = {
        "stranger": statements(counted, client, wire_post(key=STRANGER)),
        "first": statements(counted, client, wire_post(**began)),
        "again": statements(counted, client, wire_post(**began)),
        "delivered, no order yet": statements(counted, client, wire_post(**delivered)),
        "refused, no order yet": statements(counted, client, wire_post(**began | {"consent": REFUSED})),
    }

    assert found == {
        "stranger": 1,
        "first": 2,  # the shop was never read before
        "again": 1,
        "delivered, no order yet": 1,
        "refused, no order yet": 4,
    }


def test_limits_are_settings() -> None:
    given = Services.build(settings_from(BACKSTOP_POSTS_PER_SHOP="1"), NOWHERE)
    for _ in range(BURST):
        given.gate.admit_key(STRANGER)

    with pytest.raises(TooMany):
        given.gate.admit_key(STRANGER)
