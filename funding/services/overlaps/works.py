"""What is compared: proposals, and past grants, as `funding.overlap` reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from funding.errors import InvalidInput
from funding.models import (
    Award,
    AwardState,
    HistoricGrant,
    KnownName,
    NameKind,
    Proposal,
    ProposalState,
    Round,
    TeamMember,
)
from funding.overlap.works import Someone, Work
from funding.services.rates import Rate, rate

COMPARED_STATES = (ProposalState.SUBMITTED, ProposalState.IN_REVIEW, ProposalState.FUNDED)
_LIVE_AWARDS = (AwardState.OFFERED, AwardState.ACCEPTED, AwardState.ACTIVE, AwardState.COMPLETED)
_AT_ONCE = 2_000
_IN_ONE_STATEMENT = 500


def proposal_number(work_id: str) -> int | None:
    """The proposal's number in the id of a work; None for one that is no proposal."""
    kind, _, number = work_id.partition(":")
    return int(number) if kind == "proposal" else None


def grant_number(work_id: str) -> int | None:
    """The past grant's number in the id of a work; None for one that is no past grant."""
    kind, _, number = work_id.partition(":")
    return int(number) if kind == "grant" else None


def work_of_proposal(proposal: Proposal, currency: str | None = None) -> Work:
    """A proposal as a work; its ask in `currency` by today's rate, or in its round's own."""
    institution, ask = proposal.institution, proposal.ask or None
    if ask and currency:
        ask = rate(proposal.round.base_currency, currency, date.today()).to_base(ask)
    lead = Someone(proposal.lead.name, proposal.lead.orcid, _domain(proposal.lead.email))
    return Work(
        id=f"proposal:{proposal.id}",
        title=proposal.title,
        text=proposal.abstract,
        people=(lead, *(_member(member) for member in proposal.team)),
        institution=institution.name if institution else "",
        ror=institution.ror if institution else None,
        amount=ask,
        starts_on=proposal.starts_on,
        ends_on=proposal.ends_on,
    )


def _member(member: TeamMember) -> Someone:
    return Someone(member.name, member.orcid, _domain(member.email))


def _domain(email: str | None) -> str | None:
    return email.rpartition("@")[2].lower() or None if email else None


def work_of_grant(grant: HistoricGrant, currency: str | None = None) -> Work:
    """A past grant as a work; its amount in `currency`, by that day's rate, or its own."""
    return Work(
        id=f"grant:{grant.id}",
        title=grant.title or "",
        text=grant.purpose or "",
        institution=grant.recipient,
        funder=grant.funder,
        amount=in_currency(grant, currency) if currency else grant.amount,
        starts_on=grant.awarded_on,
        outputs=frozenset({grant.source_url}) if grant.source_url else frozenset(),
    )


def in_currency(grant: HistoricGrant, currency: str) -> int | None:
    """What a past grant gave, in minor units of `currency`; None where nobody can say."""
    if grant.amount is None or grant.currency is None or grant.amount <= 0:
        return None
    try:
        return rate(grant.currency, currency, grant.awarded_on or date.today()).to_base(
            grant.amount
        )
    except InvalidInput:  # no rate is published for its currency
        return None


def given(
    session: Session, grants: sa.Select[tuple[HistoricGrant]], currency: str
) -> dict[tuple[str, str], int]:
    """(funder, recipient) -> what these past grants gave, in minor units of `currency`.

    The database adds up what it can: in `currency` itself all of a pair, in others what was given
    on one day, since each day has its rate. Of no day is today's. What nobody can say is left out.
    """
    day = sa.case((HistoricGrant.currency == currency, None), else_=HistoricGrant.awarded_on)
    rows = session.execute(
        grants.where(HistoricGrant.amount > 0, HistoricGrant.currency.is_not(None))
        .with_only_columns(
            HistoricGrant.funder,
            HistoricGrant.recipient,
            HistoricGrant.currency,
            sa.type_coerce(day, sa.Date).label("day"),
            sa.func.sum(HistoricGrant.amount),
        )
        .group_by(
            HistoricGrant.funder, HistoricGrant.recipient, HistoricGrant.currency, sa.text("day")
        )
    )
    rates: dict[tuple[str, date | None], Rate | None] = {}
    totals: dict[tuple[str, str], int] = {}
    for funder, recipient, of, on, amount in rows:
        if (of, on) not in rates:
            rates[of, on] = _rate(of, currency, on or date.today())
        known = rates[of, on]
        if known is not None:
            pair = (funder, recipient)
            totals[pair] = totals.get(pair, 0) + known.to_base(int(amount))
    return totals


def _rate(of: str, currency: str, on: date) -> Rate | None:
    try:
        return rate(of, currency, on)
    except InvalidInput:  # no rate is published for its currency
        return None


def awarded(session: Session, proposals: list[int], currency: str) -> dict[int, int]:
    """What was awarded to proposals of other rounds, by id, in minor units of `currency`."""
    rows = session.execute(
        sa.select(Award.proposal_id, Round.base_currency, sa.func.sum(Award.base_amount))
        .join(Proposal, Proposal.id == Award.proposal_id)
        .join(Round, Round.id == Proposal.round_id)
        .where(Award.proposal_id.in_(proposals), Award.state.in_(_LIVE_AWARDS))
        .group_by(Award.proposal_id, Round.base_currency)
    )
    return {
        id_: rate(base, currency, date.today()).to_base(int(total)) for id_, base, total in rows
    }


def proposals_to_compare() -> sa.Select[tuple[Proposal]]:
    """Handed in and not withdrawn or declined, of all rounds, with what a work needs of them."""
    return (
        sa.select(Proposal)
        .where(Proposal.state.in_(COMPARED_STATES))
        .options(
            joinedload(Proposal.institution),
            joinedload(Proposal.lead),
            joinedload(Proposal.round),
            selectinload(Proposal.team),
        )
        .order_by(Proposal.id)
    )


def grants_to_compare(after: int) -> sa.Select[tuple[HistoricGrant]]:
    """Past grants with words of their own, numbered above `after`."""
    return (
        sa.select(HistoricGrant)
        .where(
            HistoricGrant.id > after,
            sa.or_(HistoricGrant.title.is_not(None), HistoricGrant.purpose.is_not(None)),
        )
        .order_by(HistoricGrant.id)
    )


def works_of(session: Session, after_grant: int = 0) -> Iterator[Work]:
    """All proposals, then the past grants numbered above `after_grant`, a part at a time."""
    for proposal in session.scalars(proposals_to_compare()).unique():
        yield work_of_proposal(proposal)
    while True:
        part = session.scalars(grants_to_compare(after_grant).limit(_AT_ONCE)).all()
        for grant in part:
            yield work_of_grant(grant)
        if len(part) < _AT_ONCE:
            return
        after_grant = part[-1].id
        session.expunge_all()


def by_merged_name(session: Session, works: Iterable[Work]) -> list[Work]:
    """The same works, each institution under the name that stands for all its merged spellings."""
    given = list(works)
    spellings, chosen = sorted({work.institution for work in given}), aliased(KnownName)
    names: dict[str, str] = {}
    for start in range(0, len(spellings), _IN_ONE_STATEMENT):
        rows = session.execute(
            sa.select(KnownName.spelling, chosen.spelling)
            .join(chosen, chosen.id == KnownName.entity_id)
            .where(
                KnownName.kind == NameKind.RECIPIENT,
                KnownName.spelling.in_(spellings[start : start + _IN_ONE_STATEMENT]),
                chosen.id != KnownName.id,
            )
            .order_by(KnownName.id)
        )
        names |= dict(rows.all())
    return [replace(w, institution=names.get(w.institution, w.institution)) for w in given]
