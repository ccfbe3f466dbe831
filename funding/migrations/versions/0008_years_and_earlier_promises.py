"""The ask of a proposal by year, and what commitments owe to earlier awards."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

MOST = 1_000_000_000_000_000


def _by_year(table: str, owner: str, least: int) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(f"{owner}_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("year between 2000 and 2100", name=op.f(f"ck_{table}_year")),
        sa.CheckConstraint(
            f"amount between {least} and {MOST}", name=op.f(f"ck_{table}_amount_range")
        ),
        sa.ForeignKeyConstraint(
            [f"{owner}_id"], [f"{owner}.id"], name=op.f(f"fk_{table}_{owner}_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(f"{owner}_id", "year", name=op.f(f"uq_{table}_{owner}_id_year")),
        sqlite_strict=True,
    )


def upgrade() -> None:
    _by_year("year_of_ask", "proposal", 0)
    _by_year("earlier_promise", "commitment", 1)
