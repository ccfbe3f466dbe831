"""Notes that people pin to dashboards."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "dashboard_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("dashboard", sa.Text(), nullable=False),
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("written_by_id", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("words <> ''", name=op.f("ck_dashboard_note_words")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_dashboard_note_round_id")
        ),
        sa.ForeignKeyConstraint(
            ["written_by_id"], ["person.id"], name=op.f("fk_dashboard_note_written_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dashboard_note")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_dashboard_note_round_id_dashboard"),
        "dashboard_note",
        ["round_id", "dashboard"],
        unique=False,
    )
