"""The offer of an award that waits for an answer: signed, or ended."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from funding.db import now
from funding.errors import Fault, InvalidInput, RuleBroken
from funding.language import gettext as _
from funding.models import Award, Offer, OfferState, Signature
from funding.permissions import Actor, visible_offers

LONGEST_NAME = 200


def open_offer(session: Session, award: Award) -> Offer | None:
    return session.scalars(
        sa.select(Offer).where(Offer.award_id == award.id, Offer.state == OfferState.OPEN)
    ).one_or_none()


def offers_of(session: Session, by: Actor, award: Award) -> list[Offer]:
    """The award's offers by letter, the newest first, for who may read them."""
    return list(
        session.scalars(
            visible_offers(by)
            .where(Offer.award_id == award.id)
            .options(joinedload(Offer.sent_by), selectinload(Offer.signatures))
            .order_by(Offer.id.desc())
        )
    )


def is_by_letter(session: Session, award: Award) -> bool:
    """Whether the award was ever offered by letter: then it is accepted by signature."""
    return bool(session.scalar(sa.select(sa.exists().where(Offer.award_id == award.id))))


def sign(session: Session, by: Actor, offer: Offer, side: str, name: str, digest: str) -> None:
    """Put a person's signature under the agreement as they saw it; `digest` is its SHA-256.

    The database refuses it after the deadline. Raises InvalidInput, RuleBroken.
    """
    if not name.strip():
        raise InvalidInput(Fault("name", "please write your name; it signs the agreement"))
    if len(name) > LONGEST_NAME:
        raise InvalidInput(
            Fault("name", _("at most %(longest_name)s characters", longest_name=LONGEST_NAME))
        )
    if digest != offer.agreement_sha256:
        raise RuleBroken("This is not the agreement that is offered now. Please read it again.")
    offer.signatures.append(
        Signature(side=side, person_id=by.person_id, name=name.strip(), document_sha256=digest)
    )
    session.flush()


def end_offer(session: Session, offer: Offer | None, state: OfferState) -> None:
    """Close the offer; nothing where there is none."""
    if offer is not None:
        offer.state, offer.ended_at = state, now()
        session.flush()
