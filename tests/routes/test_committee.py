"""The committee votes through its page, and the plan's page shows what came of it."""

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


def test_members_vote_dissent_and_the_result_stands_on_the_plan(
    site: Flask, sign_in: SignIn
) -> None:
    def make(session) -> tuple[int, list[str], str]:
        owner = make_organisation(session, "committee")
        round_ = make_round(session, owner)
        chair = make_actor(session, owner)
        line = (make_commitment(session, round_), make_proposal(session, round_), 6_000_00)
        make_plan(session, round_, [line], chair)
        members = [make_person(session, owner, Role.COMMITTEE).email for _ in range(3)]
        return round_.id, members, session.get_one(Person, chair.person_id).email

    round_id, members, chair_email = site.extensions["database"].in_transaction(make)
    page = f"/rounds/{round_id}/committee"
    first = sign_in(site, members[0])
    assert "1 plan to vote on" in words_of(first.get("/").text)
    sent = fields_of(first.get(page).text, f"{page}/rule")
    wrong = first.post(f"{page}/rule", data={**sent, "quorum_percent": "0"})
    assert wrong.status_code == 422
    set_ = {**sent, "quorum_percent": "100", "majority": "two thirds", "must_endorse": "1"}
    assert first.post(f"{page}/rule", data=set_).status_code == 302
    assert "only after the committee has endorsed" in words_of(first.get(page).text)

    assert ">مؤيد<" in first.get(f"{page}?language=ar").text
    sent = fields_of(first.get(page).text, f"{page}/votes")
    refused = first.post(f"{page}/votes", data={**sent, "choice": "against"})
    assert refused.status_code == 422
    said = words_of(refused.text)
    assert "please say why" in said
    assert "declares to be in no conflict" in said
    dissent = "Too little for evaluations."
    for client, choice in ((first, "against"), *((sign_in(site, m), "for") for m in members[1:])):
        sent = fields_of(client.get(page).text, f"{page}/votes")
        vote = {**sent, "choice": choice, "declares_no_conflict": "1"}
        vote["words"] = dissent if choice == "against" else ""
        assert client.post(f"{page}/votes", data=vote).status_code == 302
    # who voted how is nobody's business before the vote is closed
    assert dissent not in words_of(sign_in(site, members[1]).get(page).text)

    chair = sign_in(site, chair_email)
    sent = fields_of(chair.get(page).text, f"{page}/close")
    answer = chair.post(f"{page}/close", data={**sent, "minutes": "By call, all present."})
    assert answer.status_code == 302
    assert dissent in words_of(chair.get(page).text)
    plan = words_of(chair.get(f"/rounds/{round_id}/plan").text)
    assert "The committee has endorsed this plan" in plan
    assert "2 for, 1 against, 0 abstained, of 3 members who count" in plan
    assert "By call, all present." in plan
