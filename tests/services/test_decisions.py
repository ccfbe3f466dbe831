"""Putting a plan forward and deciding its lines, on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import (
    Conflict,
    IdempotencyMismatch,
    IdempotencyMissing,
    InvalidInput,
    NotFound,
    NotPermitted,
    Overcommitted,
    RuleBroken,
)
from funding.models import (
    Account,
    AccountKind,
    Approval,
    Award,
    Commitment,
    ConflictOfInterest,
    Event,
    PlanLine,
    Proposal,
    Role,
    Transition,
)
from funding.permissions import Actor
from funding.services.decisions import amend_line, approve_lines, decline_line
from funding.services.round_document import build_problem
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_plan,
    make_proposal,
    make_round,
)


@dataclass
class Scene:
    """A plan of one line of 8,000 from a commitment of 10,000, put forward by a committee's
    officer; `first` and `second` are officers of the funder, `foreign` of another one."""

    line_id: int
    commitment_id: int
    proposal_id: int
    proposer: Actor
    first: Actor
    second: Actor
    foreign: Actor
    round_id: int


def set_scene(
    session: Session, *, second_approval_above: int | None = None, **commitment_values: object
) -> Scene:
    committee = make_organisation(session, "committee")
    round_ = make_round(session, committee)
    funder, other = make_organisation(session), make_organisation(session)
    commitment = make_commitment(
        session,
        round_,
        funder,
        amount=10_000_00,
        second_approval_above=second_approval_above,
        **commitment_values,
    )
    make_commitment(session, round_, other)
    proposal = make_proposal(session, round_)
    proposer = make_actor(session, committee)
    plan = make_plan(session, round_, [(commitment, proposal, 8_000_00)], proposer)
    return Scene(
        plan.lines[0].id,
        commitment.id,
        proposal.id,
        proposer,
        make_actor(session, funder),
        make_actor(session, funder),
        make_actor(session, other),
        round_.id,
    )


def balances(database: Database, commitment_id: int) -> dict[str, int]:
    with database.reading() as session:
        rows = session.execute(
            sa.select(Account.kind, sa.func.sum(Account.balance))
            .where(Account.commitment_id == commitment_id)
            .group_by(Account.kind)
        )
        return {kind: int(balance) for kind, balance in rows}


def approve(
    database: Database, by: Actor, line_id: int, key: str = "k", version: int | None = None
):
    return database.in_transaction(approve_lines, by=by, lines={line_id: version}, key=key)


def test_an_approved_line_becomes_an_award_and_its_money_moves(each_database: Database) -> None:
    scene = each_database.in_transaction(set_scene)
    assert balances(each_database, scene.commitment_id) == {
        "committed": -10_000_00,
        "available": 2_000_00,
        "reserved": 8_000_00,
    }
    assert approve(each_database, scene.first, scene.line_id) == {"approved": 1, "waiting": 0}
    assert balances(each_database, scene.commitment_id) == {
        "committed": -10_000_00,
        "available": 2_000_00,
        "reserved": 0,
        "awarded": 8_000_00,
    }
    with each_database.reading() as session:
        award = session.scalars(sa.select(Award)).one()
        assert (award.amount, award.proposal_id) == (8_000_00, scene.proposal_id)
        assert session.get_one(Proposal, scene.proposal_id).state == "funded"
        moves = session.scalars(
            sa.select(Transition.to_state).where(Transition.kind == "plan_line")
        ).all()
        assert moves == ["approved"]


def test_nobody_approves_what_they_put_forward(each_database: Database) -> None:
    scene = each_database.in_transaction(set_scene)
    amend = {"line_id": scene.line_id, "version": None, "amount": 7_000_00, "reason": "less"}
    each_database.in_transaction(amend_line, by=scene.first, key="a", **amend)
    with pytest.raises(RuleBroken, match="a colleague has to"):
        approve(each_database, scene.first, scene.line_id)
    assert approve(each_database, scene.second, scene.line_id)["approved"] == 1


def test_the_database_refuses_the_proposers_approval_even_as_raw_sql(
    each_database: Database,
) -> None:
    scene = each_database.in_transaction(set_scene)

    def force(session: Session) -> None:
        session.execute(
            sa.update(PlanLine)
            .where(PlanLine.id == scene.line_id)
            .values(recommended_by_id=scene.first.person_id)
        )
        session.add(
            Approval(
                plan_line_id=scene.line_id,
                person_id=scene.first.person_id,
                amount=8_000_00,
                put_forward_by_id=scene.first.person_id,
            )
        )
        session.flush()

    with pytest.raises(RuleBroken, match="nobody approves what they put forward"):
        each_database.in_transaction(force)


def test_a_line_above_the_threshold_needs_two_people(each_database: Database) -> None:
    scene = each_database.in_transaction(set_scene, second_approval_above=5_000_00)
    assert approve(each_database, scene.first, scene.line_id) == {"approved": 0, "waiting": 1}
    with pytest.raises(RuleBroken, match="approved this line already"):
        approve(each_database, scene.first, scene.line_id, key="again")
    assert approve(each_database, scene.second, scene.line_id, key="b")["approved"] == 1


def test_raw_sql_cannot_approve_a_line_short_of_its_approvals(each_database: Database) -> None:
    scene = each_database.in_transaction(set_scene)
    with pytest.raises(RuleBroken, match="needs more approvals"):
        each_database.in_transaction(
            lambda session: session.execute(
                sa.text("update plan_line set state = 'approved' where id = :id"),
                {"id": scene.line_id},
            )
        )


def test_officers_of_another_funder_cannot_decide_a_line(each_database: Database) -> None:
    scene = each_database.in_transaction(set_scene)
    for act in (
        lambda: approve(each_database, scene.foreign, scene.line_id),
        lambda: each_database.in_transaction(
            decline_line, by=scene.foreign, line_id=scene.line_id, version=None, reason="x", key="d"
        ),
    ):
        with pytest.raises((NotFound, NotPermitted)):
            act()


def test_a_person_in_conflict_does_not_see_the_line(each_database: Database) -> None:
    scene = each_database.in_transaction(set_scene)

    def declare(session: Session) -> None:
        session.add(
            ConflictOfInterest(
                proposal_id=scene.proposal_id,
                person_id=scene.first.person_id,
                declared_by_id=scene.first.person_id,
                reason="former colleague",
            )
        )

    each_database.in_transaction(declare)
    with pytest.raises(NotFound):
        approve(each_database, scene.first, scene.line_id)


def test_a_declined_line_gives_its_money_back_with_a_reason(each_database: Database) -> None:
    scene = each_database.in_transaction(set_scene)
    decline = {"by": scene.first, "line_id": scene.line_id, "version": None}
    with pytest.raises(InvalidInput, match="say why"):
        each_database.in_transaction(decline_line, **decline, reason=" ", key="a")
    each_database.in_transaction(decline_line, **decline, reason="outside our remit", key="b")
    assert balances(each_database, scene.commitment_id)["available"] == 10_000_00
    with pytest.raises(RuleBroken, match="declined already"):
        approve(each_database, scene.second, scene.line_id)


@pytest.mark.parametrize(
    ("amount", "rule"),
    [
        (0, "more than zero"),
        (10_000_01, "ask"),
        (9_500_00, "at most USD"),
        (100_00, "at least USD"),
    ],
)
def test_an_amendment_keeps_to_the_ask_and_the_commitments_limits(
    database: Database, amount: int, rule: str
) -> None:
    scene = database.in_transaction(set_scene, cap_per_proposal=9_000_00, ticket=500_00)
    with pytest.raises(InvalidInput) as refusal:
        database.in_transaction(
            amend_line,
            by=scene.first,
            line_id=scene.line_id,
            version=None,
            amount=amount,
            reason="why",
            key="a",
        )
    assert any(rule in fault.rule for fault in refusal.value.faults)
    assert balances(database, scene.commitment_id)["reserved"] == 8_000_00


def test_an_amendment_that_leaves_a_proposal_unviable_is_refused_with_what_others_may_give(
    each_database: Database,
) -> None:
    def needy(session: Session) -> Scene:
        scene = set_scene(session)
        line = session.get_one(PlanLine, scene.line_id)
        others = sa.select(Commitment).where(Commitment.id != scene.commitment_id)
        session.scalars(others).one().cap_per_proposal = 1_000_00
        line.proposal.minimum = 6_000_00
        line.plan.run.problem = build_problem(session, line.plan.run.scenario).document
        return scene

    scene = each_database.in_transaction(needy)
    amend = {"line_id": scene.line_id, "version": None, "reason": "less"}
    with pytest.raises(InvalidInput) as refusal:
        each_database.in_transaction(amend_line, by=scene.first, key="a", amount=4_999_00, **amend)
    (fault,) = refusal.value.faults
    assert "cannot reach the USD\N{NO-BREAK SPACE}6,000" in fault.rule
    assert "other money may give it USD\N{NO-BREAK SPACE}1,000 at most" in fault.rule
    each_database.in_transaction(amend_line, by=scene.first, key="b", amount=5_000_00, **amend)
    assert balances(each_database, scene.commitment_id)["reserved"] == 5_000_00


def test_an_amendment_beyond_the_balance_is_refused_whole(each_database: Database) -> None:
    def tight(session: Session) -> Scene:
        scene = set_scene(session)
        proposal = session.get_one(Proposal, scene.proposal_id)
        proposal.ask = 50_000_00
        return scene

    scene = each_database.in_transaction(tight)
    with pytest.raises(Overcommitted):
        each_database.in_transaction(
            amend_line,
            by=scene.first,
            line_id=scene.line_id,
            version=None,
            amount=12_000_00,
            reason="more",
            key="a",
        )
    assert balances(each_database, scene.commitment_id) == {
        "committed": -10_000_00,
        "available": 2_000_00,
        "reserved": 8_000_00,
    }


def test_a_stale_look_at_a_line_is_not_a_decision(each_database: Database) -> None:
    scene = each_database.in_transaction(set_scene)
    amend = {"line_id": scene.line_id, "version": 1, "amount": 7_000_00, "reason": "less"}
    each_database.in_transaction(amend_line, by=scene.first, key="a", **amend)
    with pytest.raises(Conflict):
        approve(each_database, scene.second, scene.line_id, version=1)


def test_the_same_key_has_one_effect_and_one_answer(each_database: Database) -> None:
    scene = each_database.in_transaction(set_scene)
    first = approve(each_database, scene.first, scene.line_id, key="once")
    assert approve(each_database, scene.first, scene.line_id, key="once") == first
    with each_database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Award)) == 1
    with pytest.raises(IdempotencyMismatch):
        approve(each_database, scene.first, scene.line_id + 1, key="once")
    with pytest.raises(IdempotencyMissing):
        approve(each_database, scene.first, scene.line_id, key="")


def test_a_new_plan_withdraws_what_was_not_decided_and_keeps_what_was(
    each_database: Database,
) -> None:
    def two_lines(session: Session) -> tuple[Scene, int, int]:
        scene = set_scene(session)
        line = session.get_one(PlanLine, scene.line_id)
        round_ = line.plan.round
        another = make_proposal(session, round_, ask=2_000_00, minimum=1_000_00)
        plan = make_plan(
            session,
            round_,
            [(line.commitment, line.proposal, 8_000_00), (line.commitment, another, 1_000_00)],
            scene.proposer,
        )
        return scene, plan.lines[0].id, plan.lines[1].id

    scene, kept, undecided = each_database.in_transaction(two_lines)
    approve(each_database, scene.first, kept)

    def again(session: Session) -> list[str]:
        line = session.get_one(PlanLine, undecided)
        lines = [(line.commitment, session.get_one(PlanLine, kept).proposal, 8_000_00)]
        plan = make_plan(session, line.plan.round, lines, scene.proposer)
        return [plan_line.state for plan_line in plan.lines]

    assert each_database.in_transaction(again) == []
    with each_database.reading() as session:
        states = {i: session.get_one(PlanLine, i).state for i in (scene.line_id, kept, undecided)}
    assert states == {scene.line_id: "withdrawn", kept: "approved", undecided: "withdrawn"}
    assert balances(each_database, scene.commitment_id)[AccountKind.AVAILABLE] == 2_000_00


def test_a_withdrawn_proposal_is_not_awarded(each_database: Database) -> None:
    scene = each_database.in_transaction(set_scene)

    def withdraw(session: Session) -> None:
        session.get_one(Proposal, scene.proposal_id).state = "withdrawn"

    each_database.in_transaction(withdraw)
    with pytest.raises(RuleBroken, match="withdrawn"):
        approve(each_database, scene.first, scene.line_id)


def test_every_act_is_in_the_log(each_database: Database) -> None:
    scene = each_database.in_transaction(set_scene)
    approve(each_database, scene.first, scene.line_id)
    with each_database.reading() as session:
        acts = session.scalars(sa.select(Event.action).order_by(Event.seq)).all()
    assert acts[-2:] == ["plan put forward", "line approved"]


def test_a_researcher_is_never_an_approver(each_database: Database) -> None:
    scene = each_database.in_transaction(set_scene)
    researcher = each_database.in_transaction(
        lambda session: make_actor(
            session, make_organisation(session, "institution"), Role.RESEARCHER
        )
    )
    with pytest.raises(NotFound):
        approve(each_database, researcher, scene.line_id)
