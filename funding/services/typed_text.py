"""What applicants type, kept at once and as it stands, valid or not, until it is saved.

One `ParkedForm` a person and proposal; a form that came without a session waits without a person,
under the hash of a token in that browser's cookie.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict
from funding.models import ParkedForm
from funding.permissions import Actor
from funding.services.applicants import hold, record_act
from funding.services.form_fields import Fields
from funding.services.identity import digest_of

UNSENT_KEPT = timedelta(days=14)


class OpenElsewhere(Conflict):
    """The same person typed other text into the same form in another window."""

    def __init__(self, kept_at: datetime) -> None:
        super().__init__("You have typed something else into this form in another window.")
        self.kept_at = kept_at


@dataclass(frozen=True)
class Kept:
    """What somebody typed and has not saved: as typed, and from where it started."""

    fields: Fields
    marks: str
    base_version: int | None
    at: datetime


def form_name(proposal_id: int) -> str:
    return f"proposal:{proposal_id}"


def kept_form(session: Session, by: Actor, proposal_id: int) -> Kept | None:
    """What this person typed into the form and has not saved."""
    parked = _parked(session, by.person_id, proposal_id)
    return _as_kept(parked) if parked else None


def _as_kept(parked: ParkedForm) -> Kept:
    return Kept(
        parked.fields.get("typed", {}),
        parked.fields.get("marks", ""),
        parked.base_version,
        parked.saved_at,
    )


def _parked(session: Session, person_id: int, proposal_id: int) -> ParkedForm | None:
    return session.scalars(
        sa.select(ParkedForm).where(
            ParkedForm.person_id == person_id, ParkedForm.form == form_name(proposal_id)
        )
    ).one_or_none()


def keep_typed(
    session: Session,
    *,
    by: Actor,
    proposal_id: int,
    fields: Fields,
    marks: str,
    base_version: int | None,
    seen: str,
) -> datetime:
    """Keep what is typed, exactly as it is; answers when.

    `seen` is the answer before this one, in ISO form ("" for none): where something else was kept
    since, from another window, nothing is overwritten and OpenElsewhere is raised.
    """
    hold(session, by, proposal_id)
    parked = _parked(session, by.person_id, proposal_id)
    contents = {"typed": fields, "marks": marks}
    if parked is None:
        parked = ParkedForm(form=form_name(proposal_id), person_id=by.person_id, fields=contents)
        session.add(parked)
    elif parked.saved_at.isoformat() != seen and parked.fields.get("typed") != fields:
        raise OpenElsewhere(parked.saved_at)
    parked.fields, parked.base_version, parked.saved_at = contents, base_version, now()
    return parked.saved_at


def discard_typed(session: Session, *, by: Actor, proposal_id: int) -> None:
    """Throw away what was typed and not saved; the proposal itself stays as it is."""
    proposal = hold(session, by, proposal_id)
    parked = _parked(session, by.person_id, proposal_id)
    if parked is not None:
        session.delete(parked)
        record_act(session, by, "typed text discarded", proposal)


def forget_typed(session: Session, by: Actor, proposal_id: int, fields: Fields) -> None:
    """Drop what is kept, once it has been saved; what another window typed stays."""
    parked = _parked(session, by.person_id, proposal_id)
    if parked is not None and parked.fields.get("typed") == fields:
        session.delete(parked)


def keep_unsent(
    session: Session,
    *,
    token: str,
    proposal_id: int,
    fields: Fields,
    marks: str,
    base_version: int | None,
) -> None:
    """Keep a form that came without a session, for whoever has the token and may edit it.

    Such forms are dropped after 14 days if nobody comes back for them.
    """
    for old in session.scalars(
        sa.select(ParkedForm).where(
            ParkedForm.person_id.is_(None),
            sa.or_(
                ParkedForm.saved_at < now() - UNSENT_KEPT,
                ParkedForm.token_hash == digest_of(token),
            ),
        )
    ):
        session.delete(old)
    session.flush()
    session.add(
        ParkedForm(
            form=form_name(proposal_id),
            token_hash=digest_of(token),
            fields={"typed": fields, "marks": marks},
            base_version=base_version,
        )
    )


def claim_unsent(session: Session, *, by: Actor, proposal_id: int, token: str) -> bool:
    """Give an applicant back what they sent while signed out; False where there is nothing.

    It takes the place of what they had typed before, since it is what their window showed last.
    """
    unsent = session.scalars(
        sa.select(ParkedForm).where(
            ParkedForm.token_hash == digest_of(token), ParkedForm.form == form_name(proposal_id)
        )
    ).one_or_none()
    if unsent is None:
        return False
    hold(session, by, proposal_id)
    earlier = _parked(session, by.person_id, proposal_id)
    if earlier is not None:
        session.delete(earlier)
        session.flush()
    unsent.token_hash, unsent.person_id = None, by.person_id
    return True
