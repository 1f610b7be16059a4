"""Requests to Meta: each has a row that explains it, whatever became of the process that made it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plugin.storage.claiming import Claim
from plugin.storage.database import Conn


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request with an order in it. Times are the database's.

    `orders`: how many went together. `result`: accepted, refused, split (refused as a batch), disconnected, throttled,
    unavailable, not_sent, in_doubt; None: under way, or its worker died and the lease is not over. `code`: Meta's code
    and subcode (`100/2804050`). `digest`: SHA-256 of the events, so that a repeat can be seen to be one.
    """

    attempt: str
    connection_id: int
    dataset: str
    orders: int
    digest: bytes
    started_at: datetime
    ended_at: datetime | None
    result: str | None
    code: str | None
    trace_id: str | None


_OF_ORDER = """
SELECT a.attempt::text, a.connection_id, c.dataset, a.count AS orders, a.digest, a.post_started AS started_at,
    a.ended_at, a.result, a.code, a.trace_id
FROM paid_order o JOIN attempt a ON a.shop_id = o.shop_id AND a.attempt = ANY(o.attempts)
JOIN meta_connection c ON c.shop_id = a.shop_id AND c.id = a.connection_id
WHERE o.shop_id = %s AND o.order_id = %s AND a.post_started IS NOT NULL ORDER BY a.post_started, a.attempt
"""


def attempts_of(conn: Conn, shop_id: int, order_id: int) -> list[Attempt]:
    """Return the requests that an order was in, the first one first; none are left 90 days later."""
    return [Attempt(**row) for row in conn.execute(_OF_ORDER, (shop_id, order_id)).fetchall()]


_ACCEPTED = """
SELECT o.order_id, a.trace_id FROM paid_order o JOIN attempt a ON a.shop_id = o.shop_id AND a.attempt = ANY(o.attempts)
WHERE o.shop_id = %s AND o.attempt = %s AND a.result = 'accepted' ORDER BY a.post_started
"""


def accepted_before(conn: Conn, held: Claim) -> dict[int, str | None]:
    """Return the orders of a claim that Meta took in an earlier request, with its trace id.

    Such an answer came late: after its worker's lease, when the repeat had already begun.
    """
    return {
        row["order_id"]: row["trace_id"] for row in conn.execute(_ACCEPTED, (held.shop_id, held.attempt)).fetchall()
    }
