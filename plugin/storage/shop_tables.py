"""The tables of a shop: itself, its keys, its connections, its policy and log, what it asked for by law."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    Integer,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from plugin.storage.base import Base, by_shop


class ShopRow(Base):
    """An installed store; the tenant."""

    __tablename__ = "shop"
    __table_args__ = (
        CheckConstraint("(reopen_needed IS NULL) = (reopen_why IS NULL)", name="reopening_has_a_cause"),
        CheckConstraint("reopen_why IN ('access_refused', 'refresh_refused')", name="reopen_why_known"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    domain: Mapped[str] = mapped_column(unique=True)
    generation: Mapped[int] = mapped_column(Integer)
    """Raised at each install: nothing that began under an older one may end under a newer."""
    installed_at: Mapped[datetime]
    uninstalled_at: Mapped[datetime | None]
    access_token: Mapped[bytes | None]
    access_expires_at: Mapped[datetime | None]
    refresh_token: Mapped[bytes | None]
    refresh_expires_at: Mapped[datetime | None]
    scopes: Mapped[str] = mapped_column(server_default="")
    name: Mapped[str]
    url: Mapped[str]
    """The storefront's address: a server event's event_source_url when the browser's is not known."""
    currency: Mapped[str]
    time_zone: Mapped[str]
    country: Mapped[str | None]
    ingest_key: Mapped[str] = mapped_column(unique=True)
    """Public: the pixel's posts name their shop by it. It proves nothing."""
    web_pixel_id: Mapped[str | None]
    consent_rules: Mapped[list[Any] | None]
    """Shopify's consent policy by region; None while it could not be read."""
    consent_rules_at: Mapped[datetime | None]
    reopen_needed: Mapped[datetime | None]
    """Since when Shopify takes no token of ours any more: the staff must open the app. None: all is well."""
    reopen_why: Mapped[str | None]
    reconciled_until: Mapped[datetime | None]
    """Every paid order that changed before this has been looked at; None: since the install."""
    reconcile_due: Mapped[datetime | None]
    """When to look for orders that no webhook told us of; None: now."""
    upkeep_due: Mapped[datetime | None]
    """When to renew what Shopify gave us (tokens, consent policy); None: now."""
    scopes_at: Mapped[datetime | None]
    """When Shopify last told by webhook what is granted, by its clock; an older word changes nothing."""
    erased_at: Mapped[datetime | None]
    """All was erased but domain, generation and this date; None as soon as it is installed again."""


class ShopKeyRow(Base):
    """A shop's keys, wrapped by a master key. Deleting the row shreds all that was sealed with them."""

    __tablename__ = "shop_key"
    shop_id: Mapped[int] = by_shop()
    generation: Mapped[int] = mapped_column(Integer)
    kid: Mapped[str]
    data_key: Mapped[bytes]
    lookup_key: Mapped[bytes]


class ConnectionRow(Base):
    """One connection of a shop to a Meta dataset, open until `until_at`."""

    __tablename__ = "meta_connection"
    __table_args__ = (
        Index("ix_meta_connection_open", "shop_id", unique=True, postgresql_where=text("until_at IS NULL")),
        CheckConstraint("until_at IS NULL OR token IS NULL", name="closed_connection_holds_no_token"),
    )
    shop_id: Mapped[int] = by_shop()
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    dataset: Mapped[str]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    token: Mapped[bytes | None]
    kind: Mapped[str] = mapped_column(server_default="pasted")
    connected_by: Mapped[str]
    broken: Mapped[str | None]
    """Why Meta turns our requests down (token_revoked, permission_lost, dataset_unknown); None while it works."""
    broken_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    """Meta was away or asked to slow down: no request over this connection before then."""


class PolicyRow(Base):
    """What the merchant has chosen. Offline tracking is off until they switch it on."""

    __tablename__ = "shop_policy"
    __table_args__ = (
        CheckConstraint("grace_minutes BETWEEN 10 AND 1440", name="grace_in_range"),
        CheckConstraint("consent_mode IN ('recorded', 'store_policy')", name="consent_mode_known"),
        CheckConstraint("content_ids IN ('product', 'variant')", name="content_ids_known"),
        CheckConstraint("other_pixel IN ('none', 'removed', 'running')", name="other_pixel_known"),
    )
    shop_id: Mapped[int] = by_shop()
    tracking_on: Mapped[bool] = mapped_column(server_default=text("false"))
    switch_count: Mapped[int] = mapped_column(Integer, server_default="0")
    """Raised each time tracking is switched off: what came in under an older count is never sent."""
    erase_pending: Mapped[bool] = mapped_column(server_default=text("false"))
    """Switched off, and what waited is not yet all erased; the sweep goes on with it."""
    consent_mode: Mapped[str] = mapped_column(server_default="recorded")
    ldu: Mapped[bool] = mapped_column(server_default=text("false"))
    grace_minutes: Mapped[int] = mapped_column(Integer, server_default="30")
    fields: Mapped[list[str]]
    content_ids: Mapped[str] = mapped_column(server_default="product")
    other_pixel: Mapped[str | None]
    """Whether another Meta pixel reports to the connected dataset; None until the merchant says so."""


class PolicyChangeRow(Base):
    """Who changed what, when and where; append only."""

    __tablename__ = "policy_change"
    shop_id: Mapped[int] = by_shop()
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[str]
    place: Mapped[str]
    """The page: dashboard or settings; `uninstall` when the shop left."""
    what: Mapped[str]
    old: Mapped[str]
    new: Mapped[str]
    warning_version: Mapped[str | None]


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
