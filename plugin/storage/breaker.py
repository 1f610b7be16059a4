"""Circuit breakers, on the connections' own rows, so that every worker on every machine sees the same.

Of one connection: five requests in a row that failed for a passing reason, and it rests for 30 s; each further failure
doubles that, up to an hour. The first batch after a rest is a small one. Of Meta as a whole: when more than half of the
connections tried within a minute fail, one of them tries every ten seconds for all, and lets the others go on as soon
as it gets through. One that Meta took something of within that minute goes on beside it: what troubles the others need
not be Meta. Whoever tries counts as failing until it got through. Rests are by the app's clock, as orders are; what
"within a minute" means, by the database's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plugin.storage.database import Conn

OPENS_AT = 5
"""Failures in a row."""
FIRST_REST, LONGEST_REST = timedelta(seconds=30), timedelta(hours=1)
SHORT_REST = timedelta(seconds=5)
"""After a failure that does not open the breaker yet."""
FEWEST = 4
"""Connections tried within a minute, below which they say nothing about Meta as a whole."""
SPREAD = 16
"""Shops rest for up to a third longer, each by its own figure, so that they do not all come back at once."""

_LOAD = """
SELECT count(*) AS tried, count(*) FILTER (WHERE failures > 0) AS failing,
    coalesce(max(served_at) FILTER (WHERE failures > 0) < now() - interval '10 seconds', true) AS quiet
FROM meta_connection WHERE until_at IS NULL AND served_at > now() - interval '1 minute'
"""
FARES_WELL = "c.failures = 0 AND c.served_at > now() - interval '1 minute'"
"""Of a connection `c`: its latest request met with no trouble, or is under way."""
_FARES_WELL = f"SELECT FROM meta_connection c WHERE c.shop_id = %s AND c.until_at IS NULL AND {FARES_WELL}"
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('the next try at a Meta that is down'))"


@dataclass(frozen=True, slots=True)
class Weather:
    """How Meta as a whole has been within the last minute; `quiet`: nobody has tried in vain for ten seconds."""

    tried: int
    failing: int
    quiet: bool

    @property
    def down(self) -> bool:
        """Whether more than half of those who tried failed."""
        return self.tried >= FEWEST and self.failing * 2 > self.tried


def weather(conn: Conn) -> Weather:
    """Look at what the connections met with within the last minute."""
    row = conn.execute(_LOAD).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has one row
    return Weather(**row)


def may_try(conn: Conn, shop_id: int) -> Weather | None:
    """Return the weather for a shop if its request may start now; None: Meta is down, and somebody tries it for all.

    For a shop that fares well Meta is not down. For others, while it is, this waits for all who ask the same, until
    their transactions end: theirs may be the try.
    """
    found = weather(conn)
    if not found.down:
        return found
    if conn.execute(_FARES_WELL, (shop_id,)).fetchone() is not None:
        return replace(found, failing=0)
    conn.execute(_ONE_AT_A_TIME)
    found = weather(conn)
    return None if found.down and not found.quiet else found


def rest(failures: int, shop_id: int) -> timedelta:
    """Return how long a connection rests after so many failures in a row."""
    if failures < OPENS_AT:
        return SHORT_REST
    doubled: timedelta = min(FIRST_REST * 2 ** min(failures - OPENS_AT, 10), LONGEST_REST)
    return doubled * (1 + shop_id % SPREAD / (3 * SPREAD))


def failed(conn: Conn, shop_id: int, connection_id: int, *, in_doubt: bool, answered: bool) -> timedelta:
    """Count a request that Meta did not take for a passing reason; return how long the connection rests now."""
    row = conn.execute(
        "UPDATE meta_connection SET failures = failures + 1,"
        " doubts = CASE WHEN %s THEN doubts + 1 WHEN %s THEN 0 ELSE doubts END"
        " WHERE shop_id = %s AND id = %s RETURNING failures",
        (in_doubt, answered, shop_id, connection_id),
    ).fetchone()
    return SHORT_REST if row is None else rest(row["failures"], shop_id)


# What Meta did not take for a passing reason need not wait for its turn in the schedule once Meta takes something. What
# is in doubt does, and what Meta has refused before in a batch.
_SOONER = """
UPDATE paid_order SET look_at = %(now)s
WHERE shop_id = %(shop)s AND connection_id = %(id)s AND outcome = 'waiting' AND reason = 'meta_unavailable'
    AND attempt IS NULL AND look_at > %(now)s AND in_doubt_since IS NULL AND code IS NULL
"""
_OTHERS = """
UPDATE meta_connection SET paused_until = NULL WHERE (shop_id, id) IN (
    SELECT shop_id, id FROM meta_connection
    WHERE until_at IS NULL AND broken IS NULL AND failures > 0 AND paused_until > %(now)s FOR UPDATE SKIP LOCKED)
"""
_ONE_EACH = """
UPDATE paid_order SET look_at = %(now)s WHERE (shop_id, order_id) IN (
    SELECT c.shop_id, first.order_id FROM meta_connection c CROSS JOIN LATERAL (
        SELECT o.order_id FROM paid_order o WHERE o.shop_id = c.shop_id AND o.connection_id = c.id
            AND o.outcome = 'waiting' AND o.reason = 'meta_unavailable' AND o.attempt IS NULL
            AND o.in_doubt_since IS NULL AND o.code IS NULL
        ORDER BY o.look_at LIMIT 1 FOR UPDATE SKIP LOCKED) first
    WHERE c.until_at IS NULL AND c.broken IS NULL AND c.failures > 0)
"""
"""When it gets through, its connection brings its others forward by itself."""


def worked(conn: Conn, shop_id: int, connection_id: int, now: datetime) -> None:
    """Note that Meta answered for good. After failures: what waited for it is due now, of others too if it was down."""
    given = {"shop": shop_id, "id": connection_id, "now": now}
    row = conn.execute(
        "SELECT failures FROM meta_connection WHERE shop_id = %(shop)s AND id = %(id)s FOR NO KEY UPDATE", given
    ).fetchone()
    failures = 0 if row is None else row["failures"]
    down = failures > 0 and weather(conn).down
    conn.execute(
        "UPDATE meta_connection SET failures = 0, doubts = 0, paused_until = NULL"
        " WHERE shop_id = %(shop)s AND id = %(id)s AND (failures > 0 OR doubts > 0 OR paused_until IS NOT NULL)",
        given,
    )
    if failures:
        conn.execute(_SOONER, given)
    if down:
        conn.execute(_OTHERS, given)
        conn.execute(_ONE_EACH, given)
