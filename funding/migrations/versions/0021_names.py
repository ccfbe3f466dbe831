"""Names of recipients and funders, which of them are one, and their numbers in registers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0021"
down_revision = "0020"

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    for column in ("funder_ref", "recipient_ref"):
        op.execute(f"alter table historic_grant add column {column} TEXT not null default ''")
    op.create_index(
        "ix_historic_grant_organisation_id_recipient",
        "historic_grant",
        ["organisation_id", "recipient"],
    )
    op.create_table(
        "known_name",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("spelling", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("grants", sa.Integer(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=True),
        sa.Column("is_compared", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind in ('recipient', 'funder')", name=op.f("ck_known_name_kind")),
        sa.CheckConstraint("grants >= 0", name=op.f("ck_known_name_grants")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_known_name_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["entity_id"],
            ["known_name.id"],
            name=op.f("fk_known_name_entity_id"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_name")),
        sa.UniqueConstraint(
            "organisation_id",
            "kind",
            "spelling",
            "reference",
            name=op.f("uq_known_name_organisation_id_kind_spelling_reference"),
        ),
        sa.UniqueConstraint(
            "id", "organisation_id", "kind", name=op.f("uq_known_name_id_organisation_id_kind")
        ),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_known_name_entity_id"), "known_name", ["entity_id"])
    op.create_table(
        "name_merge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("suggested_as", sa.Text(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=True),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_name_merge_order")),
        sa.CheckConstraint(
            "relation in ('same', 'part', 'whole')", name=op.f("ck_name_merge_relation")
        ),
        sa.CheckConstraint(
            "suggested_as in ('same', 'part', 'whole')", name=op.f("ck_name_merge_suggested_as")
        ),
        sa.CheckConstraint(
            "state in ('suggested', 'merged', 'rejected')", name=op.f("ck_name_merge_state")
        ),
        sa.CheckConstraint(
            "probability >= 0 and probability <= 1", name=op.f("ck_name_merge_probability")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_name_merge_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["first_id", "organisation_id", "kind"],
            ["known_name.id", "known_name.organisation_id", "known_name.kind"],
            name=op.f("fk_name_merge_first_id"),
        ),
        sa.ForeignKeyConstraint(
            ["second_id", "organisation_id", "kind"],
            ["known_name.id", "known_name.organisation_id", "known_name.kind"],
            name=op.f("fk_name_merge_second_id"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["person.id"], name=op.f("fk_name_merge_decided_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_name_merge")),
        sa.UniqueConstraint("first_id", "second_id", name=op.f("uq_name_merge_first_id_second_id")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_name_merge_organisation_id_kind_state"),
        "name_merge",
        ["organisation_id", "kind", "state"],
    )
    op.create_index(op.f("ix_name_merge_second_id"), "name_merge", ["second_id"])
    op.create_table(
        "name_search",
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('waiting', 'running', 'done', 'cancelled', 'failed')",
            name=op.f("ck_name_search_state"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_name_search_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_name_search")),
        sqlite_strict=True,
    )
