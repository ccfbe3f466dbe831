"""Publishing a closed round, taking it down again, and the day before which nothing is public.

What is published is what was previewed: a preview has a digest, and publishing names it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, RuleBroken
from funding.language import gettext as _
from funding.models import Publication, Round, RoundState
from funding.permissions import Actor, fetch, owned_rounds
from funding.services.log import record

LONGEST_REASON = 500


def publication_of(session: Session, round_id: int) -> Publication | None:
    """What is on record of a round's publication; None where nobody has touched it."""
    return session.get(Publication, round_id)


def publish(
    session: Session,
    *,
    by: Actor,
    round_id: int,
    seen: str,
    digest: Callable[[Session, Round], str],
) -> Publication:
    """Publish a closed round, or publish it again with what came since.

    `seen`: the digest of the preview the person looked at; `digest` works it out anew. Raises
    NotFound, RuleBroken for a round that is not closed, Conflict where the preview is stale.
    """
    round_ = _own(session, by, round_id)
    if round_.state != RoundState.CLOSED:
        raise RuleBroken(_("Only a closed round is published."))
    if digest(session, round_) != seen:
        raise Conflict(_("The round has changed since this preview. Look at it again, please."))
    found = _row(session, round_id)
    is_again = found.is_public
    found.is_public, found.taken_down_reason = True, ""
    found.published_at, found.published_by_id = now(), by.person_id
    _record(session, by, "round published again" if is_again else "round published", round_, seen)
    return found


def take_down(session: Session, *, by: Actor, round_id: int, reason: str) -> Publication:
    """Take a published round's pages down, with a reason that stays on record.

    Copies that others made stay theirs. Raises NotFound, RuleBroken, InvalidInput.
    """
    round_ = _own(session, by, round_id)
    found = publication_of(session, round_id)
    if found is None or not found.is_public:
        raise RuleBroken(_("This round is not published."))
    _check_reason(reason)
    found.is_public, found.taken_down_reason = False, reason.strip()
    _record(session, by, "round taken down", round_, reason.strip())
    return found


def set_embargo(session: Session, *, by: Actor, round_id: int, until: date | None) -> Publication:
    """Set or lift the day before which nothing of a round is public.

    Raises NotFound; RuleBroken where the round is public already and would vanish: that is taking
    it down, and wants a reason.
    """
    round_ = _own(session, by, round_id)
    found, today = _row(session, round_id), now().date()
    is_out = found.is_public and (found.embargo_until is None or found.embargo_until <= today)
    if is_out and until is not None and until > today:
        raise RuleBroken(_("This round is public already. Take it down, with a reason, instead."))
    found.embargo_until = until
    _record(session, by, "round embargo set", round_, until.isoformat() if until else "none")
    return found


def _own(session: Session, by: Actor, round_id: int) -> Round:
    round_: Round = fetch(session, owned_rounds(by), round_id, "round")
    return round_


def _row(session: Session, round_id: int) -> Publication:
    found = session.scalars(
        sa.select(Publication).where(Publication.round_id == round_id).with_for_update()
    ).one_or_none()
    if found is None:
        found = Publication(round_id=round_id)
        session.add(found)
        session.flush()
    return found


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput(Fault("reason", _("Say why; it stays on record.")))
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(Fault("reason", _("At most %(most)s characters.", most=LONGEST_REASON)))


def _record(session: Session, by: Actor, action: str, round_: Round, what: str) -> None:
    record(
        session,
        by,
        action,
        round_,
        organisation_id=round_.owner_id,
        round_id=round_.id,
        what=what,
    )
