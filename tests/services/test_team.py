"""Who may edit a proposal."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from funding.db import Database
from funding.errors import InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.models import Mail, Proposal
from funding.permissions import fetch, load_actor, own_proposals
from funding.services import team
from tests.application_forms import Applicant, add_co_applicant, make_applicant, save


def invite(database: Database, applicant: Applicant, email: str, by=None) -> int:
    return database.in_transaction(
        team.invite,
        by=by or applicant.by,
        proposal_id=applicant.proposal_id,
        email=email,
        name="Bo Placeholder",
        public_url="https://site.example",
    ).id


def may_edit(database: Database, person_id: int, proposal_id: int) -> bool:
    with database.reading() as session:
        try:
            fetch(session, own_proposals(load_actor(session, person_id)), proposal_id, "proposal")
        except NotFound:
            return False
        return True


def test_who_has_no_account_is_sent_a_link_and_may_open_this_proposal_only(
    database: Database,
) -> None:
    applicant, other = make_applicant(database), make_applicant(database)
    person_id = invite(database, applicant, "Bo@New.example")
    assert may_edit(database, person_id, applicant.proposal_id)
    assert not may_edit(database, person_id, other.proposal_id)
    with database.reading() as session:
        mail = session.scalars(sa.select(Mail)).one()
        assert mail.to == "bo@new.example"
        assert "https://site.example/link/" in mail.body
        assert load_actor(session, person_id).roles == frozenset()


def test_who_has_an_account_is_only_told(database: Database) -> None:
    applicant, other = make_applicant(database), make_applicant(database)
    assert invite(database, applicant, other.email) == other.by.person_id
    with database.reading() as session:
        assert "/link/" not in session.scalars(sa.select(Mail)).one().body


def test_somebody_named_in_the_team_already_is_not_named_twice(database: Database) -> None:
    applicant = make_applicant(database)
    save(database, applicant, member_2_name="Bo", member_2_email="bo@new.example")
    invite(database, applicant, "bo@new.example")
    with database.reading() as session:
        members = session.get_one(Proposal, applicant.proposal_id).team
        assert [m.email for m in members].count("bo@new.example") == 1


def test_only_the_lead_invites(database: Database) -> None:
    applicant = make_applicant(database)
    other, _ = add_co_applicant(database, applicant)
    with pytest.raises(NotPermitted):
        invite(database, applicant, "x@new.example", by=other)


def test_nobody_is_invited_twice_or_to_an_address_that_is_none(database: Database) -> None:
    applicant = make_applicant(database)
    invite(database, applicant, "bo@new.example")
    with pytest.raises(RuleBroken, match="already"):
        invite(database, applicant, "bo@new.example")
    with pytest.raises(InvalidInput) as refusal:
        invite(database, applicant, "nobody")
    assert [fault.field for fault in refusal.value.faults] == ["email"]


def test_who_may_not_edit_any_more_stays_named(database: Database) -> None:
    applicant = make_applicant(database)
    person_id = invite(database, applicant, "bo@new.example")
    with database.reading() as session:
        members = {m.person_id: m.id for m in session.get_one(Proposal, applicant.proposal_id).team}
    end = {"by": applicant.by, "proposal_id": applicant.proposal_id}
    database.in_transaction(team.end_editing, member_id=members[person_id], **end)
    assert not may_edit(database, person_id, applicant.proposal_id)
    with database.reading() as session:
        proposal = session.get_one(Proposal, applicant.proposal_id)
        assert "Bo Placeholder" in [member.name for member in proposal.team]
    with pytest.raises(RuleBroken, match="always"):
        database.in_transaction(team.end_editing, member_id=members[applicant.by.person_id], **end)
