"""What a round's owners see of its publication: the state of it, and what is kept back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload

from funding.listing import Listing
from funding.models import (
    Award,
    AwardEmbargo,
    AwardState,
    Commitment,
    Person,
    Proposal,
    Publication,
    Round,
    Voice,
    VoiceState,
    WithheldTitle,
)
from funding.permissions import Actor, Scope, public_awards, without_conflict
from funding.services.publishing.confidential import disclosable_awards

FILTERS = ("q", "kept")
SORTABLE = {"proposal": Proposal.title, "funder": Commitment.name, "awarded": Award.awarded_at}


@dataclass(frozen=True)
class Standing:
    """How public a round is. `shown` and `would_show`: awards now, and if it were published now.

    `offers`: awards nobody has accepted yet; each appears once somebody does.
    """

    publication: Publication | None
    publisher: str
    is_out: bool
    shown: int
    would_show: int
    offers: int
    voices_waiting: int


def standing_of(session: Session, round_: Round, today: date) -> Standing:
    """A bounded number of queries."""
    found = session.get(Publication, round_.id)
    person = session.get(Person, found.published_by_id) if found and found.published_by_id else None
    return Standing(
        found,
        person.name if person else "",
        bool(
            found
            and found.is_public
            and (found.embargo_until is None or found.embargo_until <= today)
        ),
        _count(session, public_awards(Scope(today)).where(Round.id == round_.id)),
        _count(session, public_awards(Scope(today, as_if=round_.id))),
        session.scalar(
            sa.select(sa.func.count(Award.id))
            .join(Proposal, Proposal.id == Award.proposal_id)
            .where(
                Proposal.round_id == round_.id,
                Award.state.in_([AwardState.TO_BE_OFFERED, AwardState.OFFERED]),
            )
        )
        or 0,
        session.scalar(
            sa.select(sa.func.count(Voice.id)).where(
                Voice.round_id == round_.id, Voice.state == VoiceState.WAITING
            )
        )
        or 0,
    )


def _count(session: Session, query: sa.Select[tuple[Award]]) -> int:
    return session.scalar(query.with_only_columns(sa.func.count(Award.id))) or 0


@dataclass(frozen=True)
class KeptRow:
    """An award of the round, and what of it is kept from the public; `may_change` by the reader."""

    award: Award
    until: date | None
    withheld: str
    may_change: bool


def kept_rows(
    session: Session, by: Actor, round_: Round, listing: Listing
) -> tuple[Listing, list[KeptRow]]:
    """One page of the round's awards, less those the person is in conflict on: three queries."""
    query = (
        sa.select(Award)
        .join(Proposal, Proposal.id == Award.proposal_id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .outerjoin(AwardEmbargo, AwardEmbargo.award_id == Award.id)
        .outerjoin(WithheldTitle, WithheldTitle.proposal_id == Proposal.id)
        .where(Proposal.round_id == round_.id, without_conflict(by))
    )
    if words := listing.args.get("q"):
        query = query.where(
            sa.or_(
                Proposal.title.icontains(words, autoescape=True),
                Commitment.name.icontains(words, autoescape=True),
            )
        )
    if listing.args.get("kept"):
        query = query.where(
            sa.or_(AwardEmbargo.award_id.is_not(None), WithheldTitle.proposal_id.is_not(None))
        )
    listing = listing.counting(_count(session, query))
    column = SORTABLE[listing.sort_key]
    rows = session.execute(
        query.add_columns(AwardEmbargo.until, WithheldTitle.reason)
        .options(
            contains_eager(Award.proposal),
            contains_eager(Award.commitment).joinedload(Commitment.funder),
        )
        .order_by(column.desc() if listing.is_descending else column, Award.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    ).all()
    ids = [award.id for award, _, _ in rows]
    own = set(
        session.scalars(disclosable_awards(by).where(Award.id.in_(ids)).with_only_columns(Award.id))
    )
    return listing, [
        KeptRow(award, until, reason or "", award.id in own) for award, until, reason in rows
    ]


def withheld_of(session: Session, proposal_id: int) -> WithheldTitle | None:
    """What is on record of a withheld title, with who withheld it."""
    return session.scalars(
        sa.select(WithheldTitle)
        .where(WithheldTitle.proposal_id == proposal_id)
        .options(joinedload(WithheldTitle.withheld_by))
    ).one_or_none()


def embargo_of(session: Session, award_id: int) -> AwardEmbargo | None:
    return session.scalars(
        sa.select(AwardEmbargo)
        .where(AwardEmbargo.award_id == award_id)
        .options(joinedload(AwardEmbargo.set_by))
    ).one_or_none()
