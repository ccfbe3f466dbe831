"""The ledger of who steps back when new money arrives, and whether each agrees to it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.db import now
from funding.errors import Fault, InvalidInput, NotFound, RuleBroken
from funding.formatting import format_number
from funding.language import gettext
from funding.models import (
    Commitment,
    Proposal,
    RunState,
    SteppingBack,
    Study,
)
from funding.permissions import Actor, fetch, visible_commitments, visible_studies, without_conflict
from funding.services.log import record
from funding.services.mail import Written, paragraphs, post_mail
from funding.services.organisations import officers_of
from funding.services.scenarios import round_to_work_in

LONGEST_NOTE = 2_000


def note_steps(session: Session, *, by: Actor, study_id: int, public_url: str) -> list[int]:
    """Put what a study of an arrival found on the ledger, and ask each funder that steps back.

    A step that is there already keeps its first figures and its answer. Answers the numbers of
    the new ones. Raises NotFound, NotPermitted, RuleBroken where nobody steps back.
    """
    study: Study = fetch(session, visible_studies(by), study_id, "study")
    round_id = study.run.scenario.round_id
    round_to_work_in(session, by, round_id)
    if study.kind != "arrival" or study.state != RunState.DONE or study.result is None:
        raise NotFound("study")
    found: dict[str, Any] = study.result
    if not found["steps"]:
        raise RuleBroken("Nobody steps back, so nobody has to be asked.")
    commitments = _by_key(session, Commitment, round_id)
    proposals = _by_key(session, Proposal, round_id)
    arrived = commitments[found["commitment"]]
    there = {
        (row.commitment_id, row.proposal_id)
        for row in session.scalars(
            sa.select(SteppingBack).where(SteppingBack.arrived_id == arrived.id)
        )
    }
    added = []
    for step in found["steps"]:
        commitment, proposal = commitments[step["commitment"]], proposals[step["proposal"]]
        if (commitment.id, proposal.id) in there or commitment.funder_id == arrived.funder_id:
            continue
        row = SteppingBack(
            arrived_id=arrived.id,
            commitment_id=commitment.id,
            proposal_id=proposal.id,
            **{key: step[key] for key in ("before", "after", "freed")},
        )
        session.add(row)
        added.append((row, commitment))
    session.flush()
    for row, _ in added:
        record(session, by, "stepping back noted", row, round_id=round_id)
    for commitment in {commitment.id: commitment for _, commitment in added}.values():
        _ask(session, commitment, arrived, public_url)
    return [row.id for row, _ in added]


def noted_for(session: Session, by: Actor, commitment_id: int) -> list[SteppingBack]:
    """The ledger's steps where this commitment arrived, the largest first."""
    return _steps(session, by, SteppingBack.arrived_id == commitment_id)


def asked_of(session: Session, by: Actor, commitment_id: int) -> list[SteppingBack]:
    """The ledger's steps where this commitment steps back, the largest first."""
    return _steps(session, by, SteppingBack.commitment_id == commitment_id)


def _steps(session: Session, by: Actor, which: sa.ColumnElement[bool]) -> list[SteppingBack]:
    """None of proposals for which the person is out of the room."""
    return list(
        session.scalars(
            sa.select(SteppingBack)
            .join(Proposal, Proposal.id == SteppingBack.proposal_id)
            .where(which, without_conflict(by))
            .options(
                joinedload(SteppingBack.arrived).joinedload(Commitment.funder),
                joinedload(SteppingBack.commitment).joinedload(Commitment.funder),
                joinedload(SteppingBack.proposal),
            )
            .order_by((SteppingBack.after - SteppingBack.before), SteppingBack.id)
        )
    )


def _by_key(session: Session, table: Any, round_id: int) -> dict[str, Any]:
    return {row.key: row for row in session.scalars(sa.select(table).filter_by(round_id=round_id))}


def _ask(session: Session, commitment: Commitment, arrived: Commitment, public_url: str) -> None:
    for officer in officers_of(session, commitment.funder_id):
        post_mail(
            session,
            officer,
            lambda: _would_step_back(commitment, arrived, public_url),
            key=f"stepping back {arrived.id} {commitment.id} {officer.id}",
            organisation_id=commitment.funder_id,
        )


def _would_step_back(commitment: Commitment, arrived: Commitment, public_url: str) -> Written:
    return (
        gettext("Your money would step back in %(round)s", round=commitment.round.name),
        paragraphs(
            gettext(
                "With %(arrived)s of %(funder)s, %(commitment)s would pay some proposals less than "
                "without it. Does your organisation agree?",
                arrived=arrived.name,
                funder=arrived.funder.name,
                commitment=commitment.name,
            ),
            f"{public_url}/commitments/{commitment.id}#stepping-back",
        ),
    )


def answer_step(
    session: Session, *, by: Actor, step_id: int, agrees: bool | None, note: str
) -> SteppingBack:
    """The word of the funder that steps back, once.

    Raises NotFound for steps of other funders' commitments, InvalidInput, RuleBroken.
    """
    step = session.get(SteppingBack, step_id, with_for_update={"key_share": True})
    if step is None:
        raise NotFound("step")
    commitment = fetch(session, visible_commitments(by), step.commitment_id, "commitment")
    if commitment.funder_id not in by.where("line.decide"):
        raise NotFound("step")
    faults = []
    if agrees is None:
        faults.append(Fault("agrees", "Choose yes or no."))
    if len(note.strip()) > LONGEST_NOTE:
        faults.append(
            Fault(
                "note",
                gettext(
                    "At most %(longest_note)s characters.", longest_note=format_number(LONGEST_NOTE)
                ),
            )
        )
    if faults:
        raise InvalidInput(*faults)
    if step.agrees is not None:
        raise RuleBroken("Your organisation has answered already.")
    step.agrees, step.note = agrees, note.strip()
    step.answered_by_id, step.answered_at = by.person_id, now()
    record(session, by, "stepping back answered", step, round_id=commitment.round_id, agrees=agrees)
    return step
