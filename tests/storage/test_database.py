from __future__ import annotations

from plugin.storage.database import Database

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
