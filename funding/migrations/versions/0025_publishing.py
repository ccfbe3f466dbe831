"""What the public sees of closed rounds, what is kept from it, and what people say to a round."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "publication",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("embargo_until", sa.Date(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by_id", sa.Integer(), nullable=True),
        sa.Column("taken_down_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "not is_public or (published_at is not null and published_by_id is not null)",
            name=op.f("ck_publication_by_somebody"),
        ),
        sa.CheckConstraint(
            "is_public or published_at is null or taken_down_reason <> ''",
            name=op.f("ck_publication_reason"),
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_publication_round_id")),
        sa.ForeignKeyConstraint(
            ["published_by_id"], ["person.id"], name=op.f("fk_publication_published_by_id")
        ),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_publication")),
        sqlite_strict=True,
    )
    op.create_table(
        "award_embargo",
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by_id", sa.Integer(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_award_embargo_reason")),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_award_embargo_award_id")),
        sa.ForeignKeyConstraint(
            ["set_by_id"], ["person.id"], name=op.f("fk_award_embargo_set_by_id")
        ),
        sa.PrimaryKeyConstraint("award_id", name=op.f("pk_award_embargo")),
        sqlite_strict=True,
    )
    op.create_table(
        "withheld_title",
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("withheld_by_id", sa.Integer(), nullable=False),
        sa.Column("withheld_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason in ('security', 'people at risk', 'unpatched flaw', 'law', 'rights of others')",
            name=op.f("ck_withheld_title_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_withheld_title_proposal_id")
        ),
        sa.ForeignKeyConstraint(
            ["withheld_by_id"], ["person.id"], name=op.f("fk_withheld_title_withheld_by_id")
        ),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_withheld_title")),
        sqlite_strict=True,
    )
    op.create_table(
        "voice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hidden_because", sa.Text(), nullable=True),
        sa.Column("moderated_by_id", sa.Integer(), nullable=True),
        sa.Column("moderated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state in ('waiting', 'shown', 'hidden')", name=op.f("ck_voice_state")),
        sa.CheckConstraint(
            "capacity in ('', 'affected', 'researcher', 'civil society', 'industry',"
            " 'public service', 'teacher', 'student', 'other')",
            name=op.f("ck_voice_capacity"),
        ),
        sa.CheckConstraint(
            "hidden_because in ('advertising', 'abuse', 'names a person', 'off the subject',"
            " 'twice')",
            name=op.f("ck_voice_hidden_because"),
        ),
        sa.CheckConstraint(
            "(state = 'hidden') = (hidden_because is not null)", name=op.f("ck_voice_why_hidden")
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (moderated_by_id is null)",
            name=op.f("ck_voice_moderated_by_somebody"),
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_voice_round_id")),
        sa.ForeignKeyConstraint(
            ["moderated_by_id"], ["person.id"], name=op.f("fk_voice_moderated_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_voice_round_id_state"), "voice", ["round_id", "state"])
    op.create_table(
        "voice_area",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("voice_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("area_key", sa.Text(), nullable=False),
        sa.CheckConstraint("position between 1 and 3", name=op.f("ck_voice_area_few")),
        sa.ForeignKeyConstraint(["voice_id"], ["voice.id"], name=op.f("fk_voice_area_voice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_area")),
        sa.UniqueConstraint("voice_id", "area_key", name=op.f("uq_voice_area_voice_id_area_key")),
        sa.UniqueConstraint("voice_id", "position", name=op.f("uq_voice_area_voice_id_position")),
        sqlite_strict=True,
    )
