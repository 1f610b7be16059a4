"""The jobs that judge and send. Sending goes in lanes, not in a job a shop: whose turn it is stands in the rows.

A lane serves the shops that have waited longest, a batch each, for a few seconds, and goes back into the queue while
there is more to do. So the queue holds a handful of jobs however many shops wait, and no shop has a lane for itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued

from plugin.jobs import deliver, sweep
from plugin.services import Services

QUEUE = "meta"
"""Sending has slots of its own in each worker: while Meta hangs, all else goes on."""
LANES = 16
"""Batches under way at once, of all workers together; one of a shop."""


def register(queue: procrastinate.App, given: Services, period: str, stopping: Callable[[], bool]) -> None:
    """Add both tasks to the queue: the sweep, at a period told as cron, and a lane."""

    @queue.task(name="deliver", queue=QUEUE)
    async def deliver_in(lane: int) -> None:
        if await asyncio.to_thread(deliver.serve, given, stopping, start=lane / LANES):
            await wake(lane)

    async def wake(lane: int) -> None:
        try:
            await deliver_in.configure(queueing_lock=f"deliver-{lane}").defer_async(lane=lane)
        except AlreadyEnqueued:
            return

    @queue.periodic(cron=period)
    @queue.task(name="sweep", queue="sweep", queueing_lock="sweep")
    async def sweep_all(timestamp: int) -> None:  # noqa: ARG001 - the queue's own argument
        waiting = await asyncio.to_thread(sweep.sweep, given)
        for lane in range(min(len(waiting), LANES)):
            await wake(lane)
