"""Deciding lines and following awards through the site's forms."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding.db import now
from funding.models import Award, PlanLine, Role, Tranche
from funding.services import ledger
from tests.builders import make_award, make_person
from tests.conftest import SignIn
from tests.pages import fields_of, words_of
from tests.routes.world import Side, make_side


@dataclass(frozen=True)
class Scene:
    side: Side
    colleague: str
    """Another officer of the funder than the one who put the plan forward."""


@pytest.fixture
def scene(site: Flask) -> Scene:
    def make(session) -> Scene:
        side = make_side(session)
        funder = session.get_one(PlanLine, side.ids["line_id"]).commitment.funder
        return Scene(side, make_person(session, funder).email)

    return site.extensions["database"].in_transaction(make)


@pytest.fixture
def officer(site: Flask, sign_in: SignIn, scene: Scene) -> FlaskClient:
    return sign_in(site, scene.colleague)


def stored(app: Flask, model, id: object):
    with app.extensions["database"].reading() as session:
        return session.get_one(model, id)


def test_a_form_of_money_has_a_key_that_is_used_for_one_thing_only(
    site: Flask, officer: FlaskClient, scene: Scene
) -> None:
    line = scene.side.ids["line_id"]
    amend = {"version": 1, "amount": "5,500.00", "amend_reason": "less will do"}
    address = f"/lines/{line}/amend"
    assert officer.post(address, data=amend).status_code == 400
    first = officer.post(address, data={**amend, "idempotency_key": "k"})
    assert first.status_code == 302
    again = officer.post(address, data={**amend, "idempotency_key": "k"})
    assert (again.status_code, again.location) == (302, first.location)
    other = officer.post(address, data={**amend, "amount": "5,400.00", "idempotency_key": "k"})
    assert other.status_code == 422
    assert (stored(site, PlanLine, line).amount, stored(site, PlanLine, line).version) == (
        5_500_00,
        2,
    )


def test_a_decision_on_a_line_that_changed_meanwhile_is_refused(
    officer: FlaskClient, scene: Scene
) -> None:
    line, round_id = scene.side.ids["line_id"], scene.side.ids["round_id"]
    stale = {"picked": f"{line}:7", "idempotency_key": "k"}
    answer = officer.post(f"/rounds/{round_id}/plan/approve", data=stale)
    assert answer.status_code == 409
    assert "changed meanwhile" in answer.text
    right = {"picked": f"{line}:1", "idempotency_key": "l"}
    assert officer.post(f"/rounds/{round_id}/plan/approve", data=right).status_code == 302


def test_after_approving_nobody_is_sent_to_another_site(officer: FlaskClient, scene: Scene) -> None:
    line, round_id = scene.side.ids["line_id"], scene.side.ids["round_id"]
    answer = officer.post(
        f"/rounds/{round_id}/plan/approve",
        data={"picked": f"{line}:1", "idempotency_key": "k", "back": "//evil.example/"},
    )
    assert answer.location == f"/rounds/{round_id}/plan"


def test_a_picked_line_that_cannot_be_is_refused_in_words(
    officer: FlaskClient, scene: Scene
) -> None:
    round_id = scene.side.ids["round_id"]
    for picked in ("²:1", "1", ":", "9" * 30 + ":1", "a:b"):
        answer = officer.post(
            f"/rounds/{round_id}/plan/approve", data={"picked": picked, "idempotency_key": "k"}
        )
        assert answer.status_code == 422, picked


@dataclass(frozen=True)
class Accepted:
    """An accepted award and a tranche of it that is due, and who may go on with them."""

    award: int
    tranche: int
    lead: str
    officer: str
    finance: str


def accepted(session: Session, state: str = "accepted") -> Accepted:
    award = make_award(session)
    funder = award.commitment.funder
    preparer, finance = (make_person(session, funder, Role.FINANCE_OFFICER) for _ in range(2))
    award.state = state
    tranche = Tranche(amount=1_000_00, due_on=now().date(), prepared_by_id=preparer.id)
    if state == "accepted":
        award.tranches.append(tranche)
        session.flush()
        ledger.schedule(session, None, tranche)
        tranche.state = "due"
    officer = make_person(session, funder)
    return Accepted(
        award.id, tranche.id or 0, award.proposal.lead.email, officer.email, finance.email
    )


def test_an_award_is_paid_given_back_and_ended_by_the_forms_of_its_page(
    site: Flask, sign_in: SignIn
) -> None:
    made = site.extensions["database"].in_transaction(accepted)
    award, tranche = made.award, made.tranche
    page = f"/awards/{award}"
    finance = sign_in(site, made.finance)
    for action in ("release", "pay"):
        sent = fields_of(finance.get(page).text, f"/tranches/{tranche}/{action}")
        sent |= {"paid_on": "2027-01-02", "reference": "R1"} if action == "pay" else {}
        assert finance.post(f"/tranches/{tranche}/{action}", data=sent).status_code == 302
    assert stored(site, Tranche, tranche).state == "paid"

    address = f"/tranches/{tranche}/return"
    sent = fields_of(finance.get(page).text, address)
    wrong = finance.post(address, data={**sent, "returned": "1.005", "return_reason": "unspent"})
    assert wrong.status_code == 422
    assert "at most 2 decimals" in words_of(wrong.text)
    much = finance.post(address, data={**sent, "returned": "9,000", "return_reason": "unspent"})
    assert much.status_code == 422
    assert "at most" in words_of(much.text)
    right = {**sent, "returned": "400.00", "return_reason": "unspent"}
    assert finance.post(address, data=right).status_code == 302
    assert "free in its commitment again" in words_of(finance.get(page).text)

    officer = sign_in(site, made.officer)
    sent = fields_of(officer.get(page).text, f"{page}/terminate")
    assert officer.post(f"{page}/terminate", data={**sent, "reason": ""}).status_code == 422
    assert officer.post(f"{page}/terminate", data={**sent, "reason": "Done."}).status_code == 302
    assert stored(site, Award, award).state == "terminated"
    assert finance.post(f"{page}/terminate", data=sent).status_code == 403


def test_a_refused_payment_form_says_why(site: Flask, sign_in: SignIn) -> None:
    made = site.extensions["database"].in_transaction(accepted)
    tranche = made.tranche

    def release(session: Session) -> str:
        found = session.get_one(Tranche, tranche)
        funder = found.award.commitment.funder
        found.released_by_id = make_person(session, funder, Role.FINANCE_OFFICER).id
        found.state = "released"
        return make_person(session, funder, Role.FINANCE_OFFICER).email

    finance = sign_in(site, site.extensions["database"].in_transaction(release))
    answer = finance.post(
        f"/tranches/{tranche}/pay",
        data={"paid_on": "2027-02-30", "reference": "R7", "idempotency_key": "k"},
    )
    assert answer.status_code == 422
    assert "date as YYYY-MM-DD" in words_of(answer.text)


def test_the_lead_of_a_proposal_can_refuse_its_offer(site: Flask, sign_in: SignIn) -> None:
    made = site.extensions["database"].in_transaction(accepted, "offered")
    award = made.award
    lead = sign_in(site, made.lead)
    sent = fields_of(lead.get(f"/awards/{award}").text, f"/awards/{award}/refuse")
    answer = lead.post(f"/awards/{award}/refuse", data={**sent, "reason": "Funded elsewhere"})
    assert answer.status_code == 302
    assert stored(site, Award, award).state == "terminated"
