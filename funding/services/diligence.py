"""The due diligence of an award: each item by whom, when, and on what evidence."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotFound, RuleBroken
from funding.formatting import format_number
from funding.language import gettext as _
from funding.models import Award, AwardState, DiligenceCheck
from funding.permissions import Actor, fetch, require, visible_awards
from funding.services.attachments import StoredFile
from funding.services.evidence import show_by_files
from funding.services.log import record
from optimizer.sentences import marked

OUTCOMES = {
    "in order": "In order",
    "does not apply": "Does not apply",
}
RECORDED = {
    "in order": marked("due diligence: in order"),
    "does not apply": marked("due diligence: does not apply"),
}
"""What the log calls each."""
LONGEST = 4_000


def checks_of(session: Session, award: Award) -> list[DiligenceCheck]:
    """The award's items in order; empty where its funder had no checklist when it was made."""
    return list(
        session.scalars(
            sa.select(DiligenceCheck)
            .options(joinedload(DiligenceCheck.done_by))
            .where(DiligenceCheck.award_id == award.id)
            .order_by(DiligenceCheck.position, DiligenceCheck.id)
        )
    )


def _fetch(session: Session, by: Actor, check_id: int, version: int) -> DiligenceCheck:
    check = session.get(DiligenceCheck, check_id, with_for_update={"key_share": True})
    if check is None:
        raise NotFound("check")
    award = fetch(session, visible_awards(by), check.award_id, "check")
    require(by, "diligence.do", award.commitment.funder_id)
    if check.version != version:
        raise Conflict("Somebody else worked on this item meanwhile.")
    if award.state != AwardState.TO_BE_OFFERED:
        raise RuleBroken("The offer is made, or the award has ended: its due diligence stays.")
    return check


def finish_check(
    session: Session,
    *,
    by: Actor,
    check_id: int,
    version: int,
    outcome: str,
    evidence: str,
    files: tuple[StoredFile, ...] = (),
) -> DiligenceCheck:
    """Note that an item is in order or does not apply, and on what evidence, in words and files.

    Raises NotFound, NotPermitted, Conflict, InvalidInput, RuleBroken once the offer is made.
    """
    check = _fetch(session, by, check_id, version)
    faults = []
    if outcome not in OUTCOMES:
        faults.append(Fault("outcome", "choose one of the two"))
    if not evidence.strip():
        faults.append(Fault("evidence", "please say what you saw, and where it can be found"))
    elif len(evidence) > LONGEST:
        faults.append(
            Fault("evidence", _("at most %(longest)s characters", longest=format_number(LONGEST)))
        )
    if faults:
        raise InvalidInput(*faults)
    check.outcome, check.evidence = outcome, evidence.strip()
    check.done_by_id, check.done_at = by.person_id, now()
    shown = show_by_files(session, by, check, files)
    _record(session, by, RECORDED[outcome], check, **({"files": shown} if shown else {}))
    return check


def reopen_check(session: Session, *, by: Actor, check_id: int, version: int) -> DiligenceCheck:
    """Take an item up again before the offer; what was noted stays in the field as a draft, and
    its files stay with the item."""
    check = _fetch(session, by, check_id, version)
    check.outcome = check.done_by_id = check.done_at = None
    _record(session, by, "due diligence taken up again", check)
    return check


def _record(session: Session, by: Actor, action: str, check: DiligenceCheck, **detail: Any) -> None:
    session.flush()
    award = check.award
    record(
        session,
        by,
        action,
        award,
        organisation_id=award.commitment.funder_id,
        round_id=award.commitment.round_id,
        item=check.item_id,
        **detail,
    )
