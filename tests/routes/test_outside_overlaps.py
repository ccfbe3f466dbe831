"""Overlaps with work outside of a round, introductions, pictures and steps back, on their pages."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding.models import (
    Commitment,
    HistoricGrant,
    Introduction,
    OutsideOverlap,
    Overlap,
    Person,
    Proposal,
    Role,
    Round,
    SteppingBack,
)
from tests.builders import make_person
from tests.conftest import SignIn
from tests.queries import count_queries
from tests.runs import work
from tests.services.overlaps.test_outside import PROBES, World, add_overlap

ODD = "<b>bold</b> & مرحبا 🙂 =1+1"


class Scene(World):
    """The world with an officer on each side, by the address they sign in with."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.outside_id = add_overlap(session, self).id
        pair = Overlap(
            round_id=self.round.id, first=self.probes, second=self.law, degree=0.5, probability=0.9
        )
        session.add(pair)
        session.flush()
        self.pair_id = pair.id
        self.asker, self.keeper = (
            make_person(session, funder).email for funder in (self.alder, self.birch)
        )
        self.chair = make_person(session, self.round.owner, Role.COMMITTEE).email
        self.leads = tuple(
            session.get_one(Person, p.lead_id).email for p in (self.probes, self.law)
        )
        self.alder_id, self.birch_id = self.alder.id, self.birch.id


@pytest.fixture
def scene(site: Flask) -> Scene:
    return site.extensions["database"].in_transaction(Scene)


@pytest.fixture
def asker(site: Flask, scene: Scene, sign_in: SignIn) -> FlaskClient:
    return sign_in(site, scene.asker)


def test_what_is_outside_is_seen_and_judged_once_both_agreed(
    site: Flask, scene: Scene, asker: FlaskClient, sign_in: SignIn
) -> None:
    lists = [f"/rounds/{scene.round_id}/overlaps/outside{end}" for end in ("", ".csv")]
    page = f"/overlaps/outside/{scene.outside_id}"
    for address in (*lists, page):
        text = asker.get(address).text
        assert "Larkspur" not in text
        assert "Birch Trust" not in text
    assert "Save the verdict" not in asker.get(page).text
    assert "50%" in asker.get(page).text
    # the search does not tell either what is hidden
    assert "None matches these filters" in asker.get(f"{lists[0]}?q=Larkspur").text
    refused = asker.post(page, data={"version": 1, "verdict": "duplicate", "degree": "50"})
    assert refused.status_code == 409
    assert asker.post(f"{page}/show", data={"organisation": scene.birch_id}).status_code == 403
    asker.post(f"{page}/show", data={"organisation": scene.alder_id})
    keeper = sign_in(site, scene.keeper)
    assert "Agree to show it" in keeper.get(page).text
    keeper.post(f"{page}/show", data={"organisation": scene.birch_id})
    text = asker.get(page).text
    assert "Larkspur Lab" in text
    assert text.count('<mark class="passage">') >= 2
    answer = asker.post(
        page, data={"version": 1, "verdict": "duplicate", "degree": "40", "note": "Half of it."}
    )
    assert answer.status_code == 302
    assert "Larkspur Lab" in asker.get(lists[0]).text
    assert "Half of it." in asker.get(page).text


def test_a_verdict_filled_in_wrongly_or_stale_comes_back_as_typed(
    site: Flask, scene: Scene, sign_in: SignIn
) -> None:
    keeper, page = sign_in(site, scene.keeper), f"/overlaps/outside/{scene.outside_id}"
    answer = keeper.post(
        page, data={"version": 1, "verdict": "duplicate", "degree": "x", "note": ODD}
    )
    assert answer.status_code == 422
    assert "&lt;b&gt;bold&lt;/b&gt;" in answer.text
    keeper.post(page, data={"version": 1, "verdict": "unsure"})
    stale = keeper.post(page, data={"version": 1, "verdict": "distinct", "note": "Mine"})
    assert stale.status_code == 409
    assert "Mine" in stale.text


def test_odd_words_break_no_page(site: Flask, scene: Scene, sign_in: SignIn) -> None:
    def spoil(session: Session) -> None:
        grant = session.get_one(HistoricGrant, scene.grant_id)
        grant.title, grant.purpose, grant.recipient = ODD, ODD * 2_000, ODD
        session.get_one(Proposal, scene.proposal_id).abstract = ""

    site.extensions["database"].in_transaction(spoil)
    keeper = sign_in(site, scene.keeper)
    for address in (
        f"/rounds/{scene.round_id}/overlaps/outside",
        f"/overlaps/outside/{scene.outside_id}",
        f"/rounds/{scene.round_id}/overlaps/network",
    ):
        page = keeper.get(address)
        assert page.status_code == 200
        assert "<b>bold</b>" not in page.text


def test_the_pictures_show_what_the_reader_may_see(
    site: Flask, scene: Scene, asker: FlaskClient, sign_in: SignIn, tmp_path: Path
) -> None:
    pages = [f"/rounds/{scene.round_id}/overlaps/{end}" for end in ("map", "network")]
    for page in pages:
        assert "Nothing is drawn yet" in asker.get(page).text
    asker.post(f"/rounds/{scene.round_id}/overlaps/search")
    work(site.extensions["database"], tmp_path)
    keeper = sign_in(site, scene.keeper)
    for page in pages:
        assert "Larkspur" not in asker.get(page).text
        assert "Larkspur" in keeper.get(page).text
    assert "P1 and P2" in asker.get(pages[0]).text
    assert "Larkspur" not in asker.get(f"{pages[1]}.csv").text


def test_two_teams_meet_and_merge_on_their_page(
    site: Flask, scene: Scene, asker: FlaskClient, sign_in: SignIn
) -> None:
    asker.post(f"/overlaps/{scene.pair_id}/introduction", data={"words": "Please talk."})
    with site.extensions["database"].reading() as session:
        number = session.scalars(sa.select(Introduction.id)).one()
    page = f"/introductions/{number}"
    assert asker.get(page).status_code == 404
    one, two = (sign_in(site, email) for email in scene.leads)
    assert "Please talk." in one.get(page).text
    assert "Law" not in one.get(page).text
    assert one.post(page, data={}).status_code == 422
    for client in (one, two):
        client.post(page, data={"agrees": "yes"})
    assert "Law" in one.get(page).text
    assert one.post(f"{page}/merger", data={"keeps": "none"}).status_code == 422
    one.post(f"{page}/merger", data={"keeps": "own", "words": "Together?"})
    assert "Together?" in two.get(page).text
    two.post(f"{page}/merger/answer", data={"agrees": "yes"})
    assert "One proposal now" in two.get(page).text
    assert "neither has answered" not in asker.get(f"/overlaps/{scene.pair_id}").text


def test_the_rounds_owner_says_which_overlaps_count(
    site: Flask, scene: Scene, asker: FlaskClient, sign_in: SignIn
) -> None:
    page = f"/rounds/{scene.round_id}/overlaps"
    chair = sign_in(site, scene.chair)
    with site.extensions["database"].reading() as session:
        version = session.get_one(Round, scene.round_id).version
    values = {"version": version, "counts": "probable", "probable_from": "130"}
    assert chair.post(f"{page}/counting", data=values).status_code == 422
    assert asker.post(f"{page}/counting", data={**values, "probable_from": "70"}).status_code == 404
    chair.post(f"{page}/counting", data={**values, "probable_from": "70"})
    assert "from 70% probability on" in asker.get(page).text
    assert chair.post(f"{page}/counting", data={**values, "probable_from": "80"}).status_code == 409


def test_a_funder_agrees_to_step_back_on_its_commitments_page(
    site: Flask, scene: Scene, asker: FlaskClient, sign_in: SignIn
) -> None:
    def step(session: Session) -> tuple[int, int]:
        own, arrived = (
            session.scalars(sa.select(Commitment).where(Commitment.funder_id == id_)).one()
            for id_ in (scene.alder_id, scene.birch_id)
        )
        made = SteppingBack(
            arrived_id=arrived.id,
            commitment_id=own.id,
            proposal_id=scene.proposal_id,
            before=900_00,
            after=100_00,
            freed=300_00,
        )
        session.add(made)
        session.flush()
        return made.id, own.id

    step_id, commitment_id = site.extensions["database"].in_transaction(step)
    page = f"/commitments/{commitment_id}"
    keeper = sign_in(site, scene.keeper)
    assert "Do not agree" in asker.get(page).text
    assert "Do not agree" not in keeper.get(page).text
    assert keeper.post(f"/stepping-back/{step_id}", data={"agrees": "yes"}).status_code == 404
    assert asker.post(f"/stepping-back/{step_id}", data={}).status_code == 422
    asker.post(f"/stepping-back/{step_id}", data={"agrees": "no", "note": "We stay."})
    for client in (asker, keeper):
        assert "We stay." in client.get(page).text


def test_ten_thousand_outside_page_with_as_many_queries_as_thirty(
    site: Flask, scene: Scene, asker: FlaskClient
) -> None:
    database = site.extensions["database"]
    address = f"/rounds/{scene.round_id}/overlaps/outside?per_page=25&page=2&q=probes"

    def fill(session: Session, first: int, number: int) -> None:
        grant = session.get_one(HistoricGrant, scene.grant_id)
        columns = ("import_id", "organisation_id", "funder", "recipient", "title")
        same = {name: getattr(grant, name) for name in columns}
        session.execute(
            sa.insert(HistoricGrant),
            [{**same, "fingerprint": f"many-{n}"} for n in range(first, first + number)],
        )
        new = session.scalars(
            sa.select(HistoricGrant.id).where(
                ~sa.exists().where(OutsideOverlap.grant_id == HistoricGrant.id)
            )
        )
        session.execute(
            sa.insert(OutsideOverlap),
            [
                {
                    "round_id": scene.round_id,
                    "proposal_id": scene.proposal_id,
                    "grant_id": id_,
                    "holder_id": scene.birch_id,
                    "degree": 0.5,
                    "probability": 0.5,
                    "version": 1,
                }
                for id_ in new
            ],
        )

    database.in_transaction(fill, first=0, number=30)
    with count_queries(database) as few:
        assert asker.get(address).status_code == 200
    database.in_transaction(fill, first=30, number=10_000)
    with count_queries(database) as many:
        page = asker.get(address)
    assert "26 to 50 of 10,031 overlaps" in page.text
    assert len(many) == len(few) < 30


def test_hints_answer_the_proposals_own_team(
    site: Flask, scene: Scene, asker: FlaskClient, sign_in: SignIn
) -> None:
    address = f"/proposals/{scene.proposal_id}/close"
    lead = sign_in(site, scene.leads[0])
    answer = lead.post(address, data={"title": ODD, "abstract": PROBES})
    assert answer.status_code == 200
    assert "Larkspur" not in answer.text
    assert asker.post(address, data={"abstract": PROBES}).status_code == 404
