"""The committee's rule, its votes on plans, and what they came to."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def _references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{of}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, of in columns.items()
    ]


def upgrade() -> None:
    op.create_table(
        "committee_rule",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("quorum_percent", sa.Integer(), nullable=False),
        sa.Column("majority", sa.Text(), nullable=False),
        sa.Column("must_endorse", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "quorum_percent between 1 and 100", name=op.f("ck_committee_rule_quorum")
        ),
        sa.CheckConstraint(
            "majority in ('simple', 'two thirds', 'absolute')",
            name=op.f("ck_committee_rule_majority"),
        ),
        *_references("committee_rule", round_id="round"),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_committee_rule")),
        sqlite_strict=True,
    )
    op.create_table(
        "vote",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("declares_no_conflict", sa.Boolean(), nullable=False),
        sa.Column("cast_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("choice in ('for', 'against', 'abstain')", name=op.f("ck_vote_choice")),
        sa.CheckConstraint(
            "choice <> 'against' or words <> ''", name=op.f("ck_vote_dissent_in_words")
        ),
        sa.CheckConstraint("declares_no_conflict", name=op.f("ck_vote_declared")),
        *_references("vote", plan_id="plan", person_id="person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vote")),
        sa.UniqueConstraint("plan_id", "person_id", name=op.f("uq_vote_plan_id_person_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "endorsement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("in_conflict", sa.Integer(), nullable=False),
        sa.Column("quorum_percent", sa.Integer(), nullable=False),
        sa.Column("majority", sa.Text(), nullable=False),
        sa.Column("votes_for", sa.Integer(), nullable=False),
        sa.Column("votes_against", sa.Integer(), nullable=False),
        sa.Column("abstentions", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Text(), nullable=False),
        sa.Column("closed_by_id", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "result in ('endorsed', 'not endorsed')", name=op.f("ck_endorsement_result")
        ),
        sa.CheckConstraint(
            "votes_for + votes_against + abstentions <= members",
            name=op.f("ck_endorsement_votes_of_members"),
        ),
        sa.CheckConstraint(
            "(votes_for + votes_against + abstentions) * 100 >= quorum_percent * members",
            name=op.f("ck_endorsement_quorum"),
        ),
        *_references("endorsement", plan_id="plan", closed_by_id="person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endorsement")),
        sa.UniqueConstraint("plan_id", name=op.f("uq_endorsement_plan_id")),
        sqlite_strict=True,
    )
