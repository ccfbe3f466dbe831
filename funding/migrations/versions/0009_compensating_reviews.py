"""Compensating reviews: one person of a small funder acts alone, another looks at it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TRANCHE_ALONE = "released_by_id <> prepared_by_id"
WITH_REVIEW = " or compensating_review_id is not null"


def upgrade() -> None:
    op.create_table(
        "compensating_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("funder_id", sa.Integer(), nullable=False),
        sa.Column("plan_line_id", sa.Integer()),
        sa.Column("tranche_id", sa.Integer()),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.Text()),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("reviewed_by_id", sa.Integer()),
        sa.Column("reviewed_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(plan_line_id is null) <> (tranche_id is null)",
            name=op.f("ck_compensating_review_one_subject"),
        ),
        sa.CheckConstraint(
            "reviewed_by_id <> asked_by_id", name=op.f("ck_compensating_review_four_eyes")
        ),
        sa.CheckConstraint(
            "verdict in ('agreed', 'objected')", name=op.f("ck_compensating_review_verdict")
        ),
        sa.CheckConstraint(
            "(verdict is null and reviewed_by_id is null and reviewed_at is null)"
            " or (verdict is not null and reviewed_by_id is not null"
            " and reviewed_at is not null and finding <> '')",
            name=op.f("ck_compensating_review_whole"),
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_compensating_review_reason")),
        sa.CheckConstraint(
            "amount between 1 and 1000000000000000",
            name=op.f("ck_compensating_review_amount_range"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_compensating_review_{column}")
            )
            for column, table in (
                ("funder_id", "organisation"),
                ("plan_line_id", "plan_line"),
                ("asked_by_id", "person"),
                ("reviewed_by_id", "person"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compensating_review")),
        sa.UniqueConstraint(
            "plan_line_id", "amount", name=op.f("uq_compensating_review_plan_line_id_amount")
        ),
        sa.UniqueConstraint("tranche_id", name=op.f("uq_compensating_review_tranche_id")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_compensating_review_funder_id"), "compensating_review", ["funder_id"], unique=False
    )
    op.execute(
        "alter table approval add column put_forward_by_id integer"
        " constraint fk_approval_put_forward_by_id references person (id)"
    )
    op.execute(
        "update approval set put_forward_by_id = (select plan_line.recommended_by_id"
        " from plan_line where plan_line.id = approval.plan_line_id)"
    )
    # of an amount that was amended away afterwards: who had put it forward is not known any more
    op.execute("update approval set put_forward_by_id = null where put_forward_by_id = person_id")
    op.execute(
        "alter table approval add column compensating_review_id integer"
        " constraint fk_approval_compensating_review_id references compensating_review (id)"
        " constraint ck_approval_four_eyes"
        f" check (put_forward_by_id <> person_id{WITH_REVIEW})"
    )
    op.execute(
        "alter table tranche add column compensating_review_id integer"
        " constraint fk_tranche_compensating_review_id references compensating_review (id)"
    )
    if op.get_bind().dialect.name == "sqlite":
        _loosen_on_sqlite()
    else:
        op.execute("alter table tranche drop constraint ck_tranche_four_eyes")
        op.execute(
            "alter table tranche add constraint ck_tranche_four_eyes"
            f" check ({TRANCHE_ALONE}{WITH_REVIEW})"
        )


def _loosen_on_sqlite() -> None:
    """SQLite cannot alter a check. One that only allows more is exchanged in the schema's text,
    as its documentation has it; making the table anew would break what refers to it."""
    version = op.get_bind().exec_driver_sql("pragma schema_version").scalar_one()
    op.execute("pragma writable_schema = on")
    op.execute(
        "update sqlite_master set sql ="
        f" replace(sql, '({TRANCHE_ALONE})', '({TRANCHE_ALONE}{WITH_REVIEW})')"
        " where type = 'table' and name = 'tranche'"
    )
    op.execute(f"pragma schema_version = {version + 1}")
    op.execute("pragma writable_schema = off")
