"""The queue: procrastinate on the same PostgreSQL. Ids in, nothing else; every job may run twice or never."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import procrastinate
from procrastinate import JobContext
from procrastinate.jobs import Status
from procrastinate.tasks import Task

from plugin.jobs import (
    alerts,
    compliance,
    connecting,
    each,
    lanes,
    opt_outs,
    reconcile,
    recover,
    renew,
    watch_dataset,
    watch_pixel,
    worker,
)
from plugin.jobs.heart import Heart
from plugin.services import Services
from plugin.storage import schema

log = logging.getLogger(__name__)
STALLED_AFTER = 30
"""Seconds without a worker's heartbeat after which its job is taken for dead."""
LANES = 2
"""Jobs at once that wait for Shopify's answers: the other slots of a worker are left to judging and sending."""


def every(period: timedelta) -> str:
    """Return a period of 1 to 60 whole seconds as cron says it (the sixth field counts seconds)."""
    seconds = int(period.total_seconds())
    return "* * * * *" if seconds >= 60 else f"* * * * * */{max(seconds, 1)}"  # noqa: PLR2004 - seconds in a minute


def build(given: Services, stopping: threading.Event | None = None) -> procrastinate.App:
    """Return the queue with its tasks. The rows they work on are the truth, so no job is retried.

    Once `stopping` is set, jobs that serve one shop after the other begin with no other one.
    """
    connector = procrastinate.PsycopgConnector(conninfo=given.database.url)
    queue = procrastinate.App(connector=connector)

    lanes.register(queue, given, every(given.settings.sweep_period), (stopping or threading.Event()).is_set)

    @queue.periodic(cron="* * * * *")
    @queue.task(name="upkeep", queue="sweep", queueing_lock="upkeep", pass_context=True)
    async def upkeep(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - the queue's own argument
        await asyncio.to_thread(_keep_partitions, given)
        await _bury_stalled(context.app)
        await asyncio.to_thread(compliance.settle_requests, given)
        await asyncio.to_thread(compliance.erase_late, given)

    @queue.periodic(cron=every(given.settings.sweep_period * 4))
    @queue.task(name="watch", queue="sweep", queueing_lock="watch", lock="watch")
    def watch(timestamp: int) -> None:  # noqa: ARG001 - the queue's own argument
        watch_pixel.watch_all(given)
        alerts.send_waiting(given)

    @queue.periodic(cron="17 3 * * *")
    @queue.task(name="drop_old", queue="sweep", queueing_lock="drop_old")
    def drop_old(timestamp: int) -> None:  # noqa: ARG001 - the queue's own argument
        compliance.drop_old(given)

    _ask_shopify(queue, given)
    connecting.register(queue, given)
    watch_dataset.register(queue, given)
    return queue


def _ask_shopify(queue: procrastinate.App, given: Services) -> None:
    """Add the tasks that ask Shopify something on their own: for each shop one job, and only so many at a time."""
    jobs = (
        (opt_outs.due, _task(queue, "opt_outs", partial(opt_outs.ask, given))),
        (reconcile.due, _task(queue, "reconcile", partial(reconcile.reconcile, given))),
        (renew.due, _task(queue, "renew", partial(renew.renew, given))),
        (recover.due, _task(queue, "recover", partial(recover.recover, given))),
    )

    @queue.periodic(cron=every(given.settings.sweep_period * 4))
    @queue.task(name="shopify", queue="sweep", queueing_lock="shopify")
    async def ask_shopify(timestamp: int) -> None:  # noqa: ARG001 - the queue's own argument
        for find, task in jobs:
            await each.wake(given, find, task, lambda shop_id: f"shopify-{shop_id % LANES}")


def _task(queue: procrastinate.App, name: str, work_on: Callable[[int], object]) -> Task[[int], None, [int]]:
    """Add a task that asks Shopify something about one shop."""

    @queue.task(name=name, queue="shopify")
    def one(shop_id: int) -> None:
        work_on(shop_id)

    return one


def _keep_partitions(given: Services) -> None:
    with given.database.transaction() as conn:
        schema.keep_partitions(conn, given.clock.now())


async def _bury_stalled(queue: procrastinate.App) -> None:
    """End killed workers' jobs, else `doing` for ever. Their rows come back by the lease, so the job itself can go."""
    for job in await queue.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
        log.warning("stalled job ended", extra={"result": job.task_name})
        await queue.job_manager.finish_job(job, Status.FAILED, delete_job=True)


async def work(given: Services, *, concurrency: int = 4) -> None:
    """Run a worker until it is told to stop (SIGTERM, SIGINT): it finishes what it is at.

    `concurrency`: batches that it sends at a time. While PostgreSQL is away it waits, for however long.
    """
    stopping = threading.Event()
    heart = Heart(given)

    async def shift(told: asyncio.Event) -> None:
        await asyncio.to_thread(heart.beat)
        await asyncio.to_thread(_keep_partitions, given)
        await asyncio.to_thread(reconcile.on_start, given)
        queue = build(given, stopping)
        async with queue.open_async():
            await worker.run(queue, told, senders=concurrency)

    await worker.stay(shift, heart, stopping, threads=concurrency + worker.OTHER_SLOTS + 4)
