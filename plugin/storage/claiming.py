"""Whose turn it is, and which of its orders go: claimed by a lease, under an attempt's id.

Rows are the queue. A turn is one batch; then the connection that has waited longest is next, so a shop with a hundred
thousand orders keeps nobody waiting for more than one of its batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg.rows import DictRow

from plugin.recovery.verdict import SENDING_ENDS
from plugin.storage import breaker, opt_outs, resync
from plugin.storage.database import Conn

BATCH = 200
"""Orders in one request; a crash puts at most these in doubt."""
MOST = 1000
"""Meta's own limit, for orders that "recover the last 7 days" decided anew: nobody waits for those."""
DOUBTFUL_BATCH = 50
"""After two requests in a row without an answer, so that fewer are in doubt."""
DOUBTS = 2
PROBE = 10
"""The first batch after a breaker's rest."""
WINDOW = 2000
"""Of a shop's due orders those that have been due longest, the oldest of which go first."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Orders that one worker holds for the length of a lease."""

    shop_id: int
    attempt: UUID
    order_ids: tuple[int, ...]
    suspicion: str | None = None
    """The code that Meta refused its batch with: one order that goes alone."""


# One order that is too old would refuse its whole batch; `stranded` ends those.
_DUE_BUT = """
o.outcome = 'waiting' AND o.attempt IS NULL AND o.reason IN ('sending', 'meta_unavailable')
    AND o.placed_at > %(oldest)s AND
"""
_DUE = f"{_DUE_BUT} {opt_outs.MAY_GO}"
_DUE_OF_ANY = f"{_DUE_BUT} {opt_outs.MAY_GO_OF_ANY}"
_OPEN = """
c.until_at IS NULL AND c.broken IS NULL
    AND (c.paused_until IS NULL OR c.paused_until <= %(now)s OR (%(down)s AND c.failures > 0))
"""
_FRESH = "NOT o.again AND o.code IS NULL"
_ALONE = "o.code IS NOT NULL"
_AGAIN = "o.again AND o.code IS NULL"

# While nobody else waits, those decided anew have their turn as well; else a minute after they would have had it.
_TO_SEND = f"""
SELECT c.shop_id FROM meta_connection c
WHERE {_OPEN} AND (NOT %(well)s OR {breaker.FARES_WELL}) AND EXISTS (SELECT FROM paid_order o
    WHERE o.shop_id = c.shop_id AND o.connection_id = c.id AND {_DUE_OF_ANY} AND o.look_at <= %(now)s)
ORDER BY coalesce(c.served_at, '-infinity') + CASE WHEN EXISTS (SELECT FROM paid_order o
    WHERE o.shop_id = c.shop_id AND o.connection_id = c.id AND {_DUE_OF_ANY} AND o.look_at <= %(now)s AND NOT o.again)
    THEN interval '0' ELSE interval '1 minute' END, c.id
LIMIT %(limit)s
"""  # noqa: S608 - put together from constants of this file
_TURN = f"""
SELECT c.id, c.failures, c.doubts FROM meta_connection c WHERE c.shop_id = %(shop_id)s AND {_OPEN} FOR NO KEY UPDATE
"""  # noqa: S608 - as above
# First which, in steps that stay cheap whatever the planner takes the table for; then their rows, if nobody holds them.
_PICK = f"""
WITH longest AS MATERIALIZED (SELECT o.order_id, o.placed_at FROM paid_order o
    WHERE o.shop_id = %(shop_id)s AND o.connection_id = %(connection_id)s AND {_DUE} AND {{which}}
    ORDER BY o.look_at LIMIT {WINDOW})
SELECT order_id FROM longest ORDER BY placed_at, order_id LIMIT %(limit)s
"""  # noqa: S608 - as above
_TAKE = """
UPDATE paid_order SET attempt = %(attempt)s, lease_until = now() + %(lease)s
WHERE shop_id = %(shop_id)s AND order_id IN (SELECT order_id FROM paid_order
    WHERE shop_id = %(shop_id)s AND order_id = ANY(%(picked)s) AND outcome = 'waiting' AND attempt IS NULL
        AND reason IN ('sending', 'meta_unavailable') FOR UPDATE SKIP LOCKED)
RETURNING order_id, generation, code
"""
_THESE = _PICK.format(which="o.order_id = ANY(%(only)s)")


def _pick(kind: str) -> str:
    return _PICK.format(which=f"o.look_at <= %(now)s AND {kind}")


_KINDS = ((_pick(_FRESH), BATCH), (_pick(_ALONE), 1), (_pick(_AGAIN), MOST))
"""The first kind of which there is any goes: fresh ones, one that a refused batch left under suspicion, old ones."""


def to_send(conn: Conn, now: datetime, limit: int = 500) -> list[int]:
    """Return the ids of shops with orders to send, the one next whose last turn is longest ago.

    While Meta is down: those that fare well all the same, and one more, unless somebody has just tried. None while
    sending is paused.
    """
    if resync.state(conn).is_paused:
        return []
    weather = breaker.weather(conn)
    given = {"now": now, "oldest": now - SENDING_ENDS, "down": weather.down, "well": weather.down, "limit": limit}
    found = [row["shop_id"] for row in conn.execute(_TO_SEND, given).fetchall()]
    if weather.down and weather.quiet:
        first = conn.execute(_TO_SEND, given | {"well": False, "limit": 1}).fetchall()
        found += [row["shop_id"] for row in first if row["shop_id"] not in found]
    return found


def claim(
    conn: Conn, shop_id: int, now: datetime, *, lease: timedelta, only: Sequence[int] | None = None
) -> Claim | None:
    """Claim a batch of a shop's due orders, the oldest first (`only`: these, whether due or not); None if none may go.

    How many depends on how its connection fares. Claiming is the connection's turn; that of a part (`only`) is not.
    """
    if not resync.may_claim(conn, shop_id, now):
        return None
    weather = breaker.may_try(conn, shop_id) if only is None else breaker.weather(conn)
    if weather is None:
        return None
    given = {"shop_id": shop_id, "now": now, "oldest": now - SENDING_ENDS, "down": weather.down, "lease": lease}
    turn = conn.execute(_TURN, given).fetchone()
    if turn is None:
        return None
    given |= {"connection_id": turn["id"], "attempt": uuid4()}
    rows = _take(conn, given, only, PROBE if weather.down else _most(turn))
    return _claimed(conn, given, rows, is_turn=only is None) if rows else None


def _most(turn: DictRow) -> int:
    if turn["failures"] >= breaker.OPENS_AT:
        return PROBE
    return DOUBTFUL_BATCH if turn["doubts"] >= DOUBTS else MOST


def _take(conn: Conn, given: dict[str, Any], only: Sequence[int] | None, most: int) -> list[DictRow]:
    wishes = _KINDS if only is None else ((_THESE, len(only)),)
    for which, size in wishes:
        limits = {"limit": min(size, most) if only is None else size, "only": list(only or ())}
        picked = [row["order_id"] for row in conn.execute(which, given | limits).fetchall()]
        if picked and (rows := conn.execute(_TAKE, given | {"picked": picked}).fetchall()):
            return rows
    return []


def _claimed(conn: Conn, given: dict[str, Any], rows: list[DictRow], *, is_turn: bool) -> Claim:
    suspicion = rows[0]["code"] if len(rows) == 1 else None
    claim = Claim(given["shop_id"], given["attempt"], tuple(row["order_id"] for row in rows), suspicion)
    if is_turn:
        conn.execute(
            "UPDATE meta_connection SET served_at = clock_timestamp(), failures = greatest(failures, %(down)s::int)"
            " WHERE shop_id = %(shop_id)s AND id = %(connection_id)s",
            given,
        )
    conn.execute(
        "INSERT INTO attempt (shop_id, attempt, generation, count, claimed_at) VALUES (%s, %s, %s, %s, now())",
        (claim.shop_id, claim.attempt, rows[0]["generation"], len(rows)),
    )
    return claim
