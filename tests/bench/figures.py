"""Figures, what they are to be, and whether they are."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.bench.rounds import Sample


class Sense(StrEnum):
    """Which way is better."""

    MORE = "at least"
    LESS = "at most"


@dataclass(frozen=True, slots=True)
class Aim:
    """What a figure is to be. `stretch`: what it would be at its best."""

    words: str
    sense: Sense
    target: float
    stretch: float
    unit: str = ""

    def is_met(self, value: float) -> bool:
        return value >= self.target if self.sense is Sense.MORE else value <= self.target


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `span`: the smallest and the largest of the samples that it comes from."""

    key: str
    value: float
    span: tuple[float, float] | None = None


def spread(samples: Sequence[Sample], of: Callable[[Sample], float]) -> tuple[float, float]:
    """Return the smallest and the largest."""
    values = [of(sample) for sample in samples]
    return min(values), max(values)


def median_of(key: str, values: Sequence[float]) -> Figure:
    """Return the median of some values as a figure."""
    return Figure(key, statistics.median(values), (min(values), max(values)))
