"""first tables. Runs before the deploy of the code that needs it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("posts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sealed_ids", sa.LargeBinary(), nullable=True),
        sa.Column("ids_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "token_hash", "day", name=op.f("pk_evidence")),
        postgresql_partition_by="RANGE (day)",
    )
    op.create_index(
        "ix_evidence_ids", "evidence", ["shop_id"], unique=False, postgresql_where=sa.text("sealed_ids IS NOT NULL")
    )
    op.create_table(
        "shop",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("installed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uninstalled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("access_token", sa.LargeBinary(), nullable=True),
        sa.Column("access_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refresh_token", sa.LargeBinary(), nullable=True),
        sa.Column("refresh_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scopes", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("ingest_key", sa.Text(), nullable=False),
        sa.Column("web_pixel_id", sa.Text(), nullable=True),
        sa.Column("consent_rules", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("consent_rules_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopen_needed", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopen_why", sa.Text(), nullable=True),
        sa.Column("reconciled_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reconcile_due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("upkeep_due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scopes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("reopen_why IN ('access_refused', 'refresh_refused')", name=op.f("reopen_why_known")),
        sa.CheckConstraint("(reopen_needed IS NULL) = (reopen_why IS NULL)", name=op.f("reopening_has_a_cause")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop")),
        sa.UniqueConstraint("domain", name=op.f("uq_shop_domain")),
        sa.UniqueConstraint("ingest_key", name=op.f("uq_shop_ingest_key")),
    )
    op.create_table(
        "attempt",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("post_started", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("trace_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_attempt_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shop_id", "attempt", name=op.f("pk_attempt")),
    )
    op.create_index(
        "ix_attempt_open",
        "attempt",
        ["shop_id"],
        unique=False,
        postgresql_where=sa.text("post_started IS NOT NULL AND result IS NULL"),
    )
    op.create_table(
        "compliance_request",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("told_as", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("triggered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("sealed_buyer", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("(state = 'open') = (done_at IS NULL)", name=op.f("ended_request_has_its_time")),
        sa.CheckConstraint("state = 'open' OR sealed_buyer IS NULL", name=op.f("ended_request_holds_no_buyer")),
        sa.CheckConstraint(
            "state = 'open' OR topic = 'customers/data_request' OR order_ids = '{}'",
            name=op.f("ended_erasure_names_no_order"),
        ),
        sa.CheckConstraint("state IN ('open', 'done', 'ignored')", name=op.f("state_known")),
        sa.CheckConstraint(
            "topic IN ('customers/data_request', 'customers/redact', 'shop/redact')", name=op.f("topic_known")
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shop.id"], name=op.f("fk_compliance_request_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("shop_id", "id", name=op.f("pk_compliance_request")),
    )
    op.create_index(
        "ix_compliance_request_open",
        "compliance_request",
        ["shop_id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_compliance_request_told", "compliance_request", ["shop_id", "topic", "told_as"], unique=True)
    op.create_table(
        "day_total",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("would_recorded", sa.Boolean(), nullable=False),
        sa.Column("would_store_policy", sa.Boolean(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("value", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_day_total_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint(
            "shop_id",
            "day",
            "outcome",
            "reason",
            "currency",
            "would_recorded",
            "would_store_policy",
            name=op.f("pk_day_total"),
        ),
    )
    op.create_table(
        "meta_connection",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("kind", sa.Text(), server_default="pasted", nullable=False),
        sa.Column("connected_by", sa.Text(), nullable=False),
        sa.Column("broken", sa.Text(), nullable=True),
        sa.Column("broken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("until_at IS NULL OR token IS NULL", name=op.f("closed_connection_holds_no_token")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_meta_connection_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shop_id", "id", name=op.f("pk_meta_connection")),
    )
    op.create_index(
        "ix_meta_connection_open",
        "meta_connection",
        ["shop_id"],
        unique=True,
        postgresql_where=sa.text("until_at IS NULL"),
    )
    op.create_table(
        "paid_order",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("from_checkout", sa.Boolean(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("billing_region", sa.Text(), nullable=True),
        sa.Column("shipping_region", sa.Text(), nullable=True),
        sa.Column("told_by", sa.Text(), server_default="webhook", nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("has_match_data", sa.Boolean(), nullable=False),
        sa.Column("switch_count", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("reason", sa.Text(), server_default="grace_period", nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed_event", sa.LargeBinary(), nullable=True),
        sa.Column("attempt", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("in_doubt_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reposts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("released", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.Column("fields_sent", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("attempts", sa.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("trace_id", sa.Text(), nullable=True),
        sa.Column("would_recorded", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("would_store_policy", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("summary", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "in_doubt_since IS NULL OR outcome IN ('waiting', 'tracked', 'recovered', 'failed')",
            name=op.f("doubt_never_ends_as_if_nothing_left"),
        ),
        sa.CheckConstraint("outcome <> 'waiting' OR look_at IS NOT NULL", name=op.f("waiting_row_has_its_time")),
        sa.CheckConstraint(
            "outcome = 'waiting' OR (attempt IS NULL AND look_at IS NULL)", name=op.f("decided_row_is_at_rest")
        ),
        sa.CheckConstraint("sealed_event IS NULL OR outcome = 'waiting'", name=op.f("decided_row_holds_no_buyer")),
        sa.CheckConstraint("told_by IN ('webhook', 'reconciliation')", name=op.f("told_by_known")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_paid_order_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shop_id", "order_id", name=op.f("pk_paid_order")),
    )
    op.create_index(
        "ix_paid_order_attempt",
        "paid_order",
        ["shop_id", "attempt"],
        unique=False,
        postgresql_where=sa.text("attempt IS NOT NULL"),
    )
    op.create_index(
        "ix_paid_order_look",
        "paid_order",
        ["shop_id", "look_at"],
        unique=False,
        postgresql_where=sa.text("outcome = 'waiting'"),
    )
    op.create_index("ix_paid_order_recent", "paid_order", ["shop_id", "paid_at", "order_id"], unique=False)
    op.create_index("ix_paid_order_token", "paid_order", ["shop_id", "token_hash"], unique=False)
    op.create_index(
        "ix_paid_order_untold",
        "paid_order",
        ["shop_id", "day"],
        unique=False,
        postgresql_where=sa.text("told_by = 'reconciliation'"),
    )
    op.create_table(
        "policy_change",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("warning_version", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_policy_change_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shop_id", "id", name=op.f("pk_policy_change")),
    )
    op.create_table(
        "shop_key",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=False),
        sa.Column("lookup_key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_shop_key_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shop_id", name=op.f("pk_shop_key")),
    )
    op.create_table(
        "shop_policy",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("tracking_on", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("switch_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("erase_pending", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("consent_mode", sa.Text(), server_default="recorded", nullable=False),
        sa.Column("ldu", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("grace_minutes", sa.Integer(), server_default="30", nullable=False),
        sa.Column("fields", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("content_ids", sa.Text(), server_default="product", nullable=False),
        sa.Column("other_pixel", sa.Text(), nullable=True),
        sa.CheckConstraint("consent_mode IN ('recorded', 'store_policy')", name=op.f("consent_mode_known")),
        sa.CheckConstraint("content_ids IN ('product', 'variant')", name=op.f("content_ids_known")),
        sa.CheckConstraint("other_pixel IN ('none', 'removed', 'running')", name=op.f("other_pixel_known")),
        sa.CheckConstraint("grace_minutes BETWEEN 10 AND 1440", name=op.f("grace_in_range")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_shop_policy_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shop_id", name=op.f("pk_shop_policy")),
    )
    op.create_table(
        "tombstone",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_tombstone_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shop_id", "hash", name=op.f("pk_tombstone")),
    )
    # days without a partition of their own: a moved clock, a worker that was away
    op.execute("CREATE TABLE evidence_rest PARTITION OF evidence DEFAULT")
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
