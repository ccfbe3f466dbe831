"""Terms, due diligence, an offer by letter, its acceptance and its documents, by the pages."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from flask import Flask

from funding.models import Award, DiligenceCheck, Mail, Offer, Person, Role, Round
from funding.permissions import Actor
from funding.services.decisions import approve_lines
from funding.services.offering import make_agreement
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_person,
    make_plan,
    make_proposal,
    make_round,
)
from tests.conftest import SignIn
from tests.pages import fields_of, words_of


@dataclass(frozen=True)
class Scene:
    """A funder's people by role, the lead, an officer of another funder, and a line to approve."""

    funder_id: int
    round_id: int
    line_id: int
    admin: str
    officer: str
    lead: str
    other: str
    chair: str


@pytest.fixture
def scene(site: Flask) -> Scene:
    def make(session) -> Scene:
        owner, funder = make_organisation(session, "committee"), make_organisation(session)
        round_ = make_round(session, owner)
        proposal = make_proposal(session, round_)
        commitment = make_commitment(session, round_, funder)
        other = make_organisation(session)
        make_commitment(session, round_, other)
        line = (commitment, proposal, 6_000_00)
        plan = make_plan(session, round_, [line], make_actor(session, owner))
        return Scene(
            funder.id,
            round_.id,
            plan.lines[0].id,
            make_person(session, funder, Role.FUNDER_ADMIN).email,
            make_person(session, funder).email,
            proposal.lead.email,
            make_person(session, other).email,
            make_person(session, owner, Role.COMMITTEE).email,
        )

    return site.extensions["database"].in_transaction(make)


def approve(app: Flask, scene: Scene) -> int:
    def act(session) -> int:
        person = session.scalars(sa.select(Person).where(Person.email == scene.officer)).one()
        approve_lines(session, by=Actor.of(person), lines={scene.line_id: None}, key="line")
        return session.scalars(sa.select(Award.id)).one()

    return app.extensions["database"].in_transaction(act)


def one(app: Flask, model):
    with app.extensions["database"].reading() as session:
        return session.scalars(sa.select(model)).one()


def test_from_a_checklist_to_a_signed_agreement(site: Flask, sign_in: SignIn, scene: Scene) -> None:
    admin = sign_in(site, scene.admin)
    terms = f"/funders/{scene.funder_id}/terms"
    assert admin.get("/terms").location == terms
    add = f"/funders/{scene.funder_id}/checklist"
    sent = fields_of(admin.get(terms).text, add)
    refused = admin.post(add, data={**sent, "asks": "A letter of the bank."})
    assert refused.status_code == 422
    assert "A letter of the bank." in refused.text
    assert admin.post(add, data={**sent, "title": "Bank account"}).status_code == 302
    text = f"/funders/{scene.funder_id}/letters/agreement/en"
    sent = fields_of(admin.get(text).text, text)
    wrong = admin.post(text, data={**sent, "body": "{funder} pays {amout}"})
    assert wrong.status_code == 422
    assert "there is no {amout}" in words_of(wrong.text)
    assert "{funder} pays {amout}" in wrong.text
    body = "# Terms\n{funder} pays {amount} to {applicant} for {proposal}.\n- One\n- Two"
    shown = admin.post(text, data={**sent, "body": body, "act": "preview"})
    assert "pays EUR\N{NO-BREAK SPACE}250,000.00 to Example Institute" in shown.text
    assert admin.post(text, data={**sent, "body": body}).status_code == 302
    assert admin.get(f"/funders/{scene.funder_id}/letters/agreement/xx").status_code == 404

    award_id = approve(site, scene)
    officer, page = sign_in(site, scene.officer), f"/awards/{award_id}"
    said = words_of(officer.get(page).text)
    assert "To be offered" in said
    assert "0 of 1 item done" in said
    lead = sign_in(site, scene.lead)
    assert lead.get(page).status_code == 404  # applicants hear of an award by its offer
    check = f"/checks/{one(site, DiligenceCheck).id}"
    sent = fields_of(officer.get(page).text, check)
    refused = officer.post(check, data={**sent, "outcome": "in order"})
    assert refused.status_code == 422
    assert "what you saw" in words_of(refused.text)
    found = {**sent, "outcome": "in order", "evidence": "Folder 12"}
    program = (io.BytesIO(b"MZ"), "run.exe")
    refused = officer.post(check, data={**found, "files": program})
    assert refused.status_code == 422
    assert "“run.exe”: only PDF" in words_of(refused.text)
    assert "Folder 12" in refused.text
    letter = (io.BytesIO(b"%PDF-1.7 From the bank."), "letter.pdf")
    done = officer.post(check, data={**found, "files": letter})
    assert done.status_code in (302, 303)
    file = re.search(r"/evidence/\d+/letter\.pdf", officer.get(page).text)[0]
    kept = officer.get(file, buffered=True)
    assert kept.data == b"%PDF-1.7 From the bank."
    assert kept.headers["Content-Disposition"].startswith("attachment")
    assert sign_in(site, scene.other).get(file).status_code == 404

    offer = f"{page}/offer"
    assert "Versión" not in officer.get(offer).text
    assert "Le rogamos" in officer.get(f"{offer}?language=es").text
    sent = fields_of(officer.get(offer).text, offer)
    refused = officer.post(offer, data={**sent, "expires_at": "2020-01-01"})
    assert refused.status_code == 422
    assert "has to lie ahead" in words_of(refused.text)
    assert officer.post(offer, data=sent).status_code == 302
    said = words_of(officer.get(page).text)
    assert "Offered" in said
    assert "For the funder" in said

    made = one(site, Offer)
    database, config = site.extensions["database"], site.extensions["config"]
    make_agreement(database, config, offer_id=made.id)
    said = words_of(lead.get(page).text)
    assert "Your offer" in said
    letter = words_of(lead.get(f"/offers/{made.id}").text)
    assert made.agreement_sha256 in letter
    kept = lead.get(f"/offers/{made.id}/agreement.html")
    assert hashlib.sha256(kept.data).hexdigest() == made.agreement_sha256
    accept = f"{page}/accept"
    sent = fields_of(lead.get(page).text, accept)
    assert lead.post(accept, data={**sent, "name": " "}).status_code == 422
    assert lead.post(accept, data=sent).status_code in (302, 303)
    assert one(site, Award).state == "accepted"
    make_agreement(database, config, offer_id=made.id)
    signed = one(site, Offer)
    pdf = lead.get(f"/offers/{made.id}/agreement.pdf", buffered=True)
    if signed.signed_pdf_sha256:
        assert pdf.data.startswith(b"%PDF-")
        assert hashlib.sha256(pdf.data).hexdigest() == signed.signed_pdf_sha256
    else:
        assert pdf.status_code == 404
        assert "no Pango" in words_of(lead.get(page).text)

    # letters are between the funder and the applicants
    other = sign_in(site, scene.other)
    assert other.get(page).status_code == 200
    assert "Offer by letter" not in other.get(page).text
    for address in (f"/offers/{made.id}", f"/offers/{made.id}/agreement.html", terms, offer):
        assert other.get(address).status_code == 404, address


def test_the_outbox_shows_an_organisations_letters_and_sends_a_failed_one_again(
    site: Flask, sign_in: SignIn, scene: Scene
) -> None:
    def post(session) -> None:
        at = "2026-01-01 00:00:00"
        session.execute(
            sa.text(
                'insert into mail ("to", subject, body, created_at, not_before, tries, error,'
                " kind, organisation_id) values ('lead@lab.example', 'An offer', 'secret text',"
                f" '{at}', '{at}', 8, 'SMTPRecipientsRefused: unknown', 'offer', :funder),"
                f" ('new@lab.example', 'A link', 'secret', '{at}', '{at}', 0, '', 'message', null)"
            ),
            {"funder": scene.funder_id},
        )

    site.extensions["database"].in_transaction(post)
    officer = sign_in(site, scene.officer)
    said = officer.get("/outbox?state=failed").text
    assert "An offer" in said
    assert "unknown" in said
    assert "secret" not in said
    assert "new@lab.example" not in officer.get("/outbox").text
    assert "lead@lab.example" not in sign_in(site, scene.other).get("/outbox").text
    again = re.search(r"/outbox/\d+/again", said)
    assert again
    assert officer.post(again.group()).status_code == 302
    with site.extensions["database"].reading() as session:
        assert session.scalars(sa.select(Mail.tries).where(Mail.kind == "offer")).one() == 0


def test_letters_of_decline_are_written_and_edited_by_the_pages(
    site: Flask, sign_in: SignIn, scene: Scene
) -> None:
    def refuse(session) -> int:
        return make_proposal(session, session.get_one(Round, scene.round_id), title="No luck").id

    proposal = site.extensions["database"].in_transaction(refuse)
    chair, page = sign_in(site, scene.chair), f"/rounds/{scene.round_id}/declines"
    assert "not written yet" in words_of(chair.get(page).text)
    sent = fields_of(chair.get(page).text, page)
    assert chair.post(page, data=sent).status_code == 302
    assert "As suggested" in words_of(chair.get(page).text)
    one_page = f"{page}/{proposal}"
    sent = fields_of(chair.get(one_page).text, one_page)
    assert "Scores and other proposals are not part" in sent["body"]
    assert chair.post(one_page, data={**sent, "body": " "}).status_code == 422
    assert chair.post(one_page, data={**sent, "body": "Dear all, no."}).status_code == 302
    assert "Edited" in words_of(chair.get(page).text)
    assert sign_in(site, scene.officer).get(page).status_code == 404
