"""One timeline holds what happened to a thing and to all that hangs on it, and nothing else."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.listing import Listing
from funding.models import Award, Person, Proposal, Role
from funding.permissions import Actor
from funding.reports import timeline
from funding.services import awards, conflicts
from funding.services.decisions import approve_lines
from funding.services.log import record
from funding.services.payments.tranches import schedule_tranche
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_plan,
    make_proposal,
    make_round,
)
from tests.queries import count_queries
from tests.reporting_scene import make_scene


def scene(session: Session) -> tuple[Actor, Actor, list[int]]:
    """(an officer of the committee, another, the awards): two awards of one commitment, a tranche
    of the first."""
    committee, funder = make_organisation(session, "committee"), make_organisation(session)
    round_ = make_round(session, committee)
    commitment = make_commitment(session, round_, funder, amount=10_000_00)
    proposals = [make_proposal(session, round_, ask=4_000_00, minimum=1) for _ in range(2)]
    plan = make_plan(
        session,
        round_,
        [(commitment, proposal, 4_000_00) for proposal in proposals],
        make_actor(session, committee),
    )
    lines = {line.id: None for line in plan.lines}
    approve_lines(session, by=make_actor(session, funder), lines=lines, key="scene")
    made = session.scalars(sa.select(Award).order_by(Award.proposal_id)).all()
    lead = Actor.of(session.get_one(Person, made[0].proposal.lead_id))
    awards.accept_award(session, by=lead, award_id=made[0].id, version=made[0].version)
    schedule_tranche(
        session,
        by=make_actor(session, funder, Role.FINANCE_OFFICER),
        award_id=made[0].id,
        amount=1_000_00,
        due_on=date(2031, 6, 1),
        condition="",
        key="schedule",
    )
    readers = [make_actor(session, committee) for _ in range(2)]
    return readers[0], readers[1], [award.id for award in made]


def listing(**args: str) -> Listing:
    return Listing.parse(
        "/x", args, sortable=timeline.SORTABLE, filters=timeline.FILTERS, default_sort="-when"
    )


def test_an_award_has_its_line_its_tranche_and_its_acceptance_newest_first(
    database: Database,
) -> None:
    by, _, (first, second) = database.in_transaction(scene)
    with database.reading() as session:
        award = session.get_one(Award, first)
        subjects = timeline.of_award(session, by, award)
        _, rows = timeline.happened(session, subjects, listing())
        assert [row.what for row in rows] == [
            "Tranche scheduled",
            "Reports scheduled",
            "Award accepted",
            "Line approved",
        ]
        assert rows[0].amount == "USD\u00a01,000"
        other = timeline.of_award(session, by, session.get_one(Award, second))
        _, rows = timeline.happened(session, other, listing())
        assert [row.what for row in rows] == ["Line approved"]
        _, rows = timeline.happened(session, subjects, listing(q="ACCEPT"), has_names=False)
        assert [(row.what, row.who, row.amount) for row in rows] == [("Award accepted", "–", "")]


def test_a_commitment_tells_of_all_its_awards_but_those_in_conflict(database: Database) -> None:
    by, other, (first, _) = database.in_transaction(scene)
    with database.reading() as session:
        award = session.get_one(Award, first)
        proposal_id, commitment = award.proposal_id, award.commitment
        _, rows = timeline.happened(
            session, timeline.of_commitment(session, by, commitment), listing()
        )
        assert len(rows) == 5, "2 approved, 1 accepted, its reports and a tranche scheduled"
    database.in_transaction(conflicts.declare, by=other, proposal_id=proposal_id, reason="Kin")
    with database.reading() as session:
        commitment = session.get_one(Award, first).commitment
        seen = timeline.of_commitment(session, other, commitment)
        _, rows = timeline.happened(session, seen, listing())
        assert [row.what for row in rows] == ["Line approved"]
        everything = timeline.of_proposal(session, by, session.get_one(Award, first).proposal)
        _, rows = timeline.happened(session, everything, listing())
        assert "Conflict declared" not in [row.what for row in rows]


def test_a_proposal_that_two_funders_pay_has_each_amount_in_its_own_currency(
    each_database: Database,
) -> None:
    def make(session: Session) -> tuple[Actor, int]:
        made = make_scene(session)
        for staff in (made.first, made.second):
            schedule_tranche(
                session,
                by=staff.preparer,
                award_id=staff.award_id,
                amount=1_000_50,
                due_on=date(2031, 6, 1),
                condition="",
                key=f"{staff.award_id}",
            )
        record(
            session, made.lead, "proposal submitted", session.get_one(Proposal, 1), ask=15_000_00
        )
        return made.owner, made.proposal_id

    by, proposal_id = each_database.in_transaction(make)
    with each_database.reading() as session, count_queries(each_database) as sent:
        everything = timeline.of_proposal(session, by, session.get_one(Proposal, proposal_id))
        before = len(sent)
        _, rows = timeline.happened(session, everything, listing())
        told = [(row.what, row.amount.replace("\u00a0", " ")) for row in rows if row.amount]
        assert told == [
            ("Proposal submitted", "USD 15,000"),
            ("Tranche scheduled", "EUR 1,000.50"),
            ("Tranche scheduled", "USD 1,000.50"),
            ("Line approved", "EUR 6,000"),
            ("Line approved", "USD 9,000"),
        ]
        assert len(sent) - before <= 12
