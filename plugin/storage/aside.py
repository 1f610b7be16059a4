"""Connections beside the pool, each used by one thread at a time. They hold locks, and are kept for the next lock."""

from __future__ import annotations

import select
import threading
import time
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.pq import TransactionStatus

MOST_KEPT = 32
"""As many as a worker's sixteen batches hold at once. Opening one costs PostgreSQL a process."""
UNUSED = 60.0
"""Seconds after which one that was not needed is closed, the next time that any is given back."""
_FORGET = "SELECT pg_advisory_unlock_all(); RESET ALL"


class Aside:
    """Lends them. None is ever lent that still holds a lock or a setting of its last use."""

    def __init__(self, url: str, options: str) -> None:
        self._url, self._options = url, options
        self._kept: list[tuple[float, Connection[Any]]] = []
        """With the time of their last use, the last used at the end."""
        self._lock = threading.Lock()
        self._closed = False

    def take(self) -> Connection[Any]:
        """Lend one, the one last used, or open one.

        Raises:
            psycopg.OperationalError: none can be opened.
        """
        while True:
            with self._lock:
                conn = self._kept.pop()[1] if self._kept else None
            if conn is None:
                return psycopg.connect(
                    self._url, autocommit=True, connect_timeout=3, prepare_threshold=None, options=self._options
                )
            if _is_quiet(conn):
                return conn
            conn.close()

    def give_back(self, conn: Connection[Any]) -> None:
        """Free whatever it holds, and keep it; close it if that cannot be done, which frees it as well."""
        with suppress(psycopg.Error):
            if conn.info.transaction_status is TransactionStatus.IDLE:
                conn.execute(_FORGET)
                self._keep(conn)
                return
        conn.close()

    def _keep(self, conn: Connection[Any]) -> None:
        now = time.monotonic()
        with self._lock:
            self._kept.append((now, conn))
            fresh = [] if self._closed else [one for one in self._kept if now - one[0] < UNUSED][-MOST_KEPT:]
            past = self._kept[: len(self._kept) - len(fresh)]
            self._kept = fresh
        for _, one in past:
            one.close()

    def close(self) -> None:
        """Close those that are kept, and keep none from now on."""
        with self._lock:
            kept, self._kept, self._closed = self._kept, [], True
        for _, conn in kept:
            conn.close()


def _is_quiet(conn: Connection[Any]) -> bool:
    """Whether nothing came while nobody used it: an end, or the word that there is one."""
    try:
        readable, _, _ = select.select([conn.fileno()], [], [], 0)
    except (psycopg.Error, OSError, ValueError):
        return False
    return not readable
