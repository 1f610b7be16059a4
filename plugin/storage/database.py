"""The way to PostgreSQL: a pool for short transactions, and connections of their own for locks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

Conn = Connection[DictRow]
NOTICE_DEATH = "-c tcp_keepalives_idle=20 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
"""So that PostgreSQL notices within a minute that a whole machine of ours is gone, and frees what its sessions held."""
AWAY = (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction)
"""No connection (PoolTimeout too), a lost one, a lock not to be had in time, or a server that only reads."""


class DatabaseAway(Exception):
    """PostgreSQL does not answer right now; what was asked has not happened. Try again."""


class Database:
    """A pool of connections. One transaction a request or job step; none is open during a call to the outside."""

    def __init__(self, url: str, *, size: int = 16, patience: float = 4, lock_patience: float = 0) -> None:
        """Hold up to `size` connections; wait `patience` seconds for a free one (Shopify gives a webhook 5).

        `lock_patience`: seconds after which a statement that waits for a lock gives up (0: never).
        """
        options = f"-c timezone=UTC -c lock_timeout={int(lock_patience * 1000)} {NOTICE_DEATH}"
        self.url = url
        self._pool: ConnectionPool[Conn] = ConnectionPool(
            url,
            min_size=1,
            max_size=size,
            timeout=patience,
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

    @contextmanager
    def own_connection(self) -> Iterator[Connection[Any]]:
        """Open a connection outside the pool, for session locks: closing it frees them, whatever happened."""
        try:
            with psycopg.connect(self.url, autocommit=True, connect_timeout=3, options=NOTICE_DEATH) as conn:
                yield conn
        except AWAY as cause:
            raise DatabaseAway(type(cause).__name__) from None

    def close(self) -> None:
        """Close the pool."""
        self._pool.close()
