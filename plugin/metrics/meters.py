"""The counters, on prometheus_client: each process writes files of its own, and whoever is asked adds them up."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, values

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""How the library is told the folder."""
KEPT: Final = 24 * 3600.0
"""Seconds for which the files of an ended process still count: without them a total would fall at each restart."""
ACK: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
"""Seconds; Shopify gives up after 5."""
META: Final = (0.1, 0.25, 0.5, 1, 1.5, 3, 5, 10, 20, 30, 35)
"""Seconds; a request ends after 33."""


class Meters:
    """One process's counters."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(folder)
        os.environ[VARIABLE] = str(folder)
        values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]  # the library's
        here = CollectorRegistry()
        self.webhooks = _by(Counter("webhook_received", "webhooks answered", ("topic", "result"), registry=here))
        self.ack = _times("webhook_ack_seconds", "time to the answer of a webhook", ACK, here)
        self.evidence = _by(Counter("evidence", "posts of the pixel answered", ("result",), registry=here))
        self.refused = _by(Counter("door_refused", "callers without good token or signature", ("door",), registry=here))
        self.batches = _by(Counter("forward_batches", "requests with orders to Meta", ("result",), registry=here))
        self.events = _by(Counter("forward_events", "orders in those requests", ("outcome",), registry=here))
        self.reposts = _by(Counter("forward_reposts", "orders sent again", ("cause",), registry=here))
        self.meta = _times("meta_request_seconds", "time to Meta's answer, or to its absence", META, here)
        self.refreshes = _by(Counter("token_refresh", "renewals of Shopify tokens", ("result",), registry=here))
        self.found = _one(Counter("reconcile_found", "orders that no webhook told of", registry=here))
        self.crypto = _one(Counter("crypto_fail", "sealed values and keys that did not open", registry=here))
        self.unhandled = _one(Counter("app_unhandled", "requests that ended in an unforeseen error", registry=here))


def _by(counter: Counter) -> Callable[..., None]:
    """Return what counts by labels; their children are kept, since finding one takes longer than counting."""
    known: dict[tuple[str, ...], Counter] = {}

    def count(*labels: str, by: int = 1) -> None:
        child = known.get(labels)
        if child is None:
            child = known[labels] = counter.labels(*labels)
        child.inc(by)

    return count


def _one(counter: Counter) -> Callable[..., None]:
    def count(*, by: int = 1) -> None:
        counter.inc(by)

    return count


def _times(name: str, text: str, buckets: tuple[float, ...], registry: CollectorRegistry) -> Callable[[float], None]:
    return Histogram(name, text, buckets=buckets, registry=registry).observe


def _sweep(folder: Path) -> None:
    """Take away what processes left that ended long ago."""
    for file in _of_the_dead(folder):
        with suppress(OSError):  # another process was quicker
            if time.time() - file.stat().st_mtime > KEPT:
                file.unlink()


def _of_the_dead(folder: Path) -> Iterator[Path]:
    for file in folder.glob("*_*.db"):
        number = file.stem.rpartition("_")[2]
        if number.isdigit() and not Path(f"/proc/{number}").exists():
            yield file
