"""Interleaved rounds: every contender runs once in each round, in turn, and medians are compared within them.

The machine's mood changes by the minute, for all alike: ratios of neighbours survive it, absolute figures do not.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import psycopg

from tests.bench.clients import Load, Tally, ready
from tests.bench.machine import cpu_seconds
from tests.bench.site import Site


@dataclass(frozen=True, slots=True)
class Contender:
    """Who answers what. `pid`: its server's first process; `uses_database`: PostgreSQL's work counts as its own.

    `durable`: as shipped; False lets PostgreSQL answer before a commit is on the disk: what does waiting cost?
    """

    name: str
    pid: int
    load: Load
    uses_database: bool = True
    durable: bool = True


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of a contender. CPU in microseconds a good answer, latencies in milliseconds."""

    per_second: float
    app_us: float
    database_us: float
    clients_us: float
    p50_ms: float
    p99_ms: float
    good: int
    refused: int
    failed: int
    wal_bytes: float
    commits: float
    """Both of the whole PostgreSQL, a good answer."""

    @property
    def server_us(self) -> float:
        """CPU of server and database."""
        return self.app_us + self.database_us


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of the sorted values lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


@dataclass(frozen=True, slots=True)
class Counters:
    """What PostgreSQL has written so far. Every transaction that writes takes one number: so many commits were made."""

    wal: int
    commits: int


def counters(site: Site) -> Counters:
    """Read them, asking for the newest."""
    with psycopg.connect(site.url, autocommit=True) as conn:
        row = conn.execute(
            "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        ).fetchone()
    assert row is not None
    return Counters(int(row[0]), int(row[1]))


@contextmanager
def _hasty_commits(site: Site) -> Iterator[None]:
    try:
        _alter(site, b"ALTER SYSTEM SET synchronous_commit = off")
        yield
    finally:
        _alter(site, b"ALTER SYSTEM RESET synchronous_commit")


def _alter(site: Site, statement: bytes) -> None:
    with psycopg.connect(site.url, autocommit=True) as conn:
        conn.execute(statement)
        conn.execute("SELECT pg_reload_conf()")
    time.sleep(0.1)  # until every session has heard of it


def run(site: Site, contender: Contender) -> Sample:
    """Let the clients at one contender."""
    if not contender.durable:
        with _hasty_commits(site):
            return run(site, replace(contender, durable=True))
    database = [site.postmaster]
    clients = ready(contender.load)
    before = counters(site)
    app, base = cpu_seconds([contender.pid]), cpu_seconds(database)
    tallies = clients.run()
    app, base = cpu_seconds([contender.pid]) - app, cpu_seconds(database) - base
    after = counters(site)
    return _sample(tallies, app, base if contender.uses_database else 0, (before, after))


def _sample(tallies: Sequence[Tally], app: float, base: float, around: tuple[Counters, Counters]) -> Sample:
    good = sum(len(tally.good) for tally in tallies)
    span = max(tally.ended for tally in tallies) - min(tally.began for tally in tallies)
    latencies = [latency * 1000 for tally in tallies for latency in tally.latencies]
    each = 1e6 / max(good, 1)
    return Sample(
        per_second=good / span,
        app_us=app * each,
        database_us=base * each,
        clients_us=sum(tally.cpu for tally in tallies) * each,
        p50_ms=quantile(latencies, 0.5),
        p99_ms=quantile(latencies, 0.99),
        good=good,
        refused=sum(tally.refused for tally in tallies),
        failed=sum(tally.failed for tally in tallies),
        wal_bytes=(around[1].wal - around[0].wal) / max(good, 1),
        commits=(around[1].commits - around[0].commits) / max(good, 1),
    )


def interleave(site: Site, contenders: Sequence[Contender], rounds: int) -> dict[str, list[Sample]]:
    """Run all of them, once to warm up and then `rounds` times, never the same requests twice."""
    found: dict[str, list[Sample]] = {contender.name: [] for contender in contenders}
    for turn in range(rounds + 1):
        for contender in contenders:
            load = contender.load
            sample = run(site, replace(contender, load=replace(load, first=load.first + turn * load.most)))
            if turn:
                found[contender.name].append(sample)
    return found


def median(samples: Sequence[Sample], of: Callable[[Sample], float]) -> float:
    """Return the median of a figure."""
    return statistics.median(of(sample) for sample in samples)


def ratio(above: Sequence[Sample], below: Sequence[Sample], of: Callable[[Sample], float]) -> float:
    """Return the median of the rounds' own ratios: each round's two runs were neighbours."""
    return statistics.median(of(a) / of(b) for a, b in zip(above, below, strict=True))
