"""A round whose money has been through everything: four currencies, awards, payments, returns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import (
    Award,
    AwardState,
    Organisation,
    PlanLine,
    PlanPutForward,
    Release,
    Role,
    Tranche,
    TrancheState,
)
from funding.permissions import Actor
from funding.services import ledger
from funding.services.decisions import approve_lines, decline_line
from funding.services.payments.candidates import payment_of
from funding.services.payments.reversals import approve_reversal, ask_reversal
from funding.services.payments.tranches import (
    cancel_tranche,
    record_payment,
    release_tranche,
    schedule_tranche,
)
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_person,
    make_plan,
    make_proposal,
    make_round,
)

RATES = {"USD": "1", "EUR": "1.0837", "GBP": "1.26831", "JPY": "0.0067123"}
REGIONS = ("africa", "south-asia", "europe-central-asia")
AREAS: tuple[dict[str, float], ...] = (
    {"interpretability": 1.0},
    {"evaluations": 1.0},
    {"interpretability": 0.63, "evaluations-capability": 0.37},
)


@dataclass(frozen=True)
class MoneyScene:
    """Ids of the round and its funders; `reader` sits on the committee, address `email`."""

    round_id: int
    funder_ids: list[int]
    reader: Actor
    email: str


def make_money_scene(session: Session, seed: int) -> MoneyScene:
    """Two commitments in each of four currencies, a dozen proposals, and a seeded history."""
    chance = Random(seed)
    committee = make_organisation(session, "committee")
    round_ = make_round(session, committee)
    person = make_person(session, committee, Role.COMMITTEE)
    staffs: dict[int, _Staff] = {}
    commitments = []
    for currency in RATES:
        funder = make_organisation(session)
        staffs[funder.id] = _Staff(session, funder)
        for _ in range(2):
            amount = chance.randrange(50_000_00, 900_000_00)
            commitment = make_commitment(session, round_, funder, amount=amount, currency=currency)
            early = chance.randrange(amount)
            commitment.releases = [
                Release(year=2027, amount=early),
                Release(year=2028, amount=amount - early),
            ]
            commitments.append(commitment)
    proposals = [
        make_proposal(
            session,
            round_,
            ask=10**11,
            minimum=0,
            areas=AREAS[number % len(AREAS)],
            region=chance.choice(REGIONS),
        )
        for number in range(12)
    ]
    lines = [
        (commitment, proposal, chance.randrange(1_01, commitment.amount // 12))
        for commitment in commitments
        for proposal in chance.sample(proposals, 6)
    ]
    plan = make_plan(session, round_, lines, make_actor(session, committee))
    plan.run.rates = {
        currency: {"rate": rate, "on": "2026-01-02"} for currency, rate in RATES.items()
    }
    session.flush()
    _decide_and_pay(session, chance, plan, staffs)
    return MoneyScene(round_.id, list(staffs), Actor.of(person), person.email)


class _Staff:
    """One officer and two finance officers of a funder."""

    def __init__(self, session: Session, funder: Organisation) -> None:
        self.officer = make_actor(session, funder)
        self.preparer = make_actor(session, funder, Role.FINANCE_OFFICER)
        self.releaser = make_actor(session, funder, Role.FINANCE_OFFICER)


def _decide_and_pay(
    session: Session, chance: Random, plan: PlanPutForward, staffs: dict[int, _Staff]
) -> None:
    for number, line in enumerate(plan.lines):
        staff = staffs[line.commitment.funder_id]
        if number % 6 == 0:
            continue  # waits for its funder
        if number % 6 == 1:
            decline_line(
                session,
                by=staff.officer,
                line_id=line.id,
                version=None,
                reason="Not now",
                key=f"decline {line.id}",
            )
            continue
        approve_lines(session, by=staff.officer, lines={line.id: None}, key=f"approve {line.id}")
        _pay(session, chance, line, staff, number)


def _pay(session: Session, chance: Random, line: PlanLine, staff: _Staff, number: int) -> None:
    """A third of the award stays unscheduled; the rest is due, paid, returned or taken back."""
    award_id = session.scalars(sa.select(Award.id).where(Award.plan_line_id == line.id)).one()
    tranche = session.get_one(Tranche, _schedule(session, chance, award_id, line, staff))
    fate = ("due", "cancelled", "paid", "returned", "part returned", "reversed")[
        chance.randrange(6) if number > 12 else number % 6
    ]
    if fate == "due":
        return
    if fate == "cancelled":
        cancel_tranche(
            session, by=staff.preparer, tranche_id=tranche.id, version=tranche.version, reason="No"
        )
        return
    release_tranche(session, by=staff.releaser, tranche_id=tranche.id, version=tranche.version)
    record_payment(
        session,
        by=staff.preparer,
        tranche_id=tranche.id,
        paid_on=date(chance.choice((2027, 2028)), 3, 1),
        reference="T",
        key=f"pay {tranche.id}",
    )
    if fate == "returned":
        tranche.state = TrancheState.RETURNED
        ledger.take_back(session, None, tranche, tranche.amount, "sent back")
    elif fate == "part returned":
        ledger.take_back(session, None, tranche, tranche.amount // 3, "a part was not needed")
    elif fate == "reversed":
        _reverse_payment(session, tranche, staff)


def _schedule(
    session: Session, chance: Random, award_id: int, line: PlanLine, staff: _Staff
) -> int:
    session.get_one(Award, award_id).state = AwardState.ACCEPTED
    session.flush()
    answer = schedule_tranche(
        session,
        by=staff.preparer,
        award_id=award_id,
        amount=max(1, line.amount * 2 // 3),
        due_on=date(chance.choice((2027, 2029)), 2, 1),
        condition="",
        key=f"schedule {award_id}",
    )
    return int(answer["tranche_id"])


def _reverse_payment(session: Session, tranche: Tranche, staff: _Staff) -> None:
    """The bank sent the payment back: the transfer is undone by another, paid -> scheduled."""
    paid = payment_of(session, tranche)
    assert paid is not None
    answer = ask_reversal(
        session,
        by=staff.preparer,
        transfer_id=paid.id,
        reason="the bank sent it back",
        key=f"reverse {tranche.id}",
    )
    approve_reversal(session, by=staff.releaser, reversal_id=answer["reversal_id"], version=1)
