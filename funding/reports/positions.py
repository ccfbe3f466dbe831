"""Where every unit of a round's money is, from the ledger: the rows behind each dashboard.

Stages follow the money: available, allocated (reserved in lines that wait for a decision),
awarded (not scheduled yet), scheduled, paid. They add up to what was committed, to the cent, in
each commitment's own currency; amounts in the base currency are at the rates of one day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.models import (
    UNDECIDED,
    Account,
    AccountKind,
    Award,
    Commitment,
    Organisation,
    PlanLine,
    PlanPutForward,
    Proposal,
    ProposalArea,
    Release,
    Round,
    Run,
    RunLine,
    RunState,
    Scenario,
    Tranche,
)
from funding.permissions import Actor, without_conflict
from funding.services.areas import top_areas
from funding.services.rates import Rate, rate_in_round, stored_rate

WITHHELD = "a proposal you are not in the room for"


class Stage(StrEnum):
    AVAILABLE = "available"
    ALLOCATED = "allocated"
    AWARDED = "awarded"
    SCHEDULED = "scheduled"
    PAID = "paid"


STAGES = tuple(Stage)
_OF_ACCOUNT = {
    AccountKind.AWARDED.value: Stage.AWARDED,
    AccountKind.SCHEDULED.value: Stage.SCHEDULED,
    AccountKind.PAID.value: Stage.PAID,
}


@dataclass(frozen=True)
class Position:
    """Money of one commitment in one stage, for one proposal where it has one.

    `amount` in minor units of `currency`; `base` the same in the round's. `areas`: the proposal's
    top areas with the part of `base` that counts for each; the parts add up.
    """

    funder_id: int
    funder: str
    commitment_id: int
    commitment: str
    currency: str
    stage: Stage
    amount: int
    base: int
    proposal_id: int | None = None
    proposal: str = ""
    region: str = ""
    areas: tuple[tuple[str, int], ...] = ()
    award_id: int | None = None
    year: int | None = None


@dataclass(frozen=True)
class Money:
    """A round's positions, how they were converted, and whether anything is before the funders.

    `is_suggested`: no plan is before the funders; `allocated` is then what the newest run
    suggests, and is taken out of `available`.
    """

    positions: list[Position]
    rates: dict[str, Rate]
    run: Run | None
    is_suggested: bool


@dataclass(frozen=True)
class Filters:
    """What a reader narrowed a dashboard to; None: everything."""

    funder_id: int | None = None
    area: str | None = None
    region: str | None = None
    stage: str | None = None
    year: int | None = None

    def applied(self, positions: Iterable[Position]) -> list[Position]:
        """The positions under these filters; under an area, with that area's part of each."""
        kept = []
        for position in positions:
            if self.funder_id is not None and position.funder_id != self.funder_id:
                continue
            if self.region and position.region != self.region:
                continue
            if self.stage and position.stage != self.stage:
                continue
            if self.year is not None and position.year != self.year:
                continue
            if self.area:
                parts = dict(position.areas)
                if self.area not in parts:
                    continue
                position = replace(
                    position, base=parts[self.area], areas=((self.area, parts[self.area]),)
                )
            kept.append(position)
        return kept


def money_of(session: Session, by: Actor, round_: Round) -> Money:
    """Every position of the round, as this person may see it. A bounded number of queries."""
    run = _newest_run(session, round_)
    commitments = _commitments(session, round_)
    rates = _rates(session, commitments.values(), round_, run)
    has_plan = bool(
        session.scalar(
            sa.select(sa.func.count())
            .select_from(PlanPutForward)
            .where(PlanPutForward.round_id == round_.id)
        )
    )
    is_suggested = run is not None and not has_plan
    drafts = _awarded(session, round_)
    drafts += _suggested(session, run) if is_suggested and run else _waiting(session, round_)
    suggested: dict[int, int] = {}
    if is_suggested:
        for draft in drafts:
            suggested[draft.commitment_id] = suggested.get(draft.commitment_id, 0) + draft.amount
    drafts += [
        _Draft(commitment_id, Stage.AVAILABLE, balance - suggested.get(commitment_id, 0))
        for commitment_id, balance in _available(session, round_).items()
    ]
    proposals = _proposals(session, by, round_, {d.proposal_id for d in drafts if d.proposal_id})
    positions = []
    for draft in drafts:
        if not draft.amount:
            continue
        commitment = commitments[draft.commitment_id]
        base = rates[commitment.currency].to_base(draft.amount)
        about = proposals.get(draft.proposal_id) if draft.proposal_id else None
        positions.append(
            Position(
                commitment.funder_id,
                commitment.funder.name,
                commitment.id,
                commitment.name,
                commitment.currency,
                draft.stage,
                draft.amount,
                base,
                proposal_id=about.id if about else None,
                proposal=about.title if about else "",
                region=about.region if about else "",
                areas=parts_by_area(base, about.areas) if about else (),
                award_id=draft.award_id,
                year=draft.year,
            )
        )
    return Money(positions, rates, run, is_suggested)


@dataclass(frozen=True)
class _Draft:
    commitment_id: int
    stage: Stage
    amount: int
    proposal_id: int | None = None
    award_id: int | None = None
    year: int | None = None


@dataclass(frozen=True)
class _About:
    """What a position says of its proposal; `id` is None where it is withheld."""

    id: int | None
    title: str
    region: str
    areas: dict[str, float]


def _newest_run(session: Session, round_: Round) -> Run | None:
    """The run of the plan before the funders, else the newest that came to a plan."""
    run_id = session.scalar(
        sa.select(PlanPutForward.run_id)
        .where(PlanPutForward.round_id == round_.id)
        .order_by(PlanPutForward.is_current.desc(), PlanPutForward.id.desc())
        .limit(1)
    ) or session.scalar(
        sa.select(sa.func.max(Run.id))
        .join(Scenario, Scenario.id == Run.scenario_id)
        .where(Scenario.round_id == round_.id, Run.state == RunState.DONE)
    )
    return session.get(Run, run_id) if run_id else None


def _commitments(session: Session, round_: Round) -> dict[int, Commitment]:
    found = session.scalars(
        sa.select(Commitment)
        .options(sa.orm.joinedload(Commitment.funder))
        .where(Commitment.round_id == round_.id)
    )
    return {commitment.id: commitment for commitment in found}


def _rates(
    session: Session, commitments: Iterable[Commitment], round_: Round, run: Run | None
) -> dict[str, Rate]:
    """The run's own rates; a currency it did not have, at today's."""
    base, kept = round_.base_currency, run.rates if run else {}
    return {
        currency: stored_rate(currency, base, kept[currency])
        if currency in kept
        else rate_in_round(session, round_, currency, now().date())
        for currency in sorted({c.currency for c in commitments})
    }


def _available(session: Session, round_: Round) -> dict[int, int]:
    rows = session.execute(
        sa.select(Account.commitment_id, Account.balance)
        .join(Commitment, Commitment.id == Account.commitment_id)
        .where(Commitment.round_id == round_.id, Account.kind == AccountKind.AVAILABLE)
        .order_by(Account.id)
    )
    return dict(rows.all())


def _waiting(session: Session, round_: Round) -> list[_Draft]:
    rows = session.execute(
        sa.select(PlanLine.commitment_id, PlanLine.amount, PlanLine.proposal_id)
        .join(PlanPutForward, PlanPutForward.id == PlanLine.plan_id)
        .where(PlanPutForward.round_id == round_.id, PlanLine.state.in_(UNDECIDED))
        .order_by(PlanLine.id)
    )
    return [_Draft(c, Stage.ALLOCATED, amount, proposal) for c, amount, proposal in rows]


def _suggested(session: Session, run: Run) -> list[_Draft]:
    rows = session.execute(
        sa.select(RunLine.commitment_id, RunLine.amount, RunLine.proposal_id)
        .where(RunLine.run_id == run.id)
        .order_by(RunLine.id)
    )
    return [_Draft(c, Stage.ALLOCATED, amount, proposal) for c, amount, proposal in rows]


def _awarded(session: Session, round_: Round) -> list[_Draft]:
    """Awards and their tranches, from the balances of their accounts."""
    rows = session.execute(
        sa.select(
            Account.commitment_id,
            Account.kind,
            Account.balance,
            Award.proposal_id,
            Award.id,
            Award.awarded_at,
            Tranche.due_on,
            Tranche.paid_on,
        )
        .join(Award, Award.id == Account.award_id)
        .join(Commitment, Commitment.id == Account.commitment_id)
        .outerjoin(Tranche, Tranche.id == Account.tranche_id)
        .where(Commitment.round_id == round_.id, Account.balance > 0)
        .order_by(Account.id)
    )
    drafts = []
    for commitment_id, kind, balance, proposal_id, award_id, awarded_at, due_on, paid_on in rows:
        stage = _OF_ACCOUNT[kind]
        day: date | None = {
            Stage.AWARDED: awarded_at.date(),
            Stage.SCHEDULED: due_on,
            Stage.PAID: paid_on,
        }[stage]
        year = day.year if day else None
        drafts.append(_Draft(commitment_id, stage, balance, proposal_id, award_id, year))
    return drafts


def _proposals(session: Session, by: Actor, round_: Round, ids: set[int]) -> dict[int, _About]:
    """What may be said of these proposals; one in conflict keeps its money, not its name."""
    open_to = set(
        session.scalars(
            sa.select(Proposal.id).where(Proposal.round_id == round_.id, without_conflict(by))
        )
    )
    tops = top_areas(round_)
    tags: dict[int, dict[str, float]] = {}
    for proposal_id, key, weight in session.execute(
        sa.select(ProposalArea.proposal_id, ProposalArea.area_key, ProposalArea.weight)
        .join(Proposal, Proposal.id == ProposalArea.proposal_id)
        .where(Proposal.round_id == round_.id)
    ):
        areas = tags.setdefault(proposal_id, {})
        areas[tops.get(key, key)] = areas.get(tops.get(key, key), 0.0) + weight
    rows = session.execute(
        sa.select(Proposal.id, Proposal.title, Proposal.region).where(
            Proposal.round_id == round_.id
        )
    )
    return {
        id_: _About(
            id_ if id_ in open_to else None,
            title if id_ in open_to else WITHHELD,
            region or "",
            tags.get(id_, {}),
        )
        for id_, title, region in rows
        if id_ in ids
    }


def parts_by_area(base: int, areas: dict[str, float]) -> tuple[tuple[str, int], ...]:
    """The amount by area; what rounding leaves goes to the largest, so that the parts add up."""
    whole = sum(areas.values())
    if not whole:
        return ()
    ranked = sorted(areas.items(), key=lambda item: (-item[1], item[0]))
    parts = {key: int(base * weight / whole) for key, weight in ranked}
    parts[ranked[0][0]] += base - sum(parts.values())
    return tuple(parts.items())


def releases_by_year(
    session: Session, round_: Round, rates: dict[str, Rate], funder_id: int | None = None
) -> dict[int, int]:
    """What the commitments (of one funder, where given) release by year, in base minor units."""
    query = (
        sa.select(Release.year, Commitment.currency, sa.func.sum(Release.amount))
        .join(Commitment, Commitment.id == Release.commitment_id)
        .where(Commitment.round_id == round_.id)
        .group_by(Release.year, Commitment.currency)
    )
    if funder_id is not None:
        query = query.where(Commitment.funder_id == funder_id)
    rows = session.execute(query)
    by_year: dict[int, int] = {}
    for year, currency, amount in rows:
        by_year[year] = by_year.get(year, 0) + rates[currency].to_base(int(amount))
    return by_year


def funders_of(session: Session, round_: Round) -> list[tuple[int, str]]:
    """(id, name) of each funder with a commitment, by name."""
    rows = session.execute(
        sa.select(Organisation.id, Organisation.name)
        .join(Commitment, Commitment.funder_id == Organisation.id)
        .where(Commitment.round_id == round_.id)
        .distinct()
        .order_by(Organisation.name)
    )
    return [(id_, name) for id_, name in rows]
