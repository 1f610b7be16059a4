"""Entries of the ledger: a row as far as judging and sending it needs, and what it says beside the order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from psycopg.rows import DictRow

from plugin.recovery.cart import CartChoice
from plugin.recovery.evidence import Evidence
from plugin.recovery.order import PaidOrder
from plugin.recovery.verdict import Outcome, Reason, Standing, Verdict
from plugin.storage import opt_outs
from plugin.storage.orders import region_from
from plugin.storage.shops import Shop


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the ledger as far as judging and sending it needs."""

    order: PaidOrder
    connection_id: int | None
    day: date
    outcome: Outcome
    reason: Reason
    token_hash: bytes | None
    has_match_data: bool
    switch_count: int | None
    sealed_event: bytes | None
    attempt: UUID | None
    tries: int
    first_sent_at: datetime | None
    in_doubt_since: datetime | None
    released: bool
    reposts: int
    would: tuple[bool, bool]
    sale_opted_out: bool | None
    """The customer's own setting; None: Shopify has not told."""
    cart_choice: CartChoice | None

    @classmethod
    def from_row(cls, row: DictRow) -> Entry:
        """Read a row of paid_order."""
        return cls(
            order=_order(row),
            connection_id=row["connection_id"],
            day=row["day"],
            outcome=Outcome(row["outcome"]),
            reason=Reason(row["reason"]),
            token_hash=None if row["token_hash"] is None else bytes(row["token_hash"]),
            has_match_data=row["has_match_data"],
            switch_count=row["switch_count"],
            sealed_event=row["sealed_event"],
            attempt=row["attempt"],
            tries=row["tries"],
            first_sent_at=row["first_sent_at"],
            in_doubt_since=row["in_doubt_since"],
            released=row["released"],
            reposts=row["reposts"],
            would=(row["would_recorded"], row["would_store_policy"]),
            sale_opted_out=row["sale_opted_out"],
            cart_choice=choice_of(row),
        )


def choice_of(row: DictRow) -> CartChoice | None:
    """The buyer's choice as the cart told it."""
    return None if row["cart_choice"] is None else CartChoice.from_kept(row["cart_choice"])


def _order(row: DictRow) -> PaidOrder:
    return PaidOrder(
        id=row["order_id"],
        number=row["number"],
        placed_at=row["placed_at"],
        paid_at=row["paid_at"],
        updated_at=row["updated_at"],
        value=row["value"],
        currency=row["currency"],
        test=row["test"],
        from_checkout=row["from_checkout"],
        cancelled=row["cancelled"],
        billing=region_from(row["billing_region"]),
        shipping=region_from(row["shipping_region"]),
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """An entry, what was known of its checkout, and what follows."""

    entry: Entry
    evidence: Evidence
    verdict: Verdict
    code: str | None = None
    trace_id: str | None = None


def standing(entry: Entry, shop: Shop) -> Standing:
    """Return what the ledger knows of an order beside the order itself."""
    current = shop.connection is not None and shop.connection.id == entry.connection_id
    return Standing(
        connected_when_placed=entry.connection_id is not None,
        connection_is_current=current,
        tracking_on_since_intake=entry.switch_count == shop.switch_count,
        has_match_data=entry.has_match_data,
        in_doubt_since=entry.in_doubt_since,
        held=entry.reason is Reason.HELD,
        released=entry.released,
        sale_opted_out=_opted_out(entry, shop),
    )


def lacks_answer(entry: Entry, shop: Shop) -> bool:
    """Whether the order must not leave yet: its customer may have opted out, and nothing says what to do then."""
    return entry.sale_opted_out is None and opt_outs.readable(shop) and not shop.policy.ldu


def _opted_out(entry: Entry, shop: Shop) -> bool:
    """The customer's word; without it, where limited data use is chosen, the order is judged as if they had opted out.

    So it can only leave with limited data use; `opt_outs.MAY_GO` says when.
    """
    if entry.sale_opted_out is None:
        return shop.policy.ldu and opt_outs.readable(shop)
    return entry.sale_opted_out
