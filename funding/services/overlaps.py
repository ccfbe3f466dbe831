"""Overlaps: candidates found by text, and what officers say of them.

Only what an officer calls a duplicate counts in the optimizer, by its degree.
"""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from funding.config import Config
from funding.db import Database, now
from funding.errors import Conflict, Fault, InvalidInput, NotPermitted, RuleBroken
from funding.forms import without_repeats
from funding.models import CANDIDATE_STATES, Job, Overlap, Proposal, Round
from funding.permissions import (
    Actor,
    fetch,
    visible_proposals,
    without_conflict,
    working_rounds,
)
from funding.services.jobs import enqueue
from funding.services.log import record
from funding.services.overlap_search import find_alike, suggested_degree

TASK = "find_overlaps"
VERDICTS = ("duplicate", "complementary", "distinct", "unsure")
LONGEST_NOTE = 2000
_NOTICEABLE = 0.005


def visible_overlaps(by: Actor) -> sa.Select[tuple[Overlap]]:
    """Pairs of rounds the person takes part in, both of which they may see."""
    first, second = aliased(Proposal), aliased(Proposal)
    rounds = working_rounds(by, "overlap.read").with_only_columns(Round.id)
    return (
        sa.select(Overlap)
        .join(first, first.id == Overlap.first_id)
        .join(second, second.id == Overlap.second_id)
        .where(
            Overlap.round_id.in_(rounds),
            without_conflict(by, first),
            without_conflict(by, second),
        )
    )


def _round_to_decide_in(session: Session, by: Actor, round_id: int) -> Round:
    round_: Round = fetch(session, working_rounds(by, "overlap.read"), round_id, "round")
    deciding = working_rounds(by, "overlap.decide").where(Round.id == round_id)
    if session.scalars(deciding).unique().one_or_none() is None:
        raise NotPermitted("Your role does not include deciding on overlaps.")
    return round_


# -- candidates ---------------------------------------------------------------------------------


def start_search(session: Session, *, by: Actor, round_id: int) -> None:
    """Ask for the round's texts to be compared; raises RuleBroken while that is under way."""
    round_ = _round_to_decide_in(session, by, round_id)
    last = last_search(session, round_id)
    if last is not None and last.state in ("queued", "running"):
        raise RuleBroken("The texts are being compared already.")
    enqueue(session, TASK, round_id=round_id)
    record(session, by, "overlap search asked for", round_, round_id=round_id)


def last_search(session: Session, round_id: int) -> Job | None:
    """The last job that compared this round's texts, done or under way."""
    return session.scalars(
        sa.select(Job)
        .where(Job.task == TASK, Job.arguments["round_id"].as_integer() == round_id)
        .order_by(Job.id.desc())
        .limit(1)
    ).one_or_none()


def find_overlaps(database: Database, config: Config, round_id: int) -> None:
    """The task of a worker: compare all candidates of a round, keep the pairs that are alike."""
    with database.reading() as session:
        rows = session.execute(
            sa.select(Proposal.id, Proposal.title, Proposal.abstract)
            .where(Proposal.round_id == round_id, Proposal.state.in_(CANDIDATE_STATES))
            .order_by(Proposal.id)
        ).all()
    alike = find_alike([f"{title}\n{abstract}" for _, title, abstract in rows])
    found = {(rows[a.first].id, rows[a.second].id): a.similarity for a in alike}
    database.in_transaction(_keep, round_id=round_id, found=found)


def _keep(session: Session, *, round_id: int, found: dict[tuple[int, int], float]) -> None:
    """New pairs become candidates; verdicts stay; candidates no longer alike go."""
    known = {
        (o.first_id, o.second_id): o
        for o in session.scalars(sa.select(Overlap).where(Overlap.round_id == round_id))
    }
    added = removed = 0
    for (first, second), similarity in found.items():
        overlap = known.get((first, second))
        if overlap is None:
            degree = suggested_degree(similarity)
            session.add(
                Overlap(
                    round_id=round_id,
                    first_id=first,
                    second_id=second,
                    degree=degree,
                    similarity=similarity,
                )
            )
            added += 1
        elif overlap.similarity is None or abs(overlap.similarity - similarity) > _NOTICEABLE:
            overlap.similarity = similarity
    for pair, overlap in known.items():
        if pair not in found and overlap.verdict == "candidate" and overlap.similarity is not None:
            session.delete(overlap)
            removed += 1
    record(
        session,
        None,
        "overlaps searched",
        session.get_one(Round, round_id),
        round_id=round_id,
        found=len(found),
        added=added,
        removed=removed,
    )


# -- verdicts -----------------------------------------------------------------------------------


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
    _round_to_decide_in(session, by, overlap.round_id)
    if overlap.version != version:
        raise Conflict("Somebody else changed this verdict meanwhile.")
    _refuse(without_repeats(faults, _verdict_faults(verdict, degree, note)))
    _set(overlap, by, verdict, degree, note, now())
    record(
        session,
        by,
        "overlap decided",
        overlap,
        round_id=overlap.round_id,
        verdict=verdict,
        degree=overlap.degree,
    )
    return overlap


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
    _round_to_decide_in(session, by, round_id)
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
    _set(overlap, by, verdict, degree, note, now())
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
    overlap: Overlap, by: Actor, verdict: str, degree: float | None, note: str, at: datetime
) -> None:
    overlap.verdict, overlap.note = verdict, note.strip()
    overlap.decided_by_id, overlap.decided_at = by.person_id, at
    if verdict == "duplicate":
        overlap.degree = degree or 0.0


def _verdict_faults(verdict: str, degree: float | None, note: str) -> list[Fault]:
    faults = []
    if verdict not in VERDICTS:
        faults.append(Fault("verdict", "Choose what the two are to each other."))
    if verdict == "duplicate" and not (degree is not None and 0 < degree <= 1):
        faults.append(Fault("degree", "Say which share of the work is the same, from 1 to 100%."))
    if len(note) > LONGEST_NOTE:
        faults.append(Fault("note", f"At most {LONGEST_NOTE:,} characters."))
    return faults


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidInput(*faults)
