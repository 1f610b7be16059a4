"""The tables about erasure: what Shopify asked for by law, and what must not come back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Identity, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from plugin.storage.base import Base, by_shop


class ComplianceRequestRow(Base):
    """What Shopify asked of us for somebody's privacy: once written it is done, whatever becomes of a process."""

    __tablename__ = "compliance_request"
    __table_args__ = (
        CheckConstraint("topic IN ('customers/data_request', 'customers/redact', 'shop/redact')", name="topic_known"),
        CheckConstraint("state IN ('open', 'done', 'ignored')", name="state_known"),
        CheckConstraint("(state = 'open') = (done_at IS NULL)", name="ended_request_has_its_time"),
        CheckConstraint("state = 'open' OR sealed_buyer IS NULL", name="ended_request_holds_no_buyer"),
        CheckConstraint(
            "state = 'open' OR topic = 'customers/data_request' OR order_ids = '{}'",
            name="ended_erasure_names_no_order",
        ),
        Index("ix_compliance_request_told", "shop_id", "topic", "told_as", unique=True),
        Index("ix_compliance_request_open", "shop_id", postgresql_where=text("state = 'open'")),
    )
    shop_id: Mapped[int] = by_shop()
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    topic: Mapped[str]
    told_as: Mapped[str]
    """Shopify's id of the data request, else of the webhook: told twice, it is one row."""
    asked_at: Mapped[datetime]
    triggered_at: Mapped[datetime]
    """When Shopify says that it happened; the time it came in where it does not say."""
    order_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    """The orders that are meant. Of an erasure they go with its end; those of a data request make up its file."""
    sealed_buyer: Mapped[bytes | None]
    """Meta's hashes of the buyer, where no orders were named: compared once with the events that wait, then gone."""
    state: Mapped[str] = mapped_column(server_default="open")
    done_at: Mapped[datetime | None]
    found: Mapped[int] = mapped_column(Integer, server_default="0")
    """How many orders in the ledger were meant."""


class TombstoneRow(Base):
    """An erased order, or its checkout: no webhook, reconciliation or late post brings it back."""

    __tablename__ = "tombstone"
    shop_id: Mapped[int] = by_shop()
    hash: Mapped[bytes] = mapped_column(primary_key=True)
    """Keyed hash of the order's id, or of the checkout's token; of no person."""
