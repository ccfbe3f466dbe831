"""What a run suggests, proposal by proposal: a page of rows, with who pays and why."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, load_only

from funding.formatting import format_decimals, format_percent, format_short, plural
from funding.language import gettext
from funding.listing import Listing
from funding.models import (
    Area,
    Commitment,
    Organisation,
    Overlap,
    Pin,
    Proposal,
    ProposalArea,
    Round,
    Run,
    RunLine,
    RunProposal,
    RunState,
    Scenario,
)
from funding.permissions import Actor, without_conflict
from funding.reports.counted_overlaps import counted
from funding.reports.discretion import Discretion
from funding.reports.result_filters import conditions
from funding.reports.rules import rule_label
from funding.services.run_words import said_again, why_of

SORTABLE = ("merit", "ask", "amount", "title", "key")
_IN_ONE_STATEMENT = 500


@dataclass(frozen=True)
class Payer:
    """One line: `base_amount` in the round's currency, `amount` in the commitment's own.

    `why`: what it rests on, in the reader's language.
    `years`: when it is paid, {year: minor units of the commitment}; empty where nobody says.
    """

    commitment_id: int
    commitment: str
    funder: str
    base_amount: int
    amount: int
    currency: str
    why: str
    years: dict[str, int]


@dataclass(frozen=True)
class OverlapNote:
    """An overlap with another proposal that counted, and whether that one is funded."""

    overlap_id: int
    key: str
    title: str
    degree: float
    is_funded: bool


@dataclass(frozen=True)
class ProposalRow:
    """A proposal in a run; money in base minor units, `rank` by merit among those seen.

    `reason` as it was stored, in English, for files; `why` the same for who reads the page.
    """

    id: int
    key: str
    title: str
    institution: str
    region: str | None
    rank: int
    merit: float
    is_scored: bool
    areas: list[tuple[str, float]]
    ask: int
    minimum: int
    amount: int
    reason: str
    why: str
    payers: list[Payer]
    overlaps: list[OverlapNote]
    pin: Pin | None


def _ranked(run: Run, by: Actor) -> sa.Subquery:
    """The run's proposals that the person may see, ranked by merit."""
    return (
        sa.select(
            RunProposal.proposal_id,
            RunProposal.merit,
            RunProposal.amount,
            RunProposal.reason,
            RunProposal.detail,
            Proposal.key,
            Proposal.title,
            Proposal.region,
            Proposal.ask,
            Proposal.minimum,
            Proposal.institution_id,
            sa.func.rank().over(order_by=RunProposal.merit.desc()).label("rank"),
        )
        .join(Proposal, Proposal.id == RunProposal.proposal_id)
        .where(RunProposal.run_id == run.id, without_conflict(by))
        .subquery("ranked")
    )


def list_rows(
    session: Session,
    by: Actor,
    run: Run,
    listing: Listing,
    discretion: Discretion,
    *,
    is_whole: bool = False,
) -> tuple[Listing, list[ProposalRow]]:
    """One page of the table (all of it if `is_whole`), and the listing with its total.

    The number of queries does not depend on the number of rows shown.
    """
    ranked = _ranked(run, by)
    query = (
        sa.select(ranked, Organisation.name.label("institution"))
        .outerjoin(Organisation, Organisation.id == ranked.c.institution_id)
        .where(*conditions(session, run, listing, ranked))
    )
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery()))
    listing = listing.counting(total or 0)
    orders: dict[str, Any] = {
        "merit": ranked.c.merit,
        "ask": ranked.c.ask,
        "amount": ranked.c.amount,
        "title": sa.func.lower(ranked.c.title),
        "key": ranked.c.key,
    }
    column = orders.get(listing.sort_key, ranked.c.merit)
    order = column.desc() if listing.is_descending else column.asc()
    query = query.order_by(order, ranked.c.key)
    if not is_whole:
        query = query.limit(listing.per_page).offset(listing.offset)
    found = session.execute(query).all()
    ids = [row.proposal_id for row in found]
    areas = tags_of(session, run.scenario.round, ids)
    payers = payers_of(session, run.id, ids)
    overlaps = overlaps_of(session, run, ids, discretion)
    pins = {pin.proposal_id: pin for pin in run.scenario.pins if pin.commitment_id is None}
    currency = run.scenario.round.base_currency
    return listing, [
        ProposalRow(
            id=row.proposal_id,
            key=row.key,
            title=row.title,
            institution=row.institution or "",
            region=row.region,
            rank=row.rank,
            merit=row.merit,
            is_scored=row.detail.get("is_scored", True),
            areas=areas[row.proposal_id],
            ask=row.ask,
            minimum=row.minimum,
            amount=row.amount,
            reason=discretion.text(row.reason),
            why=discretion.text(why_of(row.amount, row.ask, row.reason, row.detail, currency)),
            payers=payers[row.proposal_id],
            overlaps=overlaps[row.proposal_id],
            pin=pins.get(row.proposal_id),
        )
        for row in found
    ]


def _in_parts(ids: list[int]) -> list[list[int]]:
    """A page's ids in one piece; those of a whole round in as many as the databases take."""
    return [ids[at : at + _IN_ONE_STATEMENT] for at in range(0, len(ids), _IN_ONE_STATEMENT)]


def tags_of(
    session: Session, round_: Round, ids: list[int]
) -> defaultdict[int, list[tuple[str, float]]]:
    """Each proposal's areas by name with their shares, largest first."""
    names = dict(
        session.execute(
            sa.select(Area.key, Area.name).where(Area.taxonomy_id == round_.taxonomy.id)
        ).all()
    )
    found: defaultdict[int, list[tuple[str, float]]] = defaultdict(list)
    for part in _in_parts(ids):
        for proposal, key, weight in session.execute(
            sa.select(ProposalArea.proposal_id, ProposalArea.area_key, ProposalArea.weight)
            .where(ProposalArea.proposal_id.in_(part))
            .order_by(ProposalArea.weight.desc(), ProposalArea.area_key)
        ):
            found[proposal].append((names.get(key, key), weight))
    return found


def payers_of(session: Session, run_id: int, ids: list[int]) -> defaultdict[int, list[Payer]]:
    """Who pays each of these proposals, largest first."""
    found: defaultdict[int, list[Payer]] = defaultdict(list)
    for part in _in_parts(ids):
        rows = session.execute(
            sa.select(RunLine, Commitment.name, Commitment.currency, Organisation.name)
            .join(Commitment, Commitment.id == RunLine.commitment_id)
            .join(Organisation, Organisation.id == Commitment.funder_id)
            .where(RunLine.run_id == run_id, RunLine.proposal_id.in_(part))
            .order_by(RunLine.base_amount.desc(), RunLine.id)
        )
        for line, commitment, currency, funder in rows:
            found[line.proposal_id].append(
                Payer(
                    line.commitment_id,
                    commitment,
                    funder,
                    line.base_amount,
                    line.amount,
                    currency,
                    said_again(line.reason, line.says),
                    line.years,
                )
            )
    return found


def overlaps_of(
    session: Session, run: Run, ids: list[int], discretion: Discretion
) -> defaultdict[int, list[OverlapNote]]:
    """The overlaps that counted of these proposals with others the person may hear of."""
    first, second = aliased(Proposal), aliased(Proposal)
    query = (
        sa.select(Overlap, first, second)
        .join(first, first.id == Overlap.first_id)
        .join(second, second.id == Overlap.second_id)
        .where(Overlap.round_id == run.scenario.round_id)
        .options(*(load_only(side.key, side.title) for side in (first, second)))
        .order_by(Overlap.degree.desc(), Overlap.id)
    )
    if len(ids) <= _IN_ONE_STATEMENT:
        query = query.where(sa.or_(Overlap.first_id.in_(ids), Overlap.second_id.in_(ids)))
    degrees = counted(run)
    pairs = [
        (overlap, *both)
        for overlap, *both in session.execute(query)
        if degrees.get(frozenset(side.key for side in both))
    ]
    amounts: dict[int, int] = {}
    for part in _in_parts(sorted({p.id for _, *both in pairs for p in both})):
        amounts |= dict(
            session.execute(
                sa.select(RunProposal.proposal_id, RunProposal.amount).where(
                    RunProposal.run_id == run.id, RunProposal.proposal_id.in_(part)
                )
            ).all()
        )
    found: defaultdict[int, list[OverlapNote]] = defaultdict(list)
    for overlap, *both in pairs:
        for own, other in (both, reversed(both)):
            if other.id in amounts and other.id not in discretion.ids:
                found[own.id].append(
                    OverlapNote(
                        overlap.id,
                        other.key,
                        other.title,
                        degrees[frozenset(side.key for side in both)],
                        amounts[other.id] > 0,
                    )
                )
    return found


@dataclass(frozen=True)
class Headline:
    """The figures at the head of a result; money in base minor units.

    `least_gain`: of the funder that pooling gives least, over what it reaches without; None where
    no baseline was worked out.
    """

    funded: int
    candidates: int
    unscored: int
    allocated: int
    asked: int
    available: int
    lines: int
    least_gain: float | None


def headline(session: Session, run: Run, by: Actor | None = None) -> Headline:
    """Counts of what the person may see (everything without one), and the plan's sums."""
    seen = [RunProposal.run_id == run.id]
    if by is not None:
        seen.append(without_conflict(by))
    funded, candidates, asked = session.execute(
        sa.select(
            sa.func.count().filter(RunProposal.amount > 0),
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(Proposal.ask), 0),
        )
        .join(Proposal, Proposal.id == RunProposal.proposal_id)
        .where(*seen)
    ).one()
    unscored = session.scalar(
        sa.select(sa.func.count())
        .select_from(RunProposal)
        .join(Proposal, Proposal.id == RunProposal.proposal_id)
        .where(*seen, RunProposal.detail["is_scored"].as_boolean().is_(False))
    )
    allocated, lines = session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(RunLine.base_amount), 0), sa.func.count(RunLine.id)
        ).where(RunLine.run_id == run.id)
    ).one()
    return Headline(
        funded,
        candidates,
        unscored or 0,
        int(allocated),
        int(asked),
        run.summary.get("available", 0),
        lines,
        run.summary.get("least_gain"),
    )


def headline_in_words(session: Session, run: Run) -> list[str]:
    """The result in a few lines of text, as the command line prints it."""
    figures = headline(session, run)
    currency = run.scenario.round.base_currency
    given, available = (format_short(v, currency) for v in (figures.allocated, figures.available))
    return [
        gettext(
            "%(name)s: %(given)s of %(available)s suggested to %(funded)s of "
            "%(candidates)s, in %(lines)s.",
            name=run.scenario.name,
            given=given,
            available=available,
            funded=figures.funded,
            candidates=plural(figures.candidates, "proposal"),
            lines=plural(figures.lines, "line"),
        ),
        quality_in_words(run),
        gettext(
            "%(seconds)s s; input %(value)s.",
            seconds=format_decimals(run.seconds or 0, 1),
            value=(run.digest or "")[:12],
        ),
    ]


def quality_in_words(run: Run) -> str:
    """How close to the best the plan is proven to be."""
    gap = max(0.0, run.gap or 0.0)
    if run.status == "optimal":
        if gap < 5e-7:
            return "Proven: no plan is worth more than this one."
        return gettext(
            "Proven: a better plan could be worth at most %(gap)s more.", gap=format_percent(gap, 2)
        )
    if run.status == "by_rule":
        more = round(max(0.0, (run.bound or 0.0) - (run.value or 0.0)))
        return gettext(
            "Decided by the rule “%(rule_label)s”, which does not look for the most "
            "value: another plan could be worth at most %(more)s more.",
            rule_label=rule_label(run.scenario.rule),
            more=format_short(more, run.scenario.round.base_currency),
        )
    return gettext(
        "The time was up before the search ended: this is the best plan found, and "
        "a better one could be worth at most %(gap)s more. It may differ if solved "
        "again.",
        gap=format_percent(gap, 2),
    )


def latest_runs(session: Session, scenarios: list[Scenario]) -> dict[int, Run]:
    """The last run of each scenario that ended with a plan."""
    newest = (
        sa.select(sa.func.max(Run.id))
        .where(
            Run.scenario_id.in_([s.id for s in scenarios]),
            Run.state == RunState.DONE,
            Run.digest.is_not(None),
        )
        .group_by(Run.scenario_id)
    )
    return {
        run.scenario_id: run for run in session.scalars(sa.select(Run).where(Run.id.in_(newest)))
    }


def institutions_of(session: Session, by: Actor, run: Run) -> list[tuple[str, str]]:
    """(key, name) of the institutions whose proposals the person sees in this run."""
    rows = session.execute(
        sa.select(Organisation.key, Organisation.name)
        .where(
            sa.exists()
            .where(RunProposal.run_id == run.id, RunProposal.proposal_id == Proposal.id)
            .where(Proposal.institution_id == Organisation.id, without_conflict(by))
        )
        .order_by(Organisation.name)
    )
    return [(key, name) for key, name in rows]
