"""The committee votes: quorum, majority, dissent, conflicts; and what refuses, on both engines."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.models import ConflictOfInterest, Endorsement, PlanPutForward, Role, Vote
from funding.permissions import Actor
from funding.services import committee
from funding.services.decisions import approve_lines
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_plan,
    make_proposal,
    make_round,
)


@dataclass(frozen=True)
class Scene:
    """Five members vote on a plan of one line; `conflicted`, a sixth, is in conflict on it."""

    round_id: int
    plan_id: int
    line_id: int
    proposal_id: int
    members: tuple[Actor, ...]
    conflicted: Actor
    chair: Actor
    funder_officer: Actor
    outsider: Actor


def set_scene(session: Session) -> Scene:
    owner, funder = make_organisation(session, "committee"), make_organisation(session)
    round_ = make_round(session, owner)
    commitment, proposal = make_commitment(session, round_, funder), make_proposal(session, round_)
    chair = make_actor(session, owner)
    plan = make_plan(session, round_, [(commitment, proposal, 6_000_00)], chair)
    members = tuple(make_actor(session, owner, Role.COMMITTEE) for _ in range(6))
    session.add(
        ConflictOfInterest(
            proposal_id=proposal.id,
            person_id=members[5].person_id,
            declared_by_id=members[5].person_id,
            reason="A sister works there",
        )
    )
    return Scene(
        round_.id,
        plan.id,
        plan.lines[0].id,
        proposal.id,
        members[:5],
        members[5],
        chair,
        make_actor(session, funder),
        make_actor(session, make_organisation(session, "committee"), Role.COMMITTEE),
    )


@pytest.fixture
def scene(each_database: Database) -> Scene:
    return each_database.in_transaction(set_scene)


def vote(database: Database, scene: Scene, by: Actor, choice: str, words: str = "") -> None:
    database.in_serializable_transaction(
        committee.cast_vote,
        by=by,
        round_id=scene.round_id,
        plan_id=scene.plan_id,
        choice=choice,
        words=words,
        declares_no_conflict=True,
    )


def close(database: Database, scene: Scene, minutes: str = "") -> Endorsement:
    return database.in_serializable_transaction(
        committee.close_vote,
        by=scene.chair,
        round_id=scene.round_id,
        plan_id=scene.plan_id,
        minutes=minutes,
    )


def set_rule(
    database: Database,
    scene: Scene,
    quorum: int | None = 60,
    majority: str = "two thirds",
    must_endorse: bool = True,
) -> None:
    database.in_serializable_transaction(
        committee.set_rule,
        by=scene.members[0],
        round_id=scene.round_id,
        version=0,
        quorum_percent=quorum,
        majority=majority,
        must_endorse=must_endorse,
    )


def test_a_plan_is_endorsed_with_its_dissent_on_record(
    each_database: Database, scene: Scene
) -> None:
    set_rule(each_database, scene)
    with pytest.raises(RuleBroken, match="endorse this plan first"):
        each_database.in_transaction(
            approve_lines, by=scene.funder_officer, lines={scene.line_id: None}, key="early"
        )
    vote(each_database, scene, scene.members[0], "for")
    vote(each_database, scene, scene.members[1], "for")
    with pytest.raises(RuleBroken, match="2 of 5 members have voted; the quorum is 3"):
        close(each_database, scene)
    with pytest.raises(InvalidInput, match="dissent goes on record"):
        vote(each_database, scene, scene.members[2], "against")
    dissent = "It leaves evaluations in Africa to chance."
    vote(each_database, scene, scene.members[2], "against", dissent)
    result = close(each_database, scene, "Held by call.")
    assert (result.result, result.members, result.in_conflict) == ("endorsed", 5, 1)
    assert (result.votes_for, result.votes_against, result.abstentions) == (2, 1, 0)
    with each_database.reading() as session:
        against = session.scalars(sa.select(Vote).where(Vote.choice == "against")).one()
        assert against.words == dissent
        assert session.scalars(sa.select(Endorsement)).one().minutes == "Held by call."
    answer = each_database.in_transaction(
        approve_lines, by=scene.funder_officer, lines={scene.line_id: None}, key="late"
    )
    assert answer["approved"] == 1
    with pytest.raises(RuleBroken, match="closed"):
        vote(each_database, scene, scene.members[3], "for")


def test_without_a_rule_lines_do_not_wait_for_the_committee(
    each_database: Database, scene: Scene
) -> None:
    answer = each_database.in_transaction(
        approve_lines, by=scene.funder_officer, lines={scene.line_id: None}, key="k"
    )
    assert answer["approved"] == 1


MAJORITIES = (
    ("simple", 2, 1, 0, True),
    ("simple", 1, 1, 3, False),
    ("two thirds", 2, 1, 2, True),
    ("two thirds", 3, 2, 0, False),
    ("two thirds", 0, 0, 3, False),
    ("absolute", 3, 0, 0, True),
    ("absolute", 2, 0, 3, False),
)


@pytest.mark.parametrize(("majority", "for_", "against", "abstain", "endorsed"), MAJORITIES)
def test_each_majority_counts_as_it_says(
    database: Database, majority: str, for_: int, against: int, abstain: int, endorsed: bool
) -> None:
    scene = database.in_transaction(set_scene)
    set_rule(database, scene, quorum=30, majority=majority)
    choices = ["for"] * for_ + ["against"] * against + ["abstain"] * abstain
    for member, choice in zip(scene.members, choices, strict=False):
        vote(database, scene, member, choice, "So that it is on record.")
    assert (close(database, scene).result == "endorsed") is endorsed


def test_who_may_not_vote_is_refused_and_nobody_votes_twice(
    each_database: Database, scene: Scene
) -> None:
    with pytest.raises(NotPermitted, match="in conflict"):
        vote(each_database, scene, scene.conflicted, "for")
    with pytest.raises(NotPermitted):
        vote(each_database, scene, scene.chair, "for")
    with pytest.raises((NotFound, RuleBroken)):
        vote(each_database, scene, scene.outsider, "for")
    vote(each_database, scene, scene.members[0], "for")
    with pytest.raises(RuleBroken, match="voted on this plan already"):
        vote(each_database, scene, scene.members[0], "abstain")
    with pytest.raises(RuleBroken, match="voting already"):
        set_rule(each_database, scene)
    with pytest.raises(InvalidInput):
        set_rule(each_database, scene, quorum=None)


def test_a_member_who_declares_a_conflict_after_voting_counts_no_more(
    each_database: Database, scene: Scene
) -> None:
    for member in scene.members[:3]:
        vote(each_database, scene, member, "for")

    def declare(session: Session) -> None:
        session.add(
            ConflictOfInterest(
                proposal_id=scene.proposal_id,
                person_id=scene.members[0].person_id,
                declared_by_id=scene.members[0].person_id,
                reason="Joins the team in May",
            )
        )

    each_database.in_transaction(declare)
    result = close(each_database, scene)
    assert (result.votes_for, result.members, result.in_conflict) == (2, 4, 2)


def test_a_vote_on_a_plan_that_was_replaced_is_refused(
    each_database: Database, scene: Scene
) -> None:
    def replace(session: Session) -> None:
        session.get_one(PlanPutForward, scene.plan_id).is_current = False

    each_database.in_transaction(replace)
    with pytest.raises((RuleBroken, Conflict)):
        vote(each_database, scene, scene.members[0], "for")
    with pytest.raises(RuleBroken, match="closed"):
        each_database.in_transaction(
            lambda session: session.execute(
                sa.text(VOTE.format(who=scene.members[0].person_id)), {"plan": scene.plan_id}
            )
        )


VOTE = (
    "insert into vote (plan_id, person_id, choice, words, declares_no_conflict, cast_at)"
    " values (:plan, {who}, 'for', '', true, '2026-01-01 00:00:00')"
)
RESULT = (
    "insert into endorsement (plan_id, result, members, in_conflict, quorum_percent, majority,"
    " votes_for, votes_against, abstentions, minutes, closed_by_id, closed_at) values (:plan,"
    " '{result}', {members}, 1, {quorum}, 'simple', {votes}, 0, 0, '', {who},"
    " '2026-01-01 00:00:00')"
)


def test_the_rules_of_votes_hold_against_raw_sql(each_database: Database, scene: Scene) -> None:
    def run(statement: str) -> None:
        bound = {"plan": scene.plan_id} if ":plan" in statement else {}
        each_database.in_transaction(lambda session: session.execute(sa.text(statement), bound))

    member = scene.members[0].person_id
    for who in (scene.conflicted, scene.chair, scene.outsider, scene.funder_officer):
        with pytest.raises(RuleBroken):
            run(VOTE.format(who=who.person_id))
    with pytest.raises(RuleBroken):
        run(VOTE.format(who=member).replace("true", "false"))
    with pytest.raises(RuleBroken):
        run(VOTE.format(who=member).replace("'for'", "'against'"))
    run(VOTE.format(who=member))
    with pytest.raises(RuleBroken):
        run(VOTE.format(who=member))
    for wrong in (
        {"result": "endorsed", "members": 5, "quorum": 50, "votes": 3},
        {"result": "endorsed", "members": 5, "quorum": 50, "votes": 1},
        {"result": "endorsed", "members": 1, "quorum": 50, "votes": 1},
        {"result": "endorsed", "members": 5, "quorum": 20, "votes": 1},
    ):
        with pytest.raises(RuleBroken):
            run(RESULT.format(who=member, **wrong))
    for other in scene.members[1:3]:
        run(VOTE.format(who=other.person_id))
    right = {"members": 5, "quorum": 50, "votes": 3, "who": member}
    with pytest.raises(RuleBroken):
        run(RESULT.format(result="not endorsed", **right))
    run(RESULT.format(result="endorsed", **right))
    for statement in (
        "update vote set choice = 'abstain'",
        "delete from vote",
        "update endorsement set result = 'not endorsed'",
        "delete from endorsement",
        VOTE.format(who=scene.members[4].person_id),
    ):
        with pytest.raises(RuleBroken):
            run(statement)
