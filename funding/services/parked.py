"""What somebody typed into a form, kept at once and as it stands, valid or not, until it is saved.

One `ParkedForm` a person and form; a form that came without a session waits without a person,
under the hash of a token in that browser's cookie. Whether the person may write into the form at
all is the caller's question.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict
from funding.models import ParkedForm
from funding.services.identity import digest_of

Fields = dict[str, str]

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


def _parked(session: Session, person_id: int, form: str) -> ParkedForm | None:
    return session.scalars(
        sa.select(ParkedForm).where(ParkedForm.person_id == person_id, ParkedForm.form == form)
    ).one_or_none()


def kept(session: Session, person_id: int, form: str) -> Kept | None:
    """What this person typed into the form and has not saved."""
    parked = _parked(session, person_id, form)
    if parked is None:
        return None
    return Kept(
        parked.fields.get("typed", {}),
        parked.fields.get("marks", ""),
        parked.base_version,
        parked.saved_at,
    )


def keep(
    session: Session,
    person_id: int,
    form: str,
    *,
    fields: Fields,
    marks: str,
    base_version: int | None,
    seen: str,
) -> datetime:
    """Keep what is typed, exactly as it is; answers when.

    `seen` is the answer before this one, in ISO form ("" for none): where something else was kept
    since, from another window, nothing is overwritten and OpenElsewhere is raised.
    """
    parked = _parked(session, person_id, form)
    contents = {"typed": fields, "marks": marks}
    if parked is None:
        parked = ParkedForm(form=form, person_id=person_id, fields=contents)
        session.add(parked)
    elif parked.saved_at.isoformat() != seen and parked.fields.get("typed") != fields:
        raise OpenElsewhere(parked.saved_at)
    parked.fields, parked.base_version, parked.saved_at = contents, base_version, now()
    return parked.saved_at


def discard(session: Session, person_id: int, form: str) -> bool:
    """Throw away what was typed and not saved; False where there was nothing."""
    parked = _parked(session, person_id, form)
    if parked is None:
        return False
    session.delete(parked)
    return True


def forget(session: Session, person_id: int, form: str, fields: Fields) -> None:
    """Drop what is kept, once it has been saved; what another window typed stays."""
    parked = _parked(session, person_id, form)
    if parked is not None and parked.fields.get("typed") == fields:
        session.delete(parked)


def keep_unsent(
    session: Session,
    *,
    token: str,
    form: str,
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
            form=form,
            token_hash=digest_of(token),
            fields={"typed": fields, "marks": marks},
            base_version=base_version,
        )
    )


def unsent(session: Session, token: str, form: str) -> ParkedForm | None:
    return session.scalars(
        sa.select(ParkedForm).where(
            ParkedForm.token_hash == digest_of(token), ParkedForm.form == form
        )
    ).one_or_none()


def claim(session: Session, person_id: int, waiting: ParkedForm) -> None:
    """Give somebody back what they sent while signed out.

    It takes the place of what they had typed before, since it is what their window showed last.
    """
    earlier = _parked(session, person_id, waiting.form)
    if earlier is not None:
        session.delete(earlier)
        session.flush()
    waiting.token_hash, waiting.person_id = None, person_id
