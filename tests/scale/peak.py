"""The tables about the highest rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tests.bench.machine import tree
from tests.bench.report import number
from tests.scale import backlog
from tests.scale.stream import PATIENT, Piece
from tests.scale.tables import Table, Told, spread
from tests.scale.traffic import EACH, Role

if TYPE_CHECKING:
    from tests.scale.highest import Run
    from tests.scale.town import ScaleSite

RECORD = 780
"""Orders a second in Shopify's record minute, as its own figures for 2025 have it."""
GB = 1e9


def latencies(pieces: Sequence[Piece], role: Role | None = None) -> list[float]:
    """Return all milliseconds from due to acknowledged."""
    return [seconds * 1000 for piece in pieces for seconds in piece.latencies(role)]


def short(run: Run) -> str:
    """Say how a run went, in a line."""
    middle, most = spread(latencies(run.pieces), 0.5, 0.99)
    last = run.waited[-1]
    late = f"{last.unjudged} to judge, {last.unsent} to send, the oldest {last.oldest:.0f} s late"
    return f"p50 {middle:.0f} ms, p99 {most:.0f} ms, refused / cut off / never sent {_bad(run)}; {late}"


def _answers(table: Table, run: Run) -> None:
    webhooks = latencies(run.pieces, Role.WEBHOOK)
    posts = [ms for role in Role if role is not Role.WEBHOOK for ms in latencies(run.pieces, role)]
    for words, values in (("webhooks", webhooks), ("evidence posts", posts)):
        told = " / ".join(number(ms) for ms in spread(values, 0.5, 0.99, 0.999))
        table.add(f"Acknowledged after, {words}: p50 / p99 / p99.9 (ms from due)", told)
    table.add("Without a good answer: refused / cut off or unanswered / never sent", _bad(run))


def _bad(run: Run) -> str:
    refused = sum(piece.tally.refused for piece in run.pieces)
    failed = sum(piece.tally.failed for piece in run.pieces)
    return f"{refused:,} / {failed:,} / {sum(piece.never_sent for piece in run.pieces):,}"


def _whole(site: ScaleSite, run: Run, shops: int, figures: dict[str, Any]) -> Table:
    orders, size = run.rate * run.seconds, run.ended
    assert size is not None
    sent = backlog.waited(site, *run.dues)
    grown, wal = (size.database - run.began.database) / orders, (size.wal - run.began.wal) / orders
    figures |= {"rate": run.rate, "factor": run.rate / RECORD, "database_bytes": grown, "wal_bytes": wal}
    figures |= {"held": run.is_held, "seconds": run.seconds, "due_to_sent_s": spread(sent, 0.5, 0.95, 0.99)}
    minutes = sum(1 for piece in run.pieces)
    table = Table(f"The highest rate, {'held' if run.is_held else 'NOT held'} for {minutes} minutes", ("", ""))
    table.add("Orders a second", run.rate)
    table.add("... requests a second", run.rate * EACH)
    table.add("... shops", shops)
    table.add(f"... of the record's {RECORD}", f"{run.rate / RECORD:.2f}")
    _answers(table, run)
    table.add("Came due / sent to Meta", f"{run.dues[1] - run.dues[0] + 1:,} / {len(sent):,}")
    table.add("From due to sent: p50 / p95 / p99 (s)", " / ".join(number(s) for s in spread(sent, 0.5, 0.95, 0.99)))
    table.add("Waiting past their time: at most / at the end", _waiting(run))
    table.add("... by how many seconds the oldest: at most", max(waits.oldest for waits in run.waited))
    table.add("Database grows by, bytes an order", grown)
    table.add("WAL, bytes an order", wal)
    table.add("Both in an hour (GB)", (grown + wal) * run.rate * 3600 / GB)
    return table


def _waiting(run: Run) -> str:
    return f"{max(waits.count for waits in run.waited):,} / {run.waited[-1].count:,}"


def _processes(run: Run, title: str, figures: dict[str, Any]) -> Table:
    table = Table(title, ("", "cores", "CPU us an order", "memory, not shared (MB)"))
    for name, seconds in run.cpu.items():
        each = seconds / (run.rate * run.seconds) * 1e6
        table.add(name, seconds / run.seconds, each, run.memory_mb.get(name))
        figures[f"{name} us"] = each
    table.add("all", sum(run.cpu.values()) / run.seconds, sum(run.cpu.values()) / (run.rate * run.seconds) * 1e6, None)
    return table


def _first(run: Run) -> str:
    """Say what was late first, and when."""
    piece = run.pieces[0]
    late = {
        "webhooks": piece.first_late(Role.WEBHOOK),
        "evidence posts": min(
            (at for role in Role if role is not Role.WEBHOOK for at in [piece.first_late(role)] if at is not None),
            default=None,
        ),
        "judging": next((turn * 5 for turn, waits in enumerate(run.waited, 1) if waits.oldest > 45), None),
    }
    told = [f"{name} after {at} s" for name, at in sorted(late.items(), key=lambda one: one[1] or 0) if at is not None]
    return ", ".join(told) or "nothing"


def _doubled(run: Run) -> Table:
    table = Table(f"The same doubled, for {run.seconds:.0f} s", ("", ""))
    table.add("Orders a second", run.rate)
    good = sum(len(piece.tally.good) for piece in run.pieces)
    table.add("... requests a second that got a good answer", good / run.seconds)
    _answers(table, run)
    table.add(f"Later than {PATIENT:g} s (webhooks, posts), than 45 s (judging), first", _first(run))
    table.add("Waiting past their time: at most / at the end", _waiting(run))
    table.add("Seconds afterwards until nothing waits", run.calm_after)
    return table


def told(site: ScaleSite, kept: Run, doubled: Run, shops: int) -> Told:
    """Return the tables."""
    figures: dict[str, Any] = {}
    whole = _whole(site, kept, shops, figures)
    tables = [whole, _processes(kept, "By kind of process at that rate", figures), _doubled(doubled)]
    tables.append(_processes(doubled, "By kind of process, doubled", {}))
    faults = [] if kept.is_held else [f"No rate was held for long: {kept.rate:.0f} orders a second was the last."]
    return Told(tables, figures, faults)


def children(root: int) -> list[int]:
    """Return all processes below one."""
    return tree(root)[1:]


def words_of(pid: int) -> str:
    """Return a process's command line."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123 - no path to work with
            return file.read().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
