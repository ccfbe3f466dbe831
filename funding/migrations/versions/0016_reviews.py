"""Reviews: forms, reviewers, assignments, declarations, what was handed in and discussed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0015"

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "co_author",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("orcid", sa.Text(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("stated_by_id", sa.Integer(), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_co_author_person_id")),
        sa.ForeignKeyConstraint(
            ["stated_by_id"], ["person.id"], name=op.f("fk_co_author_stated_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_co_author")),
        sa.UniqueConstraint("person_id", "name", name=op.f("uq_co_author_person_id_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "review_form",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("lowest", sa.Integer(), nullable=False),
        sa.Column("highest", sa.Integer(), nullable=False),
        sa.Column("guidance", sa.Text(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "lowest >= 0 and lowest < highest and highest <= 100", name=op.f("ck_review_form_scale")
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["person.id"], name=op.f("fk_review_form_made_by_id")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_review_form_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_form")),
        sa.UniqueConstraint("round_id", "number", name=op.f("uq_review_form_round_id_number")),
        sqlite_strict=True,
    )
    op.create_table(
        "review_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("least", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remind_days", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "counts in ('raw', 'calibrated')", name=op.f("ck_review_settings_counts")
        ),
        sa.CheckConstraint("least between 1 and 20", name=op.f("ck_review_settings_least")),
        sa.CheckConstraint(
            "remind_days between 0 and 60", name=op.f("ck_review_settings_remind_days")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_review_settings_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_settings")),
        sa.UniqueConstraint("round_id", name=op.f("uq_review_settings_round_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "review_suggestion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("least", sa.Integer(), nullable=False),
        sa.Column("answer", JSON, nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state in ('queued', 'done', 'failed', 'taken')",
            name=op.f("ck_review_suggestion_state"),
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["person.id"], name=op.f("fk_review_suggestion_asked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_review_suggestion_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_suggestion")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_review_suggestion_round_id"), "review_suggestion", ["round_id"], unique=False
    )
    op.create_table(
        "reviewer_absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("delegate_id", sa.Integer(), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "delegate_id <> person_id", name=op.f("ck_reviewer_absence_somebody_else")
        ),
        sa.CheckConstraint("from_on <= until_on", name=op.f("ck_reviewer_absence_period")),
        sa.ForeignKeyConstraint(
            ["delegate_id"], ["person.id"], name=op.f("fk_reviewer_absence_delegate_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_reviewer_absence_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["person.id"], name=op.f("fk_reviewer_absence_recorded_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_reviewer_absence_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviewer_absence")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_reviewer_absence_round_id_person_id"),
        "reviewer_absence",
        ["round_id", "person_id"],
        unique=False,
    )
    op.create_table(
        "reviewer_effect",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("effect", sa.Double(), nullable=False),
        sa.Column("applied", sa.Double(), nullable=False),
        sa.Column("scores", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_reviewer_effect_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviewer_effect")),
        sa.UniqueConstraint(
            "round_id", "reviewer", name=op.f("uq_reviewer_effect_round_id_reviewer")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "round_reviewer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("areas", JSON, nullable=False),
        sa.Column("expertise", sa.Text(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("most between 0 and 1000", name=op.f("ck_round_reviewer_most")),
        sa.ForeignKeyConstraint(
            ["added_by_id"], ["person.id"], name=op.f("fk_round_reviewer_added_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_round_reviewer_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_round_reviewer_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_reviewer")),
        sa.UniqueConstraint(
            "round_id", "person_id", name=op.f("uq_round_reviewer_round_id_person_id")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_round_reviewer_person_id"), "round_reviewer", ["person_id"], unique=False
    )
    op.create_table(
        "review_assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assigned_by_id", sa.Integer(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assigned_by_id"], ["person.id"], name=op.f("fk_review_assignment_assigned_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["from_id"], ["review_assignment.id"], name=op.f("fk_review_assignment_from_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_review_assignment_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_review_assignment_proposal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_assignment")),
        sa.UniqueConstraint(
            "id",
            "proposal_id",
            "person_id",
            name=op.f("uq_review_assignment_id_proposal_id_person_id"),
        ),
        sa.UniqueConstraint(
            "proposal_id", "person_id", name=op.f("uq_review_assignment_proposal_id_person_id")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_review_assignment_person_id_state"),
        "review_assignment",
        ["person_id", "state"],
        unique=False,
    )
    op.create_table(
        "review_criterion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("help", sa.Text(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("anchors", JSON, nullable=False),
        sa.CheckConstraint("weight > 0 and weight <= 100", name=op.f("ck_review_criterion_weight")),
        sa.ForeignKeyConstraint(
            ["form_id"], ["review_form.id"], name=op.f("fk_review_criterion_form_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_criterion")),
        sa.UniqueConstraint("form_id", "key", name=op.f("uq_review_criterion_form_id_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "review_declaration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("has_conflict", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_review_declaration_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_review_declaration_proposal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_declaration")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_review_declaration_proposal_id_person_id"),
        "review_declaration",
        ["proposal_id", "person_id"],
        unique=False,
    )
    op.create_table(
        "review_remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_review_remark_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_review_remark_proposal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_remark")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_review_remark_proposal_id"), "review_remark", ["proposal_id"], unique=False
    )
    op.create_table(
        "suggested_pair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("suggestion_id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("fit", sa.Double(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("others", JSON, nullable=False),
        sa.Column("is_dropped", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_suggested_pair_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_suggested_pair_proposal_id")
        ),
        sa.ForeignKeyConstraint(
            ["suggestion_id"],
            ["review_suggestion.id"],
            name=op.f("fk_suggested_pair_suggestion_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggested_pair")),
        sa.UniqueConstraint(
            "suggestion_id",
            "proposal_id",
            "person_id",
            name=op.f("uq_suggested_pair_suggestion_id_proposal_id_person_id"),
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_suggested_pair_proposal_id"), "suggested_pair", ["proposal_id"], unique=False
    )
    op.create_table(
        "waived_conflict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("asked_because", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("waived_by_id", sa.Integer(), nullable=False),
        sa.Column("waived_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(trim(reason)) > 0", name=op.f("ck_waived_conflict_reason")),
        sa.CheckConstraint(
            "waived_by_id <> asked_by_id and waived_by_id <> person_id and asked_by_id <> person_id",
            name=op.f("ck_waived_conflict_four_eyes"),
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["person.id"], name=op.f("fk_waived_conflict_asked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_waived_conflict_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_waived_conflict_proposal_id")
        ),
        sa.ForeignKeyConstraint(
            ["waived_by_id"], ["person.id"], name=op.f("fk_waived_conflict_waived_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waived_conflict")),
        sa.UniqueConstraint(
            "proposal_id",
            "person_id",
            "kind",
            name=op.f("uq_waived_conflict_proposal_id_person_id_kind"),
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "waiver_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["person.id"], name=op.f("fk_waiver_request_asked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_waiver_request_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_waiver_request_proposal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver_request")),
        sa.UniqueConstraint(
            "proposal_id",
            "person_id",
            "kind",
            name=op.f("uq_waiver_request_proposal_id_person_id_kind"),
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("marks", JSON, nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("for_committee", sa.Text(), nullable=False),
        sa.Column("for_applicant", sa.Text(), nullable=False),
        sa.Column("handed_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("score >= 0 and score <= 100", name=op.f("ck_review_score")),
        sa.ForeignKeyConstraint(
            ["assignment_id", "proposal_id", "person_id"],
            [
                "review_assignment.id",
                "review_assignment.proposal_id",
                "review_assignment.person_id",
            ],
            name=op.f("fk_review_assignment_id_proposal_id_person_id"),
        ),
        sa.ForeignKeyConstraint(["form_id"], ["review_form.id"], name=op.f("fk_review_form_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_review_person_id")),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_review_proposal_id")
        ),
        sa.ForeignKeyConstraint(
            ["released_by_id"], ["person.id"], name=op.f("fk_review_released_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("assignment_id", name=op.f("uq_review_assignment_id")),
        sa.UniqueConstraint(
            "proposal_id", "person_id", name=op.f("uq_review_proposal_id_person_id")
        ),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_review_person_id"), "review", ["person_id"], unique=False)
    op.execute(
        "alter table score add column review_id integer constraint fk_score_review_id"
        " references review (id)"
    )
    op.create_index(op.f("ix_score_review_id"), "score", ["review_id"], unique=True)
