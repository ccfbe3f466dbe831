"""The language that a person chose for the site."""

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.execute("alter table person add column language TEXT")
