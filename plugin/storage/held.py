"""Held orders: Meta may have had them for more than 47 hours, so only the merchant's word sends or closes them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from psycopg.rows import DictRow

from plugin.recovery.verdict import Outcome, Reason, Verdict
from plugin.storage import ledger
from plugin.storage.database import Conn
from plugin.storage.ledger import Entry, Judged
from plugin.storage.policy import Staff, record
from plugin.storage.shops import Shop

_HELD = "shop_id = %s AND outcome = 'waiting' AND reason = 'held' AND attempt IS NULL AND (order_id = %s OR %s)"
FINGERPRINT = 32
"""Hexadecimal digits."""
WHAT = "held_orders"
"""How the switch log names the merchant's word."""


class Word(StrEnum):
    """What the merchant says to held orders."""

    SEND = "send"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Held:
    """How many orders need the merchant's word, and what they are worth, by currency."""

    count: int
    values: tuple[tuple[Decimal, str], ...]
    which: str = ""
    """A fingerprint of their ids, by which a page's form says which ones it showed."""


@dataclass(frozen=True, slots=True)
class Said:
    """The merchant's word, and on what: one order (None: all of them). `shown`: which these were (None: whichever)."""

    word: Word
    order_id: int | None = None
    shown: str | None = None


def waiting(conn: Conn, shop_id: int, order_id: int | None = None) -> Held:
    """Count the orders (or this one) that need the merchant's word; those that were given it are none."""
    rows = conn.execute(
        f"SELECT order_id, currency, value FROM paid_order WHERE {_HELD} AND NOT released",  # noqa: S608 - a constant of this file
        (shop_id, order_id, order_id is None),
    ).fetchall()
    return _sum(rows)


def say(conn: Conn, shop: Shop, staff: Staff, now: datetime, said: Said) -> Held | None:
    """Send or close held orders and record who said so; return what they were.

    None, and nothing is done, if all of them are others by now than the merchant saw: those were not meant. An order
    that was given its word before is left alone.
    """
    rows = [row for row in _locked(conn, shop, said.order_id) if not row["released"]]
    held = _sum(rows)
    if rows and said.order_id is None and said.shown not in {None, held.which}:
        return None
    if rows:
        act = _send if said.word is Word.SEND else _close
        act(conn, shop, rows, now)
        which = f"{held.count} held" if said.order_id is None else f"order {said.order_id} held"
        record(conn, shop.id, staff, now, (WHAT, which, "sent" if said.word is Word.SEND else "closed", None))
    return held


def send(conn: Conn, shop: Shop, now: datetime, order_id: int | None = None) -> int:
    """Release a held order (None: all of them) for one request; return how many. The sweep does the rest."""
    return _send(conn, shop, _locked(conn, shop, order_id), now)


def close(conn: Conn, shop: Shop, now: datetime, order_id: int | None = None) -> int:
    """Close a held order (None: all of them) unsent: failed, unconfirmed; return how many."""
    return _close(conn, shop, _locked(conn, shop, order_id), now)


def _locked(conn: Conn, shop: Shop, order_id: int | None) -> list[DictRow]:
    return conn.execute(
        f"SELECT * FROM paid_order WHERE {_HELD} ORDER BY order_id FOR UPDATE",  # noqa: S608 - a constant of this file
        (shop.id, order_id, order_id is None),
    ).fetchall()


def _send(conn: Conn, shop: Shop, rows: Sequence[DictRow], now: datetime) -> int:
    return conn.execute(
        "UPDATE paid_order SET released = true, look_at = %s WHERE shop_id = %s AND order_id = ANY(%s)",
        (now, shop.id, [row["order_id"] for row in rows]),
    ).rowcount


def _close(conn: Conn, shop: Shop, rows: Sequence[DictRow], now: datetime) -> int:
    verdict = Verdict(Outcome.FAILED, Reason.UNCONFIRMED)
    judged = ledger.judge(conn, shop, [Entry.from_row(row) for row in rows], now)
    ledger.write(conn, shop, [Judged(change.entry, change.evidence, verdict) for change in judged], now)
    return len(rows)


def _sum(rows: Sequence[DictRow]) -> Held:
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + row["value"]
    ids = ",".join(str(order_id) for order_id in sorted(row["order_id"] for row in rows))
    which = hashlib.sha256(ids.encode()).hexdigest()[:FINGERPRINT]
    return Held(len(rows), tuple((sums[currency], currency) for currency in sorted(sums)), which)
