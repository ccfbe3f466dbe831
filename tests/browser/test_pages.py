"""Every page of the site, opened by somebody whose page it is: nothing for axe to find, nothing
cut off, nothing that the console complains of.
"""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser.conftest import DESKTOP, PHONE, LiveSite
from tests.browser.every_page import Shown, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDE_AND_LIGHT = ("desktop", DESKTOP, "light", {})
NARROW_AND_DARK = (
    "phone",
    PHONE,
    "dark",
    # what the size and the colours can change; the rest was looked for at the other
    {
        "runOnly": {
            "type": "rule",
            "values": ["color-contrast", "link-in-text-block", "scrollable-region-focusable"],
        }
    },
)


@pytest.mark.parametrize(
    ("size", "scheme", "options"),
    [pytest.param(*rest, id=name) for name, *rest in (WIDE_AND_LIGHT, NARROW_AND_DARK)],
)
def test_every_page_is_in_order(
    browser: Browser,
    quiet_demo: LiveSite,
    shown: list[Shown],
    size: Any,
    scheme: str,
    options: dict[str, Any],
) -> None:
    visitor, axe = Visitor(browser, quiet_demo, size, scheme), Axe()
    faults = [
        f"{page.route} ({page.address}): {fault}"
        for page in shown
        for fault in visitor.faults(page, axe, options)
    ]
    visitor.close()
    assert len(shown) > 70
    assert not faults, "\n".join(faults)


def test_every_page_runs_from_right_to_left_in_arabic(
    browser: Browser, quiet_demo: LiveSite, shown: list[Shown]
) -> None:
    visitor = Visitor(browser, quiet_demo, PHONE, "light", "ar")
    faults = []
    for one in shown:
        page = visitor.opened(one)
        root = page.locator("html")
        if (root.get_attribute("lang"), root.get_attribute("dir")) != ("ar", "rtl"):
            faults.append(f"{one.route} ({one.address}): not in Arabic")
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            faults.append(f"{one.route} ({one.address}): it is wider than the window")
        if one.route != "an error page":
            faults += [f"{one.route} ({one.address}): {words}" for words in visitor.said]
    visitor.close()
    assert not faults, "\n".join(faults)
