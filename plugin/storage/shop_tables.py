"""The tables of a shop: itself, its keys, its policy and the log of who changed it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Float,
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
    pixel_checked_at: Mapped[datetime | None]
    """Until when its orders have been looked through for a pixel that fell silent."""
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


class PolicyRow(Base):
    """What the merchant has chosen. Offline tracking is off until they switch it on."""

    __tablename__ = "shop_policy"
    __table_args__ = (
        CheckConstraint("grace_minutes BETWEEN 10 AND 1440", name="grace_in_range"),
        CheckConstraint("consent_mode IN ('recorded', 'store_policy')", name="consent_mode_known"),
        CheckConstraint("content_ids IN ('product', 'variant')", name="content_ids_known"),
        CheckConstraint("other_pixel IN ('none', 'removed', 'running')", name="other_pixel_known"),
        CheckConstraint("(test_code IS NULL) = (test_code_until IS NULL)", name="test_code_has_its_end"),
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
    alert_mail: Mapped[bytes | None]
    """Sealed: where to write when something needs the merchant; None: nowhere."""
    cart_choices: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the buyer's choice may also be read from the cart, where our theme block has put it."""
    test_code: Mapped[str | None]
    """The dataset's code for test events: what is sent with it counts all the same, and shows in Meta's test tool."""
    test_code_until: Mapped[datetime | None]
    request_out: Mapped[UUID | None]
    """The request (`attempt`) that was still out when switching off had waited for it; None: there was none."""


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


class PixelTroubleRow(Base):
    """A time in which a shop's pixel did not work as usual; orders that were paid in it say so."""

    __tablename__ = "pixel_trouble"
    __table_args__ = (
        Index("ix_pixel_trouble_open", "shop_id", unique=True, postgresql_where=text("until_at IS NULL")),
        CheckConstraint("health IN ('degraded', 'silent', 'paused', 'not_installed')", name="trouble_is_no_health"),
        CheckConstraint("trouble IN ('blocked', 'no_purchase', 'nothing_seen', 'not_installed')", name="trouble_known"),
    )
    shop_id: Mapped[int] = by_shop()
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    health: Mapped[str]
    trouble: Mapped[str]
    from_at: Mapped[datetime]
    """Since when orders show it, which is before it was found."""
    found_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    usual: Mapped[float] = mapped_column(Float)
    """The share of orders that the pixel reported before."""


class AlertRow(Base):
    """An e-mail to the merchant: one a day for each cause."""

    __tablename__ = "alert"
    shop_id: Mapped[int] = by_shop()
    cause: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
