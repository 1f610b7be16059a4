"""Intake: a paid order becomes one row. Judging it is the sweep's work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from plugin.recovery.cart import CartChoice
from plugin.recovery.evidence import Evidence
from plugin.recovery.order import PaidOrder, Receipt, Region
from plugin.recovery.purchase import purchase_event
from plugin.storage import evidence, shops
from plugin.storage.database import Conn
from plugin.storage.shops import Shop
from plugin.storage.vault import Place, ShopKey, Vault


class ToldBy(StrEnum):
    """What told us of an order."""

    WEBHOOK = "webhook"
    RECONCILIATION = "reconciliation"


@dataclass(frozen=True, slots=True)
class Told:
    """How we know of an order. `with_buyer`: its buyer was read too; not so while the switch is off."""

    by: ToldBy
    with_buyer: bool


TOLD_BY_WEBHOOK = Told(ToldBy.WEBHOOK, with_buyer=True)

# The event is kept only if the switch still stands as it was read: this statement looks again. If it does not, the
# order counts as one of before. Should it go off between this and the commit, the next sweep finds the row due, and
# erases the event. Nobody erases the shop meanwhile.
# An erased order stays away, whoever tells of it. A repeat changes only what Shopify has told since (cancelled, voided,
# refunded), and that a webhook did come. Nothing is taken back.
_RECORD = """
INSERT INTO paid_order (shop_id, order_id, generation, connection_id, number, placed_at, paid_at, updated_at, day,
    value, currency, test, from_checkout, cancelled, billing_region, shipping_region, token_hash, has_match_data,
    told_by, cart_choice, switch_count, look_at, sealed_event)
SELECT %(shop_id)s, %(order_id)s, %(generation)s,
    (SELECT id FROM meta_connection WHERE shop_id = %(shop_id)s AND from_at <= %(placed_at)s
        AND (until_at IS NULL OR until_at > %(placed_at)s) ORDER BY from_at DESC LIMIT 1),
    %(number)s, %(placed_at)s, %(paid_at)s, %(updated_at)s, %(day)s, %(value)s, %(currency)s, %(test)s,
    %(from_checkout)s, %(cancelled)s, %(billing)s, %(shipping)s, %(token_hash)s, %(has_match_data)s,
    %(told_by)s, %(cart_choice)s,
    CASE WHEN p.tracking_on AND p.switch_count = %(switch_count)s AND %(with_buyer)s THEN p.switch_count END, %(now)s,
    CASE WHEN p.tracking_on AND p.switch_count = %(switch_count)s THEN %(sealed)s::bytea END
FROM shop_policy p JOIN shop s ON s.id = p.shop_id AND s.erased_at IS NULL WHERE p.shop_id = %(shop_id)s
    AND NOT EXISTS (SELECT FROM tombstone t WHERE t.shop_id = %(shop_id)s AND t.hash = %(order_hash)s)
FOR KEY SHARE OF s
ON CONFLICT (shop_id, order_id) DO UPDATE SET
    told_by = CASE WHEN excluded.told_by = 'webhook' THEN excluded.told_by ELSE paid_order.told_by END,
    cancelled = paid_order.cancelled OR excluded.cancelled,
    updated_at = CASE WHEN excluded.cancelled AND NOT paid_order.cancelled THEN excluded.updated_at
        ELSE paid_order.updated_at END,
    look_at = CASE WHEN excluded.cancelled AND NOT paid_order.cancelled AND paid_order.outcome = 'waiting'
        THEN excluded.look_at ELSE paid_order.look_at END
WHERE excluded.cancelled AND NOT paid_order.cancelled
    OR excluded.told_by = 'webhook' AND paid_order.told_by <> 'webhook'
"""


def event_place(order_id: int) -> Place:
    """Where an order's event is sealed."""
    return Place("paid_order", "sealed_event", str(order_id))


def order_hash(key: ShopKey, order_id: int) -> bytes:
    """What remembers an erased order: a keyed hash of its id."""
    return key.lookup_hash(f"order|{order_id}")


def record_paid(
    conn: Conn, vault: Vault, domain: str, receipt: Receipt, now: datetime, *, told: Told = TOLD_BY_WEBHOOK
) -> int | None:
    """Write a paid order into the ledger; return the shop's id, None if no such shop is installed.

    `now` makes the row due at once: the sweep gives it its grace period. The event is sealed only while tracking is on
    and the order may one day be sent. An order without its buyer counts as one that could be matched: nearly all can.
    """
    shop = shops.by_domain(conn, vault, domain)
    if shop is None:
        return None
    order = receipt.order
    token_hash = shop.key.lookup_hash(receipt.checkout_token) if receipt.checkout_token else None
    choice = receipt.choice if shop.cart_choices else None
    known = _known(conn, shop, token_hash, choice)
    receipt = replace(receipt, choice=None if known.ids_lost else choice)
    wanted = told.with_buyer and _may_be_sent(shop, order) and not _needless(shop, order, known)
    conn.execute(
        _RECORD,
        {
            "shop_id": shop.id,
            "order_id": order.id,
            "order_hash": order_hash(shop.key, order.id),
            "generation": shop.generation,
            "number": order.number,
            "placed_at": order.placed_at,
            "paid_at": order.paid_at,
            "updated_at": order.updated_at,
            "day": order.paid_at.astimezone(ZoneInfo(shop.time_zone)).date(),
            "value": order.value,
            "currency": order.currency,
            "test": order.test,
            "from_checkout": order.from_checkout,
            "cancelled": order.cancelled,
            "billing": region_text(order.billing),
            "shipping": region_text(order.shipping),
            "token_hash": token_hash,
            "has_match_data": not told.with_buyer or receipt.buyer.is_matchable(shop.fields),
            "told_by": told.by,
            "cart_choice": choice and Jsonb(choice.kept()),
            "with_buyer": told.with_buyer,
            "switch_count": switch_as_read(shop),
            "now": now,
            "sealed": sealed_event(shop, receipt) if wanted else None,
        },
    )
    return shop.id


def switch_as_read(shop: Shop) -> int:
    """Return what a row's switch is compared with: its count where it was on, else a number that no switch has.

    Going on does not change the count, so by that alone an order read before would pass for one that came in since.
    """
    return shop.switch_count if shop.policy.tracking_on else -1


def _may_be_sent(shop: Shop, order: PaidOrder) -> bool:
    """Whether keeping the buyer's hashes can serve anything; if not, they are not kept."""
    return (
        shop.policy.tracking_on
        and shop.connection is not None
        and shop.connection.from_at <= order.placed_at
        and order.from_checkout
        and not order.test
        and not order.cancelled
        and order.paid_at - order.placed_at < timedelta(days=7)
    )


def _known(conn: Conn, shop: Shop, token_hash: bytes | None, choice: CartChoice | None) -> Evidence:
    """What posts and cart have told by now."""
    posts = evidence.of(conn, shop.id, [token_hash]) if token_hash else {}
    return posts.get(token_hash or b"", Evidence()).with_choice(choice)


def _needless(shop: Shop, order: PaidOrder, known: Evidence) -> bool:
    """Whether the pixel has already reported the order, or its buyer already refused: it will not be sent."""
    refused = known.refused or (known.sale_opted_out and not shop.policy.ldu)
    return refused or known.delivered_for(order.id)


def sealed_event(shop: Shop, receipt: Receipt) -> bytes:
    """Return an order's event for Meta, with the fields that the shop sends, sealed for its row."""
    event = purchase_event(
        receipt,
        fields=shop.fields,
        shop_url=shop.url,
        content_ids="variant" if shop.content_ids == "variant" else "product",
    )
    return shop.key.seal(event, event_place(receipt.order.id))


def region_text(region: Region | None) -> str | None:
    """Return a region as it is stored: `DE`, `US-CA`."""
    if region is None:
        return None
    return f"{region.country}-{region.subdivision}" if region.subdivision else region.country


def region_from(text: str | None) -> Region | None:
    """Return a stored region."""
    if not text:
        return None
    country, _, subdivision = text.partition("-")
    return Region(country, subdivision or None)
