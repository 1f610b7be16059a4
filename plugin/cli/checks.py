"""The doctor's checks. Each says what is so, and what to do if it should not be."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from plugin.recovery import rounds
from plugin.refusals import TOPICS
from plugin.services import Services
from plugin.settings import Settings
from plugin.storage import gauges, heartbeat, keys, resync, schema
from plugin.storage.database import Conn

OLDEST_SERVER: Final = 140000
"""PostgreSQL 14."""
FEWEST_FREE: Final = 20
"""Connections: a web process takes up to 24."""
SKEW: Final = 2.0
"""Seconds between two clocks."""
BEAT_LATE: Final = timedelta(seconds=30)
OVERDUE: Final = 180.0
"""Seconds past its time for an order that is to be judged or sent."""
MOST_UNTOLD: Final = 0.01
"""Of the orders of a day, those that no webhook told of."""
YEAR: Final = timedelta(days=366)
ERASURE_LATE: Final = timedelta(hours=1)


class Grade(StrEnum):
    """What a check found."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's."""

    name: str
    grade: Grade
    said: str
    todo: str = ""


def graded(name: str, said: str, *, bad: bool, todo: str, grade: Grade = Grade.PROBLEM) -> Check:
    """Return a check that is ok unless something is bad."""
    return Check(name, grade if bad else Grade.OK, said, todo if bad else "")


def configuration(settings: Settings, file: Path) -> Iterator[Check]:
    """Compare what Shopify is told of the app, where its configuration lies beside the program."""
    if not file.exists():
        yield Check(
            "webhooks", Grade.WARNING, "shopify.app.toml is not here", "compare it with docs/deploy-to-shopify.md"
        )
        return
    told = tomllib.loads(file.read_text())
    missing = TOPICS - _topics(told)
    said = f"{len(TOPICS) - len(missing)} of {len(TOPICS)} subscriptions stand in shopify.app.toml"
    yield graded("webhooks", said, bad=bool(missing), todo=f"add {', '.join(sorted(missing))}")
    elsewhere = str(told.get("application_url", "")).rstrip("/") != settings.url
    yield graded(
        "app configuration",
        "application_url is another address than BACKSTOP_URL" if elsewhere else "application_url is BACKSTOP_URL",
        bad=elsewhere,
        todo="release the app with this address (docs/deploy-to-shopify.md)",
        grade=Grade.WARNING,
    )


def _topics(told: dict[str, Any]) -> set[str]:
    lines = told.get("webhooks", {}).get("subscriptions", [])
    return {topic for line in lines for topic in (*line.get("topics", ()), *line.get("compliance_topics", ()))}


def server(given: Services) -> Iterator[Check]:
    """The server: version, safety of its commits, clock, room for connections."""
    with given.database.transaction() as conn:
        before = datetime.now(UTC)
        row = conn.execute(
            "SELECT current_setting('server_version_num')::int AS version, current_setting('fsync') AS fsync,"
            " current_setting('full_page_writes') AS pages, current_setting('synchronous_commit') AS commit,"
            " clock_timestamp() AS clock, pg_size_pretty(pg_database_size(current_database())) AS size,"
            " current_setting('max_connections')::int - (SELECT count(*) FROM pg_stat_activity)::int AS free"
        ).fetchone()
        after = datetime.now(UTC)
    assert row is not None  # noqa: S101 - it asks no table
    version = row["version"]
    yield graded(
        "database", f"PostgreSQL {version // 10000}, {row['size']}", bad=version < OLDEST_SERVER, todo="use 14 or newer"
    )
    unsafe = [name for name in ("fsync", "pages", "commit") if row[name] == "off"]
    yield graded(
        "durability",
        f"off: {', '.join(unsafe)}" if unsafe else "a confirmed write outlives a crash",
        bad=bool(unsafe),
        todo="switch fsync, full_page_writes and synchronous_commit on: an order would be lost with the power",
    )
    skew = max((before - row["clock"]).total_seconds(), (row["clock"] - after).total_seconds(), 0.0)
    yield graded("clocks", f"{skew:.1f} s apart", bad=skew > SKEW, todo="let both machines ask a time server")
    yield graded(
        "connections",
        f"{row['free']} free",
        bad=row["free"] < FEWEST_FREE,
        todo="raise max_connections",
        grade=Grade.WARNING,
    )


def shape(given: Services) -> Iterator[Check]:
    """The schema's revision."""
    with given.database.transaction() as conn:
        made = conn.execute("SELECT to_regclass('alembic_version') IS NOT NULL AS is_there").fetchone()
        row = conn.execute("SELECT version_num FROM alembic_version").fetchone() if made and made["is_there"] else None
    found: str | None = row["version_num"] if row else None
    wanted = schema.newest()
    yield graded(
        "schema",
        f"revision {found or 'none'}, this version's is {wanted}",
        bad=found != wanted,
        todo="start the newer version's processes" if schema.is_newer(found) else "backstop db upgrade",
        grade=Grade.WARNING if schema.is_newer(found) else Grade.PROBLEM,
    )


def master_keys(given: Services) -> Iterator[Check]:
    """Whether every store's keys open."""
    with given.database.transaction() as conn:
        used = keys.in_use(conn, given.vault)
        closed = keys.unreadable(conn, given.vault)
    names = ", ".join(f"{key.name} ({key.shops} stores)" for key in used) or "none in use yet"
    said = f"{names}; {closed} stores' keys do not open" if closed else names
    yield graded("keys", said, bad=closed > 0, todo="put the master key back that sealed them (docs/runbook.md)")
    old = [key.name for key in used if key.name != given.vault.active]
    if old and not closed:
        yield Check("key rotation", Grade.WARNING, f"{', '.join(old)} still in use", "backstop keys rotate")
    made = _made(given.vault.active)
    if made is not None and given.clock.now() - made > YEAR:
        said, todo = f"{given.vault.active} was made more than a year ago", "docs/runbook.md, a key is to be changed"
        yield Check("key age", Grade.WARNING, said, todo)


def _made(name: str) -> datetime | None:
    """Return the day that a master key is named after, as `keys new` does; None: nobody knows."""
    try:
        day = datetime.strptime(name, "k%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return day if f"{day:k%Y%m%d}" == name else None


def sending(given: Services) -> Iterator[Check]:
    """Whether sending is paused."""
    with given.database.transaction() as conn:
        found = resync.state(conn)
    said = "goes on"
    if found.is_paused:
        said = "is paused: the database was put back or moved" if found.was_moved else "is paused"
    yield graded("sending", said, bad=found.is_paused, todo="docs/runbook.md, then `backstop db resync`")


def workers(given: Services) -> Iterator[Check]:
    """Whether a worker lives, and none left a job behind."""
    with given.database.transaction() as conn:
        age = heartbeat.age(conn)
        figures = {figure.name: figure.value for figure in gauges.figures(conn, given.clock.now())}
    said = "no worker ever gave a sign of life" if age is None else f"a worker lived {age.total_seconds():.0f} s ago"
    yield graded("worker", said, bad=age is None or age > BEAT_LATE, todo="start `backstop worker`, and read its log")
    stalled = int(figures["stalled_jobs"])
    yield graded(
        "stalled jobs",
        f"{stalled}",
        bad=stalled > 0,
        todo="a worker's upkeep ends them within a minute",
        grade=Grade.WARNING,
    )
    open_breakers = int(figures["breaker_open"])
    yield graded(
        "breakers",
        f"{open_breakers} connections to Meta rest after failures",
        bad=open_breakers > 0,
        todo="docs/runbook.md, Meta is down",
        grade=Grade.WARNING,
    )


def orders(given: Services) -> Iterator[Check]:
    """Whether orders get on: those that wait, those that no webhook told of, how far reconciliation has come."""
    now = given.clock.now()
    with given.database.transaction() as conn:
        figures = gauges.figures(conn, now)
        untold = _untold(conn, now)
    oldest = {one.label[1]: one.value for one in figures if one.name == "ledger_oldest_seconds" and one.label}
    rows = {one.label[1]: int(one.value) for one in figures if one.name == "ledger_rows" and one.label}
    for reason in ("grace_period", "sending", "meta_unavailable"):
        said = f"{rows[reason]}, the oldest {oldest[reason]:.0f} s past its time"
        yield graded(
            f"orders: {reason}", said, bad=oldest[reason] > OVERDUE, todo="docs/runbook.md, orders do not move"
        )
    for reason in ("connection_broken", "held"):
        said, todo = f"{rows[reason]} wait for their store's staff", "the dashboard tells them; nothing to do here"
        yield graded(f"orders: {reason}", said, bad=rows[reason] > 0, todo=todo, grade=Grade.WARNING)
    single = {one.name: one.value for one in figures if one.label is None}
    lag = single["reconcile_lag_seconds"]
    late = lag > (rounds.LONG_REST + rounds.LONG_REST + rounds.OVERLAP).total_seconds()
    yield graded(
        "reconciliation", f"{lag / 60:.0f} minutes behind", bad=late, todo="docs/runbook.md, webhooks are lost"
    )
    bad = untold > MOST_UNTOLD
    yield graded(
        "webhooks that came", f"{1 - untold:.1%} of a day's orders", bad=bad, todo="docs/runbook.md, webhooks are lost"
    )
    waits = single["redact_pending_seconds"]
    yield graded(
        "erasures",
        f"the oldest waits {waits:.0f} s",
        bad=waits > ERASURE_LATE.total_seconds(),
        todo="docs/runbook.md, erasing is stuck",
    )


def _untold(conn: Conn, now: datetime) -> float:
    row = conn.execute(
        "SELECT coalesce(avg((told_by = 'reconciliation')::int), 0)::float8 AS share FROM paid_order"
        " WHERE paid_at BETWEEN %s AND %s",
        (now - timedelta(days=1), now - rounds.LATE),
    ).fetchone()
    return float(row["share"]) if row else 0.0


Look = Callable[[Services], Iterator[Check]]
OF_THE_DATABASE: Final[tuple[Look, ...]] = (server, shape, master_keys, sending, workers, orders)
