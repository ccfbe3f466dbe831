"""Probabilities of overlaps, work outside of the round, introductions, mergers, stepping back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
TYPES = {
    "sqlite": {"number": "REAL", "flag": "INTEGER", "no": "0", "json": "TEXT", "none": "'{}'"},
    "postgresql": {
        "number": "double precision",
        "flag": "boolean",
        "no": "false",
        "json": "jsonb",
        "none": "'{}'::jsonb",
    },
}
COLUMNS = (
    "import add column is_public {flag} not null default {no}",
    "overlap add column probability {number}"
    " constraint ck_overlap_probability check (probability >= 0 and probability <= 1)",
    "overlap add column signals {json} not null default {none}",
    "round add column overlaps_count TEXT not null default 'confirmed'"
    " constraint ck_round_overlaps_count check (overlaps_count in ('confirmed', 'probable'))",
    "round add column probable_from {number} not null default 0.5"
    " constraint ck_round_probable_from check (probable_from > 0 and probable_from <= 1)",
)


def upgrade() -> None:
    types = TYPES[op.get_bind().dialect.name]
    for column in COLUMNS:
        op.execute(f"alter table {column.format(**types)}")
    op.create_table(
        "stepping_back",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("arrived_id", sa.Integer(), nullable=False),
        sa.Column("commitment_id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.BigInteger(), nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("freed", sa.BigInteger(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(agrees is null) = (answered_by_id is null)", name=op.f("ck_stepping_back_answer")
        ),
        sa.CheckConstraint(
            "after < before and freed <= before - after", name=op.f("ck_stepping_back_less")
        ),
        sa.CheckConstraint(
            "after between 0 and 1000000000000000", name=op.f("ck_stepping_back_after_range")
        ),
        sa.CheckConstraint(
            "before between 0 and 1000000000000000", name=op.f("ck_stepping_back_before_range")
        ),
        sa.CheckConstraint(
            "freed between 0 and 1000000000000000", name=op.f("ck_stepping_back_freed_range")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["person.id"], name=op.f("fk_stepping_back_answered_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["arrived_id"], ["commitment.id"], name=op.f("fk_stepping_back_arrived_id")
        ),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitment.id"], name=op.f("fk_stepping_back_commitment_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_stepping_back_proposal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stepping_back")),
        sa.UniqueConstraint(
            "arrived_id",
            "commitment_id",
            "proposal_id",
            name=op.f("uq_stepping_back_arrived_id_commitment_id_proposal_id"),
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_stepping_back_commitment_id"), "stepping_back", ["commitment_id"], unique=False
    )
    op.create_index(
        op.f("ix_stepping_back_proposal_id"), "stepping_back", ["proposal_id"], unique=False
    )
    op.create_table(
        "introduction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("overlap_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("offered_by_id", sa.Integer(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["offered_by_id"], ["person.id"], name=op.f("fk_introduction_offered_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["overlap_id"], ["overlap.id"], name=op.f("fk_introduction_overlap_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_introduction")),
        sa.UniqueConstraint("overlap_id", name=op.f("uq_introduction_overlap_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "outside_overlap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=True),
        sa.Column("grant_id", sa.Integer(), nullable=True),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("degree", sa.Double(), nullable=False),
        sa.Column("similarity", sa.Double(), nullable=True),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("signals", JSON, nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "verdict in ('candidate', 'duplicate', 'complementary', 'distinct', 'unsure')",
            name=op.f("ck_outside_overlap_verdict"),
        ),
        sa.CheckConstraint(
            "(other_id is null) <> (grant_id is null)", name=op.f("ck_outside_overlap_one_thing")
        ),
        sa.CheckConstraint("degree >= 0 and degree <= 1", name=op.f("ck_outside_overlap_degree")),
        sa.CheckConstraint(
            "probability >= 0 and probability <= 1", name=op.f("ck_outside_overlap_probability")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["person.id"], name=op.f("fk_outside_overlap_decided_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["historic_grant.id"], name=op.f("fk_outside_overlap_grant_id")
        ),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["organisation.id"], name=op.f("fk_outside_overlap_holder_id")
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["proposal.id"], name=op.f("fk_outside_overlap_other_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_outside_overlap_proposal_id")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_outside_overlap_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_overlap")),
        sa.UniqueConstraint(
            "proposal_id", "grant_id", name=op.f("uq_outside_overlap_proposal_id_grant_id")
        ),
        sa.UniqueConstraint(
            "proposal_id", "other_id", name=op.f("uq_outside_overlap_proposal_id_other_id")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_outside_overlap_grant_id"), "outside_overlap", ["grant_id"], unique=False
    )
    op.create_index(
        op.f("ix_outside_overlap_other_id"), "outside_overlap", ["other_id"], unique=False
    )
    op.create_index(
        op.f("ix_outside_overlap_round_id"), "outside_overlap", ["round_id"], unique=False
    )
    op.create_table(
        "disclosure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("overlap_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("agreed_by_id", sa.Integer(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreed_by_id"], ["person.id"], name=op.f("fk_disclosure_agreed_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_disclosure_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["overlap_id"], ["outside_overlap.id"], name=op.f("fk_disclosure_overlap_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure")),
        sa.UniqueConstraint(
            "overlap_id", "organisation_id", name=op.f("uq_disclosure_overlap_id_organisation_id")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "introduction_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("introduction_id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["person.id"], name=op.f("fk_introduction_answer_answered_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["introduction_id"],
            ["introduction.id"],
            name=op.f("fk_introduction_answer_introduction_id"),
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_introduction_answer_proposal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_introduction_answer")),
        sa.UniqueConstraint(
            "introduction_id",
            "proposal_id",
            name=op.f("uq_introduction_answer_introduction_id_proposal_id"),
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "merger",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("introduction_id", sa.Integer(), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("gone_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("offered_by_id", sa.Integer(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(agrees is null) = (answered_by_id is null)", name=op.f("ck_merger_answer")
        ),
        sa.CheckConstraint("answered_by_id <> offered_by_id", name=op.f("ck_merger_by_another")),
        sa.CheckConstraint("kept_id <> gone_id", name=op.f("ck_merger_two")),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["person.id"], name=op.f("fk_merger_answered_by_id")
        ),
        sa.ForeignKeyConstraint(["gone_id"], ["proposal.id"], name=op.f("fk_merger_gone_id")),
        sa.ForeignKeyConstraint(
            ["introduction_id"], ["introduction.id"], name=op.f("fk_merger_introduction_id")
        ),
        sa.ForeignKeyConstraint(["kept_id"], ["proposal.id"], name=op.f("fk_merger_kept_id")),
        sa.ForeignKeyConstraint(
            ["offered_by_id"], ["person.id"], name=op.f("fk_merger_offered_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merger")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_merger_gone_id"), "merger", ["gone_id"], unique=False)
    op.create_index(op.f("ix_merger_kept_id"), "merger", ["kept_id"], unique=False)
    op.create_index(
        "uq_merger_open",
        "merger",
        ["introduction_id"],
        unique=True,
        sqlite_where=sa.text("agrees is null"),
        postgresql_where=sa.text("agrees is null"),
    )
