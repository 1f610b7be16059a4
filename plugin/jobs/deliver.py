"""Deliver: shops' due orders go to Meta, a batch a turn, under a lease and the shop's sending lock.

At least once: after a crash the lease ends and the batch is in doubt; it goes out again with the same event ids and the
same bytes, up to 47 hours. No transaction is open during the call.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence

from plugin import metrics
from plugin.jobs import each
from plugin.jobs.halving import Hunt
from plugin.meta.conversions import Receipt
from plugin.meta.errors import MetaDisconnected, MetaError, MetaRefused, MetaUnavailable
from plugin.services import Services
from plugin.storage import claiming, connections, locks, sending
from plugin.storage.claiming import Claim
from plugin.storage.database import DatabaseAway
from plugin.storage.sending import Post
from plugin.storage.settling import ONE_EVERY, Passing, Settling, Told, set_aside

log = logging.getLogger(__name__)
SHARE = 5.0
"""Seconds of turns before a lane goes back into the queue, so that other jobs have theirs."""
START_WITHIN = 5.0
"""Seconds from the commit that marks a request as started: later it does not start at all."""
KEEP_TRYING = 600.0
"""Seconds for which a result is kept in memory while PostgreSQL is away."""


def never() -> bool:
    """Nobody asks us to stop."""
    return False


def serve(given: Services, stopping: Callable[[], bool] = never, *, start: float = 0) -> bool:
    """Give the shops that have waited longest a turn each; return whether there may be more to do.

    `start`: where in their list to begin, as a share of it: lanes that all began at its head would all ask for the
    same turns.
    """
    with given.database.transaction() as conn:
        shop_ids = claiming.to_send(conn, given.clock.now())
    first = int(len(shop_ids) * start)
    shop_ids = [*shop_ids[first:], *shop_ids[:first]]
    end = time.monotonic() + SHARE
    served = False
    for shop_id in shop_ids:
        if stopping() or time.monotonic() > end:
            return True
        with each.apart(log, "delivery failed", shop_id=shop_id):
            served |= deliver(given, shop_id, stopping)
    return served


def deliver(given: Services, shop_id: int, stopping: Callable[[], bool] = never) -> bool:
    """Send one batch of a shop's due orders, if nobody else is at it; return whether there was one.

    One request of the shop is under way at a time. A batch that Meta refuses is halved, within the same turn.
    """
    with locks.turn(given.database, shop_id) as mine:
        return mine and _turn(given, shop_id, stopping)


def _turn(given: Services, shop_id: int, stopping: Callable[[], bool]) -> bool:
    hunt = Hunt()
    answer = first = _send_some(given, shop_id, None, hunt)
    while isinstance(answer, Receipt | MetaRefused) and not stopping() and (part := hunt.next_part()) is not None:
        answer = _send_some(given, shop_id, part, hunt) or answer
    if isinstance(first, MetaRefused) and isinstance(answer, Receipt | MetaRefused) and hunt.in_vain:
        _one_by_one(given, shop_id, hunt.unsent, first)
    return hunt.claims > 0


def _send_some(given: Services, shop_id: int, only: Sequence[int] | None, hunt: Hunt) -> Receipt | MetaError | None:
    """Claim and send one batch (`only`: of these orders); return Meta's answer, None if there was nothing to send."""
    with given.database.transaction() as conn:
        held = claiming.claim(conn, shop_id, given.clock.now(), lease=given.settings.lease, only=only)
    if held is None:
        return None
    hunt.claims += 1
    return _send(given, held, hunt)


def _send(given: Services, held: Claim, hunt: Hunt) -> Receipt | MetaError | None:
    """Send a claimed batch and settle it; what Meta refused as a whole is on the hunt's list then."""
    with locks.sending(given.database, held.shop_id):
        with given.database.transaction() as conn:
            post = sending.start_post(conn, given.vault, held, given.clock.now(), given.settings.lease)
        if post is None:
            return None
        started = time.monotonic()
        crash_at("before_post")
        hunt.left -= 1
        answer = _post(given, post, started)
        _count(post, answer, time.monotonic() - started)
        crash_at("after_post")
        _settle(given, post, answer)
    order_ids = post.claim.order_ids
    if isinstance(answer, Receipt):
        hunt.good += len(order_ids)
    elif isinstance(answer, MetaRefused) and len(order_ids) == 1:
        hunt.bad += 1
    elif isinstance(answer, MetaRefused):
        hunt.halve(order_ids, answer.said.index)
    return answer


def _post(given: Services, post: Post, started: float) -> Receipt | MetaError:
    if time.monotonic() - started > START_WITHIN:  # this process was stopped in between
        return MetaUnavailable("the request did not start in time")
    try:
        of_app, code = post.connection.kind == connections.LOGIN, post.test_code
        return given.meta.send(post.connection.dataset, post.token, post.events, of_app=of_app, test_code=code)
    except MetaError as fault:
        return fault


def _settle(given: Services, post: Post, answer: Receipt | MetaError) -> None:
    """Write what Meta said; while PostgreSQL is away the answer is kept and the write repeated, never the request."""
    _tell(post, answer)
    end = time.monotonic() + KEEP_TRYING
    while True:
        try:
            with given.database.transaction() as conn:
                now, scale = given.clock.now(), given.settings.retry_scale
                _write(Settling(conn, given.vault, post, now, _told(answer), scale), answer)
        except DatabaseAway:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
        else:
            return


def _write(settling: Settling, answer: Receipt | MetaError) -> None:
    """Write what Meta's answer means for the batch."""
    if isinstance(answer, Receipt):
        settling.recovered()
    elif isinstance(answer, MetaDisconnected):
        settling.broken(answer.cause)
    elif isinstance(answer, MetaUnavailable):
        settling.later(_passing(answer))
    elif len(settling.post.claim.order_ids) > 1:
        settling.split()
    elif isinstance(answer, MetaRefused) and not answer.sure:
        settling.puzzled()
    else:
        settling.refused()


def _passing(answer: MetaUnavailable) -> Passing:
    if answer.in_doubt:
        return Passing.IN_DOUBT
    if answer.throttled:
        return Passing.THROTTLED
    return Passing.UNAVAILABLE if answer.answered else Passing.NOT_SENT


def _told(answer: Receipt | MetaError) -> Told:
    if isinstance(answer, Receipt):
        return Told(trace_id=answer.trace_id, rest=answer.rest)
    waits = [answer.said.rest, answer.retry_after if isinstance(answer, MetaUnavailable) else None]
    rest = max((wait for wait in waits if wait), default=None)
    return Told(answer.said.codes, answer.trace_id, rest)


def _count(post: Post, answer: Receipt | MetaError, seconds: float) -> None:
    result = "recovered" if isinstance(answer, Receipt) else "refused"
    if isinstance(answer, MetaUnavailable):
        result = str(_passing(answer))
    elif isinstance(answer, MetaDisconnected):
        result = "disconnected"
    metrics.batch(result, seconds)
    metrics.events(result, len(post.claim.order_ids))


def _one_by_one(given: Services, shop_id: int, order_ids: Sequence[int], answer: MetaRefused) -> None:
    """Let the rest of a batch of which most were refused go one by one, slowly."""
    now, every = given.clock.now(), ONE_EVERY * given.settings.retry_scale
    with given.database.transaction() as conn:
        starts = [now + every * place for place in range(1, len(order_ids) + 1)]
        set_aside(conn, shop_id, order_ids, answer.said.codes or "?", starts)
    log.warning("orders go one by one", extra={"shop_id": shop_id, "count": len(order_ids), "code": answer.code})


def _tell(post: Post, answer: Receipt | MetaError) -> None:
    said = {"shop_id": post.claim.shop_id, "attempt": str(post.claim.attempt), "count": len(post.claim.order_ids)}
    if isinstance(answer, Receipt):
        log.info("orders sent", extra=said | {"trace_id": answer.trace_id})
        return
    codes = {"code": answer.code, "subcode": answer.subcode, "trace_id": answer.trace_id}
    log.warning("orders not taken", extra=said | codes | {"result": type(answer).__name__})


def crash_at(point: str) -> None:
    """Die here, as by kill -9, if BACKSTOP_CRASH_AT names this point: the fault tests' only way into this process."""
    if os.environ.get("BACKSTOP_CRASH_AT") == point:
        os._exit(137)
