"""A connection that a group writer keeps for itself: no pool, no transaction, one statement after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow, dict_row

Thing = TypeVar("Thing")
Answer = TypeVar("Answer")

MOST_WAIT_FOR_A_LOCK = 100
"""Milliseconds. Then the group gives way: before PostgreSQL looks for deadlocks (1 s), so that it is never in one."""
OPTIONS = f"-c timezone=UTC -c lock_timeout={MOST_WAIT_FOR_A_LOCK} -c plan_cache_mode=force_generic_plan"
"""Planning a group's statement takes longer than running it, and its plan is the same for any rows."""


class Line:
    """Used by one thread. Opened when it is needed; a broken one is opened anew."""

    def __init__(self, url: str, options: str) -> None:
        self._url = url
        self._options = f"{OPTIONS} {options}"
        self._conn: Connection[DictRow] | None = None

    def run(
        self, write: Callable[[Connection[DictRow], Sequence[Thing]], Sequence[Answer]], things: Sequence[Thing]
    ) -> Sequence[Answer]:
        """Return what `write` returns, each of its statements committed by itself; what it writes can be repeated.

        A line that was open may have broken meanwhile: then all of it is done once more on a new one.
        """
        if self._conn is not None:
            try:
                return write(self._conn, things)
            except psycopg.OperationalError:
                if not self._conn.broken:
                    raise
                self.close()
        self._conn = psycopg.connect(
            self._url,
            autocommit=True,
            row_factory=dict_row,
            connect_timeout=3,
            prepare_threshold=0,
            options=self._options,
        )
        return write(self._conn, things)

    def close(self) -> None:
        """Close it, if it is open."""
        if self._conn is not None:
            self._conn.close()
        self._conn = None
