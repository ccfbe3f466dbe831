"""Every page of the demo round with somebody whose page it is, and a browser to open them in.

The pages come from the URL map: a new one is there as soon as its route is, or it is said what
`whole_demo.py` lacks to open it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from flask import Flask, url_for
from playwright.sync_api import Browser, BrowserContext, Page, expect

from funding.permissions import PUBLIC
from tests.browser.conftest import LiveSite
from tests.browser.whole_demo import (
    ADMIN,
    AUDITOR,
    COLLEAGUE,
    COMMITTEE,
    FINANCE,
    FINISHED,
    INVITED,
    JUDGE,
    NOBODY,
    OFFICER,
    PAYER,
    PLATFORM,
    REPORTER,
    RESEARCHER,
    REVIEWER,
    WholeDemo,
    client_of,
    fill,
)
from tests.builders import PASSWORD

PEOPLE = (
    OFFICER,
    COLLEAGUE,
    COMMITTEE,
    ADMIN,
    FINANCE,
    PAYER,
    RESEARCHER,
    REVIEWER,
    INVITED,
    PLATFORM,
    AUDITOR,
    REPORTER,
)
"""Whoever may open a page, those first who work on it."""

NOT_DRAWN = ".chart:not([data-drawn], .is-broken)"
FILES = {
    "dashboards.changes_file",
    "dashboards.figure",
    "dashboards.off_plan_file",
    "dashboards.paper",
    "dashboards.rows_file",
    "static",
    "account.calendar",
    "assets.plotly_js",
    "awards.evidence",
    "crawlers.robots",
    "crawlers.sitemap",
    "health.healthz",
    "offers.html",
    "offers.pdf",
    "packs.document",
    "packs.pdf",
    "proposals.attachment",
    "public.iati_activities",
    "public.table",
    "public.threesixtygiving",
    "publishing.preview_table",
    "reporting.file",
    "reviews.attachment",
    "stepping_back.table",
    "studies.table",
    "payments.xml_file",
    "payments.csv_file",
}
NOBODYS = {"identity.sign_in", "identity.forgotten", "identity.open_link", "home.index"}
"""Pages that who is signed in is led away from, or that look different then."""


@dataclass(frozen=True)
class Shown:
    """A page of the site: its route, its address and somebody who may open it."""

    route: str
    address: str
    email: str


def every_page(app: Flask) -> list[Shown]:
    """Fill the demo round; its pages, and those that look different to other people."""
    whole = fill(app, PASSWORD)
    pages, unseen = pages_of(app, whole, PASSWORD)
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


def pages_of(app: Flask, whole: WholeDemo, password: str) -> tuple[list[Shown], list[str]]:
    """(every page of the site, the routes that show nobody anything).

    Files, fragments that a script asks for, and addresses that only lead on are not pages.
    """
    clients = {email: client_of(app, email, password) for email in (*PEOPLE, NOBODY)}
    emails = {client: email for email, client in clients.items()}
    found: list[Shown] = []
    unseen: list[str] = []
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if "GET" not in (rule.methods or ()) or rule.endpoint in FILES:
            continue
        each = sorted(rule.arguments & whole.several.keys())
        values = {name: whole.ids.get(name) for name in rule.arguments - {*each}}
        values |= whole.of_route.get(rule.endpoint, {})
        missing = [name for name, value in values.items() if value is None]
        assert not missing, f"{rule}: say what {missing} is, in tests/browser/whole_demo.py"
        is_public = app.view_functions[rule.endpoint].permission == PUBLIC
        visitors = [clients[NOBODY]] if is_public and rule.endpoint in NOBODYS else clients.values()
        for several in product(*(whole.several[name] for name in each)):
            with app.test_request_context():
                address = url_for(rule.endpoint, **values, **dict(zip(each, several, strict=True)))
            # read to its end: a streamed answer would stay open, and with it who asked for it
            answers = ((client, client.get(address, buffered=True)) for client in visitors)
            client, answer = next((pair for pair in answers if _is_let_in(pair[1])), (None, None))
            if answer is None:
                unseen.append(address)
            elif (
                answer.status_code == 200
                and answer.mimetype == "text/html"
                and "<html" in answer.text
            ):
                found.append(Shown(rule.endpoint, address, emails[client]))
    return found, unseen


def _is_page(answer: Any) -> bool:
    is_html = answer.status_code == 200 and answer.mimetype == "text/html"
    return is_html and "<html" in answer.text


def _is_let_in(answer: Any) -> bool:
    """Whether somebody is shown this, or led on to where it is; not: asked to sign in."""
    is_led_on = answer.status_code in (301, 302, 303)
    return answer.status_code == 200 or (is_led_on and "/sign-in" not in answer.location)


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

    def opened(self, shown: Shown) -> Page:
        """The page on which its charts are drawn; what the console says of it is in `said`."""
        page = self.page_of(shown.email)
        self.said.clear()
        page.goto(shown.address)
        for chart in page.locator("[data-figure], [data-figure-url]").all():
            chart.scroll_into_view_if_needed()
        expect(page.locator(NOT_DRAWN).filter(visible=True)).to_have_count(0)
        return page

    def faults(self, shown: Shown, axe: Axe, options: dict[str, Any]) -> Iterator[str]:
        """What is wrong with a page, a line each."""
        page = self.opened(shown)
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
