"""What waits for a person, with its dates: their first page, their calendar and their digest.

Each source is a function (session, actor) -> work that this person can do now; none tells of what
others have to do. A new kind of work is a function of its own in the list below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.language import gettext as _
from funding.models import Proposal, Round, RoundState
from funding.permissions import Actor, own_proposals, participants, visible_rounds
from funding.reports.inbox import (
    deciding,
    grants,
    overlapping,
    people,
    public,
    reports,
    reviewing,
    writing,
)
from funding.reports.inbox.entries import Dated, Waiting

__all__ = ["SOURCES", "Dated", "Waiting", "dates_of", "rounds_for", "waiting_for"]

SOURCES: tuple[Callable[[Session, Actor], Iterable[Waiting]], ...] = (
    deciding.lines,
    deciding.votes,
    deciding.compensating_reviews,
    deciding.invitations,
    people.erasure_requests,
    grants.to_offer,
    grants.tranches,
    grants.offers,
    reports.to_accept,
    reports.to_answer,
    reports.to_write,
    reports.to_return,
    writing.unsent,
    reviewing.reviews,
    reviewing.waivers,
    overlapping.introductions,
    overlapping.words_asked,
    overlapping.steps,
    public.voices,
    deciding.overlaps,
)
"""Most pressing first."""


def waiting_for(session: Session, by: Actor) -> list[Waiting]:
    """What this person can do now, most pressing first."""
    found = [work for source in SOURCES for work in source(session, by)]
    return [work for work in found if work.count]


def dates_of(session: Session, by: Actor) -> list[Dated]:
    """Every day that matters to this person: their work's, and those of their rounds."""
    dates = [one for work in waiting_for(session, by) for one in work.dates]
    rounds = session.scalars(
        sa.select(Round)
        .where(
            sa.or_(
                participants(by.organisations),
                Round.id.in_(own_proposals(by).with_only_columns(Proposal.round_id)),
            ),
            Round.state != RoundState.CLOSED,
        )
        .order_by(Round.id)
    )
    for round_ in rounds:
        to: dict[str, int | str] = {"round_id": round_.id}
        closing = (
            f"closing-{round_.id}",
            round_.closes_at.date(),
            _("%(name)s: proposals end", name=round_.name),
        )
        dates.append(Dated(*closing, "rounds.show", to))
        if round_.decides_on:
            deciding_on = (
                f"decision-{round_.id}",
                round_.decides_on,
                _("%(name)s: decision", name=round_.name),
            )
            dates.append(Dated(*deciding_on, "rounds.show", to))
    return sorted(dates, key=lambda one: (one.on, one.uid))


def rounds_for(session: Session, by: Actor | None) -> list[Round]:
    """The rounds a reader may look at, the newest first."""
    query = visible_rounds(by).options(joinedload(Round.owner)).order_by(Round.closes_at.desc())
    return list(session.scalars(query))
