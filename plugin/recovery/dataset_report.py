"""What Meta counts in a dataset beside what the ledger says was sent there, and what the difference may mean. Pure.

Meta gives counts, never events, so nothing here says anything of one order. What can be explained is no finding:

- figures that lag behind: an event of the last day may not be counted yet (Meta, "Verifying your setup");
- copies that Meta drops, of orders that the pixel may have reported after all;
- where the window begins: Meta does not say whether it counts by an event's own time or by its receipt.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Any, Final

import msgspec

WINDOW: Final = timedelta(days=7)
"""As far back as Meta tells (Meta, "Ads Pixel Stats")."""
DELAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
SLACK: Final = 0.1
"""A tenth fewer, or more, is no finding: evidence gets lost, and something else may answer a browser's request."""
FEWEST: Final = 2
"""One is none either."""


class Told(StrEnum):
    """What came of asking. All but the first are empties, and each is another one."""

    COUNTED = auto()
    NO_DATA = auto()
    """Meta answers, and has nothing of this dataset yet."""
    NOT_PERMITTED = auto()
    """The access token may not read; it may send all the same."""
    ERROR = auto()
    """Meta is away, or says something that we do not know."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Purchases of the window as Meta counts them: from browsers, from servers, and of the latter those of this app."""

    web: int
    server: int
    ours: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """The same window by the ledger.

    `sent`: orders recovered; `settled`: those of them that nothing explains if Meta does not count them; `most`: as
    many purchases as may have arrived, with those in doubt and their copies. `pixel`: orders that the pixel reported;
    `pixel_settled`: a day or longer ago. `orders`: all paid orders.
    """

    sent: int = 0
    settled: int = 0
    most: int = 0
    pixel: int = 0
    pixel_settled: int = 0
    orders: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """Both sides of one moment, `at` in unix seconds."""

    at: int
    meta: Counts
    ledger: Ledger

    @property
    def foreign(self) -> int:
        """How many server purchases this app cannot have sent.

        By the ledger too: should Meta not know this app's name, ours must not look like somebody else's.
        """
        return max(0, self.meta.server - max(self.meta.ours, self.ledger.most))

    @property
    def missing(self) -> int:
        """How many purchases of this app Meta does not count, though it should by now; 0 if that can be explained."""
        return _beyond(self.ledger.settled, self.meta.ours)

    @property
    def surplus(self) -> int:
        """How many purchases under this app's name the shop's ledger knows nothing of: another shop's, most likely."""
        return _beyond(self.meta.ours, self.ledger.most)

    @property
    def web_missing(self) -> int:
        """How many purchases that the pixel reported Meta does not count; 0 if that can be explained."""
        return _beyond(self.ledger.pixel_settled, self.meta.web)

    @property
    def web_doubled(self) -> bool:
        """Whether Meta counts so many purchases from browsers that one pixel cannot have reported them.

        Not every checkout becomes a paid order, so it takes half as many again, and five.
        """
        return self.meta.web >= max(self.ledger.orders * 1.5, self.ledger.orders + 5)


@dataclass(frozen=True, slots=True)
class Key:
    """A key that Meta drops copies by; the shares of purchases that carry it, in percent, None where not told."""

    name: str
    browser: float | None = None
    server: float | None = None
    overall: float | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """Meta's marks for this app's purchases: match quality 0 to 10, coverage and its goal in percent."""

    told: Told
    code: str | None = None
    score: float | None = None
    coverage: float | None = None
    goal: float | None = None
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What was last read of a dataset. `figures` may be older than the last attempt, if that one met an error."""

    told: Told
    quality: Quality
    code: str | None = None
    figures: Figures | None = None

    @property
    def foreign(self) -> int:
        """How many server purchases of the last 7 days come from somebody else."""
        return self.figures.foreign if self.figures else 0

    def kept(self) -> dict[str, Any]:
        """Return it as it is stored: numbers and words."""
        kept: dict[str, Any] = msgspec.to_builtins(self)
        return kept

    @classmethod
    def from_kept(cls, kept: Mapping[str, Any] | None) -> Report | None:
        """Read what `kept` gave; None if it is anything else: the next reading writes it anew."""
        try:
            return msgspec.convert(kept, cls)
        except msgspec.ValidationError:
            return None

    def after(self, before: Report | None, now: datetime) -> Report:
        """Return this report with the figures of the one before, where an error stands in the way of newer ones."""
        if self.told is not Told.ERROR or before is None or before.figures is None:
            return self
        if before.figures.at <= (now - WINDOW).timestamp():
            return self  # they tell of no day that is still looked at
        return Report(self.told, self.quality, self.code, before.figures)


def window_start(now: datetime) -> datetime:
    """Return the first full hour of the last 7 days: Meta counts by the hour, and refuses what lies further back."""
    start = (now - WINDOW).replace(minute=0, second=0, microsecond=0)
    return start + HOUR


def _beyond(expected: int, counted: int) -> int:
    """How many are missing, if they are more than chance."""
    missing = expected - counted
    return missing if missing >= max(FEWEST, math.ceil(expected * SLACK)) else 0
