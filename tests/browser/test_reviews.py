"""One review through the browser: assigned, declared, drafted, handed in, discussed, released."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from funding.services.demo import EXAMPLES
from tests.browser import steps
from tests.browser.conftest import DESKTOP, LiveSite, served
from tests.builders import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OFFICER = EXAMPLES["program officer"]
REVIEWER = "tadeo.quintanar-vela@colibri.example"
LEAD = "chiara.pedrinetti@seeblick.example"
PROPOSAL = "P001"
TITLE = "Bounds we can check"
FOR_APPLICANT = "Write down first what would make you give up the second specification."
FOR_COMMITTEE = "I would pay for the insulin pump alone."


@pytest.fixture(scope="module")
def reviewed(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with served(demo_file, tmp_path_factory.mktemp("reviewed"), has_worker=False) as site:
        yield site


class People:
    """A window for each person, signed in through the form."""

    def __init__(self, browser: Browser, site: LiveSite) -> None:
        self.browser, self.site = browser, site
        self.pages: dict[str, Page] = {}

    def __call__(self, email: str) -> Page:
        if email not in self.pages:
            context = self.browser.new_context(viewport=DESKTOP, base_url=self.site.address)
            page = context.new_page()
            page.goto("/sign-in")
            page.get_by_label("E-mail address").fill(email)
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            expect(page.get_by_role("heading", level=1)).to_contain_text("Good day")
            self.pages[email] = page
        return self.pages[email]

    def close(self) -> None:
        for page in self.pages.values():
            page.context.close()


def test_a_review_from_assignment_to_release(browser: Browser, reviewed: LiveSite) -> None:
    people = People(browser, reviewed)

    # the officer assigns, by the fit that the page shows
    officer = people(OFFICER)
    steps.assign_reviewer(officer, "Common Ground Round 2026", TITLE, PROPOSAL, "Tadeo")

    # the reviewer sees who applies, declares, and only then what for
    reviewer = people(REVIEWER)
    steps.open_review(reviewer, TITLE)
    expect(reviewer.get_by_text("insulin pumps")).to_have_count(0)
    steps.declare_no_conflict(reviewer)
    expect(reviewer.get_by_text("insulin pumps").first).to_be_visible()
    expect(reviewer.get_by_text("Freya Lindqvarn")).to_have_count(0)

    # what is typed is kept without a button
    reviewer.get_by_label("Mark for Question and need").fill("80")
    reviewer.get_by_label("For the committee").fill(FOR_COMMITTEE)
    expect(reviewer.locator("[data-autosave-state]")).to_contain_text("Saved")
    reviewer.reload()
    expect(reviewer.get_by_label("Mark for Question and need")).to_have_value("80")
    expect(reviewer.get_by_label("For the committee")).to_have_value(FOR_COMMITTEE)

    # handing in names what is missing and loses nothing
    reviewer.get_by_role("button", name="Hand it in").click()
    steps.go_ahead(reviewer)
    expect(reviewer.get_by_role("alert")).to_contain_text("Approach: write a number from 0 to 100")
    expect(reviewer.get_by_label("For the committee")).to_have_value(FOR_COMMITTEE)
    for criterion, mark in (("Approach", "70"), ("Team and means", "75"), ("Use of the", "60,5")):
        reviewer.get_by_label(f"Mark for {criterion}").fill(mark)
    reviewer.get_by_label("For the applicant").fill(FOR_APPLICANT)
    reviewer.get_by_role("button", name="Hand it in").click()
    steps.go_ahead(reviewer)
    expect(reviewer.get_by_text("Handed in. Others' reviews")).to_be_visible()
    expect(reviewer.get_by_text("Freya Lindqvarn").first).to_be_visible()
    reviewer.get_by_label("Add to the discussion").fill("Pumps are reason enough.")
    reviewer.get_by_role("button", name="Say it").click()
    expect(reviewer.get_by_text("Pumps are reason enough.")).to_be_visible()

    # the researcher reads nothing of it before it is released, and then the words alone
    lead = people(LEAD)
    lead.get_by_role("link", name="My proposals").click()
    lead.get_by_role("link", name=re.compile(TITLE)).click()
    expect(lead.get_by_text(FOR_APPLICANT)).to_have_count(0)
    officer.get_by_role("link", name="Reviews", exact=True).first.click()
    officer.get_by_role("link", name="Release", exact=True).first.click()
    officer.get_by_role("searchbox", name="Search").fill(PROPOSAL)
    officer.get_by_role("searchbox", name="Search").press("Enter")
    officer.get_by_label(re.compile(f"Pick {TITLE}")).check()
    officer.get_by_role("button", name="Release those picked").click()
    steps.go_ahead(officer)
    expect(officer.get_by_text("4 reviews released")).to_be_visible()
    lead.reload()
    expect(lead.get_by_text(FOR_APPLICANT)).to_be_visible()
    for hidden in (FOR_COMMITTEE, "Pumps are reason enough.", "Tadeo", "Freya"):
        expect(lead.get_by_text(hidden)).to_have_count(0)
    people.close()
