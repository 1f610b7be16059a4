"""What is looked at while all runs: CPU and memory by kind of process, what waits, how much is written."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import psycopg

from tests.bench.machine import cpu_seconds, memory
from tests.bench.site import Site

EVERY = 5.0
"""Seconds between two looks; memory, which is dearer to ask for, is looked at every sixth time."""
MEMORY_TURNS = 6
_WAITS = """
SELECT count(*) FILTER (WHERE reason NOT IN ('sending', 'meta_unavailable')) AS unjudged,
    count(*) FILTER (WHERE reason IN ('sending', 'meta_unavailable')) AS unsent,
    coalesce(extract(epoch FROM now() - min(look_at))::float8, 0) AS oldest
FROM paid_order WHERE outcome = 'waiting' AND look_at <= now()
"""
_SIZE = "SELECT pg_database_size(current_database()), pg_current_wal_insert_lsn() - '0/0'::pg_lsn"


@dataclass(frozen=True, slots=True)
class Waits:
    """Orders whose time has come. `oldest`: seconds by which the first of them is late."""

    unjudged: int
    unsent: int
    oldest: float

    @property
    def count(self) -> int:
        """Of both kinds."""
        return self.unjudged + self.unsent


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of the database, and of all the WAL that was ever written."""

    database: int
    wal: int


def waits(site: Site) -> Waits:
    """Ask how much waits right now."""
    with psycopg.connect(site.url, autocommit=True) as conn:
        row = conn.execute(_WAITS).fetchone()
    assert row is not None
    return Waits(int(row[0]), int(row[1]), float(row[2]))


def size(site: Site) -> Size:
    """Ask how large all is."""
    with psycopg.connect(site.url, autocommit=True) as conn:
        row = conn.execute(_SIZE).fetchone()
    assert row is not None
    return Size(int(row[0]), int(row[1]))


@dataclass(slots=True)
class Watch:
    """Looks at the processes of each kind, in a thread, until it is closed."""

    site: Site
    kinds: Mapping[str, Sequence[int]]
    waited: list[Waits] = field(default_factory=list)
    memory_mb: dict[str, float] = field(default_factory=dict)
    """At its highest; memory that processes share is not counted."""
    _began: dict[str, float] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._began = self._used()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        assert self._thread is not None
        self._thread.join()

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds of each kind since the beginning."""
        return {name: used - self._began[name] for name, used in self._used().items()}

    def oldest(self) -> float:
        """Return by how many seconds the longest waiting order was late at the last look."""
        return self.waited[-1].oldest if self.waited else 0.0

    def _used(self) -> dict[str, float]:
        return {name: cpu_seconds(pids) for name, pids in self.kinds.items()}

    def _look(self) -> None:
        turn = 0
        while not self._over.wait(EVERY):
            self.waited.append(waits(self.site))
            if turn % MEMORY_TURNS == 0:
                for name, pids in self.kinds.items():
                    now = sum(sum(memory(pid).values()) for pid in pids)
                    self.memory_mb[name] = max(now, self.memory_mb.get(name, 0))
            turn += 1
