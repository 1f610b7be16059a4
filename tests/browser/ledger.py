"""A ledger of any size for one shop, written by PostgreSQL itself: rows as intake and sweep would have left them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

FIRST_ID = 2_000_000_000_000
CHUNK = 250_000
TRACKED, RECOVERED = ("tracked", "pixel_delivered"), ("recovered", "pixel_silent")
WITHHELD, UNKNOWN = ("withheld", "consent_declined"), ("withheld", "consent_unknown")
MISSED, WAITING = ("missed", "tracking_off"), ("waiting", "grace_period")
USUAL = (TRACKED, TRACKED, RECOVERED, TRACKED, TRACKED, WITHHELD, TRACKED, TRACKED, TRACKED, UNKNOWN) * 2
BEFORE_ON = (TRACKED, TRACKED, MISSED, TRACKED, TRACKED, WITHHELD, TRACKED, MISSED, TRACKED, UNKNOWN)

_ORDERS = """
INSERT INTO paid_order (shop_id, order_id, generation, connection_id, number, placed_at, paid_at, updated_at, day,
    value, currency, test, from_checkout, cancelled, billing_region, shipping_region, has_match_data, switch_count,
    outcome, reason, look_at, decided_at, would_recorded, would_store_policy, first_sent_at, fields_sent, basis,
    summary)
SELECT s.id, %(first)s + i, s.generation, c.id, %(sign)s || (1000 + i), at - interval '2 minutes', at, at,
    (at AT TIME ZONE s.time_zone)::date, %(value)s::numeric + i %% 17 * %(step)s::numeric, %(currency)s,
    false, true, false, 'US-CA', 'US-CA', true, CASE WHEN k.outcome <> 'missed' THEN p.switch_count END,
    k.outcome, k.reason,
    CASE WHEN k.outcome = 'waiting' THEN %(now)s::timestamptz + interval '1 hour' END,
    CASE WHEN k.outcome <> 'waiting' THEN at + interval '30 minutes' END,
    k.outcome = 'missed', k.reason IN ('tracking_off', 'consent_unknown'),
    CASE WHEN k.outcome = 'recovered' THEN at + interval '29 minutes' END,
    CASE WHEN k.outcome = 'recovered' THEN array['em', 'ph', 'country'] END,
    CASE WHEN k.outcome = 'recovered' THEN 'recorded_consent' END,
    jsonb_build_object('delivery', CASE WHEN k.outcome = 'tracked' THEN 'sent' ELSE 'blocked' END, 'from_cart', false,
        'first_at', at, 'last_at', at, 'stages', '["checkout_started", "payment_info_submitted"]'::jsonb,
        'consent', '{"marketing": true, "analytics": true, "preferences": true, "sale_of_data": true}'::jsonb)
FROM generate_series(%(from)s::bigint, %(to)s::bigint) i
JOIN shop s ON s.domain = %(domain)s
JOIN shop_policy p ON p.shop_id = s.id
JOIN meta_connection c ON c.shop_id = s.id AND c.until_at IS NULL
CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - (%(count)s - i) * (interval '1 day' * %(days)s / %(count)s) AS at) t
CROSS JOIN LATERAL (SELECT 1 + i %% cardinality(%(outcomes)s::text[]) AS turn) r
CROSS JOIN LATERAL (SELECT (%(outcomes)s::text[])[r.turn] AS outcome, (%(reasons)s::text[])[r.turn] AS reason) k
"""
_TOTALS = """
INSERT INTO day_total (shop_id, day, outcome, reason, currency, would_recorded, would_store_policy, count, value)
SELECT o.shop_id, o.day, o.outcome, o.reason, o.currency, o.would_recorded, o.would_store_policy, count(*), sum(o.value)
FROM paid_order o JOIN shop s ON s.id = o.shop_id
WHERE s.domain = %(domain)s AND o.outcome <> 'waiting' AND o.order_id BETWEEN %(first)s AND %(last)s
GROUP BY 1, 2, 3, 4, 5, 6, 7
"""


@dataclass(frozen=True, slots=True)
class Lines:
    """Orders of one shop, evenly over the last `days`, the newest one now; their ends take turns."""

    domain: str
    count: int
    days: int = 90
    ends: Sequence[tuple[str, str]] = USUAL
    sign: str = "#"
    """What stands before the running number in an order's number."""
    value: str = "19.90"
    step: str = "12.35"
    """By how much one order is worth more than another."""
    currency: str = "EUR"
    first: int = FIRST_ID
    """The id before the first one."""


def write(url: str, lines: Lines, now: datetime) -> None:
    """Write orders of a shop that is connected, and count them in its totals."""
    known = {"now": now, "first": lines.first, "last": lines.first + lines.count}
    known |= {name: getattr(lines, name) for name in ("domain", "count", "days", "sign", "value", "step", "currency")}
    known |= {"outcomes": [outcome for outcome, _ in lines.ends], "reasons": [reason for _, reason in lines.ends]}
    with psycopg.connect(url, autocommit=True, options="-c timezone=UTC") as conn:
        conn.execute("SET synchronous_commit = off")
        for start in range(1, lines.count + 1, CHUNK):
            conn.execute(_ORDERS, known | {"from": start, "to": min(start + CHUNK - 1, lines.count)})
        conn.execute(_TOTALS, known)
        conn.execute("ANALYZE paid_order, day_total")
