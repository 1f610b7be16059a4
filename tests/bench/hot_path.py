"""P1-P4, P9, P10: what an order and an evidence post cost, beside their yardsticks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sandbox.ports import free_port
from tests.bench import yardsticks
from tests.bench.bodies import Orders, Posts, Store
from tests.bench.clients import Load
from tests.bench.figures import Figure, spread
from tests.bench.floor import counting_us, floor_us
from tests.bench.rounds import Contender, Sample, interleave, median, ratio, run
from tests.bench.site import Site

STORES = 50
APART = 1_000_000
"""Numbers between contenders, so that no two send the same order."""
HONEST = 12
"""Posts that a checkout makes; here they come at once, and meet at one row."""
SHARE = 0.8
"""Of what a closed loop gets through: the rate at which requests come in an open one."""


def _contenders(site: Site, stores: Sequence[Store], seconds: float) -> list[Contender]:
    ports = {name: free_port() for name in ("app", "bare", "stock")}
    app, bare, stock = site.web(ports["app"]), site.bare(ports["bare"]), site.stock(ports["stock"])
    orders, hook = Orders(stores), Orders(stores, yardsticks.HOOK)
    posts, post = Posts(stores), Posts(stores, yardsticks.POST)
    hot = Posts(stores, per_checkout=HONEST)
    most = int(9000 * seconds)

    def load(name: str, made: Orders | Posts, connections: int, place: int = 0) -> Load:
        return Load(ports[name], made.requests, connections, seconds, most, place * APART)

    return [
        Contender("intake c=64", app.pid, load("app", orders, 64)),
        Contender("bare hook c=64", bare.pid, load("bare", hook, 64), uses_database=False),
        Contender("intake c=16", app.pid, load("app", orders, 16, 1)),
        Contender("stock c=16", stock.pid, load("stock", hook, 16)),
        Contender("evidence c=64", app.pid, load("app", posts, 64, 10)),
        Contender("bare post c=64", bare.pid, load("bare", post, 64), uses_database=False),
        Contender("evidence c=16", app.pid, load("app", posts, 16, 11)),
        Contender("bare post c=16", bare.pid, load("bare", post, 16), uses_database=False),
        Contender("intake, hasty commits", app.pid, load("app", orders, 64, 2), durable=False),
        Contender("evidence, hot keys", app.pid, load("app", hot, 16, 13)),
        Contender("evidence of orders", app.pid, load("app", posts, 16, 1)),  # those that "intake c=16" has just sent
    ]


def measure(site: Site, *, rounds: int, seconds: float) -> tuple[list[Figure], dict[str, list[Sample]]]:
    """Run all of it; return the figures and the samples that they come from."""
    stores = site.install(STORES)
    contenders = _contenders(site, stores, seconds)
    bodies = [Orders(stores).body(number) for number in range(2000)]
    floors = [floor_us(bodies) for _ in range(3)]
    found = interleave(site, contenders, rounds)
    latencies = _paced(site, contenders, found, max(3, rounds // 2))
    floors += [floor_us(bodies) for _ in range(3)]
    floor = sorted(floors)[len(floors) // 2]
    return _figures(found, floor) + latencies, found


def _paced(site: Site, contenders: Sequence[Contender], found: dict[str, list[Sample]], rounds: int) -> list[Figure]:
    """Let requests come at a fixed rate; return latencies from when they were due."""
    figures = []
    for contender in contenders:
        if contender.name not in {"intake c=64", "evidence c=16"}:
            continue
        name, load = contender.name.partition(" ")[0], contender.load
        rate = SHARE * median(found[contender.name], _speed)
        samples = []
        for turn in range(rounds):
            paced = replace(load, rate=rate, first=20 * APART + turn * load.most + load.first, seconds=load.seconds * 2)
            samples.append(run(site, replace(contender, load=paced)))
        figures += [
            Figure(f"open {name} per second", rate),
            Figure(f"open {name} p50 ms", median(samples, lambda sample: sample.p50_ms)),
            Figure(f"open {name} p99 ms", median(samples, lambda sample: sample.p99_ms)),
        ]
    return figures


def _speed(sample: Sample) -> float:
    return sample.per_second


def _cost(sample: Sample) -> float:
    return sample.server_us


def _figures(found: dict[str, list[Sample]], floor: float) -> list[Figure]:
    intake, bare = found["intake c=64"], found["bare hook c=64"]
    narrow, stock = found["intake c=16"], found["stock c=16"]
    evidence, bare_post = found["evidence c=16"], found["bare post c=16"]
    wide, bare_wide = found["evidence c=64"], found["bare post c=64"]
    cost = median(intake, _cost)
    return [
        Figure("P1", ratio(intake, bare, _speed), spread(intake, _speed)),
        Figure("P1 cpu", ratio(bare, intake, _cost), spread(intake, _cost)),
        Figure("P2", ratio(narrow, stock, _speed), spread(stock, _speed)),
        Figure("P2 cpu", ratio(stock, narrow, _cost), spread(stock, _cost)),
        Figure("P3", cost / floor, spread(intake, _cost)),
        Figure("floor us", floor),
        Figure("count us", counting_us()),
        Figure("P4", ratio(evidence, bare_post, _speed), spread(evidence, _speed)),
        Figure("P4 cpu", ratio(bare_post, evidence, _cost), spread(evidence, _cost)),
        Figure("P4 c=64", ratio(wide, bare_wide, _speed), spread(wide, _speed)),
        Figure("P4 refused", sum(s.refused for s in wide) / max(1, sum(s.refused + s.good for s in wide))),
        Figure("P9 commits", median(intake, lambda sample: sample.commits)),
        Figure("P9 durable", ratio(intake, found["intake, hasty commits"], _speed)),
        Figure("hot keys cpu", ratio(found["evidence, hot keys"], evidence, _cost)),
        Figure("of orders cpu", ratio(found["evidence of orders"], evidence, _cost)),
        Figure("hot keys", ratio(found["evidence, hot keys"], evidence, _speed)),
        Figure("P10", median(intake, lambda sample: sample.wal_bytes)),
        Figure("P10 evidence", median(evidence, lambda sample: sample.wal_bytes)),
    ]
