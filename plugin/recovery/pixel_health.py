"""Pixel health: from what became of a shop's orders, quarter by quarter of an hour, whether the pixel still works.

The question is one of change: every shop has its own share of buyers whose browsers keep the pixel out, so a share says
little, and its sudden fall much. Page's cumulative sum (E. S. Page, "Continuous inspection schemes", 1954) is the test
that finds a fall after the fewest orders for a given rate of false alarms; it is asked for two: silence, and a fall to
a quarter of the usual share.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

QUARTER: Final = timedelta(minutes=15)
"""The grain of what is counted."""
BASELINE: Final = timedelta(days=14)
"""How far back the usual share is taken from."""
WATCHED: Final = timedelta(days=5)
"""The latest days, in which a fall is looked for; the usual share is that of the days before."""
USUAL: Final = 0.7
"""The share of orders that a pixel reports where nothing is known yet of a shop."""
USUAL_WEIGHS: Final = 20
"""As many orders as the assumption counts for; a shop's own soon outweigh it."""
FALLS: Final = (0.02, 0.25)
"""The parts of the usual share that the two tests are tuned for: as good as silence, and a quarter."""
FALSE_ALARM: Final = 0.03
"""The chance of an alarm without a cause in a month that each threshold aims at; simulation shows it to be far less."""
UNSEEN: Final = 0.02
"""The share of orders with any word of the pixel up to which nothing is said to arrive."""
CAREFUL: Final = 1.6
"""Standard errors by which the usual share is taken too low: a shop's few first orders may have been lucky ones."""
HIGHEST: Final = 0.95
LOWEST: Final = 0.02
MONTH: Final = 30
"""Days."""
FEWEST: Final = 10
"""Orders since the fall began, below which nothing is said."""


class Health(StrEnum):
    """How a shop's pixel does."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    """Its posts arrive, its purchases do not as they used to."""
    SILENT = "silent"
    """Nothing arrives of it, and it is not known whether it is still in the shop."""
    PAUSED = "paused"
    """Nothing arrives of it though it is in the shop: as when Shopify's data sharing "Optimized" holds it back."""
    NOT_INSTALLED = "not_installed"


class Trouble(StrEnum):
    """Why a pixel is not healthy, as far as its orders show."""

    BLOCKED = "blocked"
    """Browsers turn its requests to Meta away."""
    NO_PURCHASE = "no_purchase"
    """Checkouts are seen, their purchases are not."""
    NOTHING_SEEN = "nothing_seen"
    NOT_INSTALLED = "not_installed"


@dataclass(frozen=True, slots=True)
class Count:
    """What became of orders, the ignored left out: `seen` in any post, `sent` and `blocked` by the pixel's word."""

    orders: int = 0
    seen: int = 0
    sent: int = 0
    blocked: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.orders + other.orders, self.seen + other.seen, self.sent + other.sent, self.blocked + other.blocked
        )

    @property
    def silent(self) -> int:
        """Orders of whose purchase there is neither a delivery nor a failure."""
        return self.orders - self.sent - self.blocked

    @classmethod
    def total(cls, counts: Iterable[Count]) -> Self:
        """Add up."""
        return cls(*map(sum, zip(*((c.orders, c.seen, c.sent, c.blocked) for c in counts), strict=True)))


@dataclass(frozen=True, slots=True)
class Quarter:
    """The orders that were paid in the 15 minutes from `start` on (aware)."""

    start: datetime
    count: Count


@dataclass(frozen=True, slots=True)
class Finding:
    """How the pixel does; if not well, why, and about since when. `usual`: the share of orders it reports otherwise."""

    health: Health
    trouble: Trouble | None = None
    since: datetime | None = None
    usual: float = USUAL


def examine(quarters: Sequence[Quarter], *, in_shop: bool | None) -> Finding:
    """Judge a pixel by the orders of the last 19 days, oldest first; times of known trouble are left out before.

    ``in_shop``: whether Shopify says that the pixel is there; None: it could not be asked.
    """
    if in_shop is False:
        return Finding(Health.NOT_INSTALLED, Trouble.NOT_INSTALLED)
    if not quarters:
        return Finding(Health.HEALTHY)
    watched_from = quarters[-1].start - WATCHED
    before = Count.total([Count()] + [q.count for q in quarters if q.start < watched_from])
    usual = usual_share(before)
    latest = [q for q in quarters if q.start >= watched_from]
    since = fall_began(latest, usual, per_day=_per_day(quarters))
    if since is None:
        return Finding(Health.HEALTHY, usual=usual)
    fallen = [q for q in latest if q.start >= since]
    return Finding(*name_fall(fallen, in_shop=in_shop), since, usual)


def does_well_again(quarters: Iterable[Quarter], usual: float) -> bool:
    """Say whether a pixel that was in trouble works again: the same test, asked for a rise back to the usual share.

    ``quarters``: since the trouble began, oldest first.
    """
    fallen = usual * FALLS[-1]
    worth = _Worth.of(fallen, usual)
    total = 0.0
    for quarter in quarters:
        total = max(0.0, total + worth.of_count(quarter.count))
    return total > math.log(1 / FALSE_ALARM)


def usual_share(before: Count) -> float:
    """Return the share of orders that a shop's pixel reports, on the low side as long as there are few of them."""
    weight = before.orders + USUAL_WEIGHS
    share = (before.sent + USUAL * USUAL_WEIGHS) / weight
    careful = share - CAREFUL * math.sqrt(share * (1 - share) / weight)
    return min(max(careful, LOWEST), HIGHEST)


def fall_began(quarters: Sequence[Quarter], usual: float, *, per_day: float) -> datetime | None:
    """Return since when the pixel reports less than usual by more than chance explains; None: it does not."""
    threshold = math.log(max(per_day, 1) * MONTH / FALSE_ALARM)
    found = (_crossed(quarters, _Worth.of(usual, usual * part), threshold) for part in FALLS)
    return min((since for since in found if since is not None), default=None)


@dataclass(frozen=True, slots=True)
class _Worth:
    """How much an order that was sent, or was not, speaks for one share against another: a log-likelihood ratio."""

    sent: float
    missed: float

    @classmethod
    def of(cls, usual: float, other: float) -> Self:
        return cls(math.log(other / usual), math.log((1 - other) / (1 - usual)))

    def of_count(self, count: Count) -> float:
        return count.sent * self.sent + (count.orders - count.sent) * self.missed


def _crossed(quarters: Iterable[Quarter], worth: _Worth, threshold: float) -> datetime | None:
    """Return when the sum that stands above the threshold at the end began to rise; None if it does not."""
    total, since, orders = 0.0, None, 0
    for quarter in quarters:
        total += worth.of_count(quarter.count)
        if total <= 0:
            total, since, orders = 0.0, None, 0
        elif quarter.count.orders:
            since, orders = since or quarter.start, orders + quarter.count.orders
    return since if total > threshold and orders >= FEWEST else None


def name_fall(fallen: Sequence[Quarter], *, in_shop: bool | None) -> tuple[Health, Trouble]:
    """Name a fall by what still arrives of its later half: where it begins is not known to the order.

    ``fallen``: since it began, oldest first. ``in_shop``: as in ``examine``.
    """
    late, half = Count(), Count.total(q.count for q in fallen).orders / 2
    for quarter in reversed(fallen):
        late += quarter.count
        if late.orders >= half:
            break
    if late.seen <= late.orders * UNSEEN:
        return (Health.PAUSED if in_shop else Health.SILENT), Trouble.NOTHING_SEEN
    return Health.DEGRADED, Trouble.BLOCKED if late.blocked * 2 >= late.orders - late.sent else Trouble.NO_PURCHASE


def _per_day(quarters: Sequence[Quarter]) -> float:
    days = (quarters[-1].start + QUARTER - quarters[0].start) / timedelta(days=1)
    return sum(q.count.orders for q in quarters) / max(days, 1)
