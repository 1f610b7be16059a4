"""Intake of many orders at once: what `orders.record_paid` does for one, for a group of webhooks in one transaction.

One look for the shops, one for the evidence of all checkouts, one statement that writes all rows. Whoever is told
`Alone` goes through `record_paid`, which is the measure of what a row must hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from psycopg.types.numeric import Int8

from plugin.recovery.evidence import Evidence
from plugin.recovery.order import Receipt
from plugin.storage import evidence, known_shops, reconciling
from plugin.storage.database import Conn
from plugin.storage.grouping import Made
from plugin.storage.orders import _may_be_sent, _needless, order_hash, region_text, sealed_event
from plugin.storage.shops import Shop
from plugin.storage.vault import Vault

MOST_WAIT_FOR_A_LOCK: Final = "100ms"
"""Then the group gives way: shorter than PostgreSQL's look for deadlocks (1 s), so that it is never part of one."""

# Planning these statements takes longer than running them, and their plan is the same for any rows.
_RULES = "SELECT set_config('lock_timeout', %s, true), set_config('plan_cache_mode', 'force_generic_plan', true)"
# Column by column what `orders.record_paid` writes; see there why each condition is asked again in here. The order of
# the ids is the order in which everybody locks orders. OFFSET 0 keeps the look at the tombstones a look by index.
_RECORD = """
INSERT INTO paid_order (shop_id, order_id, generation, connection_id, number, placed_at, paid_at, updated_at, day,
    value, currency, test, from_checkout, cancelled, billing_region, shipping_region, token_hash, has_match_data,
    told_by, cart_choice, switch_count, look_at, sealed_event)
SELECT r.shop_id, r.order_id, r.generation,
    (SELECT c.id FROM meta_connection c WHERE c.shop_id = r.shop_id AND c.from_at <= r.placed_at
        AND (c.until_at IS NULL OR c.until_at > r.placed_at) ORDER BY c.from_at DESC LIMIT 1),
    r.number, r.placed_at, r.paid_at, r.updated_at, r.day, r.value, r.currency, r.test, r.from_checkout, r.cancelled,
    nullif(r.billing, ''), nullif(r.shipping, ''), nullif(r.token_hash, ''), r.has_match_data,
    'webhook', nullif(r.cart_choice, '')::jsonb, CASE WHEN p.tracking_on THEN p.switch_count END, r.now,
    CASE WHEN p.tracking_on AND p.switch_count = r.switch_count THEN nullif(r.sealed, '') END
FROM unnest(%(shop_id)b::bigint[], %(order_id)b::bigint[], %(order_hash)b::bytea[], %(generation)b::bigint[],
    %(number)b::text[], %(placed_at)b::timestamptz[], %(paid_at)b::timestamptz[], %(updated_at)b::timestamptz[],
    %(day)b::date[], %(value)b::numeric[], %(currency)b::text[], %(test)b::bool[], %(from_checkout)b::bool[],
    %(cancelled)b::bool[], %(billing)b::text[], %(shipping)b::text[], %(token_hash)b::bytea[],
    %(has_match_data)b::bool[], %(cart_choice)b::text[], %(switch_count)b::bigint[], %(now)b::timestamptz[],
    %(sealed)b::bytea[])
    AS r (shop_id, order_id, order_hash, generation, number, placed_at, paid_at, updated_at, day, value, currency,
    test, from_checkout, cancelled, billing, shipping, token_hash, has_match_data, cart_choice, switch_count, now,
    sealed)
JOIN shop_policy p ON p.shop_id = r.shop_id
JOIN shop s ON s.id = r.shop_id AND s.erased_at IS NULL
WHERE NOT EXISTS (SELECT FROM tombstone t WHERE t.shop_id = r.shop_id AND t.hash = r.order_hash OFFSET 0)
ORDER BY r.shop_id, r.order_id
FOR KEY SHARE OF s
ON CONFLICT (shop_id, order_id) DO UPDATE SET
    told_by = excluded.told_by,
    cancelled = paid_order.cancelled OR excluded.cancelled,
    updated_at = CASE WHEN excluded.cancelled AND NOT paid_order.cancelled THEN excluded.updated_at
        ELSE paid_order.updated_at END,
    look_at = CASE WHEN excluded.cancelled AND NOT paid_order.cancelled AND paid_order.outcome = 'waiting'
        THEN excluded.look_at ELSE paid_order.look_at END
WHERE excluded.cancelled AND NOT paid_order.cancelled OR paid_order.told_by <> 'webhook'
"""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A paid order that a webhook tells of. `overdue`: so late that others may be missing."""

    vault: Vault
    domain: str
    receipt: Receipt
    now: datetime
    overdue: bool = False

    def made(self) -> Made[Incoming]:
        """Return it for a group: one order must not be twice in one statement."""
        return Made(self, (self.domain, self.receipt.order.id))


def record_all(conn: Conn, incoming: Sequence[Incoming]) -> list[int | None]:
    """Write paid orders into the ledger, no two of one key; return their shops' ids, None where none is installed."""
    conn.execute(_RULES, (MOST_WAIT_FOR_A_LOCK,))
    found = known_shops.by_domains(conn, incoming[0].vault, (one.domain for one in incoming))
    ours = [(found[one.domain], one) for one in incoming if one.domain in found]
    hashes = [_token_hash(shop, one.receipt) for shop, one in ours]
    asked = [(shop.id, token_hash) for (shop, _), token_hash in zip(ours, hashes, strict=True) if token_hash]
    posts = evidence.of_many(conn, asked)
    rows = [
        _row(shop, one, token_hash, posts.get((shop.id, token_hash), evidence.NONE))
        for (shop, one), token_hash in zip(ours, hashes, strict=True)
    ]
    if rows:
        conn.execute(_RECORD, {name: [row[name] for row in rows] for name in rows[0]})
    for shop_id in sorted({shop.id for shop, one in ours if one.overdue}):
        reconciling.suspect_gap(conn, shop_id, max(one.now for shop, one in ours if shop.id == shop_id))
    return [found[one.domain].id if one.domain in found else None for one in incoming]


def _token_hash(shop: Shop, receipt: Receipt) -> bytes:
    return shop.key.lookup_hash(receipt.checkout_token) if receipt.checkout_token else b""


def _row(shop: Shop, one: Incoming, token_hash: bytes, posts: Evidence) -> dict[str, Any]:
    """Return an order's columns. Empty stands for NULL, since a column of nothing but NULLs has no type."""
    receipt, order = one.receipt, one.receipt.order
    choice = receipt.choice if shop.cart_choices else None
    known = posts.with_choice(choice)
    if receipt.choice is not None and (choice is None or known.ids_lost):
        receipt = replace(receipt, choice=None)
    wanted = _may_be_sent(shop, order) and not _needless(shop, order, known)
    return {
        "shop_id": Int8(shop.id),
        "order_id": Int8(order.id),
        "order_hash": order_hash(shop.key, order.id),
        "generation": Int8(shop.generation),
        "number": order.number,
        "placed_at": order.placed_at,
        "paid_at": order.paid_at,
        "updated_at": order.updated_at,
        "day": order.paid_at.astimezone(_zone(shop.time_zone)).date(),
        "value": order.value,
        "currency": order.currency,
        "test": order.test,
        "from_checkout": order.from_checkout,
        "cancelled": order.cancelled,
        "billing": region_text(order.billing) or "",
        "shipping": region_text(order.shipping) or "",
        "token_hash": token_hash,
        "has_match_data": receipt.buyer.is_matchable(shop.fields),
        "cart_choice": msgspec.json.encode(choice.kept()).decode() if choice else "",
        "switch_count": Int8(shop.switch_count),
        "now": one.now,
        "sealed": sealed_event(shop, receipt) if wanted else b"",
    }


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
