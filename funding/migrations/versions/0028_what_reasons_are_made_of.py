"""What the words of a run were made of, so that they can be said in other languages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0028"
down_revision = "0027"

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    for table in ("run", "run_line", "plan_line", "live_step"):
        op.add_column(table, sa.Column("says", JSON, nullable=True))
