"""Day totals: decided orders by day, outcome and reason. Both ends of a change go under the order's own day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import date
from decimal import Decimal

from plugin.storage.database import Conn


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """One line of a shop's totals."""

    day: date
    outcome: str
    reason: str
    currency: str
    would_recorded: bool
    would_store_policy: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What an order adds to a line (or takes from it: negative)."""

    line: Line
    count: int
    value: Decimal


_MOVE = """
INSERT INTO day_total (shop_id, day, outcome, reason, currency, would_recorded, would_store_policy, count, value)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (shop_id, day, outcome, reason, currency, would_recorded, would_store_policy)
DO UPDATE SET count = day_total.count + excluded.count, value = day_total.value + excluded.value
"""


def move(conn: Conn, shop_id: int, changes: Iterable[Change]) -> None:
    """Add changes to a shop's totals, once a line, in a fixed order so that two transactions never wait in a ring."""
    sums: dict[Line, tuple[int, Decimal]] = {}
    for change in changes:
        count, value = sums.get(change.line, (0, Decimal(0)))
        sums[change.line] = (count + change.count, value + change.value)
    moved = [(shop_id, *astuple(line), *sums[line]) for line in sorted(sums) if any(sums[line])]
    if moved:
        with conn.cursor() as cursor:
            cursor.executemany(_MOVE, moved)
