"""Off means off: real workers under load, some of them killed, and switches that are thrown at any moment."""

from __future__ import annotations

import asyncio
import random
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from plugin import jobs
from plugin.storage import policy
from plugin.storage.shops import Shop
from tests.edges.crowd import crowd, open_shop
from tests.edges.ledger_view import STAFF
from tests.edges.plant import Plant, plant
from tests.edges.slow_road import slow_road

SHOPS = 4
WORKERS = 2
ORDERS = 60
"""Due at the moment of each switch-on."""
SLOW = 0.15
"""Seconds that most requests take."""
LATE = 0.3
"""Seconds that a request takes at most to get there: long enough to be overtaken by a switch-off that does not wait."""
KILL_EVERY = 8
"""One flip in so many has a worker killed."""


@pytest.fixture
def site() -> Iterator[Plant]:
    with plant() as made:
        yield made


@dataclass(slots=True)
class Flip:
    """Off, and on again: seconds of the machine's clock. `confirmed`: when off was answered."""

    thrown: float
    confirmed: float
    on_again: float = float("inf")


@dataclass(slots=True)
class Keeper:
    """One shop, whose switch is thrown again and again."""

    site: Plant
    shop: Shop
    chance: random.Random
    flips: list[Flip] = field(default_factory=list)
    still_out: int = 0

    def flip(self, number: int) -> None:
        given, now = self.site.services, self.site.services.clock.now()
        with given.database.transaction() as conn:
            policy.switch_on(conn, self.shop.id, STAFF, "2026-11", now)
        if self.flips:
            self.flips[-1].on_again = time.time()
        crowd(given, self.shop, ORDERS, first=(self.shop.id * 10_000 + number) * 1000)
        if self.chance.random() < 0.5:  # in the middle of a request, or at any moment
            self._wait_for_a_request()
        time.sleep(self.chance.uniform(0, 2 * SLOW))
        thrown = time.time()
        ended = policy.switch_off(given.database, given.vault, self.shop.id, STAFF, now)
        self.flips.append(Flip(thrown, float("inf") if ended.still_out else time.time()))
        self.still_out += ended.still_out

    def _wait_for_a_request(self) -> None:
        seen, end = len(self.site.meta.world.meta.posts_json()), time.monotonic() + 3
        while time.monotonic() < end:
            new = self.site.meta.world.meta.posts_json(seen)
            if any(post["dataset"] == self.dataset for post in new):
                return
            time.sleep(0.01)

    @property
    def dataset(self) -> str:
        assert self.shop.connection is not None
        return self.shop.connection.dataset

    @property
    def starts(self) -> list[float]:
        return [post["real_at"] for post in self.site.meta.posts() if post["dataset"] == self.dataset]

    @property
    def late(self) -> list[float]:
        return [at for at in self.starts for flip in self.flips if flip.confirmed < at < flip.on_again]

    @property
    def under_way(self) -> int:
        return sum(any(at < flip.thrown < at + SLOW for at in self.starts) for flip in self.flips)


def keep_awake(site: Plant, over: threading.Event) -> None:
    """Put lanes into the queue more often than the sweep does."""

    async def wake() -> None:
        queue = jobs.build(site.services)
        async with queue.open_async():
            while not over.is_set():
                for lane in range(SHOPS):
                    await queue.tasks["deliver"].defer_async(lane=lane)
                await asyncio.sleep(0.3)

    asyncio.run(wake())


def kill_one(site: Plant, meta_url: str) -> None:
    dead = site.workers.pop(0)
    dead.kill()
    dead.wait()
    site.worker(META_GRAPH_URL=meta_url)


def registered(site: Plant) -> int:
    with site.services.database.transaction() as conn:
        row = conn.execute("SELECT count(*) AS n FROM procrastinate_workers").fetchone()
    return 0 if row is None else row["n"]


def throw(site: Plant, keepers: list[Keeper], flips: int, meta_url: str) -> None:
    """Flip all shops' switches side by side, so many times in all, while workers send and die."""
    for _ in range(WORKERS):
        site.worker(META_GRAPH_URL=meta_url)
    site.until(lambda: registered(site) >= WORKERS)
    over = threading.Event()
    alarm = threading.Thread(target=keep_awake, args=(site, over))
    alarm.start()
    try:
        with ThreadPoolExecutor(SHOPS) as crew:
            for number in range(flips // SHOPS):
                if number * SHOPS % KILL_EVERY == KILL_EVERY - SHOPS:
                    kill_one(site, meta_url)
                list(crew.map(lambda keeper, n=number: keeper.flip(n), keepers))
        time.sleep(2)
    finally:
        over.set()
        alarm.join()


@pytest.mark.parametrize("flips", [40, pytest.param(1000, marks=pytest.mark.slow)])
def test_no_request_starts_once_off_is_confirmed(site: Plant, flips: int, capsys: pytest.CaptureFixture[str]) -> None:
    keepers = [
        Keeper(site, open_shop(site.services, site.meta, number), random.Random(number))  # noqa: S311 - no secret
        for number in range(SHOPS)
    ]
    for keeper in keepers:
        policy.switch_off(site.services.database, site.services.vault, keeper.shop.id, STAFF, site.services.clock.now())
    site.meta.fault("meta_slow", probability=0.8, delay=SLOW)
    with slow_road(site.meta.world.options.port, LATE) as road:
        throw(site, keepers, flips, f"{road}/meta/v26.0")

    waits = sorted(flip.confirmed - flip.thrown for keeper in keepers for flip in keeper.flips)
    late, under_way = [keeper.late for keeper in keepers], sum(keeper.under_way for keeper in keepers)
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what this is for
            f"\n{len(waits)} flips, {flips // KILL_EVERY} kills, {len(site.meta.posts())} requests, {under_way} of them"
            f" under way when it was switched off, {sum(keeper.still_out for keeper in keepers)} still out after 35 s;"
            f" started after off: {sum(map(len, late))}; off confirmed in {statistics.median(waits) * 1000:.0f} ms"
            f" (p50), {waits[int(len(waits) * 0.99)] * 1000:.0f} ms (p99), {waits[-1] * 1000:.0f} ms (worst)"
        )
    assert not any(late)
    assert under_way, site.log()[-2000:]
