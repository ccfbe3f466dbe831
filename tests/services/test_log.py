"""The log proves itself: a changed row, a dropped one, a cut tail, on both engines."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.models import Organisation
from funding.models.triggers import lift_rules
from funding.services.log import first_broken_link, head_of, record, still_holds

EVENTS = 5


def write_events(session: Session) -> None:
    subject = Organisation(key="a", name="A", kind="funder")
    session.add(subject)
    session.flush()
    for number in range(EVENTS):
        record(session, None, "tried", subject, amount=number, text="é")


def tamper(database: Database, *statements: str) -> None:
    """As somebody with the database's own tools would, its rules lifted."""

    def act(session: Session) -> None:
        lift_rules(session.connection())
        for statement in statements:
            session.execute(sa.text(statement))

    database.in_transaction(act)


def broken(database: Database) -> int | None:
    with database.reading() as session:
        return first_broken_link(session)


def test_an_untouched_log_is_whole_and_holds_every_head_it_had(each_database: Database) -> None:
    each_database.in_transaction(write_events)
    with each_database.reading() as session:
        before = head_of(session)
    each_database.in_transaction(record, None, "one more")
    assert broken(each_database) is None
    with each_database.reading() as session:
        assert still_holds(session, *before)
        assert still_holds(session, *head_of(session))
        assert not still_holds(session, before[0], "0" * 64)


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("update event set action = 'another' where seq = 3", 3),
        ("update event set actor_id = null, detail = '{\"amount\": 9}' where seq = 2", 2),
        ("update event set seq = 99 where seq = 4", 4),
        ("delete from event where seq = 1", 1),
        ("delete from event where seq = 5", 5),
    ],
    ids=["changed", "detail", "moved", "first-dropped", "last-dropped"],
)
def test_a_row_changed_or_dropped_is_found(
    each_database: Database, statement: str, where: int
) -> None:
    each_database.in_transaction(write_events)
    tamper(each_database, statement)
    assert broken(each_database) == where


def test_a_tail_cut_together_with_its_head_shows_against_a_head_noted_before(
    each_database: Database,
) -> None:
    each_database.in_transaction(write_events)
    with each_database.reading() as session:
        noted = head_of(session)
    tamper(
        each_database,
        "delete from event where seq > 3",
        "update chain_head set seq = 3, hash = (select hash from event where seq = 3)",
    )
    assert broken(each_database) is None
    with each_database.reading() as session:
        assert not still_holds(session, *noted)
