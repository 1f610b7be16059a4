"""Held orders: Meta may have had them for more than 47 hours, so only the merchant's word sends or closes them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from psycopg.rows import DictRow

from plugin.recovery.verdict import Outcome, Reason, Verdict
from plugin.storage import ledger
from plugin.storage.database import Conn, Database
from plugin.storage.ledger import Entry, Judged
from plugin.storage.policy import Staff, record, record_more
from plugin.storage.shops import Shop

PART: Final = 500
"""Orders in one transaction: others of the shop wait for no longer than that takes."""
LONGEST: Final = 20.0
"""Seconds after which a word that was said on a page goes no further; the page then shows how many are left."""
FINGERPRINT: Final = 32
"""Hexadecimal digits."""
HALF: Final = 2**64
"""So many fingerprints fit into half of the digits."""
WHAT: Final = "held_orders"
"""How the switch log names the merchant's word."""

_HELD = "shop_id = %(shop)s AND outcome = 'waiting' AND reason = 'held' AND attempt IS NULL AND NOT released"
# What the page shows is summed up by the database, so that a hundred thousand orders are no more to carry than one.
_SUMS = f"""
SELECT currency, count(*)::int AS count, sum(value) AS value, {{ids}} AS order_ids,
    bit_xor(hashint8extended(order_id, 1)) AS left_half, bit_xor(hashint8extended(order_id, 2)) AS right_half
FROM paid_order WHERE {_HELD} AND (%(order)s::bigint IS NULL OR order_id = %(order)s) GROUP BY currency
"""  # noqa: S608 - put together from constants of this file
_LOCKED = f"""
SELECT * FROM paid_order WHERE {_HELD} AND order_id = ANY(%(orders)s) ORDER BY order_id FOR UPDATE
"""  # noqa: S608 - as above


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
    """The merchant's word, and on what: one order (None: all of them). `shown`: which these were (None: whichever).

    `patience`: seconds in which to begin the parts; what was not reached then still needs a word.
    """

    word: Word
    order_id: int | None = None
    shown: str | None = None
    patience: float = LONGEST


def waiting(conn: Conn, shop_id: int, order_id: int | None = None) -> Held:
    """Count the orders (or this one) that need the merchant's word; those that were given it are none."""
    return _summed(_found(conn, shop_id, order_id, ids="NULL"))


def say(database: Database, shop: Shop, staff: Staff, now: datetime, said: Said) -> Held | None:
    """Send or close held orders, part by part, and record who said so; return what they were.

    None, and nothing is done, if all of them are others by now than the merchant saw: those were not meant. An order
    that was given its word before is left alone, and one that needs one only since now is not meant either.
    """
    end = time.monotonic() + said.patience
    with database.transaction() as conn:
        found = _found(conn, shop.id, said.order_id, ids="array_agg(order_id)")
    if found and said.order_id is None and said.shown not in {None, _summed(found).which}:
        return None
    order_ids = sorted(order_id for row in found for order_id in row["order_ids"])
    done, line = Held(0, ()), None
    for start in range(0, len(order_ids), PART):
        with database.transaction() as conn:
            done = _plus(done, _act(conn, shop, order_ids[start : start + PART], said.word, now))
            line = _note(conn, shop, (staff, now, said), done, line)
        if time.monotonic() > end:
            break
    return done


def _found(conn: Conn, shop_id: int, order_id: int | None, *, ids: str) -> list[DictRow]:
    return conn.execute(_SUMS.format(ids=ids), {"shop": shop_id, "order": order_id}).fetchall()


def _act(conn: Conn, shop: Shop, order_ids: Sequence[int], word: Word, now: datetime) -> list[DictRow]:
    """Do as the merchant said with those of these orders that still need a word; the sweep does the rest of sending."""
    rows = conn.execute(_LOCKED, {"shop": shop.id, "orders": list(order_ids)}).fetchall()
    if word is Word.SEND:
        conn.execute(
            "UPDATE paid_order SET released = true, look_at = %s WHERE shop_id = %s AND order_id = ANY(%s)",
            (now, shop.id, [row["order_id"] for row in rows]),
        )
    else:
        verdict = Verdict(Outcome.FAILED, Reason.UNCONFIRMED)
        judged = ledger.judge(conn, shop, [Entry.from_row(row) for row in rows], now)
        ledger.write(conn, shop, [Judged(change.entry, change.evidence, verdict) for change in judged], now)
    return rows


def _note(conn: Conn, shop: Shop, told: tuple[Staff, datetime, Said], done: Held, line: int | None) -> int | None:
    """Record the word with its first part; each further part adds to that line of the log."""
    staff, now, said = told
    which = f"{done.count} held" if said.order_id is None else f"order {said.order_id} held"
    if line is not None:
        record_more(conn, shop.id, line, which)
    elif done.count:
        line = record(conn, shop.id, staff, now, (WHAT, which, "sent" if said.word is Word.SEND else "closed", None))
    return line


def _plus(done: Held, rows: Iterable[DictRow]) -> Held:
    count, sums = done.count, {currency: value for value, currency in done.values}
    for row in rows:
        count += 1
        sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + row["value"]
    return Held(count, tuple((sums[currency], currency) for currency in sorted(sums)))


def _summed(rows: Sequence[DictRow]) -> Held:
    halves = [0, 0]
    for row in rows:
        halves = [halves[0] ^ row["left_half"], halves[1] ^ row["right_half"]]
    which = "".join(f"{half % HALF:0{FINGERPRINT // 2}x}" for half in halves)
    values = sorted((row["currency"], row["value"]) for row in rows)
    return Held(sum(row["count"] for row in rows), tuple((value, currency) for currency, value in values), which)
