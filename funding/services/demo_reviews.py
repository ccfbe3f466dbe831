"""The demo round under review: its scores as reviews on a form, and some that still wait.

Marks are spread around each score so that their weighted mean is that score, to the decimal: merits
are those of `scores.csv`, whoever reads them.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.models import (
    AssignmentState,
    CoAuthor,
    ConflictOfInterest,
    ParkedForm,
    Person,
    Proposal,
    Review,
    ReviewAssignment,
    ReviewCriterion,
    ReviewDeclaration,
    ReviewerAbsence,
    ReviewForm,
    ReviewRemark,
    ReviewSettings,
    Round,
    RoundReviewer,
    WaivedConflict,
)
from funding.paths import SEEDS
from funding.services.reviewing.calibration import calibrate
from funding.services.reviewing.drafts import form_name
from funding.services.reviewing.found_conflicts import CO_AUTHOR, WORDS

WIDEST = 9
"""Points by which a mark lies above or below its score, at most."""


def load(
    session: Session,
    round_: Round,
    people: dict[str, Person],
    proposals: dict[str, Proposal],
) -> None:
    """Give the round a form, reviewers, and reviews that agree with the scores that are there."""
    plan = json.loads(Path(SEEDS / "review_form.json").read_text(encoding="utf-8"))
    form = _form(round_, plan)
    settings = ReviewSettings(
        round_id=round_.id, least=plan["least"], due_at=round_.closes_at + timedelta(days=14)
    )
    session.add_all([form, settings])
    _reviewers(session, round_, people)
    session.flush()
    _hand_in(session, round_, form, plan, people, proposals)
    _wait(session, plan, people, proposals)
    _stand_apart(session, round_, plan, people, proposals)
    for said in plan["remarks"]:
        session.add(
            ReviewRemark(
                proposal_id=proposals[said["proposal"]].id,
                person_id=people[said["by"]].id,
                text=said["text"],
                made_at=round_.closes_at + timedelta(days=12),
            )
        )
    calibrate(session, round_.id)


def _form(round_: Round, plan: dict[str, Any]) -> ReviewForm:
    form = ReviewForm(
        round_id=round_.id,
        number=1,
        lowest=plan["lowest"],
        highest=plan["highest"],
        guidance=plan["guidance"],
        made_at=round_.opens_at,
    )
    form.criteria = [
        ReviewCriterion(
            position=position,
            key=criterion["key"],
            name=criterion["name"],
            help=criterion["help"],
            weight=criterion["weight"],
            anchors=criterion["anchors"],
        )
        for position, criterion in enumerate(plan["criteria"])
    ]
    return form


def _reviewers(session: Session, round_: Round, people: dict[str, Person]) -> None:
    with Path(SEEDS / "reviewers.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            session.add(
                RoundReviewer(
                    round_id=round_.id,
                    person_id=people[row["reviewer"]].id,
                    areas=row["areas"].split("|"),
                    expertise=row["expertise"],
                    most=int(row["most"]),
                )
            )


def spread_of(proposal: str, reviewer: str, score: float) -> tuple[float, float]:
    """Two offsets for a score: the first pair of criteria lies apart by one, the second by the
    other, so that the weighted mean stays."""
    digest = hashlib.sha256(f"{proposal} {reviewer}".encode()).digest()
    most = min(WIDEST, int(score), int(100 - score))
    first, second = (byte % (2 * most + 1) - most for byte in digest[:2])
    return float(first), float(second)


def marks_of(proposal: str, reviewer: str, score: float) -> dict[str, float]:
    """Marks on the demo's form whose weighted mean is the score."""
    first, second = spread_of(proposal, reviewer, score)
    return {
        "question": round(score + first, 1),
        "approach": round(score - first, 1),
        "team": round(score + second, 1),
        "use": round(score - second, 1),
    }


def _words(plan: dict[str, Any], marks: dict[str, float], seed: str) -> str:
    """What would help the applicant: what is strongest, and what to mend."""
    criteria = {criterion["key"]: criterion for criterion in plan["criteria"]}
    ranked = sorted(marks, key=lambda key: (-marks[key], key))
    digest = hashlib.sha256(seed.encode()).digest()

    def one(sentences: list[str], byte: int) -> str:
        return sentences[byte % len(sentences)]

    strong = one(criteria[ranked[0]]["strong"], digest[2])
    weak = one(criteria[ranked[-1]]["weak"], digest[3])
    return f"{strong}\n\n{weak}"


def _hand_in(
    session: Session,
    round_: Round,
    form: ReviewForm,
    plan: dict[str, Any],
    people: dict[str, Person],
    proposals: dict[str, Proposal],
) -> None:
    """Every score that is there as a review, by the way that reviews go."""
    scores = [score for proposal in proposals.values() for score in proposal.scores]
    keys = {proposal.id: proposal.key for proposal in proposals.values()}
    asked_at = round_.closes_at + timedelta(hours=6)
    _insert(
        session,
        ReviewAssignment,
        (
            {
                "proposal_id": score.proposal_id,
                "person_id": people[score.reviewer].id,
                "state": AssignmentState.ASSIGNED,
                "reason": "Chosen by an officer.",
                "due_at": round_.closes_at + timedelta(days=14),
                "assigned_at": asked_at,
                "version": 1,
            }
            for score in scores
        ),
    )
    _insert(
        session,
        ReviewDeclaration,
        (
            {
                "proposal_id": score.proposal_id,
                "person_id": people[score.reviewer].id,
                "has_conflict": False,
                "words": "",
                "declared_at": asked_at + timedelta(days=1),
            }
            for score in scores
        ),
    )
    in_round = ReviewAssignment.proposal_id.in_(keys)
    session.execute(
        sa.update(ReviewAssignment).where(in_round).values(state=AssignmentState.ACCEPTED)
    )
    places = {
        (a.proposal_id, a.person_id): a.id
        for a in session.scalars(sa.select(ReviewAssignment).where(in_round))
    }
    reviews = []
    for number, score in enumerate(scores):
        person, key = people[score.reviewer], keys[score.proposal_id]
        marks = marks_of(key, score.reviewer, score.score)
        reviews.append(
            {
                "assignment_id": places[score.proposal_id, person.id],
                "proposal_id": score.proposal_id,
                "person_id": person.id,
                "form_id": form.id,
                "marks": marks,
                "score": score.score,
                "for_committee": score.comment,
                "for_applicant": _words(plan, marks, f"{key} {score.reviewer}"),
                "handed_in_at": round_.closes_at + timedelta(days=3, minutes=30 * number),
            }
        )
    _insert(session, Review, reviews)
    session.execute(
        sa.update(ReviewAssignment).where(in_round).values(state=AssignmentState.HANDED_IN)
    )
    made = dict(session.execute(sa.select(Review.assignment_id, Review.id)).all())
    for score in scores:
        person = people[score.reviewer]
        score.review_id = made[places[score.proposal_id, person.id]]
        score.entered_by_id = person.id
    session.flush()


def _insert(session: Session, model: Any, rows: Iterable[dict[str, Any]]) -> None:
    session.execute(sa.insert(model), list(rows))


def _ask(
    session: Session,
    proposal: Proposal,
    person: Person,
    due_in_days: int,
    reason: str = "Chosen by an officer.",
) -> ReviewAssignment:
    made = ReviewAssignment(
        proposal_id=proposal.id,
        person_id=person.id,
        reason=reason,
        due_at=now() + timedelta(days=due_in_days),
    )
    session.add(made)
    session.flush()
    return made


def _wait(
    session: Session,
    plan: dict[str, Any],
    people: dict[str, Person],
    proposals: dict[str, Proposal],
) -> None:
    """A few third reviews that still wait; one of them is begun."""
    for entry in plan["waiting"]:
        person = people[entry["reviewer"]]
        made = _ask(session, proposals[entry["proposal"]], person, entry["due_in_days"])
        if "draft" not in entry:
            continue
        session.add(
            ReviewDeclaration(proposal_id=made.proposal_id, person_id=person.id, has_conflict=False)
        )
        session.flush()
        made.state = AssignmentState.ACCEPTED
        session.add(
            ParkedForm(
                form=form_name(made.id), person_id=person.id, fields={"typed": entry["draft"]}
            )
        )
        session.flush()


def _stand_apart(
    session: Session,
    round_: Round,
    plan: dict[str, Any],
    people: dict[str, Person],
    proposals: dict[str, Proposal],
) -> None:
    """A conflict that was declared, one that was waived, and somebody who stands in."""
    entry = plan["conflict"]
    person, proposal = people[entry["reviewer"]], proposals[entry["proposal"]]
    declared = _ask(session, proposal, person, 10)
    session.add_all(
        [
            ReviewDeclaration(
                proposal_id=proposal.id,
                person_id=person.id,
                has_conflict=True,
                words=entry["words"],
            ),
            ConflictOfInterest(
                proposal_id=proposal.id,
                person_id=person.id,
                reason=entry["words"],
                declared_by_id=person.id,
            ),
        ]
    )
    session.flush()
    declared.state = AssignmentState.IN_CONFLICT

    entry = plan["waiver"]
    person = people[entry["reviewer"]]
    last_on = date(round_.opens_at.year - 1, 12, 31)
    session.add_all(
        [
            CoAuthor(
                person_id=person.id,
                name=entry["co_author"],
                last_on=last_on,
                stated_by_id=person.id,
            ),
            WaivedConflict(
                proposal_id=proposals[entry["proposal"]].id,
                person_id=person.id,
                kind=CO_AUTHOR,
                found=WORDS[CO_AUTHOR],
                asked_because=entry["asked_because"],
                asked_by_id=people[entry["asked_by"]].id,
                reason=entry["reason"],
                waived_by_id=people[entry["waived_by"]].id,
            ),
        ]
    )

    entry = plan["delegation"]
    person, delegate = people[entry["reviewer"]], people[entry["delegate"]]
    proposal = proposals[entry["proposal"]]
    until = now().date() + timedelta(days=entry["days"])
    session.add(
        ReviewerAbsence(
            round_id=round_.id,
            person_id=person.id,
            from_on=now().date(),
            until_on=until,
            delegate_id=delegate.id,
            recorded_by_id=person.id,
        )
    )
    first = _ask(session, proposal, person, entry["due_in_days"])
    first.state = AssignmentState.DELEGATED
    session.flush()
    reason = f"Stands in for {person.name}, away until {until:%d %B %Y}."
    taken = ReviewAssignment(
        proposal_id=proposal.id,
        person_id=delegate.id,
        reason=reason,
        due_at=first.due_at,
        from_id=first.id,
    )
    session.add(taken)
    session.flush()
