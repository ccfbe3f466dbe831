"""Nothing typed is lost: autosave, ended sessions, two applicants at once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding.models import LoginSession
from tests.application_forms import (
    Applicant,
    complete_fields,
    make_applicant,
    save,
    saved_form,
)
from tests.conftest import SignIn
from tests.routes.application_pages import database_of, form_of, open_form, words_of


@pytest.fixture
def applicant(site: Flask) -> Applicant:
    return make_applicant(database_of(site), name="Round of Tests")


@pytest.fixture
def client(site: Flask, sign_in: SignIn, applicant: Applicant) -> FlaskClient:
    return sign_in(site, applicant.email)


# -- autosave -----------------------------------------------------------------------------------


def autosave(client: FlaskClient, applicant: Applicant, form: dict[str, str]):
    return client.post(
        f"/proposals/{applicant.proposal_id}/autosave",
        data=form,
        headers={"Accept": "application/json"},
    )


def test_autosave_keeps_any_text_and_says_how_it_adds_up(
    client: FlaskClient, applicant: Applicant
) -> None:
    form = {**open_form(client, applicant), **complete_fields(applicant, amount_1="x", ask="9")}
    answer = autosave(client, applicant, form)
    assert answer.status_code == 200
    live = answer.json["live"]
    assert live["areas"] == "The shares add up to 100%."
    assert "20,000" in live["budget"]
    assert "more than you ask for" in live["budget"]
    assert "“minimal”" in live["risk"]
    again = open_form(client, applicant)
    assert (again["amount_1"], again["ask"]) == ("x", "9")


def test_autosave_does_not_touch_the_proposal(
    site: Flask, client: FlaskClient, applicant: Applicant
) -> None:
    before = saved_form(database_of(site), applicant.proposal_id)
    autosave(client, applicant, {**open_form(client, applicant), "title": "Typed"})
    assert saved_form(database_of(site), applicant.proposal_id) == before


def test_autosave_from_a_second_window_is_refused(
    client: FlaskClient, applicant: Applicant
) -> None:
    form = open_form(client, applicant)
    first = autosave(client, applicant, {**form, "title": "One"})
    assert autosave(client, applicant, {**form, "title": "Two"}).status_code == 409
    onward = {**form, "title": "One more", "seen": first.json["seen"]}
    assert autosave(client, applicant, onward).status_code == 200


def test_autosave_tells_when_somebody_else_has_saved(
    site: Flask, client: FlaskClient, applicant: Applicant
) -> None:
    form = open_form(client, applicant)
    save(database_of(site), applicant)
    answer = autosave(client, applicant, {**form, "title": "Mine"})
    assert "Somebody else saved" in answer.json["note"]


# -- signed out while writing -------------------------------------------------------------------


def end_sessions(app: Flask) -> None:
    def end(session: Session) -> None:
        for found in session.scalars(sa.select(LoginSession)):
            session.delete(found)

    database_of(app).in_transaction(end)


def sign_in_again(client: FlaskClient, email: str, location: str) -> str:
    """Through the form that the redirect leads to; answers where one ends up."""
    form = form_of(client.get(location).text, "main form")
    form |= {"email": email, "password": "correct horse battery staple"}
    return client.post("/sign-in", data=form).location


def test_a_form_sent_after_the_session_ended_is_back_after_signing_in(
    site: Flask, client: FlaskClient, applicant: Applicant
) -> None:
    form = {**open_form(client, applicant), "title": "Typed for hours", "ask": "not a number"}
    end_sessions(site)
    answer = client.post(f"/proposals/{applicant.proposal_id}/edit", data=form)
    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in")
    back = sign_in_again(client, applicant.email, answer.location)
    assert back == f"/proposals/{applicant.proposal_id}/edit"
    page = client.get(back)
    assert "You were signed out while writing" in page.text
    again = form_of(page.text)
    assert (again["title"], again["ask"]) == ("Typed for hours", "not a number")
    assert "signed out" not in words_of(client.get(back).text)


def test_autosave_after_the_session_ended_keeps_the_text_and_says_so(
    site: Flask, client: FlaskClient, applicant: Applicant
) -> None:
    form = {**open_form(client, applicant), "title": "Still typing"}
    end_sessions(site)
    answer = autosave(client, applicant, form)
    assert answer.status_code == 401
    back = sign_in_again(client, applicant.email, answer.json["sign_in"])
    assert form_of(client.get(back).text)["title"] == "Still typing"


def test_what_was_typed_is_not_shown_to_another_person_at_the_same_browser(
    site: Flask, client: FlaskClient, applicant: Applicant
) -> None:
    other = make_applicant(database_of(site))
    form = {**open_form(client, applicant), "title": "Private"}
    end_sessions(site)
    answer = client.post(f"/proposals/{applicant.proposal_id}/edit", data=form)
    back = sign_in_again(client, other.email, answer.location)
    assert client.get(back).status_code == 404
    assert "Private" not in client.get(f"/proposals/{other.proposal_id}/edit").text


def test_a_form_whose_token_was_lost_is_kept_if_it_came_from_here(
    site: Flask, client: FlaskClient, applicant: Applicant
) -> None:
    form = {**open_form(client, applicant), "title": "Typed before the browser was closed"}
    form["csrf_token"] = "of a session that is gone"
    site.config["WTF_CSRF_ENABLED"] = True
    path = f"/proposals/{applicant.proposal_id}/edit"
    for origin in ({}, {"Origin": "https://elsewhere.example"}):
        assert client.post(path, data=form, headers=origin).status_code == 400
    answer = client.post(path, data=form, headers={"Origin": "http://localhost"})
    assert answer.status_code == 302
    page = client.get(client.get(answer.location).location)
    assert form_of(page.text)["title"] == "Typed before the browser was closed"


# -- two at once -------------------------------------------------------------------------------


def test_two_applicants_who_change_the_same_part_choose_between_both_texts(
    site: Flask, client: FlaskClient, applicant: Applicant
) -> None:
    save(database_of(site), applicant)
    form = {**open_form(client, applicant), "title": "My title", "minimum": "55,000"}
    save(database_of(site), applicant, title="Their title", abstract="Their text. " * 40)
    path = f"/proposals/{applicant.proposal_id}/edit"
    answer = client.post(path, data=form)
    assert answer.status_code == 409
    assert "My title" in answer.text
    assert "Their title" in answer.text
    assert saved_form(database_of(site), applicant.proposal_id)["fields"]["title"] == "Their title"
    merging = {**form_of(answer.text, "main form"), "choice_title": "mine"}
    assert client.post(path, data=merging).status_code == 303
    fields = saved_form(database_of(site), applicant.proposal_id)["fields"]
    assert (fields["title"], fields["minimum"]) == ("My title", "55,000")
    assert fields["abstract"].startswith("Their text.")


def test_choosing_their_text_takes_it(
    site: Flask, client: FlaskClient, applicant: Applicant
) -> None:
    save(database_of(site), applicant)
    form = {**open_form(client, applicant), "title": "My title"}
    save(database_of(site), applicant, title="Their title")
    path = f"/proposals/{applicant.proposal_id}/edit"
    page = client.post(path, data=form).text
    client.post(path, data={**form_of(page, "main form"), "choice_title": "theirs"})
    assert open_form(client, applicant)["title"] == "Their title"


YEARS = {"year_1": "2027", "part_1": "30,000", "year_2": "2028", "part_2": "69,000"}


def test_amounts_by_year_are_kept_as_typed_and_said_to_add_up(
    client: FlaskClient, applicant: Applicant
) -> None:
    form = {**open_form(client, applicant), **complete_fields(applicant), **YEARS}
    live = autosave(client, applicant, form).json["live"]
    assert words_of(f"<main>{live['years']}</main>").endswith("1,000 less than you ask for.")
    wrong = {**form, "part_2": "most of it", "seen": open_form(client, applicant)["seen"]}
    address = f"/proposals/{applicant.proposal_id}/edit"
    refused = client.post(address, data={**wrong, "act": "save"})
    assert refused.status_code == 422
    again = form_of(refused.text)
    assert (again["year_2"], again["part_2"]) == ("2028", "most of it")
    assert open_form(client, applicant)["part_2"] == "most of it"


def test_amounts_by_year_stand_on_the_proposals_page(
    site: Flask, client: FlaskClient, applicant: Applicant
) -> None:
    address = f"/proposals/{applicant.proposal_id}"
    save(database_of(site), applicant)
    assert "needed evenly over the months of the work" in words_of(client.get(address).text)
    save(database_of(site), applicant, **{**YEARS, "part_2": "70,000"})
    page = words_of(client.get(address).text)
    assert "By year" in page
    assert "202870,00070" in page.replace(" ", "")
    assert "evenly" not in page
