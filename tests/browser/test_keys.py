"""Working tables by keyboard alone: find, move, pin, undo, pick, compare, switch off."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from funding.models import Pin
from tests.browser import steps
from tests.browser.conftest import LiveSite, OpenPage
from tests.browser.test_journeys import OFFICER, ROUND

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.textContent.trim()")


def test_a_proposal_is_found_pinned_and_unpinned_without_a_mouse(
    live_demo: LiveSite, open_page: OpenPage
) -> None:
    page = open_page(OFFICER)
    steps.solve(page, ROUND, "By keys")
    first_two = page.locator("#results tbody th[scope=row] a")
    titles = [first_two.nth(n).inner_text() for n in range(2)]
    page.keyboard.press("j")
    assert focused(page) == titles[0]
    page.keyboard.press("j")
    assert focused(page) == titles[1]
    page.keyboard.press("k")
    page.keyboard.press("k")
    assert focused(page) == titles[0]

    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    page.keyboard.type("jk")  # typed, not acted on
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("jk")
    page.keyboard.press("Control+a")
    page.keyboard.type(titles[1])
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile("q=[^&]{20,}"))
    page.reload()  # what was found, with no further answer under way that would take the focus
    page.get_by_role("link", name=titles[1], exact=True).focus()
    page.keyboard.press("p")
    expect(page.get_by_label(f"What to do with {titles[1]}")).to_be_focused()
    page.get_by_label(f"Why {titles[1]} is pinned").focus()
    page.keyboard.type("The board wishes it")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save the pin").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Pinned. Solve the scenario again")).to_be_visible()
    assert pins(live_demo) == 1

    page.keyboard.press("u")
    expect(page.get_by_text("The pin is gone")).to_be_visible()
    assert pins(live_demo) == 0
    page.keyboard.press("u")
    expect(page.get_by_text("Pinned. Solve the scenario again")).to_be_visible()
    assert pins(live_demo) == 1


def pins(live_demo: LiveSite) -> int:
    with live_demo.database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).where(Pin.reason == "The board wishes it"))


def test_scenarios_are_picked_and_compared_by_keys(open_page: OpenPage) -> None:
    page = open_page(OFFICER)
    steps.solve(page, ROUND, "One more by keys")
    steps.open_round(page, ROUND, "Scenarios")
    picked = 0
    for _row in range(10):
        page.keyboard.press("j")
        page.keyboard.press("x")
        picked = page.locator(".row-check:checked").count()
        if picked == 2:
            break
    assert picked == 2
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile("/beside/"))


def test_keys_are_listed_and_can_be_switched_off(open_page: OpenPage) -> None:
    page = open_page(OFFICER)
    page.goto("/rounds/1/proposals")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("find in the list")
    dialog.get_by_role("checkbox").uncheck()
    dialog.get_by_role("button", name="Done").click()
    page.reload()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search")).not_to_be_focused()
    page.get_by_role("button", name="Keys").click()
    dialog.get_by_role("checkbox").check()
    dialog.get_by_role("button", name="Done").click()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
