"""The ledger: judging its rows, and writing what became of them with the day's totals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from plugin.recovery.consent import ConsentMode
from plugin.recovery.evidence import Evidence
from plugin.recovery.verdict import (
    Outcome,
    Reason,
    Verdict,
    decide,
    is_final,
    may_change,
    would_send,
)
from plugin.storage import evidence, totals
from plugin.storage.database import Conn
from plugin.storage.entries import Entry, Judged, lacks_answer, standing
from plugin.storage.shops import Shop

__all__ = ["UNKNOWN_END", "WITHOUT_EVENT", "Entry", "Judged", "judge", "standing", "summary_of", "sweep", "write"]

NOTHING = Evidence.of([])
WITHOUT_EVENT = Verdict(Outcome.WITHHELD, Reason.CONSENT_DECLINED)
"""No event was kept of the order, because its buyer had refused when it came in: that refusal stands."""
UNKNOWN_END = Verdict(Outcome.FAILED, Reason.UNCONFIRMED)


def judge(conn: Conn, shop: Shop, entries: Sequence[Entry], now: datetime) -> list[Judged]:
    """Decide each entry by product.md's table. Nothing is written: see `write`."""
    found = evidence.of(conn, shop.id, {entry.token_hash for entry in entries if entry.token_hash})
    judged = []
    for entry in entries:
        known = found.get(entry.token_hash, NOTHING) if entry.token_hash else NOTHING
        known = known.with_choice(entry.cart_choice)
        verdict = decide(entry.order, standing(entry, shop), known, shop.policy, now)
        if verdict.reason is Reason.SENDING and entry.sealed_event is None:
            verdict = WITHOUT_EVENT if entry.in_doubt_since is None else UNKNOWN_END
        elif verdict.reason is Reason.SENDING and entry.attempt is not None and lacks_answer(entry, shop):
            verdict = Verdict(Outcome.WAITING, Reason.GRACE_PERIOD, look_at=now)  # put back, to be claimed with it
        judged.append(Judged(entry, known, verdict))
    return judged


# Compare-and-set: only the row that was judged changes. Whatever is decided, or came in before the switch was last off,
# keeps nothing of the buyer.
_WRITE = """
UPDATE paid_order SET outcome = %(outcome)s, reason = %(reason)s, look_at = %(look_at)s, decided_at = %(decided_at)s,
    sealed_event = CASE WHEN %(outcome)s = 'waiting' AND switch_count = %(switch_count)s THEN sealed_event END,
    attempt = NULL, lease_until = NULL, tries = %(tries)s, first_sent_at = %(first_sent_at)s,
    in_doubt_since = %(in_doubt_since)s, released = %(released)s, reposts = %(reposts)s,
    basis = coalesce(%(basis)s, basis), code = %(code)s,
    trace_id = coalesce(%(trace_id)s, trace_id), would_recorded = %(would_recorded)s,
    would_store_policy = %(would_store_policy)s, summary = %(summary)s
WHERE shop_id = %(shop_id)s AND order_id = %(order_id)s AND outcome = %(old_outcome)s AND reason = %(old_reason)s
    AND attempt IS NOT DISTINCT FROM %(attempt)s
"""


def write(conn: Conn, shop: Shop, judged: Iterable[Judged], now: datetime) -> None:
    """Write verdicts into the ledger (rows locked by the caller), and move the totals of the orders' days."""
    changes = list(judged)
    lines = [_values(shop, change, now) for change in changes]
    if lines:
        with conn.cursor() as cursor:
            cursor.executemany(_WRITE, lines)
    totals.move(conn, shop.id, changes_of(changes, lines))
    decided = [change.entry.token_hash for change in changes if change.verdict.outcome is not Outcome.WAITING]
    if decided:
        evidence.forget_browsers_of(conn, shop.id, [token_hash for token_hash in decided if token_hash])


def _values(shop: Shop, change: Judged, now: datetime) -> dict[str, Any]:
    entry, verdict = change.entry, change.verdict
    waiting = verdict.outcome is Outcome.WAITING
    would = would_send(entry.order, standing(entry, shop), change.evidence, shop.policy)
    return {
        "shop_id": shop.id,
        "order_id": entry.order.id,
        "old_outcome": entry.outcome,
        "old_reason": entry.reason,
        "attempt": entry.attempt,
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "look_at": (verdict.look_at or now) if waiting else None,
        "decided_at": None if waiting else now,
        "tries": entry.tries,
        "switch_count": shop.switch_count,
        "first_sent_at": entry.first_sent_at,
        "in_doubt_since": entry.in_doubt_since,
        "released": entry.released,
        "reposts": entry.reposts,
        "basis": verdict.basis,
        "code": change.code,
        "trace_id": change.trace_id,
        "would_recorded": ConsentMode.RECORDED in would,
        "would_store_policy": ConsentMode.STORE_POLICY in would,
        "summary": Jsonb(summary_of(change.evidence, entry.order.id)),
    }


def summary_of(known: Evidence, order_id: int) -> dict[str, Any]:
    """Return evidence in words and times, without ids: what the order's page explains itself with."""
    delivery = known.delivery_for(order_id)
    return {
        "delivery": delivery and str(delivery),
        "consent": known.consent and asdict(known.consent),
        "from_cart": known.from_cart,
        "stages": sorted(known.stages),
        "first_at": known.first_at and known.first_at.isoformat(),
        "last_at": known.last_at and known.last_at.isoformat(),
    }


def changes_of(changes: Sequence[Judged], lines: Sequence[dict[str, Any]]) -> list[totals.Change]:
    """Return what the verdicts take from and add to the day totals. Waiting orders stand in none."""
    moved = []
    for change, line in zip(changes, lines, strict=True):
        entry = change.entry
        if entry.outcome is not Outcome.WAITING:
            old = totals.Line(entry.day, entry.outcome, entry.reason, entry.order.currency, *entry.would)
            moved.append(totals.Change(old, -1, -entry.order.value))
        if change.verdict.outcome is not Outcome.WAITING:
            would = (line["would_recorded"], line["would_store_policy"])
            new = totals.Line(entry.day, change.verdict.outcome, change.verdict.reason, entry.order.currency, *would)
            moved.append(totals.Change(new, 1, entry.order.value))
    return moved


def of_checkout(conn: Conn, shop_id: int, token_hash: bytes) -> list[Entry]:
    """Return the orders of a checkout, locked: whoever writes to both locks the order before its evidence."""
    rows = conn.execute(
        "SELECT * FROM paid_order WHERE shop_id = %(shop_id)s AND token_hash = %(hash)s"
        " AND substring(token_hash, 1, 7) = substring(%(hash)s::bytea, 1, 7) FOR UPDATE",
        {"shop_id": shop_id, "hash": token_hash},
    ).fetchall()
    return [Entry.from_row(row) for row in rows]


def by_ids(conn: Conn, shop_id: int, order_ids: Sequence[int]) -> list[Entry]:
    """Return these orders, as far as the ledger has them, locked."""
    rows = conn.execute(
        "SELECT * FROM paid_order WHERE shop_id = %s AND order_id = ANY(%s) ORDER BY order_id FOR UPDATE",
        (shop_id, list(order_ids)),
    ).fetchall()
    return [Entry.from_row(row) for row in rows]


def settle_by_evidence(conn: Conn, shop: Shop, entries: Sequence[Entry], now: datetime) -> None:
    """Judge orders now that their evidence says "delivered" or "refused", or Shopify told of their customers.

    Waiting orders follow the table, but for those that a request holds: it looks at the evidence itself. Of the decided
    ones only `missed` and `withheld consent_unknown` may still change, and only to `tracked`, for 7 days after placing.
    """
    free = [entry for entry in entries if entry.attempt is None]
    write(conn, shop, [change for change in judge(conn, shop, free, now) if _follows(change, now)], now)


def _follows(change: Judged, now: datetime) -> bool:
    entry, verdict = change.entry, change.verdict
    if entry.outcome is Outcome.WAITING:
        return verdict.outcome is not Outcome.WAITING
    return not is_final(entry, placed_at=entry.order.placed_at, now=now) and may_change(entry, verdict)


def sweep(conn: Conn, shop: Shop, now: datetime, limit: int = 500) -> int:
    """Judge waiting orders whose time has come; return how many. Those to be sent are `claim`'s work from then on."""
    mended = shop.connection is not None and not shop.policy.connection_broken
    rows = conn.execute(
        "SELECT * FROM paid_order WHERE shop_id = %s AND outcome = 'waiting' AND attempt IS NULL"
        " AND (look_at <= %s OR (reason = 'connection_broken' AND %s))"
        " AND reason NOT IN ('sending', 'meta_unavailable') ORDER BY look_at LIMIT %s FOR UPDATE SKIP LOCKED",
        (shop.id, now, mended, limit),
    ).fetchall()
    write(conn, shop, judge(conn, shop, [Entry.from_row(row) for row in rows], now), now)
    return len(rows)
