"""A database of an earlier version comes to this one with what it holds."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic import command

from funding import schema
from funding.db import Database
from funding.errors import RuleBroken
from tests.conftest import URL_OF

RELEASED_BEFORE_DUE = (
    "insert into transition (kind, subject_id, from_state, to_state)"
    " values ('tranche', 1, 'scheduled', 'released')"
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def nothing_yet(request: pytest.FixtureRequest, tmp_path):
    """A database without any schema."""
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    else:
        made = Database(request.getfixturevalue(URL_OF[request.param]))
        with made.engine.begin() as connection:
            connection.execute(sa.text("drop schema public cascade"))
            connection.execute(sa.text("create schema public"))
    yield made
    made.engine.dispose()


def test_a_history_of_moves_that_are_not_allowed_any_more_is_kept(nothing_yet: Database) -> None:
    engine = nothing_yet.engine.execution_options(writes=True)
    with engine.begin() as connection:
        command.upgrade(schema._alembic(connection), "0006")
        connection.execute(
            sa.text("insert into allowed_move values ('tranche', 'scheduled', 'released')")
        )
        connection.execute(sa.text(RELEASED_BEFORE_DUE))
    schema.migrate(nothing_yet)
    assert schema.fault(nothing_yet) is None
    with nothing_yet.reading() as session:
        assert session.scalar(sa.text("select count(*) from transition")) == 1


def test_a_new_database_does_not_know_such_a_move(each_database: Database) -> None:
    with pytest.raises(RuleBroken):
        each_database.in_transaction(lambda s: s.execute(sa.text(RELEASED_BEFORE_DUE)))
