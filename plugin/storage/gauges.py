"""Figures of the whole installation that the database tells: for `/metrics` and `backstop doctor`. None names a shop.

Each statement reads rows that still need something, or one row a shop; a limit ends it all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from plugin.storage.database import Conn

LIMIT: Final = "SET LOCAL statement_timeout = '2s'"
STALLED_AFTER: Final = 30
"""Seconds without a sign of life of a queue's worker after which its job counts as stalled."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; `label` is a name and a value of a closed list."""

    name: str
    text: str
    value: float
    label: tuple[str, str] | None = None


# Waiting orders by their reason (the outcome is `waiting` for all of them), and how long the oldest is past its time.
_WAITING = """
SELECT reason, count(*)::int AS rows, greatest(0, extract(epoch FROM %(now)s - min(look_at)))::float8 AS oldest
FROM paid_order WHERE outcome = 'waiting' GROUP BY reason
"""
REASONS: Final = ("grace_period", "sending", "meta_unavailable", "connection_broken", "held")
_SINGLE: Final = (
    (
        "breaker_open",
        "connections to Meta that rest after five failures in a row",
        "SELECT count(*) FROM meta_connection WHERE until_at IS NULL AND failures >= 5 AND paused_until > %(now)s",
    ),
    (
        "reconcile_lag_seconds",
        "how long ago the shop that was looked through longest ago was",
        (
            "SELECT extract(epoch FROM %(now)s - min(coalesce(reconciled_until, installed_at))) FROM shop"
            " WHERE uninstalled_at IS NULL AND access_token IS NOT NULL AND reopen_needed IS NULL"
        ),
    ),
    (
        "redact_pending_seconds",
        "how long the oldest erasure has waited",
        (
            "SELECT extract(epoch FROM %(now)s - min(asked_at)) FROM compliance_request"
            " WHERE state = 'open' AND topic <> 'customers/data_request'"
        ),
    ),
    (
        "stalled_jobs",
        "jobs of workers that are gone",
        (
            "SELECT count(*) FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id"
            " WHERE j.status = 'doing'"
            " AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => %(stalled)s))"
        ),
    ),
    (
        "worker_heartbeat_age_seconds",
        "how long ago any worker gave a sign of life; -1: none ever did",
        "SELECT coalesce(extract(epoch FROM clock_timestamp() - beaten_at), -1) FROM ledger_mark",
    ),
)


def figures(conn: Conn, now: datetime) -> list[Figure]:
    """Return them all; those of which there is nothing to tell are 0."""
    conn.execute(LIMIT)
    found = {row["reason"]: row for row in conn.execute(_WAITING, {"now": now}).fetchall()}
    lines = []
    for reason in REASONS:
        row = found.get(reason, {"rows": 0, "oldest": 0.0})
        label = ("outcome", reason)
        lines.append(Figure("ledger_rows", "waiting orders, by why they wait", row["rows"], label))
        lines.append(Figure("ledger_oldest_seconds", "how long the oldest is past its time", row["oldest"], label))
    return lines + [Figure(name, text, _number(conn, statement, now)) for name, text, statement in _SINGLE]


def _number(conn: Conn, statement: str, now: datetime) -> float:
    row = conn.execute(statement.encode(), {"now": now, "stalled": STALLED_AFTER}).fetchone()
    value = next(iter(row.values())) if row else None
    return float(value or 0)
