"""Letters in Arabic: the checks on a letter's language allow one more."""

from alembic import op

revision = "0024"
down_revision = "0023"

BEFORE = "language in ('en', 'fr', 'es')"
SINCE = "language in ('en', 'fr', 'es', 'ar')"
TABLES = ("funder_terms", "letter_template", "offer")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _loosen_on_sqlite()
        return
    for table in TABLES:
        op.execute(f"alter table {table} drop constraint ck_{table}_language")
        op.execute(f"alter table {table} add constraint ck_{table}_language check ({SINCE})")


def _loosen_on_sqlite() -> None:
    """In the schema's text, as in 0009: the checks only allow more."""
    version = op.get_bind().exec_driver_sql("pragma schema_version").scalar_one()
    op.execute("pragma writable_schema = on")
    for table in TABLES:
        op.execute(
            "update sqlite_master set sql ="
            f" replace(sql, '{_quoted(BEFORE)}', '{_quoted(SINCE)}')"
            f" where type = 'table' and name = '{table}'"
        )
    op.execute(f"pragma schema_version = {version + 1}")
    op.execute("pragma writable_schema = off")


def _quoted(text: str) -> str:
    return text.replace("'", "''")
