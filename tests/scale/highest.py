"""The whole at its highest: the rate of orders that this machine holds while everything runs, and what ends it.

`python -m tests.scale.highest`; SCALE_MINUTES, SCALE_SHOPS. 20,000 shops; each order with four evidence posts; 30 % are
missed and sent half an hour later: orders of that age come due all the while, as many a second as are missed.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sandbox.ports import free_port
from tests.bench import events
from tests.scale import backlog, peak
from tests.scale.backlog import Due
from tests.scale.stream import Piece, Stream, in_ledger
from tests.scale.tables import Told
from tests.scale.town import Member, ScaleSite, by_size, populate
from tests.scale.traffic import MISSED
from tests.scale.watch import Size, Waits, Watch, size, waits

SHOPS = int(os.environ.get("SCALE_SHOPS", "20000"))
MINUTES = float(os.environ.get("SCALE_MINUTES", "10"))
PROBE = 20.0
PIECE = 60.0
GUESS = float(os.environ.get("SCALE_GUESS", "100"))
CLOSE = 1.08
"""A rate that is not held is at most this times one that is, when the search ends."""
PROBES = 10
HOLDS = 5
STEP_DOWN = 0.88
LATE = 60.0
"""Seconds that a judgement may be late: production looks every 15."""
PAST = 15.0
"""Seconds' worth of orders that are past their grace when a run begins."""
CALMS_WITHIN = 120.0
META_MS = 100
WORKERS, AT_ONCE = 2, 8
"""Worker processes, and the batches that each sends at a time."""


@dataclass(slots=True)
class Run:
    """One run at a rate, and all that was seen of it."""

    rate: float
    began: Size
    seconds: float = 0
    pieces: list[Piece] = field(default_factory=list)
    waited: list[Waits] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)
    memory_mb: dict[str, float] = field(default_factory=dict)
    ended: Size | None = None
    dues: tuple[int, int] = (0, 0)
    """The first and the last number of the orders that came due during it."""
    calm_after: float | None = None
    """Seconds until nothing waited any more; None: too long."""

    @property
    def is_held(self) -> bool:
        """Whether all was answered in time, and judging kept up."""
        oldest = self.waited[-1].oldest if self.waited else 0.0
        return bool(self.pieces) and all(piece.is_held for piece in self.pieces) and oldest <= LATE


class Town:
    """The shops, everything that runs for them, and the clients."""

    def __init__(self, site: ScaleSite, shops: int, meta: tuple[str, int], **more: str) -> None:
        """`meta`: the stand-in's address and process. `more`: settings of the app's that differ."""
        self.site = site
        self._sellers: Sequence[Member] = by_size(populate(site, shops))
        port, more = free_port(), more | {"META_GRAPH_URL": f"{meta[0]}/v26.0"}
        web = site.web(port, **more).pid
        crew = [site.crew(AT_ONCE, **more) for _ in range(WORKERS)]
        self.kinds = {"web": [web], "workers": crew, "PostgreSQL": [site.postmaster], "stand-in for Meta": [meta[1]]}
        self._stream = Stream(port, [seller.store for seller in self._sellers])
        self._next_due = backlog.FIRST

    def run(self, rate: float, seconds: float, pieces: int = 1) -> Run:
        """Send orders at a rate, with as many coming due as are missed; stop at the first piece that is not held."""
        first, last = self._come_due(rate * MISSED / 10, seconds * pieces)
        made = Run(rate, size(self.site), dues=(first, last))
        began = time.monotonic()
        with Watch(self.site, self.kinds) as watch:
            for piece in self._stream.run(rate, seconds, pieces):
                made.pieces.append(piece)
                if not piece.is_held or watch.oldest() > LATE:
                    break
            made.seconds = time.monotonic() - began
            watch.waited.append(waits(self.site))
            made.waited, made.cpu, made.memory_mb = watch.waited, watch.cpu(), watch.memory_mb
        made.cpu["clients"] = sum(piece.tally.cpu for piece in made.pieces)
        made.ended = size(self.site)
        return made

    def _come_due(self, rate: float, seconds: float) -> tuple[int, int]:
        """Let orders come due, `rate` a second, and some that were due before; return the numbers of the former."""
        past, coming = int(PAST * rate), max(1, int(rate * seconds))
        first = self._next_due
        self._next_due += past + coming
        # writing them takes a while, too
        now = datetime.now(UTC) + timedelta(seconds=1 + (past + coming) / 4000)
        dues = [
            Due(
                self._sellers[number % len(self._sellers)],
                number,
                now + timedelta(seconds=(number - first - past) / rate),
            )
            for number in range(first, self._next_due)
        ]
        backlog.write(self.site, dues)
        time.sleep(max(0.0, (now - datetime.now(UTC)).total_seconds()))
        return first + past, self._next_due - 1

    def calm(self, run: Run) -> None:
        """Wait until nothing is late."""
        began = time.monotonic()
        while time.monotonic() < began + CALMS_WITHIN:
            if waits(self.site).count == 0:
                run.calm_after = time.monotonic() - began
                return
            time.sleep(1)


def search(town: Town) -> float:
    """Return a rate that was held, close to one that was not."""
    held, broken, rate = 0.0, float("inf"), GUESS
    for _ in range(PROBES):
        probe = town.run(rate, PROBE)
        town.calm(probe)
        _say(f"{rate:.0f} orders a second: {'held' if probe.is_held else 'not held'}, {peak.short(probe)}")
        held, broken = (rate, broken) if probe.is_held else (held, rate)
        if held and broken / held <= CLOSE:
            break
        rate = _next(held, broken)
    return held or rate


def _next(held: float, broken: float) -> float:
    """Return the rate to try between one that was held and one that was not (0, infinite: there is none yet)."""
    if broken == float("inf"):
        return held * 1.6
    return (held * broken) ** 0.5 if held else broken / 2


def hold(town: Town, rate: float, minutes: float) -> Run:
    """Hold a rate for so long; where it is not held, begin again with a lower one."""
    run = None
    for _ in range(HOLDS):
        run = town.run(rate, PIECE, max(1, round(minutes)))
        town.calm(run)
        _say(f"{rate:.0f} for {len(run.pieces)} minutes: {'held' if run.is_held else 'not held'}, {peak.short(run)}")
        if run.is_held:
            break
        rate *= STEP_DOWN
    assert run is not None
    return run


def measure(site: ScaleSite) -> Told:
    """Run all of it."""
    with events.sink(META_MS) as meta:
        town = Town(site, SHOPS, (meta, listens_at(int(meta.rsplit(":", 1)[1]))))
        found = search(town)
        kept = hold(town, found, MINUTES)
        doubled = town.run(kept.rate * 2, PIECE)
        town.calm(doubled)
        _say(f"doubled: {peak.short(doubled)}")
        told = peak.told(site, kept, doubled, SHOPS)
    acknowledged = {order for run in (kept, doubled) for piece in run.pieces for order in piece.acknowledged()}
    lost = len(acknowledged) - in_ledger(site, acknowledged)
    told.figures |= {"search": found, "acknowledged": len(acknowledged), "lost": lost}
    if lost:
        told.faults.append(f"{lost} of {len(acknowledged)} acknowledged orders are not in the ledger.")
    return told


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a command


def listens_at(port: int) -> int:
    """Return the process that was told to listen at a port: the stand-in for Meta, which we have started."""
    for child in peak.children(os.getpid()):
        if f"tests.bench.sink {port}" in peak.words_of(child):
            return child
    raise LookupError(port)


if __name__ == "__main__":
    from tests.scale.__main__ import run_part

    sys.exit(run_part("highest"))
