"""The register: what came out of which award; and indicators, laid side by side over awards."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from funding.listing import Listing, whole_number
from funding.models import (
    Award,
    Commitment,
    HandedIn,
    Indicator,
    IndicatorValue,
    Narrative,
    Organisation,
    Output,
    Proposal,
    Report,
    Round,
)
from funding.permissions import Actor, visible_awards

SORTABLE = {
    "title": Output.title,
    "kind": Output.kind,
    "proposal": Proposal.title,
    "on": HandedIn.handed_in_at,
}
FILTERS = ("q", "kind", "round", "funder")
VALUES_SORTABLE = {
    "proposal": Proposal.title,
    "value": IndicatorValue.value,
    "on": HandedIn.handed_in_at,
}


@dataclass(frozen=True)
class OutputRow:
    """An output, the proposal it came out of, and who paid for that."""

    output: Output
    proposal: Proposal
    award_id: int
    funders: list[str]


def _there(by: Actor) -> sa.ColumnElement[bool]:
    """Proposals with an award that the person may see."""
    return Proposal.id.in_(visible_awards(by).with_only_columns(Award.proposal_id))


def _outputs(by: Actor, args: dict[str, str]) -> sa.Select[tuple[Output]]:
    query = (
        sa.select(Output)
        .join(HandedIn, HandedIn.id == Output.handed_in_id)
        .join(Narrative, Narrative.id == HandedIn.narrative_id)
        .join(Proposal, Proposal.id == Narrative.proposal_id)
        .where(HandedIn.counts, _there(by))
    )
    if text := args.get("q"):
        query = query.where(
            sa.or_(
                Output.title.icontains(text, autoescape=True),
                Output.address.icontains(text, autoescape=True),
                Proposal.title.icontains(text, autoescape=True),
            )
        )
    if kind := args.get("kind"):
        query = query.where(Output.kind == kind)
    if (round_id := whole_number(args.get("round"))) is not None:
        query = query.where(Proposal.round_id == round_id)
    if (funder_id := whole_number(args.get("funder"))) is not None:
        query = query.where(
            Proposal.id.in_(
                sa.select(Award.proposal_id)
                .join(Commitment, Commitment.id == Award.commitment_id)
                .where(Commitment.funder_id == funder_id)
            )
        )
    return query


def outputs(session: Session, by: Actor, listing: Listing) -> tuple[Listing, list[OutputRow]]:
    """One page of the register, under the listing's filters."""
    query = _outputs(by, dict(listing.args))
    total = session.scalar(query.with_only_columns(sa.func.count(Output.id)))
    listing = listing.counting(total or 0)
    column = SORTABLE[listing.sort_key]
    found = session.scalars(
        query.options(
            contains_eager(Output.handed_in)
            .contains_eager(HandedIn.narrative)
            .contains_eager(Narrative.proposal)
        )
        .order_by(column.desc() if listing.is_descending else column, Output.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    ).all()
    proposals = {output.handed_in.narrative.proposal.id for output in found}
    awards = _awards_of(session, by, list(proposals))
    rows = []
    for output in found:
        proposal = output.handed_in.narrative.proposal
        pairs = awards[proposal.id]
        rows.append(OutputRow(output, proposal, pairs[0][0], [name for _, name in pairs]))
    return listing, rows


def _awards_of(
    session: Session, by: Actor, proposals: list[int]
) -> dict[int, list[tuple[int, str]]]:
    """By proposal: (award id, name of its funder) of each award that the person may see."""
    rows = session.execute(
        visible_awards(by)
        .join(Organisation, Organisation.id == Commitment.funder_id)
        .where(Award.proposal_id.in_(proposals))
        .with_only_columns(Award.proposal_id, Award.id, Organisation.name)
        .order_by(Award.id)
    )
    found: dict[int, list[tuple[int, str]]] = {}
    for proposal_id, award_id, name in rows:
        found.setdefault(proposal_id, []).append((award_id, name))
    return found


def choices(session: Session, by: Actor) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """(rounds, funders) of the awards that the person may see, each as (id, name)."""
    rounds = session.execute(
        visible_awards(by).with_only_columns(Round.id, Round.name).distinct().order_by(Round.name)
    )
    funders = session.execute(
        visible_awards(by)
        .join(Organisation, Organisation.id == Commitment.funder_id)
        .with_only_columns(Organisation.id, Organisation.name)
        .distinct()
        .order_by(Organisation.name)
    )
    return [(i, n) for i, n in rounds], [(i, n) for i, n in funders]


# -- indicators -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class IndicatorRow:
    """An indicator over the awards that the person may see: how many report it, and the total."""

    indicator: Indicator
    proposals: int
    total: float


def _values(by: Actor) -> sa.Select[tuple[IndicatorValue]]:
    """The newest accepted value of each proposal; totals since its work began."""
    newest = (
        sa.select(
            IndicatorValue.indicator_id,
            Narrative.proposal_id,
            sa.func.max(HandedIn.id).label("handed_in_id"),
        )
        .join(HandedIn, HandedIn.id == IndicatorValue.handed_in_id)
        .join(Narrative, Narrative.id == HandedIn.narrative_id)
        .where(HandedIn.counts)
        .group_by(IndicatorValue.indicator_id, Narrative.proposal_id)
        .subquery()
    )
    return (
        sa.select(IndicatorValue)
        .join(
            newest,
            sa.and_(
                newest.c.indicator_id == IndicatorValue.indicator_id,
                newest.c.handed_in_id == IndicatorValue.handed_in_id,
            ),
        )
        .join(HandedIn, HandedIn.id == IndicatorValue.handed_in_id)
        .join(Narrative, Narrative.id == HandedIn.narrative_id)
        .join(Proposal, Proposal.id == Narrative.proposal_id)
        .where(_there(by))
    )


def indicators(session: Session, by: Actor) -> list[IndicatorRow]:
    """Every indicator, those asked first."""
    known = session.scalars(
        sa.select(Indicator).order_by(Indicator.is_asked.desc(), Indicator.name)
    ).all()
    rows = session.execute(
        _values(by)
        .with_only_columns(
            IndicatorValue.indicator_id,
            sa.func.count(IndicatorValue.id),
            sa.func.sum(IndicatorValue.value),
        )
        .group_by(IndicatorValue.indicator_id)
    )
    found = {indicator_id: (number, total) for indicator_id, number, total in rows}
    return [IndicatorRow(each, *found.get(each.id, (0, 0.0))) for each in known]


@dataclass(frozen=True)
class ValueRow:
    """What one proposal's newest accepted report says of an indicator."""

    proposal: Proposal
    value: float
    handed_in: HandedIn
    report_id: int


def values(
    session: Session, by: Actor, indicator: Indicator, listing: Listing
) -> tuple[Listing, list[ValueRow]]:
    """One page of an indicator's values over proposals, under the listing's filters."""
    query = _values(by).where(IndicatorValue.indicator_id == indicator.id)
    if text := listing.args.get("q"):
        query = query.where(Proposal.title.icontains(text, autoescape=True))
    if (round_id := whole_number(listing.args.get("round"))) is not None:
        query = query.where(Proposal.round_id == round_id)
    total = session.scalar(query.with_only_columns(sa.func.count(IndicatorValue.id)))
    listing = listing.counting(total or 0)
    column = VALUES_SORTABLE[listing.sort_key]
    rows = session.execute(
        query.with_only_columns(Proposal, IndicatorValue.value, HandedIn)
        .order_by(column.desc() if listing.is_descending else column, IndicatorValue.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    ).all()
    reports = _reports_of(session, by, [handed_in.narrative_id for _, _, handed_in in rows])
    return listing, [
        ValueRow(proposal, value, handed_in, reports[handed_in.narrative_id])
        for proposal, value, handed_in in rows
    ]


def _reports_of(session: Session, by: Actor, narratives: list[int]) -> dict[int, int]:
    """By narrative: a report that shows it and that the person may see."""
    rows = session.execute(
        sa.select(Report.narrative_id, sa.func.min(Report.id))
        .where(
            Report.narrative_id.in_(narratives),
            Report.award_id.in_(visible_awards(by).with_only_columns(Award.id)),
        )
        .group_by(Report.narrative_id)
    )
    return {narrative: report for narrative, report in rows if narrative is not None}
