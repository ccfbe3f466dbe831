"""The guided tour in a browser, with scripts and without."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from funding.services.demo import EXAMPLES
from tests.browser.conftest import PHONE, OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def nothing_for_axe(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_an_auditor_goes_along_steps_aside_and_goes_on_without_scripts(
    open_page: OpenPage,
) -> None:
    page = open_page(EXAMPLES["auditor"], java_script_enabled=False)
    page.get_by_role("button", name="Start the tour").click()
    tour = page.get_by_role("complementary", name="Guided tour")
    expect(tour).to_contain_text("step 1 of 7")
    expect(page.get_by_role("heading", name="Log", exact=True)).to_be_visible()
    tour.get_by_role("button", name="Next: The trial balance").click()
    expect(tour).to_contain_text("step 2 of 7")
    tour.get_by_role("button", name="Put the tour aside").click()
    expect(page.get_by_role("button", name="Start the tour")).to_have_count(0)
    page.get_by_role("main").get_by_role("link", name="Guided tour").click()
    page.get_by_role("button", name="Go on").click()
    expect(tour).to_contain_text("step 2 of 7")


def test_the_bar_leads_from_page_to_page_on_a_phone(open_page: OpenPage) -> None:
    page = open_page(EXAMPLES["committee"], viewport=PHONE)
    nothing_for_axe(page)
    page.get_by_role("button", name="Start the tour").click()
    tour = page.get_by_role("complementary", name="Guided tour")
    for place in range(1, 7):
        expect(tour).to_contain_text(f"step {place} of 7")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        tour.get_by_role("button", name="Next").click()
    expect(tour).to_contain_text("step 7 of 7")
    expect(page).to_have_url(re.compile("/replay"))
    nothing_for_axe(page)
    tour.get_by_role("button", name="End of the tour").click()
    expect(page.get_by_role("button", name="Go through it again")).to_be_visible()
    nothing_for_axe(page)
