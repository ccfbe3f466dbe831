"""What is kept from the public of one award: all of it until a day, or its title with a reason.

A program officer of the award's funder may set either, and so may the round's owners.
"""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Fault, InvalidInput, NotFound, RuleBroken
from funding.language import gettext as _
from funding.models import (
    Award,
    AwardEmbargo,
    Commitment,
    Proposal,
    Role,
    Round,
    WithheldBecause,
    WithheldTitle,
)
from funding.permissions import Actor, fetch, without_conflict
from funding.services.log import record

LONGEST_NOTE = 500


def disclosable_awards(by: Actor) -> sa.Select[tuple[Award]]:
    """Awards of which the person may say what the public sees."""
    officers = [org for org, role in by.bindings if role is Role.PROGRAM_OFFICER]
    return (
        sa.select(Award)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .join(Proposal, Proposal.id == Award.proposal_id)
        .join(Round, Round.id == Proposal.round_id)
        .where(
            sa.or_(
                Commitment.funder_id.in_(officers),
                Round.owner_id.in_(list(by.where("round.manage"))),
            ),
            without_conflict(by),
        )
    )


def withhold_title(
    session: Session, *, by: Actor, award_id: int, reason: str, note: str
) -> WithheldTitle:
    """Withhold title, abstract and outputs of the award's proposal, on every award of it.

    Raises NotFound, InvalidInput, RuleBroken where they are withheld already.
    """
    award = _award(session, by, award_id)
    if reason not in set(WithheldBecause):
        raise InvalidInput(Fault("withheld_because", _("Choose a reason; the public reads it.")))
    _check_length("note", note)
    if session.get(WithheldTitle, award.proposal_id) is not None:
        raise RuleBroken(_("The title is withheld already."))
    found = WithheldTitle(
        proposal_id=award.proposal_id,
        reason=reason,
        note=note.strip(),
        withheld_by_id=by.person_id,
    )
    session.add(found)
    _record(session, by, "title withheld", award, proposal=award.proposal_id, reason=reason)
    return found


def show_title(session: Session, *, by: Actor, award_id: int) -> None:
    """Lift it: the public reads the title again. Raises NotFound, RuleBroken."""
    award = _award(session, by, award_id)
    found = session.get(WithheldTitle, award.proposal_id)
    if found is None:
        raise RuleBroken(_("The title is not withheld."))
    session.delete(found)
    _record(session, by, "title shown", award, proposal=award.proposal_id)


def set_award_embargo(
    session: Session, *, by: Actor, award_id: int, until: date | None, reason: str
) -> None:
    """Keep an award back until a day; without a day, lift it. Raises NotFound, InvalidInput."""
    award = _award(session, by, award_id)
    there = session.get(AwardEmbargo, award.id)
    if until is None:
        if there is None:
            raise InvalidInput(Fault("until", _("Say until which day.")))
        session.delete(there)
        _record(session, by, "award embargo lifted", award)
        return
    if until <= now().date():
        raise InvalidInput(Fault("until", _("Choose a day ahead.")))
    if not reason.strip():
        raise InvalidInput(Fault("embargo_reason", _("Say why; it stays on record.")))
    _check_length("embargo_reason", reason)
    if there is None:
        there = AwardEmbargo(award_id=award.id)
        session.add(there)
    there.until, there.reason = until, reason.strip()
    there.set_by_id, there.set_at = by.person_id, now()
    _record(session, by, "award embargo set", award, until=until.isoformat())


def _award(session: Session, by: Actor, award_id: int) -> Award:
    award = fetch(session, disclosable_awards(by), award_id, "award")
    if not isinstance(award, Award):
        raise NotFound("award")
    return award


def _check_length(field: str, text: str) -> None:
    if len(text) > LONGEST_NOTE:
        raise InvalidInput(Fault(field, _("At most %(most)s characters.", most=LONGEST_NOTE)))


def _record(session: Session, by: Actor, action: str, award: Award, **detail: object) -> None:
    record(
        session,
        by,
        action,
        award,
        organisation_id=award.commitment.funder_id,
        round_id=award.commitment.round_id,
        **detail,
    )
