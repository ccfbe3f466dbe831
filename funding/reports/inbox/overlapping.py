"""What waits because works overlap: teams to answer, organisations asked for their word."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from funding.language import gettext as _
from funding.models import (
    Commitment,
    Disclosure,
    Introduction,
    IntroductionAnswer,
    Merger,
    OutsideOverlap,
    Overlap,
    Proposal,
    SteppingBack,
)
from funding.permissions import Actor, visible_outside, without_conflict
from funding.reports.inbox.entries import Waiting


def introductions(session: Session, by: Actor) -> Iterator[Waiting]:
    """Introductions and offers to merge that the lead of a proposal has not answered."""
    own = sa.select(Proposal.id).where(Proposal.lead_id == by.person_id)
    answered = aliased(IntroductionAnswer)
    refused = sa.exists().where(
        IntroductionAnswer.introduction_id == Introduction.id, ~IntroductionAnswer.agrees
    )
    for side in (Overlap.first_id, Overlap.second_id):
        to_answer = session.scalars(
            sa.select(Introduction.id)
            .join(Overlap, Overlap.id == Introduction.overlap_id)
            .where(
                side.in_(own),
                ~refused,
                ~sa.exists().where(
                    answered.introduction_id == Introduction.id, answered.proposal_id == side
                ),
            )
            .order_by(Introduction.id)
        )
        for id_ in to_answer:
            to: dict[str, int | str] = {"introduction_id": id_}
            yield Waiting(1, "team to be introduced to", "", "introductions.show", to)
    offers = session.scalars(
        sa.select(Merger.introduction_id)
        .where(
            Merger.agrees.is_(None),
            Merger.offered_by_id != by.person_id,
            sa.or_(Merger.kept_id.in_(own), Merger.gone_id.in_(own)),
        )
        .order_by(Merger.id)
    )
    for id_ in offers:
        to = {"introduction_id": id_}
        yield Waiting(1, "offer to merge two proposals to answer", "", "introductions.show", to)


def words_asked(session: Session, by: Actor) -> Iterator[Waiting]:
    """Overlaps that others ask one's own organisation to show."""
    given, asked = aliased(Disclosure), aliased(Disclosure)
    rows = session.scalars(
        visible_outside(by)
        .where(
            OutsideOverlap.holder_id.in_(list(by.where("overlap.decide"))),
            sa.exists().where(asked.overlap_id == OutsideOverlap.id),
            ~sa.exists().where(
                given.overlap_id == OutsideOverlap.id,
                given.organisation_id == OutsideOverlap.holder_id,
            ),
        )
        .order_by(OutsideOverlap.id)
    )
    for overlap in rows:
        to: dict[str, int | str] = {"outside_id": overlap.id}
        yield Waiting(1, "overlap that another funder asks to see", "", "overlaps.show_outside", to)


def steps(session: Session, by: Actor) -> Iterator[Waiting]:
    """Commitments of one's own funder of which it is asked whether they step back."""
    rows = session.execute(
        sa.select(Commitment.id, Commitment.name, sa.func.count(SteppingBack.id))
        .join(SteppingBack, SteppingBack.commitment_id == Commitment.id)
        .join(Proposal, Proposal.id == SteppingBack.proposal_id)
        .where(
            SteppingBack.agrees.is_(None),
            Commitment.funder_id.in_(list(by.where("line.decide"))),
            without_conflict(by),
        )
        .group_by(Commitment.id, Commitment.name)
        .order_by(Commitment.id)
    )
    for id_, name, count in rows:
        yield Waiting(
            count,
            _("step back of %(name)s to agree to or not", name=name),
            _("steps back of %(name)s to agree to or not", name=name),
            "commitments.show",
            {"commitment_id": id_},
        )
