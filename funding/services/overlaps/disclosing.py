"""Showing what is outside of a round: both its holder and whoever would see it have to agree."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import NotPermitted, RuleBroken
from funding.language import gettext as _
from funding.models import (
    Disclosure,
    Organisation,
    OutsideOverlap,
    Round,
    RoundFunder,
)
from funding.permissions import Actor, fetch, inside_shown_to, outside_shown_to, visible_outside
from funding.services.log import record
from funding.services.mail import Written, paragraphs, post_mail
from funding.services.organisations import officers_of


def parties(session: Session, by: Actor, overlap: OutsideOverlap) -> list[Organisation]:
    """Organisations of the person that may give their word on this overlap, by name.

    Its holder, the round's owner and the funders that joined the round.
    """
    round_ = session.get_one(Round, overlap.round_id)
    joined = session.scalars(
        sa.select(RoundFunder.funder_id).where(
            RoundFunder.round_id == round_.id, RoundFunder.joined_at.is_not(None)
        )
    )
    able = {overlap.holder_id, round_.owner_id, *joined} & by.where("overlap.decide")
    return list(
        session.scalars(
            sa.select(Organisation).where(Organisation.id.in_(able)).order_by(Organisation.name)
        )
    )


def agree_to_show(
    session: Session, *, by: Actor, overlap_id: int, organisation_id: int, public_url: str
) -> OutsideOverlap:
    """Give an organisation's word; the other side is told by mail that it is asked.

    Raises NotFound, NotPermitted, RuleBroken for a word given already.
    """
    overlap: OutsideOverlap = fetch(session, visible_outside(by), overlap_id, "overlap")
    if organisation_id not in {party.id for party in parties(session, by, overlap)}:
        raise NotPermitted("Your role does not include giving this organisation's word.")
    given = words_given(session, overlap)
    if organisation_id in given:
        raise RuleBroken("Your organisation has agreed to this already.")
    session.add(
        Disclosure(
            overlap_id=overlap.id, organisation_id=organisation_id, agreed_by_id=by.person_id
        )
    )
    session.flush()
    record(
        session,
        by,
        "overlap disclosure agreed",
        overlap,
        round_id=overlap.round_id,
        organisation_id=organisation_id,
    )
    if organisation_id != overlap.holder_id and overlap.holder_id not in given:
        _ask_holder(session, overlap, public_url)
    return overlap


def words_given(session: Session, overlap: OutsideOverlap) -> dict[int, Disclosure]:
    """By organisation, the words given so far."""
    rows = session.scalars(sa.select(Disclosure).where(Disclosure.overlap_id == overlap.id))
    return {row.organisation_id: row for row in rows}


def _ask_holder(session: Session, overlap: OutsideOverlap, public_url: str) -> None:
    for officer in officers_of(session, overlap.holder_id):
        post_mail(
            session,
            officer,
            lambda: _may_it_be_shown(f"{public_url}/overlaps/outside/{overlap.id}"),
            key=f"overlap {overlap.id} asked of {officer.id}",
            organisation_id=overlap.holder_id,
        )


def _may_it_be_shown(link: str) -> Written:
    return (
        _("May an overlap be shown to another funder?"),
        paragraphs(
            _(
                "A funder asks to see work that your organisation holds, since a proposal before "
                "it may be the same work. It sees nothing of it until you agree."
            ),
            link,
        ),
    )


def shown_sides(session: Session, by: Actor, overlap: OutsideOverlap) -> tuple[bool, bool]:
    """Whether the person may see the proposal of the round, and the work outside of it."""
    sides = (inside_shown_to(by), outside_shown_to(by))
    inside, outside = (
        session.scalar(sa.select(OutsideOverlap.id).where(OutsideOverlap.id == overlap.id, side))
        for side in sides
    )
    return inside is not None, outside is not None
