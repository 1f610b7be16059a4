"""The tables about Meta: connections to datasets, logins under way, what Meta asked to have deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Identity, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from plugin.storage.base import Base, by_shop


class ConnectionRow(Base):
    """One connection of a shop to a Meta dataset, open until `until_at`."""

    __tablename__ = "meta_connection"
    __table_args__ = (
        Index("ix_meta_connection_open", "shop_id", unique=True, postgresql_where=text("until_at IS NULL")),
        CheckConstraint("until_at IS NULL OR token IS NULL", name="closed_connection_holds_no_token"),
        CheckConstraint("kind IN ('pasted', 'login')", name="kind_known"),
        CheckConstraint(
            "(sender_dismissed IS NULL) = (sender_dismissed_at IS NULL)", name="sender_dismissed_has_its_time"
        ),
        Index("ix_meta_connection_user", "meta_user_hash", postgresql_where=text("meta_user_hash IS NOT NULL")),
    )
    shop_id: Mapped[int] = by_shop()
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    dataset: Mapped[str]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    token: Mapped[bytes | None]
    kind: Mapped[str] = mapped_column(server_default="pasted")
    """`pasted`: a token from Meta's Events Manager; `login`: given to our app at Facebook."""
    connected_by: Mapped[str]
    dataset_name: Mapped[str | None]
    business: Mapped[str | None]
    """Id of the business portfolio that a login's token belongs to."""
    meta_user_hash: Mapped[bytes | None]
    """Keyed hash of the app-scoped user id of whoever logged in: Meta's callbacks name nobody else."""
    token_expires_at: Mapped[datetime | None]
    """When Meta said the token ends; None: never, or not known."""
    broken: Mapped[str | None]
    """Why Meta turns our requests down (token_revoked, permission_lost, dataset_unknown); None while it works."""
    broken_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    """Meta was away or asked to slow down: no request over this connection before then."""
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    """Requests in a row that Meta did not take for a passing reason: the breaker opens at five."""
    doubts: Mapped[int] = mapped_column(Integer, server_default="0")
    """Requests in a row whose answer never came: after two of them batches are smaller."""
    served_at: Mapped[datetime | None]
    """When it last had its turn: the longest waiting connection is next."""
    checked_at: Mapped[datetime | None]
    """When its token was last tried without an order."""
    report: Mapped[dict[str, Any] | None]
    """What Meta last told of the dataset: counts and shares, or why they cannot be read."""
    report_at: Mapped[datetime | None]
    sender_dismissed: Mapped[int | None]
    """Purchases of another sender that the report named when the staff put its warning away; None: they have not."""
    sender_dismissed_at: Mapped[datetime | None]


class MetaLoginRow(Base):
    """One way through Facebook's login, from the click in the admin to the choice of a dataset; an hour at most."""

    __tablename__ = "meta_login"
    __table_args__ = (
        Index("ix_meta_login_ticket", "ticket_hash", unique=True),
        CheckConstraint("state IN ('started', 'away', 'granted', 'ended')", name="login_state_known"),
        CheckConstraint("state = 'granted' OR token IS NULL", name="only_a_granted_login_holds_a_token"),
    )
    shop_id: Mapped[int] = by_shop()
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    generation: Mapped[int] = mapped_column(Integer)
    user_id: Mapped[str]
    """The staff user who began it; nobody else may end it."""
    made_at: Mapped[datetime]
    ticket_hash: Mapped[bytes]
    """Of the one-time ticket that the pop-up opens with."""
    state_hash: Mapped[bytes | None]
    browser_hash: Mapped[bytes | None]
    """Of the OAuth state and of the browser's own secret, both set when the ticket is used."""
    state: Mapped[str] = mapped_column(server_default="started")
    problem: Mapped[str | None]
    """Why it ended without a token; a word of a closed list."""
    token: Mapped[bytes | None]
    token_expires_at: Mapped[datetime | None]
    business: Mapped[str | None]
    meta_user_hash: Mapped[bytes | None]


class MetaDeletionRow(Base):
    """A data-deletion request of Meta's for somebody who had logged in, for its status page."""

    __tablename__ = "meta_deletion"
    shop_id: Mapped[int] = by_shop()
    code_hash: Mapped[bytes] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
