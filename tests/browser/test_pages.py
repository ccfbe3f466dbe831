"""Every page of the site, opened by somebody whose page it is: nothing for axe to find, nothing
cut off, nothing that the console complains of.

The pages come from the URL map: a new one is covered as soon as it is there, or the test says
what `whole_demo.py` lacks to open it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import DESKTOP, PHONE, LiveSite, served
from tests.browser.whole_demo import (
    ADMIN,
    AUDITOR,
    COLLEAGUE,
    COMMITTEE,
    FINANCE,
    FINISHED,
    JUDGE,
    NOBODY,
    OFFICER,
    PLATFORM,
    REPORTER,
    RESEARCHER,
    REVIEWER,
    Shown,
    client_of,
    fill,
    pages_of,
)
from tests.builders import PASSWORD

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


@pytest.fixture(scope="module")
def quiet_demo(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """Without a worker: what only fills in figures later is left undone."""
    with served(demo_file, tmp_path_factory.mktemp("quiet"), has_worker=False) as site:
        yield site


@pytest.fixture(scope="module")
def shown(quiet_demo: LiveSite) -> list[Shown]:
    """Every page, and those that look different to other people."""
    whole = fill(quiet_demo.app, PASSWORD)
    pages, unseen = pages_of(quiet_demo.app, whole, PASSWORD)
    assert not unseen, f"nobody could open {unseen}; tests/browser/whole_demo.py says who and what"
    ids = whole.ids
    round_ = f"/rounds/{ids['round_id']}"
    return [
        *pages,
        *(
            Shown("as others see it", address, email)
            for address, email in (
                ("/", OFFICER),
                ("/", RESEARCHER),
                ("/", FINANCE),
                ("/", PLATFORM),
                (round_, NOBODY),
                ("/proposals", RESEARCHER),
                ("/awards", FINANCE),
                (f"{round_}/plan", COLLEAGUE),
                (f"{round_}/plan", COMMITTEE),
                (f"{round_}/plan?state=approved", OFFICER),
                (f"/lines/{ids['line_id']}", COLLEAGUE),
                (f"{round_}/committee", COMMITTEE),
                (f"/rounds/{ids['pilot_id']}/committee", COMMITTEE),
                (f"/compensating-reviews/{ids['compensating_id']}", ADMIN),
                (f"/funders/{ids['funder_id']}/terms", ADMIN),
                (f"/funders/{ids['funder_id']}/letters/agreement/fr", ADMIN),
                ("/terms", ADMIN),
                ("/outbox", OFFICER),
                (f"/awards/{whole.of_route['offers.prepare']['award_id']}", OFFICER),
                (f"/awards/{whole.of_route['offers.prepare']['award_id']}", ids["offered_to"]),
                ("/reports", REPORTER),
                (f"/reports/{ids['report_id']}", JUDGE),
                (f"/reports/{whole.of_route['report_writing.edit']['report_id']}", REPORTER),
                (f"{round_}/proposals?q=nothing+has+these+words", OFFICER),
                (f"{round_}/proposals?tour=officer.1", OFFICER),
                ("/public/awards?q=nothing+has+these+words", NOBODY),
                ("/public/awards?funder=northlight&sort=-amount", NOBODY),
                (f"/rounds/{ids['pilot_id']}/public/", COMMITTEE),
                (f"{round_}/public/voices?state=hidden", COMMITTEE),
                (f"{round_}/reviews", AUDITOR),
                ("/history/names?state=every", COMMITTEE),
                ("/history/names?state=rejected", COMMITTEE),
                ("/history/names", PLATFORM),
                (f"/history/names/merges/{ids['merge_id']}", COMMITTEE),
                (f"/history/names/merges/{ids['merged_id']}", COMMITTEE),
                (f"/history/names/{ids['name_id']}", COMMITTEE),
                (f"/history?entity={ids['name_id']}", COMMITTEE),
                (f"/reviews/{ids['assigned_id']}", REVIEWER),
                (f"/reviews/{ids['finished_id']}", FINISHED),
                (f"/proposals/{whole.of_route['applications.edit']['proposal_id']}", RESEARCHER),
            )
        ),
        Shown("an error page", "/nowhere", OFFICER),
    ]


def sign_in(context: BrowserContext, client: Any) -> None:
    """Give the browser the cookies of a client that has signed in."""
    context.add_cookies(
        [
            {"name": cookie.key, "value": cookie.value, "domain": "127.0.0.1", "path": "/"}
            for cookie in client._cookies.values()
        ]
    )


class Visitor:
    """A browser of one size and scheme, with a context for each person."""

    def __init__(
        self, browser: Browser, site: LiveSite, size: Any, scheme: str, language: str = "en-GB"
    ) -> None:
        self.browser, self.site, self.size, self.scheme = browser, site, size, scheme
        self.language = language
        self.pages: dict[str, Page] = {}
        self.said: list[str] = []

    def page_of(self, email: str) -> Page:
        if email not in self.pages:
            context = self.browser.new_context(
                viewport=self.size,
                base_url=self.site.address,
                color_scheme=self.scheme,
                locale=self.language,
            )
            sign_in(context, client_of(self.site.app, email, PASSWORD))
            page = context.new_page()
            page.on("console", lambda m: self.said.append(m.text) if m.type == "error" else None)
            page.on("pageerror", lambda error: self.said.append(str(error)))
            self.pages[email] = page
        return self.pages[email]

    def faults(self, shown: Shown, axe: Axe, options: dict[str, Any]) -> Iterator[str]:
        """What is wrong with a page, a line each."""
        page = self.page_of(shown.email)
        self.said.clear()
        page.goto(shown.address)
        for chart in page.locator("[data-figure], [data-figure-url]").all():
            chart.scroll_into_view_if_needed()
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            yield "it is wider than the window"
        found = axe.run(page, options=options or None)
        for violation in found.response["violations"]:
            where = [node["target"] for node in violation["nodes"]][:3]
            yield f"{violation['id']} at {where}"
        if shown.route != "an error page":  # a browser itself reports the 404
            yield from self.said

    def close(self) -> None:
        for page in self.pages.values():
            page.context.close()


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
        page = visitor.page_of(one.email)
        visitor.said.clear()
        page.goto(one.address)
        root = page.locator("html")
        if (root.get_attribute("lang"), root.get_attribute("dir")) != ("ar", "rtl"):
            faults.append(f"{one.route} ({one.address}): not in Arabic")
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            faults.append(f"{one.route} ({one.address}): it is wider than the window")
        if one.route != "an error page":
            faults += [f"{one.route} ({one.address}): {words}" for words in visitor.said]
    visitor.close()
    assert not faults, "\n".join(faults)
