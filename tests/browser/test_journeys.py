"""The main jobs, done by the people whose jobs they are, in a browser on the demo round."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from funding.models import Award, Commitment, Organisation, PlanLine, Round, Run
from tests.browser import steps
from tests.browser.conftest import PHONE, LiveSite, OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OFFICER = "amara.osei@northlight.example"
COLLEAGUE = "declan.whitmoor@northlight.example"
COMMITTEE = "philippa.odhiambo-strand@common-ground.example"
ROUND = "Common Ground Round 2026"
LESS = 10_000  # dollars; small enough to leave the proposal what it needs


def whole_units(text: str) -> int:
    return int(float(text.replace(",", "")))


def test_an_officer_solves_understands_a_refusal_amends_and_a_colleague_approves(
    live_demo: LiveSite, open_page: OpenPage
) -> None:
    page = open_page(OFFICER)
    steps.solve(page, ROUND, "First look")

    # understand a refusal
    page.get_by_label("In the plan").select_option(label="Not funded")
    refused = page.locator("#results tbody tr").first
    expect(refused).to_contain_text("Not funded:")
    refused.get_by_role("link").first.click()
    expect(page.get_by_role("main")).to_contain_text(re.compile("Not funded|what stopped it", re.I))
    page.go_back()

    # put it forward, then amend a line of her own funder
    steps.put_forward(page)
    page.goto(page.url.split("?")[0] + "?funder=own&state=undecided")
    first = page.locator("#results tbody tr").first.get_by_role("link").first
    title = first.inner_text()
    first.click()
    expect(page.get_by_text("A colleague has to approve this")).to_be_visible()
    page.get_by_text("Amend the amount").click()
    amended = whole_units(page.get_by_label("New amount").input_value()) - LESS
    page.get_by_label("New amount").fill(f"{amended:,}")
    page.get_by_label("Why this amount").fill("The rest can come from the pool's smaller windows.")
    page.get_by_role("button", name="Amend the line").click()
    expect(page.get_by_text("A colleague has to approve it")).to_be_visible()

    # the colleague approves the amended line
    colleague = open_page(COLLEAGUE)
    colleague.get_by_role("link", name=re.compile("lines of your funder to decide")).click()
    colleague.get_by_label("State", exact=True).select_option(label="Amended, not decided")
    colleague.locator("#results").get_by_role("link", name=title).click()
    steps.approve_line(colleague)

    with live_demo.database.reading() as session:
        award = session.scalars(sa.select(Award).order_by(Award.id.desc())).first()
        assert award.amount == amended * 100
        line = session.get_one(PlanLine, award.plan_line_id)
        assert (line.state, line.commitment.funder.key) == ("approved", "northlight")


def test_after_an_amendment_the_rest_is_solved_again_and_what_was_decided_stays(
    live_demo: LiveSite, open_page: OpenPage
) -> None:
    """Goes on from the plan of the journey above, where one line was amended and approved."""
    page = open_page(OFFICER)
    steps.open_round(page, ROUND, "Plan")
    page.get_by_role("button", name="Solve the rest again").click()
    page.get_by_role("dialog").get_by_role("button", name="Solve the rest again").click()
    page.wait_for_url("**/runs/*", timeout=steps.SOLVING)
    with live_demo.database.reading() as session:
        run = session.scalars(sa.select(Run).order_by(Run.id.desc())).first()
        award = session.scalars(sa.select(Award).order_by(Award.id.desc())).first()
        decided = session.get_one(PlanLine, award.plan_line_id)
        again = {(line.commitment_id, line.proposal_id): line.amount for line in run.lines}
        assert again[decided.commitment_id, decided.proposal_id] == award.amount
        assert award.amount == decided.suggested_amount - LESS * 100
        commitment = session.get_one(Commitment, decided.commitment_id)
        spent = sum(a for (of, _), a in again.items() if of == commitment.id)
        assert spent <= commitment.amount
        title, key = decided.proposal.title, decided.proposal.key
    page.get_by_role("searchbox", name="Search").fill(key)
    row = page.locator("#results tbody tr", has_text=title)
    thousands = f"{award.amount // 100_000:,}"
    expect(row).to_contain_text(f"Northlight Foundation USD\N{NO-BREAK SPACE}{thousands}")

    # the new plan takes the place of the old one, and the decision needs not be made again
    page.get_by_role("link", name="Put forward").click()
    expect(page.get_by_text("It replaces the plan before the funders now")).to_be_visible()
    page.get_by_role("button", name="Put the plan forward").click()
    expect(page.get_by_role("heading", name="Plan", exact=True)).to_be_visible()
    page.goto(page.url.split("?")[0] + "?state=approved")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page.locator("#results tbody tr")).to_contain_text(title)


def test_an_officer_approves_many_lines_at_once_and_sees_the_money_move(
    live_demo: LiveSite, open_page: OpenPage
) -> None:
    page = open_page(COLLEAGUE)
    steps.open_round(page, ROUND, "Plan")
    page.goto(page.url.split("?")[0] + "?funder=own&state=undecided&sort=amount")
    boxes = page.locator("#results input[name=picked]:not([disabled])")
    picked = min(3, boxes.count())
    assert picked == 3
    for number in range(picked):
        boxes.nth(number).check()
    expect(page.get_by_text("3 lines picked")).to_be_visible()
    page.get_by_role("button", name="Approve the picked lines").click()
    expect(page.get_by_text("3 lines are approved.")).to_be_visible()
    steps.open_round(page, ROUND, "Dashboard")
    expect(page.locator(".lede")).to_contain_text("has a proposal")
    page.locator("#by-funder details summary").click()
    row = page.locator("#by-funder tbody tr", has_text="Northlight Foundation")
    expect(row).to_be_visible()


def test_the_committee_reads_the_dashboard_on_a_phone(
    live_demo: LiveSite, open_page: OpenPage
) -> None:
    page = open_page(COMMITTEE, viewport=PHONE)
    steps.open_round(page, ROUND, "Dashboard")
    for question, charts in (
        ("Where the money is", ("by-funder", "by-region")),
        ("Gains of pooling", ("flow",)),
        ("Open gaps", ("gaps",)),
    ):
        page.get_by_role("link", name=question, exact=True).click()
        for chart in charts:
            figure = page.locator(f"#{chart}")
            figure.scroll_into_view_if_needed()
            expect(figure.locator(".main-svg").first).to_be_visible(timeout=20_000)
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    page.locator("#gaps").get_by_text("Table").click()
    page.locator("#gaps").get_by_role("link", name="Interpretability").click()
    expect(page.get_by_role("heading", name="The money, row by row")).to_be_visible()
    expect(page.locator("#results tbody tr").first).to_contain_text("Interpretability")


def test_an_officer_of_one_funder_cannot_open_the_decision_of_another(
    live_demo: LiveSite, open_page: OpenPage
) -> None:
    with live_demo.database.reading() as session:
        line_id = session.scalar(
            sa.select(PlanLine.id)
            .join(Commitment, Commitment.id == PlanLine.commitment_id)
            .join(Organisation, Organisation.id == Commitment.funder_id)
            .join(Round, Round.id == Commitment.round_id)
            .where(Organisation.key == "corvane", PlanLine.state == "recommended")
        )
    page = open_page(OFFICER)
    page.goto(f"/lines/{line_id}")
    expect(page.get_by_role("heading", name="Why this line")).to_be_visible()
    expect(page.get_by_role("button", name="Approve this line")).to_have_count(0)
