"""Offers refused, awards ended, payments and returns: where the money is after each, on both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import Conflict, InvalidInput, NotPermitted, Overcommitted, RuleBroken
from funding.models import Account, Award, Event, Person, PlanLine, Role, Scenario, Tranche
from funding.permissions import Actor
from funding.services import awards
from funding.services.decided_lines import kept_after_end
from funding.services.decisions import amend_line, approve_lines
from funding.services.payments import tranches
from funding.services.round_document import build_problem
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_plan,
    make_proposal,
    make_round,
)

AWARD = 9_000_00
TRANCHE = 4_000_00


@dataclass(frozen=True)
class Scene:
    """An award of 9,000.00 from a commitment of 10,000.00, and the people around it."""

    award_id: int
    lead: Actor
    officer: Actor
    preparer: Actor
    releaser: Actor


def set_scene(session: Session) -> Scene:
    committee, funder = make_organisation(session, "committee"), make_organisation(session)
    round_ = make_round(session, committee)
    commitment = make_commitment(session, round_, funder, amount=10_000_00)
    proposal = make_proposal(session, round_, ask=AWARD, minimum=1)
    plan = make_plan(
        session, round_, [(commitment, proposal, AWARD)], make_actor(session, committee)
    )
    officer = make_actor(session, funder)
    approve_lines(session, by=officer, lines={plan.lines[0].id: None}, key="scene")
    return Scene(
        session.scalars(sa.select(Award.id)).one(),
        Actor.of(session.get_one(Person, proposal.lead_id)),
        officer,
        make_actor(session, funder, Role.FINANCE_OFFICER),
        make_actor(session, funder, Role.FINANCE_OFFICER),
    )


@pytest.fixture
def scene(each_database: Database) -> Scene:
    return each_database.in_transaction(set_scene)


def money(database: Database) -> dict[str, int]:
    """Where the commitment's 10,000.00 are, in minor units."""
    with database.reading() as session:
        rows = session.execute(
            sa.select(Account.kind, sa.func.sum(Account.balance)).group_by(Account.kind)
        )
        found = {kind: int(balance) for kind, balance in rows if balance}
    assert sum(found.values()) == 0
    return {kind: balance for kind, balance in found.items() if kind != "committed"}


def version(database: Database, scene: Scene) -> int:
    with database.reading() as session:
        return session.get_one(Award, scene.award_id).version


def accept(database: Database, scene: Scene) -> None:
    database.in_transaction(awards.accept_award, by=scene.lead, award_id=scene.award_id, version=1)


def schedule(database: Database, scene: Scene, amount: int = TRANCHE, key: str = "t") -> int:
    answer = database.in_transaction(
        tranches.schedule_tranche,
        by=scene.preparer,
        award_id=scene.award_id,
        amount=amount,
        due_on=date(2027, 1, 1),
        condition="",
        key=key,
    )
    return int(answer["tranche_id"])


def pay(database: Database, scene: Scene, tranche_id: int) -> None:
    database.in_transaction(
        tranches.release_tranche, by=scene.releaser, tranche_id=tranche_id, version=1
    )
    database.in_transaction(
        tranches.record_payment,
        by=scene.preparer,
        tranche_id=tranche_id,
        paid_on=date(2027, 1, 2),
        reference="R1",
        key=f"pay-{tranche_id}",
    )


def give_back(database: Database, scene: Scene, tranche_id: int, amount: int, key: str) -> None:
    database.in_transaction(
        tranches.record_return,
        by=scene.preparer,
        tranche_id=tranche_id,
        amount=amount,
        reason="not needed",
        key=key,
    )


def end(database: Database, scene: Scene, reason: str = "the lab closed", **values) -> None:
    values = {"by": scene.officer, "version": version(database, scene), **values}
    database.in_transaction(
        awards.terminate_award, award_id=scene.award_id, reason=reason, **values
    )


def test_a_refused_offer_frees_its_money(each_database: Database, scene: Scene) -> None:
    refuse = {"award_id": scene.award_id, "version": 1}
    with pytest.raises(InvalidInput, match="why"):
        each_database.in_transaction(awards.refuse_award, by=scene.lead, reason=" ", **refuse)
    each_database.in_transaction(
        awards.refuse_award, by=scene.lead, reason="funded elsewhere", **refuse
    )
    assert money(each_database) == {"available": 10_000_00}
    with each_database.reading() as session:
        assert session.get_one(Award, scene.award_id).state == "terminated"
        assert session.scalar(sa.select(Event.action).order_by(Event.seq.desc())) == "award refused"


def test_an_offer_is_refused_by_its_lead_and_only_while_it_is_one(
    each_database: Database, scene: Scene
) -> None:
    refuse = {"award_id": scene.award_id, "reason": "no"}
    with pytest.raises(NotPermitted):
        each_database.in_transaction(awards.refuse_award, by=scene.officer, version=1, **refuse)
    accept(each_database, scene)
    with pytest.raises(RuleBroken, match="accepted already"):
        each_database.in_transaction(awards.refuse_award, by=scene.lead, version=2, **refuse)


def test_ending_an_award_frees_what_is_not_paid_and_leaves_what_is(
    each_database: Database, scene: Scene
) -> None:
    accept(each_database, scene)
    pay(each_database, scene, schedule(each_database, scene, TRANCHE, "first"))
    waiting = schedule(each_database, scene, 3_000_00, "second")
    assert money(each_database) == {
        "available": 1_000_00,
        "awarded": 2_000_00,
        "scheduled": 3_000_00,
        "paid": TRANCHE,
    }
    end(each_database, scene)
    assert money(each_database) == {"available": 6_000_00, "paid": TRANCHE}
    with each_database.reading() as session:
        assert session.get_one(Award, scene.award_id).state == "terminated"
        assert session.get_one(Tranche, waiting).state == "cancelled"
    with pytest.raises(RuleBroken, match="terminated already"):
        end(each_database, scene)


def allocated_again(session: Session, scene: Scene, amount: int) -> PlanLine:
    """What a new plan makes of a run that gives `amount` to the same proposal."""
    award = session.get_one(Award, scene.award_id)
    proposal, commitment = award.proposal, award.commitment
    proposer = make_actor(session, proposal.round.owner)
    plan = make_plan(session, proposal.round, [(commitment, proposal, amount)], proposer)
    return plan.lines[0]


def test_money_of_an_award_that_ended_can_be_allocated_to_the_same_proposal_again(
    each_database: Database, scene: Scene
) -> None:
    accept(each_database, scene)
    pay(each_database, scene, schedule(each_database, scene))
    end(each_database, scene)

    def again(session: Session) -> tuple[int, int]:
        """What the optimizer may give it again, once planned and approved: its ask and money."""
        award = session.get_one(Award, scene.award_id)
        scenario = Scenario(
            round=award.proposal.round, name="Again", created_by_id=scene.officer.person_id
        )
        session.add(scenario)
        session.flush()
        document = build_problem(session, scenario).document
        assert document["locks"] == []
        return document["proposals"][0]["ask"], document["commitments"][0]["amount"]

    assert each_database.in_transaction(again) == (AWARD - TRANCHE, 10_000_00 - TRANCHE)
    line_id = each_database.in_transaction(
        lambda session: allocated_again(session, scene, AWARD - TRANCHE).id
    )
    with pytest.raises(InvalidInput, match=r"only USD.5,000 of this ask"):
        each_database.in_transaction(
            amend_line,
            by=scene.officer,
            line_id=line_id,
            version=None,
            amount=AWARD - TRANCHE + 1,
            reason="more",
            key="too much",
        )
    each_database.in_transaction(
        approve_lines, by=scene.officer, lines={line_id: None}, key="again"
    )
    assert money(each_database) == {
        "available": 1_000_00,
        "awarded": AWARD - TRANCHE,
        "paid": TRANCHE,
    }


def test_an_award_that_stands_keeps_its_pair_out_of_a_new_plan(
    each_database: Database, scene: Scene
) -> None:
    with pytest.raises(IndexError):
        each_database.in_transaction(allocated_again, scene, 500_00)


def test_a_refused_offer_does_not_count_as_given_to_its_proposal(
    each_database: Database, scene: Scene
) -> None:
    each_database.in_transaction(
        awards.refuse_award, by=scene.lead, award_id=scene.award_id, version=1, reason="not yet"
    )

    def again(session: Session) -> str:
        proposal = session.get_one(Award, scene.award_id).proposal
        proposal.minimum = 8_000_00
        line = allocated_again(session, scene, 7_000_00)
        approve_lines(session, by=scene.officer, lines={line.id: None}, key="less")
        return kept_after_end(session, proposal.round_id)[proposal.id], line.state

    assert each_database.in_transaction(again) == (0, "approved")


def test_an_award_is_ended_by_an_officer_of_its_funder_with_a_reason_and_a_fresh_look(
    each_database: Database, scene: Scene
) -> None:
    with pytest.raises(InvalidInput, match="why"):
        end(each_database, scene, reason="")
    with pytest.raises(NotPermitted):
        end(each_database, scene, by=scene.preparer)
    with pytest.raises(Conflict):
        end(each_database, scene, version=99)
    assert money(each_database) == {"available": 1_000_00, "awarded": AWARD}


def test_money_comes_back_in_parts_and_never_more_than_was_paid(
    each_database: Database, scene: Scene
) -> None:
    accept(each_database, scene)
    tranche = schedule(each_database, scene)
    with pytest.raises(RuleBroken, match="Only money that was paid"):
        give_back(each_database, scene, tranche, 100, "early")
    pay(each_database, scene, tranche)
    give_back(each_database, scene, tranche, 1_000_00, "part")
    give_back(each_database, scene, tranche, 1_000_00, "part")  # the same form, sent twice
    assert money(each_database)["paid"] == 3_000_00
    for amount in (3_000_01, 0):
        with pytest.raises(InvalidInput, match="more than zero and at most"):
            give_back(each_database, scene, tranche, amount, f"wrong {amount}")
    give_back(each_database, scene, tranche, 3_000_00, "rest")
    assert money(each_database) == {"available": 5_000_00, "awarded": 5_000_00}
    with each_database.reading() as session:
        assert session.get_one(Tranche, tranche).state == "returned"


def test_tranches_never_exceed_the_award(each_database: Database, scene: Scene) -> None:
    accept(each_database, scene)
    schedule(each_database, scene, 6_000_00, "first")
    with pytest.raises(Overcommitted):
        schedule(each_database, scene, 3_000_01, "second")
    with pytest.raises(RuleBroken, match="cannot release"):
        each_database.in_transaction(
            tranches.release_tranche, by=scene.preparer, tranche_id=1, version=1
        )
