"""Deciding something oneself: its price before it is saved, and demands that contradict it."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding.models import Organisation, PlanLine, Role, Run
from funding.services.plans import put_forward
from funding.services.scenarios import set_pin
from tests.builders import make_person
from tests.conftest import SignIn
from tests.pages import fields_of, words_of
from tests.runs import solve
from tests.solved_scene import SolvedScene


@pytest.fixture
def scene(site: Flask, tmp_path: Path) -> SolvedScene:
    return SolvedScene.on(site, tmp_path)


@pytest.fixture
def officer(scene: SolvedScene, sign_in: SignIn) -> FlaskClient:
    return sign_in(scene.site, scene.email)


# -- contradicting demands ----------------------------------------------------------------------


def test_a_pin_that_contradicts_another_names_both_and_keeps_what_was_typed(
    scene: SolvedScene, officer: FlaskClient
) -> None:
    """The round has about 18,800 dollars: A at its 10,000 leaves too little for B at its own."""
    run = scene.stored(Run, scene.run_id)
    database = scene.site.extensions["database"]
    database.in_transaction(
        set_pin,
        by=scene.by,
        scenario_id=run.scenario_id,
        proposal_id=scene.ids["A"],
        reason="Promised",
        amount=10_000_00,
    )
    pinned = solve(database, scene.folder, scene.by, run.scenario_id).id
    typed = {"proposal": str(scene.ids["B"]), "act": "amount", "amount": "10,000"}
    answer = officer.post(f"/runs/{pinned}/price", data={**typed, "reason": "The board wishes it"})
    address = answer.headers["Location"]
    scene.work()
    page = officer.get(address).text
    words = words_of(page)
    assert "No plan can keep this." in words
    assert "These cannot all hold:" in words
    told = words[words.index("These cannot all hold:") :]
    for demand in ("“Title A” (A)", "“Title B” (B)"):
        assert demand in told
    kept = fields_of(page, f"/scenarios/{run.scenario_id}/pins")
    assert {name: kept[name] for name in (*typed, "reason")} == {
        **typed,
        "reason": "The board wishes it",
    }


# -- lines of a plan ----------------------------------------------------------------------------


@pytest.fixture
def line(scene: SolvedScene) -> PlanLine:
    """The line that pays A, of the officer's own funder."""
    database = scene.site.extensions["database"]
    database.in_transaction(put_forward, by=scene.by, run_id=scene.run_id, note="", key="plan")
    with database.reading() as session:
        own = sa.select(PlanLine).where(
            PlanLine.proposal_id == scene.ids["A"],
            PlanLine.commitment.has(funder_id=next(iter(scene.by.organisations))),
        )
        return session.scalars(own).one()


@pytest.fixture
def colleague(scene: SolvedScene, line: PlanLine, sign_in: SignIn) -> FlaskClient:
    def make(session: Session) -> str:
        funder = session.get_one(Organisation, next(iter(scene.by.organisations)))
        return make_person(session, funder, Role.PROGRAM_OFFICER).email

    return sign_in(scene.site, scene.site.extensions["database"].in_transaction(make))


@pytest.mark.parametrize(
    ("act", "typed", "field", "state"),
    [
        ("amend", {"amount": "8,000"}, "amend_reason", "amended"),
        ("decline", {}, "reason", "declined"),
    ],
)
def test_a_line_shows_the_price_of_amending_and_declining_before_it_is_saved(
    scene: SolvedScene,
    colleague: FlaskClient,
    line: PlanLine,
    act: str,
    typed: dict[str, str],
    field: str,
    state: str,
) -> None:
    form = fields_of(colleague.get(f"/lines/{line.id}").text, f"/lines/{line.id}/{act}")
    form |= {**typed, field: "Counted twice", "act": act}
    asked = colleague.post(f"/lines/{line.id}/price", data=form)
    assert asked.status_code == 302
    address = asked.headers["Location"]
    assert "Working out what it would cost" in words_of(colleague.get(address).text)
    scene.work()
    page = colleague.get(address).text
    words = words_of(page)
    assert "Confirmed by solving again" in words
    assert "The plan would be worth" in words
    assert scene.stored(PlanLine, line.id).state == "recommended"  # nothing is saved yet
    sent = fields_of(page, f"/lines/{line.id}/{act}")
    assert sent[field] == "Counted twice"
    assert colleague.post(f"/lines/{line.id}/{act}", data=sent).status_code == 302
    after = scene.stored(PlanLine, line.id)
    assert (after.state, after.decision_reason) == (state, "Counted twice")


def test_an_amount_that_cannot_be_read_is_named_and_the_reason_stays(
    colleague: FlaskClient, line: PlanLine
) -> None:
    form = {"act": "amend", "amount": "about half", "amend_reason": "Counted twice"}
    refused = colleague.post(f"/lines/{line.id}/price", data=form)
    assert refused.status_code == 422
    kept = fields_of(refused.text, f"/lines/{line.id}/amend")
    assert (kept["amount"], kept["amend_reason"]) == ("about half", "Counted twice")


def test_a_decision_on_a_line_that_moved_on_meanwhile_says_what_was_typed(
    colleague: FlaskClient, line: PlanLine
) -> None:
    address = f"/lines/{line.id}/decline"
    form = fields_of(colleague.get(f"/lines/{line.id}").text, address)
    colleague.post(address, data={**form, "reason": "Outside our field"})
    late = colleague.post(
        address, data={**form, "reason": "No travel this year", "idempotency_key": "another"}
    )
    assert late.status_code == 409
    assert "No travel this year" in words_of(late.text)
