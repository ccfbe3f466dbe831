"""A visitor's way from the front page to an award, a file and a voice that its owner lets in."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from funding.services.demo import EXAMPLES
from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def nothing_for_axe(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_visitor_follows_the_money_takes_it_home_and_is_heard(
    open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page()
    page.goto("/")
    nothing_for_axe(page)
    page.get_by_role("heading", name="Common Ground Pilot 2025").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Needs, and gaps that stayed open")).to_be_visible()
    nothing_for_axe(page)
    page.get_by_role("link", name="Search all awards of this round").click()
    page.get_by_role("searchbox", name="Search").fill("minutes")
    expect(page.locator("#results tbody tr")).to_have_count(2)
    nothing_for_axe(page)
    page.get_by_role("searchbox", name="Search").fill("tamper evidence")
    expect(page.locator("#results")).to_contain_text("No award matches these filters.")
    page.get_by_role("searchbox", name="Search").fill("minutes")
    expect(page.locator("#results tbody tr")).to_have_count(2)

    with page.expect_download() as started:
        page.get_by_role("link", name=re.compile("^JSON")).click()
    started.value.save_as(tmp_path / "awards.json")
    rows = json.loads((tmp_path / "awards.json").read_text(encoding="utf-8"))["rows"]
    assert [row["title"] for row in rows] == [rows[0]["title"]] * 2

    page.get_by_role("link", name=re.compile("Reading the minutes")).first.click()
    expect(page.get_by_role("heading", name="Payments")).to_be_visible()
    nothing_for_axe(page)
    page.get_by_role("link", name="Common Ground Pilot 2025").click()
    page.get_by_role("link", name="Say which gaps matter to you").first.click()
    nothing_for_axe(page)
    page.get_by_role("checkbox", name=re.compile("^Control ")).check()
    page.get_by_label("Why, in a few words").fill("Locks on doors, not only on papers.")
    page.get_by_label("I speak as").select_option("student")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    page.get_by_role("link", name="Back to the round").click()
    expect(page.get_by_text("Locks on doors")).to_have_count(0)

    owner = open_page(EXAMPLES["committee"])
    owner.get_by_role(
        "link", name=re.compile("public voice to read in Common Ground Pilot")
    ).click()
    owner.get_by_role("article").filter(has_text="Locks on doors").get_by_role(
        "button", name="Show and count"
    ).click()
    expect(owner.get_by_text("It is shown and counted.")).to_be_visible()
    page.goto("/public/rounds/common-ground-pilot-2025?heard=now")
    expect(page.get_by_text("Locks on doors")).to_be_visible()


def test_an_owner_previews_keeps_a_title_back_and_publishes_again(open_page: OpenPage) -> None:
    owner = open_page(EXAMPLES["committee"])
    owner.goto("/rounds")
    owner.get_by_role("link", name="Common Ground Pilot 2025").click()
    owner.get_by_role("link", name="Public", exact=True).click()
    nothing_for_axe(owner)
    owner.get_by_role("link", name="A stop order for fleets of agents").first.click()
    nothing_for_axe(owner)
    owner.get_by_label("Reason, which the public reads").select_option("security")
    owner.get_by_role("button", name="Withhold the title").click()
    expect(owner.get_by_text("Withheld from the public", exact=True)).to_be_visible()
    owner.get_by_role("link", name="What the public sees").click()
    owner.get_by_role("link", name="Preview and publish").click()
    nothing_for_axe(owner)
    expect(owner.get_by_text("A stop order for fleets")).to_have_count(0)
    owner.get_by_role("button", name="Publish again with this").click()
    owner.get_by_role("dialog").locator("#confirm-yes").click()
    expect(owner.get_by_text("Published. Copies of earlier pages")).to_be_visible()
