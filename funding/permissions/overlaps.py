"""Which overlaps are there for whom, and to whom work outside of a round is shown.

What a funder imported and what another round holds is confidential: others are told that there is
an overlap and its degree, and see what it is once its holder and they themselves agreed to that.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from funding.db import now
from funding.models import (
    Disclosure,
    HistoricGrant,
    Import,
    OutsideOverlap,
    Overlap,
    Proposal,
    Round,
)
from funding.permissions.acts import Actor
from funding.permissions.publishing import Scope, public_proposals
from funding.permissions.rounds import without_conflict, working_rounds


def visible_overlaps(by: Actor) -> sa.Select[tuple[Overlap]]:
    """Pairs of rounds the person takes part in, both of which they may see."""
    first, second = aliased(Proposal), aliased(Proposal)
    rounds = working_rounds(by, "overlap.read").with_only_columns(Round.id)
    return (
        sa.select(Overlap)
        .join(first, first.id == Overlap.first_id)
        .join(second, second.id == Overlap.second_id)
        .where(
            Overlap.round_id.in_(rounds),
            without_conflict(by, first),
            without_conflict(by, second),
        )
    )


def visible_outside(by: Actor) -> sa.Select[tuple[OutsideOverlap]]:
    """Overlaps of a round's proposal with work outside of it: that there is one, and its degree.

    For those who take part in the round, and for whoever holds the work outside. Out of the room
    for either proposal means not there at all.
    """
    inside, outside = aliased(Proposal), aliased(Proposal)
    return (
        sa.select(OutsideOverlap)
        .join(inside, inside.id == OutsideOverlap.proposal_id)
        .outerjoin(outside, outside.id == OutsideOverlap.other_id)
        .where(
            sa.or_(_takes_part(by), _holds(by)),
            without_conflict(by, inside),
            sa.or_(OutsideOverlap.other_id.is_(None), without_conflict(by, outside)),
        )
    )


def outside_shown_to(by: Actor) -> sa.ColumnElement[bool]:
    """True for outside overlaps of which the person may see the work outside of the round."""
    return sa.or_(_holds(by), _is_published(), sa.and_(_takes_part(by), _is_agreed(by)))


def inside_shown_to(by: Actor) -> sa.ColumnElement[bool]:
    """True for outside overlaps of which the person may see the proposal of the round."""
    word_of_the_round = _agreed(Disclosure.organisation_id != OutsideOverlap.holder_id)
    return sa.or_(_takes_part(by), sa.and_(_holds(by), _holder_agreed(), word_of_the_round))


def _takes_part(by: Actor) -> sa.ColumnElement[bool]:
    rounds = working_rounds(by, "overlap.read").with_only_columns(Round.id)
    return OutsideOverlap.round_id.in_(rounds)


def _holds(by: Actor) -> sa.ColumnElement[bool]:
    return OutsideOverlap.holder_id.in_(list(by.where("overlap.read")))


def _is_agreed(by: Actor) -> sa.ColumnElement[bool]:
    own = list(by.where("overlap.read"))
    return sa.and_(_holder_agreed(), _agreed(Disclosure.organisation_id.in_(own)))


def _holder_agreed() -> sa.ColumnElement[bool]:
    return _agreed(Disclosure.organisation_id == OutsideOverlap.holder_id)


def _agreed(whose: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(Disclosure.overlap_id == OutsideOverlap.id, whose)


def published_grants() -> sa.Select[tuple[HistoricGrant]]:
    """Past grants of files that whoever imported them said are published."""
    return sa.select(HistoricGrant).where(
        sa.exists().where(Import.id == HistoricGrant.import_id, Import.is_public)
    )


def published_proposals() -> sa.Select[tuple[Proposal]]:
    """Proposals with an award that the public sees today, under their own title."""
    return public_proposals(Scope(now().date()))


def _is_published() -> sa.ColumnElement[bool]:
    return sa.or_(
        OutsideOverlap.grant_id.in_(published_grants().with_only_columns(HistoricGrant.id)),
        OutsideOverlap.other_id.in_(published_proposals().with_only_columns(Proposal.id)),
    )
