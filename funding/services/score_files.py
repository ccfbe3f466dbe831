"""Importing scores from a table: proposal, reviewer, score and, if wanted, comment.

All rows or none; the same file again changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Fault, InvalidInput
from funding.imports.faults import FileRefused, shown
from funding.imports.limits import MIB, Limits
from funding.imports.readers import open_table
from funding.imports.sources import Source
from funding.imports.tables import SourceRow, Trouble
from funding.models import CANDIDATE_STATES, Proposal, Round, Score
from funding.permissions import Actor, fetch, visible_proposals, working_rounds
from funding.services.log import record
from funding.services.reviewing.calibration import scores_changed
from funding.services.scores import clean_reviewer, faults_in, read_score

LIMITS = Limits(file_bytes=20 * MIB, unpacked_bytes=80 * MIB, rows=200_000, columns=60)
MOST_FAULTS = 200

_HEADINGS = {
    "proposal": ("proposal", "proposal id", "proposal number", "proposal key", "key"),
    "reviewer": ("reviewer", "reviewer email", "reviewer e-mail", "reviewer name", "email"),
    "score": ("score", "points", "mark", "rating"),
    "comment": ("comment", "comments", "remark", "remarks", "note"),
}


@dataclass(frozen=True)
class ScoreRow:
    """One row as it stands in the file; `row` counts as a spreadsheet does."""

    row: int
    proposal: str
    reviewer: str
    score: str
    comment: str


@dataclass(frozen=True)
class Counts:
    """What an import did."""

    read: int
    new: int
    changed: int
    same: int


def read_scores(content: bytes, filename: str) -> tuple[ScoreRow, ...]:
    """The rows of a CSV or XLSX file. Raises InvalidInput (field `file`) where it is no such
    table."""
    try:
        table = open_table(Source(content, filename, LIMITS))
        for view in table.views:
            rows = [row for row in view.rows() if not row.is_blank()]
            columns = _columns(rows[0]) if rows else {}
            if {"proposal", "reviewer", "score"} <= set(columns):
                return tuple(_row(row, columns) for row in rows[1:])
    except FileRefused as refusal:
        raise InvalidInput(Fault("file", str(refusal))) from refusal
    raise InvalidInput(
        Fault("file", "The first row must name the columns: proposal, reviewer, score, comment.")
    )


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _columns(heading: SourceRow) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, cell in enumerate(heading.cells):
        words = _text(cell).casefold().replace("_", " ")
        for name, spellings in _HEADINGS.items():
            if words in spellings:
                found.setdefault(name, place)
    return found


def _row(row: SourceRow, columns: dict[str, int]) -> ScoreRow:
    def cell(name: str) -> str:
        place = columns.get(name)
        if place is None or place >= len(row.cells):
            return ""
        value = row.cells[place]
        return value.shown if isinstance(value, Trouble) else _text(value)

    return ScoreRow(row.number, cell("proposal"), cell("reviewer"), cell("score"), cell("comment"))


def import_scores(
    session: Session, *, by: Actor, round_id: int, rows: tuple[ScoreRow, ...]
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
    if not rows:
        faults.append(Fault("file", "The table has no rows below its headings."))
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
        score, found = read_score(row.score), there.get(place)
        if found is None:
            new += 1
            session.add(
                Score(
                    proposal_id=place[0],
                    reviewer=place[1],
                    score=score,
                    comment=row.comment,
                    entered_by_id=by.person_id,
                )
            )
        elif (found.score, found.comment) != (score, row.comment):
            if found.review_id is not None:
                words = "this reviewer has handed in a review of this proposal here"
                of_reviews.append(_fault(row, "reviewer", row.reviewer, words))
                continue
            changed += 1
            found.score, found.comment = score, row.comment
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
    rows: tuple[ScoreRow, ...], proposals: dict[str, int]
) -> tuple[list[Fault], dict[tuple[int, str], ScoreRow]]:
    """Every fault of the rows, and the rows by (proposal id, reviewer)."""
    faults: list[Fault] = []
    wanted: dict[tuple[int, str], ScoreRow] = {}
    for row in rows:
        reviewer = clean_reviewer(row.reviewer)
        proposal_id = proposals.get(row.proposal)
        if proposal_id is None:
            faults.append(
                _fault(row, "proposal", row.proposal, "no such proposal in review in this round")
            )
        for fault in faults_in(reviewer, row.score, row.comment):
            faults.append(_fault(row, fault.field, getattr(row, fault.field), fault.rule))
        if proposal_id is None or not reviewer:
            continue
        earlier = wanted.setdefault((proposal_id, reviewer), row)
        if earlier is not row:
            faults.append(
                _fault(row, "reviewer", reviewer, f"the same score stands in row {earlier.row}")
            )
    return faults, wanted


def _fault(row: ScoreRow, name: str, value: str, rule: str) -> Fault:
    said = f"“{shown(value)}”: {rule}" if value else rule
    return Fault(f"row {row.row}, {name}", said)
