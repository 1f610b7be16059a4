"""Lists of orders, the latest paid first, by what a merchant looks for. Each is one statement that reads an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.rows import DictRow

from plugin.recovery.outcomes import REASONS, Outcome, Reason
from plugin.storage.database import Conn

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(9999, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EAST, WEST = timedelta(hours=14), timedelta(hours=12)
"""How far clocks are ahead of UTC, and behind it, at most: a day anywhere lies within."""
ANY_DAY = (date.min, date.max)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a list of orders goes on: after the order with this time of payment and id."""

    paid_at: datetime
    order_id: int

    def __str__(self) -> str:
        return f"{(self.paid_at - EPOCH) // MICROSECOND}-{self.order_id}"

    @classmethod
    def from_text(cls, text: str) -> Mark | None:
        """Read what `str` wrote; None if it is anything else."""
        at, _, order_id = text.partition("-")
        if not (at.isascii() and order_id.isascii() and at.isdigit() and order_id.isdigit() and len(text) < 40):  # noqa: PLR2004 - two 64-bit numbers
            return None
        try:
            moment = EPOCH + timedelta(microseconds=int(at))
        except OverflowError:
            return None
        return cls(moment, int(order_id)) if int(order_id) < 2**63 else None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order as a list shows it."""

    order_id: int
    number: str
    paid_at: datetime
    value: Decimal
    currency: str
    outcome: Outcome
    reason: Reason
    look_at: datetime | None

    @property
    def mark(self) -> Mark:
        """Where the list goes on after this order."""
        return Mark(self.paid_at, self.order_id)

    @classmethod
    def from_row(cls, row: DictRow) -> OrderLine:
        """Read a row of paid_order."""
        return cls(
            row["order_id"],
            row["number"],
            row["paid_at"],
            row["value"],
            row["currency"],
            Outcome(row["outcome"]),
            Reason(row["reason"]),
            row["look_at"],
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders are looked for; all of what is given has to hold. `number`: as the merchant knows it, `#` or not."""

    outcome: Outcome | None = None
    reason: Reason | None = None
    day: date | None = None
    number: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether anything is looked for in particular."""
        return bool(self.outcome or self.reason or self.day or self.number)

    @property
    def reasons(self) -> Sequence[Reason]:
        """The reasons that the orders may have; none named: any. A reason belongs to one outcome."""
        of_outcome = REASONS[self.outcome] if self.outcome else frozenset(Reason)
        if self.reason is not None:
            return sorted({self.reason} & of_outcome)
        return sorted(of_outcome) if self.outcome else ()

    @property
    def numbers(self) -> Sequence[str]:
        """The numbers that are meant."""
        bare = self.number.removeprefix("#")
        return sorted({bare, f"#{bare}", bare.upper(), f"#{bare.upper()}"})


_LINE = "order_id, number, paid_at, value, currency, outcome, reason, look_at"
# A shop's days are by its own clock, as they were at intake; the time of payment is what the indexes know.
_WITHIN = """(paid_at, order_id) < (%(paid_at)s, %(order_id)s) AND paid_at >= %(since)s
    AND day BETWEEN %(first_day)s AND %(last_day)s"""
_LATEST = "ORDER BY paid_at DESC, order_id DESC LIMIT %(limit)s"
_ALL = f"SELECT {_LINE} FROM paid_order WHERE shop_id = %(shop_id)s AND {_WITHIN} {_LATEST}"  # noqa: S608 - constants of this file
# Of each reason as many as are shown: an outcome has five at most, and each is a stretch of the index. Orders in their
# grace period are left out of that index, since every order would enter it as it comes in: they are among the few that
# wait. OFFSET 0 keeps that a look by the index of those.
_BY_REASON = f"""
SELECT line.* FROM (
    SELECT line.* FROM unnest(%(reasons)s::text[]) AS wanted (reason) CROSS JOIN LATERAL (
        SELECT {_LINE} FROM paid_order
        WHERE shop_id = %(shop_id)s AND reason = wanted.reason AND reason <> 'grace_period' AND {_WITHIN} {_LATEST}
    ) AS line
    UNION ALL SELECT * FROM (
        SELECT {_LINE} FROM paid_order WHERE shop_id = %(shop_id)s AND outcome = 'waiting' AND reason = 'grace_period'
            AND 'grace_period' = ANY(%(reasons)s) AND {_WITHIN} OFFSET 0
    ) AS graced
) AS line {_LATEST}
"""  # noqa: S608 - constants of this file
_BY_NUMBER = f"""
SELECT {_LINE} FROM paid_order WHERE shop_id = %(shop_id)s AND number = ANY(%(numbers)s) AND {_WITHIN}
    AND (%(any_reason)s OR reason = ANY(%(reasons)s)) {_LATEST}
"""  # noqa: S608 - constants of this file


def latest(
    conn: Conn, shop_id: int, *, limit: int, wanted: Wanted | None = None, before: Mark | None = None
) -> list[OrderLine]:
    """Return a shop's orders, the latest paid first: those wanted, and from a mark on, where these are given."""
    query, asked = question(shop_id, limit=limit, wanted=wanted or Wanted(), before=before)
    return [OrderLine.from_row(row) for row in conn.execute(query, asked).fetchall()]


def question(shop_id: int, *, limit: int, wanted: Wanted, before: Mark | None) -> tuple[str, dict[str, Any]]:
    """Return the statement that finds these orders, and its values."""
    since, until = EPOCH, END
    if wanted.day is not None:
        midnight = datetime.combine(wanted.day, datetime.min.time(), UTC)
        since, until = midnight - EAST, midnight + timedelta(days=1) + WEST
    mark = before if before and before.paid_at < until else Mark(until, 0)
    first_day, last_day = ANY_DAY if wanted.day is None else (wanted.day, wanted.day)
    asked = {
        "shop_id": shop_id,
        "paid_at": mark.paid_at,
        "order_id": mark.order_id,
        "since": since,
        "first_day": first_day,
        "last_day": last_day,
        "limit": limit,
        "reasons": list(wanted.reasons),
        "any_reason": not (wanted.outcome or wanted.reason),
        "numbers": list(wanted.numbers),
    }
    if wanted.number:
        return _BY_NUMBER, asked
    return (_BY_REASON if wanted.outcome or wanted.reason else _ALL), asked
