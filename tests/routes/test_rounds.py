"""Rounds in the browser: the list, the call, its owners' forms, areas and needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.models import (
    AreaNeed,
    FormQuestion,
    Role,
    Round,
    RoundEnquiry,
    RoundFunder,
)
from tests.builders import (
    make_commitment,
    make_organisation,
    make_person,
    make_proposal,
    make_round,
)
from tests.conftest import SignIn
from tests.pages import fields_of, words_of
from tests.queries import count_queries


@dataclass(frozen=True)
class Room:
    """A round with a funder's commitment and a proposal; e-mail addresses of people by part."""

    round_id: int
    owner_id: int
    funder_id: int
    owner: str
    officer: str
    admin: str
    researcher: str
    outsider: str
    invited: str


def database_of(app: Flask) -> Database:
    return app.extensions["database"]


@pytest.fixture
def room(site: Flask) -> Room:
    def make(session: Session) -> Room:
        committee = make_organisation(session, "committee")
        round_ = make_round(
            session, committee, state="open", summary="Why.", eligibility="Who.\n\nHow much."
        )
        funder, invited = make_organisation(session), make_organisation(session)
        make_commitment(session, round_, funder)
        round_.participants.append(RoundFunder(funder=invited))
        round_.needs.append(AreaNeed(area_key="evaluations", steps=[[100_00, 0.5]]))
        round_.questions.append(FormQuestion(position=0, key="use", label="Who will use it?"))
        make_proposal(session, round_, state="submitted", areas={"evaluations-capability": 1.0})
        institution = make_organisation(session, "institution")
        people = [
            make_person(session, organisation, role).email
            for organisation, role in (
                (committee, Role.COMMITTEE),
                (funder, Role.PROGRAM_OFFICER),
                (funder, Role.FUNDER_ADMIN),
                (institution, Role.RESEARCHER),
                (make_organisation(session), Role.PROGRAM_OFFICER),
                (invited, Role.FUNDER_ADMIN),
            )
        ]
        return Room(round_.id, committee.id, funder.id, *people)

    return database_of(site).in_transaction(make)


@pytest.fixture
def owner(site: Flask, sign_in: SignIn, room: Room) -> FlaskClient:
    return sign_in(site, room.owner)


def stored(app: Flask, round_id: int) -> Round:
    with database_of(app).reading() as session:
        return session.get_one(Round, round_id)


def tabs_of(client: FlaskClient, room: Room) -> list[str]:
    page = BeautifulSoup(client.get(f"/rounds/{room.round_id}").text, "html.parser")
    return [link.text.strip() for link in page.select("nav.tabs a")]


def test_the_call_says_to_everybody_what_applicants_need(site: Flask, room: Room) -> None:
    words = words_of(site.test_client().get(f"/rounds/{room.round_id}").text)
    for part in ("Why.", "How much.", "Who will use it?", "days left", "Interpretability"):
        assert part in words
    assert "Committed" not in words, "money is for the round's members"


def test_members_see_the_money_and_what_is_asked(site: Flask, sign_in: SignIn, room: Room) -> None:
    words = words_of(sign_in(site, room.officer).get(f"/rounds/{room.round_id}").text)
    assert "USD 100 k" in words
    assert "in 1 proposal" in words
    outside = words_of(sign_in(site, room.outsider).get(f"/rounds/{room.round_id}").text)
    assert "Committed" not in outside


def test_each_person_has_the_tabs_that_concern_them(
    site: Flask, sign_in: SignIn, room: Room
) -> None:
    assert tabs_of(site.test_client(), room) == ["Call", "Areas"]
    assert tabs_of(sign_in(site, room.outsider), room) == ["Call", "Areas"]
    assert tabs_of(sign_in(site, room.researcher), room) == ["Call", "Areas"]
    officer = tabs_of(sign_in(site, room.officer), room)
    assert officer[:3] == ["Call", "Areas", "Commitments"]
    assert officer[-1] == "People & settings"
    admin = tabs_of(sign_in(site, room.admin), room)
    assert "Proposals" not in admin


def test_a_draft_is_there_for_its_members_only(site: Flask, sign_in: SignIn, room: Room) -> None:
    def redraft(session: Session) -> None:
        session.get_one(Round, room.round_id).state = "draft"

    database_of(site).in_transaction(redraft)
    address = f"/rounds/{room.round_id}"
    assert site.test_client().get(address).status_code == 404
    assert sign_in(site, room.outsider).get(address).status_code == 404
    assert sign_in(site, room.officer).get(address).status_code == 200


def test_the_list_filters_and_sorts_with_a_bounded_number_of_queries(
    site: Flask, room: Room
) -> None:
    def fill(session: Session) -> None:
        committee = session.get_one(Round, room.round_id).owner
        for number in range(300):
            make_round(session, committee, name=f"Old round {number:03}", state="closed")

    database_of(site).in_transaction(fill)
    client = site.test_client()
    with count_queries(database_of(site)) as sent:
        page = client.get("/rounds/?state=closed&sort=name&per_page=200").text
    assert len(sent) <= 4
    links = [a.text for a in BeautifulSoup(page, "html.parser").select("#results tbody th a")]
    assert (len(links), links[0]) == (200, "Old round 000")
    assert "Old round 007" in client.get("/rounds/?q=round%20007").text


def test_a_new_round_is_made_from_the_form(site: Flask, owner: FlaskClient) -> None:
    form = fields_of(owner.get("/rounds/new").text)
    opens, closes = now() + timedelta(days=1), now() + timedelta(days=90)
    form |= {
        "name": "Spring",
        "timezone": "Africa/Nairobi",
        "opens_at": f"{opens:%Y-%m-%dT%H:%M}",
        "closes_at": f"{closes:%Y-%m-%dT%H:%M}",
        "base_currency": "EUR",
    }
    answer = owner.post("/rounds/new", data=form, follow_redirects=True)
    assert answer.status_code == 200
    assert "Nairobi time (UTC+3)" in words_of(answer.text)


def test_a_refused_call_comes_back_as_typed_with_every_fault(owner: FlaskClient) -> None:
    form = fields_of(owner.get("/rounds/new").text)
    form |= {"name": "", "summary": "Kept <words>", "opens_at": "2027-03-28T02:30"}
    form |= {"timezone": "Europe/Zurich", "closes_at": "soon"}
    answer = owner.post("/rounds/new", data=form)
    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html.parser")
    assert {a["href"] for a in page.select(".error-summary a")} == {
        "#f-name",
        "#f-opens_at",
        "#f-closes_at",
    }
    assert page.select_one("#f-summary").text.strip() == "Kept <words>"
    assert page.select_one("#f-closes_at")["value"] == "soon"
    assert "clocks go forward" in answer.text


def test_a_stale_edit_is_shown_beside_what_is_stored_and_then_saved(
    site: Flask, owner: FlaskClient, room: Room
) -> None:
    address = f"/rounds/{room.round_id}/edit"
    mine = fields_of(owner.get(address).text)
    theirs = {**mine, "summary": "Their words."}
    assert owner.post(address, data=theirs).status_code == 302
    answer = owner.post(address, data={**mine, "summary": "My words."})
    assert answer.status_code == 409
    words = words_of(answer.text)
    assert "My words." in words
    assert "Their words." in words
    assert stored(site, room.round_id).summary == "Their words."
    again = fields_of(answer.text)
    assert again["summary"] == "My words."
    assert owner.post(address, data=again).status_code == 302
    assert stored(site, room.round_id).summary == "My words."


def test_the_deadline_of_an_open_round_is_extended_not_edited(
    site: Flask, owner: FlaskClient, room: Room
) -> None:
    assert 'name="closes_at"' not in owner.get(f"/rounds/{room.round_id}/edit").text
    later = stored(site, room.round_id).closes_at + timedelta(days=7)
    form = {"to_at": f"{later:%Y-%m-%dT%H:%M}", "reason": "Floods.", "proposal_key": ""}
    answer = owner.post(f"/rounds/{room.round_id}/extensions", data=form, follow_redirects=True)
    assert answer.status_code == 200
    public = words_of(site.test_client().get(f"/rounds/{room.round_id}").text)
    assert "Floods." in public
    assert "Extended from" in public
    refused = owner.post(f"/rounds/{room.round_id}/extensions", data={**form, "reason": ""})
    assert refused.status_code == 422


def test_a_stage_that_is_not_ready_says_why(owner: FlaskClient, room: Room) -> None:
    form = fields_of(
        owner.get(f"/rounds/{room.round_id}/settings").text, f"/rounds/{room.round_id}/stage"
    )
    answer = owner.post(f"/rounds/{room.round_id}/stage", data={**form, "to": "in review"})
    assert answer.status_code == 409
    assert "still ahead" in words_of(answer.text)


def test_only_owners_find_the_forms(site: Flask, sign_in: SignIn, room: Room) -> None:
    officer = sign_in(site, room.officer)
    for part in ("edit", "policy", "questions/new", "areas/edit", "areas/evaluations/need"):
        assert officer.get(f"/rounds/{room.round_id}/{part}").status_code == 404
        assert officer.post(f"/rounds/{room.round_id}/{part}").status_code == 404
    settings = officer.get(f"/rounds/{room.round_id}/settings")
    assert settings.status_code == 200
    assert "Go on to" not in settings.text


def test_questions_are_added_moved_and_removed(site: Flask, owner: FlaskClient, room: Room) -> None:
    address = f"/rounds/{room.round_id}/questions/new"
    form = fields_of(owner.get(address).text)
    form |= {"label": "Which?", "kind": "choice", "choices": "Yes\r\n\r\nNo\r\n"}
    assert owner.post(address, data=form).status_code == 302
    with database_of(site).reading() as session:
        added = session.scalars(sa.select(FormQuestion).where(FormQuestion.key == "which")).one()
        assert added.choices == ["Yes", "No"]
        version = session.get_one(Round, room.round_id).version
    base = f"/rounds/{room.round_id}/questions/{added.id}"
    assert owner.post(f"{base}/move", data={"version": version, "way": "up"}).status_code == 302
    stale = owner.post(f"{base}/remove", data={"version": version})
    assert stale.status_code == 409
    assert owner.post(f"{base}/remove", data={"version": version + 1}).status_code == 302


def test_the_policy_is_read_in_percent_and_money_and_written_as_the_format_has_it(
    site: Flask, owner: FlaskClient, room: Room
) -> None:
    address = f"/rounds/{room.round_id}/policy"
    form = fields_of(owner.get(address).text)
    form |= {
        "overlap_weight": "1.5",
        "round_to": "1,000",
        "agreement_cost": "1500",
        "max_cofunders": "5",
        "institution_share": "8",
        "region_least.africa": "6",
        "risk_most.prohibited": "0",
    }
    assert owner.post(address, data=form).status_code == 302
    assert stored(site, room.round_id).policy == {
        "overlap_weight": 1.5,
        "round_to": 100_000,
        "agreement_cost": 150_000,
        "max_cofunders": 5,
        "institution_share": 0.08,
        "region_least": {"africa": 0.06},
        "risk_most": {"prohibited": 0},
    }
    again = fields_of(owner.get(address).text)
    assert again["institution_share"] == "8"
    wrong = owner.post(address, data={**again, "max_cofunders": "2.5", "round_to": "0"})
    assert wrong.status_code == 422
    assert {"#f-max_cofunders", "#f-round_to"} == {
        a["href"] for a in BeautifulSoup(wrong.text, "html.parser").select(".error-summary a")
    }


def test_a_question_is_asked_answered_and_read_by_all(
    site: Flask, sign_in: SignIn, owner: FlaskClient, room: Room
) -> None:
    address = f"/rounds/{room.round_id}"
    asker = sign_in(site, room.researcher)
    asker.post(f"{address}/enquiries", data={"question": "May we travel?"})
    assert "May we travel?" in asker.get(address).text
    assert "May we travel?" not in site.test_client().get(address).text
    empty = asker.post(f"{address}/enquiries", data={"question": " "})
    assert empty.status_code == 422
    with database_of(site).reading() as session:
        enquiry = session.scalars(sa.select(RoundEnquiry)).one()
    form = fields_of(owner.get(f"{address}/enquiries/{enquiry.id}").text)
    owner.post(f"{address}/enquiries/{enquiry.id}", data={**form, "answer": "By train."})
    assert "By train." in site.test_client().get(address).text
    late = owner.post(f"{address}/enquiries/{enquiry.id}", data={**form, "answer": "No."})
    assert late.status_code == 409
    assert "By train." in late.text


def test_an_invited_funder_joins_from_the_call(site: Flask, sign_in: SignIn, room: Room) -> None:
    admin = sign_in(site, room.invited)
    address = f"/rounds/{room.round_id}/join"
    assert address in admin.get(f"/rounds/{room.round_id}").text
    form = fields_of(admin.get(address).text)
    assert form["guarantee"] == "alone"
    assert admin.post(address, data={**form, "guarantee": "leave"}).status_code == 302
    with database_of(site).reading() as session:
        part = session.scalars(sa.select(RoundFunder).where(RoundFunder.guarantee == "leave")).one()
        assert part.joined_at
    stolen = admin.post(address, data={**form, "funder_id": str(room.funder_id)})
    assert stolen.status_code == 404


def test_a_funder_that_is_not_invited_finds_no_form_to_join(
    site: Flask, sign_in: SignIn, room: Room
) -> None:
    def stranger(session: Session) -> str:
        return make_person(session, make_organisation(session), Role.FUNDER_ADMIN).email

    client = sign_in(site, database_of(site).in_transaction(stranger))
    assert client.get(f"/rounds/{room.round_id}/join").status_code == 404


def test_weights_are_edited_by_the_funder_and_hidden_from_others(
    site: Flask, sign_in: SignIn, owner: FlaskClient, room: Room
) -> None:
    address = f"/rounds/{room.round_id}/funders/{room.funder_id}/weights"
    admin = sign_in(site, room.admin)
    form = fields_of(admin.get(address).text)
    assert form["weight.evaluations"] == "1"
    saved = admin.post(address, data={**form, "weight.evaluations": "1.5"})
    assert saved.status_code == 302
    stale = admin.post(address, data={**form, "weight.evaluations": "2"})
    assert stale.status_code == 409
    assert admin.post(address, data=fields_of(stale.text)).status_code == 302
    assert fields_of(admin.get(address).text)["weight.evaluations"] == "2"
    assert "2" in words_of(sign_in(site, room.officer).get(address).text)
    assert owner.get(address).status_code == 404
    assert sign_in(site, room.invited).get(address).status_code == 404


# -- areas ----------------------------------------------------------------------------------------


def test_definitions_are_public_and_needs_are_for_members(
    site: Flask, sign_in: SignIn, room: Room
) -> None:
    address = f"/rounds/{room.round_id}/areas"
    public = words_of(site.test_client().get(address).text)
    assert "Capability evaluations" in public
    assert "What each area needs" not in public
    assert "1 proposal" not in public
    member = words_of(sign_in(site, room.officer).get(address).text)
    assert "What each area needs" in member
    assert "Evaluations · 1 proposal" in member


def test_the_areas_are_edited_into_a_new_version_and_compared(
    site: Flask, owner: FlaskClient, room: Room
) -> None:
    address = f"/rounds/{room.round_id}/areas"
    form = fields_of(owner.get(f"{address}/edit").text)
    form |= {
        "a.evaluations.name": "Evaluation",
        "n.interpretability.0.name": "Probes",
        "t.0.name": "Law",
        "r.0.area": "evaluations-capability",
        "r.0.into": "evaluations",
        "note": "Clearer names.",
    }
    assert owner.post(f"{address}/edit", data={**form, "r.0.into": ""}).status_code == 422
    assert owner.post(f"{address}/edit", data=form).status_code == 302
    words = words_of(site.test_client().get(f"{address}/versions").text)
    for part in ("Clearer names.", "renamed", "Probes", "Law", "now part of Evaluation"):
        assert part in words
    stale = owner.post(f"{address}/edit", data={**form, "a.evaluations.name": "Mine"})
    assert stale.status_code == 409
    assert {"Mine", "Evaluation"} <= set(re.findall(r"\w+", words_of(stale.text)))


def test_a_need_is_edited_step_by_step(site: Flask, owner: FlaskClient, room: Room) -> None:
    address = f"/rounds/{room.round_id}/areas/evaluations/need"
    form = fields_of(owner.get(address).text)
    assert form["width.0"] == "100"
    form |= {"width.1": "2,000.50", "weight.1": "0.25", "floor": "1000", "cap": "9000"}
    rising = owner.post(address, data={**form, "weight.1": "0.6"})
    assert rising.status_code == 422
    assert "never rise" in rising.text
    gap = {**form, "width.1": "", "weight.1": "", "width.2": "5", "weight.2": "0.1"}
    assert owner.post(address, data=gap).status_code == 422
    entered = {**form, "spent_how": "entered", "spent": "70"}
    assert owner.post(address, data=entered).status_code == 302
    with database_of(site).reading() as session:
        need = session.scalars(sa.select(AreaNeed)).one()
        assert need.steps == [[100_00, 0.5], [2_000_50, 0.25]]
        assert (need.floor, need.cap, need.spent) == (1_000_00, 9_000_00, 70_00)


def test_what_is_spent_is_explained_by_its_grants(owner: FlaskClient, room: Room) -> None:
    address = f"/rounds/{room.round_id}/areas"
    assert f"{address}/evaluations/grants" in owner.get(address).text
    assert owner.get(f"{address}/evaluations/grants").status_code == 200
    assert owner.get(f"{address}/evaluations-capability/grants").status_code == 404
