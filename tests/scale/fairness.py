"""Fairness: a shop with 100,000 orders due at once beside 1,000 small ones.

`python -m tests.scale.fairness`; SCALE_BIG says how many orders the big shop has. Measured is what the small shops wait
from due to sent: alone, beside a big shop whose orders have all just become due, and beside one whose orders are all
judged already, so that only sending is left. These three take turns, each on the same running processes.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psycopg

from tests.bench import events
from tests.scale import backlog
from tests.scale.backlog import Due
from tests.scale.tables import Table, Told, spread
from tests.scale.town import Member, ScaleSite, populate

SMALL = int(os.environ.get("SCALE_SMALL", "1000"))
BIG = int(os.environ.get("SCALE_BIG", "100000"))
SPAN = float(os.environ.get("SCALE_SPAN", "60"))
"""Seconds over which the small shops' orders come due: one of each shop."""
EACH = 1
ROUNDS = int(os.environ.get("SCALE_ROUNDS", "3"))
SENT_WITHIN = 90.0
"""Seconds after the last one is due: then what is not sent counts as having waited until now."""
META_MS = 100
CONCURRENCY = 8
AIM = 2.0
CASES = {
    "alone": "alone",
    "due": "beside one with {big:,} orders that become due at once",
    "judged": "beside one with {big:,} orders that are judged and only to be sent",
}


@dataclass(slots=True)
class Seen:
    """What was seen of a case, round after round: the small shops' seconds from due to sent."""

    waits: list[list[float]] = field(default_factory=list)
    big_per_second: list[float] = field(default_factory=list)
    unsent: int = 0


class Trial:
    """The shops, the worker, and the numbers of orders that are not used yet."""

    def __init__(self, site: ScaleSite, meta: str) -> None:
        self._site = site
        self._big, *self._small = populate(site, SMALL + 1)
        self._next = backlog.FIRST
        site.crew(CONCURRENCY, META_GRAPH_URL=f"{meta}/v26.0")

    def run(self, case: str, seen: Seen) -> None:
        """Let the small shops' orders come due beside what the case says, and wait until they are sent."""
        now = datetime.now(UTC) + timedelta(seconds=2 + (BIG / 4000 if case != "alone" else 0))
        big = [] if case == "alone" else self._dues([self._big], BIG, now, judged=case == "judged")
        first, count = self._next, SMALL * EACH
        small = self._dues(self._small, count, now, over=SPAN)
        backlog.write(self._site, big + small)
        time.sleep(max(0.0, (now - datetime.now(UTC)).total_seconds()))
        began = time.monotonic()
        time.sleep(SPAN)
        self._until_sent(first, count)
        waits = backlog.waited(self._site, first, first + count - 1)
        seen.unsent += count - len(waits)
        # one that was not sent has waited for at least as long as we have
        seen.waits.append(waits + [time.monotonic() - began] * (count - len(waits)))
        if big:
            sent = len(backlog.waited(self._site, big[0].number, big[-1].number))
            seen.big_per_second.append(sent / (time.monotonic() - began))
            self._forget()

    def _dues(
        self, members: list[Member], count: int, begin: datetime, *, over: float = 0, judged: bool = False
    ) -> list[Due]:
        first, self._next = self._next, self._next + count
        return [
            Due(members[place % len(members)], first + place, begin + timedelta(seconds=over * place / count), judged)
            for place in range(count)
        ]

    def _until_sent(self, first: int, count: int) -> None:
        end = time.monotonic() + SENT_WITHIN
        while time.monotonic() < end and len(backlog.waited(self._site, first, first + count - 1)) < count:
            time.sleep(0.5)

    def _forget(self) -> None:
        """Take away what the big shop has left to send; the next case begins without it.

        What a request is out for stays until its answer is written.
        """
        with psycopg.connect(self._site.url, autocommit=True) as conn:
            for _ in range(20):
                conn.execute("DELETE FROM paid_order WHERE shop_id = %s AND attempt IS NULL", (self._big.id,))
                left = conn.execute("SELECT count(*) FROM paid_order WHERE shop_id = %s", (self._big.id,)).fetchone()
                if left == (0,):
                    break
                time.sleep(0.5)
            conn.execute("VACUUM ANALYZE paid_order")


def measure(site: ScaleSite) -> Told:
    """Run all cases, in turn, some rounds."""
    seen = {case: Seen() for case in CASES}
    with events.sink(META_MS) as meta:
        trial = Trial(site, meta)
        time.sleep(3)  # until the worker has begun
        for turn in range(ROUNDS):
            for case, of_case in seen.items():
                trial.run(case, of_case)
                _say(f"round {turn + 1}, {case}: p95 {spread(of_case.waits[-1], 0.95)[0]:.1f} s")
    return told(seen)


def _ratio(seen: dict[str, Seen], case: str) -> float:
    """Return the median of the rounds' own ratios of p95 to that of the small shops alone."""
    both = zip(seen[case].waits, seen["alone"].waits, strict=True)
    return statistics.median(spread(busy, 0.95)[0] / spread(idle, 0.95)[0] for busy, idle in both)


def told(seen: dict[str, Seen]) -> Told:
    """Return the table, and a fault where the small shops wait too long."""
    head = ("the small shops", "p50 (s)", "p95 (s)", "p99 (s)", "p95 / alone", "the big one: orders sent a second")
    table = Table(f"{SMALL:,} small shops: seconds from due to sent, {ROUNDS} rounds", head)
    figures: dict[str, object] = {}
    faults = []
    for case, of_case in seen.items():
        every = [seconds for waits in of_case.waits for seconds in waits]
        ratio = _ratio(seen, case)
        speed = statistics.median(of_case.big_per_second) if of_case.big_per_second else None
        table.add(CASES[case].format(big=BIG), *spread(every, 0.5, 0.95, 0.99), f"{ratio:.2f}", speed)
        figures[case] = {"p95_s": [spread(waits, 0.95)[0] for waits in of_case.waits], "ratio": ratio, "big": speed}
        if ratio > AIM:
            faults.append(
                f"Small shops wait {ratio:.1f} times as long, {CASES[case].format(big=BIG)}; at most {AIM:g}."
            )
        if of_case.unsent:
            faults.append(f"{of_case.unsent} orders of small shops were not sent in time ({case}).")
    return Told([table], figures, faults)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a command


if __name__ == "__main__":
    from tests.scale.__main__ import run_part

    sys.exit(run_part("fairness"))
