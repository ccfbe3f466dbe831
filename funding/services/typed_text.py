"""What applicants type into a proposal, kept as it stands (`funding.services.parked`)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from funding.permissions import Actor
from funding.services import parked
from funding.services.applicants import hold, record_act
from funding.services.form_fields import Fields
from funding.services.parked import UNSENT_KEPT, Kept, OpenElsewhere

__all__ = [
    "UNSENT_KEPT",
    "Kept",
    "OpenElsewhere",
    "claim_unsent",
    "discard_typed",
    "forget_typed",
    "form_name",
    "keep_typed",
    "keep_unsent",
    "kept_form",
]


def form_name(proposal_id: int) -> str:
    return f"proposal:{proposal_id}"


def kept_form(session: Session, by: Actor, proposal_id: int) -> Kept | None:
    """What this person typed into the form and has not saved."""
    return parked.kept(session, by.person_id, form_name(proposal_id))


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
    """Keep what is typed, exactly as it is; answers when. Raises NotFound and OpenElsewhere."""
    hold(session, by, proposal_id)
    return parked.keep(
        session,
        by.person_id,
        form_name(proposal_id),
        fields=fields,
        marks=marks,
        base_version=base_version,
        seen=seen,
    )


def discard_typed(session: Session, *, by: Actor, proposal_id: int) -> None:
    """Throw away what was typed and not saved; the proposal itself stays as it is."""
    proposal = hold(session, by, proposal_id)
    if parked.discard(session, by.person_id, form_name(proposal_id)):
        record_act(session, by, "typed text discarded", proposal)


def forget_typed(session: Session, by: Actor, proposal_id: int, fields: Fields) -> None:
    """Drop what is kept, once it has been saved; what another window typed stays."""
    parked.forget(session, by.person_id, form_name(proposal_id), fields)


def keep_unsent(
    session: Session,
    *,
    token: str,
    proposal_id: int,
    fields: Fields,
    marks: str,
    base_version: int | None,
) -> None:
    """Keep a form that came without a session, for whoever has the token and may edit it."""
    parked.keep_unsent(
        session,
        token=token,
        form=form_name(proposal_id),
        fields=fields,
        marks=marks,
        base_version=base_version,
    )


def claim_unsent(session: Session, *, by: Actor, proposal_id: int, token: str) -> bool:
    """Give an applicant back what they sent while signed out; False where there is nothing."""
    waiting = parked.unsent(session, token, form_name(proposal_id))
    if waiting is None:
        return False
    hold(session, by, proposal_id)
    parked.claim(session, by.person_id, waiting)
    return True
