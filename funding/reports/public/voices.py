"""What people said to a round, once moderated: how many name each area, and their words."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from funding.errors import NotFound
from funding.listing import Listing
from funding.models import Round, RoundState, Voice, VoiceArea, VoiceState
from funding.permissions import Scope
from funding.services.areas import top_areas
from funding.services.publishing.voices import heard_rounds

MOST_ROUNDS = 12


@dataclass(frozen=True)
class Heard:
    """`by_area`: how many shown voices name a top area; `shown` and `waiting` count voices."""

    shown: int
    waiting: int
    by_area: dict[str, int]

    def share(self, key: str) -> float:
        """The part of the shown voices that name an area, from 0 to 1."""
        return self.by_area.get(key, 0) / self.shown if self.shown else 0.0


def heard_in(session: Session, round_: Round) -> Heard:
    """Counted over voices that a moderator let through; two queries."""
    counts = dict(
        session.execute(
            sa.select(Voice.state, sa.func.count())
            .where(Voice.round_id == round_.id)
            .group_by(Voice.state)
        ).all()
    )
    tops = top_areas(round_)
    by_area: dict[str, int] = {}
    for key, number in session.execute(
        sa.select(VoiceArea.area_key, sa.func.count())
        .join(Voice, Voice.id == VoiceArea.voice_id)
        .where(Voice.round_id == round_.id, Voice.state == VoiceState.SHOWN)
        .group_by(VoiceArea.area_key)
    ):
        by_area[tops.get(key, key)] = by_area.get(tops.get(key, key), 0) + number
    return Heard(counts.get(VoiceState.SHOWN, 0), counts.get(VoiceState.WAITING, 0), by_area)


def heard_rounds_of(session: Session, scope: Scope) -> list[Round]:
    """The newest rounds that anybody may speak to, those going on first."""
    return list(
        session.scalars(
            heard_rounds(scope)
            .options(joinedload(Round.owner))
            .order_by(Round.state == RoundState.CLOSED, Round.closes_at.desc(), Round.id)
            .limit(MOST_ROUNDS)
        )
    )


def round_to_hear(session: Session, scope: Scope, key: str) -> Round:
    """Raises NotFound for a round that nobody may speak to."""
    found = session.scalars(heard_rounds(scope).where(Round.key == key)).one_or_none()
    if found is None:
        raise NotFound("round")
    return found


def newest_words(session: Session, round_: Round, most: int) -> list[Voice]:
    """The newest shown voices that say something in words."""
    return list(
        session.scalars(
            sa.select(Voice)
            .where(Voice.round_id == round_.id, Voice.state == VoiceState.SHOWN, Voice.words != "")
            .options(selectinload(Voice.areas))
            .order_by(Voice.received_at.desc(), Voice.id.desc())
            .limit(most)
        )
    )


def voices_of(session: Session, round_: Round, listing: Listing) -> tuple[Listing, list[Voice]]:
    """One page of a round's voices for its moderators, under the listing's state."""
    query = sa.select(Voice).where(Voice.round_id == round_.id)
    if state := listing.args.get("state"):
        query = query.where(Voice.state == state)
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    listing = listing.counting(total)
    order = Voice.received_at.desc() if listing.is_descending else Voice.received_at
    rows = session.scalars(
        query.options(selectinload(Voice.areas))
        .order_by(order, Voice.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    )
    return listing, list(rows)
