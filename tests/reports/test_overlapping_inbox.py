"""What waits for people because works overlap, and for nobody else."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from funding.models import SteppingBack
from funding.permissions import Actor
from funding.reports.inbox import waiting_for
from funding.services.overlaps import disclosing, introducing, merging
from tests.builders import make_commitment, make_organisation
from tests.services.overlaps.test_introductions import Scene
from tests.services.overlaps.test_outside import World, add_overlap

URL = "https://pool.example"


def waits(session: Session, by: Actor, endpoint: str) -> list[str]:
    return [work.text for work in waiting_for(session, by) if work.endpoint == endpoint]


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


def test_each_team_is_asked_until_it_answers_or_the_other_says_no(
    session: Session, scene: Scene
) -> None:
    introduction = scene.introduction(session)
    both = (scene.one, scene.two)
    assert [len(waits(session, by, "introductions.show")) for by in both] == [1, 1]
    assert waits(session, scene.officer, "introductions.show") == []
    introducing.answer_introduction(
        session, by=scene.one, introduction_id=introduction.id, agrees=False
    )
    assert [len(waits(session, by, "introductions.show")) for by in both] == [0, 0]


def test_an_offer_to_merge_waits_for_the_other_team(session: Session, scene: Scene) -> None:
    introduction = scene.introduction(session)
    for by in (scene.one, scene.two):
        introducing.answer_introduction(
            session, by=by, introduction_id=introduction.id, agrees=True
        )
    merging.offer_merger(
        session,
        by=scene.one,
        introduction_id=introduction.id,
        keeps_own=True,
        words="",
        public_url=URL,
    )
    assert waits(session, scene.one, "introductions.show") == []
    (asked,) = waits(session, scene.two, "introductions.show")
    assert "merge" in asked


def test_a_holder_is_asked_once_somebody_wants_to_see(session: Session) -> None:
    world = World(session)
    overlap = add_overlap(session, world)
    assert waits(session, world.holder, "overlaps.show_outside") == []
    ask = {"overlap_id": overlap.id, "public_url": URL}
    disclosing.agree_to_show(session, by=world.officer, organisation_id=world.alder.id, **ask)
    assert len(waits(session, world.holder, "overlaps.show_outside")) == 1
    assert waits(session, world.officer, "overlaps.show_outside") == []
    disclosing.agree_to_show(session, by=world.holder, organisation_id=world.birch.id, **ask)
    assert waits(session, world.holder, "overlaps.show_outside") == []


def test_a_funder_is_asked_whether_it_steps_back(session: Session, scene: Scene) -> None:
    own = make_commitment(session, scene.round, scene.funder, name="Open")
    arrived = make_commitment(session, scene.round, make_organisation(session))
    step = SteppingBack(
        arrived_id=arrived.id,
        commitment_id=own.id,
        proposal_id=scene.first.id,
        before=2,
        after=1,
        freed=0,
    )
    session.add(step)
    session.flush()
    assert waits(session, scene.officer, "commitments.show") == [
        "step back of Open to agree to or not"
    ]
    step.agrees, step.answered_by_id = True, scene.officer.person_id
    session.flush()
    assert waits(session, scene.officer, "commitments.show") == []
