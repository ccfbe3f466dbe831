"""From the committee's vote to a signed agreement, by the people whose acts they are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from funding.exports.pdf import NoPdf
from funding.models import Award, Endorsement, Offer, Person, PlanLine, Round, Vote
from funding.permissions import Actor
from funding.services import plans
from funding.services.letters import documents
from funding.services.solve_now import solve_now
from tests.browser import steps
from tests.browser.conftest import LiveSite, OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OFFICER = "amara.osei@northlight.example"
APPROVER = "kwabena.thistlewood@corvane.example"
MEMBERS = (
    "philippa.odhiambo-strand@common-ground.example",
    "rajeshwar.iyengari@common-ground.example",
    "mirela.dragonescu@common-ground.example",
    "takeshi.aramori@common-ground.example",
)
DISSENT = "Too much of it stays in one country."
WAITING = 60_000  # milliseconds, for the worker; a lost one only must not hang the test


def put_a_plan_forward(site: LiveSite) -> tuple[int, str, str]:
    """A solved plan before the funders; (the round, a line of Corvane's, its lead's address)."""
    run = solve_now(site.database, site.app.extensions["config"], "common-ground-2026")
    with site.database.reading() as session:
        by = Actor.of(session.scalars(sa.select(Person).where(Person.email == OFFICER)).one())
    site.database.in_transaction(plans.put_forward, by=by, run_id=run.id, note="", key="journey")
    with site.database.reading() as session:
        line = next(
            line
            for line in session.scalars(sa.select(PlanLine).order_by(PlanLine.amount))
            if line.plan.run_id == run.id
            and line.commitment.funder.key == "corvane"
            and line.approvals_needed == 1
        )
        round_ = session.scalars(sa.select(Round).where(Round.key == "common-ground-2026")).one()
        return round_.id, f"/lines/{line.id}", line.proposal.lead.email


def until(page: Page, done: Callable[[], bool]) -> None:
    """Wait for what a worker does."""
    for _ in range(WAITING // 500):
        if done():
            return
        page.wait_for_timeout(500)
    raise AssertionError("the worker has not done it")


def letters_to(site: LiveSite, address: str) -> list[str]:
    """The subjects of the mail that went out to this address."""
    folder = Path(site.app.extensions["config"].data) / "mail"
    messages = [
        message_from_bytes(file.read_bytes(), policy=policy.default)
        for file in sorted(folder.glob("*.eml"))
    ]
    return [message["Subject"] for message in messages if message["To"] == address]


def test_votes_with_a_dissent_lead_to_a_signed_agreement(
    live_demo: LiveSite, open_page: OpenPage
) -> None:
    round_id, line, lead = put_a_plan_forward(live_demo)
    for number, member in enumerate(MEMBERS):
        page = open_page(member)
        expect(page.get_by_role("link", name="plan to vote on")).to_be_visible()
        if number == 3:
            steps.vote(page, round_id, "Against", DISSENT)
        else:
            steps.vote(page, round_id, "In favour")
    steps.close_vote(page, "Held by call; four of five were there.")
    expect(page.get_by_text(DISSENT)).to_be_visible()

    officer = open_page(APPROVER)
    officer.goto(f"/rounds/{round_id}/plan")
    expect(officer.get_by_text("3 for, 1 against")).to_be_visible()
    officer.goto(line)
    steps.approve_line(officer)

    # the trust has a checklist: three items, then the offer
    officer.goto("/")
    officer.get_by_role("link", name="award to be offered").click()
    officer.locator("#results tbody a").first.click()
    steps.do_due_diligence(officer, items=3)
    steps.send_offer(officer)

    researcher = open_page(lead)
    steps.accept_offer(researcher)
    with researcher.expect_download() as kept:
        researcher.get_by_role("link", name="Download the agreement (HTML)").click()
    with live_demo.database.reading() as session:
        offer = session.scalars(sa.select(Offer)).one()
        award = session.get_one(Award, offer.award_id)
        assert award.state == "accepted"
        subject = f"An offer for “{award.proposal.title}”"
        assert [s.side for s in offer.signatures] == ["funder", "applicant"]
        against = session.scalars(sa.select(Vote).where(Vote.words == DISSENT)).one()
        assert against.choice == "against"
        assert (
            session.scalars(
                sa.select(Endorsement.result).where(Endorsement.plan_id == against.plan_id)
            ).one()
            == "endorsed"
        )
    content = Path(kept.value.path()).read_bytes()
    assert hashlib.sha256(content).hexdigest() == offer.agreement_sha256
    until(researcher, lambda: subject in letters_to(live_demo, lead))

    try:
        documents.pdf_of("<p>x</p>")
    except NoPdf:
        expect(researcher.get_by_text("no Pango")).to_be_visible()
        return
    made = researcher.get_by_role("link", name="Download the agreement (PDF)")

    def is_made() -> bool:
        researcher.reload()
        return made.count() > 0

    until(researcher, is_made)
    with researcher.expect_download() as kept:
        made.click()
    assert Path(kept.value.path()).read_bytes().startswith(b"%PDF-")
