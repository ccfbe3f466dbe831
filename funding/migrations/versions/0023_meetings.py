"""Decision packs with remarks and seals; live sessions with steps, votes and remarks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "live_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("opened_by_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("current", sa.Integer(), nullable=False),
        sa.Column("is_voting_open", sa.Boolean(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["opened_by_id"], ["person.id"], name=op.f("fk_live_session_opened_by_id")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_live_session_round_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_live_session_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_session")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_live_session_run_id"), "live_session", ["run_id"], unique=False)
    op.create_index(
        "uq_live_session_open",
        "live_session",
        ["round_id"],
        unique=True,
        sqlite_where=sa.text("closed_at is null"),
        postgresql_where=sa.text("closed_at is null"),
    )
    op.create_table(
        "live_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("parent", sa.Integer(), nullable=True),
        sa.Column("changes", JSON, nullable=False),
        sa.Column("what", JSON, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("result", JSON, nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'done') = (solved_at is not null)", name=op.f("ck_live_step_solved")
        ),
        sa.CheckConstraint(
            "state in ('waiting', 'done', 'impossible', 'failed')", name=op.f("ck_live_step_state")
        ),
        sa.CheckConstraint("parent is null or parent < number", name=op.f("ck_live_step_order")),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["person.id"], name=op.f("fk_live_step_asked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["live_session.id"], name=op.f("fk_live_step_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_step")),
        sa.UniqueConstraint("session_id", "number", name=op.f("uq_live_step_session_id_number")),
        sqlite_strict=True,
    )
    op.create_table(
        "pack",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("is_cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("studies", JSON, nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'ready') = (content is not null) and (content is null) = (digest is null) and (content is null) = (made_at is null)",
            name=op.f("ck_pack_whole"),
        ),
        sa.CheckConstraint(
            "state in ('making', 'ready', 'cancelled', 'failed')", name=op.f("ck_pack_state")
        ),
        sa.CheckConstraint("progress between 0 and 1", name=op.f("ck_pack_progress_range")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_pack_asked_by_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_pack_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pack")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_pack_making",
        "pack",
        ["plan_id"],
        unique=True,
        sqlite_where=sa.text("state = 'making'"),
        postgresql_where=sa.text("state = 'making'"),
    )
    op.create_table(
        "live_remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("step_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("words <> ''", name=op.f("ck_live_remark_in_words")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_live_remark_person_id")
        ),
        sa.ForeignKeyConstraint(["step_id"], ["live_step.id"], name=op.f("fk_live_remark_step_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_remark")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_live_remark_step_id"), "live_remark", ["step_id"], unique=False)
    op.create_table(
        "live_vote",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("step_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "choice in ('for', 'against', 'abstain')", name=op.f("ck_live_vote_choice")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_live_vote_person_id")),
        sa.ForeignKeyConstraint(["step_id"], ["live_step.id"], name=op.f("fk_live_vote_step_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_vote")),
        sa.UniqueConstraint("step_id", "person_id", name=op.f("uq_live_vote_step_id_person_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "pack_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pack_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["pack_id"], ["pack.id"], name=op.f("fk_pack_file_pack_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pack_file")),
        sa.UniqueConstraint("pack_id", "sha256", name=op.f("uq_pack_file_pack_id_sha256")),
        sqlite_strict=True,
    )
    op.create_table(
        "pack_remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pack_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("portfolio", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind = 'agree' or words <> ''", name=op.f("ck_pack_remark_in_words")),
        sa.CheckConstraint(
            "kind in ('agree', 'dissent', 'comment')", name=op.f("ck_pack_remark_kind")
        ),
        sa.CheckConstraint(
            "portfolio is null or portfolio >= 0", name=op.f("ck_pack_remark_portfolio")
        ),
        sa.ForeignKeyConstraint(["pack_id"], ["pack.id"], name=op.f("fk_pack_remark_pack_id")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_pack_remark_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pack_remark")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_pack_remark_pack_id"), "pack_remark", ["pack_id"], unique=False)
    op.create_table(
        "pack_seal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pack_id", sa.Integer(), nullable=False),
        sa.Column("endorsement_id", sa.Integer(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["endorsement_id"], ["endorsement.id"], name=op.f("fk_pack_seal_endorsement_id")
        ),
        sa.ForeignKeyConstraint(["pack_id"], ["pack.id"], name=op.f("fk_pack_seal_pack_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pack_seal")),
        sa.UniqueConstraint("endorsement_id", name=op.f("uq_pack_seal_endorsement_id")),
        sa.UniqueConstraint("pack_id", name=op.f("uq_pack_seal_pack_id")),
        sqlite_strict=True,
    )
