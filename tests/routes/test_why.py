"""Why a proposal is not funded, confirmed in the background; and what a decision would cost."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding.models import Person, Pin, Proposal, ProposalState, Role, Run
from tests.builders import make_organisation, make_person
from tests.conftest import SignIn
from tests.plain_words import plain
from tests.solved_scene import SolvedScene


@pytest.fixture
def scene(site: Flask, tmp_path: Path) -> SolvedScene:
    return SolvedScene.on(site, tmp_path)


@pytest.fixture
def officer(scene: SolvedScene, sign_in: SignIn) -> FlaskClient:
    return sign_in(scene.site, scene.email)


def test_opening_a_refusal_shows_the_estimate_and_confirms_it_in_the_background(
    scene: SolvedScene, officer: FlaskClient
) -> None:
    first = plain(officer.get(scene.page_of("B")).text)
    assert "being confirmed" in first
    assert '<meta http-equiv="refresh"' in first  # for browsers without scripts
    assert f'hx-get="{scene.page_of("B")}/why"' in first
    assert "Confirmed by solving again" not in first
    officer.get(scene.page_of("B"))
    assert len(scene.studies("confirmation")) == 1  # opened twice, asked for once
    scene.work()
    part = plain(officer.get(f"{scene.page_of('B')}/why").text)
    assert "Confirmed by solving again" in part
    assert "hx-get" not in part
    assert "For the committee" in part
    done = plain(officer.get(scene.page_of("B")).text)
    assert "of the plan’s value" in done
    callout = BeautifulSoup(done, "html.parser").select_one("main .callout")
    assert callout is not None
    confirmed, estimate = [p.get_text() for p in callout.select("p")][-2:]
    assert "of the plan’s value" in confirmed  # what was confirmed comes first
    assert estimate.startswith("First estimate, from the plan’s prices: ")
    assert '<meta http-equiv="refresh"' not in done


def test_a_funded_proposal_has_nothing_to_confirm(scene: SolvedScene, officer: FlaskClient) -> None:
    assert "What it would take" not in officer.get(scene.page_of("A")).text
    assert officer.get(f"{scene.page_of('A')}/why").status_code == 404
    assert scene.studies("confirmation") == []


def test_a_line_says_why_this_commitment(scene: SolvedScene, officer: FlaskClient) -> None:
    page = plain(officer.get(scene.page_of("A")).text)
    assert "Why this commitment?" in page
    assert "No other money that is not used for it already may pay this proposal." in page


def test_what_another_reader_may_not_see_is_not_asked_for(
    scene: SolvedScene, sign_in: SignIn
) -> None:
    def stranger(session: Session) -> str:
        return make_person(session, make_organisation(session)).email

    client = sign_in(scene.site, scene.in_transaction(stranger))
    assert client.get(scene.page_of("B")).status_code == 404
    assert scene.studies("confirmation") == []


def priced(scene: SolvedScene, officer: FlaskClient, **form: str) -> str:
    """The address of the price that was asked for."""
    answer = officer.post(
        f"/runs/{scene.run_id}/price", data={"reason": "The board wishes it", **form}
    )
    assert answer.status_code == 302
    return answer.headers["Location"]


def test_a_pin_is_priced_before_it_is_saved(scene: SolvedScene, officer: FlaskClient) -> None:
    address = priced(scene, officer, proposal=str(scene.ids["B"]), act="in")
    assert parse_qs(urlsplit(address).query)["reason"] == ["The board wishes it"]
    waiting = officer.get(address).text
    assert "Working out what it would cost" in waiting
    assert '<meta http-equiv="refresh"' in waiting
    scene.work()
    progress = address.replace("?", "/progress?")
    assert officer.get(progress).headers["HX-Redirect"] == address
    page = plain(officer.get(address).text)
    assert "The plan would be worth" in page
    assert "Title A" in page  # who loses
    assert "The board wishes it" in page  # nothing typed is lost

    def pins(session: Session) -> int:
        return session.scalar(sa.select(sa.func.count()).select_from(Pin))

    assert scene.in_transaction(pins) == 0
    with scene.site.extensions["database"].reading() as session:
        scenario_id = session.get_one(Run, scene.run_id).scenario_id
    form = {"proposal": str(scene.ids["B"]), "act": "in"}
    refused = officer.post(f"/scenarios/{scenario_id}/pins", data=form)
    assert refused.status_code == 422  # the reason is required
    officer.post(f"/scenarios/{scenario_id}/pins", data={**form, "reason": "The board wishes it"})
    assert scene.in_transaction(pins) == 1


def test_a_price_that_is_asked_for_twice_is_one_question_with_one_answer(
    scene: SolvedScene, officer: FlaskClient
) -> None:
    address = priced(scene, officer, proposal=str(scene.ids["B"]), act="amount", amount="9500")
    officer.get(address)
    again = priced(scene, officer, proposal=str(scene.ids["B"]), act="amount", amount="9500")
    assert urlsplit(again).path == urlsplit(address).path  # the same question has one answer
    scene.work()
    assert "The plan would be worth" in plain(officer.get(address).text)


def test_a_price_is_refused_with_the_rule_and_what_was_typed(
    scene: SolvedScene, officer: FlaskClient
) -> None:
    answer = officer.post(
        f"/runs/{scene.run_id}/price",
        data={
            "proposal": str(scene.ids["B"]),
            "act": "amount",
            "amount": "99000",
            "reason": "More",
        },
    )
    assert answer.status_code == 422
    assert "no more can be given" in answer.text
    assert "99000" in answer.text
    assert scene.studies("override") == []


def test_an_applicant_hears_of_ask_least_amount_and_money_once_it_is_confirmed(
    scene: SolvedScene, sign_in: SignIn
) -> None:
    def refuse(session: Session) -> str:
        proposal = session.get_one(Proposal, scene.ids["B"])
        proposal.state = ProposalState.NOT_FUNDED
        return proposal.lead.email

    applicant = sign_in(scene.site, scene.in_transaction(refuse))
    address = f"/proposals/{scene.ids['B']}"
    assert "A smaller ask" not in applicant.get(address).text
    assert len(scene.studies("confirmation")) == 1
    scene.work()
    page = plain(applicant.get(address).text)
    told = page[page.index("The money in this round") :]
    told = told[: told.index("This speaks of")]
    assert "A smaller ask" in told or "It could have been funded" in told
    for word in ("score", "merit", "Title A", "rank", "institution-"):
        assert word not in told
    assert applicant.get(scene.page_of("B")).status_code in (403, 404)


def test_an_auditor_reads_why_but_prices_no_decision(scene: SolvedScene, sign_in: SignIn) -> None:
    def auditor(session: Session) -> str:
        person = session.get_one(Person, scene.by.person_id)
        return make_person(session, person.bindings[0].organisation, Role.AUDITOR).email

    client = sign_in(scene.site, scene.in_transaction(auditor))
    assert client.get(scene.page_of("B")).status_code == 200
    form = {"proposal": str(scene.ids["B"]), "act": "in", "reason": "x"}
    assert client.post(f"/runs/{scene.run_id}/price", data=form).status_code == 403
