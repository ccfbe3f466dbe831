"""Things to test with, made in one line each; every keyword has a plain default.

Each builder adds to the session and flushes, so that the thing has its id.
"""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.models import (
    Area,
    Award,
    Binding,
    Commitment,
    Organisation,
    Person,
    PlanPutForward,
    Proposal,
    ProposalArea,
    Role,
    Round,
    RoundFunder,
    Run,
    RunLine,
    RunState,
    Scenario,
    ScenarioState,
    Score,
    Taxonomy,
)
from funding.permissions import Actor
from funding.services import ledger
from funding.services.decisions import approve_lines
from funding.services.identity import hash_password
from funding.services.plans import put_forward

PASSWORD = "correct horse battery staple"
_hash = hash_password(PASSWORD)
_number = itertools.count(1)


def make_organisation(session: Session, kind: str = "funder", **values: Any) -> Organisation:
    number = next(_number)
    made = Organisation(
        **{"key": f"{kind}-{number}", "name": f"{kind.title()} {number}", "kind": kind, **values}
    )
    session.add(made)
    session.flush()
    return made


def make_person(
    session: Session, organisation: Organisation, role: Role = Role.PROGRAM_OFFICER, **values: Any
) -> Person:
    number = next(_number)
    made = Person(
        **{
            "email": f"person{number}@test.example",
            "name": f"Person {number}",
            "password_hash": _hash,
            **values,
        }
    )
    made.bindings.append(Binding(organisation=organisation, role=role))
    session.add(made)
    session.flush()
    return made


def make_actor(
    session: Session, organisation: Organisation, role: Role = Role.PROGRAM_OFFICER
) -> Actor:
    return Actor.of(make_person(session, organisation, role))


def make_round(session: Session, owner: Organisation | None = None, **values: Any) -> Round:
    number = next(_number)
    owner = owner or make_organisation(session, "committee")
    made = Round(
        **{
            "key": f"round-{number}",
            "name": f"Round {number}",
            "owner": owner,
            "state": "allocating",
            "base_currency": "USD",
            "opens_at": now() - timedelta(days=30),
            "closes_at": now() + timedelta(days=30),
            **values,
        }
    )
    areas = [
        Area(position=0, key="interpretability", name="Interpretability"),
        Area(position=1, key="evaluations", name="Evaluations"),
        Area(
            position=2,
            key="evaluations-capability",
            parent_key="evaluations",
            name="Capability evaluations",
        ),
    ]
    made.taxonomies.append(Taxonomy(number=1, areas=areas))
    session.add(made)
    session.flush()
    return made


def make_commitment(
    session: Session,
    round_: Round,
    funder: Organisation | None = None,
    *,
    amount: int = 100_000_00,
    currency: str = "USD",
    **values: Any,
) -> Commitment:
    """A commitment with its money on the ledger; the funder joins the round if need be."""
    number = next(_number)
    funder = funder or make_organisation(session, "funder")
    if all(part.funder_id != funder.id for part in round_.participants):
        round_.participants.append(RoundFunder(funder=funder, joined_at=now()))
    made = Commitment(
        **{
            "key": f"commitment-{number}",
            "name": f"Commitment {number}",
            "round": round_,
            "funder": funder,
            "amount": amount,
            "currency": currency,
            **values,
        }
    )
    session.add(made)
    session.flush()
    ledger.open_commitment_accounts(session, made)
    if amount:
        ledger.register(session, None, made, amount)
    return made


def make_proposal(
    session: Session,
    round_: Round,
    *,
    lead: Person | None = None,
    institution: Organisation | None = None,
    areas: dict[str, float] | None = None,
    score: float | None = 70.0,
    **values: Any,
) -> Proposal:
    number = next(_number)
    institution = institution or make_organisation(session, "institution")
    lead = lead or make_person(session, institution, Role.RESEARCHER)
    made = Proposal(
        **{
            "key": f"P{number:03}",
            "round": round_,
            "state": "in review",
            "title": f"Proposal {number}",
            "abstract": f"What proposal {number} is about.",
            "ask": 10_000_00,
            "minimum": 5_000_00,
            "institution": institution,
            "lead": lead,
            "region": "europe-central-asia",
            "risk_tier": "minimal",
            "submitted_at": now(),
            **values,
        }
    )
    for key, weight in (areas or {"interpretability": 1.0}).items():
        made.areas.append(ProposalArea(area_key=key, weight=weight))
    if score is not None:
        made.scores.append(Score(reviewer="reviewer@test.example", score=score))
    session.add(made)
    session.flush()
    return made


def make_plan(
    session: Session,
    round_: Round,
    lines: list[tuple[Commitment, Proposal, int]],
    by: Actor,
    *,
    base_amounts: list[int] | None = None,
) -> PlanPutForward:
    """A plan put forward by `by`, from a finished run with these lines (native amounts).

    Base amounts equal the native ones unless given: right where all is in the base currency.
    """
    scenario = Scenario(
        round=round_, name="For a test", created_by_id=by.person_id, state=ScenarioState.SOLVED
    )
    run = Run(
        state=RunState.DONE,
        rates={c.currency: {"rate": "1", "on": "2026-01-02"} for c, _, _ in lines},
    )
    for number, (commitment, proposal, amount) in enumerate(lines):
        run.lines.append(
            RunLine(
                commitment_id=commitment.id,
                proposal_id=proposal.id,
                amount=amount,
                base_amount=base_amounts[number] if base_amounts else amount,
            )
        )
    scenario.runs.append(run)
    session.add(scenario)
    session.flush()
    answer = put_forward(session, by=by, run_id=run.id, note="", key=f"plan-{next(_number)}")
    return session.get_one(PlanPutForward, answer["plan_id"])


def make_award(session: Session, *, amount: int = 9_000_00) -> Award:
    """An award offered by a funder of its own, in a round of its own."""
    committee, funder = make_organisation(session, "committee"), make_organisation(session)
    round_ = make_round(session, committee)
    commitment = make_commitment(session, round_, funder, amount=10 * amount)
    proposal = make_proposal(session, round_, ask=amount, minimum=1)
    by = make_actor(session, committee)
    line = make_plan(session, round_, [(commitment, proposal, amount)], by).lines[0]
    approve_lines(session, by=make_actor(session, funder), lines={line.id: None}, key=f"{line.id}")
    return session.scalars(sa.select(Award).where(Award.plan_line_id == line.id)).one()
