"""Minutes of an open loop, one after the other without a gap, and what came of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.bodies import FIRST_ORDER, Store
from tests.bench.clients import Clients, Load, Tally, ready
from tests.bench.rounds import quantile
from tests.bench.site import Site
from tests.scale.traffic import EACH, Plan, Role, Traffic

CONNECTIONS = 64
"""As a proxy keeps them open. Not many more: a process refuses posts beyond 64 at once, and two pieces may overlap."""
GAP = 100_000
"""Request numbers between two runs: the second must not send an order of the first."""
PATIENT = 1.0
"""Seconds from due to acknowledged, which 99 of 100 must not exceed for a rate to be held."""
BAD = 0.001
"""The share of requests that may go without a good answer then."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a stream, some seconds long, with what its clients saw."""

    plan: Plan
    first: int
    asked: int
    tally: Tally

    def latencies(self, role: Role | None = None) -> list[float]:
        """Return the seconds from due to answered (`role`: of these requests only)."""
        if role is None:
            return self.tally.latencies
        both = zip(self.tally.good, self.tally.latencies, strict=True)
        return [seconds for number, seconds in both if number % EACH == role]

    @property
    def bad(self) -> int:
        """Requests without a good answer, whether refused, lost or never sent."""
        return self.asked - len(self.tally.good)

    @property
    def never_sent(self) -> int:
        """Those of them for which there was no free connection until some seconds after the end."""
        return self.bad - self.tally.refused - self.tally.failed

    @property
    def is_held(self) -> bool:
        """Whether all of it was answered, and in time."""
        return self.bad <= BAD * self.asked and quantile(self.tally.latencies, 0.99) <= PATIENT

    def acknowledged(self) -> set[int]:
        """Return the ids of the orders whose webhooks got a good answer."""
        places = (self.plan.place(number) for number in self.tally.good if number % EACH == Role.WEBHOOK)
        return {FIRST_ORDER + place.order for place in places}

    def first_late(self, role: Role) -> int | None:
        """Return the second in which 99 of 100 requests of a role were no longer answered in time."""
        by_second: dict[int, list[float]] = {}
        for number, seconds in zip(self.tally.good, self.tally.latencies, strict=True):
            if number % EACH == role:
                at = int((number - self.first) / (self.plan.rate * EACH))
                by_second.setdefault(at, []).append(seconds)
        return next((at for at in sorted(by_second) if quantile(by_second[at], 0.99) > PATIENT), None)


class Stream:
    """The clients of a town. Each run goes on with orders that nobody has sent."""

    def __init__(self, port: int, stores: Sequence[Store]) -> None:
        self._port = port
        self._stores = stores
        self._next = 0

    def run(self, rate: float, seconds: float, pieces: int = 1) -> Iterator[Piece]:
        """Send `rate` orders a second for `pieces` times `seconds`; yields each piece when its answers are in.

        The next piece is under way by then. Whoever stops early ends it.
        """
        count = int(seconds * rate * EACH)
        first, self._next = self._next, self._next + pieces * count + GAP
        plan, began = Plan(rate), time.monotonic() + 1
        waiting: list[tuple[int, Clients]] = []
        try:
            for at in range(first, first + pieces * count, count):
                upcoming = self._ready(rate, seconds, at, count)
                time.sleep(max(0.0, began + (at - first) / count * seconds - time.monotonic()))
                upcoming.go()
                waiting.append((at, upcoming))
                if len(waiting) > 1:
                    yield _ended(plan, count, *waiting.pop(0))
            yield _ended(plan, count, *waiting.pop())
        finally:
            for process in (process for _, clients in waiting for process in clients.processes):
                process.terminate()
                process.join()

    def _ready(self, rate: float, seconds: float, first: int, count: int) -> Clients:
        make: Callable[[int, int], list[bytes]] = Traffic(self._stores, rate).requests
        return ready(Load(self._port, make, CONNECTIONS, seconds, count, first, rate * EACH, processes=1))


def _ended(plan: Plan, count: int, first: int, clients: Clients) -> Piece:
    return Piece(plan, first, count, clients.wait()[0])


def in_ledger(site: Site, order_ids: set[int]) -> int:
    """Return how many of these orders the ledger has."""
    if not order_ids:
        return 0
    given: tuple[Any, ...] = (min(order_ids), max(order_ids))
    with site.connect() as conn:
        rows = conn.execute("SELECT order_id FROM paid_order WHERE order_id BETWEEN %s AND %s", given).fetchall()
    return len(order_ids & {row["order_id"] for row in rows})
