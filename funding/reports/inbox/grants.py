"""What waits for finance officers and applicants after money is awarded."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.formatting import format_amount
from funding.language import gettext as _
from funding.models import (
    Award,
    AwardState,
    Commitment,
    Offer,
    OfferState,
    Proposal,
    Tranche,
    TrancheState,
)
from funding.permissions import Actor, visible_awards, visible_tranches
from funding.reports.inbox.entries import MOST_DATED, Dated, Waiting
from funding.services.payments.tranches import waits_for_report


def tranches(session: Session, by: Actor) -> Iterator[Waiting]:
    """Tranches that another finance officer of one's funder prepared."""
    waiting = (
        visible_tranches(by)
        .join(Award, Award.id == Tranche.award_id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .join(Proposal, Proposal.id == Award.proposal_id)
        .where(
            Tranche.state.in_((TrancheState.SCHEDULED, TrancheState.DUE)),
            Tranche.prepared_by_id != by.person_id,
            Commitment.funder_id.in_(list(by.where("tranche.release"))),
            # what waits for a report cannot be released yet
            ~waits_for_report(),
        )
    )
    count = session.scalar(waiting.with_only_columns(sa.func.count(Tranche.id)))
    if not count:
        return
    rows = session.execute(
        waiting.with_only_columns(
            Tranche.id,
            Tranche.due_on,
            Tranche.amount,
            Commitment.currency,
            Proposal.title,
            Award.id,
        )
        .order_by(Tranche.due_on, Tranche.id)
        .limit(MOST_DATED)
    )
    dates = [
        Dated(
            f"release-{tranche_id}",
            due_on,
            _(
                "Release %(amount)s for %(title)s",
                amount=format_amount(amount, currency),
                title=title,
            ),
            "awards.show",
            {"award_id": award_id},
        )
        for tranche_id, due_on, amount, currency, title, award_id in rows
    ]
    yield Waiting(
        count,
        "tranche to release",
        "tranches to release, the first due first",
        "awards.show",
        dates[0].arguments,
        dates,
    )


def offers(session: Session, by: Actor) -> Iterator[Waiting]:
    """Offers to proposals that this person leads."""
    found = session.execute(
        visible_awards(by)
        .outerjoin(Offer, sa.and_(Offer.award_id == Award.id, Offer.state == OfferState.OPEN))
        .where(Award.state == AwardState.OFFERED, Proposal.lead_id == by.person_id)
        .with_only_columns(Award.id, Proposal.title, Offer.expires_at)
        .order_by(Offer.expires_at.nulls_last(), Award.id)
    ).all()
    dates = [
        Dated(
            f"accept-{award_id}",
            until.date(),
            _("Accept the offer for %(title)s", title=title),
            "awards.show",
            {"award_id": award_id},
        )
        for award_id, title, until in found[:MOST_DATED]
        if until
    ]
    if found:
        yield Waiting(
            len(found),
            "offer to accept",
            "offers to accept",
            "awards.show",
            {"award_id": found[0][0]},
            dates,
        )


def to_offer(session: Session, by: Actor) -> Iterator[Waiting]:
    """Awards of one's own funder whose due diligence or letter of offer is still to be done."""
    own = list(by.where("diligence.do") | by.where("line.decide"))
    awards = session.scalars(
        visible_awards(by)
        .where(Award.state == AwardState.TO_BE_OFFERED, Commitment.funder_id.in_(own))
        .with_only_columns(Award.id)
        .order_by(Award.id)
    ).all()
    if awards:
        yield Waiting(
            len(awards),
            "award to be offered",
            "awards to be offered",
            "awards.index",
            {"state": AwardState.TO_BE_OFFERED.value},
        )
