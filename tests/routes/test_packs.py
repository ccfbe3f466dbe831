"""The pages of decision packs: made in one click, read with discretion, voted on in one page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from funding.models import Pack, Person, Round
from funding.permissions import Actor
from tests.conftest import SignIn
from tests.packs.scene import PackScene


@pytest.fixture
def scene(site: Flask, tmp_path: Path) -> PackScene:
    return PackScene.on(site.extensions["database"], tmp_path)


@pytest.fixture
def enter(site: Flask, scene: PackScene, sign_in: SignIn):
    def client_of(by: Actor) -> FlaskClient:
        return sign_in(site, scene.stored(Person, by.person_id).email)

    return client_of


def made(scene: PackScene) -> Pack:
    return scene.make(quick=True)


def test_a_pack_is_made_in_one_click_shown_being_made_and_cancelled(
    scene: PackScene, enter
) -> None:
    client = enter(scene.members[0])
    here = f"/rounds/{scene.round_id}/pack"
    assert "Make the decision pack" in client.get(here).text
    assert client.post(here).status_code == 302
    page = client.get(here).text
    assert "Making the decision pack" in page
    assert client.get("/packs/1/progress").status_code == 200
    client.post("/packs/1/cancel")
    assert "It was stopped" in client.get(here).text
    client.post(here, data={"is_quick": "1"})
    scene.work()
    assert client.get("/packs/2/progress").headers["HX-Redirect"] == here
    assert "Shall the committee endorse the plan" in client.get(here).text


def test_a_member_reads_comments_votes_and_closes_in_one_page(scene: PackScene, enter) -> None:
    pack = made(scene)
    client, here = enter(scene.members[0]), f"/rounds/{scene.round_id}/pack"
    page = client.get(here).text
    assert pack.digest in page
    said = client.post(f"/packs/{pack.id}/remarks", data={"kind": "dissent", "remark": ""})
    assert said.status_code == 422
    assert "they go on record" in said.text
    words = {"kind": "dissent", "remark": "Too much <b>of one</b>."}
    assert client.post(f"/packs/{pack.id}/remarks", data=words).status_code == 302
    page = client.get(here).text
    assert "0 agree, 1 dissent." in page
    assert "Too much &lt;b&gt;of one&lt;/b&gt;." in page
    vote = {
        "plan_id": str(scene.plan_id),
        "choice": "for",
        "declares_no_conflict": "1",
        "back": here,
    }
    address = f"/rounds/{scene.round_id}/committee"
    assert client.post(f"{address}/votes", data=vote).location == here
    scene.vote(scene.members[1])
    closed = client.post(f"{address}/close", data={"plan_id": str(scene.plan_id), "back": here})
    assert closed.location == here
    page = client.get(here).text
    assert "Sealed" in page
    assert scene.sealed().digest in page
    checked = client.get(f"/packs/{pack.id}/verification").text
    assert "The pack is whole" in checked


def test_a_vote_leads_back_to_no_other_site(scene: PackScene, enter) -> None:
    client = enter(scene.members[0])
    vote = {
        "plan_id": str(scene.plan_id),
        "choice": "for",
        "declares_no_conflict": "1",
        "back": "https://elsewhere.example/",
    }
    answer = client.post(f"/rounds/{scene.round_id}/committee/votes", data=vote)
    assert answer.location == f"/rounds/{scene.round_id}/committee"


def test_who_is_in_conflict_reads_nothing_of_the_proposal_nor_of_the_discussion(
    scene: PackScene, enter
) -> None:
    pack = made(scene)
    scene.say(pack, scene.members[0], "comment", "A is the best of them.")
    client = enter(scene.conflicted)
    page = client.get(f"/rounds/{scene.round_id}/pack").text
    assert "out of the room for a part" in page
    assert "Title A" not in page
    assert "A is the best of them." not in page
    assert "Title A" in enter(scene.members[0]).get(f"/packs/{pack.id}").text
    assert client.get(f"/packs/{pack.id}/pack.json").status_code == 404
    answer = client.post(f"/packs/{pack.id}/remarks", data={"kind": "comment", "remark": "Yes."})
    assert answer.status_code == 403
    content = enter(scene.members[0]).get(f"/packs/{pack.id}/pack.json")
    assert json.loads(content.data)["format"] == "tributary-pack/1"
    assert content.get_data(as_text=True) == scene.pack(pack.id).content


def test_the_copy_of_who_is_in_conflict_carries_no_content(scene: PackScene, enter) -> None:
    pack = made(scene)
    whole = enter(scene.members[0]).get(f"/packs/{pack.id}/pack.pdf")
    if whole.status_code == 503:
        pytest.skip("this machine cannot make PDFs")
    assert b"EmbeddedFile" in whole.data
    reduced = enter(scene.conflicted).get(f"/packs/{pack.id}/pack.pdf")
    assert reduced.status_code == 200
    assert b"EmbeddedFile" not in reduced.data


def test_an_auditor_verifies_and_writes_nothing(scene: PackScene, enter) -> None:
    pack = made(scene)
    client = enter(scene.auditor)
    assert "The pack is whole" in client.get(f"/packs/{pack.id}/verification").text
    assert client.post(f"/rounds/{scene.round_id}/pack").status_code == 403
    said = client.post(f"/packs/{pack.id}/remarks", data={"kind": "comment", "remark": "Hm."})
    assert said.status_code == 403


def test_who_takes_no_part_finds_nothing(scene: PackScene, enter) -> None:
    pack = made(scene)
    client = enter(scene.outsider)
    for address in (
        f"/rounds/{scene.round_id}/pack",
        f"/packs/{pack.id}",
        f"/packs/{pack.id}/pack.json",
        f"/packs/{pack.id}/pack.pdf",
        f"/packs/{pack.id}/verification",
    ):
        assert client.get(address).status_code == 404, address


def test_a_plan_agreed_by_hand_has_no_pack_and_says_so(demo_site: Flask, sign_in: SignIn) -> None:
    client = sign_in(demo_site, "philippa.odhiambo-strand@common-ground.example")
    database = demo_site.extensions["database"]
    with database.reading() as session:
        pilot = session.scalars(sa.select(Round.id).where(Round.state == "closed")).one()
    page = client.get(f"/rounds/{pilot}/pack").text
    assert "agreed by hand" in page
    assert client.post(f"/rounds/{pilot}/pack").status_code == 409
