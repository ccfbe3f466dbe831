"""`make pictures`: a picture of every page of the demo round in every appearance, to be looked at.

They are put in `pictures/` at the top: a folder for each appearance, a file for each page, in the
order of the addresses. Pytest does not find this file by itself.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import DESKTOP, PHONE, LiveSite
from tests.browser.every_page import Shown, Visitor

FOLDER = Path(os.environ.get("TRIBUTARY_PICTURES", "pictures"))
APPEARANCES = {
    "wide": (DESKTOP, "light", "en-GB"),
    "wide-dark": (DESKTOP, "dark", "en-GB"),
    "narrow": (PHONE, "light", "en-GB"),
    "narrow-dark": (PHONE, "dark", "en-GB"),
    "wide-arabic": (DESKTOP, "light", "ar"),
    "narrow-arabic": (PHONE, "light", "ar"),
}
TALLEST = 6_000
"""Pixels of a page that are shown: a list goes on as it began."""


@pytest.mark.parametrize("name", APPEARANCES)
def test_every_page_has_its_picture(
    name: str, browser: Browser, quiet_demo: LiveSite, shown: list[Shown]
) -> None:
    size, scheme, language = APPEARANCES[name]
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    visitor = Visitor(browser, quiet_demo, size, scheme, language)
    for number, one in enumerate(shown, 1):
        address = re.sub("[^a-z0-9]+", "-", one.address.lower()).strip("-") or "home"
        picture(visitor, one, folder / f"{number:03} {address[:60]}.png", size)
    visitor.close()
    assert len(list(folder.glob("*.png"))) >= len(shown)


def picture(visitor: Visitor, shown: Shown, path: Path, size: Any) -> None:
    """Open a page, let its charts be drawn, and keep what it looks like."""
    page = visitor.opened(shown)
    page.evaluate("scrollTo(0, 0)")  # what stays in sight would cover rows elsewhere
    height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
    clip = {"x": 0, "y": 0, "width": size["width"], "height": height}
    page.screenshot(path=path, full_page=True, clip=clip)
