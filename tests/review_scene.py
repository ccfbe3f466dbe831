"""A round under review: two officers, two reviewers, two proposals, a form; made in one call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from funding.db import now
from funding.models import (
    Person,
    Proposal,
    Review,
    ReviewAssignment,
    ReviewCriterion,
    ReviewForm,
    ReviewSettings,
    Role,
    Round,
    RoundReviewer,
)
from funding.permissions import Actor
from funding.services.reviewing import assigning, declaring, handing_in
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_person,
    make_proposal,
    make_round,
)

URL = "https://site.example"
FIELDS = {
    "mark_idea": "4",
    "mark_team": "2",
    "for_committee": "Sound, if slow.",
    "for_applicant": "Say more of the method.",
}
"""A review that is in order: 62.5 of 100 on the form of `make_form`."""


@dataclass
class Scene:
    round: Round
    owner: Actor
    officer: Actor
    colleague: Actor
    reviewers: list[Person]
    proposals: list[Proposal]

    def actor(self, number: int) -> Actor:
        return Actor.of(self.reviewers[number])


def make_form(session: Session, round_: Round, number: int = 1) -> ReviewForm:
    """Two criteria from 1 to 5; the idea weighs three times as much as the team."""
    form = ReviewForm(round_id=round_.id, number=number, lowest=1, highest=5)
    form.criteria = [
        ReviewCriterion(
            position=0, key="idea", name="Idea", weight=3, anchors=[[1, "old"], [5, "new"]]
        ),
        ReviewCriterion(position=1, key="team", name="Team", weight=1, anchors=[]),
    ]
    session.add(form)
    session.flush()
    return form


def make_reviewer(
    session: Session, round_: Round, person: Person | None = None, **values: Any
) -> RoundReviewer:
    person = person or make_person(
        session, make_organisation(session, "institution"), Role.REVIEWER
    )
    made = RoundReviewer(round_id=round_.id, person=person, **values)
    session.add(made)
    session.flush()
    return made


def make_scene(session: Session, *, reviewers: int = 2, proposals: int = 2) -> Scene:
    owner = make_organisation(session, "committee")
    round_ = make_round(session, owner, state="in review")
    funder = make_organisation(session)
    make_commitment(session, round_, funder)
    make_form(session, round_)
    session.add(ReviewSettings(round_id=round_.id, least=2, due_at=now() + timedelta(days=10)))
    people = [make_reviewer(session, round_).person for _ in range(reviewers)]
    return Scene(
        round_,
        make_actor(session, owner, Role.COMMITTEE),
        make_actor(session, funder),
        make_actor(session, funder),
        people,
        [make_proposal(session, round_, score=None) for _ in range(proposals)],
    )


def assign(
    session: Session, scene: Scene, proposal: int = 0, reviewer: int = 0
) -> ReviewAssignment:
    return assigning.assign(
        session,
        by=scene.officer,
        proposal_id=scene.proposals[proposal].id,
        person_id=scene.reviewers[reviewer].id,
        public_url=URL,
    )


def accept(
    session: Session, scene: Scene, proposal: int = 0, reviewer: int = 0
) -> ReviewAssignment:
    """Assigned, and declared to be without conflict."""
    made = assign(session, scene, proposal, reviewer)
    return declaring.declare(
        session, by=scene.actor(reviewer), assignment_id=made.id, answer="none", words=""
    )


def hand_in(
    session: Session, scene: Scene, proposal: int = 0, reviewer: int = 0, **fields: str
) -> Review:
    made = accept(session, scene, proposal, reviewer)
    return handing_in.hand_in(
        session,
        by=scene.actor(reviewer),
        assignment_id=made.id,
        form_number=1,
        fields={**FIELDS, **fields},
    )
