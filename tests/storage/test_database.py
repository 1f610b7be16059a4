from __future__ import annotations

import socket
import threading
import time
from itertools import pairwise

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
