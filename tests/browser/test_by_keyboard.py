"""By keyboard alone: signing in, and writing an application."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from tests.application_forms import make_applicant, saved_form
from tests.browser.conftest import LiveSite, OpenPage
from tests.builders import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOST_STOPS = 300

NAME = """() => {
  const at = document.activeElement;
  const labels = at.labels ? [...at.labels].map((label) => label.textContent) : [];
  const said = [at.getAttribute("aria-label"), ...labels, at.textContent];
  return said.filter(Boolean).join(" ").replace(/\\s+/g, " ").trim();
}"""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on what has this name, which is a pattern."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if re.search(name, page.evaluate(NAME)):
            return
    raise AssertionError(f"no way by Tab to “{name}” on {page.url}")


def go(page: Page, name: str) -> None:
    tab_to(page, name)
    page.keyboard.press("Enter")


def write(page: Page, name: str, text: str) -> None:
    tab_to(page, name)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def enter(page: Page, email: str) -> None:
    page.goto("/sign-in")
    write(page, "^E-mail address", email)
    write(page, "^Password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")


def test_a_researcher_writes_a_title_and_an_abstract_and_saves(
    live_demo: LiveSite, open_page: OpenPage
) -> None:
    applicant = make_applicant(live_demo.database)
    page = open_page()
    enter(page, applicant.email)
    page.goto(f"/proposals/{applicant.proposal_id}/edit")
    write(page, "^Title", "Probes for quiet circuits")
    write(page, "^(Abstract|Summary)", "What a probe hears when nothing is said.")
    go(page, "^Save and check$")
    page.wait_for_url("**/check")
    fields = saved_form(live_demo.database, applicant.proposal_id)["fields"]
    assert fields["title"] == "Probes for quiet circuits"
    assert fields["abstract"] == "What a probe hears when nothing is said."
