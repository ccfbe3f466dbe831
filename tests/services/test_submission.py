"""Handing in: what must be there, in time by the database's clock, receipts, withdrawing."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.models import Event, Mail, Proposal, Round, RoundExtension
from funding.permissions import Actor
from funding.services import risk, submission, typed_text
from tests.application_forms import (
    Applicant,
    add_co_applicant,
    make_applicant,
    move_deadline,
    save,
    submit,
)


def state(database: Database, applicant: Applicant) -> str:
    with database.reading() as session:
        return session.get_one(Proposal, applicant.proposal_id).state


def act(database: Database, service, applicant: Applicant, by: Actor | None = None, **values):
    return database.in_transaction(
        service,
        by=by or applicant.by,
        proposal_id=applicant.proposal_id,
        **{"version": None, **values},
    )


# -- complete or not ----------------------------------------------------------------------------

FAULTS = [
    ({"title": ""}, "title"),
    ({"abstract": ""}, "abstract"),
    ({"abstract": "Too short."}, "abstract"),
    ({"share_1": "66.6"}, "share_1"),
    ({"area_1": "", "share_1": "", "area_2": "", "share_2": ""}, "area_1"),
    ({"ask": "", "minimum": "", "line_1": "", "amount_1": ""}, "ask"),
    ({"minimum": ""}, "minimum"),
    ({"amount_1": "79,999.99"}, "amount_1"),
    ({"line_1": "", "amount_1": "", "line_2": "", "amount_2": ""}, "line_1"),
    ({"line_2": ""}, "line_2"),
    ({"starts_on": ""}, "starts_on"),
    ({"ends_on": ""}, "ends_on"),
    ({"institution": ""}, "institution"),
    ({"country": ""}, "country"),
    ({"region": ""}, "region"),
    ({"member_2_role": "Engineer"}, "member_2_name"),
    ({"risk_people": ""}, "risk_people"),
    ({"risk_tier": ""}, "risk_tier"),
    ({"risk_release": "yes"}, "risk_reason"),
    ({"question_users": ""}, "question_users"),
]


@pytest.mark.parametrize(("changes", "field"), FAULTS, ids=[field for _, field in FAULTS])
def test_what_is_missing_is_named_by_its_field(
    database: Database, changes: dict[str, str], field: str
) -> None:
    applicant = make_applicant(database)
    save(database, applicant, **changes)
    with pytest.raises(InvalidInput) as refusal:
        submit(database, applicant)
    assert field in [fault.field for fault in refusal.value.faults]
    assert state(database, applicant) == "draft"


def test_everything_that_is_missing_is_named_at_once(database: Database) -> None:
    applicant = make_applicant(database)
    with pytest.raises(InvalidInput) as refusal:
        submit(database, applicant)
    named = {fault.field for fault in refusal.value.faults}
    assert named >= {"title", "abstract", "area_1", "ask", "minimum", "line_1", "starts_on"}
    assert named >= {"ends_on", "risk_people", "risk_tier", "question_users"}


def test_a_question_that_is_not_required_may_stay_open(database: Database) -> None:
    applicant = make_applicant(database)
    save(database, applicant, question_access="", question_hours="")
    submit(database, applicant)
    assert state(database, applicant) == "submitted"


def test_a_lower_tier_than_the_answers_suggest_needs_a_reason_and_then_stands(
    database: Database,
) -> None:
    applicant = make_applicant(database)
    save(database, applicant, risk_capability="unsure", risk_reason="Published models only.")
    submit(database, applicant)
    assert state(database, applicant) == "submitted"


@pytest.mark.parametrize(
    ("answers", "tier"),
    [
        ({}, "minimal"),
        ({"people": "unsure"}, "limited"),
        ({"people": "yes", "release": "yes"}, "high"),
        ({"purpose": "unsure"}, "high"),
        ({"purpose": "yes"}, "prohibited"),
    ],
)
def test_answers_lead_to_a_tier(answers: dict[str, str], tier: str) -> None:
    all_no = {question.key: "no" for question in risk.QUESTIONS}
    assert risk.suggest_tier({**all_no, **answers}) == tier


def test_no_tier_is_suggested_before_every_question_is_answered() -> None:
    assert risk.suggest_tier({"people": "yes"}) is None


# -- in time ------------------------------------------------------------------------------------


def extend(database: Database, applicant: Applicant, proposal_id: int | None) -> None:
    def add(session: Session) -> None:
        round_ = session.get_one(Round, applicant.round_id)
        session.add(
            RoundExtension(
                round_id=round_.id,
                proposal_id=proposal_id,
                from_at=round_.closes_at,
                to_at=now() + timedelta(hours=1),
                reason="Power cut",
                granted_by_id=applicant.by.person_id,
            )
        )

    database.in_transaction(add)


def test_nothing_is_handed_in_after_the_deadline(each_database: Database) -> None:
    applicant = make_applicant(each_database)
    save(each_database, applicant)
    move_deadline(each_database, applicant.round_id, -timedelta(seconds=1))
    with pytest.raises(RuleBroken, match="deadline has passed"):
        submit(each_database, applicant)


def test_an_extension_for_all_lets_it_in(each_database: Database) -> None:
    applicant = make_applicant(each_database)
    save(each_database, applicant)
    move_deadline(each_database, applicant.round_id, -timedelta(hours=1))
    extend(each_database, applicant, None)
    submit(each_database, applicant)
    assert state(each_database, applicant) == "submitted"


def test_an_extension_for_one_proposal_helps_no_other(each_database: Database) -> None:
    applicant, other = make_applicant(each_database), make_applicant(each_database)
    for each in (applicant, other):
        save(each_database, each)
        move_deadline(each_database, each.round_id, -timedelta(hours=1))
    extend(each_database, applicant, applicant.proposal_id)
    extend(each_database, other, applicant.proposal_id)
    submit(each_database, applicant)
    with pytest.raises(RuleBroken, match="deadline"):
        submit(each_database, other)


def test_the_database_itself_refuses_what_is_late(each_database: Database) -> None:
    applicant = make_applicant(each_database)
    move_deadline(each_database, applicant.round_id, -timedelta(seconds=1))

    def force(session: Session) -> None:
        session.get_one(Proposal, applicant.proposal_id).state = "submitted"

    with pytest.raises(RuleBroken, match="the deadline has passed"):
        each_database.in_transaction(force)


def test_nothing_is_handed_in_once_the_round_has_moved_on(database: Database) -> None:
    applicant = make_applicant(database)
    save(database, applicant)

    def close(session: Session) -> None:
        session.get_one(Round, applicant.round_id).state = "in review"

    database.in_transaction(close)
    with pytest.raises(RuleBroken, match="does not take proposals"):
        submit(database, applicant)


# -- receipts, and what comes after -------------------------------------------------------------


def mails(database: Database) -> list[Mail]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Mail).order_by(Mail.id)))


def test_every_applicant_gets_a_receipt_that_the_log_bears_out(database: Database) -> None:
    applicant = make_applicant(database)
    _, co_applicant = add_co_applicant(database, applicant)
    save(database, applicant)
    number = submit(database, applicant)
    sent = mails(database)
    assert {mail.to for mail in sent} == {applicant.email, co_applicant}
    for mail in sent:
        assert number in mail.body
        assert "USD\N{NO-BREAK SPACE}100,000" in mail.body
        assert f"https://site.example/proposals/{applicant.proposal_id}" in mail.body
    with database.reading() as session:
        event = session.scalars(sa.select(Event).where(Event.action == "proposal submitted")).one()
        assert event.hash.startswith(number)


def test_a_refused_proposal_sends_no_receipt(database: Database) -> None:
    applicant = make_applicant(database)
    with pytest.raises(InvalidInput):
        submit(database, applicant)
    assert mails(database) == []


def test_a_proposal_taken_back_can_be_changed_and_handed_in_again(
    each_database: Database,
) -> None:
    applicant = make_applicant(each_database)
    save(each_database, applicant)
    submit(each_database, applicant)
    with pytest.raises(RuleBroken, match="cannot be changed"):
        save(each_database, applicant, title="Changed")
    act(each_database, submission.take_back, applicant)
    save(each_database, applicant, title="Changed")
    submit(each_database, applicant)
    with each_database.reading() as session:
        proposal = session.get_one(Proposal, applicant.proposal_id)
        assert (proposal.state, proposal.title) == ("submitted", "Changed")


def test_nothing_is_taken_back_after_the_deadline(each_database: Database) -> None:
    applicant = make_applicant(each_database)
    save(each_database, applicant)
    submit(each_database, applicant)
    move_deadline(each_database, applicant.round_id, -timedelta(seconds=1))
    with pytest.raises(RuleBroken, match="deadline has passed"):
        act(each_database, submission.take_back, applicant)
    assert state(each_database, applicant) == "submitted"


def test_withdrawing_needs_a_reason_and_tells_the_applicants(database: Database) -> None:
    applicant = make_applicant(database)
    save(database, applicant)
    with pytest.raises(InvalidInput) as refusal:
        act(database, submission.withdraw, applicant, reason="  ")
    assert [fault.field for fault in refusal.value.faults] == ["reason"]
    act(database, submission.withdraw, applicant, reason="Funded elsewhere.")
    assert state(database, applicant) == "withdrawn"
    assert "Funded elsewhere." in mails(database)[-1].body


def test_a_withdrawn_proposal_can_be_taken_up_again_in_time(database: Database) -> None:
    applicant = make_applicant(database)
    act(database, submission.withdraw, applicant, reason="Changed our mind.")
    act(database, submission.take_back, applicant)
    with database.reading() as session:
        proposal = session.get_one(Proposal, applicant.proposal_id)
        assert (proposal.state, proposal.withdrawal_reason) == ("draft", "")


@pytest.mark.parametrize("decided", ["funded", "not funded"])
def test_a_decided_proposal_is_not_withdrawn(database: Database, decided: str) -> None:
    applicant = make_applicant(database)
    save(database, applicant)
    submit(database, applicant)

    def decide(session: Session) -> None:
        session.get_one(Proposal, applicant.proposal_id).state = decided

    database.in_transaction(decide)
    with pytest.raises(RuleBroken, match=decided):
        act(database, submission.withdraw, applicant, reason="Too late.")


@pytest.mark.parametrize("service", ["submit", "take_back", "withdraw"])
def test_only_the_lead_applicant_decides_on_the_proposal(database: Database, service: str) -> None:
    applicant = make_applicant(database)
    other, _ = add_co_applicant(database, applicant)
    more = {"submit": {"public_url": ""}, "withdraw": {"reason": "x"}}.get(service, {})
    with pytest.raises(NotPermitted):
        act(database, getattr(submission, service), applicant, by=other, **more)
    stranger = make_applicant(database)
    with pytest.raises(NotFound):
        act(database, getattr(submission, service), applicant, by=stranger.by, **more)


def test_what_was_changed_since_the_check_is_not_handed_in_unseen(database: Database) -> None:
    applicant = make_applicant(database)
    save(database, applicant)
    with database.reading() as session:
        seen = session.get_one(Proposal, applicant.proposal_id).version
    save(database, applicant, title="Changed meanwhile")
    with pytest.raises(Conflict):
        act(database, submission.submit, applicant, version=seen, public_url="")


def test_text_of_a_co_applicant_that_is_not_saved_is_pointed_out(database: Database) -> None:
    applicant = make_applicant(database)
    other, _ = add_co_applicant(database, applicant)
    database.in_transaction(
        typed_text.keep_typed,
        by=other,
        proposal_id=applicant.proposal_id,
        fields={"title": "Mine"},
        marks="",
        base_version=1,
        seen="",
    )
    with database.reading() as session:
        proposal = session.get_one(Proposal, applicant.proposal_id)
        assert submission.unsaved_by(session, proposal) == [other.name]
