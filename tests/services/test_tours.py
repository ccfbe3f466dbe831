"""Guided tours: kept by person and role, put aside and taken up again."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import NotFound, RuleBroken
from funding.models import Role
from funding.permissions import Actor
from funding.reports.tours import Offered, tours_of
from funding.services.tours import progress
from funding.services.tours.catalogue import ROUND_KEYS, TOURS, At
from tests.builders import make_actor, make_organisation, make_round

OFFICERS = TOURS["officer"]


def make_people(session: Session) -> tuple[Actor, Actor]:
    """An officer, and somebody who is researcher and reviewer, on a site with the demo's round."""
    make_round(session, key=ROUND_KEYS[At.ROUND])
    institution = make_organisation(session, "institution")
    other = make_actor(session, institution, Role.RESEARCHER)
    both = Actor(other.person_id, other.name, other.bindings | {(institution.id, Role.REVIEWER)})
    return make_actor(session, make_organisation(session)), both


@pytest.fixture
def people(each_database: Database) -> tuple[Actor, Actor]:
    return each_database.in_transaction(make_people)


def offered(database: Database, by: Actor) -> list[Offered]:
    with database.reading() as session:
        return tours_of(session, by)


def test_each_role_has_its_own_tour(each_database: Database, people: tuple[Actor, Actor]) -> None:
    officer, both = people
    assert [each.tour.key for each in offered(each_database, officer)] == ["officer"]
    assert [each.tour.key for each in offered(each_database, both)] == ["researcher", "reviewer"]
    assert {tour.role for tour in TOURS.values()} == {
        Role.PROGRAM_OFFICER,
        Role.RESEARCHER,
        Role.COMMITTEE,
        Role.FINANCE_OFFICER,
        Role.REVIEWER,
        Role.AUDITOR,
    }


def test_where_the_demo_is_not_there_is_no_tour(each_database: Database) -> None:
    officer = each_database.in_transaction(
        lambda session: make_actor(session, make_organisation(session))
    )
    assert offered(each_database, officer) == []


def test_how_far_somebody_is_stays_theirs(
    each_database: Database, people: tuple[Actor, Actor]
) -> None:
    officer, both = people

    def go_to(place: int) -> None:
        each_database.in_transaction(progress.go_to, by=officer, tour="officer", place=place)

    go_to(2)
    (one,) = offered(each_database, officer)
    assert (one.place, one.is_begun, one.is_done) == (2, True, False)
    assert not any(each.place for each in offered(each_database, both))
    go_to(len(OFFICERS.steps))
    (one,) = offered(each_database, officer)
    assert (one.is_begun, one.is_done) == (False, True)
    go_to(0)
    (one,) = offered(each_database, officer)
    assert (one.place, one.is_done) == (0, False)
    with pytest.raises(NotFound):
        go_to(len(OFFICERS.steps) + 1)


def test_a_tour_is_put_aside_and_taken_up_again(
    each_database: Database, people: tuple[Actor, Actor]
) -> None:
    officer, _ = people
    each_database.in_transaction(progress.put_aside, by=officer, tour="officer")
    assert offered(each_database, officer)[0].is_aside
    each_database.in_transaction(progress.go_to, by=officer, tour="officer", place=1)
    assert not offered(each_database, officer)[0].is_aside


def test_nobody_goes_through_the_tour_of_another_role(
    each_database: Database, people: tuple[Actor, Actor]
) -> None:
    officer, _ = people
    for key in ("auditor", "no such tour"):
        with pytest.raises(NotFound):
            each_database.in_transaction(progress.go_to, by=officer, tour=key, place=0)
        with pytest.raises(NotFound):
            each_database.in_transaction(progress.put_aside, by=officer, tour=key)


def test_the_database_keeps_one_place_a_person_and_tour(
    each_database: Database, people: tuple[Actor, Actor]
) -> None:
    officer, _ = people
    each_database.in_transaction(progress.go_to, by=officer, tour="officer", place=1)
    for statement in (
        "insert into tour_progress (person_id, tour, place, changed_at)"
        " select person_id, tour, 2, changed_at from tour_progress",
        "update tour_progress set place = -1",
    ):
        with pytest.raises((RuleBroken, DBAPIError)):
            each_database.in_transaction(lambda s, text=statement: s.execute(sa.text(text)))
