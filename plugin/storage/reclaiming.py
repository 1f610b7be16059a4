"""What the sweep takes back: orders that a dead worker held, and orders that no request may take any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from plugin.recovery.verdict import SENDING_ENDS
from plugin.storage.database import Conn
from plugin.storage.ledger import Entry, judge, write
from plugin.storage.shops import Shop

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


_STRANDED = """
SELECT * FROM paid_order WHERE shop_id = %(shop)s AND outcome = 'waiting' AND attempt IS NULL
    AND reason IN ('sending', 'meta_unavailable') AND look_at <= %(now)s
    AND (placed_at <= %(oldest)s OR connection_id IS DISTINCT FROM %(open)s::bigint)
ORDER BY look_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""


def end_stranded(conn: Conn, shop: Shop, now: datetime, limit: int = 500) -> int:
    """Judge orders that were to be sent and cannot be claimed: too old by now, or their connection broke or was closed.

    Return how many there were. Those whose connection works are left to `claim`.
    """
    works = shop.connection is not None and not shop.policy.connection_broken
    given = {
        "shop": shop.id,
        "now": now,
        "oldest": now - SENDING_ENDS,
        "open": shop.connection.id if shop.connection is not None and works else None,
        "limit": limit,
    }
    entries = [Entry.from_row(row) for row in conn.execute(_STRANDED, given).fetchall()]
    write(conn, shop, judge(conn, shop, entries, now), now)
    return len(entries)
