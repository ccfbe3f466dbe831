"""One's own account: the digest, and the calendar that a program reads without signing in."""

from __future__ import annotations

import io
import json
import re
import zipfile

from flask import Flask
from icalendar import Calendar
from sqlalchemy.orm import Session

from funding.models import Person, Role
from tests.builders import make_organisation, make_person, make_proposal, make_round
from tests.conftest import SignIn

EMAIL = "officer@test.example"


def enter(site: Flask, sign_in: SignIn):
    database = site.extensions["database"]
    database.in_transaction(
        lambda s: make_person(s, make_organisation(s), email=EMAIL, name="Ada Alder").id
    )
    return sign_in(site, EMAIL)


def test_the_address_is_shown_once_and_answers_until_it_is_ended(
    site: Flask, sign_in: SignIn
) -> None:
    client = enter(site, sign_in)
    shown = client.post("/account/calendar").text
    path = re.search(r"http[^<]*(/calendar/[^<]+\.ics)", shown)
    assert path
    assert path[1] not in client.get("/account").text
    stranger = site.test_client()
    answer = stranger.get(path[1])
    assert answer.mimetype == "text/calendar"
    assert Calendar.from_ical(answer.data)["X-WR-CALNAME"] == "Tributary"
    assert stranger.get(path[1].replace(".ics", "x.ics")).status_code == 404
    client.post("/account/calendar/end")
    assert stranger.get(path[1]).status_code == 404


def test_the_digest_that_was_chosen_is_marked(site: Flask, sign_in: SignIn) -> None:
    client = enter(site, sign_in)
    assert client.post("/account/digest", data={"digest": "weekly"}).status_code == 302
    assert re.search(r'value="weekly"[^>]*checked', client.get("/account").text)
    assert client.post("/account/digest", data={"digest": "hourly"}).status_code == 422


def two_drafts(session: Session) -> str:
    round_ = make_round(session, make_organisation(session, "committee"), state="open")
    first = make_proposal(session, round_, state="draft", title="Probing")
    make_proposal(session, round_, state="draft", title="Steering", lead=first.lead)
    return session.get_one(Person, first.lead_id).email


def test_the_first_page_tells_what_waits_one_by_one_and_where_the_dates_can_be_had(
    site: Flask, sign_in: SignIn
) -> None:
    email = site.extensions["database"].in_transaction(two_drafts)
    page = sign_in(site, email).get("/").text
    assert re.search(r"<strong>2</strong> proposals not handed in yet", page)
    assert len(re.findall(r'<time datetime="\d{4}-\d\d-\d\d">', page)) == 3
    assert "Hand in Probing" in page
    assert "Hand in Steering" in page
    assert 'href="/account#calendar"' in page


def test_ones_own_data_come_as_a_file_and_being_forgotten_is_asked_for_and_done(
    site: Flask, sign_in: SignIn
) -> None:
    client = enter(site, sign_in)
    database = site.extensions["database"]
    admin = database.in_transaction(
        lambda s: make_person(s, make_organisation(s, "platform"), Role.PLATFORM_ADMIN).email
    )
    answer = client.post("/account/data.zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        told = json.loads(archive.read("data.json"))
    assert told["person"][0]["name"] == "Ada Alder"
    assert client.post("/account/erasure").status_code == 302
    assert "You asked to be forgotten" in client.get("/account").text
    keeper = sign_in(site, admin)
    assert "person asked to be forgotten" in keeper.get("/").text
    page = keeper.get("/people/erasure").text
    assert "Ada Alder" in page
    path = re.search(r'action="(/people/\d+/erase)"', page)
    assert path
    assert keeper.post(path[1]).status_code == 302
    assert "Nobody asked" in keeper.get("/people/erasure").text
    assert client.get("/account").status_code == 302, "signed out everywhere"
