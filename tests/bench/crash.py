"""P12: webhooks that were answered 200 and are not there after kill -9, of the app and of PostgreSQL, under load."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence

from sandbox.ports import free_port
from tests.bench.bodies import Orders, Store, order_ids
from tests.bench.clients import Load, Tally, ready
from tests.bench.figures import Figure, median_of
from tests.bench.machine import kill
from tests.bench.site import Site

RUN = 2.0
KILL_AFTER = 0.8


def _lost(site: Site, tallies: Sequence[Tally]) -> tuple[int, int]:
    """Return how many orders were acknowledged, and how many of them the ledger does not have."""
    told = {order_ids(number, 1)[0] for tally in tallies for number in tally.good}
    with site.connect() as conn:
        rows = conn.execute("SELECT order_id FROM paid_order WHERE order_id = ANY(%s)", (list(told),)).fetchall()
    return len(told), len(told - {row["order_id"] for row in rows})


def _under_load(port: int, stores: Sequence[Store], first: int, victim: int) -> list[Tally]:
    """Send orders; kill the victim in the middle of it."""
    clients = ready(Load(port, Orders(stores).requests, 64, RUN, 8000, first))
    clients.go()
    time.sleep(KILL_AFTER)
    kill(victim)
    return clients.wait()


def _app(site: Site, stores: Sequence[Store], first: int) -> tuple[int, int, float]:
    """Kill the app; return acknowledged, lost, and the seconds until a new one serves."""
    port = free_port()
    web = site.web(port)
    tallies = _under_load(port, stores, first, web.pid)
    site.stop(web)
    began = time.monotonic()
    fresh = site.web(free_port())
    took = time.monotonic() - began
    site.stop(fresh)
    return *_lost(site, tallies), took


def _database(site: Site, stores: Sequence[Store], first: int) -> tuple[int, int, float]:
    """Kill PostgreSQL; return acknowledged, lost, and the seconds until the same app takes webhooks again."""
    port = free_port()
    web = site.web(port)
    tallies = _under_load(port, stores, first, site.postmaster)
    began = time.monotonic()
    site.postgres.start()
    _until_taken(web, port, stores, first + 7_000_000)
    took = time.monotonic() - began
    site.stop(web)
    return *_lost(site, tallies), took


def _until_taken(web: subprocess.Popen[bytes], port: int, stores: Sequence[Store], first: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and web.poll() is None:
        load = Load(port, Orders(stores).requests, 1, 1, 1, first, processes=1)
        if any(tally.good for tally in ready(load).run()):
            return
        time.sleep(0.1)
    raise RuntimeError("the app takes no webhooks after PostgreSQL came back")


def measure(site: Site, *, rounds: int) -> list[Figure]:
    """Kill each, some times over."""
    stores = site.install(10, prefix="crash")
    acknowledged = lost = 0
    times: dict[str, list[float]] = {"app": [], "postgres": []}
    for turn in range(rounds):
        for place, (name, end) in enumerate({"app": _app, "postgres": _database}.items()):
            told, gone, took = end(site, stores, 10_000_000 + turn * 100_000 + place * 50_000)
            acknowledged, lost = acknowledged + told, lost + gone
            times[name].append(took)
    counted = [Figure("P12 lost", lost), Figure("P12 acknowledged", acknowledged)]
    return counted + [median_of(f"P12 {name} s", took) for name, took in times.items()]
