"""A worker process: two of the queue's workers side by side, one that sends and one for all else."""

from __future__ import annotations

import asyncio
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import procrastinate

from plugin.jobs import lanes

OTHER_SLOTS = 4
"""Jobs at a time that do not send: judging, upkeep, asking Shopify."""
FINISH_WITHIN = 60
"""Seconds that a stop waits for what is under way: a request takes up to 33, its result is then written."""
STOPS = (signal.SIGTERM, signal.SIGINT)


async def run(queue: procrastinate.App, stopping: threading.Event, *, senders: int) -> None:
    """Work until a signal says stop; what is under way is finished, nothing new begins.

    Raises whatever ended one of the two (PostgreSQL away for long): the other is stopped as well.
    """
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(senders + OTHER_SLOTS + 2))
    others = sorted({task.queue for task in queue.tasks.values()} - {lanes.QUEUE})
    both = [
        asyncio.create_task(_worker(queue, [lanes.QUEUE], senders)),
        asyncio.create_task(_worker(queue, others, OTHER_SLOTS)),
    ]

    def stop() -> None:
        if not stopping.is_set():
            stopping.set()
            for task in both:
                task.cancel()  # which a worker takes as: finish what is under way

    for number in STOPS:
        loop.add_signal_handler(number, stop)
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop()
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
