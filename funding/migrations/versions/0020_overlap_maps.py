"""Places of works and of who pays whom, for the pictures of a round's overlaps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "overlap_map",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("works", JSON, nullable=False),
        sa.Column("ends", JSON, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_overlap_map_round_id")),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_overlap_map")),
        sqlite_strict=True,
    )
