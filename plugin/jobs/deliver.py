"""Deliver: a shop's due orders go to Meta, a batch at a time, under a lease and the shop's sending lock.

At least once: after a crash the lease ends and the batch is in doubt; it goes out again with the same event ids and the
same bytes, up to 47 hours. No transaction is open during the call.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

from plugin.meta.conversions import Receipt
from plugin.meta.errors import MetaDisconnected, MetaError, MetaRefused, MetaUnavailable
from plugin.services import Services
from plugin.storage import locks, sending
from plugin.storage.database import DatabaseAway
from plugin.storage.sending import Claim, Post
from plugin.storage.settling import Settling

log = logging.getLogger(__name__)
MOST_POSTS = 40
"""Requests for one claimed batch; halving 200 orders down to one bad one takes 15."""
START_WITHIN = 5.0
"""Seconds from the commit that marks a request as started: later it does not start at all."""
KEEP_TRYING = 600.0
"""Seconds for which a result is kept in memory while PostgreSQL is away."""


@dataclass(slots=True)
class Budget:
    """How many requests this turn may still make."""

    posts: int = MOST_POSTS


def deliver(given: Services, shop_id: int) -> None:
    """Send a shop's due orders, if nobody else is at it; one request under way at a time."""
    with locks.turn(given.database, shop_id) as mine:
        while mine and _send_some(given, shop_id, None, Budget()):
            pass


def _send_some(given: Services, shop_id: int, only: Sequence[int] | None, budget: Budget) -> bool:
    """Claim and send one batch (`only`: of these orders); return whether there was one."""
    with given.database.transaction() as conn:
        now = given.clock.now()
        held = sending.claim(conn, shop_id, now, lease=given.settings.lease, only=only)
    if held is None:
        return False
    halves = _send(given, held, budget)
    for half in halves:
        _send_some(given, shop_id, half, budget)
    return True


def _send(given: Services, held: Claim, budget: Budget) -> list[Sequence[int]]:
    """Send a claimed batch and settle it; return the halves to try apart if Meta refused it as a whole."""
    with locks.sending(given.database, held.shop_id):
        with given.database.transaction() as conn:
            post = sending.start_post(conn, given.vault, held, given.clock.now(), given.settings.lease)
        if post is None:
            return []
        started = time.monotonic()
        crash_at("before_post")
        budget.posts -= 1
        answer = _post(given, post, started)
        crash_at("after_post")
        _settle(given, post, answer, budget)
    order_ids = post.claim.order_ids
    if isinstance(answer, MetaRefused) and len(order_ids) > 1 and budget.posts > 0:
        middle = len(order_ids) // 2
        return [order_ids[:middle], order_ids[middle:]]
    return []


def _post(given: Services, post: Post, started: float) -> Receipt | MetaError:
    if time.monotonic() - started > START_WITHIN:  # this process was stopped in between
        return MetaUnavailable("the request did not start in time")
    try:
        return given.meta.send(post.connection.dataset, post.token, post.events)
    except MetaError as fault:
        return fault


def _settle(given: Services, post: Post, answer: Receipt | MetaError, budget: Budget) -> None:
    """Write what Meta said; while PostgreSQL is away the answer is kept and the write repeated, never the request."""
    _tell(post, answer)
    end = time.monotonic() + KEEP_TRYING
    while True:
        try:
            with given.database.transaction() as conn:
                settling = Settling(conn, given.vault, post, given.clock.now())
                _write(given, settling, post, answer, budget)
        except DatabaseAway:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
        else:
            return


def _write(given: Services, settling: Settling, post: Post, answer: Receipt | MetaError, budget: Budget) -> None:
    """Write what Meta's answer means for the batch."""
    if isinstance(answer, Receipt):
        settling.recovered(answer.trace_id)
    elif isinstance(answer, MetaDisconnected):
        settling.broken(answer.cause)
    elif isinstance(answer, MetaRefused) and len(post.claim.order_ids) == 1:
        settling.refused(codes_of(answer), answer.trace_id)
    elif isinstance(answer, MetaRefused) and budget.posts > 0:
        settling.split()
    elif isinstance(answer, MetaUnavailable):
        settling.later(answer.retry_after, in_doubt=answer.in_doubt, scale=given.settings.retry_scale)
    else:  # refused, and no request left to find out which order is to blame
        settling.later(None, in_doubt=False, scale=given.settings.retry_scale)


def codes_of(answer: MetaError) -> str:
    """Return Meta's code and subcode as `100/2804050`."""
    return f"{answer.code}/{answer.subcode}" if answer.subcode else str(answer.code)


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
