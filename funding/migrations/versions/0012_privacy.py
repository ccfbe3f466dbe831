"""Requests to be forgotten; how long a round keeps what is personal."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

MOMENT = {"sqlite": "TEXT", "postgresql": "timestamp with time zone"}


def upgrade() -> None:
    op.create_table(
        "erasure_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("done_by_id <> person_id", name=op.f("ck_erasure_request_by_another")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_erasure_request_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["done_by_id"], ["person.id"], name=op.f("fk_erasure_request_done_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_request")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_erasure_request_open",
        "erasure_request",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("done_at is null"),
        postgresql_where=sa.text("done_at is null"),
    )
    op.execute(
        "alter table round add column keep_years INTEGER not null default 7"
        " constraint ck_round_keep_years check (keep_years between 1 and 50)"
    )
    moment = MOMENT[op.get_bind().dialect.name]
    op.execute(f"alter table proposal add column personal_removed_at {moment}")
