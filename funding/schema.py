"""Bringing a database to the current schema, and asking whether it is there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from funding.db import Database
from funding.models.triggers import lift_rules, set_rules
from funding.paths import MIGRATIONS


def _alembic(connection: sa.Connection | None = None) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def migrate(database: Database) -> None:
    """Run every migration not run yet and set the rules anew, in one transaction.

    Migrations run without the rules, so that they may change what is otherwise never changed.
    """
    there, wanted = revisions(database)
    if there == wanted:
        return
    engine = database.engine.execution_options(writes=True)
    with engine.begin() as connection:
        lift_rules(connection)
        command.upgrade(_alembic(connection), "head")
        set_rules(connection)


def revisions(database: Database) -> tuple[str | None, str | None]:
    """(where the database is, where this version of the code wants it)."""
    wanted = ScriptDirectory.from_config(_alembic()).get_current_head()
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision(), wanted


def unreachable(error: sa.exc.DBAPIError) -> str:
    """The database's own words for why it does not answer, in one sentence."""
    return f"The database cannot be reached: {str(error.orig).splitlines()[0]}"


def fault(database: Database) -> str | None:
    """Why the database cannot be used now, in one sentence; None where it can."""
    try:
        there, wanted = revisions(database)
    except sa.exc.DBAPIError as error:
        return unreachable(error)
    if there != wanted:
        return f"The database is at migration {there or 'none'}; this version needs {wanted}."
    return None
