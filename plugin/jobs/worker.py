"""A worker process: two of the queue's workers side by side, one that sends and one for all else.

The queue's worker gives up when PostgreSQL is away for half a minute. So it works in shifts: one that ended so is
followed by another, as soon as there is a database again.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, Protocol

import procrastinate
import psycopg
from procrastinate.exceptions import ConnectorException

from plugin.jobs import lanes
from plugin.storage import heartbeat
from plugin.storage.database import DatabaseAway

log = logging.getLogger(__name__)
OTHER_SLOTS = 4
"""Jobs at a time that do not send: judging, upkeep, asking Shopify."""
FINISH_WITHIN = 60
"""Seconds that a stop waits for what is under way: a request takes up to 33, its result is then written."""
STOPS = (signal.SIGTERM, signal.SIGINT)
AWAY: Final = (DatabaseAway, ConnectorException, psycopg.OperationalError)
SHORTEST_REST, LONGEST_REST = 0.5, 5.0
"""Seconds between two shifts while the database is away."""

Shift = Callable[[asyncio.Event], Awaitable[None]]


class Beats(Protocol):
    """What gives signs of life."""

    def beat(self) -> None:
        """Give one; DatabaseAway if it could not."""


async def stay(shift: Shift, heart: Beats, stopping: threading.Event, *, threads: int) -> None:
    """Work shift after shift until a signal says stop. How long PostgreSQL is away in between does not matter.

    Raises whatever else ended a shift.
    """
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    loop.set_default_executor(ThreadPoolExecutor(threads))

    def stop() -> None:
        stopping.set()
        told.set()

    for number in STOPS:
        loop.add_signal_handler(number, stop)
    beating = asyncio.create_task(_beat(heart))
    try:
        rest = SHORTEST_REST
        while not told.is_set():
            began = loop.time()
            try:
                await shift(told)
            except AWAY as fault:
                rest = SHORTEST_REST if loop.time() - began > LONGEST_REST else min(rest * 2, LONGEST_REST)
                log.warning("database away, the next shift begins soon", extra={"error": type(fault).__name__})
                await _pass(told, rest)
    finally:
        beating.cancel()


async def _beat(heart: Beats) -> None:
    while True:
        await asyncio.sleep(heartbeat.EVERY)
        with suppress(DatabaseAway):
            await asyncio.to_thread(heart.beat)


async def _pass(told: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(told.wait(), seconds)


async def run(queue: procrastinate.App, told: asyncio.Event, *, senders: int) -> None:
    """Work one shift, until it is told to stop; what is under way is finished, nothing new begins.

    Raises whatever ended one of the two (PostgreSQL away for long): the other is stopped as well.
    """
    others = sorted({task.queue for task in queue.tasks.values()} - {lanes.QUEUE})
    both = [
        asyncio.create_task(_worker(queue, [lanes.QUEUE], senders)),
        asyncio.create_task(_worker(queue, others, OTHER_SLOTS)),
    ]
    end = asyncio.create_task(told.wait())
    try:
        await asyncio.wait([*both, end], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*both, end):
            task.cancel()  # which a worker takes as: finish what is under way
    for ended in await asyncio.gather(*both, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended


async def _worker(queue: procrastinate.App, queues: list[str], concurrency: int) -> None:
    await queue.run_worker_async(
        queues=queues,
        concurrency=concurrency,
        delete_jobs="always",
        fetch_job_polling_interval=1.0,
        shutdown_graceful_timeout=FINISH_WITHIN,
        install_signal_handlers=False,
    )
