"""The auditor's view of the log answers alike on SQLite and PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa

from funding.db import Database
from funding.listing import Listing
from funding.models import Person, Role
from funding.permissions import Actor
from funding.reports import log
from tests.routes.world import Side, make_side


def listing(**query: str) -> Listing:
    return Listing.parse(
        "/log", query, sortable=log.SORTABLE, filters=log.FILTERS, default_sort="-number"
    )


def test_the_log_is_listed_filtered_and_exported_on_each_database(each_database: Database) -> None:
    own: Side = each_database.in_transaction(make_side)
    each_database.in_transaction(make_side)
    with each_database.reading() as session:
        person = session.scalars(
            sa.select(Person).where(Person.email == own.people[Role.AUDITOR])
        ).one()
        by = Actor.of(person)
        page, events = log.events(session, by, listing())
        # of the own round, or of the own organisation in no round
        assert {event.round_id for event in events} == {own.ids["round_id"], None}
        outside = {event.organisation_id for event in events if event.round_id is None}
        assert outside <= by.organisations
        assert [event.seq for event in events] == sorted((e.seq for e in events), reverse=True)
        assert log.actions(session, by) == sorted({event.action for event in events})
        assert [round_id for round_id, _ in log.rounds(session, by)] == [own.ids["round_id"]]
        assert len(list(log.csv_rows(session, by, listing()))) == page.total == len(events)
        _, approved = log.events(session, by, listing(action="line approved", q="person"))
        assert [event.action for event in approved] == ["line approved"]
        _, none = log.events(session, by, listing(since=str(events[0].seq)))
        assert none == []
