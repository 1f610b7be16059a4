"""What the ledger tells of a pixel, and the times in which it was in trouble."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from plugin.recovery.pixel_health import BASELINE, QUARTER, WATCHED, Count, Finding, Health, Quarter, Trouble
from plugin.storage.database import Conn
from plugin.storage.shops import Shop

EVERY = timedelta(minutes=5)
"""How often a shop with new orders is looked at."""
MOST_SHOPS = 500
"""Shops that one look at the calendar wakes; the others follow a minute later."""
SLACK = timedelta(minutes=1)
"""After the grace period, for the sweep to judge what is over it."""


@dataclass(frozen=True, slots=True)
class TroubleTime:
    """A time in which a shop's pixel did not work as usual; `until_at` None: it still does not."""

    id: int
    health: Health
    trouble: Trouble
    from_at: datetime
    found_at: datetime
    until_at: datetime | None
    usual: float

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> TroubleTime:
        """Read a row of pixel_trouble."""
        named = {name: row[name] for name in ("id", "from_at", "found_at", "until_at", "usual")}
        return cls(health=Health(row["health"]), trouble=Trouble(row["trouble"]), **named)


# Shops with a dataset in which an order was paid since the last look, and those whose trouble may be over.
_DUE = """
SELECT s.id FROM shop s JOIN meta_connection c ON c.shop_id = s.id AND c.until_at IS NULL
WHERE s.uninstalled_at IS NULL AND coalesce(s.pixel_checked_at, '-infinity') <= %(before)s
    AND (s.web_pixel_id IS NULL
        OR EXISTS (SELECT FROM pixel_trouble t WHERE t.shop_id = s.id AND t.until_at IS NULL)
        OR EXISTS (SELECT FROM paid_order o WHERE o.shop_id = s.id
            AND o.paid_at > coalesce(s.pixel_checked_at, '-infinity') - interval '25 hours'))
ORDER BY s.pixel_checked_at NULLS FIRST LIMIT %(limit)s
"""


def due(conn: Conn, now: datetime) -> list[int]:
    """Return the ids of connected shops whose pixel is to be looked at."""
    return [row["id"] for row in conn.execute(_DUE, {"before": now - EVERY, "limit": MOST_SHOPS}).fetchall()]


def checked(conn: Conn, shop_id: int, now: datetime) -> None:
    """Remember that a shop has just been looked at."""
    conn.execute("UPDATE shop SET pixel_checked_at = %s WHERE id = %s", (now, shop_id))


# The ignored are no purchases of the pixel's; those within the grace period would look better than they are, since what
# the pixel reported is decided at once. Times of known trouble do not count as usual.
_QUARTERS = """
SELECT date_bin(%(grain)s, o.paid_at, 'epoch') AS start, count(*) AS orders,
    count(*) FILTER (WHERE o.summary -> 'stages' <> '[]') AS seen,
    count(*) FILTER (WHERE o.summary ->> 'delivery' = 'sent') AS sent,
    count(*) FILTER (WHERE o.summary ->> 'delivery' = 'blocked') AS blocked
FROM paid_order o
WHERE o.shop_id = %(shop_id)s AND o.paid_at >= %(since)s AND o.paid_at < %(until)s
    AND o.outcome <> 'ignored' AND NOT (o.outcome = 'waiting' AND o.reason = 'grace_period')
    AND NOT EXISTS (SELECT FROM pixel_trouble t WHERE t.shop_id = o.shop_id AND t.until_at IS NOT NULL
        AND o.paid_at >= t.from_at AND o.paid_at < t.until_at)
GROUP BY 1 ORDER BY 1
"""


def quarters(conn: Conn, shop: Shop, now: datetime, since: datetime | None = None) -> list[Quarter]:
    """Return what became of a shop's orders by quarter of an hour, oldest first: of the last 19 days, or `since`."""
    rows = conn.execute(
        _QUARTERS,
        {
            "grain": QUARTER,
            "shop_id": shop.id,
            "since": since or now - BASELINE - WATCHED,
            "until": now - shop.policy.grace - SLACK,
        },
    ).fetchall()
    return [Quarter(row["start"], Count(row["orders"], row["seen"], row["sent"], row["blocked"])) for row in rows]


def open_trouble(conn: Conn, shop_id: int) -> TroubleTime | None:
    """Return the trouble that a shop's pixel is in."""
    row = conn.execute("SELECT * FROM pixel_trouble WHERE shop_id = %s AND until_at IS NULL", (shop_id,)).fetchone()
    return None if row is None else TroubleTime.from_row(row)


def trouble_at(conn: Conn, shop_id: int, at: datetime) -> TroubleTime | None:
    """Return the trouble that a shop's pixel was in at a time: an order missed then was missed because of it."""
    row = conn.execute(
        "SELECT * FROM pixel_trouble WHERE shop_id = %s AND from_at <= %s AND coalesce(until_at, 'infinity') > %s"
        " ORDER BY from_at DESC LIMIT 1",
        (shop_id, at, at),
    ).fetchone()
    return None if row is None else TroubleTime.from_row(row)


def begin(conn: Conn, shop_id: int, finding: Finding, now: datetime) -> bool:
    """Remember a trouble, unless one is open; return whether it is new."""
    return bool(
        conn.execute(
            "INSERT INTO pixel_trouble (shop_id, health, trouble, from_at, found_at, usual)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (shop_id, finding.health, finding.trouble, finding.since or now, now, finding.usual),
        ).rowcount
    )


def rename(conn: Conn, shop_id: int, trouble_id: int, finding: Finding) -> None:
    """Call an open trouble by what its orders show by now."""
    conn.execute(
        "UPDATE pixel_trouble SET health = %s, trouble = %s WHERE shop_id = %s AND id = %s AND until_at IS NULL",
        (finding.health, finding.trouble, shop_id, trouble_id),
    )


def end(conn: Conn, shop_id: int, at: datetime) -> None:
    """End the open trouble, if any."""
    conn.execute(
        "UPDATE pixel_trouble SET until_at = greatest(%s, from_at) WHERE shop_id = %s AND until_at IS NULL",
        (at, shop_id),
    )
