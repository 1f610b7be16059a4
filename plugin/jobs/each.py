"""What jobs for many shops share: a job for each of them, and that one shop's trouble is no other's."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.tasks import Task

from plugin.services import Services
from plugin.storage.database import DatabaseAway


async def wake(
    given: Services,
    find: Callable[[Services], Iterable[int]],
    task: Task[[int], None, [int]],
    lock: Callable[[int], str],
) -> None:
    """Defer a job for each shop that `find` returns, unless one waits already; jobs of one `lock` go one by one."""
    for shop_id in await asyncio.to_thread(find, given):
        waiting = task.configure(lock=lock(shop_id), queueing_lock=f"{task.name}-{shop_id}")
        try:
            await waiting.defer_async(shop_id=shop_id)
        except AlreadyEnqueued:
            continue


@contextmanager
def apart(log: logging.Logger, event: str, **about: object) -> Iterator[None]:
    """Log whatever goes wrong with one shop, or one order, so that the others have their turn all the same.

    Raises:
        DatabaseAway: that is everybody's trouble.
    """
    try:
        yield
    except DatabaseAway:
        raise
    except Exception:
        log.exception(event, extra=about)
