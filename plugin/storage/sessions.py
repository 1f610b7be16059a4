"""Whether the way to PostgreSQL keeps a session: our locks are a session's, and a pooler may take it away.

A pooler in transaction mode lends a session to whoever has a transaction at the moment. A lock then belongs to whoever
comes next: two workers would send for one shop at once, and switching off would wait for nobody.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import AsyncExitStack
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection

from plugin.storage.database import DatabaseAway

NEIGHBOURS: Final = 8
"""Connections that are opened beside the first one, behind a pooler."""
BESIDE_A_DIRECT_ONE: Final = 1
PATIENCE: Final = 1.0
"""Seconds for a statement. A pool that is used up lets a neighbour wait for longer; it has no idle session then."""
CONNECT_WITHIN: Final = 3
_PID: Final = "SELECT pg_backend_pid()"

Line = AsyncConnection[tuple[Any, ...]]


class NoSession(Exception):
    """The address leads to a pooler that takes sessions away; the text says what to do."""

    def __init__(self) -> None:
        super().__init__(
            "DATABASE_URL leads through a pooler that does not keep sessions (transaction mode), which would take away"
            " the locks that keep orders from being sent twice. Name PostgreSQL itself, or a pooler in session mode."
        )


def check(url: str) -> None:
    """Make sure that a connection keeps its session from one statement to the next.

    One connection does something and falls idle. Then neighbours begin transactions, stay in them, and after each the
    first one asks for its session's number again. A pooler that took the session away has it idle. One that gives out
    the idle session used last gives it to the first neighbour; one that gives out the one used longest ago gives the
    first connection another one. Direct connections and a session-mode pooler's show neither, however busy. Several
    neighbours, since others may use the pool meanwhile.

    Source: PostgreSQL's documentation, "Advisory Locks": a session's lock is held until that session ends.

    Raises:
        NoSession: a session was taken away.
        DatabaseAway: no connection could be had.
    """
    asyncio.run(_check(url))


async def _check(url: str) -> None:
    async with AsyncExitStack() as opened:
        first = await _connect(url, opened)
        mine = None if first is None else await _ask(first, f"{_PID} FROM pg_advisory_lock({secrets.randbits(62)})")
        if first is None or mine is None:
            raise DatabaseAway("no session")
        # a pooler has to make up the number that a connection is told at its beginning
        most = BESIDE_A_DIRECT_ONE if first.info.backend_pid == mine else NEIGHBOURS
        for _ in range(most):
            theirs = await _neighbour(url, opened)
            if theirs == mine or await _ask(first, _PID) != mine:
                raise NoSession
            if theirs is None:
                return  # none is to be had, so none is idle


async def _neighbour(url: str, opened: AsyncExitStack) -> int | None:
    """Open a connection, begin a transaction and stay in it; return its session's number, None if none is to be had."""
    line = await _connect(url, opened)
    if line is None:
        return None
    try:
        async with asyncio.timeout(PATIENCE):
            await line.execute("BEGIN")
    except TimeoutError:
        return None
    except psycopg.Error:  # a pooler that lends a session for one statement only
        raise NoSession from None
    return await _ask(line, _PID)


async def _ask(line: Line, statement: str) -> int | None:
    """Return a statement's one number; None if there is no answer in time."""
    try:
        async with asyncio.timeout(PATIENCE):
            row = await (await line.execute(statement.encode())).fetchone()
    except (TimeoutError, psycopg.Error):
        return None
    return None if row is None else int(row[0])


async def _connect(url: str, opened: AsyncExitStack) -> Line | None:
    try:
        line = await AsyncConnection.connect(url, autocommit=True, connect_timeout=CONNECT_WITHIN)
    except psycopg.OperationalError:
        return None
    opened.push_async_callback(line.close)
    return line
