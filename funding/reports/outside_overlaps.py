"""Overlaps of a round with work outside of it, as far as the reader may see either side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from funding.formatting import format_amount, format_day
from funding.listing import Listing
from funding.models import HistoricGrant, Organisation, OutsideOverlap, Proposal, Round
from funding.permissions import Actor, outside_shown_to, visible_outside
from funding.reports.overlaps import VERDICT_WORDS, SharedFact, institution_name
from funding.services.overlaps.disclosing import shown_sides

SORTABLE = ("probability", "degree", "proposal")
FILTERS = ("verdict", "q")


@dataclass(frozen=True)
class Side:
    """One of the two works, as it may be shown. `amount` in minor units of `currency`."""

    title: str
    text: str
    who: str
    paid_by: str
    amount: int | None
    currency: str | None
    begins: date | None
    ends: date | None


@dataclass(frozen=True)
class OutsideRow:
    """`outside` is None where the reader may only know that there is something."""

    id: int
    proposal: Proposal
    outside: Side | None
    kind: str
    holder: str
    probability: float | None
    degree: float
    verdict: str


def list_outside(
    session: Session, by: Actor, round_id: int, listing: Listing, *, is_whole: bool = False
) -> tuple[Listing, list[OutsideRow]]:
    """One page of a round's overlaps with work outside (all if `is_whole`). Two queries."""
    proposal, other, round_of = aliased(Proposal), aliased(Proposal), aliased(Round)
    shown = outside_shown_to(by)
    query = (
        visible_outside(by)
        .join(proposal, proposal.id == OutsideOverlap.proposal_id)
        .outerjoin(other, other.id == OutsideOverlap.other_id)
        .outerjoin(round_of, round_of.id == other.round_id)
        .outerjoin(HistoricGrant, HistoricGrant.id == OutsideOverlap.grant_id)
        .join(Organisation, Organisation.id == OutsideOverlap.holder_id)
        .where(OutsideOverlap.round_id == round_id)
    )
    if listing.args.get("verdict") in VERDICT_WORDS:
        query = query.where(OutsideOverlap.verdict == listing.args["verdict"])
    if "q" in listing.args:
        words = listing.args["q"]
        open_to_all = (proposal.title, proposal.key)
        hidden = (other.title, HistoricGrant.title, HistoricGrant.purpose, HistoricGrant.recipient)
        query = query.where(
            sa.or_(
                *(text.icontains(words, autoescape=True) for text in open_to_all),
                sa.and_(
                    shown, sa.or_(*(text.icontains(words, autoescape=True) for text in hidden))
                ),
            )
        )
    total = session.scalar(
        query.with_only_columns(sa.func.count(OutsideOverlap.id), maintain_column_froms=True)
    )
    listing = listing.counting(total or 0)
    orders = {
        "probability": OutsideOverlap.probability,
        "degree": OutsideOverlap.degree,
        "proposal": proposal.key,
    }
    column = orders.get(listing.sort_key, OutsideOverlap.probability)
    order = column.desc() if listing.is_descending else column.asc()
    query = query.order_by(order.nulls_last(), OutsideOverlap.id)
    if not is_whole:
        query = query.limit(listing.per_page).offset(listing.offset)
    rows = session.execute(
        query.with_only_columns(
            OutsideOverlap,
            proposal,
            other,
            round_of,
            HistoricGrant,
            Organisation.name,
            shown,
            maintain_column_froms=True,
        )
    )
    return listing, [
        OutsideRow(
            o.id,
            inside,
            _outside(elsewhere, of_round, grant) if is_shown else None,
            "past grant" if o.grant_id else "proposal of another round",
            holder,
            o.probability,
            o.degree,
            o.verdict,
        )
        for o, inside, elsewhere, of_round, grant, holder, is_shown in rows
    ]


def _outside(
    other: Proposal | None, round_: Round | None, grant: HistoricGrant | None
) -> Side | None:
    if grant is not None:
        return Side(
            title=grant.title or grant.purpose or grant.recipient,
            text=grant.purpose or "",
            who=grant.recipient,
            paid_by=grant.funder,
            amount=grant.amount,
            currency=grant.currency,
            begins=grant.awarded_on,
            ends=None,
        )
    if other is not None and round_ is not None:
        return Side(
            title=f"{other.key} {other.title}",
            text=other.abstract,
            who="",
            paid_by=round_.name,
            amount=other.ask,
            currency=round_.base_currency,
            begins=other.starts_on,
            ends=other.ends_on,
        )
    return None


def both_sides(
    session: Session, by: Actor, overlap: OutsideOverlap
) -> tuple[Side | None, Side | None]:
    """The proposal of the round, and the work outside of it; None for what may not be shown."""
    inside, outside = shown_sides(session, by, overlap)
    round_ = session.get_one(Round, overlap.round_id)
    own = _outside(overlap.proposal, round_, None) if inside else None
    if not outside:
        return own, None
    elsewhere = None if overlap.other is None else session.get_one(Round, overlap.other.round_id)
    return own, _outside(overlap.other, elsewhere, overlap.grant)


def facts_of(
    session: Session, overlap: OutsideOverlap, inside: Side, outside: Side
) -> list[SharedFact]:
    """Who would do the work, who pays, how much and when, of both."""

    def texts(side: Side, who: str) -> list[str]:
        amount = (
            format_amount(side.amount, side.currency)
            if side.amount is not None and side.currency
            else ""
        )
        days = [format_day(day) for day in (side.begins, side.ends) if day is not None]
        return [who, side.paid_by, amount, " to ".join(days)]

    own = institution_name(session, overlap.proposal)
    other = outside.who or (
        institution_name(session, overlap.other) if overlap.other is not None else ""
    )
    rows = zip(
        ("Institution", "Paid or asked of", "Amount", "When"),
        texts(inside, own),
        texts(outside, other),
        strict=True,
    )
    return [SharedFact(*row) for row in rows]


CSV_HEAD: Sequence[str] = (
    "proposal",
    "proposal title",
    "what is outside",
    "held by",
    "title",
    "paid by",
    "amount",
    "currency",
    "date",
    "probability",
    "verdict",
    "degree",
)


def csv_rows(rows: list[OutsideRow]) -> Iterable[Sequence[object]]:
    for row in rows:
        side = row.outside
        what = (
            (side.title, side.paid_by, side.amount, side.currency, side.begins)
            if side
            else ("confidential", None, None, None, None)
        )
        yield (
            row.proposal.key,
            row.proposal.title,
            row.kind,
            row.holder if side else None,
            *what,
            row.probability,
            VERDICT_WORDS[row.verdict],
            row.degree,
        )
