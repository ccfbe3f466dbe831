"""How far people are in guided tours."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "tour_progress",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("tour", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("place between 0 and 50", name=op.f("ck_tour_progress_place")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_tour_progress_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tour_progress")),
        sa.UniqueConstraint("person_id", "tour", name=op.f("uq_tour_progress_person_id_tour")),
        sqlite_strict=True,
    )
