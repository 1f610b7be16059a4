"""sending may pause, after the database was put back. Runs before the deploy of the code that needs it."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE TABLE ledger_mark (one boolean PRIMARY KEY DEFAULT true CHECK (one), home text,"
        " beats bigint NOT NULL DEFAULT 0, beaten_at timestamptz, seen_at timestamptz, paused_at timestamptz,"
        " lost_from timestamptz, lost_until timestamptz,"
        " CONSTRAINT loss_has_both_ends CHECK ((lost_from IS NULL) = (lost_until IS NULL)))"
    )
    op.execute("INSERT INTO ledger_mark DEFAULT VALUES")
