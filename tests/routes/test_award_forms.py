"""The forms of an award's page: payments the plan proposes, and what a refusal leaves typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding.db import Database
from funding.models import Award, AwardState, Role, RunLine, Tranche
from funding.permissions import Actor
from funding.services.decisions import approve_lines
from funding.services.payments.tranches import cancel_tranche, schedule_tranche
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

YEARS = {"2087": 200_00, "2088": 400_00}


@dataclass(frozen=True)
class Desk:
    """An accepted award of 900.00, suggested as 600.00 over two years, and two who prepare."""

    award: int
    email: str
    colleague: Actor


@pytest.fixture
def desk(site: Flask) -> Desk:
    def make(session: Session) -> Desk:
        funder = make_organisation(session)
        round_ = make_round(session)
        commitment = make_commitment(session, round_, funder, amount=1_000_00)
        proposal = make_proposal(session, round_, ask=900_00, minimum=1)
        proposal.starts_on, proposal.ends_on = date(2087, 3, 1), date(2088, 12, 31)
        plan = make_plan(
            session, round_, [(commitment, proposal, 900_00)], make_actor(session, round_.owner)
        )
        session.scalars(sa.select(RunLine)).one().years = YEARS
        officer = make_actor(session, funder)
        approve_lines(session, by=officer, lines={plan.lines[0].id: None}, key="k")
        award = session.scalars(sa.select(Award)).one()
        award.state = AwardState.ACCEPTED
        people = [make_person(session, funder, Role.FINANCE_OFFICER) for _ in range(2)]
        return Desk(award.id, people[0].email, Actor.of(people[1]))

    return database_of(site).in_transaction(make)


@pytest.fixture
def finance(site: Flask, sign_in: SignIn, desk: Desk) -> FlaskClient:
    return sign_in(site, desk.email)


def database_of(site: Flask) -> Database:
    return site.extensions["database"]


def tranches(site: Flask) -> list[tuple[int, date, str]]:
    with database_of(site).reading() as session:
        found = session.scalars(sa.select(Tranche).order_by(Tranche.id))
        return [(each.amount, each.due_on, each.condition) for each in found]


def schedule(site: Flask, desk: Desk, amount: int) -> int:
    answer = database_of(site).in_transaction(
        schedule_tranche,
        by=desk.colleague,
        award_id=desk.award,
        amount=amount,
        due_on=date(2087, 1, 2),
        condition="",
        key=f"s{amount}",
    )
    return int(answer["tranche_id"])


# -- payments the plan proposes -----------------------------------------------------------------


def test_one_click_schedules_what_the_plans_years_propose(
    site: Flask, finance: FlaskClient, desk: Desk
) -> None:
    address = f"/awards/{desk.award}/tranches/proposed"
    sent = fields_of(finance.get(f"/awards/{desk.award}").text, address)
    assert finance.post(address, data=sent).status_code == 302
    # the amended 900.00 spread as the suggested 600.00 did, once the work and the year begin
    assert tranches(site) == [(300_00, date(2087, 3, 1), ""), (600_00, date(2088, 1, 1), "")]
    assert "Payments the plan proposes" not in words_of(finance.get(f"/awards/{desk.award}").text)
    assert finance.post(address, data=sent).status_code == 302  # sent twice, scheduled once
    assert len(tranches(site)) == 2


def test_what_is_proposed_can_be_changed_or_left_out_first(
    site: Flask, finance: FlaskClient, desk: Desk
) -> None:
    address = f"/awards/{desk.award}/tranches/proposed"
    sent = fields_of(finance.get(f"/awards/{desk.award}").text, address)
    sent |= {
        "proposed_amount_0": "250",
        "proposed_due_on_0": "2087-06-30",
        "proposed_condition_0": "First report accepted",
        "proposed_amount_1": "",
    }
    assert finance.post(address, data=sent).status_code == 302
    assert tranches(site) == [(250_00, date(2087, 6, 30), "First report accepted")]
    left = fields_of(finance.get(f"/awards/{desk.award}").text, address)
    assert (left["proposed_amount_0"], left["proposed_amount_1"]) == ("50", "600")


def test_what_is_scheduled_already_counts_for_the_earliest_years(
    site: Flask, finance: FlaskClient, desk: Desk
) -> None:
    schedule(site, desk, 350_00)
    form = fields_of(finance.get(f"/awards/{desk.award}").text, f"/awards/{desk.award}/tranches/p")
    assert form["proposed_amount_0"] == "550"
    assert "proposed_amount_1" not in form


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"proposed_amount_0": "1.005"}, "at most 2 decimals"),
        ({"proposed_amount_0": "0"}, "more than zero"),
        ({"proposed_due_on_1": "2088-02-30"}, "date as YYYY-MM-DD"),
        ({"proposed_amount_1": "600.01"}, "Together no more than USD 900"),
        ({"proposed_amount_0": "", "proposed_amount_1": ""}, "Leave at least one"),
    ],
)
def test_a_refused_proposal_schedules_nothing_and_keeps_what_was_typed(
    site: Flask, finance: FlaskClient, desk: Desk, typed: dict[str, str], words: str
) -> None:
    address = f"/awards/{desk.award}/tranches/proposed"
    sent = fields_of(finance.get(f"/awards/{desk.award}").text, address)
    sent |= {"proposed_condition_1": "Data published", **typed}
    refused = finance.post(address, data=sent)
    assert refused.status_code == 422
    assert words in words_of(refused.text).replace("\N{NO-BREAK SPACE}", " ")
    again = fields_of(refused.text, address)
    assert {name: again[name] for name in (*typed, "proposed_condition_1")} == {
        **typed,
        "proposed_condition_1": "Data published",
    }
    assert tranches(site) == []


def test_a_line_without_years_proposes_nothing(
    site: Flask, finance: FlaskClient, desk: Desk
) -> None:
    def forget(session: Session) -> None:
        session.scalars(sa.select(RunLine)).one().years = {}

    database_of(site).in_transaction(forget)
    assert "the plan proposes" not in words_of(finance.get(f"/awards/{desk.award}").text)


# -- what a refusal leaves typed ----------------------------------------------------------------


def opened(page: str) -> list[str]:
    """The small forms that stand open, by what they do."""
    found = BeautifulSoup(page, "html.parser").select("details[open] form")
    return [form["action"].rsplit("/", 1)[1] for form in found]


def test_a_refused_small_form_stays_open_beside_its_tranche_as_typed(
    site: Flask, finance: FlaskClient, desk: Desk
) -> None:
    first, second = schedule(site, desk, 100_00), schedule(site, desk, 200_00)
    address = f"/tranches/{first}/release"
    form = fields_of(finance.get(f"/awards/{desk.award}").text, address)
    assert finance.post(address, data=form).status_code == 302
    address = f"/tranches/{first}/pay"
    form = fields_of(finance.get(f"/awards/{desk.award}").text, address)
    refused = finance.post(address, data={**form, "paid_on": "", "reference": "R 7"})
    assert refused.status_code == 422
    assert opened(refused.text) == ["pay"]
    assert fields_of(refused.text, address)["reference"] == "R 7"
    assert fields_of(refused.text, f"/tranches/{second}/cancel")["cancel_reason"] == ""


def test_what_was_typed_for_a_tranche_that_moved_on_meanwhile_is_said_back(
    site: Flask, finance: FlaskClient, desk: Desk
) -> None:
    tranche = schedule(site, desk, 100_00)
    address = f"/tranches/{tranche}/cancel"
    form = fields_of(finance.get(f"/awards/{desk.award}").text, address)
    database_of(site).in_transaction(
        cancel_tranche,
        by=desk.colleague,
        tranche_id=tranche,
        version=int(form["version"]),
        reason="Mine came first",
    )
    late = finance.post(address, data={**form, "cancel_reason": "The applicant moves in May"})
    assert late.status_code == 409
    words = words_of(late.text)
    assert "changed meanwhile" in words
    assert "The applicant moves in May" in words


def test_a_tranche_beyond_the_award_is_refused_with_its_form_as_typed(
    site: Flask, finance: FlaskClient, desk: Desk
) -> None:
    address = f"/awards/{desk.award}/tranches"
    form = fields_of(finance.get(f"/awards/{desk.award}").text)
    form |= {"amount": "900.01", "due_on": "2087-01-01", "condition": "Ethics approval"}
    refused = finance.post(address, data=form)
    assert refused.status_code == 409
    again = fields_of(refused.text)
    assert (again["amount"], again["condition"]) == ("900.01", "Ethics approval")
    assert "does not cover" in words_of(refused.text)
