"""Paid orders of some days in figures, and as a chart that needs no script."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from plugin.language import _
from plugin.pages import words
from plugin.pages.formats import day as day_of
from plugin.pages.formats import day_of_month, number, percent
from plugin.pages.show import zone_of
from plugin.recovery.outcomes import Outcome
from plugin.storage.counting import DayCount

RANGES: Final = (7, 30, 90)
"""Days that can be looked at."""
USUAL: Final = 30
SERIES = (Outcome.TRACKED, Outcome.RECOVERED, Outcome.WITHHELD, Outcome.MISSED)
"""What the chart shows, from the bottom up. The others are few, and named below it."""
OTHERS = (Outcome.WAITING, Outcome.FAILED, Outcome.IGNORED)
HEIGHT = 150.0
"""Pixels of the tallest bar."""
FLOOR = 158.0
"""Where the bars stand, in pixels from the top."""
FEWEST_LINES, MOST_LINES = 3, 4
"""Lines of the grid above the floor."""
ROUND = (1, 2, 5)
"""What a line stands for more than the one below it, or ten, a hundred ... times as much."""
THINNEST = 0.8
GAP = 0.21
"""Between two columns, as a share of one's room."""
LABELLED: Final[Mapping[int, int]] = {7: 1, 30: 7, 90: 21}
"""Every how many columns there is room for a label, also on a phone."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of a day's column; `y` and `height` in pixels."""

    outcome: Outcome
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """One day of the chart; `x` and `width` in percent. `label` is empty for most days, which have no room for one."""

    day: date
    title: str
    """The day and its figures in one line, for whoever points at the column."""
    label: str
    x: float
    width: float
    counts: Mapping[Outcome, int]
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Paid orders of some days by outcome. Shares are of all but the ignored, which the pixel could not have missed."""

    totals: Mapping[Outcome, int]
    columns: tuple[Column, ...]
    step: int
    """What a line of the chart's grid stands for more than the one below it."""
    lines: int

    @property
    def top(self) -> int:
        """How many orders the highest line stands for."""
        return self.step * self.lines

    @property
    def paid(self) -> int:
        """All paid orders but the ignored."""
        return sum(self.totals.values()) - self.totals[Outcome.IGNORED]

    @property
    def is_empty(self) -> bool:
        """Whether no order was paid at all."""
        return not any(self.totals.values())

    def share(self, outcome: Outcome) -> str:
        """Return an outcome's share as the reader's language writes it, `12.5%`."""
        return percent(self.totals[outcome] / self.paid) if self.paid else ""

    def grid(self) -> list[tuple[float, int]]:
        """Return the chart's lines: where they are, and the number that stands beside them."""
        return [(FLOOR - HEIGHT * line / self.lines, self.step * line) for line in range(self.lines, -1, -1)]


def range_of(text: str) -> int:
    """Return the number of days that an address names; the usual one if it names none of ours."""
    return int(text) if text in {str(days) for days in RANGES} else USUAL


def last_days(zone: str, now: datetime, days: int = USUAL) -> tuple[date, date]:
    """Return the first and the last of the days that end today, by the shop's calendar."""
    today = now.astimezone(zone_of(zone)).date()
    return today - timedelta(days=days - 1), today


def figures_of(counts: Sequence[DayCount], first: date, last: date) -> Figures:
    """Add up counts and lay out the chart from `first` to `last`."""
    by_day: dict[date, Counter[Outcome]] = {}
    for count in counts:
        by_day.setdefault(count.day, Counter())[count.outcome] += count.count
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    tallest = max((sum(by_day.get(day, Counter())[outcome] for outcome in SERIES) for day in days), default=0)
    step, lines = _scale(tallest)
    columns = [_column(n, len(days), day, by_day.get(day, Counter()), step * lines) for n, day in enumerate(days)]
    totals = {outcome: sum(column.counts[outcome] for column in columns) for outcome in Outcome}
    return Figures(totals, tuple(columns), step, lines)


def _scale(tallest: int) -> tuple[int, int]:
    """Return a round step and how many of them there are, as few as the tallest column leaves room for."""
    steps = (one * 10**power for power in itertools.count() for one in ROUND)
    step = next(step for step in steps if step * MOST_LINES >= tallest)
    return step, max(FEWEST_LINES if step == 1 else 1, -(-tallest // step))


def _column(n: int, of: int, day: date, counts: Counter[Outcome], top: int) -> Column:
    step, every = 100 / of, LABELLED.get(of, 7)
    has_room = every == 1 or (n % every == 1 and n < of - 2)  # the last would be cut off
    label = day_of_month(day) if has_room else ""
    x, width = (n + GAP / 2) * step, (1 - GAP) * step
    return Column(day, _title(day, counts), label, x, width, counts, tuple(_bars(counts, top)))


def _title(day: date, counts: Mapping[Outcome, int]) -> str:
    frame = _("%(outcome)s: %(number)s")
    figures = (frame % {"outcome": words.LABELS[each], "number": number(counts[each])} for each in SERIES)
    return "; ".join((day_of(day), *figures))


def _bars(counts: Mapping[Outcome, int], top: int) -> Iterable[Bar]:
    y = FLOOR
    for outcome in SERIES:
        if counts[outcome]:
            height = counts[outcome] * HEIGHT / top
            y -= height
            yield Bar(outcome, y, max(height - 1, THINNEST))
