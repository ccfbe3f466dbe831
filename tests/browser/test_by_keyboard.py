"""By keyboard alone: what people do without a mouse, and every page of the site tabbed through."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from funding.models import PlanLine, Vote
from tests.application_forms import make_applicant, saved_form
from tests.browser.conftest import DESKTOP, LiveSite, OpenPage
from tests.browser.every_page import Shown, Visitor
from tests.browser.test_committee_journey import MEMBERS, WAITING, round_of, solved_and_put_forward
from tests.browser.test_journeys import COLLEAGUE
from tests.builders import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PUBLIC_ROUND = "Common Ground Pilot 2025"
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


@pytest.fixture(scope="module")
def plan(live_demo: LiveSite) -> int:
    """The demo round, solved and put before the funders and the committee; the round's id."""
    solved_and_put_forward(live_demo)
    return round_of(live_demo)


def test_an_officer_signs_in_filters_opens_a_line_and_decides(
    live_demo: LiveSite, open_page: OpenPage, plan: int
) -> None:
    page = open_page()
    enter(page, COLLEAGUE)
    page.goto(f"/rounds/{plan}/plan?funder=own&state=undecided")
    before = states(live_demo)
    titles = page.locator("#results tbody tr").get_by_role("link")
    title = titles.first.inner_text()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    page.keyboard.type(title)
    expect(page.locator("#results tbody tr")).to_have_count(1)
    go(page, f"^{re.escape(title)}")
    expect(page.get_by_role("heading", name=title).first).to_be_visible()
    go(page, "^Approve this line$")
    expect(page.get_by_text("One line is approved.")).to_be_visible()

    page.goto(f"/rounds/{plan}/plan?funder=own&state=undecided")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/lines/*")
    go(page, "^Decline")  # what says why opens
    write(page, "^(Why|Reason)", "Outside what our board agreed.")
    go(page, "^Decline the line$")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Decline the line")).to_be_focused()
    page.keyboard.press("Enter")
    go(page, "^Decline")
    expect(page.get_by_text("The line is declined")).to_be_visible()
    after = states(live_demo)
    assert after["approved"] - before.get("approved", 0) == 1
    assert after["declined"] - before.get("declined", 0) == 1


def states(site: LiveSite) -> dict[str, int]:
    with site.database.reading() as session:
        query = sa.select(PlanLine.state, sa.func.count()).group_by(PlanLine.state)
        return {state: int(number) for state, number in session.execute(query)}


def test_a_member_goes_from_the_dashboard_to_its_rows_and_votes_on_the_pack(
    live_demo: LiveSite, open_page: OpenPage, plan: int
) -> None:
    page = open_page()
    enter(page, MEMBERS[0])
    page.goto(f"/rounds/{plan}/dashboard")
    tab_to(page, "^Region")
    page.keyboard.press("ArrowDown")
    page.wait_for_url("**region=*")
    region = re.search("region=([^&]+)", page.url)
    assert region
    go(page, "^Rows")
    page.wait_for_url(f"**/money?*region={region[1]}*")
    expect(page.get_by_text("These rows add up to")).to_be_visible()

    page.goto(f"/rounds/{plan}/dashboard")
    go(page, "^Decision pack$")
    page.wait_for_url("**/pack")
    go(page, "^Make it of what is there now$")
    expect(page.get_by_role("heading", name="The question")).to_be_visible(timeout=WAITING)
    go(page, "^The vote$")
    tab_to(page, "^In favour")
    page.keyboard.press("Space")
    write(page, "(on record|words|Why)", "By keys.")
    tab_to(page, "I declare that I am in no conflict")
    page.keyboard.press("Space")
    go(page, "^Vote$")
    go(page, "^Vote")
    expect(page.get_by_text("Your vote is on record")).to_be_visible()
    with live_demo.database.reading() as session:
        newest = session.scalars(sa.select(Vote).order_by(Vote.id.desc()).limit(1)).one()
        assert (newest.choice, newest.words) == ("for", "By keys.")


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


def test_a_visitor_skips_to_the_content_and_takes_a_file_home(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate(NAME) == "Skip to the content"
    page.keyboard.press("Enter")
    go(page, f"^{PUBLIC_ROUND}$")
    page.wait_for_url("**/public/rounds/*")
    go(page, "^Search all awards of this round$")
    page.wait_for_url("**/public/awards?*")
    go(page, "Reading the minutes")
    expect(page.get_by_role("heading", name="Payments")).to_be_visible()
    page.go_back()
    tab_to(page, "^JSON")
    with page.expect_download() as taken:
        page.keyboard.press("Enter")
    assert taken.value.suggested_filename.endswith(".json")


# -- every page ----------------------------------------------------------------------------------

AT_EITHER_END = 30
"""Stops that are walked from the beginning and to the end of a long page; its middle is rows."""

LISTEN = """() => {
  const shown = (element) => {
    const style = getComputedStyle(element);
    const outline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    return outline || style.boxShadow !== "none";
  };
  const seen = (window.tabbed = { first: null, stops: 0, ended: false, faint: [] });
  document.addEventListener("focusin", ({ target }) => {
    if (target === seen.first && seen.stops > 1) seen.ended = true;
    seen.first ??= target;
    seen.stops += 1;
    const labels = [target.closest("label"), ...(target.labels || [])];
    const around = [target, target.parentElement, ...labels];
    const size = target.getBoundingClientRect();
    if (!around.some((element) => element && shown(element)) || !size.width || !size.height) {
      seen.faint.push(target.outerHTML.slice(0, 120));
    }
  });
  document.addEventListener("focusout", ({ relatedTarget }) => {
    if (!relatedTarget && seen.stops > 1) seen.ended = true;
  });
}"""
NEAR_THE_END = """(left) => {
  const focusable = "a[href], button, input, select, textarea, summary, [tabindex='0']";
  const all = [...document.querySelectorAll(focusable)].filter(
    (element) => element.getClientRects().length && element.tabIndex >= 0 && !element.disabled,
  );
  if (all.length > 2 * left) all[all.length - left].focus();
  window.tabbed.ended = false;
  return all.length;
}"""


def walk(page: Page) -> list[str]:
    """Tab through a page; what is wrong on the way, a line each."""
    page.evaluate(LISTEN)
    if not press(page, AT_EITHER_END):
        left = page.evaluate(NEAR_THE_END, AT_EITHER_END)
        # what scrolls is a stop too, and each part of a day, and is not in the count
        if not press(page, min(left, AT_EITHER_END) + 150):
            return [f"the focus does not come to the end, and stays at {page.evaluate(NAME)!r}"]
    return [f"no focus to be seen on {at}" for at in page.evaluate("window.tabbed.faint")]


def press(page: Page, times: int) -> bool:
    """Whether the focus came to the end of the page."""
    for _ in range(0, times, 10):
        for _ in range(10):
            page.keyboard.press("Tab")
        if page.evaluate("window.tabbed.ended"):
            return True
    return False


def test_on_every_page_the_focus_is_seen_and_comes_to_the_end(
    browser: Browser, quiet_demo: LiveSite, shown: list[Shown]
) -> None:
    visitor = Visitor(browser, quiet_demo, DESKTOP, "light")
    faults = []
    for one in shown:
        page = visitor.page_of(one.email)
        page.goto(one.address)
        faults += [f"{one.route} ({one.address}): {fault}" for fault in walk(page)]
    visitor.close()
    assert len(shown) > 70
    assert not faults, "\n".join(faults)
