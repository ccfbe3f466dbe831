"""The rule of allocation by which a scenario is solved."""

import sqlalchemy as sa
from alembic import op
"""Rules that were missing: balances count a transfer once, rows begin at the beginning.

`funding.schema` sets the rules anew with every migration; this one only makes them due.
"""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column(
        "scenario", sa.Column("rule", sa.Text(), nullable=False, server_default="welfare")
    )
    """No table changes."""
