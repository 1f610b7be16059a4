"""Intake of many orders at once: what `orders.record_paid` does for one, for a group of webhooks.

One statement looks for all shops and the evidence of all checkouts, one writes all rows. Whoever is told `Alone` goes
through `record_paid`, which is the measure of what a row must hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from psycopg.types.numeric import Int8

from plugin.recovery.evidence import Evidence
from plugin.recovery.order import Receipt
from plugin.storage import evidence, known_shops, reconciling
from plugin.storage.database import Conn
from plugin.storage.grouping import Alone, Made
from plugin.storage.known_shops import INSTALLED, VERSION, Known
from plugin.storage.orders import _may_be_sent, _needless, order_hash, region_text, sealed_event, switch_as_read
from plugin.storage.shops import Shop
from plugin.storage.vault import Vault

# One look for all rows: which version each one's shop has by now, and the posts of its checkout.
_LOOK = f"""
SELECT r.n, {VERSION} AS version, (SELECT jsonb_agg(e.posts) FROM evidence e
    WHERE e.shop_id = s.id AND e.token_hash = r.token_hash) AS posts
FROM unnest(%b::text[], %b::bytea[]) WITH ORDINALITY AS r (domain, token_hash, n)
JOIN {INSTALLED} ON s.domain = r.domain
WHERE s.uninstalled_at IS NULL
"""  # noqa: S608 - nothing from outside
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
    'webhook', nullif(r.cart_choice, '')::jsonb,
    CASE WHEN p.tracking_on AND p.switch_count = r.switch_count THEN p.switch_count END, r.now,
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
    """Write paid orders into the ledger, no two of one key; return their shops' ids, None where none is installed.

    Raises:
        Alone: a shop changes faster than it is read here; nothing was written.
    """
    found = _looked_up(conn, incoming)
    rows = [_row(found[n].shop, one, found[n].posts) for n, one in enumerate(incoming) if n in found]
    if rows:
        conn.execute(_RECORD, {name: [row[name] for row in rows] for name in rows[0]})
    late = {found[n].shop.id: one.now for n, one in enumerate(incoming) if one.overdue and n in found}
    for shop_id in sorted(late):
        reconciling.suspect_gap(conn, shop_id, late[shop_id])
    return [found[n].shop.id if n in found else None for n in range(len(incoming))]


@dataclass(frozen=True, slots=True)
class _Found:
    """An order's shop, and what the pixel has told of its checkout."""

    shop: Shop
    posts: Evidence


def _looked_up(conn: Conn, incoming: Sequence[Incoming]) -> dict[int, _Found]:
    """Return what is known of each order by its place; shops that changed, or were never read, are read anew."""
    vault = incoming[0].vault
    known = known_shops.remembered(vault, "domain", (one.domain for one in incoming))
    found = _asked(conn, incoming, known)
    missing = {incoming[n].domain for n in range(len(incoming)) if n not in found}
    if missing:
        fresh = known_shops.read(conn, vault, "domain", missing)
        found |= _asked(conn, incoming, fresh)
        if any(n not in found and one.domain in fresh for n, one in enumerate(incoming)):
            raise Alone  # a shop has changed once more since it was read; nothing is written yet
    return found


def _asked(conn: Conn, incoming: Sequence[Incoming], known: Mapping[str, Known]) -> dict[int, _Found]:
    """Ask for those of the orders whose shop is known; of the others, and of changed shops, nothing is returned."""
    ours = [(n, known[one.domain]) for n, one in enumerate(incoming) if one.domain in known]
    if not ours:
        return {}
    domains = [incoming[n].domain for n, _ in ours]
    hashes = [_token_hash(shop.shop, incoming[n].receipt) for n, shop in ours]
    found = {}
    for row in conn.execute(_LOOK, (domains, hashes)).fetchall():
        n, shop = ours[row["n"] - 1]
        if row["version"] == shop.version:
            found[n] = _Found(shop.shop, evidence.merged(row["posts"]))
    return found


def _token_hash(shop: Shop, receipt: Receipt) -> bytes:
    return shop.key.lookup_hash(receipt.checkout_token) if receipt.checkout_token else b""


def _row(shop: Shop, one: Incoming, posts: Evidence) -> dict[str, Any]:
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
        "token_hash": _token_hash(shop, receipt),
        "has_match_data": receipt.buyer.is_matchable(shop.fields),
        "cart_choice": msgspec.json.encode(choice.kept()).decode() if choice else "",
        "switch_count": Int8(switch_as_read(shop)),
        "now": one.now,
        "sealed": sealed_event(shop, receipt) if wanted else b"",
    }


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
