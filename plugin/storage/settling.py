"""Settling: what Meta's answer, or its absence, makes of the orders of one request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plugin.recovery.verdict import Outcome, Reason, Verdict, recovered_reason
from plugin.storage import connections, shops
from plugin.storage.database import Conn
from plugin.storage.ledger import Entry, Judged, judge, write
from plugin.storage.sending import Post, locked
from plugin.storage.shops import Shop
from plugin.storage.vault import Vault

SCHEDULE = tuple(timedelta(seconds=seconds) for seconds in (5, 60, 300, 1800, 7200, 18000, 36000, 36000, 36000))
"""Waits between tries at Meta: about 38 hours in all, inside the 48 in which Meta drops a copy."""


@dataclass(frozen=True, slots=True)
class Settling:
    """One request's end, inside one transaction. Whatever was taken from the attempt meanwhile is not its to settle."""

    conn: Conn
    vault: Vault
    post: Post
    now: datetime

    def recovered(self, trace_id: str | None) -> None:
        """Meta took the batch: its orders are recovered, their events erased."""
        shop, judged = self._judged(_arrived)
        taken = [replace(change, verdict=_taken(change), trace_id=trace_id) for change in judged]
        write(self.conn, shop, taken, self.now)
        self._close("accepted", trace_id=trace_id)

    def refused(self, code: str, trace_id: str | None) -> None:
        """Meta will never take this one order; unless its evidence says more by now, that is its end."""
        shop, judged = self._judged(_arrived)
        verdict = Verdict(Outcome.FAILED, Reason.REJECTED_BY_META)
        failed = [
            replace(change, verdict=verdict, code=code, trace_id=trace_id)
            if change.verdict.outcome is Outcome.WAITING
            else change
            for change in judged
        ]
        write(self.conn, shop, failed, self.now)
        self._close("refused", code, trace_id)

    def broken(self, cause: str) -> None:
        """Meta turns the connection down: its orders wait until the merchant connects again."""
        connections.mark_broken(self.conn, self.post.claim.shop_id, self.post.connection, cause, self.now)
        shop, judged = self._judged(_never_left)
        write(self.conn, shop, judged, self.now)
        self._close("disconnected", cause)

    def split(self) -> None:
        """Meta refused the batch as a whole: its orders go again at once, in parts."""
        shop, judged = self._judged(_arrived)
        write(self.conn, shop, judged, self.now)
        self._close("split")

    def later(self, pause: timedelta | None, *, in_doubt: bool, scale: float = 1) -> None:
        """The batch goes again later: by the schedule, or after the `pause` that Meta asked for. The connection rests.

        Each order is judged anew, in doubt or not, since evidence may have come meanwhile.
        """
        shop, judged = self._judged(_doubtful if in_doubt else _never_left)
        rest = pause or timedelta()
        waiting = [self._postponed(change, rest, scale) for change in judged]
        write(self.conn, shop, waiting, self.now)
        until = self.now + max(rest, SCHEDULE[0]) * scale
        connections.pause(self.conn, shop.id, self.post.connection.id, until)
        self._close("in_doubt" if in_doubt else "not_sent")

    def _postponed(self, change: Judged, pause: timedelta, scale: float) -> Judged:
        if change.verdict.reason is not Reason.SENDING:
            return change
        tries = change.entry.tries
        wait = max(pause, SCHEDULE[min(tries, len(SCHEDULE) - 1)]) * scale
        verdict = replace(change.verdict, reason=Reason.META_UNAVAILABLE, look_at=self.now + wait)
        return replace(change, verdict=verdict, entry=replace(change.entry, tries=tries + 1))

    def _judged(self, seen: Callable[[Entry], Entry]) -> tuple[Shop, list[Judged]]:
        shop = shops.by_id(self.conn, self.vault, self.post.claim.shop_id)
        assert shop is not None  # noqa: S101 - a shop's row outlives its attempts
        entries = [seen(entry) for entry in locked(self.conn, self.post.claim)]
        return shop, judge(self.conn, shop, entries, self.now)

    def _close(self, result: str, code: str | None = None, trace_id: str | None = None) -> None:
        self.conn.execute(
            "UPDATE attempt SET result = %s, code = %s, trace_id = %s, ended_at = now()"
            " WHERE shop_id = %s AND attempt = %s",
            (result, code, trace_id, self.post.claim.shop_id, self.post.claim.attempt),
        )


def _taken(change: Judged) -> Verdict:
    return Verdict(Outcome.RECOVERED, recovered_reason(change.evidence, change.entry.order.id))


def _arrived(entry: Entry) -> Entry:
    """The request reached Meta: a repeat if an earlier one may have; the merchant's word to send is used up."""
    return replace(entry, reposts=entry.reposts + (entry.in_doubt_since is not None), released=False)


def _doubtful(entry: Entry) -> Entry:
    """The request may have reached Meta: in doubt since it, or an earlier one, left."""
    return replace(_arrived(entry), in_doubt_since=entry.in_doubt_since or entry.first_sent_at)


def _never_left(entry: Entry) -> Entry:
    """Meta has nothing of this request; if there was none in doubt before, the order has never left."""
    return entry if entry.in_doubt_since else replace(entry, first_sent_at=None)


# A worker outlives a restart of PostgreSQL and settles once it is back, so leases rest for a while after one.
_ENDED = """
FROM attempt a WHERE o.shop_id = %(shop)s AND a.shop_id = o.shop_id AND a.attempt = o.attempt AND o.outcome = 'waiting'
    AND o.lease_until < now() AND now() - pg_postmaster_start_time() > least(%(lease)s, interval '30 seconds')
"""
_DOUBT = f"""
UPDATE paid_order o SET attempt = NULL, lease_until = NULL, reason = 'sending', released = false,
    reposts = o.reposts + (o.in_doubt_since IS NOT NULL)::int,
    in_doubt_since = coalesce(o.in_doubt_since, o.first_sent_at), look_at = %(later)s
{_ENDED} AND a.post_started IS NOT NULL
"""  # noqa: S608 - put together from constants of this file
_FREE = f"UPDATE paid_order o SET attempt = NULL, lease_until = NULL {_ENDED}"  # noqa: S608 - constants of this file
_CLOSE = """
UPDATE attempt a SET result = CASE WHEN post_started IS NULL THEN 'not_started' ELSE 'in_doubt' END, ended_at = now()
WHERE shop_id = %(shop)s AND result IS NULL AND (post_started IS NULL OR deadline < now())
    AND NOT EXISTS (SELECT FROM paid_order o WHERE o.shop_id = a.shop_id AND o.attempt = a.attempt)
"""


def reclaim(conn: Conn, shop: Shop, now: datetime, *, lease: timedelta, doubt_delay: timedelta) -> None:
    """Take back what a dead worker held. What it may have sent is in doubt; what it had not started is not."""
    given = {"shop": shop.id, "lease": lease, "later": now + doubt_delay}
    for statement in (_DOUBT, _FREE, _CLOSE):
        conn.execute(statement, given)
