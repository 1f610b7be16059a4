"""A ledger of any size, made by PostgreSQL itself: rows as intake, sweep and delivery would have left them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
from psycopg.types.json import Jsonb

from plugin.recovery.evidence import Consent, Post, Stage
from plugin.services import Services
from plugin.storage import shops
from plugin.storage.orders import event_place
from tests.bench import events
from tests.bench.bodies import Store
from tests.bench.site import Site

FIRST_ID = 1_000_000_000_000
CHUNK = 250_000
DAYS = 90
CHECKOUT = "checkout-of-the-bench"

# Ninety days, the newest row last as in life; of a hundred orders 70 were tracked, 15 recovered, 13 withheld, one was
# missed and one waits for its evidence.
_FILL = """
INSERT INTO paid_order (shop_id, order_id, generation, connection_id, number, placed_at, paid_at, updated_at, day,
    value, currency, test, from_checkout, cancelled, billing_region, shipping_region, token_hash, has_match_data,
    switch_count, outcome, reason, look_at, decided_at, summary)
SELECT s.id, %(first)s + i, 1, c.id, '#' || i, at, at, at, at::date,
    115.90, 'EUR', false, true, false, 'US-CA', 'US-CA', sha256(i::text::bytea), true,
    p.switch_count, o.outcome, o.reason,
    CASE WHEN o.outcome = 'waiting' THEN now() + interval '1 hour' END,
    CASE WHEN o.outcome <> 'waiting' THEN at + interval '30 minutes' END,
    jsonb_build_object('delivery', 'sent', 'from_cart', false, 'first_at', at, 'last_at', at,
        'stages', '["checkout_started", "payment_info_submitted", "checkout_completed"]'::jsonb,
        'consent', '{"marketing": true, "analytics": true, "preferences": true, "sale_of_data": true}'::jsonb)
FROM generate_series(%(from)s::bigint, %(to)s::bigint) i
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS all_of FROM shop) s
    ON s.place = i %% s.all_of
JOIN shop_policy p ON p.shop_id = s.id
JOIN meta_connection c ON c.shop_id = s.id AND c.until_at IS NULL
CROSS JOIN LATERAL (SELECT now() - (%(count)s - i) * (interval '1 day' * %(days)s / %(count)s) AS at) t
CROSS JOIN LATERAL (SELECT (i / s.all_of) %% 100 AS turn) r
CROSS JOIN LATERAL (SELECT CASE WHEN r.turn < 70 THEN 'tracked' WHEN r.turn < 85 THEN 'recovered'
    WHEN r.turn < 98 THEN 'withheld' WHEN r.turn < 99 THEN 'missed' ELSE 'waiting' END AS outcome,
    CASE WHEN r.turn < 70 THEN 'pixel_delivered' WHEN r.turn < 85 THEN 'pixel_silent'
    WHEN r.turn < 98 THEN 'consent_declined' WHEN r.turn < 99 THEN 'tracking_off' ELSE 'grace_period' END AS reason) o
"""
_TOTALS = """
INSERT INTO day_total (shop_id, day, outcome, reason, currency, would_recorded, would_store_policy, count, value)
SELECT shop_id, day, outcome, reason, currency, false, false, count(*), sum(value)
FROM paid_order WHERE outcome <> 'waiting' GROUP BY 1, 2, 3, 4, 5
"""
_EVIDENCE = """
INSERT INTO evidence (shop_id, token_hash, day, posts, refused)
SELECT shop_id, token_hash, day, %(posts)s, false FROM paid_order
WHERE token_hash IS NOT NULL AND paid_at > now() - interval '9 days'
"""
_DUE = """
INSERT INTO paid_order (shop_id, order_id, generation, connection_id, number, placed_at, paid_at, updated_at, day,
    value, currency, test, from_checkout, cancelled, token_hash, has_match_data, switch_count, outcome, reason, look_at,
    sealed_event)
VALUES (%s, %s, 1, %s, %s, %s, %s, %s, %s, 115.90, 'EUR', false, true, false, %s, true, %s, 'waiting', 'sending', %s,
    %s)
"""
AGREED = Consent(marketing=True, analytics=True, preferences=True, sale_of_data=True)


def _kept(at: datetime) -> Jsonb:
    """Return the posts of a consented checkout, as they are kept."""
    post = Post(stage=Stage.CHECKOUT_STARTED, consent=AGREED, at=at, key="bench_ingest_key_01", token="t")
    return Jsonb([post.kept()] * 5)


def fill(built: Site, count: int) -> None:
    """Write `count` orders, spread over the stores of the site and the last 90 days, with totals and evidence."""
    with psycopg.connect(built.url, autocommit=True) as conn:
        conn.execute("SET synchronous_commit = off")
        for first in range(1, count + 1, CHUNK):
            last = min(first + CHUNK - 1, count)
            conn.execute(_FILL, {"first": FIRST_ID, "from": first, "to": last, "count": count, "days": DAYS})
        conn.execute(_TOTALS)
        conn.execute(_EVIDENCE, {"posts": _kept(datetime.now(UTC))})
        conn.execute("VACUUM ANALYZE")
        conn.execute("CHECKPOINT")


def make_due(given: Services, store: Store, count: int, first: int) -> int:
    """Write orders of a consented checkout that the pixel missed, due to be sent now; return the shop's id."""
    now = datetime.now(UTC)
    with given.database.transaction() as conn:
        shop = shops.by_domain(conn, given.vault, store.domain)
        assert shop is not None
        assert shop.connection is not None
        token = shop.key.lookup_hash(CHECKOUT)
        conn.execute(
            "INSERT INTO evidence (shop_id, token_hash, day, posts, refused) VALUES (%s, %s, %s, %s, false)"
            " ON CONFLICT DO NOTHING",
            (shop.id, token, now.date(), _kept(now - timedelta(hours=4))),
        )
        at = now - timedelta(hours=3)
        lines = []
        for order_id, order in zip(range(first, first + count), events.orders(count), strict=True):
            sealed = shop.key.seal(events.built(order, at), event_place(order_id))
            known = (shop.id, order_id, shop.connection.id, f"#{order_id}", at, at, at, now.date(), token)
            lines.append((*known, shop.switch_count, now, sealed))
        with conn.cursor() as cursor:
            cursor.executemany(_DUE, lines)
    return shop.id
