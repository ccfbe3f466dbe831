"""Rounds: made, edited, moved from stage to stage, their policy, questions and answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.models import (
    Event,
    FormQuestion,
    Mail,
    Proposal,
    Role,
    Round,
    RoundEnquiry,
    RoundState,
)
from funding.permissions import Actor
from funding.services import enquiries, round_questions, rounds
from funding.services.round_questions import QuestionText
from tests.builders import make_actor, make_organisation, make_person, make_proposal, make_round


def details(**values: Any) -> rounds.RoundDetails:
    return rounds.RoundDetails(
        **{
            "name": "Autumn Round",
            "summary": "What it is for.",
            "eligibility": "Who may apply.",
            "timezone": "Europe/Zurich",
            "opens_at": now() - timedelta(days=1),
            "closes_at": now() + timedelta(days=30),
            "decides_on": None,
            "may_join": "invited",
            **values,
        }
    )


@pytest.fixture
def owner(database: Database) -> Actor:
    def make(session: Session) -> Actor:
        return make_actor(session, make_organisation(session, "committee"), Role.COMMITTEE)

    return database.in_transaction(make)


def create(database: Database, owner: Actor, **values: Any) -> Round:
    return database.in_transaction(
        rounds.create_round,
        by=owner,
        owner_id=next(iter(owner.organisations)),
        base_currency="EUR",
        details=details(**values),
    )


def move(database: Database, by: Actor, round_: Round, to: str, reason: str = "") -> Round:
    return database.in_serializable_transaction(
        rounds.move_round,
        by=by,
        round_id=round_.id,
        to=to,
        version=current(database, round_.id).version,
        reason=reason,
    )


def current(database: Database, round_id: int) -> Round:
    with database.reading() as session:
        return session.get_one(Round, round_id)


def set_state(database: Database, round_id: int, *states: str, **values: Any) -> None:
    def act(session: Session) -> None:
        round_ = session.get_one(Round, round_id)
        for name, value in values.items():
            setattr(round_, name, value)
        for state in states:
            round_.state = state
            session.flush()

    database.in_transaction(act)


def test_a_new_round_is_a_draft_with_the_shipped_areas_and_a_key_of_its_own(
    database: Database, owner: Actor
) -> None:
    first, second = create(database, owner), create(database, owner)
    assert (first.key, second.key) == ("autumn-round", "autumn-round-2")
    with database.reading() as session:
        stored = session.get_one(Round, second.id)
        assert stored.state == RoundState.DRAFT
        assert 12 <= sum(a.parent_key is None for a in stored.taxonomy.areas) <= 16


def test_all_that_is_wrong_with_a_call_is_named_at_once(database: Database, owner: Actor) -> None:
    with pytest.raises(InvalidInput) as refusal:
        create(
            database,
            owner,
            name="",
            timezone="Mars/Olympus",
            closes_at=now() - timedelta(days=2),
            may_join="x",
        )
    assert {f.field for f in refusal.value.faults} == {"name", "timezone", "closes_at", "may_join"}


def test_nobody_makes_a_round_for_another_organisation(database: Database, owner: Actor) -> None:
    def strangers(session: Session) -> tuple[Actor, Actor]:
        committee = make_organisation(session, "committee")
        return (
            make_actor(session, committee, Role.COMMITTEE),
            make_actor(session, committee, Role.AUDITOR),
        )

    member, auditor = database.in_transaction(strangers)
    for by, organisation, refusal in (
        (member, next(iter(owner.organisations)), NotFound),
        (auditor, next(iter(auditor.organisations)), NotPermitted),
    ):
        with pytest.raises(refusal):
            database.in_transaction(
                rounds.create_round,
                by=by,
                owner_id=organisation,
                base_currency="EUR",
                details=details(),
            )


def test_an_edit_is_logged_with_what_it_changed_and_a_stale_one_refused(
    database: Database, owner: Actor
) -> None:
    round_ = create(database, owner)

    def edit(version: int, **values: Any) -> None:
        database.in_transaction(
            rounds.edit_round,
            by=owner,
            round_id=round_.id,
            version=version,
            details=details(
                **{"opens_at": round_.opens_at, "closes_at": round_.closes_at, **values}
            ),
        )

    edit(1, name="Winter Round")
    with pytest.raises(Conflict):
        edit(1, name="Spring Round")
    with database.reading() as session:
        assert session.get_one(Round, round_.id).name == "Winter Round"
        event = session.scalars(sa.select(Event).order_by(Event.seq.desc()).limit(1)).one()
        assert (event.action, event.detail) == ("round edited", {"changed": ["name"]})


def test_the_deadline_of_an_open_call_is_not_edited(database: Database, owner: Actor) -> None:
    round_ = create(database, owner)
    move(database, owner, round_, "open")
    database.in_transaction(
        rounds.edit_round,
        by=owner,
        round_id=round_.id,
        version=2,
        details=details(closes_at=now() + timedelta(days=300), summary="New words."),
    )
    stored = current(database, round_.id)
    assert (stored.closes_at, stored.summary) == (round_.closes_at, "New words.")


def test_a_call_without_words_or_with_a_past_deadline_does_not_open(
    database: Database, owner: Actor
) -> None:
    round_ = create(database, owner, summary="", eligibility="")
    set_state(
        database,
        round_.id,
        opens_at=now() - timedelta(days=9),
        closes_at=now() - timedelta(days=1),
    )
    with pytest.raises(RuleBroken) as refusal:
        move(database, owner, round_, "open")
    for words in ("what the round is for", "who may apply", "deadline has passed"):
        assert words in str(refusal.value)


def test_review_does_not_begin_before_the_last_deadline(database: Database, owner: Actor) -> None:
    round_ = create(database, owner)
    move(database, owner, round_, "open")
    with pytest.raises(RuleBroken, match="still ahead"):
        move(database, owner, round_, "in review")


def test_submitted_proposals_go_into_review_with_their_round(
    database: Database, owner: Actor
) -> None:
    round_ = create(database, owner)
    move(database, owner, round_, "open")

    def fill(session: Session) -> None:
        stored = session.get_one(Round, round_.id)
        make_proposal(session, stored, key="A", state="submitted")
        make_proposal(session, stored, key="B", state="draft")

    database.in_transaction(fill)
    set_state(database, round_.id, closes_at=now() - timedelta(minutes=1))
    move(database, owner, round_, "in review")
    with database.reading() as session:
        states = dict(session.execute(sa.select(Proposal.key, Proposal.state)).all())
        assert states == {"A": "in review", "B": "draft"}


def test_a_round_goes_back_only_with_a_reason_and_never_to_a_draft_with_proposals(
    database: Database, owner: Actor
) -> None:
    round_ = create(database, owner)
    move(database, owner, round_, "open")
    with pytest.raises(InvalidInput):
        move(database, owner, round_, "draft")
    database.in_transaction(
        lambda session: make_proposal(session, session.get_one(Round, round_.id), state="draft")
    )
    with pytest.raises(RuleBroken, match="no longer go back"):
        move(database, owner, round_, "draft", "wrong call")


def test_stages_are_not_skipped(database: Database, owner: Actor) -> None:
    round_ = create(database, owner)
    with pytest.raises(RuleBroken, match="cannot go from draft to closed"):
        move(database, owner, round_, "closed")


def test_closing_leaves_nothing_undecided_and_tells_the_rest_no(
    database: Database, owner: Actor
) -> None:
    round_ = create(database, owner)
    database.in_transaction(
        lambda session: make_proposal(session, session.get_one(Round, round_.id))
    )
    set_state(database, round_.id, "open", "in review", "allocating", "deciding")
    move(database, owner, round_, "closed")
    with database.reading() as session:
        assert session.scalars(sa.select(Proposal.state)).all() == ["not funded"]
    with pytest.raises(RuleBroken, match="cannot go from closed to deciding"):
        move(database, owner, round_, "deciding", "why not")


def test_a_policy_keeps_its_units_and_refuses_shares_beyond_the_whole(
    database: Database, owner: Actor
) -> None:
    round_ = create(database, owner)

    def set_policy(version: int, policy: dict[str, Any]) -> None:
        database.in_transaction(
            rounds.set_policy, by=owner, round_id=round_.id, version=version, policy=policy
        )

    wanted = {"round_to": 100_000, "region_least": {"africa": 0.06}, "risk_most": {"high": 0.2}}
    set_policy(1, wanted)
    assert current(database, round_.id).policy == wanted
    with pytest.raises(InvalidInput):
        set_policy(2, {"region_least": {"africa": 0.6, "south-asia": 0.5}})


# -- the form's questions -------------------------------------------------------------------------


def question(label: str, **values: Any) -> QuestionText:
    return QuestionText(
        **{"label": label, "help": "", "kind": "text", "choices": (), "is_required": True, **values}
    )


def add(database: Database, owner: Actor, round_id: int, text: QuestionText) -> FormQuestion:
    return database.in_transaction(
        round_questions.add_question,
        by=owner,
        round_id=round_id,
        version=current(database, round_id).version,
        text=text,
    )


def labels(database: Database, round_id: int) -> list[str]:
    with database.reading() as session:
        return [q.label for q in session.get_one(Round, round_id).questions]


def test_questions_keep_an_order_that_owners_change(database: Database, owner: Actor) -> None:
    round_ = create(database, owner)
    made = [add(database, owner, round_.id, question(label)) for label in ("One?", "Two?", "One?")]
    assert len({q.key for q in made}) == 3

    def act(service: Any, number: int, **values: Any) -> None:
        database.in_transaction(
            service,
            by=owner,
            round_id=round_.id,
            question_id=made[number].id,
            version=current(database, round_.id).version,
            **values,
        )

    act(round_questions.move_question, 1, up=True)
    act(round_questions.move_question, 1, up=True)  # first already: stays
    assert labels(database, round_.id) == ["Two?", "One?", "One?"]
    act(round_questions.remove_question, 0)
    assert labels(database, round_.id) == ["Two?", "One?"]
    with pytest.raises(NotFound):
        act(round_questions.remove_question, 0)


def test_an_answered_question_stays_and_keeps_its_kind(database: Database, owner: Actor) -> None:
    round_ = create(database, owner)
    made = add(database, owner, round_.id, question("Which?", kind="choice", choices=("Yes", "No")))
    database.in_transaction(
        lambda session: make_proposal(
            session, session.get_one(Round, round_.id), answers={made.key: "Yes"}, state="draft"
        )
    )
    asked = {"by": owner, "round_id": round_.id, "question_id": made.id}
    version = current(database, round_.id).version
    with pytest.raises(RuleBroken, match="stays on the form"):
        database.in_transaction(round_questions.remove_question, version=version, **asked)
    for text in (question("Which?"), question("Which?", kind="choice", choices=("No", "Maybe"))):
        with pytest.raises(InvalidInput):
            database.in_transaction(
                round_questions.edit_question, version=version, text=text, **asked
            )
    grown = question("Which one?", kind="choice", choices=("Yes", "No", "Perhaps"))
    database.in_transaction(round_questions.edit_question, version=version, text=grown, **asked)
    assert labels(database, round_.id) == ["Which one?"]


@pytest.mark.parametrize(
    "text",
    [
        question(""),
        question("Which?", kind="choice", choices=("Only",)),
        question("Which?", kind="choice", choices=("Same", "Same")),
        question("Which?", kind="essay"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    database: Database, owner: Actor, text: QuestionText
) -> None:
    round_ = create(database, owner)
    with pytest.raises(InvalidInput):
        add(database, owner, round_.id, text)


# -- questions from applicants --------------------------------------------------------------------


def test_an_applicants_question_is_answered_for_all_without_a_name(
    database: Database, owner: Actor
) -> None:
    round_ = create(database, owner)
    move(database, owner, round_, "open")

    def applicants(session: Session) -> tuple[Actor, Actor, str]:
        institution = make_organisation(session, "institution")
        person = make_person(session, institution, Role.RESEARCHER)
        return (
            Actor.of(person),
            make_actor(session, institution, Role.RESEARCHER),
            person.email,
        )

    asker, other, email = database.in_transaction(applicants)
    asked = database.in_transaction(
        enquiries.ask, by=asker, round_id=round_.id, question="May we ask for travel?"
    )

    def seen(by: Actor | None) -> tuple[int, int]:
        with database.reading() as session:
            stored = session.get_one(Round, round_.id)
            answered, waiting = enquiries.visible_enquiries(session, stored, by)
            return len(answered), len(waiting)

    assert [seen(by) for by in (asker, owner, other, None)] == [(0, 1), (0, 1), (0, 0), (0, 0)]
    answering = {"round_id": round_.id, "enquiry_id": asked.id}
    with pytest.raises(NotFound):
        database.in_transaction(enquiries.answer, by=asker, answer="Yes.", before="", **answering)
    database.in_transaction(enquiries.answer, by=owner, answer="Yes.", before="", **answering)
    assert [seen(by) for by in (asker, other, None)] == [(1, 0)] * 3
    with pytest.raises(Conflict):
        database.in_transaction(enquiries.answer, by=owner, answer="No.", before="", **answering)
    with database.reading() as session:
        assert session.scalars(sa.select(RoundEnquiry.answer)).one() == "Yes."
        assert email in session.scalars(sa.select(Mail.to)).all()


def test_a_draft_cannot_be_asked_about_by_strangers(database: Database, owner: Actor) -> None:
    round_ = create(database, owner)
    stranger = database.in_transaction(
        lambda session: make_actor(
            session, make_organisation(session, "institution"), Role.RESEARCHER
        )
    )
    with pytest.raises(NotFound):
        database.in_transaction(enquiries.ask, by=stranger, round_id=round_.id, question="When?")


def test_a_question_of_another_round_is_not_there(session: Session) -> None:
    committee = make_organisation(session, "committee")
    owner = make_actor(session, committee, Role.COMMITTEE)
    mine, other = make_round(session, committee), make_round(session)
    enquiry = RoundEnquiry(round_id=other.id, question="?")
    session.add(enquiry)
    session.flush()
    with pytest.raises(NotFound):
        enquiries.answer(
            session, by=owner, round_id=mine.id, enquiry_id=enquiry.id, answer="x", before=""
        )
