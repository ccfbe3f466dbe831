"""Conflicts of interest that were lifted, with who lifted them and why."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "lifted_conflict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("declared_by_id", sa.Integer(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_because", sa.Text(), nullable=False),
        sa.Column("lifted_by_id", sa.Integer(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "lifted_by_id <> person_id and lifted_by_id <> declared_by_id",
            name=op.f("ck_lifted_conflict_four_eyes"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_lifted_conflict_{column}")
            )
            for column, table in (
                ("proposal_id", "proposal"),
                ("person_id", "person"),
                ("declared_by_id", "person"),
                ("lifted_by_id", "person"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lifted_conflict")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_lifted_conflict_proposal_id"), "lifted_conflict", ["proposal_id"], unique=False
    )
