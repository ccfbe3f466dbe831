"""The only officer of a funder decides a line by its page; another person looks at it by theirs."""

from __future__ import annotations

from flask import Flask

from funding.models import Person, Role
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


def test_a_line_is_approved_alone_and_the_review_is_done_by_the_pages(
    site: Flask, sign_in: SignIn
) -> None:
    def make(session) -> tuple[int, str, str]:
        funder = make_organisation(session)
        round_ = make_round(session, make_organisation(session, "committee"))
        commitment = make_commitment(session, round_, funder)
        officer = make_actor(session, funder)
        admin = make_person(session, funder, Role.FUNDER_ADMIN)
        line = (commitment, make_proposal(session, round_), 6_000_00)
        plan = make_plan(session, round_, [line], officer)
        email = session.get_one(Person, officer.person_id).email
        return plan.lines[0].id, email, admin.email

    line, email, admin_email = site.extensions["database"].in_transaction(make)
    officer = sign_in(site, email)
    address = f"/lines/{line}/approve-alone"
    sent = fields_of(officer.get(f"/lines/{line}").text, address)
    refused = officer.post(address, data=sent)
    assert refused.status_code == 422
    assert "please say why nobody else can do it" in words_of(refused.text)
    done = officer.post(address, data={**sent, "alone_because": "The post is vacant."})
    assert done.status_code == 302
    page = words_of(officer.get(f"/lines/{line}").text)
    assert "compensating review open" in page
    assert "The post is vacant." in page
    assert "The post is vacant." in words_of(officer.get("/awards/1").text)

    admin = sign_in(site, admin_email)
    assert "1 compensating review to do" in words_of(admin.get("/").text)
    listed = admin.get("/compensating-reviews")
    assert "waits for you" in words_of(listed.text)
    sent = fields_of(admin.get("/compensating-reviews/1").text, "/compensating-reviews/1")
    empty = admin.post("/compensating-reviews/1", data=sent)
    assert empty.status_code == 422
    answer = admin.post(
        "/compensating-reviews/1",
        data={**sent, "verdict": "agreed", "finding": "It is the run's own line."},
    )
    assert answer.status_code == 302
    assert "It is the run's own line." in words_of(officer.get(f"/lines/{line}").text)
    assert "No compensating review is open" in words_of(admin.get("/compensating-reviews").text)
    assert officer.post("/compensating-reviews/1", data=sent).status_code == 403
