"""What surrounds one proposal on an officer's page: scores, overlaps, runs, conflicts."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import (
    COUNTED_SCORE,
    Binding,
    ConflictOfInterest,
    Overlap,
    Person,
    Proposal,
    Run,
    RunProposal,
    RunState,
    Scenario,
    Score,
    with_effects,
)
from funding.permissions import Actor, visible_proposals, visible_scenarios
from funding.services.run_words import why_of

MOST_RUNS = 5


@dataclass(frozen=True)
class ShownScore:
    """A score with its reviewer's name, where the address belongs to somebody here.

    `counted` is what it counts as in the allocation, 0 to 100: the score, or calibrated.
    """

    score: Score
    reviewer: str
    counted: float


@dataclass(frozen=True)
class ShownOverlap:
    """Another proposal that may be the same work, and what an officer said of it."""

    overlap: Overlap
    other: Proposal


@dataclass(frozen=True)
class ShownRun:
    """What a scenario's last run says of the proposal; amount in the round's minor units."""

    scenario: Scenario
    run_id: int
    amount: int
    reason: str


@dataclass(frozen=True)
class Conflicts:
    """Who is out of the room: by name in the reader's own organisations, else by number."""

    named: list[ConflictOfInterest]
    others: int


def scores_of(session: Session, proposal: Proposal) -> list[ShownScore]:
    rows = session.execute(
        with_effects(
            sa.select(Score, COUNTED_SCORE).join(Proposal, Proposal.id == Score.proposal_id)
        )
        .where(Score.proposal_id == proposal.id)
        .order_by(Score.id)
    ).all()
    names = dict(
        session.execute(
            sa.select(Person.email, Person.name).where(
                Person.email.in_([score.reviewer for score, _ in rows])
            )
        ).all()
    )
    return [
        ShownScore(score, names.get(score.reviewer, score.reviewer), counted)
        for score, counted in rows
    ]


def overlaps_of(session: Session, by: Actor, proposal: Proposal) -> list[ShownOverlap]:
    """Overlaps with proposals that the person may read, the closest first."""
    overlaps = session.scalars(
        sa.select(Overlap)
        .where(sa.or_(Overlap.first_id == proposal.id, Overlap.second_id == proposal.id))
        .order_by(Overlap.degree.desc(), Overlap.id)
    ).all()
    other_of = {
        overlap.id: overlap.second_id if overlap.first_id == proposal.id else overlap.first_id
        for overlap in overlaps
    }
    readable = {
        other.id: other
        for other in session.scalars(
            visible_proposals(by).where(Proposal.id.in_(other_of.values()))
        )
    }
    return [
        ShownOverlap(overlap, readable[other_of[overlap.id]])
        for overlap in overlaps
        if other_of[overlap.id] in readable
    ]


def runs_of(session: Session, by: Actor, proposal: Proposal) -> list[ShownRun]:
    """The last finished run of each scenario the person may see, newest first."""
    scenarios = visible_scenarios(by).with_only_columns(Scenario.id)
    last = (
        sa.select(sa.func.max(Run.id))
        .where(Run.state == RunState.DONE, Run.scenario_id.in_(scenarios))
        .group_by(Run.scenario_id)
    )
    rows = session.execute(
        sa.select(RunProposal, Scenario)
        .join(Run, Run.id == RunProposal.run_id)
        .join(Scenario, Scenario.id == Run.scenario_id)
        .where(RunProposal.proposal_id == proposal.id, Run.id.in_(last))
        .order_by(Run.id.desc())
        .limit(MOST_RUNS)
    )
    currency = proposal.round.base_currency
    return [
        ShownRun(
            scenario,
            found.run_id,
            found.amount,
            why_of(found.amount, proposal.ask, found.reason, found.detail, currency),
        )
        for found, scenario in rows
    ]


def conflicts_of(session: Session, by: Actor, proposal: Proposal) -> Conflicts:
    declared = session.scalars(
        sa.select(ConflictOfInterest)
        .where(ConflictOfInterest.proposal_id == proposal.id)
        .order_by(ConflictOfInterest.id)
    ).all()
    colleagues = set(
        session.scalars(
            sa.select(Binding.person_id).where(
                Binding.organisation_id.in_(list(by.organisations)),
                Binding.person_id.in_([conflict.person_id for conflict in declared]),
            )
        )
    )
    named = [conflict for conflict in declared if conflict.person_id in colleagues]
    return Conflicts(named, len(declared) - len(named))


def names_of(session: Session, ids: set[int]) -> dict[int, str]:
    """Names of people by id."""
    return dict(session.execute(sa.select(Person.id, Person.name).where(Person.id.in_(ids))).all())
