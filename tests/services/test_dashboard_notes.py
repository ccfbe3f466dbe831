"""Notes on dashboards: who pins and withdraws them, what stays, what the database refuses."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.models import DashboardNote, Event, Role
from funding.permissions import Actor
from funding.services.dashboard_notes import LONGEST, notes_on, pin_note, withdraw_note
from tests.builders import make_actor, make_organisation, make_round


@dataclass(frozen=True)
class Scene:
    round_id: int
    writer: Actor
    other: Actor
    auditor: Actor
    stranger: Actor


@pytest.fixture
def scene(each_database: Database) -> Scene:
    def make(session: Session) -> Scene:
        committee = make_organisation(session, "committee")
        return Scene(
            make_round(session, committee).id,
            make_actor(session, committee, Role.COMMITTEE),
            make_actor(session, committee, Role.COMMITTEE),
            make_actor(session, committee, Role.AUDITOR),
            make_actor(session, make_organisation(session), Role.COMMITTEE),
        )

    return each_database.in_transaction(make)


def pin(database: Database, scene: Scene, words: str = "Mind the rate", **values: object) -> int:
    act = {"by": scene.writer, "round_id": scene.round_id, "dashboard": "where", "figure": ""}
    return database.in_transaction(lambda s: pin_note(s, words=words, **{**act, **values}).id)


def test_a_note_stands_on_its_dashboard_until_its_writer_withdraws_it(
    each_database: Database, scene: Scene
) -> None:
    first = pin(each_database, scene)
    pin(each_database, scene, "Only here", figure="by-funder")
    pin(each_database, scene, "Elsewhere", dashboard="gaps")
    with each_database.reading() as session:
        shown = notes_on(session, scene.round_id, "where")
        assert [(n.words, n.figure) for n in shown] == [
            ("Only here", "by-funder"),
            ("Mind the rate", ""),
        ]
    each_database.in_transaction(
        withdraw_note, by=scene.writer, round_id=scene.round_id, note_id=first
    )
    with each_database.reading() as session:
        assert [n.words for n in notes_on(session, scene.round_id, "where")] == ["Only here"]
        assert session.get_one(DashboardNote, first).words == "Mind the rate"
        acts = session.scalars(sa.select(Event.action).order_by(Event.id)).all()
        assert acts[-1] == "note on a dashboard withdrawn"
        assert acts.count("note pinned to a dashboard") == 3


def test_only_who_takes_part_pins_and_only_the_writer_withdraws(
    each_database: Database, scene: Scene
) -> None:
    for by in (scene.stranger, scene.auditor):
        with pytest.raises(NotFound):
            pin(each_database, scene, by=by)
    note = pin(each_database, scene)
    for by, refusal in ((scene.other, NotPermitted), (scene.stranger, NotFound)):
        with pytest.raises(refusal):
            each_database.in_transaction(
                withdraw_note, by=by, round_id=scene.round_id, note_id=note
            )
    withdraw = {"by": scene.writer, "round_id": scene.round_id, "note_id": note}
    each_database.in_transaction(withdraw_note, **withdraw)
    with pytest.raises(RuleBroken, match="withdrawn already"):
        each_database.in_transaction(withdraw_note, **withdraw)


@pytest.mark.parametrize("words", ["", "  \n ", "x" * (LONGEST + 1)])
def test_a_note_without_words_or_with_too_many_is_refused(
    each_database: Database, scene: Scene, words: str
) -> None:
    with pytest.raises(InvalidInput):
        pin(each_database, scene, words)


@pytest.mark.parametrize(
    "statement",
    [
        "update dashboard_note set words = 'other'",
        "update dashboard_note set figure = 'years'",
        "delete from dashboard_note",
    ],
)
def test_the_database_keeps_a_note_as_it_was_written(
    each_database: Database, scene: Scene, statement: str
) -> None:
    pin(each_database, scene)
    with pytest.raises(RuleBroken, match="note on a dashboard stays"):
        each_database.in_transaction(lambda session: session.execute(sa.text(statement)))
