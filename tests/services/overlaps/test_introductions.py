"""Two teams are brought together if both agree, and go on as one if both want to."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.models import (
    ConflictOfInterest,
    Introduction,
    Mail,
    Overlap,
    Person,
    ProposalState,
    Role,
    TeamMember,
)
from funding.permissions import Actor, own_proposals
from funding.services.overlaps import introducing, merging
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_person,
    make_proposal,
    make_round,
)

URL = "https://pool.example"


class Scene:
    """Two proposals of two teams that overlap, and an officer."""

    def __init__(self, session: Session) -> None:
        self.round = make_round(session)
        self.funder = make_organisation(session)
        make_commitment(session, self.round, self.funder)
        self.officer = make_actor(session, self.funder)
        self.first = make_proposal(session, self.round, key="P1", title="Probes")
        self.second = make_proposal(session, self.round, key="P2", title="Sondes")
        self.overlap = Overlap(
            round_id=self.round.id, first=self.first, second=self.second, degree=0.5
        )
        session.add(self.overlap)
        session.flush()
        self.one, self.two = (
            Actor.of(session.get_one(Person, p.lead_id)) for p in (self.first, self.second)
        )

    def introduction(self, session: Session, words: str = "") -> Introduction:
        return introducing.offer_introduction(
            session, by=self.officer, overlap_id=self.overlap.id, words=words, public_url=URL
        )


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


def mails(session: Session) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for mail in session.scalars(sa.select(Mail).order_by(Mail.id)):
        found.setdefault(mail.to, []).append(f"{mail.subject}\n{mail.body}")
    return found


def answer(session: Session, by: Actor, introduction: Introduction, agrees: bool) -> Introduction:
    return introducing.answer_introduction(
        session, by=by, introduction_id=introduction.id, agrees=agrees
    )


def test_both_are_asked_and_neither_is_told_of_the_other(session: Session, scene: Scene) -> None:
    scene.introduction(session, "Please talk.")
    asked = mails(session)
    assert set(asked) == {scene.first.lead.email, scene.second.lead.email}
    (to_first,) = asked[scene.first.lead.email]
    assert "Please talk." in to_first
    assert "Probes" in to_first
    for hidden in ("Sondes", scene.second.key, scene.second.lead.name, scene.second.lead.email):
        assert hidden not in to_first


def test_each_is_told_who_the_other_is_once_both_agree(session: Session, scene: Scene) -> None:
    introduction = scene.introduction(session)
    answer(session, scene.one, introduction, True)
    assert all(len(letters) == 1 for letters in mails(session).values())
    answer(session, scene.two, introduction, True)
    assert introduction.is_agreed
    told = mails(session)[scene.first.lead.email][-1]
    assert scene.second.lead.email in told
    assert "Sondes" in told


def test_one_no_ends_it_and_nobody_is_told(session: Session, scene: Scene) -> None:
    introduction = scene.introduction(session)
    answer(session, scene.one, introduction, False)
    answer(session, scene.two, introduction, True)
    assert not introduction.is_agreed
    assert all(len(letters) == 1 for letters in mails(session).values())


def test_a_team_answers_once_and_by_its_lead(session: Session, scene: Scene) -> None:
    introduction = scene.introduction(session)
    helper = make_person(session, make_organisation(session, "institution"), Role.RESEARCHER)
    scene.first.team.append(TeamMember(position=0, name=helper.name, person_id=helper.id))
    session.flush()
    with pytest.raises(NotPermitted):
        answer(session, Actor.of(helper), introduction, True)
    answer(session, scene.one, introduction, True)
    with pytest.raises(RuleBroken, match="already"):
        answer(session, scene.one, introduction, False)


def test_it_is_there_for_the_two_teams_alone(session: Session, scene: Scene) -> None:
    introduction = scene.introduction(session)
    for stranger in (scene.officer, make_actor(session, scene.funder, Role.RESEARCHER)):
        with pytest.raises(NotFound):
            introducing.own_side(session, stranger, introduction.id)


def test_a_pair_is_asked_once_and_never_one_team_of_itself(session: Session, scene: Scene) -> None:
    scene.introduction(session)
    with pytest.raises(RuleBroken, match="already"):
        scene.introduction(session)
    alone = make_proposal(session, scene.round, lead=scene.first.lead)
    own = Overlap(round_id=scene.round.id, first=scene.first, second=alone, degree=0.5)
    session.add(own)
    session.flush()
    with pytest.raises(RuleBroken, match="same lead"):
        introducing.offer_introduction(
            session, by=scene.officer, overlap_id=own.id, words="", public_url=URL
        )


def test_who_may_not_judge_or_is_in_conflict_introduces_nobody(
    session: Session, scene: Scene
) -> None:
    def offer(by: Actor) -> None:
        introducing.offer_introduction(
            session, by=by, overlap_id=scene.overlap.id, words="", public_url=URL
        )

    with pytest.raises(NotPermitted):
        offer(make_actor(session, scene.funder, Role.AUDITOR))
    session.add(
        ConflictOfInterest(
            proposal_id=scene.first.id,
            person_id=scene.officer.person_id,
            reason="kin",
            declared_by_id=scene.officer.person_id,
        )
    )
    session.flush()
    with pytest.raises(NotFound):
        offer(scene.officer)
    with pytest.raises(InvalidInput):
        introducing.offer_introduction(
            session,
            by=make_actor(session, scene.funder),
            overlap_id=scene.overlap.id,
            words="x" * 2001,
            public_url=URL,
        )


# -- going on as one ------------------------------------------------------------------------------


def introduced(session: Session, scene: Scene) -> Introduction:
    introduction = scene.introduction(session)
    for by in (scene.one, scene.two):
        answer(session, by, introduction, True)
    return introduction


def offer(session: Session, by: Actor, introduction: Introduction, **values: object) -> None:
    merging.offer_merger(
        session,
        **{
            "by": by,
            "introduction_id": introduction.id,
            "keeps_own": True,
            "words": "",
            "public_url": URL,
            **values,
        },
    )


def test_two_proposals_become_one_with_both_teams(session: Session, scene: Scene) -> None:
    scene.second.team.append(TeamMember(position=0, name="Aiko", email="aiko@lab.example"))
    introduction = introduced(session, scene)
    offer(session, scene.one, introduction)
    merging.answer_merger(session, by=scene.two, introduction_id=introduction.id, agrees=True)
    assert scene.second.state == ProposalState.WITHDRAWN
    assert scene.second.withdrawal_reason == "Merged into P1."
    assert [m.name for m in scene.first.team][-2:] == [scene.second.lead.name, "Aiko"]
    # the lead of the one that went may open the one that stays
    assert scene.first in session.scalars(own_proposals(scene.two)).unique().all()


def test_the_other_proposal_can_be_the_one_that_stays(session: Session, scene: Scene) -> None:
    introduction = introduced(session, scene)
    offer(session, scene.one, introduction, keeps_own=False)
    merging.answer_merger(session, by=scene.two, introduction_id=introduction.id, agrees=True)
    assert scene.first.state == ProposalState.WITHDRAWN
    assert scene.second.state != ProposalState.WITHDRAWN


def test_a_no_leaves_both_as_they_are_and_lets_another_offer_be_made(
    session: Session, scene: Scene
) -> None:
    introduction = introduced(session, scene)
    offer(session, scene.one, introduction)
    merging.answer_merger(session, by=scene.two, introduction_id=introduction.id, agrees=False)
    assert scene.first.state == scene.second.state == ProposalState.IN_REVIEW
    offer(session, scene.two, introduction)


def test_nobody_answers_their_own_offer_or_offers_twice(session: Session, scene: Scene) -> None:
    introduction = introduced(session, scene)
    offer(session, scene.one, introduction)
    with pytest.raises(RuleBroken, match="other team"):
        merging.answer_merger(session, by=scene.one, introduction_id=introduction.id, agrees=True)
    with pytest.raises(RuleBroken, match="waits"):
        offer(session, scene.two, introduction)


def test_no_merger_without_an_introduction_or_of_what_is_decided(
    session: Session, scene: Scene
) -> None:
    introduction = scene.introduction(session)
    with pytest.raises(RuleBroken, match="agree to meet"):
        offer(session, scene.one, introduction)
    for by in (scene.one, scene.two):
        answer(session, by, introduction, True)
    scene.second.state = ProposalState.FUNDED
    session.flush()
    with pytest.raises(RuleBroken, match="cannot be merged"):
        offer(session, scene.one, introduction)
