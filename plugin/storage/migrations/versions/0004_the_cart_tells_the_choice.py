"""the cart tells the choice. Runs before the deploy of the code that needs it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("paid_order", sa.Column("cart_choice", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    # until now these four were always sent; the merchant may choose them from here on
    op.execute(
        "UPDATE shop_policy SET fields = fields || '{client_ip_address,client_user_agent,fbp,fbc}'::text[]"
        " WHERE NOT fields && '{client_ip_address,client_user_agent,fbp,fbc}'::text[]"
    )
