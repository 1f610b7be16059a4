"""The tables of paid orders: the ledger, their evidence, the requests to Meta, the totals of days."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Identity,
    Index,
    Integer,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from plugin.storage.base import Base, by_shop


class PaidOrderRow(Base):
    """One paid order of one shop, and what became of it."""

    __tablename__ = "paid_order"
    __table_args__ = (
        CheckConstraint("sealed_event IS NULL OR outcome = 'waiting'", name="decided_row_holds_no_buyer"),
        CheckConstraint("outcome = 'waiting' OR (attempt IS NULL AND look_at IS NULL)", name="decided_row_is_at_rest"),
        CheckConstraint("outcome <> 'waiting' OR look_at IS NOT NULL", name="waiting_row_has_its_time"),
        CheckConstraint(
            "in_doubt_since IS NULL OR outcome IN ('waiting', 'tracked', 'recovered', 'failed')",
            name="doubt_never_ends_as_if_nothing_left",
        ),
        Index("ix_paid_order_look", "shop_id", "look_at", postgresql_where=text("outcome = 'waiting'")),
        Index("ix_paid_order_attempt", "shop_id", "attempt", postgresql_where=text("attempt IS NOT NULL")),
        # a part of the hash is enough to find a few orders by; who looks asks for the part and for the whole
        Index(
            "ix_paid_order_checkout",
            "shop_id",
            text("substring(token_hash, 1, 7)"),
            postgresql_where=text("token_hash IS NOT NULL"),
        ),
        Index("ix_paid_order_recent", "shop_id", "paid_at", "order_id"),
        Index(
            "ix_paid_order_told",
            "shop_id",
            "reason",
            "paid_at",
            "order_id",
            postgresql_where=text("reason <> 'grace_period'"),
        ),
        Index("ix_paid_order_number", "shop_id", "number"),
        Index("ix_paid_order_untold", "shop_id", "day", postgresql_where=text("told_by = 'reconciliation'")),
        CheckConstraint("told_by IN ('webhook', 'reconciliation')", name="told_by_known"),
    )
    shop_id: Mapped[int] = by_shop()
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Shopify's numeric order id, the tail of its gid."""
    generation: Mapped[int] = mapped_column(Integer)
    connection_id: Mapped[int | None]
    """The connection that was open when the order was placed: the only one it may be sent over."""
    number: Mapped[str]
    placed_at: Mapped[datetime]
    paid_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    day: Mapped[date]
    """The day it was paid in the shop's time zone, fixed at intake."""
    value: Mapped[Decimal]
    currency: Mapped[str]
    test: Mapped[bool]
    from_checkout: Mapped[bool]
    cancelled: Mapped[bool]
    billing_region: Mapped[str | None]
    shipping_region: Mapped[str | None]
    """Country and subdivision (`US-CA`), for the store policy; no finer."""
    told_by: Mapped[str] = mapped_column(server_default="webhook")
    """`reconciliation`: no webhook has told us of it, though it was due; one that comes late changes this."""
    token_hash: Mapped[bytes | None]
    has_match_data: Mapped[bool]
    switch_count: Mapped[int | None] = mapped_column(Integer)
    """The policy's count at intake; None if tracking was off then, or what was kept is erased."""
    outcome: Mapped[str] = mapped_column(server_default="waiting")
    reason: Mapped[str] = mapped_column(server_default="grace_period")
    look_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    sealed_event: Mapped[bytes | None]
    attempt: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    first_sent_at: Mapped[datetime | None]
    in_doubt_since: Mapped[datetime | None]
    reposts: Mapped[int] = mapped_column(Integer, server_default="0")
    released: Mapped[bool] = mapped_column(server_default=text("false"))
    """The merchant said "send" to a held order."""
    again: Mapped[bool] = mapped_column(server_default=text("false"))
    """Decided anew by "recover the last 7 days": it goes in larger batches, after those that have just come in."""
    cart_choice: Mapped[dict[str, Any] | None]
    """The buyer's choice and its time as the cart told it, no ids; None: it told none."""
    sale_opted_out: Mapped[bool | None]
    """The customer's own setting in the shop; None: not asked, or Shopify does not let us read it."""
    basis: Mapped[str | None]
    fields_sent: Mapped[list[str] | None]
    attempts: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
    """The requests that had this order in them."""
    code: Mapped[str | None]
    trace_id: Mapped[str | None]
    would_recorded: Mapped[bool] = mapped_column(server_default=text("false"))
    would_store_policy: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether either consent mode would have sent it, for the figures shown before switching on."""
    summary: Mapped[dict[str, Any] | None]
    """The evidence in words and times, no ids."""


class EvidenceRow(Base):
    """The posts of one checkout on one UTC day; readers merge them."""

    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_ids", "shop_id", postgresql_where=text("sealed_ids IS NOT NULL")),
        {"postgresql_partition_by": "RANGE (day)"},
    )
    shop_id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    posts: Mapped[list[Any]]
    """Each post's consent, stage, delivery, order id and time; at most 64."""
    sealed_ids: Mapped[bytes | None]
    ids_at: Mapped[datetime | None]
    refused: Mapped[bool]
    """A refusal was seen: browser ids are not kept, whatever came before or comes after."""


class AttemptRow(Base):
    """One request to Meta with orders in it."""

    __tablename__ = "attempt"
    __table_args__ = (
        Index("ix_attempt_open", "shop_id", postgresql_where=text("post_started IS NOT NULL AND result IS NULL")),
    )
    shop_id: Mapped[int] = by_shop()
    attempt: Mapped[UUID] = mapped_column(primary_key=True)
    connection_id: Mapped[int | None]
    generation: Mapped[int] = mapped_column(Integer)
    count: Mapped[int] = mapped_column(Integer)
    digest: Mapped[bytes | None]
    claimed_at: Mapped[datetime]
    post_started: Mapped[datetime | None]
    deadline: Mapped[datetime | None]
    """By the database's clock; past it the request is over, whatever became of its worker."""
    ended_at: Mapped[datetime | None]
    result: Mapped[str | None]
    code: Mapped[str | None]
    trace_id: Mapped[str | None]


class DayTotalRow(Base):
    """Decided orders of a shop by the day they were paid."""

    __tablename__ = "day_total"
    shop_id: Mapped[int] = by_shop()
    day: Mapped[date] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    would_recorded: Mapped[bool] = mapped_column(primary_key=True)
    would_store_policy: Mapped[bool] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    value: Mapped[Decimal]


class RecoveryRow(Base):
    """One "recover the last 7 days", asked for when offline tracking was switched on."""

    __tablename__ = "recovery"
    __table_args__ = (
        Index("ix_recovery_open", "shop_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        CheckConstraint("(ended_at IS NULL) = (result IS NULL)", name="ended_recovery_has_its_result"),
        CheckConstraint("result IN ('done', 'stopped', 'not_allowed')", name="recovery_result_known"),
    )
    shop_id: Mapped[int] = by_shop()
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    asked_at: Mapped[datetime]
    user_id: Mapped[str]
    connection_id: Mapped[int]
    switch_count: Mapped[int] = mapped_column(Integer)
    """The policy's count when it was asked for: switched off since, it stops."""
    after_order: Mapped[int] = mapped_column(server_default="0")
    """Every order up to this id has been read again: a worker that takes over goes on from here."""
    due_at: Mapped[datetime]
    looked_at: Mapped[int] = mapped_column(Integer, server_default="0")
    to_send: Mapped[int] = mapped_column(Integer, server_default="0")
    ended_at: Mapped[datetime | None]
    result: Mapped[str | None]
