"""Files that show what was found in due diligence, or that a milestone was reached."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "evidence_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("check_id", sa.Integer(), nullable=True),
        sa.Column("tranche_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(check_id is null) <> (tranche_id is null)", name=op.f("ck_evidence_file_of_one")
        ),
        sa.ForeignKeyConstraint(
            ["added_by_id"], ["person.id"], name=op.f("fk_evidence_file_added_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["check_id"], ["diligence_check.id"], name=op.f("fk_evidence_file_check_id")
        ),
        sa.ForeignKeyConstraint(
            ["tranche_id"], ["tranche.id"], name=op.f("fk_evidence_file_tranche_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_file")),
        sqlite_strict=True,
    )
    for column in ("check_id", "tranche_id", "sha256"):
        op.create_index(op.f(f"ix_evidence_file_{column}"), "evidence_file", [column], unique=False)
