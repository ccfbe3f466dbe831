"""What members say in a session: signals on the step that is shown, and words."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotPermitted, RuleBroken
from funding.language import gettext as _
from funding.models import Choice, LiveRemark, LiveSession, LiveVote
from funding.permissions import Actor, fetch, require, visible_live_sessions
from funding.reports.discretion import Discretion
from funding.services.live.sessions import step_of

LONGEST = 2_000


def signal(
    session: Session, *, by: Actor, live_id: int, number: int | None, choice: str
) -> LiveVote:
    """Say for, against or abstain on the step shown; it binds nobody and may be changed while the
    chair keeps the vote open.

    Raises NotFound, NotPermitted for who is no member or out of the room, Conflict where the room
    looks at another step, RuleBroken while votes are not open.
    """
    live = _in_the_room(session, by, live_id)
    require(by, "vote.cast", live.round.owner_id)
    if live.current != number:
        raise Conflict(_("The room looks at another step by now. Please look at it first."))
    if choice not in set(Choice):
        raise InvalidInput(Fault("choice", _("choose one of them")))
    if not live.is_voting_open:
        raise RuleBroken(_("Votes on this step are not open."))
    step = step_of(session, live, live.current)
    vote = session.scalars(
        sa.select(LiveVote).where(LiveVote.step_id == step.id, LiveVote.person_id == by.person_id)
    ).one_or_none()
    if vote is None:
        vote = LiveVote(step_id=step.id, person_id=by.person_id)
        session.add(vote)
    vote.choice, vote.given_at = choice, now()
    session.flush()
    return vote


def say(session: Session, *, by: Actor, live_id: int, words: str) -> LiveRemark:
    """Say something while a step is shown. Raises NotFound, NotPermitted, InvalidInput,
    RuleBroken."""
    live = _in_the_room(session, by, live_id)
    words = words.strip()
    if not words:
        raise InvalidInput(Fault("words", _("please say something")))
    if len(words) > LONGEST:
        raise InvalidInput(Fault("words", _("at most %(most)s characters", most=f"{LONGEST:,}")))
    step = step_of(session, live, live.current)
    said = LiveRemark(step_id=step.id, person_id=by.person_id, words=words)
    session.add(said)
    session.flush()
    return said


def _in_the_room(session: Session, by: Actor, live_id: int) -> LiveSession:
    live: LiveSession = fetch(session, visible_live_sessions(by), live_id, "session")
    if live.closed_at is not None:
        raise RuleBroken(_("This session is closed."))
    if Discretion.of(session, by, live.round_id).hides_something:
        raise NotPermitted(_("Who is in conflict with a proposal of the round is out of the room."))
    return live


def votes_on(session: Session, step_id: int) -> list[LiveVote]:
    """By the voters' names."""
    votes = sa.select(LiveVote).options(joinedload(LiveVote.person))
    found = session.scalars(votes.where(LiveVote.step_id == step_id))
    return sorted(found, key=lambda vote: (vote.person.name, vote.id))


def said_in(session: Session, step_ids: list[int], most: int = 30) -> list[LiveRemark]:
    """What was said while these steps were shown, the newest first."""
    remarks = sa.select(LiveRemark).options(joinedload(LiveRemark.person))
    return list(
        session.scalars(
            remarks.where(LiveRemark.step_id.in_(step_ids))
            .order_by(LiveRemark.id.desc())
            .limit(most)
        )
    )
