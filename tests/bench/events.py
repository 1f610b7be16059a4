"""P5-P7: building events and sending them, beside Meta's own library."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any

from plugin.meta.conversions import ConversionsClient
from plugin.recovery.dial import EVERYTHING
from plugin.recovery.order import Receipt
from plugin.recovery.purchase import purchase_event
from sandbox.ports import free_port
from tests.bench import sdk
from tests.bench.bodies import Orders, Store
from tests.bench.figures import Figure, median_of
from tests.bench.site import DATASET, ROOT, wait_for

EVENTS = 1000
LATENCY_MS = 100
PARALLEL = (1, 4, 16)
STORE = Store("bench-0.myshopify.com", "ingest_key_of_the_bench_1")
TOKEN = "EAAbench"


def orders(count: int = EVENTS) -> list[dict[str, Any]]:
    """Return orders as they stand after parsing."""
    made = Orders([STORE])
    return [json.loads(made.body(number)) for number in range(count)]


def built(order: dict[str, Any], at: datetime) -> bytes:
    """Build an event as intake does: the order read, the buyer hashed, JSON made."""
    receipt = Receipt.from_payload(order, paid_at=at)
    return purchase_event(receipt, fields=EVERYTHING, shop_url="https://store.example", content_ids="product")


@contextmanager
def sink(delay_ms: float) -> Iterator[str]:
    """Run a stand-in for Meta in a process of its own; yields its address."""
    port = free_port()
    words = [sys.executable, "-m", "tests.bench.sink", str(port), str(delay_ms)]
    with subprocess.Popen(words, cwd=ROOT) as process:  # noqa: S603 - our own program
        try:
            wait_for(port, "/", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def cpu_of(work: Callable[[], object]) -> float:
    """Return the CPU seconds of this process for a piece of work."""
    before = time.process_time()
    work()
    return time.process_time() - before


def _building(rounds: int) -> Iterator[tuple[float, float]]:
    """Yield CPU seconds for building 1000 events: ours, the library's."""
    at, made = datetime.now(UTC), orders()
    for _ in range(rounds):
        ours = cpu_of(lambda: [built(order, at) for order in made])
        yield ours, cpu_of(lambda: [sdk.built(order) for order in made])


def _sending(base: str, rounds: int) -> Iterator[tuple[float, float]]:
    """Yield CPU seconds for delivering 1000 events: ours, which are bytes by then, and the library's."""
    at, made = datetime.now(UTC), orders()
    kept = [built(order, at) for order in made]
    client = ConversionsClient(f"{base}/v26.0")
    sdk.connect(base)
    for _ in range(rounds):
        ours = [cpu_of(lambda: client.send(DATASET, TOKEN, kept)) for _ in range(5)]
        yield statistics.median(ours), cpu_of(lambda: sdk.send(made))


def _rate(base: str, kept: Sequence[bytes], connections: int) -> float:
    """Return events a second over some connections at once, each batch over a new one as shipped."""
    client, batches = ConversionsClient(f"{base}/v26.0"), 6 * connections
    with ThreadPoolExecutor(connections) as crew:
        began = time.perf_counter()
        list(crew.map(lambda _: client.send(DATASET, TOKEN, kept), range(batches)))
        return batches * len(kept) / (time.perf_counter() - began)


def measure(*, rounds: int) -> list[Figure]:
    """Run all of it."""
    with ExitStack() as stack:
        at_once, later = stack.enter_context(sink(0)), stack.enter_context(sink(LATENCY_MS))
        building, sending = list(_building(rounds)), list(_sending(at_once, rounds))
        at = datetime.now(UTC)
        kept = [built(order, at) for order in orders()]
        rates = {n: [_rate(later, kept, n) / (n * 10_000) for _ in range(3)] for n in PARALLEL}
    return [
        median_of("P5", [(theirs / ours) for ours, theirs in building]),
        Figure("event us", statistics.median(ours for ours, _ in building) / EVENTS * 1e6),
        median_of("P6", [ours / theirs for ours, theirs in sending]),
        Figure("delivery ms", statistics.median(ours for ours, _ in sending) * 1000),
        *(median_of(f"P7 k={n}", rates[n]) for n in PARALLEL),
    ]
