"""What is kept of an order, and what of it was sent to Meta: for the buyer who asks. Names of fields, never values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from psycopg.rows import DictRow

from plugin.recovery.evidence import Consent, Evidence
from plugin.recovery.outcomes import Outcome, Reason
from plugin.recovery.purchase import fields_of
from plugin.storage import evidence
from plugin.storage.database import Conn
from plugin.storage.entries import choice_of
from plugin.storage.orders import event_place
from plugin.storage.shops import Shop
from plugin.storage.vault import Unsealable


class Sent(StrEnum):
    """Whether an order was sent to Meta from the server."""

    NO = "no"
    YES = "yes"
    UNDER_WAY = "under_way"
    REFUSED = "refused"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """One order of the ledger; `fields` were sent, `held_fields` are kept sealed while it waits."""

    order_id: int
    number: str
    placed_at: datetime
    paid_at: datetime
    value: Decimal
    currency: str
    outcome: Outcome
    reason: Reason
    sent: Sent
    sent_at: datetime | None
    dataset: str | None
    fields: tuple[str, ...]
    basis: str | None
    trace_id: str | None
    regions: tuple[str, ...]
    consent: Consent | None
    held_fields: tuple[str, ...]
    holds_browser: bool


_ORDERS = """
SELECT o.*, c.dataset, EXISTS (SELECT FROM evidence e WHERE e.shop_id = o.shop_id AND e.token_hash = o.token_hash
    AND e.sealed_ids IS NOT NULL) AS holds_browser
FROM paid_order o LEFT JOIN meta_connection c ON c.shop_id = o.shop_id AND c.id = o.connection_id
WHERE o.shop_id = %s AND o.order_id = ANY(%s) ORDER BY o.placed_at, o.order_id
"""


def of_orders(conn: Conn, shop: Shop, order_ids: Sequence[int]) -> list[Disclosure]:
    """Return what there is to tell of these orders, the first placed first; those not in the ledger are left out."""
    rows = conn.execute(_ORDERS, (shop.id, list(order_ids))).fetchall()
    seen = evidence.of(conn, shop.id, {bytes(row["token_hash"]) for row in rows if row["token_hash"] is not None})
    return [_disclosed(shop, row, seen) for row in rows]


def _disclosed(shop: Shop, row: DictRow, seen: dict[bytes, Evidence]) -> Disclosure:
    sent = _sent(row)
    left = sent is not Sent.NO
    return Disclosure(
        order_id=row["order_id"],
        number=row["number"],
        placed_at=row["placed_at"],
        paid_at=row["paid_at"],
        value=row["value"],
        currency=row["currency"],
        outcome=Outcome(row["outcome"]),
        reason=Reason(row["reason"]),
        sent=sent,
        sent_at=row["first_sent_at"] if left else None,
        dataset=row["dataset"] if left else None,
        fields=tuple(row["fields_sent"] or ()) if left else (),
        basis=row["basis"] if left else None,
        trace_id=row["trace_id"] if left else None,
        regions=tuple(sorted({row["billing_region"], row["shipping_region"]} - {None})),
        consent=_consent(row, seen),
        held_fields=_held(shop, row),
        holds_browser=row["holds_browser"],
    )


def _sent(row: DictRow) -> Sent:
    if row["outcome"] == Outcome.RECOVERED:
        return Sent.YES
    if row["in_doubt_since"] is not None:
        return Sent.UNCONFIRMED
    if row["reason"] == Reason.REJECTED_BY_META:
        return Sent.REFUSED
    return Sent.NO if row["first_sent_at"] is None else Sent.UNDER_WAY


def _consent(row: DictRow, seen: dict[bytes, Evidence]) -> Consent | None:
    posts = None if row["token_hash"] is None else seen.get(bytes(row["token_hash"]))
    if posts is not None:
        return posts.with_choice(choice_of(row)).consent
    summary = (row["summary"] or {}).get("consent")
    return None if summary is None else Consent(**summary)


def _held(shop: Shop, row: DictRow) -> tuple[str, ...]:
    """The fields of the event that waits; one that does not open is lost, so nothing is held."""
    if row["sealed_event"] is None:
        return ()
    try:
        return tuple(fields_of(shop.key.unseal(row["sealed_event"], event_place(row["order_id"]))))
    except Unsealable:
        return ()
