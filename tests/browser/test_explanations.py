"""Explanations in each of their states, looked at with axe at both sizes and schemes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy.orm import Session

from funding.models import Person, Proposal, ProposalState, Run
from funding.services.scenarios import set_pin
from tests.browser.conftest import DESKTOP, PHONE, LiveSite, served
from tests.browser.every_page import Shown, Visitor
from tests.browser.test_pages import NARROW_AND_DARK, WIDE_AND_LIGHT
from tests.browser.whole_demo import client_of, token_in
from tests.builders import PASSWORD
from tests.runs import small_round, solve, work

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def explained(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with served(demo_file, tmp_path_factory.mktemp("explained"), has_worker=False) as site:
        yield site


@pytest.fixture(scope="module")
def states(explained: LiveSite, tmp_path_factory: pytest.TempPathFactory) -> list[Shown]:
    """A small round in which A is pinned at all its ask, and B, the same work, is refused."""
    app, folder = explained.app, tmp_path_factory.mktemp("worker")
    database = explained.database
    by, scenario_id = database.in_transaction(small_round)
    with database.reading() as session:
        officer = session.get_one(Person, by.person_id).email
        titles = sa.select(Proposal.title, Proposal.id).where(Proposal.title.like("Title %"))
        ids = {title[-1]: id_ for title, id_ in session.execute(titles)}
    database.in_transaction(
        set_pin,
        by=by,
        scenario_id=scenario_id,
        proposal_id=ids["A"],
        reason="Promised",
        amount=10_000_00,
    )
    run: Run = solve(database, folder, by, scenario_id)
    refusal = f"/runs/{run.id}/proposals/{ids['B']}"
    client = client_of(app, officer, PASSWORD)
    token = token_in(client.get(refusal).text)  # opened: what it says is being confirmed
    priced = client.post(
        f"/runs/{run.id}/price",
        data={
            "csrf_token": token,
            "proposal": ids["B"],
            "act": "amount",
            "amount": "10,000",
            "reason": "The board wishes it",
        },
    ).headers["Location"]
    lead = database.in_transaction(_refuse, proposal_id=ids["B"])
    work(database, folder)
    own = f"/proposals/{ids['B']}"
    told = {
        refusal: (officer, "Confirmed by solving again"),
        priced: (officer, "These cannot all hold"),
        own: (lead, "The money in this round"),
    }
    for address, (email, words) in told.items():
        assert words in _text(app, email, address)
    return [Shown(words, address, email) for address, (email, words) in told.items()]


def _refuse(session: Session, *, proposal_id: int) -> str:
    proposal = session.get_one(Proposal, proposal_id)
    proposal.state = ProposalState.NOT_FUNDED
    return proposal.lead.email


def _text(app: Flask, email: str, address: str) -> str:
    text: str = client_of(app, email, PASSWORD).get(address).text
    return text


@pytest.mark.parametrize("look", [WIDE_AND_LIGHT, NARROW_AND_DARK], ids=lambda look: look[0])
def test_every_state_of_an_explanation_is_whole(
    explained: LiveSite, states: list[Shown], browser: Browser, look: tuple
) -> None:
    _, size, scheme, options = look
    assert size in (DESKTOP, PHONE)
    visitor = Visitor(browser, explained, size, scheme)
    faults = [
        f"{shown.route}: {fault}"
        for shown in states
        for fault in visitor.faults(shown, Axe(), options)
    ]
    visitor.close()
    assert not faults
