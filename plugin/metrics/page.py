"""What `/metrics` shows: all processes' counters of this machine, and figures that the database tells."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

HELD_FOR: Final = 10.0
"""Seconds for which the database's figures are shown again before it is asked anew, by one request at a time."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure of the database's; `labels` are names with their values."""

    name: str
    text: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


class Page(Collector):
    """The page's text. The counters are read from the files in `folder`, the gauges from `ask`, now and then.

    `ask` may fail, as when the database is away: its figures are then left out, and the counters told all the same.
    """

    def __init__(self, folder: Path, ask: Callable[[], Iterable[Sample]]) -> None:
        self._ask = ask
        self._held: tuple[float, list[Sample]] = (float("-inf"), [])
        self._lock = threading.Lock()
        self._registry = CollectorRegistry()
        MultiProcessCollector(self._registry, str(folder))  # type: ignore[no-untyped-call]  # the library's
        self._registry.register(self)

    def text(self) -> bytes:
        """Return the page."""
        return generate_latest(self._registry)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Return nothing: what the figures are is told with them, and registering asks no database."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the database's figures, one family a name."""
        families: dict[str, GaugeMetricFamily] = {}
        for sample in self._figures():
            names = [name for name, _ in sample.labels]
            family = families.setdefault(sample.name, GaugeMetricFamily(sample.name, sample.text, labels=names))
            family.add_metric([value for _, value in sample.labels], sample.value)
        return iter(families.values())

    def _figures(self) -> list[Sample]:
        with self._lock:
            asked_at, held = self._held
            if time.monotonic() - asked_at > HELD_FOR:
                held = list(self._ask())
                self._held = (time.monotonic(), held)
            return held
