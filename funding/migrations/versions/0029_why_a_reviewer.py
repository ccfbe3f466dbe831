"""What the words on why a reviewer is suggested were made of, to be said in other languages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0029"
down_revision = "0028"

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    for table in ("suggested_pair", "review_assignment"):
        op.add_column(table, sa.Column("says", JSON, nullable=True))
