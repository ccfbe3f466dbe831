"""Reports on awards, spend, outputs, indicators, returns asked for, changes asked for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "indicator",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("is_asked", sa.Boolean(), nullable=False),
        sa.Column("defined_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("direction in ('up', 'down')", name=op.f("ck_indicator_direction")),
        sa.ForeignKeyConstraint(
            ["defined_by_id"], ["organisation.id"], name=op.f("fk_indicator_defined_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator")),
        sa.UniqueConstraint("name", name=op.f("uq_indicator_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "reporting_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("funder_id", sa.Integer(), nullable=False),
        sa.Column("every_months", sa.Integer(), nullable=True),
        sa.Column("final_days", sa.Integer(), nullable=False),
        sa.Column("remind_days", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "every_months between 1 and 60", name=op.f("ck_reporting_rule_every_months")
        ),
        sa.CheckConstraint(
            "final_days between 0 and 365", name=op.f("ck_reporting_rule_final_days")
        ),
        sa.CheckConstraint(
            "remind_days between 1 and 90", name=op.f("ck_reporting_rule_remind_days")
        ),
        sa.ForeignKeyConstraint(
            ["funder_id"], ["organisation.id"], name=op.f("fk_reporting_rule_funder_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reporting_rule")),
        sa.UniqueConstraint("funder_id", name=op.f("uq_reporting_rule_funder_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "change_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("from_ends_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("amounts_before", JSON, nullable=True),
        sa.Column("amounts", JSON, nullable=True),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind <> 'budget' or amounts is not null", name=op.f("ck_change_request_amounts")
        ),
        sa.CheckConstraint(
            "kind <> 'extension' or ends_on > from_ends_on",
            name=op.f("ck_change_request_only_later"),
        ),
        sa.CheckConstraint("kind in ('extension', 'budget')", name=op.f("ck_change_request_kind")),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["person.id"], name=op.f("fk_change_request_asked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_change_request_proposal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_request")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_change_request_proposal_id"), "change_request", ["proposal_id"], unique=False
    )
    op.create_index(op.f("ix_change_request_state"), "change_request", ["state"], unique=False)
    op.create_table(
        "narrative",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("started_by_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_narrative_proposal_id")
        ),
        sa.ForeignKeyConstraint(
            ["started_by_id"], ["person.id"], name=op.f("fk_narrative_started_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_narrative")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_narrative_proposal_id"), "narrative", ["proposal_id"], unique=False)
    op.create_table(
        "handed_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("narrative_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("difficulties", sa.Text(), nullable=False),
        sa.Column("plans", sa.Text(), nullable=False),
        sa.Column("spend_note", sa.Text(), nullable=False),
        sa.Column("files", JSON, nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("handed_in_by_id", sa.Integer(), nullable=False),
        sa.Column("handed_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["handed_in_by_id"], ["person.id"], name=op.f("fk_handed_in_handed_in_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["narrative_id"], ["narrative.id"], name=op.f("fk_handed_in_narrative_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handed_in")),
        sa.UniqueConstraint(
            "narrative_id", "number", name=op.f("uq_handed_in_narrative_id_number")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_handed_in_counts",
        "handed_in",
        ["narrative_id"],
        unique=True,
        sqlite_where=sa.text("counts = 1"),
        postgresql_where=sa.text("counts"),
    )
    op.create_table(
        "report_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("narrative_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["added_by_id"], ["person.id"], name=op.f("fk_report_file_added_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["narrative_id"], ["narrative.id"], name=op.f("fk_report_file_narrative_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_file")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_report_file_narrative_id"), "report_file", ["narrative_id"], unique=False
    )
    op.create_table(
        "indicator_value",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("handed_in_id", sa.Integer(), nullable=False),
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.CheckConstraint(
            "value between 0 and 1000000000000", name=op.f("ck_indicator_value_value")
        ),
        sa.ForeignKeyConstraint(
            ["handed_in_id"], ["handed_in.id"], name=op.f("fk_indicator_value_handed_in_id")
        ),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicator.id"], name=op.f("fk_indicator_value_indicator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_value")),
        sa.UniqueConstraint(
            "handed_in_id",
            "indicator_id",
            name=op.f("uq_indicator_value_handed_in_id_indicator_id"),
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_indicator_value_indicator_id"), "indicator_value", ["indicator_id"], unique=False
    )
    op.create_table(
        "output",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("handed_in_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind in ('paper', 'model', 'data set', 'repository', 'audit')",
            name=op.f("ck_output_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["handed_in_id"], ["handed_in.id"], name=op.f("fk_output_handed_in_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_output")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_output_handed_in_id"), "output", ["handed_in_id"], unique=False)
    op.create_table(
        "award_budget_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "amount between 0 and 1000000000000000", name=op.f("ck_award_budget_line_amount_range")
        ),
        sa.ForeignKeyConstraint(
            ["award_id"], ["award.id"], name=op.f("fk_award_budget_line_award_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award_budget_line")),
        sa.UniqueConstraint(
            "award_id", "position", name=op.f("uq_award_budget_line_award_id_position")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "award_period",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_award_period_period")),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_award_period_award_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award_period")),
        sa.UniqueConstraint("award_id", name=op.f("uq_award_period_award_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "change_concern",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "verdict in ('approved', 'declined')", name=op.f("ck_change_concern_verdict")
        ),
        sa.CheckConstraint(
            "verdict is null or decided_by_id is not null", name=op.f("ck_change_concern_decided")
        ),
        sa.ForeignKeyConstraint(
            ["award_id"], ["award.id"], name=op.f("fk_change_concern_award_id")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["person.id"], name=op.f("fk_change_concern_decided_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["change_request.id"], name=op.f("fk_change_concern_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_concern")),
        sa.UniqueConstraint(
            "request_id", "award_id", name=op.f("uq_change_concern_request_id_award_id")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_change_concern_award_id"), "change_concern", ["award_id"], unique=False
    )
    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("narrative_id", sa.Integer(), nullable=True),
        sa.Column("handed_in_id", sa.Integer(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind in ('progress', 'final')", name=op.f("ck_report_kind")),
        sa.CheckConstraint(
            "state = 'due' or handed_in_id is not null", name=op.f("ck_report_handed_in")
        ),
        sa.CheckConstraint(
            "state not in ('accepted', 'sent back') or decided_by_id is not null",
            name=op.f("ck_report_decided"),
        ),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_report_award_id")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["person.id"], name=op.f("fk_report_decided_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["handed_in_id"], ["handed_in.id"], name=op.f("fk_report_handed_in_id")
        ),
        sa.ForeignKeyConstraint(
            ["narrative_id"], ["narrative.id"], name=op.f("fk_report_narrative_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_report_award_id"), "report", ["award_id"], unique=False)
    op.create_index(op.f("ix_report_narrative_id"), "report", ["narrative_id"], unique=False)
    op.create_index(op.f("ix_report_state_due_on"), "report", ["state", "due_on"], unique=False)
    op.create_index(
        "uq_report_final",
        "report",
        ["award_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'final'"),
        postgresql_where=sa.text("kind = 'final'"),
    )
    op.create_table(
        "report_milestone",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tranche_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("set_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_report_milestone_report_id")
        ),
        sa.ForeignKeyConstraint(
            ["set_by_id"], ["person.id"], name=op.f("fk_report_milestone_set_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["tranche_id"], ["tranche.id"], name=op.f("fk_report_milestone_tranche_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_milestone")),
        sa.UniqueConstraint("tranche_id", name=op.f("uq_report_milestone_tranche_id")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_report_milestone_report_id"), "report_milestone", ["report_id"], unique=False
    )
    op.create_table(
        "report_reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "occasion in ('before', 'late')", name=op.f("ck_report_reminder_occasion")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_report_reminder_report_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_reminder")),
        sa.UniqueConstraint(
            "report_id",
            "due_on",
            "occasion",
            name=op.f("uq_report_reminder_report_id_due_on_occasion"),
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "return_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "amount between 1 and 1000000000000000", name=op.f("ck_return_request_amount_range")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["person.id"], name=op.f("fk_return_request_asked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["award_id"], ["award.id"], name=op.f("fk_return_request_award_id")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_return_request_report_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_request")),
        sa.UniqueConstraint("report_id", name=op.f("uq_return_request_report_id")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_return_request_award_id"), "return_request", ["award_id"], unique=False
    )
    op.create_table(
        "spend",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("handed_in_id", sa.Integer(), nullable=False),
        sa.Column("budget_line_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "amount between 0 and 1000000000000000", name=op.f("ck_spend_amount_range")
        ),
        sa.ForeignKeyConstraint(
            ["budget_line_id"], ["award_budget_line.id"], name=op.f("fk_spend_budget_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["handed_in_id"], ["handed_in.id"], name=op.f("fk_spend_handed_in_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spend")),
        sa.UniqueConstraint(
            "handed_in_id", "budget_line_id", name=op.f("uq_spend_handed_in_id_budget_line_id")
        ),
        sqlite_strict=True,
    )
