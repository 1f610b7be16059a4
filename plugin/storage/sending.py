"""Sending, as far as the database goes: claim by lease, the last check before the POST, settling by attempt id."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from plugin.recovery.purchase import with_browser
from plugin.recovery.verdict import Outcome, Reason, Verdict, recovered_reason
from plugin.storage import connections, evidence, shops
from plugin.storage.database import Conn
from plugin.storage.ledger import Entry, Judged, judge, write
from plugin.storage.orders import event_place
from plugin.storage.shops import Shop
from plugin.storage.vault import Vault

DEADLINE = timedelta(seconds=43)
"""A POST begins within 5 s of its commit or not at all; connect 3 s, read 30 s, slack 5 s."""
BATCH = 200
"""Orders in one request; a crash puts at most these in doubt."""
SCHEDULE = tuple(timedelta(seconds=seconds) for seconds in (5, 60, 300, 1800, 7200, 18000, 36000, 36000, 36000))
"""Waits between tries at Meta: about 38 hours in all, inside the 48 in which Meta drops a copy."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Orders that one worker holds for the length of a lease."""

    shop_id: int
    attempt: UUID
    order_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Post:
    """A request that may start now: commit it, then send it within 5 s."""

    claim: Claim
    connection_id: int
    dataset: str
    token: str = field(repr=False)
    events: tuple[bytes, ...] = field(repr=False)


_CLAIM = """
UPDATE paid_order SET attempt = %(attempt)s, lease_until = now() + %(lease)s
WHERE shop_id = %(shop_id)s AND order_id IN (
    SELECT order_id FROM paid_order WHERE shop_id = %(shop_id)s AND outcome = 'waiting' AND attempt IS NULL
        AND reason IN ('sending', 'meta_unavailable') AND (look_at <= %(now)s OR order_id = ANY(%(only)s))
        AND (%(only)s::bigint[] IS NULL OR order_id = ANY(%(only)s))
    ORDER BY placed_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING order_id, generation
"""


def to_send(conn: Conn, now: datetime) -> list[int]:
    """Return the ids of shops with orders to send, the longest waiting first."""
    rows = conn.execute(
        "SELECT shop_id FROM paid_order WHERE outcome = 'waiting' AND attempt IS NULL AND look_at <= %s"
        " AND reason IN ('sending', 'meta_unavailable') GROUP BY shop_id ORDER BY min(look_at)",
        (now,),
    ).fetchall()
    return [row["shop_id"] for row in rows]


def claim(
    conn: Conn, shop_id: int, now: datetime, *, lease: timedelta, only: Sequence[int] | None = None
) -> Claim | None:
    """Claim up to BATCH due orders, oldest first (`only`: these, whether due or not); None if there are none."""
    attempt = uuid4()
    rows = conn.execute(
        _CLAIM,
        {
            "attempt": attempt,
            "shop_id": shop_id,
            "now": now,
            "lease": lease,
            "limit": BATCH,
            "only": None if only is None else list(only),
        },
    ).fetchall()
    if not rows:
        return None
    conn.execute(
        "INSERT INTO attempt (shop_id, attempt, generation, count, claimed_at) VALUES (%s, %s, %s, %s, now())",
        (shop_id, attempt, rows[0]["generation"], len(rows)),
    )
    return Claim(shop_id, attempt, tuple(row["order_id"] for row in rows))


def start_post(conn: Conn, vault: Vault, held: Claim, now: datetime, lease: timedelta) -> Post | None:
    """Judge the claimed orders once more, make their final bytes, and mark the request as started.

    Orders that are no longer to be sent are settled or put back. The caller holds the sending lock and commits before
    the request starts. None if nothing is left to send.
    """
    shop = shops.by_id(conn, vault, held.shop_id)
    if shop is None:
        return None
    judged = judge(conn, shop, _locked(conn, held), now)
    go = [change for change in judged if _goes(change)]
    write(conn, shop, [change for change in judged if not _goes(change)], now)
    if not go or shop.connection is None:
        return None
    events = _final_events(conn, shop, go)
    digest = hashlib.sha256(b"\n".join(events)).digest()
    for change, event in zip(go, events, strict=True):
        _mark_started(conn, shop, change, event, now)
    conn.execute(
        "UPDATE attempt SET connection_id = %s, count = %s, digest = %s, post_started = now(), deadline = now() + %s"
        " WHERE shop_id = %s AND attempt = %s",
        (shop.connection.id, len(go), digest, min(DEADLINE, lease), shop.id, held.attempt),
    )
    sent = replace(held, order_ids=tuple(change.entry.order.id for change in go))
    token = connections.token_of(shop, shop.connection)
    return Post(sent, shop.connection.id, shop.connection.dataset, token, tuple(events))


def _goes(change: Judged) -> bool:
    return change.verdict.reason is Reason.SENDING and change.entry.sealed_event is not None


def _locked(conn: Conn, held: Claim) -> list[Entry]:
    rows = conn.execute(
        "SELECT * FROM paid_order WHERE shop_id = %s AND attempt = %s ORDER BY placed_at FOR UPDATE",
        (held.shop_id, held.attempt),
    ).fetchall()
    return [Entry.from_row(row) for row in rows]


def _final_events(conn: Conn, shop: Shop, go: Sequence[Judged]) -> list[bytes]:
    """The bytes to send: with the browser's ids at the first try, the same bytes ever after."""
    first = [change.entry.token_hash for change in go if change.entry.first_sent_at is None and change.entry.token_hash]
    browsers = evidence.browsers_of(conn, shop, first) if first else {}
    events = []
    for change in go:
        entry = change.entry
        event = shop.key.unseal(entry.sealed_event or b"", event_place(entry.order.id))
        if entry.first_sent_at is None:
            event = with_browser(event, browsers.get(entry.token_hash or b""), ldu=change.verdict.ldu)
        events.append(event)
    return events


# The merchant's word ("released") is good for one request.
_MARK = """
UPDATE paid_order SET reason = 'sending', released = false, reposts = reposts + (in_doubt_since IS NOT NULL)::int,
    first_sent_at = coalesce(first_sent_at, %s), sealed_event = %s, basis = %s, fields_sent = %s
WHERE shop_id = %s AND order_id = %s
"""


def _mark_started(conn: Conn, shop: Shop, change: Judged, event: bytes, now: datetime) -> None:
    order_id = change.entry.order.id
    sealed = shop.key.seal(event, event_place(order_id))
    conn.execute(_MARK, (now, sealed, change.verdict.basis, sorted(shop.fields), shop.id, order_id))


@dataclass(frozen=True, slots=True)
class Settling:
    """One attempt's end, inside one transaction. Whatever was taken from the attempt meanwhile is not its to settle."""

    conn: Conn
    vault: Vault
    held: Claim
    now: datetime

    def recovered(self, trace_id: str | None) -> None:
        """Meta took the batch: its orders are recovered, their events erased."""
        shop, judged = self._judged()
        taken = [
            replace(
                change,
                verdict=Verdict(Outcome.RECOVERED, recovered_reason(change.evidence, change.entry.order.id)),
                trace_id=trace_id,
            )
            for change in judged
        ]
        write(self.conn, shop, taken, self.now)
        self._close("accepted", trace_id=trace_id)

    def refused(self, code: str, trace_id: str | None) -> None:
        """Meta will never take this one order."""
        shop, judged = self._judged()
        verdict = Verdict(Outcome.FAILED, Reason.REJECTED_BY_META)
        failed = [replace(change, verdict=verdict, code=code, trace_id=trace_id) for change in judged]
        write(self.conn, shop, failed, self.now)
        self._close("refused", code, trace_id)

    def broken(self, connection_id: int, cause: str) -> None:
        """Meta turns the connection down: its orders wait until the merchant connects again."""
        connections.mark_broken(self.conn, self.held.shop_id, connection_id, cause, self.now)
        shop, judged = self._judged()
        write(self.conn, shop, judged, self.now)
        self._close("disconnected", cause)

    def split(self) -> None:
        """Meta refused the batch as a whole: its orders go again at once, in parts."""
        shop, judged = self._judged()
        write(self.conn, shop, judged, self.now)
        self._close("split")

    def later(self, pause: timedelta | None, *, in_doubt: bool, scale: float = 1) -> None:
        """The batch goes again later: by the schedule, or after the `pause` that Meta asked for.

        Each order is judged anew, in doubt or not, since evidence may have come meanwhile.
        """
        shop, judged = self._judged(in_doubt=in_doubt)
        waiting = [self._postponed(change, pause or timedelta(), scale) for change in judged]
        write(self.conn, shop, waiting, self.now)
        self._close("in_doubt" if in_doubt else "not_sent")

    def _postponed(self, change: Judged, pause: timedelta, scale: float) -> Judged:
        if change.verdict.reason is not Reason.SENDING:
            return change
        tries = change.entry.tries
        wait = max(pause, SCHEDULE[min(tries, len(SCHEDULE) - 1)]) * scale
        verdict = replace(change.verdict, reason=Reason.META_UNAVAILABLE, look_at=self.now + wait)
        return replace(change, verdict=verdict, entry=replace(change.entry, tries=tries + 1))

    def _judged(self, *, in_doubt: bool = False) -> tuple[Shop, list[Judged]]:
        shop = shops.by_id(self.conn, self.vault, self.held.shop_id)
        assert shop is not None  # noqa: S101 - a shop's row outlives its attempts
        entries = _locked(self.conn, self.held)
        if in_doubt:
            entries = [replace(entry, in_doubt_since=entry.in_doubt_since or self.now) for entry in entries]
        return shop, judge(self.conn, shop, entries, self.now)

    def _close(self, result: str, code: str | None = None, trace_id: str | None = None) -> None:
        self.conn.execute(
            "UPDATE attempt SET result = %s, code = %s, trace_id = %s, ended_at = now()"
            " WHERE shop_id = %s AND attempt = %s",
            (result, code, trace_id, self.held.shop_id, self.held.attempt),
        )


# A worker outlives a restart of PostgreSQL and settles once it is back, so leases rest for a while after one.
_ENDED = """
FROM attempt a WHERE o.shop_id = %(shop)s AND a.shop_id = o.shop_id AND a.attempt = o.attempt AND o.outcome = 'waiting'
    AND o.lease_until < now() AND now() - pg_postmaster_start_time() > least(%(lease)s, interval '30 seconds')
"""
_DOUBT = (  # put together from constants of this file
    "UPDATE paid_order o SET attempt = NULL, lease_until = NULL, reason = 'sending',"  # noqa: S608
    " in_doubt_since = coalesce(o.in_doubt_since, %(now)s), look_at = %(later)s "
    + _ENDED
    + " AND a.post_started IS NOT NULL"
)
_FREE = "UPDATE paid_order o SET attempt = NULL, lease_until = NULL " + _ENDED  # noqa: S608 - constants of this file


def reclaim(conn: Conn, shop: Shop, now: datetime, *, lease: timedelta, doubt_delay: timedelta) -> None:
    """Take back what a dead worker held. What it may have sent is in doubt; what it had not started is not."""
    given = {"shop": shop.id, "lease": lease, "now": now, "later": now + doubt_delay}
    conn.execute(_DOUBT, given)
    conn.execute(_FREE, given)
    conn.execute(
        "UPDATE attempt SET result = 'in_doubt', ended_at = now() WHERE shop_id = %s AND result IS NULL"
        " AND post_started IS NOT NULL AND deadline < now()",
        (shop.id,),
    )
