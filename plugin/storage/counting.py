"""What the pages count, in one statement: orders by day, value recovered, what either consent mode would send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from plugin.recovery.consent import ConsentMode
from plugin.recovery.outcomes import Outcome, Reason
from plugin.storage.database import Conn

MEASURED_DAYS = 14
"""How far back the figures go that are shown before the switch is turned on."""


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many orders paid on one day stand under one outcome and reason."""

    day: date
    outcome: Outcome
    reason: Reason
    count: int


@dataclass(frozen=True, slots=True)
class Measured:
    """The last 14 days: decided orders but the ignored, those missed, and how many each consent mode would have sent.

    Counted under a mode is what was missed or withheld; what the pixel reported, or was sent, is not.
    """

    decided: int
    missed: int
    would: Mapping[ConsentMode, int]


@dataclass(frozen=True, slots=True)
class Counts:
    """Orders of some days. `recovered`: their value, by currency; `untold`: those that no webhook told us of."""

    days: tuple[DayCount, ...]
    recovered: tuple[tuple[Decimal, str], ...]
    untold: int
    measured: Measured


# Decided orders from the totals; waiting ones, which stand in none, from the partial index of those that wait.
_LINES = """
WITH line AS (SELECT * FROM day_total WHERE shop_id = %(shop_id)s AND day BETWEEN %(since)s AND %(last)s),
measure AS (SELECT part, coalesce(sum(count) FILTER (WHERE counts), 0) AS count
    FROM line CROSS JOIN LATERAL (VALUES
        ('decided', outcome <> 'ignored'),
        ('missed', outcome = 'missed'),
        ('recorded', would_recorded AND outcome IN ('missed', 'withheld')),
        ('store_policy', would_store_policy AND outcome IN ('missed', 'withheld'))
    ) AS measured (part, counts)
    WHERE day >= %(measured)s GROUP BY part)
"""
_MEASURE = f"{_LINES} SELECT part, count FROM measure"  # noqa: S608 - a constant of this file
_COUNTS = f"""{_LINES}
SELECT 'day' AS part, day, outcome, reason, NULL AS currency, sum(count)::bigint AS count, NULL::numeric AS value
FROM line WHERE day >= %(first)s GROUP BY day, outcome, reason HAVING sum(count) > 0
UNION ALL
SELECT 'day', day, outcome, reason, NULL, count(*), NULL FROM paid_order
WHERE shop_id = %(shop_id)s AND outcome = 'waiting' AND day BETWEEN %(first)s AND %(last)s GROUP BY day, outcome, reason
UNION ALL
SELECT 'recovered', NULL, NULL, NULL, currency, sum(count), sum(value) FROM line
WHERE outcome = 'recovered' AND day >= %(first)s GROUP BY currency HAVING sum(count) > 0
UNION ALL
SELECT part, NULL, NULL, NULL, NULL, count, NULL FROM measure
UNION ALL
SELECT 'untold', NULL, NULL, NULL, NULL, count(*), NULL FROM paid_order
WHERE shop_id = %(shop_id)s AND told_by = 'reconciliation' AND day BETWEEN %(first)s AND %(last)s
"""  # noqa: S608 - put together from constants of this file


def counts(conn: Conn, shop_id: int, first: date, last: date) -> Counts:
    """Count a shop's orders paid from `first` to `last` (its own days, both included), and measure the last 14 days."""
    since = _measured_since(last)
    asked = {"shop_id": shop_id, "first": first, "last": last, "measured": since, "since": min(first, since)}
    rows = conn.execute(_COUNTS, asked).fetchall()
    days = tuple(
        DayCount(row["day"], Outcome(row["outcome"]), Reason(row["reason"]), int(row["count"]))
        for row in rows
        if row["part"] == "day"
    )
    recovered = sorted((row["currency"], row["value"]) for row in rows if row["part"] == "recovered")
    number = {row["part"]: int(row["count"]) for row in rows if row["day"] is None}
    return Counts(days, tuple((value, currency) for currency, value in recovered), number["untold"], _measured(number))


def measured(conn: Conn, shop_id: int, last: date) -> Measured:
    """Measure the 14 days up to `last` (the shop's own day), and nothing else."""
    since = _measured_since(last)
    asked = {"shop_id": shop_id, "last": last, "measured": since, "since": since}
    return _measured({row["part"]: int(row["count"]) for row in conn.execute(_MEASURE, asked).fetchall()})


def _measured_since(last: date) -> date:
    return last - timedelta(days=MEASURED_DAYS - 1)


def _measured(number: Mapping[str, int]) -> Measured:
    would = {mode: number.get(mode, 0) for mode in ConsentMode}
    return Measured(number.get("decided", 0), number.get("missed", 0), would)
