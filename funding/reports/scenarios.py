"""The scenarios of a round as lists: their runs, their pins."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from funding.formatting import format_amount
from funding.language import gettext as _
from funding.models import (
    Commitment,
    Organisation,
    Person,
    Pin,
    Proposal,
    Round,
    Run,
    RunLine,
    RunProposal,
    Scenario,
)
from funding.permissions import Actor, visible_proposals, without_conflict
from funding.reports.discretion import Discretion
from funding.reports.results import latest_runs


@dataclass(frozen=True)
class ScenarioRow:
    """A scenario, the last run of it that ended with a plan, and the last run of any kind.

    `funded`: proposals that the reader sees; `allocated` in base minor units.
    """

    scenario: Scenario
    run: Run | None
    last: Run | None
    copied_from: str | None
    funded: int
    allocated: int

    @property
    def changes(self) -> int:
        """In how many places it differs from the round as it is."""
        return len(self.scenario.policy) + len(self.scenario.needs) + len(self.scenario.pins)


def scenario_rows(session: Session, round_: Round, by: Actor) -> list[ScenarioRow]:
    """Newest first."""
    scenarios = list(
        session.scalars(
            sa.select(Scenario)
            .where(Scenario.round_id == round_.id)
            .order_by(Scenario.id.desc())
            .options(
                joinedload(Scenario.created_by),
                selectinload(Scenario.runs),
                selectinload(Scenario.pins),
            )
        )
    )
    done = latest_runs(session, scenarios)
    names = {s.id: s.name for s in scenarios}
    funded, allocated = _sums(session, [run.id for run in done.values()], by)
    return [
        ScenarioRow(
            s,
            done.get(s.id),
            s.runs[-1] if s.runs else None,
            names.get(s.copied_from_id or 0),
            funded.get(done[s.id].id, 0) if s.id in done else 0,
            allocated.get(done[s.id].id, 0) if s.id in done else 0,
        )
        for s in scenarios
    ]


def _sums(session: Session, run_ids: list[int], by: Actor) -> tuple[dict[int, int], dict[int, int]]:
    """By run: how many proposals it funds that the person sees, and all money it suggests."""
    funded = session.execute(
        sa.select(RunProposal.run_id, sa.func.count())
        .join(Proposal, Proposal.id == RunProposal.proposal_id)
        .where(RunProposal.run_id.in_(run_ids), RunProposal.amount > 0, without_conflict(by))
        .group_by(RunProposal.run_id)
    )
    allocated = session.execute(
        sa.select(RunLine.run_id, sa.func.sum(RunLine.base_amount))
        .where(RunLine.run_id.in_(run_ids))
        .group_by(RunLine.run_id)
    )
    return dict(funded.all()), {run: int(total) for run, total in allocated}


@dataclass(frozen=True)
class PinRow:
    """A pin, with the names of what it is on; `currency` is the round's."""

    pin: Pin
    key: str
    title: str
    commitment: str | None
    currency: str

    @property
    def in_words(self) -> str:
        if self.pin.amount is None:
            return _("funded in any case") if self.pin.funded else _("not funded")
        amount = format_amount(self.pin.amount, self.currency)
        if self.commitment:
            return _("%(amount)s from %(commitment)s", amount=amount, commitment=self.commitment)
        return _("%(amount)s in all", amount=amount)


def pin_rows(session: Session, scenario: Scenario, discretion: Discretion) -> list[PinRow]:
    """The scenario's pins on proposals that the person may see."""
    rows = session.execute(
        sa.select(Pin, Proposal.key, Proposal.title, Commitment.name)
        .join(Proposal, Proposal.id == Pin.proposal_id)
        .outerjoin(Commitment, Commitment.id == Pin.commitment_id)
        .where(Pin.scenario_id == scenario.id, Pin.proposal_id.not_in(discretion.ids))
        .order_by(Proposal.key, Pin.id)
    )
    return [PinRow(*row, scenario.round.base_currency) for row in rows]


@dataclass(frozen=True)
class RunRow:
    """A run and who asked for it; None where it was the command line."""

    run: Run
    asked_by: str | None


def run_rows(session: Session, scenario: Scenario) -> list[RunRow]:
    rows = session.execute(
        sa.select(Run, Person.name)
        .outerjoin(Person, Person.id == Run.asked_by_id)
        .where(Run.scenario_id == scenario.id)
        .order_by(Run.id.desc())
    )
    return [RunRow(*row) for row in rows]


def visible_proposal(session: Session, by: Actor, proposal_id: int) -> Proposal | None:
    return (
        session.scalars(visible_proposals(by).where(Proposal.id == proposal_id))
        .unique()
        .one_or_none()
    )


def commitment_choices(session: Session, round_id: int) -> list[tuple[int, str]]:
    """(id, name with its funder) of a round's commitments."""
    rows = session.execute(
        sa.select(Commitment.id, Commitment.name, Organisation.name)
        .join(Organisation, Organisation.id == Commitment.funder_id)
        .where(Commitment.round_id == round_id)
        .order_by(Organisation.name, Commitment.name)
    )
    return [(id_, f"{name} ({funder})") for id_, name, funder in rows]


def commitments_by_key(session: Session, round_id: int) -> dict[str, tuple[str, str]]:
    """(name, funder's name) of a round's commitments by key."""
    rows = session.execute(
        sa.select(Commitment.key, Commitment.name, Organisation.name)
        .join(Organisation, Organisation.id == Commitment.funder_id)
        .where(Commitment.round_id == round_id)
    )
    return {key: (name, funder) for key, name, funder in rows}
