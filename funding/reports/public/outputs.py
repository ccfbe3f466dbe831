"""What came out of public awards: outputs of accepted reports, where their titles are public."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.listing import Listing
from funding.models import (
    Award,
    HandedIn,
    Narrative,
    Organisation,
    Output,
    OutputKind,
    Proposal,
    Report,
    ReportState,
    Round,
)
from funding.permissions import Scope, is_withheld, public_awards

SORTABLE = {
    "title": sa.func.lower(Output.title),
    "kind": Output.kind,
    "on": HandedIn.handed_in_at,
}
FILTERS = ("q", "kind", "round")
KINDS = tuple(kind.value for kind in OutputKind)


@dataclass(frozen=True)
class PublicOutput:
    """An output and the work it came out of; `award_id` is one of that work's public awards."""

    id: int
    kind: str
    title: str
    address: str
    licence: str
    work_title: str
    work: str
    round_key: str
    round_name: str
    recipient: str
    award_id: int
    reported_on: date


def _query(scope: Scope, args: dict[str, str]) -> sa.Select[tuple[Output]]:
    """Outputs of versions that a public award's own funder accepted, one row each.

    What only the funder of an award that is kept back accepted is kept back with it.
    """
    awards = public_awards(scope).with_only_columns(Award.id)
    accepted = (
        sa.select(Report.handed_in_id, sa.func.min(Report.award_id).label("award_id"))
        .where(Report.state == ReportState.ACCEPTED, Report.award_id.in_(awards))
        .group_by(Report.handed_in_id)
        .subquery()
    )
    query = (
        sa.select(Output)
        .join(HandedIn, HandedIn.id == Output.handed_in_id)
        .join(accepted, accepted.c.handed_in_id == HandedIn.id)
        .join(Narrative, Narrative.id == HandedIn.narrative_id)
        .join(Proposal, Proposal.id == Narrative.proposal_id)
        .join(Round, Round.id == Proposal.round_id)
        .outerjoin(Organisation, Organisation.id == Proposal.institution_id)
        .where(HandedIn.counts, ~is_withheld())
        .add_columns(
            Proposal.title.label("work_title"),
            (Round.key + "/" + Proposal.key).label("work"),
            Round.key.label("round_key"),
            Round.name.label("round_name"),
            sa.func.coalesce(Organisation.name, "").label("recipient"),
            accepted.c.award_id,
            HandedIn.handed_in_at,
        )
    )
    if words := args.get("q"):
        query = query.where(
            sa.or_(
                Output.title.icontains(words, autoescape=True),
                Output.address.icontains(words, autoescape=True),
                Proposal.title.icontains(words, autoescape=True),
            )
        )
    if "kind" in args:
        query = query.where(Output.kind == args["kind"])
    if "round" in args:
        query = query.where(Round.key == args["round"])
    return query


def _rows(session: Session, query: sa.Select[tuple[Output]]) -> list[PublicOutput]:
    return [
        PublicOutput(
            output.id,
            output.kind,
            output.title,
            output.address,
            output.licence,
            *rest,
            reported_on=at.date(),
        )
        for output, *rest, at in session.execute(query)
    ]


def page_of(session: Session, scope: Scope, listing: Listing) -> tuple[Listing, list[PublicOutput]]:
    """One page of the outputs: two queries."""
    query = _query(scope, dict(listing.args))
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery()))
    listing = listing.counting(total or 0)
    column = SORTABLE[listing.sort_key]
    query = query.order_by(column.desc() if listing.is_descending else column, Output.id)
    return listing, _rows(session, query.limit(listing.per_page).offset(listing.offset))


def all_of(session: Session, scope: Scope, args: dict[str, str]) -> list[PublicOutput]:
    return _rows(session, _query(scope, args).order_by(Output.id))


def of_proposal(session: Session, scope: Scope, proposal_id: int) -> list[PublicOutput]:
    """What one work brought forth, the newest first; nothing where its title is withheld."""
    query = _query(scope, {}).where(Proposal.id == proposal_id)
    return _rows(session, query.order_by(HandedIn.handed_in_at.desc(), Output.position))
