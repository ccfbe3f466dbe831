"""The rule of allocation by which a scenario is solved."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column(
        "scenario", sa.Column("rule", sa.Text(), nullable=False, server_default="welfare")
    )
