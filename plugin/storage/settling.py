"""Settling: what Meta's answer, or its absence, makes of the orders of one request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum, auto

from plugin.recovery.verdict import SENDING_ENDS, Outcome, Reason, Verdict, recovered_reason
from plugin.storage import breaker, connections, shops
from plugin.storage.attempts import accepted_before
from plugin.storage.database import Conn
from plugin.storage.ledger import Entry, Judged, judge, write
from plugin.storage.sending import REJECTED, Post, locked, taken_back
from plugin.storage.shops import Shop
from plugin.storage.vault import Vault

SCHEDULE = tuple(timedelta(seconds=seconds) for seconds in (5, 60, 300, 1800, 7200, 18000, 36000, 36000, 36000))
"""Waits between tries at Meta: about 38 hours in all, inside the 48 in which Meta drops a copy."""
TRIES_AT_A_RIDDLE = 6
"""For an order that Meta refuses alone with a code that we do not know; by the schedule about eight hours."""
ONE_EVERY = timedelta(seconds=10)
"""Between single orders of a batch of which most were refused."""


class Passing(StrEnum):
    """Why a request is tried again later; also how its attempt ended."""

    NOT_SENT = auto()
    """No byte of it left."""
    UNAVAILABLE = auto()
    """Meta said that it cannot now."""
    THROTTLED = auto()
    """Meta asked for fewer requests."""
    IN_DOUBT = auto()
    """Nobody knows whether Meta took it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer told beside its meaning: codes (`100/2804050`), trace id, how long to rest before the next one."""

    code: str | None = None
    trace_id: str | None = None
    rest: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Settling:
    """One request's end, inside one transaction. Whatever was taken from the attempt meanwhile is not its to settle.

    `scale`: what waits are multiplied by; 1 in production.
    """

    conn: Conn
    vault: Vault
    post: Post
    now: datetime
    told: Told = Told()
    scale: float = 1

    def recovered(self) -> None:
        """Meta took the batch: its orders are recovered, their events erased.

        However late: those that the sweep took back, and nobody has begun to send again, are recovered by this answer.
        """
        shop, judged = self._judged(_arrived)
        judged += judge(self.conn, shop, taken_back(self.conn, self.post.claim), self.now)
        taken = [replace(change, verdict=_taken(change), trace_id=self.told.trace_id) for change in judged]
        write(self.conn, shop, taken, self.now)
        self._answered("accepted")

    def refused(self) -> None:
        """Meta will never take this one order; unless its evidence says more by now, that is its end."""
        shop, judged = self._judged(_arrived)
        write(self.conn, shop, [self._rejected(change) for change in judged], self.now)
        self._answered("refused")

    def puzzled(self) -> None:
        """Meta refused this one order with a code that we do not know: it is tried again, alone, but not for ever."""
        shop, judged = self._judged(_arrived)
        write(self.conn, shop, [self._tried_alone(change) for change in judged], self.now)
        self._answered("refused")

    def broken(self, cause: str) -> None:
        """Meta turns the connection down: its orders wait until the merchant connects again."""
        connections.mark_broken(self.conn, self.post.claim.shop_id, self.post.connection, cause, self.now)
        shop, judged = self._judged(_never_left)
        write(self.conn, shop, judged, self.now)
        self._answered("disconnected")

    def split(self) -> None:
        """Meta refused the batch as a whole: its orders go again at once, in parts."""
        shop, judged = self._judged(_arrived)
        write(self.conn, shop, judged, self.now)
        self._answered("split")

    def later(self, why: Passing) -> None:
        """The batch goes again later: by the schedule, or when Meta said. Meanwhile the connection rests.

        Each order is judged anew, in doubt or not, since evidence may have come meanwhile.
        """
        shop, judged = self._judged(_doubtful if why is Passing.IN_DOUBT else _never_left)
        wait = self.told.rest or timedelta()
        write(self.conn, shop, [self._postponed(change, wait, why) for change in judged], self.now)
        if why is not Passing.THROTTLED:
            in_doubt, answered = why is Passing.IN_DOUBT, why is Passing.UNAVAILABLE
            wait = max(wait, breaker.failed(self.conn, shop.id, self._id, in_doubt=in_doubt, answered=answered))
        self._rest(wait)
        self._close(why)

    @property
    def _id(self) -> int:
        return self.post.connection.id

    def _answered(self, result: str) -> None:
        """Meta works, whatever it thinks of these orders; it may still have asked for a rest."""
        breaker.worked(self.conn, self.post.claim.shop_id, self._id, self.now)
        if self.told.rest:
            self._rest(self.told.rest)
        self._close(result)

    def _rest(self, wait: timedelta) -> None:
        connections.pause(self.conn, self.post.claim.shop_id, self._id, self.now + wait * self.scale)

    def _rejected(self, change: Judged) -> Judged:
        if change.verdict.outcome is not Outcome.WAITING:
            return change
        return replace(change, verdict=REJECTED, code=self.told.code, trace_id=self.told.trace_id)

    def _tried_alone(self, change: Judged) -> Judged:
        if change.entry.tries + 1 >= TRIES_AT_A_RIDDLE:
            return self._rejected(change)
        return replace(self._postponed(change, timedelta(), Passing.UNAVAILABLE), code=self.told.code)

    def _postponed(self, change: Judged, wait: timedelta, why: Passing) -> Judged:
        if change.verdict.reason is not Reason.SENDING:
            return change
        tries = change.entry.tries
        if why is not Passing.THROTTLED:  # which is no failure: it counts no try
            wait, tries = max(wait, SCHEDULE[min(tries, len(SCHEDULE) - 1)]), tries + 1
        at = min(self.now + wait * self.scale, change.entry.order.placed_at + SENDING_ENDS)
        verdict = replace(change.verdict, reason=Reason.META_UNAVAILABLE, look_at=at)
        code = self.post.claim.suspicion
        return replace(change, verdict=verdict, entry=replace(change.entry, tries=tries), code=code)

    def _judged(self, seen: Callable[[Entry], Entry]) -> tuple[Shop, list[Judged]]:
        shop = shops.by_id(self.conn, self.vault, self.post.claim.shop_id)
        assert shop is not None  # noqa: S101 - a shop's row outlives its attempts
        entries = [seen(entry) for entry in locked(self.conn, self.post.claim)]
        before = accepted_before(self.conn, self.post.claim) if any(entry.in_doubt_since for entry in entries) else {}
        judged = judge(self.conn, shop, entries, self.now)
        return shop, [_taken_before(change, before) for change in judged]

    def _close(self, result: str) -> None:
        self.conn.execute(
            "UPDATE attempt SET result = %s, code = %s, trace_id = %s, ended_at = now()"
            " WHERE shop_id = %s AND attempt = %s",
            (result, self.told.code, self.told.trace_id, self.post.claim.shop_id, self.post.claim.attempt),
        )


def set_aside(conn: Conn, shop_id: int, order_ids: Sequence[int], code: str, starts: Sequence[datetime]) -> None:
    """Let orders of a batch of which most were refused go one by one: each alone, at its time of `starts`."""
    lines = [(at, code, shop_id, order_id) for at, order_id in zip(starts, order_ids, strict=True)]
    with conn.cursor() as cursor:
        cursor.executemany(
            "UPDATE paid_order SET look_at = %s, code = %s"
            " WHERE shop_id = %s AND order_id = %s AND outcome = 'waiting' AND reason = 'sending' AND attempt IS NULL",
            lines,
        )


def _taken(change: Judged) -> Verdict:
    return Verdict(Outcome.RECOVERED, recovered_reason(change.evidence, change.entry.order.id))


def _taken_before(change: Judged, before: Mapping[int, str | None]) -> Judged:
    """What Meta took in an earlier request is recovered by that one's late answer, whatever it says to the repeat."""
    order_id = change.entry.order.id
    return replace(change, verdict=_taken(change), trace_id=before[order_id]) if order_id in before else change


def _arrived(entry: Entry) -> Entry:
    """The request reached Meta: a repeat if an earlier one may have; the merchant's word to send is used up."""
    return replace(entry, reposts=entry.reposts + (entry.in_doubt_since is not None), released=False)


def _doubtful(entry: Entry) -> Entry:
    """The request may have reached Meta: in doubt since it, or an earlier one, left."""
    return replace(_arrived(entry), in_doubt_since=entry.in_doubt_since or entry.first_sent_at)


def _never_left(entry: Entry) -> Entry:
    """Meta has nothing of this request; if there was none in doubt before, the order has never left."""
    return entry if entry.in_doubt_since else replace(entry, first_sent_at=None)
