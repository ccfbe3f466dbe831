"""Letters to those not funded: suggested from what applicants may hear, edited, sent once."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import Conflict, InvalidInput, NotFound, RuleBroken
from funding.models import (
    ConflictOfInterest,
    DeclineLetter,
    Mail,
    Person,
    Proposal,
    Role,
    Round,
    RunProposal,
)
from funding.permissions import Actor
from funding.reports.applications import outcome
from funding.services import declines, rounds
from funding.services.decisions import approve_lines
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_plan,
    make_proposal,
    make_round,
)

SAID = "The money in this round that may pay for it cannot reach the least amount it needs."
SECRET = "Not funded: it overlaps with another and scores 41."


@dataclass(frozen=True)
class Scene:
    """A round with one funded proposal and one that is not; `chair` decides for its owner."""

    round_id: int
    refused_id: int
    line_id: int
    chair: Actor
    officer: Actor
    lead: Actor
    outsider: Actor


def set_scene(session: Session) -> Scene:
    owner, funder = make_organisation(session, "committee"), make_organisation(session)
    round_ = make_round(session, owner)
    commitment = make_commitment(session, round_, funder)
    chair = make_actor(session, owner, Role.COMMITTEE)
    plan = make_plan(
        session,
        round_,
        [(commitment, make_proposal(session, round_), 6_000_00)],
        make_actor(session, owner),
    )
    refused = make_proposal(session, round_)
    session.add(
        RunProposal(
            run_id=plan.run_id,
            proposal_id=refused.id,
            merit=0.41,
            amount=0,
            reason=SECRET,
            detail={"applicant": SAID},
        )
    )
    return Scene(
        round_.id,
        refused.id,
        plan.lines[0].id,
        chair,
        make_actor(session, funder),
        Actor.of(refused.lead),
        make_actor(session, make_organisation(session, "committee"), Role.COMMITTEE),
    )


@pytest.fixture
def scene(each_database: Database) -> Scene:
    return each_database.in_transaction(set_scene)


def write(database: Database, scene: Scene) -> int:
    return database.in_transaction(declines.write_letters, by=scene.chair, round_id=scene.round_id)


def letter(database: Database, scene: Scene) -> DeclineLetter:
    with database.reading() as session:
        found = declines.letter_of(session, scene.refused_id)
    assert found is not None
    return found


def edit(database: Database, scene: Scene, version: int, body: str, by: Actor = None) -> None:
    database.in_transaction(
        declines.edit_letter,
        by=by or scene.chair,
        proposal_id=scene.refused_id,
        version=version,
        body=body,
    )


def close(database: Database, scene: Scene) -> None:
    database.in_transaction(
        approve_lines, by=scene.officer, lines={scene.line_id: None}, key="line"
    )
    with database.reading() as session:
        version = session.get_one(Round, scene.round_id).version
    database.in_serializable_transaction(
        rounds.move_round, by=scene.chair, round_id=scene.round_id, to="closed", version=version
    )


def mails(database: Database) -> list[Mail]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Mail).where(Mail.kind == "decline")))


def test_the_letter_suggested_says_what_applicants_may_hear_and_no_more(
    each_database: Database, scene: Scene
) -> None:
    assert write(each_database, scene) == 1
    body = letter(each_database, scene).body
    assert SAID in body
    for kept_back in ("scores 41", "overlaps", SECRET):
        assert kept_back not in body
    with each_database.reading() as session:
        assert session.scalar(sa.select(sa.func.count(DeclineLetter.id))) == 1


def test_an_edited_letter_is_sent_as_it_is_when_the_round_closes_and_only_once(
    each_database: Database, scene: Scene
) -> None:
    write(each_database, scene)
    there = letter(each_database, scene)
    with pytest.raises(InvalidInput):
        edit(each_database, scene, there.version, "  ")
    with pytest.raises(NotFound):
        edit(each_database, scene, there.version, "Mine", by=scene.outsider)
    edit(each_database, scene, there.version, "Dear colleague, not this time.")
    with pytest.raises(Conflict):
        edit(each_database, scene, there.version, "A stale edit")
    assert write(each_database, scene) == 0  # what somebody edited stays
    assert mails(each_database) == []
    close(each_database, scene)
    (sent,) = mails(each_database)
    assert sent.body == "Dear colleague, not this time."
    with each_database.reading() as session:
        assert sent.to == session.get_one(Person, scene.lead.person_id).email
        proposal = session.get_one(Proposal, scene.refused_id)
        assert proposal.state == "not funded"
        shown = outcome(session, scene.lead, proposal)
        assert shown is not None
        assert shown.letter == "Dear colleague, not this time."

    def again(session: Session) -> int:
        return declines.send_letters(session, scene.chair, session.get_one(Round, scene.round_id))

    assert each_database.in_transaction(again) == 0
    assert len(mails(each_database)) == 1
    with pytest.raises(RuleBroken, match="sent already"):
        edit(each_database, scene, letter(each_database, scene).version, "Too late")
    with pytest.raises(RuleBroken, match="sent is not changed"):
        each_database.in_transaction(
            lambda session: session.execute(sa.text("update decline_letter set body = 'x'"))
        )


def test_whoever_has_no_letter_when_the_round_closes_gets_the_suggested_one(
    each_database: Database, scene: Scene
) -> None:
    close(each_database, scene)
    (sent,) = mails(each_database)
    assert SAID in sent.body
    assert sent.key == f"decline {scene.refused_id}"


def test_a_person_in_conflict_neither_writes_nor_reads_the_letter(
    each_database: Database, scene: Scene
) -> None:
    def declare(session: Session) -> None:
        session.add(
            ConflictOfInterest(
                proposal_id=scene.refused_id,
                person_id=scene.chair.person_id,
                declared_by_id=scene.chair.person_id,
                reason="A former student",
            )
        )

    each_database.in_transaction(declare)
    assert write(each_database, scene) == 0
    close(each_database, scene)
    with pytest.raises(NotFound):
        edit(each_database, scene, letter(each_database, scene).version, "Mine")
