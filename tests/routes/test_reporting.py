"""Reports through the forms of the site: written, decided, scheduled, returned, asked, listed."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding.models import (
    Award,
    ChangeRequest,
    ConflictOfInterest,
    HandedIn,
    Indicator,
    LoginSession,
    Narrative,
    ParkedForm,
    Person,
    Report,
    ReportFile,
    TeamMember,
    Tranche,
)
from funding.services.reporting import schedule
from tests.builders import PASSWORD, make_organisation, make_person
from tests.conftest import SignIn
from tests.pages import fields_of, words_of
from tests.reporting_scene import (
    Scene,
    add_tranche,
    full_form,
    make_scene,
    report_id,
)


@dataclass(frozen=True)
class World:
    """A scene and the addresses of its people."""

    scene: Scene
    emails: dict[str, str]
    progress: int
    second_progress: int
    final: int
    tranche: int


@pytest.fixture
def world(site: Flask) -> World:
    def make(session: Session) -> World:
        scene = make_scene(session)
        add_tranche(session, scene.first, 5_000_00, is_paid=True)
        tranche = add_tranche(session, scene.first, 1_000_00, is_paid=False)
        people = {
            "lead": scene.lead,
            "officer": scene.first.officer,
            "other": scene.second.officer,
            "finance": scene.first.preparer,
            "owner": scene.owner,
        }
        emails = {
            name: session.get_one(Person, actor.person_id).email for name, actor in people.items()
        }
        return World(
            scene,
            emails,
            report_id(session, scene.first),
            report_id(session, scene.second),
            report_id(session, scene.first, "final"),
            tranche,
        )

    return site.extensions["database"].in_transaction(make)


@pytest.fixture
def lead(site: Flask, sign_in: SignIn, world: World) -> FlaskClient:
    return sign_in(site, world.emails["lead"])


def database(site: Flask):
    return site.extensions["database"]


def filled(site: Flask, world: World, **changes: str) -> dict[str, str]:
    with database(site).reading() as session:
        fields = full_form(
            session,
            world.scene,
            (world.scene.first, "3,000", "500"),
            (world.scene.second, "2,000", "0"),
        )
    return {**fields, **changes}


def hand_in(site: Flask, lead: FlaskClient, world: World, report: int, **changes: str):
    """Send the whole form with the button that hands in."""
    address = f"/reports/{report}/write"
    sent = fields_of(lead.get(address).text, address)
    return lead.post(address, data={**sent, **filled(site, world, **changes), "act": "hand in"})


def stored(site: Flask, model, id: object):
    with database(site).reading() as session:
        return session.get_one(model, id)


def test_a_report_goes_from_the_researcher_to_both_funders_and_back(
    site: Flask, sign_in: SignIn, world: World, lead: FlaskClient
) -> None:
    page = words_of(lead.get(f"/reports/{world.progress}/write").text)
    assert page.count("Written once for") == 1
    assert len(re.findall(r"due 1 September 2026", page)) == 2
    answer = hand_in(site, lead, world, world.progress)
    assert answer.status_code == 303

    officer, other = (sign_in(site, world.emails[name]) for name in ("officer", "other"))
    shown = words_of(officer.get(f"/reports/{world.progress}").text)
    assert "Two hundred minutes were read." in shown
    assert "https://doi.org/10.48550/arXiv.2601.00001" in shown
    assert "Auditors trained" in shown
    back = f"/reports/{world.second_progress}/send-back"
    sent = fields_of(other.get(f"/reports/{world.second_progress}").text, back)
    assert other.post(back, data={**sent, "reason": " "}).status_code == 422
    assert other.post(back, data={**sent, "reason": "Which minutes?"}).status_code == 303
    accept = f"/reports/{world.progress}/accept"
    sent = fields_of(officer.get(f"/reports/{world.progress}").text, accept)
    assert officer.post(accept, data={**sent, "version": "77"}).status_code == 409
    assert officer.post(accept, data=sent).status_code == 303

    page = lead.get(f"/reports/{world.second_progress}/write").text
    assert "Which minutes?" in words_of(page)
    assert fields_of(page, "/reports")["progress"] == "Two hundred minutes were read."
    again = hand_in(site, lead, world, world.second_progress, progress="Those of May.")
    assert again.status_code == 303
    versions = words_of(officer.get(f"/reports/{world.progress}").text)
    assert "Two hundred minutes were read." in versions
    assert "Those of May." in words_of(officer.get(f"/reports/{world.progress}?version=2").text)
    assert officer.get(f"/reports/{world.progress}?version=3").status_code == 404


def test_a_refused_form_comes_back_with_everything_that_was_typed(
    site: Flask, world: World, lead: FlaskClient
) -> None:
    odd = {
        "progress": "",
        "output_1_address": "the library",
        "difficulties": "<script>alert(1)</script>",
        f"value_{world.scene.indicator_id}": "-1",
    }
    answer = hand_in(site, lead, world, world.progress, **odd)
    assert answer.status_code == 422
    back = fields_of(answer.text, f"/reports/{world.progress}/write")
    for name, text in odd.items():
        assert back[name] == text
    words = words_of(answer.text)
    assert "Output 1, address: Give its DOI" in words
    assert "Write a number with digits" in words
    assert "<script>alert" not in answer.text
    with database(site).reading() as session:
        assert session.scalar(sa.select(sa.func.count(HandedIn.id))) == 0
        kept = session.scalars(sa.select(ParkedForm)).one()
        assert kept.fields["typed"]["output_1_address"] == "the library"


def test_what_is_typed_is_kept_without_saving_and_given_back(
    site: Flask, world: World, lead: FlaskClient
) -> None:
    address = f"/reports/{world.progress}"
    lines = [name for name in filled(site, world) if name.startswith("spent_")]
    typed = {"progress": "Half a sen", lines[0]: "7,000", "stranger": "x", "base_version": "0"}
    answer = lead.post(f"{address}/autosave", data={**typed, "seen": ""})
    assert answer.status_code == 200
    assert "USD\N{NO-BREAK SPACE}2,000 more is spent than has been paid." in " ".join(
        answer.json["live"].values()
    )
    elsewhere = lead.post(f"{address}/autosave", data={**typed, "progress": "Other", "seen": ""})
    assert elsewhere.status_code == 409
    page = fields_of(lead.get(f"/reports/{world.second_progress}/write").text, "/reports")
    assert (page["progress"], page[lines[0]]) == ("Half a sen", "7,000")
    assert lead.post(f"{address}/discard").status_code == 303
    page = fields_of(lead.get(f"{address}/write").text, "/reports")
    assert page["progress"] == ""


def test_a_form_sent_while_signed_out_is_given_back_after_signing_in(
    site: Flask, world: World, lead: FlaskClient
) -> None:
    database(site).in_transaction(lambda session: session.execute(sa.delete(LoginSession)))
    address = f"/reports/{world.progress}/write"
    answer = lead.post(address, data={"progress": "Typed while away", "base_version": "0"})
    assert answer.status_code == 302
    assert "/sign-in" in answer.location
    lead.post("/sign-in", data={"email": world.emails["lead"], "password": PASSWORD})
    page = lead.get(address)
    assert "You were signed out while writing" in page.text
    assert fields_of(page.text, "/reports")["progress"] == "Typed while away"


def test_of_two_who_write_at_once_nothing_of_either_is_lost(
    site: Flask, sign_in: SignIn, world: World, lead: FlaskClient
) -> None:
    def join(session: Session) -> str:
        model = session.get_one(Person, world.scene.lead.person_id)
        person = Person(
            email="partner@test.example", name="Partner", password_hash=model.password_hash
        )
        session.add(person)
        session.flush()
        session.add(
            TeamMember(
                proposal_id=world.scene.proposal_id,
                position=0,
                name=person.name,
                person_id=person.id,
            )
        )
        return person.email

    # a co-applicant without any role of their own
    partner = sign_in(site, database(site).in_transaction(join))
    address = f"/reports/{world.progress}/write"
    forms = [fields_of(client.get(address).text, address) for client in (lead, partner)]
    first = lead.post(address, data={**forms[0], "progress": "By the lead", "act": "save"})
    assert first.status_code == 303
    second = partner.post(address, data={**forms[1], "progress": "By the partner", "act": "save"})
    assert second.status_code == 409
    words = words_of(second.text)
    assert "Somebody else saved a change while you were editing" in words
    assert "By the lead" in words
    assert "By the partner" in second.text
    with database(site).reading() as session:
        assert session.scalars(sa.select(Narrative)).one().fields["progress"] == "By the lead"
    again = fields_of(second.text, address)
    assert partner.post(address, data={**again, "act": "save"}).status_code == 303
    with database(site).reading() as session:
        assert session.scalars(sa.select(Narrative)).one().fields["progress"] == "By the partner"


def test_files_are_read_by_the_funder_only_once_they_are_handed_in(
    site: Flask, sign_in: SignIn, world: World, lead: FlaskClient
) -> None:
    address = f"/reports/{world.progress}/write"
    sent = fields_of(lead.get(address).text, address)
    answer = lead.post(
        address,
        data={
            **sent,
            **filled(site, world),
            "act": "files",
            "files": (io.BytesIO(b"a,b\n1,2\n"), "figures.csv"),
        },
    )
    assert answer.status_code == 303
    with database(site).reading() as session:
        file = session.scalars(sa.select(ReportFile)).one()
    officer = sign_in(site, world.emails["officer"])
    link = f"/reports/{world.progress}/files/{file.id}/figures.csv"
    assert lead.get(link, buffered=True).data == b"a,b\n1,2\n"
    assert officer.get(link).status_code == 404
    sent = fields_of(lead.get(address).text, address)
    wrong = lead.post(address, data={**sent, "files": (io.BytesIO(b"MZ"), "run.exe")})
    assert wrong.status_code == 422
    assert hand_in(site, lead, world, world.progress).status_code == 303
    answer = officer.get(link, buffered=True)
    assert answer.data == b"a,b\n1,2\n"
    assert "attachment" in answer.headers["Content-Disposition"]


def test_for_an_officer_in_conflict_nothing_of_it_is_there(
    site: Flask, sign_in: SignIn, world: World, lead: FlaskClient
) -> None:
    assert hand_in(site, lead, world, world.progress).status_code == 303

    def declare(session: Session) -> None:
        session.add(
            ConflictOfInterest(
                proposal_id=world.scene.proposal_id,
                person_id=world.scene.first.officer.person_id,
                declared_by_id=world.scene.first.officer.person_id,
                reason="family",
            )
        )

    database(site).in_transaction(declare)
    officer = sign_in(site, world.emails["officer"])
    award = world.scene.first.award_id
    for address in (f"/reports/{world.progress}", f"/awards/{award}/reports"):
        assert officer.get(address).status_code == 404
    for address in ("/reports", "/outputs", "/", f"/rounds/{world.scene.round_id}/came-back"):
        assert "Reading the minutes" not in officer.get(address).text


def test_an_officer_changes_the_schedule_and_a_tranche_waits_for_a_report(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    officer, award = sign_in(site, world.emails["officer"]), world.scene.first.award_id
    address, page = f"/awards/{award}/schedule", f"/awards/{award}/reports"
    sent = fields_of(officer.get(page).text, address)
    wrong = officer.post(address, data={**sent, f"due_{world.progress}": "2026-02-30"})
    assert wrong.status_code == 422
    assert fields_of(wrong.text, address)[f"due_{world.progress}"] == "2026-02-30"
    right = {**sent, f"due_{world.progress}": "2026-10-15", "due_new": "2026-03-01"}
    assert officer.post(address, data=right).status_code == 303
    with database(site).reading() as session:
        days = [r.due_on.isoformat() for r in schedule.reports_of(session, award)]
    assert days == ["2026-03-01", "2026-10-15", "2027-04-29"]
    stale = officer.post(address, data=right)
    assert stale.status_code == 409
    sent = fields_of(officer.get(page).text, address)
    assert officer.post(address, data={**sent, "remove": str(world.progress)}).status_code == 303
    milestone = f"/tranches/{world.tranche}/milestone"
    assert officer.post(milestone, data={"report_id": str(world.final)}).status_code == 303
    assert "Final report, accepted" in words_of(officer.get(page).text)
    assert officer.post(milestone, data={"report_id": "987654"}).status_code == 422
    finance = sign_in(site, world.emails["finance"])
    assert finance.post(address, data=sent).status_code == 403
    assert finance.post(milestone, data={"report_id": ""}).status_code == 303


def test_unspent_money_is_noted_as_returned_and_the_award_is_closed(
    site: Flask, sign_in: SignIn, world: World, lead: FlaskClient
) -> None:
    award = world.scene.first.award_id
    assert hand_in(site, lead, world, world.final).status_code == 303
    officer, finance = (sign_in(site, world.emails[name]) for name in ("officer", "finance"))
    accept = f"/reports/{world.final}/accept"
    sent = fields_of(officer.get(f"/reports/{world.final}").text, accept)
    assert officer.post(accept, data=sent).status_code == 303

    page = f"/awards/{award}/reports"
    assert "USD 1,500 is to be returned" in words_of(lead.get(page).text)
    assert "of which unspent money is to be returned" in words_of(lead.get("/").text)
    booking = f"/awards/{award}/return"
    sent = fields_of(finance.get(page).text, booking)
    assert sent["amount"] == "1,500"
    for wrong in ({"amount": "1.005"}, {"amount": "1,500.01"}, {"reference": " "}):
        answer = finance.post(booking, data={**sent, "reference": "R-9", **wrong})
        assert answer.status_code == 422
    assert finance.post(booking, data={**sent, "reference": "R-9"}).status_code == 303
    assert finance.post(booking, data={**sent, "reference": "R-9"}).status_code == 303  # twice
    closing = f"/awards/{award}/complete"
    sent = fields_of(officer.get(page).text, closing)
    assert finance.post(closing, data=sent).status_code == 403
    assert officer.post(closing, data=sent).status_code == 303
    assert stored(site, Award, award).state == "completed"
    assert stored(site, Tranche, world.tranche).state == "cancelled"

    back = words_of(officer.get(f"/rounds/{world.scene.round_id}/came-back").text)
    assert "USD 1,500" in back
    assert "USD 4,000" in back
    assert "USD 6,500" in back  # available now, with what was never awarded


def test_a_request_is_asked_answered_by_each_funder_and_shown_with_its_history(
    site: Flask, sign_in: SignIn, world: World, lead: FlaskClient
) -> None:
    address = f"/proposals/{world.scene.proposal_id}/extension"
    wrong = lead.post(address, data={"ends_on": "2026-01-01", "reason": "A storm"})
    assert wrong.status_code == 422
    assert fields_of(wrong.text, address)["reason"] == "A storm"
    asked = lead.post(address, data={"ends_on": "2027-08-31", "reason": "A storm"})
    assert asked.status_code == 303
    with database(site).reading() as session:
        request = session.scalars(sa.select(ChangeRequest)).one()
    page = f"/requests/{request.id}"
    for name, staff in (("officer", world.scene.first), ("other", world.scene.second)):
        client = sign_in(site, world.emails[name])
        assert "request of researchers to answer" in words_of(client.get("/").text)
        answer = f"{page}/answer/{staff.award_id}"
        sent = fields_of(client.get(page).text, answer)
        assert client.post(answer, data={**sent, "act": "decline"}).status_code == 422
        done = client.post(answer, data={**sent, "act": "approve", "reason": f"Yes, {name}"})
        assert done.status_code == 303
    words = words_of(lead.get(page).text)
    assert "Approved" in words
    assert "Yes, officer" in words
    assert "Yes, other" in words
    assert stored(site, Report, world.final).due_on.isoformat() == "2027-10-30"
    withdrawn = lead.post(f"{page}/withdraw", data={"version": "9"})
    assert withdrawn.status_code == 409


def test_another_budget_is_asked_with_the_same_sum(
    site: Flask, world: World, lead: FlaskClient
) -> None:
    address = f"/awards/{world.scene.first.award_id}/budget"
    sent = fields_of(lead.get(address).text, address)
    lines = [name for name in sent if name.startswith("line_")]
    wrong = lead.post(address, data={**sent, lines[0]: "1", "reason": "Dearer"})
    assert wrong.status_code == 422
    assert "add up to" in words_of(wrong.text)
    moved = {lines[0]: "5,000", lines[1]: "4,000"}
    assert lead.post(address, data={**sent, **moved, "reason": "Dearer"}).status_code == 303
    with database(site).reading() as session:
        request = session.scalars(sa.select(ChangeRequest)).one()
    words = words_of(lead.get(f"/requests/{request.id}").text)
    assert "+USD 1,000" in words
    assert "6,000 5,000" in words


def test_indicators_and_outputs_are_read_by_those_who_see_the_award(
    site: Flask, sign_in: SignIn, world: World, lead: FlaskClient
) -> None:
    officer, owner = (sign_in(site, world.emails[name]) for name in ("officer", "owner"))
    assert hand_in(site, lead, world, world.progress).status_code == 303
    assert "What the minutes say" not in officer.get("/outputs").text
    accept = f"/reports/{world.progress}/accept"
    sent = fields_of(officer.get(f"/reports/{world.progress}").text, accept)
    officer.post(accept, data=sent)
    for query in ("", "?q=minutes", "?kind=paper", f"?round={world.scene.round_id}"):
        assert "What the minutes say" in owner.get(f"/outputs{query}").text
    for query in ("?q=nothing", "?kind=audit", "?round=987654", "?funder=987654"):
        assert "No output matches these filters" in owner.get(f"/outputs{query}").text
    page = f"/indicators/{world.scene.indicator_id}"
    assert "Reading the minutes" in words_of(owner.get(page).text)
    assert "24" in words_of(owner.get("/indicators").text)

    stranger = sign_in(site, database(site).in_transaction(_stranger))
    assert "What the minutes say" not in stranger.get("/outputs").text
    assert "Reading the minutes" not in stranger.get(page).text

    form = {"name": "Hours", "unit": "h", "direction": "down", "definition": "All of them."}
    assert owner.post("/indicators/new", data={**form, "unit": ""}).status_code == 422
    assert owner.post("/indicators/new", data=form).status_code == 303
    assert officer.post("/indicators/new", data={**form, "name": "Others"}).status_code == 403
    fixed = owner.post(f"{page}/edit", data={**form, "version": "1", "is_asked": ""})
    assert fixed.status_code == 303
    assert stored(site, Indicator, world.scene.indicator_id).name == "Auditors trained"
    assert not stored(site, Indicator, world.scene.indicator_id).is_asked


def _stranger(session: Session) -> str:
    return make_person(session, make_organisation(session)).email


def test_a_funder_says_when_it_wants_reports(site: Flask, sign_in: SignIn, world: World) -> None:
    officer = sign_in(site, world.emails["officer"])
    funder = next(iter(world.scene.first.officer.organisations))
    address = f"/funders/{funder}/reporting"
    sent = fields_of(officer.get(address).text, address)
    assert (sent["every_months"], sent["final_days"], sent["remind_days"]) == ("12", "60", "14")
    wrong = officer.post(address, data={**sent, "every_months": "0", "final_days": ""})
    assert wrong.status_code == 422
    assert officer.post(address, data={**sent, "every_months": "6"}).status_code == 303
    assert officer.post(address, data={**sent, "every_months": "3"}).status_code == 409
    other = next(iter(world.scene.second.officer.organisations))
    assert officer.get(f"/funders/{other}/reporting").status_code == 404
