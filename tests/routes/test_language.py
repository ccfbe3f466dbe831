"""The language of a page: who chooses it, how long it holds, how numbers are then written."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding.language import current
from funding.models import Event, Person, Role
from tests.builders import make_organisation, make_person
from tests.conftest import SignIn


@pytest.fixture
def client(site: Flask) -> FlaskClient:
    return site.test_client()


def language_of(page: str) -> str:
    return page.partition('<html lang="')[2].partition('"')[0]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("fr-CA,fr;q=0.9", "fr"), ("de,es;q=0.5", "es"), ("ar-EG", "ar"), ("pt", "en"), ("", "en")],
)
def test_a_visitor_reads_what_the_browser_asks_for(
    client: FlaskClient, asked: str, shown: str
) -> None:
    page = client.get("/", headers={"Accept-Language": asked}).text
    assert language_of(page) == shown


def test_arabic_runs_from_right_to_left(client: FlaskClient) -> None:
    assert '<html lang="ar" dir="rtl">' in client.get("/?language=ar").text
    assert '<html lang="en" dir="ltr">' in client.get("/").text


def test_a_visitors_choice_is_kept_and_leads_back_to_the_page(client: FlaskClient) -> None:
    answer = client.post(
        "/language",
        data={"language": "es"},
        headers={"Referer": "http://localhost/rounds?state=open&language=fr"},
    )
    assert answer.location == "/rounds?state=open"
    assert language_of(client.get("/").text) == "es"


def test_another_site_is_not_led_back_to(client: FlaskClient) -> None:
    answer = client.post(
        "/language", data={"language": "es"}, headers={"Referer": "http://elsewhere.example/x"}
    )
    assert answer.location == "/"


def test_a_language_holds_for_its_request_only(client: FlaskClient) -> None:
    client.get("/?language=fr")
    assert current().tag == "en"


def test_an_unknown_language_changes_nothing(client: FlaskClient) -> None:
    assert client.post("/language", data={"language": "xx"}).status_code == 302
    assert language_of(client.get("/?language=xx").text) == "en"


def test_a_choice_made_when_signed_in_goes_with_the_account(site: Flask, sign_in: SignIn) -> None:
    email = site.extensions["database"].in_transaction(
        lambda session: make_person(session, make_organisation(session), Role.AUDITOR).email
    )
    sign_in(site, email).post("/language", data={"language": "fr"})
    elsewhere = sign_in(site, email)
    assert language_of(elsewhere.get("/").text) == "fr"
    with site.extensions["database"].reading() as session:
        kept = session.scalar(sa.select(Person.language).where(Person.email == email))
    assert kept == "fr"


def test_a_refusal_is_read_in_ones_language_and_logged_in_english(
    site: Flask, sign_in: SignIn
) -> None:
    database = site.extensions["database"]

    def people(session: Session) -> tuple[str, str, int]:
        funder = make_organisation(session)
        admin = make_person(session, funder, Role.FUNDER_ADMIN, language="fr")
        officer = make_person(session, funder, Role.PROGRAM_OFFICER, name="Ada Vale")
        return admin.email, officer.email, funder.id

    admin, officer, funder_id = database.in_transaction(people)
    answer = sign_in(site, admin).post(
        "/people",
        data={
            "organisation": funder_id,
            "email": officer,
            "name": "Ada Vale",
            "role": "program_officer",
        },
    )
    assert answer.status_code == 409
    assert "Ada Vale a déjà ce rôle." in answer.text
    with database.reading() as session:
        refused = session.scalars(sa.select(Event).where(Event.action == "refused")).one()
    assert refused.detail["reason"] == "Ada Vale already has this role."
