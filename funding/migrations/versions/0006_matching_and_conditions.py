"""Matching and conditions of commitments; the years of a suggested line."""

from alembic import op

revision = "0006"
down_revision = "0005"

TYPES = {
    "sqlite": {"number": "REAL", "money": "INTEGER", "json": "TEXT"},
    "postgresql": {"number": "double precision", "money": "bigint", "json": "jsonb"},
}


def upgrade() -> None:
    kind = TYPES[op.get_bind().dialect.name]
    for column in (
        f"match_ratio {kind['number']} constraint ck_commitment_match_ratio"
        " check (match_ratio > 0 and match_ratio <= 100)",
        f"match_up_to {kind['money']} constraint ck_commitment_match_up_to_range"
        " check (match_up_to between 1 and 1000000000000000)",
        f"only_if {kind['json']}",
        f"joins_if {kind['json']}",
    ):
        op.execute(f"alter table commitment add column {column}")
    op.execute(f"alter table run_line add column years {kind['json']} not null default '{{}}'")
