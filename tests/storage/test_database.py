from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any

import psycopg
import pytest

from plugin.storage.database import Database, DatabaseAway

NOTICED_WITHIN = 60
"""Seconds."""


def test_postgresql_notices_within_a_minute_that_a_machine_of_ours_is_gone(database_url: str) -> None:
    database = Database(database_url)
    try:
        with database.own_connection() as conn, database.transaction() as pooled:
            for found in (conn.info, pooled.info):
                words = dict(word.split("=") for word in found.options.split() if word.startswith("tcp_"))
                idle, every, count = (int(words[f"tcp_keepalives_{name}"]) for name in ("idle", "interval", "count"))
                assert idle + every * count <= NOTICED_WITHIN
    finally:
        database.close()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    built = Database(database_url)
    yield built
    built.close()


def process_of(conn: psycopg.Connection[Any]) -> int:
    return conn.info.backend_pid


def is_free(database_url: str) -> bool:
    with psycopg.connect(database_url, autocommit=True) as other:
        return bool(other.execute("SELECT pg_try_advisory_lock(7, 7)").fetchone() == (True,))


@pytest.mark.parametrize("fault", [None, ValueError(), psycopg.errors.LockNotAvailable()])
def test_a_lock_is_free_the_moment_its_connection_is_given_back(
    database: Database, database_url: str, fault: Exception | None
) -> None:
    with suppress(ValueError, DatabaseAway), database.own_connection() as conn:
        first = process_of(conn)
        conn.execute("SELECT pg_advisory_lock(7, 7), set_config('lock_timeout', '3s', false)")
        assert not is_free(database_url)
        if fault:
            raise fault

    assert is_free(database_url)
    with database.own_connection() as conn:
        assert process_of(conn) == first
        assert conn.execute("SHOW lock_timeout").fetchone() == ("0",)


def test_two_at_a_time_are_two_sessions(database: Database) -> None:
    with database.own_connection() as one, database.own_connection() as other:
        assert process_of(one) != process_of(other)


def test_one_that_postgresql_has_ended_meanwhile_is_not_lent_again(database: Database, database_url: str) -> None:
    with database.own_connection() as conn:
        first = process_of(conn)
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (first,))

    with database.own_connection() as conn:
        assert process_of(conn) != first


def test_one_that_ends_in_use_or_inside_a_statement_is_closed(database: Database, database_url: str) -> None:
    first = 0
    with suppress(DatabaseAway), database.own_connection() as conn:
        first = process_of(conn)
        conn.execute("SELECT pg_advisory_lock(7, 7)")
        conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    with database.own_connection() as conn:
        second = process_of(conn)
        conn.execute("SELECT pg_advisory_lock(7, 7)")
        conn.execute("BEGIN")

    end = time.monotonic() + 20
    while not is_free(database_url):  # PostgreSQL reads the farewell when it gets to it
        assert time.monotonic() < end
        time.sleep(0.01)
    with database.own_connection() as conn:
        assert process_of(conn) not in {first, second}


def test_one_that_nobody_needed_for_a_minute_is_closed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.own_connection() as first, database.own_connection() as second:
        pass
    assert not first.closed
    later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: later)
    with database.own_connection() as again:
        assert again is first

    assert second.closed
    assert not first.closed


def test_nothing_is_left_open_when_all_is_closed(database: Database, database_url: str) -> None:
    with database.own_connection() as kept:
        pass
    with database.own_connection() as lent:
        database.close()

    assert kept.closed
    assert lent.closed


def test_postgresql_is_looked_for_at_a_steady_pace_however_long_it_is_away() -> None:
    knocks = list[float]()
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_turn_away, args=(door, knocks), daemon=True).start()
        url = f"postgresql://nobody@127.0.0.1:{door.getsockname()[1]}/none?sslmode=disable&gssencmode=disable"
        database = Database(url, patience=1)
        end = time.monotonic() + 8
        while time.monotonic() < end:
            with pytest.raises(DatabaseAway), database.transaction():
                pass
        database.close()

    gaps = [later - earlier for earlier, later in pairwise([*knocks, end])]
    assert max(gaps) < 2.5  # a wait that doubles each time would be near 4 s by then


def _turn_away(door: socket.socket, knocks: list[float]) -> None:
    while True:
        try:
            caller, _ = door.accept()
        except OSError:
            return
        knocks.append(time.monotonic())
        caller.close()
