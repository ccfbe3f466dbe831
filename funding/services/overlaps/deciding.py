"""What officers say of two works that may be the same.

Only what somebody calls a duplicate counts in the optimizer, by its degree, unless the round's
policy lets what nobody has judged count by its probability.
"""

from __future__ import annotations

from itertools import pairwise

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, RuleBroken
from funding.formatting import format_number
from funding.forms import without_repeats
from funding.language import gettext as _
from funding.models import OutsideOverlap, Overlap, Proposal
from funding.permissions import (
    Actor,
    fetch,
    visible_outside,
    visible_overlaps,
    visible_proposals,
)
from funding.services.log import record
from funding.services.overlaps.disclosing import shown_sides
from funding.services.overlaps.searching import round_to_decide_in
from funding.services.overlaps.teaching import reteach

VERDICTS = ("duplicate", "complementary", "distinct", "unsure")
LONGEST_NOTE = 2000


def decide_overlap(
    session: Session,
    *,
    by: Actor,
    overlap_id: int,
    version: int,
    verdict: str,
    degree: float | None,
    note: str,
    faults: tuple[Fault, ...] = (),
) -> Overlap:
    """Say what a pair is. `degree`: which part of the work would be paid twice, from 0 to 1.

    Raises NotFound, NotPermitted, Conflict for a stale version, InvalidInput.
    """
    overlap: Overlap = fetch(session, visible_overlaps(by), overlap_id, "overlap")
    _decide(session, by, overlap, version, verdict, degree, note, faults)
    return overlap


def decide_outside(
    session: Session,
    *,
    by: Actor,
    overlap_id: int,
    version: int,
    verdict: str,
    degree: float | None,
    note: str,
    faults: tuple[Fault, ...] = (),
) -> OutsideOverlap:
    """As `decide_overlap`, of a proposal and work outside of the round.

    Raises RuleBroken too, for somebody to whom the work outside is not shown.
    """
    overlap: OutsideOverlap = fetch(session, visible_outside(by), overlap_id, "overlap")
    if not all(shown_sides(session, by, overlap)):
        raise RuleBroken("You have not seen the other work: ask for it to be shown first.")
    _decide(session, by, overlap, version, verdict, degree, note, faults)
    return overlap


def _decide(
    session: Session,
    by: Actor,
    overlap: Overlap | OutsideOverlap,
    version: int,
    verdict: str,
    degree: float | None,
    note: str,
    faults: tuple[Fault, ...],
) -> None:
    round_to_decide_in(session, by, overlap.round_id)
    if overlap.version != version:
        raise Conflict("Somebody else changed this verdict meanwhile.")
    _refuse(without_repeats(faults, _verdict_faults(verdict, degree, note)))
    _set(overlap, by, verdict, degree, note)
    session.flush()
    reteach(session, overlap.round_id)
    record(
        session,
        by,
        "overlap decided",
        overlap,
        round_id=overlap.round_id,
        verdict=verdict,
        degree=overlap.degree,
    )


def mark_overlap(
    session: Session,
    *,
    by: Actor,
    round_id: int,
    first_key: str,
    second_key: str,
    verdict: str,
    degree: float | None,
    note: str,
    faults: tuple[Fault, ...] = (),
) -> Overlap:
    """Say what two proposals are to each other that no search brought together.

    A pair that is there already gets the verdict. Raises NotFound, NotPermitted, InvalidInput.
    """
    round_to_decide_in(session, by, round_id)
    found = {
        p.key: p
        for p in session.scalars(
            visible_proposals(by).where(
                Proposal.round_id == round_id,
                Proposal.key.in_([first_key.strip(), second_key.strip()]),
            )
        ).unique()
    }
    ruled = [
        Fault(field, "No proposal of this round that you can see has this number.")
        for field, key in (("first", first_key), ("second", second_key))
        if key.strip() not in found
    ]
    if not ruled and first_key.strip() == second_key.strip():
        ruled.append(Fault("second", "Choose two different proposals."))
    ruled += _verdict_faults(verdict, degree, note)
    _refuse(without_repeats(faults, ruled))
    ids = sorted(p.id for p in found.values())
    ((first_id, second_id),) = pairwise(ids)
    overlap = session.scalars(
        sa.select(Overlap).where(Overlap.first_id == first_id, Overlap.second_id == second_id)
    ).one_or_none()
    if overlap is None:
        overlap = Overlap(round_id=round_id, first_id=first_id, second_id=second_id, degree=0)
        session.add(overlap)
    _set(overlap, by, verdict, degree, note)
    session.flush()
    reteach(session, overlap.round_id)
    record(
        session,
        by,
        "overlap marked",
        overlap,
        round_id=round_id,
        verdict=verdict,
        degree=overlap.degree,
    )
    return overlap


def _set(
    overlap: Overlap | OutsideOverlap, by: Actor, verdict: str, degree: float | None, note: str
) -> None:
    overlap.verdict, overlap.note = verdict, note.strip()
    overlap.decided_by_id, overlap.decided_at = by.person_id, now()
    if verdict == "duplicate":
        overlap.degree = degree or 0.0


def _verdict_faults(verdict: str, degree: float | None, note: str) -> list[Fault]:
    faults = []
    if verdict not in VERDICTS:
        faults.append(Fault("verdict", "Choose what the two are to each other."))
    if verdict == "duplicate" and not (degree is not None and 0 < degree <= 1):
        faults.append(Fault("degree", "Say which share of the work is the same, from 1 to 100%."))
    if len(note) > LONGEST_NOTE:
        faults.append(
            Fault(
                "note",
                _("At most %(longest_note)s characters.", longest_note=format_number(LONGEST_NOTE)),
            )
        )
    return faults


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidInput(*faults)
