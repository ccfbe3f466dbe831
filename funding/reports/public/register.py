"""The public register of awards: what is said of each, one page of them, or all for a download."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from funding.errors import NotFound
from funding.listing import Listing, whole_number
from funding.models import (
    Area,
    Award,
    AwardPeriod,
    Commitment,
    Organisation,
    Proposal,
    ProposalArea,
    Round,
    WithheldTitle,
)
from funding.permissions import LAST_ID, Scope, is_withheld, public_awards
from funding.places import region_name
from funding.reports.public.areas import named_areas
from funding.reports.public.money import NO_MONEY, Money, money_of

FILTERS = ("q", "round", "funder", "recipient", "area", "region", "state", "year")
STATES = ("accepted", "active", "completed", "terminated")
FIRST_YEAR, LAST_YEAR = 1990, 2200

_Funder, _Recipient = aliased(Organisation), aliased(Organisation)
_SHOWN_TITLE = sa.case((is_withheld(), ""), else_=Proposal.title)
"""Nobody finds or orders awards by a title that is withheld."""

_REASON = (
    sa.select(WithheldTitle.reason)
    .where(WithheldTitle.proposal_id == Proposal.id)
    .scalar_subquery()
)

SORTABLE = {
    "title": sa.func.lower(_SHOWN_TITLE),
    "funder": _Funder.name,
    "recipient": _Recipient.name,
    "amount": Award.base_amount,
    "awarded": Award.awarded_at,
    "state": Award.state,
}


@dataclass(frozen=True)
class PublicAward:
    """All that the public is told of one award. No person is named.

    `title` is empty where it is withheld; then so is `abstract`, and `withheld_because` says why.
    `money` in minor units of `currency`. `areas`: (key, name, share of the work). `work` is the
    same for the awards of one proposal.
    """

    id: int
    round_id: int
    round_key: str
    round_name: str
    base_currency: str
    work: str
    title: str
    abstract: str
    withheld_because: str
    funder_key: str
    funder: str
    funder_country: str
    funder_ror: str
    fund: str
    recipient_key: str
    recipient: str
    recipient_ror: str
    country: str
    region: str
    currency: str
    state: str
    awarded_at: datetime
    starts_on: date | None
    ends_on: date | None
    proposal_id: int
    commitment_id: int
    money: Money = NO_MONEY
    areas: tuple[tuple[str, str, float], ...] = ()

    @property
    def awarded_on(self) -> date:
        return self.awarded_at.date()

    @property
    def area_tags(self) -> list[tuple[str, float]]:
        return [(name, share) for _, name, share in self.areas]


def _joined(query: sa.Select[tuple[Award]]) -> sa.Select[tuple[Award]]:
    return query.join(_Funder, _Funder.id == Commitment.funder_id).outerjoin(
        _Recipient, _Recipient.id == Proposal.institution_id
    )


def filtered(scope: Scope, args: dict[str, str]) -> sa.Select[tuple[Award]]:
    """The public awards under these filters; what a filter does not understand finds nothing."""
    query = _joined(public_awards(scope))
    if words := args.get("q"):
        query = query.where(
            sa.or_(
                _SHOWN_TITLE.icontains(words, autoescape=True),
                _Funder.name.icontains(words, autoescape=True),
                _Recipient.name.icontains(words, autoescape=True),
                Commitment.name.icontains(words, autoescape=True),
            )
        )
    for name, column in (
        ("round", Round.key),
        ("funder", _Funder.key),
        ("recipient", _Recipient.key),
        ("region", Proposal.region),
        ("state", Award.state),
    ):
        if name in args:
            query = query.where(column == args[name])
    if "area" in args:
        query = query.where(Proposal.id.in_(_in_area(args["area"])))
    if "year" in args:
        year = whole_number(args["year"]) or 0
        query = query.where(*_in_year(year) if FIRST_YEAR <= year <= LAST_YEAR else (sa.false(),))
    return query


def _in_area(key: str) -> sa.Select[tuple[int]]:
    """Ids of proposals with a share of their work in an area or below it."""
    below = sa.select(Area.key).where(sa.or_(Area.key == key, Area.parent_key == key))
    return sa.select(ProposalArea.proposal_id).where(ProposalArea.area_key.in_(below))


def _in_year(year: int) -> tuple[sa.ColumnElement[bool], ...]:
    first, after = (datetime(y, 1, 1, tzinfo=UTC) for y in (year, year + 1))
    return Award.awarded_at >= first, Award.awarded_at < after


def _text(column: Any) -> sa.ColumnElement[str]:
    """The column, "" where it is empty."""
    return sa.func.coalesce(column, "")


CURRENCY = Commitment.currency
_COLUMNS: dict[str, Any] = {
    "id": Award.id,
    "round_id": Round.id,
    "round_key": Round.key,
    "round_name": Round.name,
    "base_currency": Round.base_currency,
    "work": Round.key + "/" + Proposal.key,
    "title": _SHOWN_TITLE,
    "abstract": sa.case((is_withheld(), ""), else_=Proposal.abstract),
    "withheld_because": _text(_REASON),
    "funder_key": _Funder.key,
    "funder": _Funder.name,
    "funder_country": _text(_Funder.country),
    "funder_ror": _text(_Funder.ror),
    "fund": Commitment.name,
    "recipient_key": _text(_Recipient.key),
    "recipient": _text(_Recipient.name),
    "recipient_ror": _text(_Recipient.ror),
    "country": _text(Proposal.country),
    "region": _text(Proposal.region),
    "currency": Commitment.currency,
    "state": Award.state,
    "awarded_at": Award.awarded_at,
    "starts_on": sa.func.coalesce(AwardPeriod.starts_on, Proposal.starts_on),
    "ends_on": sa.func.coalesce(AwardPeriod.ends_on, Proposal.ends_on),
    "proposal_id": Proposal.id,
    "commitment_id": Commitment.id,
}


def _rows(session: Session, query: sa.Select[tuple[Award]]) -> list[PublicAward]:
    rows = session.execute(
        query.outerjoin(AwardPeriod, AwardPeriod.award_id == Award.id).with_only_columns(
            *(column.label(name) for name, column in _COLUMNS.items())
        )
    )
    return [PublicAward(**row) for row in rows.mappings()]


def _completed(
    session: Session, awards: list[PublicAward], ids: sa.Select[tuple[int]], today: date
) -> list[PublicAward]:
    """With money and areas: a bounded number of queries for all of them."""
    money = money_of(session, ids, today)
    areas = _areas(session, awards, ids)
    return [
        replace(award, money=money.get(award.id, NO_MONEY), areas=areas.get(award.proposal_id, ()))
        for award in awards
    ]


def _areas(
    session: Session, awards: Iterable[PublicAward], ids: sa.Select[tuple[int]]
) -> dict[int, tuple[tuple[str, str, float], ...]]:
    """By proposal: its areas, the largest share first, each with the name the round gives it."""
    round_of = {award.proposal_id: award.round_id for award in awards}
    names = named_areas(session, set(round_of.values()))
    proposals = sa.select(Award.proposal_id).where(Award.id.in_(ids))
    found: dict[int, list[tuple[str, str, float]]] = {}
    for proposal_id, key, weight in session.execute(
        sa.select(ProposalArea.proposal_id, ProposalArea.area_key, ProposalArea.weight)
        .where(ProposalArea.proposal_id.in_(proposals))
        .order_by(ProposalArea.weight.desc(), ProposalArea.area_key)
    ):
        area = names.get(round_of.get(proposal_id, 0), {}).get(key)
        found.setdefault(proposal_id, []).append((key, area.name if area else key, weight))
    return {proposal_id: tuple(areas) for proposal_id, areas in found.items()}


def page_of(session: Session, scope: Scope, listing: Listing) -> tuple[Listing, list[PublicAward]]:
    """One page of the register, under the listing's filters."""
    query = filtered(scope, dict(listing.args))
    total = session.scalar(query.with_only_columns(sa.func.count(Award.id)))
    listing = listing.counting(total or 0)
    column = SORTABLE[listing.sort_key]
    awards = _rows(
        session,
        query.order_by(column.desc() if listing.is_descending else column, Award.id)
        .limit(listing.per_page)
        .offset(listing.offset),
    )
    ids = sa.select(Award.id).where(Award.id.in_([award.id for award in awards]))
    return listing, _completed(session, awards, ids, scope.today)


def all_of(session: Session, scope: Scope, args: dict[str, str]) -> list[PublicAward]:
    """Every award under these filters, in the order of their numbers."""
    query = filtered(scope, args)
    ids = query.with_only_columns(Award.id)
    return _completed(session, _rows(session, query.order_by(Award.id)), ids, scope.today)


def award_of(session: Session, scope: Scope, award_id: int) -> PublicAward:
    """One award; raises NotFound for one that is not public."""
    if not 0 < award_id <= LAST_ID:
        raise NotFound("award")
    query = _joined(public_awards(scope)).where(Award.id == award_id)
    ids = sa.select(Award.id).where(Award.id == award_id)
    awards = _completed(session, _rows(session, query), ids, scope.today)
    if not awards:
        raise NotFound("award")
    return awards[0]


@dataclass(frozen=True)
class Choices:
    """What the register can be narrowed to: (key, name) of rounds, funders and regions; years."""

    rounds: list[tuple[str, str]]
    funders: list[tuple[str, str]]
    areas: list[tuple[str, str]]
    regions: list[tuple[str, str]]
    years: list[tuple[int, str]]


def choices(session: Session, scope: Scope) -> Choices:
    """Only what some public award has: a choice that finds nothing would tell of one kept back."""
    query = _joined(public_awards(scope))

    def pairs(*columns: sa.ColumnElement[str]) -> list[tuple[str, str]]:
        rows = session.execute(
            query.with_only_columns(*columns).distinct().order_by(columns[1], columns[0])
        )
        return [(key, name) for key, name in rows]

    regions = session.scalars(
        query.with_only_columns(Proposal.region).where(Proposal.region.is_not(None)).distinct()
    )
    first, last = session.execute(
        query.with_only_columns(sa.func.min(Award.awarded_at), sa.func.max(Award.awarded_at))
    ).one()
    tagged = sa.select(ProposalArea.area_key).where(
        ProposalArea.proposal_id.in_(query.with_only_columns(Award.proposal_id))
    )
    tops = sa.select(sa.func.coalesce(Area.parent_key, Area.key)).where(Area.key.in_(tagged))
    areas = session.execute(
        sa.select(Area.key, sa.func.max(Area.name))
        .where(Area.key.in_(tops), Area.parent_key.is_(None))
        .group_by(Area.key)
        .order_by(sa.func.max(Area.name))
    )
    return Choices(
        pairs(Round.key, Round.name),
        pairs(_Funder.key, _Funder.name),
        [(key, name) for key, name in areas],
        sorted(((key, region_name(key)) for key in regions), key=lambda pair: pair[1]),
        [(year, str(year)) for year in range(first.year, last.year + 1)] if first else [],
    )
