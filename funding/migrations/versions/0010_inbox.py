"""How often a person is mailed what waits for them, and the secret of their calendar's address."""

from alembic import op

revision = "0010"
down_revision = "0009"

DAY = {"sqlite": "TEXT", "postgresql": "date"}


def upgrade() -> None:
    for column in (
        "digest TEXT not null default 'never' constraint ck_person_digest"
        " check (digest in ('never', 'daily', 'weekly'))",
        f"digest_sent_on {DAY[op.get_bind().dialect.name]}",
        "calendar_hash TEXT",
    ):
        op.execute(f"alter table person add column {column}")
    op.create_index("uq_person_calendar_hash", "person", ["calendar_hash"], unique=True)
