"""Importing scores from a table: proposal, reviewer, score and, if wanted, comment.

All rows or none; the same file again changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Fault, InvalidInput
from funding.language import gettext as _
from funding.models import CANDIDATE_STATES, Proposal, Round, Score
from funding.permissions import Actor, fetch, visible_proposals, working_rounds
from funding.services.log import record
from funding.services.named_tables import MOST_FAULTS, NamedRow, read_named
from funding.services.reviewing.calibration import scores_changed
from funding.services.scores import clean_reviewer, faults_in, read_score

_HEADINGS = {
    "proposal": ("proposal", "proposal id", "proposal number", "proposal key", "key"),
    "reviewer": ("reviewer", "reviewer email", "reviewer e-mail", "reviewer name", "email"),
    "score": ("score", "points", "mark", "rating"),
    "comment": ("comment", "comments", "remark", "remarks", "note"),
}


@dataclass(frozen=True)
class Counts:
    """What an import did."""

    read: int
    new: int
    changed: int
    same: int


def read_scores(content: bytes, filename: str) -> tuple[NamedRow, ...]:
    """The rows of a CSV or XLSX file. Raises InvalidInput (field `file`) where it is no such
    table."""
    return read_named(content, filename, _HEADINGS, frozenset({"proposal", "reviewer", "score"}))


def import_scores(
    session: Session, *, by: Actor, round_id: int, rows: tuple[NamedRow, ...]
) -> Counts:
    """Write the scores of a file: new ones are added, those that differ are changed.

    Raises NotFound, and InvalidInput with a fault for each row and field that is wrong; then
    nothing is written.
    """
    round_: Round = fetch(session, working_rounds(by, "score.enter"), round_id, "round")
    proposals = {
        proposal_key: proposal_id
        for proposal_id, proposal_key in session.execute(
            visible_proposals(by, "score.enter")
            .with_only_columns(Proposal.id, Proposal.key)
            .where(Proposal.round_id == round_.id, Proposal.state.in_(CANDIDATE_STATES))
        )
    }
    faults, wanted = _checked(rows, proposals)
    if faults:
        raise InvalidInput(*faults[:MOST_FAULTS])
    there = {
        (score.proposal_id, score.reviewer): score
        for score in session.scalars(
            sa.select(Score)
            .join(Proposal, Proposal.id == Score.proposal_id)
            .where(Proposal.round_id == round_.id)
        )
    }
    new = changed = 0
    of_reviews: list[Fault] = []
    for place, row in wanted.items():
        score, comment = read_score(row.cells["score"]), row.cells["comment"]
        found = there.get(place)
        if found is None:
            new += 1
            session.add(
                Score(
                    proposal_id=place[0],
                    reviewer=place[1],
                    score=score,
                    comment=comment,
                    entered_by_id=by.person_id,
                )
            )
        elif (found.score, found.comment) != (score, comment):
            if found.review_id is not None:
                words = "this reviewer has handed in a review of this proposal here"
                of_reviews.append(row.fault("reviewer", words))
                continue
            changed += 1
            found.score, found.comment = score, comment
            found.entered_by_id, found.entered_at = by.person_id, now()
    if of_reviews:
        raise InvalidInput(*of_reviews[:MOST_FAULTS])
    counts = Counts(len(rows), new, changed, len(rows) - new - changed)
    scores_changed(session, round_.id)
    record(
        session,
        by,
        "scores imported",
        round_,
        round_id=round_.id,
        read=counts.read,
        new=counts.new,
        changed=counts.changed,
    )
    return counts


def _checked(
    rows: tuple[NamedRow, ...], proposals: dict[str, int]
) -> tuple[list[Fault], dict[tuple[int, str], NamedRow]]:
    """Every fault of the rows, and the rows by (proposal id, reviewer)."""
    faults: list[Fault] = []
    wanted: dict[tuple[int, str], NamedRow] = {}
    for row in rows:
        reviewer = clean_reviewer(row.cells["reviewer"])
        proposal_id = proposals.get(row.cells["proposal"])
        if proposal_id is None:
            faults.append(row.fault("proposal", "no such proposal in review in this round"))
        for fault in faults_in(reviewer, row.cells["score"], row.cells["comment"]):
            faults.append(row.fault(fault.field, fault.rule))
        if proposal_id is None or not reviewer:
            continue
        earlier = wanted.setdefault((proposal_id, reviewer), row)
        if earlier is not row:
            faults.append(
                row.fault("reviewer", _("the same score stands in row %(row)s", row=earlier.row))
            )
    return faults, wanted
