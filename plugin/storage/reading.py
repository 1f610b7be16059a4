"""What the pages show, one question a function. Nothing here writes; `hold` keeps a shop as it is until the commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.rows import DictRow

from plugin.recovery.outcomes import Outcome, Reason
from plugin.storage import evidence, ledger
from plugin.storage.database import Conn
from plugin.storage.shops import Shop

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many orders paid on one day stand under one outcome and reason."""

    day: date
    outcome: Outcome
    reason: Reason
    count: int


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


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of an order's checkout, in words and times; no ids."""

    delivery: str | None = None
    consent: Mapping[str, bool] | None = None
    stages: tuple[str, ...] = ()
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One request to Meta that held the order, and how many orders it held in all; `result` None: under way."""

    result: str | None
    code: str | None
    trace_id: str | None
    orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStory:
    """Everything that the ledger tells of one order. No buyer data: of the sealed event only whether there is one."""

    line: OrderLine
    placed_at: datetime
    decided_at: datetime | None
    regions: tuple[str, ...]
    first_sent_at: datetime | None
    in_doubt_since: datetime | None
    basis: str | None
    fields_sent: tuple[str, ...]
    code: str | None
    trace_id: str | None
    holds_event: bool
    seen: Seen
    requests: tuple[Request, ...]


# Decided orders from the totals; waiting ones, which stand in none, from the partial index of those that wait.
_COUNTS = """
SELECT day, outcome, reason, sum(count)::bigint AS count FROM day_total
WHERE shop_id = %(shop_id)s AND day BETWEEN %(first)s AND %(last)s GROUP BY day, outcome, reason HAVING sum(count) > 0
UNION ALL
SELECT day, outcome, reason, count(*) FROM paid_order
WHERE shop_id = %(shop_id)s AND outcome = 'waiting' AND day BETWEEN %(first)s AND %(last)s GROUP BY day, outcome, reason
"""
_LINE = "order_id, number, paid_at, value, currency, outcome, reason, look_at"
_RECENT = f"""
SELECT {_LINE} FROM paid_order WHERE shop_id = %(shop_id)s
AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
AND (%(paid_at)s::timestamptz IS NULL OR (paid_at, order_id) < (%(paid_at)s, %(order_id)s))
ORDER BY paid_at DESC, order_id DESC LIMIT %(limit)s
"""  # noqa: S608 - a constant of ours


def counts(conn: Conn, shop_id: int, first: date, last: date) -> list[DayCount]:
    """Count a shop's orders paid from `first` to `last` (its own days, both included)."""
    rows = conn.execute(_COUNTS, {"shop_id": shop_id, "first": first, "last": last}).fetchall()
    return [DayCount(row["day"], Outcome(row["outcome"]), Reason(row["reason"]), row["count"]) for row in rows]


def recent(
    conn: Conn, shop_id: int, *, limit: int, outcome: Outcome | None = None, before: Mark | None = None
) -> list[OrderLine]:
    """Return a shop's orders, the latest paid first: of one outcome, and from a mark on, where these are given."""
    rows = conn.execute(
        _RECENT,
        {
            "shop_id": shop_id,
            "outcome": outcome,
            "paid_at": before and before.paid_at,
            "order_id": before and before.order_id,
            "limit": limit,
        },
    ).fetchall()
    return [_line(row) for row in rows]


def order(conn: Conn, shop_id: int, order_id: int) -> OrderStory | None:
    """Return what the ledger tells of one order of this shop, late evidence included; None if it has no such order."""
    row = conn.execute(
        "SELECT *, sealed_event IS NOT NULL AS holds_event FROM paid_order WHERE shop_id = %s AND order_id = %s",
        (shop_id, order_id),
    ).fetchone()
    if row is None:
        return None
    return OrderStory(
        line=_line(row),
        placed_at=row["placed_at"],
        decided_at=row["decided_at"],
        regions=tuple(sorted({row["billing_region"], row["shipping_region"]} - {None})),
        first_sent_at=row["first_sent_at"],
        in_doubt_since=row["in_doubt_since"],
        basis=row["basis"],
        fields_sent=tuple(row["fields_sent"] or ()),
        code=row["code"],
        trace_id=row["trace_id"],
        holds_event=row["holds_event"],
        seen=_seen(conn, shop_id, row),
        requests=_requests(conn, shop_id, row),
    )


def last_switch(conn: Conn, shop_id: int) -> tuple[datetime, str] | None:
    """Return when and by which staff user the switch was last moved; None if it never was."""
    row = conn.execute(
        "SELECT at, user_id FROM policy_change WHERE shop_id = %s AND what = 'offline_tracking'"
        " ORDER BY id DESC LIMIT 1",
        (shop_id,),
    ).fetchone()
    return None if row is None else (row["at"], row["user_id"])


def known_id(conn: Conn, domain: str) -> int | None:
    """Return the id of a shop that is or once was installed."""
    row = conn.execute("SELECT id FROM shop WHERE domain = %s", (domain,)).fetchone()
    return None if row is None else int(row["id"])


def hold(conn: Conn, shop: Shop) -> bool:
    """Keep a shop's row still until the commit; False if it has left, or was installed anew, since it was read."""
    row = conn.execute(
        "SELECT generation FROM shop WHERE id = %s AND uninstalled_at IS NULL FOR NO KEY UPDATE", (shop.id,)
    ).fetchone()
    return row is not None and row["generation"] == shop.generation


def _line(row: DictRow) -> OrderLine:
    return OrderLine(
        row["order_id"],
        row["number"],
        row["paid_at"],
        row["value"],
        row["currency"],
        Outcome(row["outcome"]),
        Reason(row["reason"]),
        row["look_at"],
    )


def _seen(conn: Conn, shop_id: int, row: DictRow) -> Seen:
    token_hash = None if row["token_hash"] is None else bytes(row["token_hash"])
    found = evidence.of(conn, shop_id, {token_hash} if token_hash else ())
    if token_hash in found:
        return _from_summary(ledger.summary_of(found[token_hash], row["order_id"]))
    return _from_summary(row["summary"] or {})


def _from_summary(summary: Mapping[str, Any]) -> Seen:
    seen = Seen(summary.get("delivery"), summary.get("consent"), tuple(summary.get("stages") or ()))
    first, last = summary.get("first_at"), summary.get("last_at")
    if first and last:
        seen = replace(seen, first_at=datetime.fromisoformat(first), last_at=datetime.fromisoformat(last))
    return seen


def _requests(conn: Conn, shop_id: int, row: DictRow) -> tuple[Request, ...]:
    """The requests that had the order in them, the first one first."""
    rows = conn.execute(
        "SELECT result, code, trace_id, count FROM attempt WHERE shop_id = %s AND post_started IS NOT NULL"
        " AND attempt = ANY(%s) ORDER BY post_started",
        (shop_id, row["attempts"]),
    ).fetchall()
    return tuple(Request(found["result"], found["code"], found["trace_id"], found["count"]) for found in rows)
