"""Due diligence, offers by letter with their agreements, letters of decline; mail with keys."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def _references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{of}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, of in columns.items()
    ]


def upgrade() -> None:
    op.create_table(
        "funder_terms",
        sa.Column("funder_id", sa.Integer(), nullable=False),
        sa.Column("by_letter", sa.Boolean(), nullable=False),
        sa.Column("offer_days", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("language in ('en', 'fr', 'es')", name=op.f("ck_funder_terms_language")),
        sa.CheckConstraint("offer_days between 1 and 365", name=op.f("ck_funder_terms_offer_days")),
        *_references("funder_terms", funder_id="organisation"),
        sa.PrimaryKeyConstraint("funder_id", name=op.f("pk_funder_terms")),
        sqlite_strict=True,
    )
    op.create_table(
        "diligence_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("funder_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("asks", sa.Text(), nullable=False),
        sa.Column("is_used", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("title <> ''", name=op.f("ck_diligence_item_title")),
        *_references("diligence_item", funder_id="organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_diligence_item")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_diligence_item_funder_id"), "diligence_item", ["funder_id"], unique=False
    )
    op.create_table(
        "diligence_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("asks", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("done_by_id", sa.Integer()),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "outcome in ('in order', 'does not apply')", name=op.f("ck_diligence_check_outcome")
        ),
        sa.CheckConstraint(
            "(outcome is null and done_by_id is null and done_at is null) or (outcome is not null and done_by_id is not null and done_at is not null and evidence <> '')",
            name=op.f("ck_diligence_check_whole"),
        ),
        *_references(
            "diligence_check", award_id="award", done_by_id="person", item_id="diligence_item"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_diligence_check")),
        sa.UniqueConstraint(
            "award_id", "item_id", name=op.f("uq_diligence_check_award_id_item_id")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "letter_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("funder_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("written_by_id", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('offer', 'agreement')", name=op.f("ck_letter_template_kind")),
        sa.CheckConstraint(
            "language in ('en', 'fr', 'es')", name=op.f("ck_letter_template_language")
        ),
        *_references("letter_template", funder_id="organisation", written_by_id="person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_template")),
        sa.UniqueConstraint(
            "funder_id",
            "kind",
            "language",
            "number",
            name=op.f("uq_letter_template_funder_id_kind_language_number"),
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "offer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("letter", sa.Text(), nullable=False),
        sa.Column("letter_template", sa.Text(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("agreement_template", sa.Text(), nullable=False),
        sa.Column("agreement_html", sa.Text(), nullable=False),
        sa.Column("agreement_sha256", sa.Text(), nullable=False),
        sa.Column("pdf_sha256", sa.Text()),
        sa.Column("signed_pdf_sha256", sa.Text()),
        sa.Column("pdf_error", sa.Text(), nullable=False),
        sa.Column("sent_by_id", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("expires_at > sent_at", name=op.f("ck_offer_deadline_ahead")),
        sa.CheckConstraint("language in ('en', 'fr', 'es')", name=op.f("ck_offer_language")),
        sa.CheckConstraint(
            "state in ('open', 'accepted', 'refused', 'lapsed', 'withdrawn')",
            name=op.f("ck_offer_state"),
        ),
        *_references("offer", award_id="award", sent_by_id="person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_offer_open",
        "offer",
        ["award_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(op.f("ix_offer_award_id"), "offer", ["award_id"], unique=False)
    op.create_index(
        op.f("ix_offer_state_expires_at"), "offer", ["state", "expires_at"], unique=False
    )
    op.create_table(
        "signature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document_sha256", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_signature_name")),
        sa.CheckConstraint("side in ('funder', 'applicant')", name=op.f("ck_signature_side")),
        *_references("signature", offer_id="offer", person_id="person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
        sa.UniqueConstraint("offer_id", "side", name=op.f("uq_signature_offer_id_side")),
        sqlite_strict=True,
    )
    op.create_table(
        "decline_letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("suggested", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("edited_by_id", sa.Integer()),
        sa.Column("edited_at", sa.DateTime(timezone=True)),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("body <> ''", name=op.f("ck_decline_letter_body")),
        *_references("decline_letter", edited_by_id="person", proposal_id="proposal"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decline_letter")),
        sa.UniqueConstraint("proposal_id", name=op.f("uq_decline_letter_proposal_id")),
        sqlite_strict=True,
    )
    op.execute("alter table mail add column key text")
    op.execute("alter table mail add column kind text not null default 'message'")
    op.execute(
        "alter table mail add column organisation_id integer"
        " constraint fk_mail_organisation_id references organisation (id)"
    )
    op.execute(
        "alter table mail add column proposal_id integer"
        " constraint fk_mail_proposal_id references proposal (id)"
    )
    op.create_index(op.f("uq_mail_key"), "mail", ["key"], unique=True)
    op.create_index(op.f("ix_mail_organisation_id"), "mail", ["organisation_id"], unique=False)
