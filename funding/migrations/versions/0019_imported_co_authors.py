"""Co-authors that officers import, with the DOI of the joint work where it is known."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.execute("alter table co_author add column doi text")
    op.execute(
        "alter table co_author add column imported_by_id integer"
        " constraint fk_co_author_imported_by_id references person (id)"
    )
