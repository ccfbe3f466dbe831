"""Payments: bank details, files for the bank, its statements, reversals; milestones of tranches."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
PERSON = "constraint fk_tranche_{0} references person (id)"


def upgrade() -> None:
    for column in (
        "milestone text not null default ''",
        "milestone_evidence text not null default ''",
        f"milestone_reached_by_id integer {PERSON.format('milestone_reached_by_id')}",
        f"paid_by_id integer {PERSON.format('paid_by_id')}",
        "paid_rate text",
    ):
        op.execute(f"alter table tranche add column {column}")
    day = "text" if op.get_bind().dialect.name == "sqlite" else "date"
    for name in ("milestone_reached_on", "paid_rate_on"):
        op.execute(f"alter table tranche add column {name} {day}")
    # whoever noted the payment; nobody where a demo or an import did
    op.execute(
        "update tranche set paid_by_id = (select max(transfer.posted_by_id) from transfer"
        " join account on account.id = transfer.credit_id where account.tranche_id = tranche.id"
        " and account.kind = 'paid') where state in ('paid', 'returned')"
    )
    # a tranche falls due before it is released; where one was released before it fell due, the row
    # that its history points at stays, and the trigger `released_when_due` refuses the move
    op.execute(
        "delete from allowed_move"
        " where kind = 'tranche' and from_state = 'scheduled' and to_state = 'released'"
        " and not exists (select 1 from transition where transition.kind = allowed_move.kind"
        " and transition.from_state = allowed_move.from_state"
        " and transition.to_state = allowed_move.to_state)"
    )
    op.create_table(
        "bank_details",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("funder_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("iban", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("bank_code", sa.Text(), nullable=False),
        sa.Column("bic", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("checked_how", sa.Text(), nullable=False),
        sa.Column("entered_by_id", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(iban <> '') <> (account <> '')", name=op.f("ck_bank_details_one_account")
        ),
        sa.CheckConstraint(
            "account = '' or bank_code <> '' or bic <> ''", name=op.f("ck_bank_details_bank")
        ),
        sa.CheckConstraint("holder <> ''", name=op.f("ck_bank_details_holder")),
        sa.CheckConstraint("length(country) = 2", name=op.f("ck_bank_details_country")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_bank_details_currency")),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["person.id"], name=op.f("fk_bank_details_entered_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["funder_id"], ["organisation.id"], name=op.f("fk_bank_details_funder_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_bank_details_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_details")),
        sa.UniqueConstraint(
            "funder_id",
            "organisation_id",
            "currency",
            "number",
            name=op.f("uq_bank_details_funder_id_organisation_id_currency_number"),
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_bank_details_organisation_id"), "bank_details", ["organisation_id"], unique=False
    )
    op.create_table(
        "bank_statement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("funder_id", sa.Integer(), nullable=False),
        sa.Column("details_id", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("opening", sa.BigInteger(), nullable=True),
        sa.Column("closing", sa.BigInteger(), nullable=True),
        sa.Column("read", JSON, nullable=False),
        sa.Column("uploaded_by_id", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("format in ('camt.053', 'CSV')", name=op.f("ck_bank_statement_format")),
        sa.ForeignKeyConstraint(
            ["details_id"], ["bank_details.id"], name=op.f("fk_bank_statement_details_id")
        ),
        sa.ForeignKeyConstraint(
            ["funder_id"], ["organisation.id"], name=op.f("fk_bank_statement_funder_id")
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"], ["person.id"], name=op.f("fk_bank_statement_uploaded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_statement")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_bank_statement_file",
        "bank_statement",
        ["funder_id", "sha256"],
        unique=True,
        sqlite_where=sa.text("state <> 'left'"),
        postgresql_where=sa.text("state <> 'left'"),
    )
    op.create_index(
        "uq_bank_statement_reference",
        "bank_statement",
        ["funder_id", "account", "reference"],
        unique=True,
        sqlite_where=sa.text("state <> 'left' and reference <> ''"),
        postgresql_where=sa.text("state <> 'left' and reference <> ''"),
    )
    op.create_table(
        "payment_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("funder_id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("execution_on", sa.Date(), nullable=False),
        sa.Column("details_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("count > 0", name=op.f("ck_payment_batch_count")),
        sa.CheckConstraint(
            "total between 1 and 1000000000000000", name=op.f("ck_payment_batch_total_range")
        ),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["person.id"], name=op.f("fk_payment_batch_approved_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["details_id"], ["bank_details.id"], name=op.f("fk_payment_batch_details_id")
        ),
        sa.ForeignKeyConstraint(
            ["funder_id"], ["organisation.id"], name=op.f("fk_payment_batch_funder_id")
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["person.id"], name=op.f("fk_payment_batch_made_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_batch")),
        sa.UniqueConstraint("message_id", name=op.f("uq_payment_batch_message_id")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_payment_batch_funder_id"), "payment_batch", ["funder_id"], unique=False
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("tranche_id", sa.Integer(), nullable=False),
        sa.Column("details_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("end_to_end_id", sa.Text(), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "amount between 1 and 1000000000000000", name=op.f("ck_payment_amount_range")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["payment_batch.id"], name=op.f("fk_payment_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["details_id"], ["bank_details.id"], name=op.f("fk_payment_details_id")
        ),
        sa.ForeignKeyConstraint(["tranche_id"], ["tranche.id"], name=op.f("fk_payment_tranche_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("end_to_end_id", name=op.f("uq_payment_end_to_end_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_payment_batch_id"), "payment", ["batch_id"], unique=False)
    op.create_index(op.f("ix_payment_tranche_id"), "payment", ["tranche_id"], unique=False)
    op.create_index(
        "uq_payment_live",
        "payment",
        ["tranche_id"],
        unique=True,
        sqlite_where=sa.text("is_live = 1"),
        postgresql_where=sa.text("is_live"),
    )
    op.create_table(
        "bank_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("statement_id", sa.Integer(), nullable=False),
        sa.Column("funder_id", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("line_key", sa.Text(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("is_out", sa.Boolean(), nullable=False),
        sa.Column("end_to_end_id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("return_code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("tranche_id", sa.Integer(), nullable=True),
        sa.Column("transfer_id", sa.Integer(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'matched') = (transfer_id is not null)",
            name=op.f("ck_bank_line_matched_to_transfer"),
        ),
        sa.CheckConstraint(
            "state = 'unmatched' or decided_by_id is not null",
            name=op.f("ck_bank_line_decided_by_somebody"),
        ),
        sa.CheckConstraint(
            "state in ('unmatched', 'matched', 'set aside')", name=op.f("ck_bank_line_state")
        ),
        sa.CheckConstraint(
            "amount between 1 and 1000000000000000", name=op.f("ck_bank_line_amount_range")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["person.id"], name=op.f("fk_bank_line_decided_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["funder_id"], ["organisation.id"], name=op.f("fk_bank_line_funder_id")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["bank_statement.id"], name=op.f("fk_bank_line_statement_id")
        ),
        sa.ForeignKeyConstraint(
            ["tranche_id"], ["tranche.id"], name=op.f("fk_bank_line_tranche_id")
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["transfer.id"], name=op.f("fk_bank_line_transfer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_line")),
        sa.UniqueConstraint(
            "funder_id", "account", "line_key", name=op.f("uq_bank_line_funder_id_account_line_key")
        ),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_bank_line_transfer_id")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_bank_line_funder_id_state"), "bank_line", ["funder_id", "state"], unique=False
    )
    op.create_index(op.f("ix_bank_line_statement_id"), "bank_line", ["statement_id"], unique=False)
    op.create_index(op.f("ix_bank_line_tranche_id"), "bank_line", ["tranche_id"], unique=False)
    op.create_table(
        "reversal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transfer_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("bank_line_id", sa.Integer(), nullable=True),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_reversal_reason")),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["person.id"], name=op.f("fk_reversal_asked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["bank_line_id"], ["bank_line.id"], name=op.f("fk_reversal_bank_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["person.id"], name=op.f("fk_reversal_decided_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["transfer.id"], name=op.f("fk_reversal_transfer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reversal")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_reversal_transfer_id"), "reversal", ["transfer_id"], unique=False)
    op.create_index(
        "uq_reversal_live",
        "reversal",
        ["transfer_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'refused'"),
        postgresql_where=sa.text("state <> 'refused'"),
    )
