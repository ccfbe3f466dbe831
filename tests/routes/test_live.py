"""The pages of live sessions: opened, changed, followed with 304, signalled in, read by step."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from funding.models import Person
from funding.permissions import Actor
from tests.conftest import SignIn
from tests.live.scene import LiveScene
from tests.plain_words import plain


@pytest.fixture
def scene(site: Flask, tmp_path: Path) -> LiveScene:
    return LiveScene.on(site.extensions["database"], tmp_path)


@pytest.fixture
def enter(site: Flask, scene: LiveScene, sign_in: SignIn):
    def client_of(by: Actor) -> FlaskClient:
        with scene.database.reading() as session:
            return sign_in(site, session.get_one(Person, by.person_id).email)

    return client_of


def test_a_chair_tries_changes_and_the_page_marks_what_moved(scene: LiveScene, enter) -> None:
    client, here = enter(scene.chair), f"/live/{scene.live_id}"
    assert "The plan as it was solved" in client.get(here).text
    tried = {"kind": "pins", "pins_where": "B", "pins_value": "in", "at": "0"}
    assert client.post(f"{here}/changes", data=tried).status_code == 302
    assert "Solving step 1" in client.get(here).text
    scene.work()
    page = client.get(here).text
    assert "“Title B” is pinned in" in page
    assert "Title B</a>" in page
    assert "What moved against step 0" in page
    assert "The plan as it was solved" in client.get(f"{here}?step=0").text
    client.post(f"{here}/shown", data={"number": "0"})
    assert scene.live().current == 0


@pytest.mark.parametrize(
    ("tried", "said"),
    [
        (("weights", "interpretability", "a lot"), "a number, please"),
        (("weights", "interpretability", "21"), "a number from 0 to 20"),
        (("caps", "interpretability", "1.005"), "decimal"),
        (("floors", "nowhere", "1"), "one of the list"),
    ],
)
def test_what_cannot_be_read_comes_back_with_what_was_typed(
    scene: LiveScene, enter, tried: tuple[str, str, str], said: str
) -> None:
    kind, where, value = tried
    typed = {"kind": kind, f"{kind}_where": where, f"{kind}_value": value, "at": "0"}
    answer = enter(scene.chair).post(f"/live/{scene.live_id}/changes", data=typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{value}"' in answer.text


def test_the_room_is_told_that_nothing_is_new_until_something_is(scene: LiveScene, enter) -> None:
    chair, member = enter(scene.chair), enter(scene.member)
    here = f"/live/{scene.live_id}/now"
    first = member.get(here)
    tag = first.headers["ETag"]
    unchanged = member.get(here, headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    chair.post(f"/live/{scene.live_id}/voting", data={"is_open": "1"})
    fresh = member.get(here, headers={"If-None-Match": tag})
    assert fresh.status_code == 200
    assert fresh.headers["ETag"] != tag
    assert 'value="abstain"' in fresh.text


def test_a_member_signals_and_comments_and_both_are_marked_as_not_binding(
    scene: LiveScene, enter
) -> None:
    enter(scene.chair).post(f"/live/{scene.live_id}/voting", data={"is_open": "1"})
    client, here = enter(scene.member), f"/live/{scene.live_id}"
    assert client.post(f"{here}/votes", data={"number": "0", "choice": "for"}).status_code == 302
    client.post(f"{here}/votes", data={"number": "0", "choice": "against"})
    client.post(f"{here}/remarks", data={"words": "Let us <i>see</i> B."})
    page = client.get(here).text
    assert "Not binding" in page
    assert "In favour 0 · Against 1 · Abstain 0" in page
    arabic = plain(client.get(f"{here}?language=ar").text)
    assert "مؤيد 0 · معارض 1" in arabic
    assert "لأجل" not in arabic
    assert "Let us &lt;i&gt;see&lt;/i&gt; B." in page
    assert client.post(f"{here}/changes", data={}).status_code in (409, 422)


def test_who_is_in_conflict_watches_without_the_proposal_and_the_discussion(
    scene: LiveScene, enter
) -> None:
    chair = enter(scene.chair)
    chair.post(f"/live/{scene.live_id}/remarks", data={"words": "A is the best."})
    tried = {"kind": "pins", "pins_where": "A", "pins_value": "out", "at": "0"}
    chair.post(f"/live/{scene.live_id}/changes", data=tried)
    scene.work()
    page = enter(scene.conflicted).get(f"/live/{scene.live_id}").text
    assert "Title A" not in page
    assert "A is the best." not in page
    assert "another proposal" in page
    assert "1 more that you may not see." in page


def test_an_auditor_reads_and_changes_nothing(scene: LiveScene, enter) -> None:
    client, here = enter(scene.auditor), f"/live/{scene.live_id}"
    assert client.get(here).status_code == 200
    for act in ("changes", "shown", "voting", "close", "votes", "remarks"):
        assert client.post(f"{here}/{act}").status_code == 403, act
    assert enter(scene.outsider).get(here).status_code == 404


def test_an_officer_keeps_a_step_and_closes_the_session(scene: LiveScene, enter) -> None:
    client, here = enter(scene.officer), f"/live/{scene.live_id}"
    kept = client.post(f"{here}/scenarios", data={"number": "0", "name": "As it was"})
    assert kept.location.startswith("/scenarios/")
    assert client.post(f"{here}/close").status_code == 302
    page = client.get(here).text
    assert "This session is closed" in page
    assert 'hx-trigger="every 1s"' not in page
