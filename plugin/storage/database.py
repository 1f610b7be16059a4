"""The way to PostgreSQL: a pool for short transactions, and connections of their own for locks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from plugin.storage.aside import Aside
from plugin.storage.grouping import Alone, GroupWriter, Made, NoAnswer
from plugin.storage.line import Line

log = logging.getLogger(__name__)
Conn = Connection[DictRow]
Thing = TypeVar("Thing")
Answer = TypeVar("Answer")
Together = Callable[[Conn, Sequence[Thing]], Sequence[Answer]]
"""Writes things, each statement committed by itself and repeatable; one answer each, in their order."""
NOTICE_DEATH = "-c tcp_keepalives_idle=20 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
"""So that PostgreSQL notices within a minute that a whole machine of ours is gone, and frees what its sessions held."""
AWAY = (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction)
"""No connection (PoolTimeout too), a lost one, a lock not to be had in time, or a server that only reads."""

CROSSED = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
"""Somebody else holds what one thing of a group needs: no reason for the others to wait with it."""


class DatabaseAway(Exception):
    """PostgreSQL does not answer right now; what was asked has not happened. Try again."""


class Database:
    """A pool of connections. One transaction a request or job step; none is open during a call to the outside."""

    def __init__(self, url: str, *, size: int = 16, patience: float = 4, lock_patience: float = 0) -> None:
        """Hold up to `size` connections; wait `patience` seconds for a free one (Shopify gives a webhook 5).

        `lock_patience`: seconds after which a statement that waits for a lock gives up (0: never).
        """
        self._patience = patience
        self._groups: dict[Together[Any, Any], GroupWriter[Any, Any]] = {}
        self._lock = threading.Lock()
        options = f"-c timezone=UTC -c lock_timeout={int(lock_patience * 1000)} {NOTICE_DEATH}"
        self.url = url
        self._aside = Aside(url, NOTICE_DEATH)
        self._pool: ConnectionPool[Conn] = ConnectionPool(
            url,
            min_size=1,
            max_size=size,
            timeout=patience,
            reconnect_timeout=patience,  # its waits double meanwhile; whoever asks after that begins anew
            open=False,
            kwargs={"row_factory": dict_row, "options": options, "connect_timeout": 3},
            check=ConnectionPool.check_connection,
        )

    @contextmanager
    def transaction(self) -> Iterator[Conn]:
        """Lend a connection; commit at the end, roll back on any exception.

        Raises:
            DatabaseAway: no connection could be had, or it was lost (then the transaction did not commit, or its
                commit was not confirmed: everything written here can be repeated).
        """
        self._pool.open()
        try:
            with self._pool.connection() as conn:
                yield conn
        except AWAY as cause:
            raise DatabaseAway(type(cause).__name__) from None  # its text may quote values

    def grouped(self, write: Together[Thing, Answer], make: Callable[[], Made[Thing]]) -> Answer:
        """Let a thing be made and handed to `write` with those of other threads; return its answer after the commit.

        Raises:
            whatever `make` raises.
            Alone: nothing was written: something of the group was refused, or waited for a lock. To be done by itself.
            DatabaseAway: as for `transaction`.
        """
        group: GroupWriter[Thing, Answer] = self._groups.get(write) or self._group(write)
        try:
            return group.put(make)
        except NoAnswer:
            raise DatabaseAway("no answer") from None

    def _group(self, write: Together[Thing, Answer]) -> GroupWriter[Thing, Answer]:
        with self._lock:
            if write not in self._groups:
                line = Line(self.url, NOTICE_DEATH)
                self._groups[write] = GroupWriter(
                    partial(_written, line, write), patience=self._patience, common=DatabaseAway, end=line.close
                )
            return self._groups[write]

    @contextmanager
    def own_connection(self) -> Iterator[Connection[Any]]:
        """Lend a connection outside the pool, for session locks: giving it back frees them, whatever happened."""
        try:
            conn = self._aside.take()
            try:
                yield conn
            finally:
                self._aside.give_back(conn)
        except AWAY as cause:
            raise DatabaseAway(type(cause).__name__) from None

    def close(self) -> None:
        """Let what is under way in groups end, and close the pool."""
        for group in self._groups.values():
            group.close()
        self._aside.close()
        self._pool.close()


def _written(line: Line, write: Together[Thing, Answer], things: Sequence[Thing]) -> Sequence[Answer]:
    try:
        return line.run(write, things)
    except Exception as fault:  # noqa: BLE001 - whatever it is, each of the group learns of it, and tells it by itself
        if isinstance(fault, AWAY) and not isinstance(fault, CROSSED):
            raise DatabaseAway(type(fault).__name__) from None
        log.warning("written one by one", extra={"count": len(things), "error": type(fault).__name__})
        raise Alone from None  # its text may quote values
