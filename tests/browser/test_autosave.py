"""Nothing that an applicant types is lost, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy.orm import Session

from funding.models import LoginSession
from funding.permissions import SIGNED_IN
from funding.routes.security import permission
from tests.application_forms import Applicant, complete_fields, make_applicant, saved_form
from tests.browser import steps
from tests.browser.conftest import DESKTOP, LiveSite, OpenPage
from tests.builders import PASSWORD

pytestmark = pytest.mark.browser

TITLE = "Title"


@pytest.fixture
def applicant(live_demo: LiveSite) -> Applicant:
    return make_applicant(live_demo.database)


@pytest.fixture
def troubled(browser: Browser, live_demo: LiveSite) -> Iterator[Callable[..., BrowserContext]]:
    """Signed-in browsers whose console may complain: connections are cut on purpose."""
    made: list[BrowserContext] = []

    def enter(email: str, **options: object) -> BrowserContext:
        context = browser.new_context(
            **{"viewport": DESKTOP, "base_url": live_demo.address, **options}
        )
        made.append(context)
        page = context.new_page()
        sign_in(page, email)
        page.close()
        return context

    yield enter
    for context in made:
        context.close()


def sign_in(page: Page, email: str) -> None:
    if not page.url.startswith("http") or "/sign-in" not in page.url:
        page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def form_path(applicant: Applicant) -> str:
    return f"/proposals/{applicant.proposal_id}/edit"


def title_of(live_demo: LiveSite, applicant: Applicant) -> str:
    return saved_form(live_demo.database, applicant.proposal_id)["fields"]["title"]


def test_what_is_typed_is_kept_without_pressing_anything(
    open_page: OpenPage, live_demo: LiveSite, applicant: Applicant
) -> None:
    page = open_page(applicant.email)
    page.goto(form_path(applicant))
    page.get_by_label(TITLE, exact=True).fill("Typed and left")
    page.get_by_label("Share of area 1").fill("seventy")
    expect(page.locator("[data-autosave-state]")).to_have_text(re.compile(r"Saved \d\d:\d\d"))
    page.goto("/proposals")
    page.goto(form_path(applicant))
    expect(page.get_by_label(TITLE, exact=True)).to_have_value("Typed and left")
    expect(page.get_by_label("Share of area 1")).to_have_value("seventy")
    assert title_of(live_demo, applicant) == ""


def test_sums_and_the_suggested_tier_follow_the_typing(
    open_page: OpenPage, applicant: Applicant
) -> None:
    page = open_page(applicant.email)
    page.goto(form_path(applicant))
    page.locator("#f-area_1").select_option(label="Interpretability")
    page.get_by_label("Share of area 1").fill("60")
    expect(page.locator("[data-live=areas]")).to_have_text(
        "The shares add up to 60%; they should come to 100%."
    )
    for group in page.locator("#risk fieldset.field:has(input[value=unsure])").all():
        group.get_by_label("No", exact=True).check()
    expect(page.locator("[data-live=risk]")).to_contain_text("“minimal”")


def test_a_whole_proposal_is_written_and_handed_in(
    open_page: OpenPage, live_demo: LiveSite, applicant: Applicant
) -> None:
    page = open_page(applicant.email)
    page.goto(form_path(applicant))
    steps.fill_application(page, complete_fields(applicant))
    steps.submit_application(page)
    expect(page.get_by_role("main")).to_contain_text("Take back to edit")
    assert title_of(live_demo, applicant) == complete_fields(applicant)["title"]


@permission(SIGNED_IN)
def out_of_order(proposal_id: int) -> tuple[str, int]:
    """In place of autosave, while the site is away."""
    return "", 503


def test_text_typed_while_the_site_was_away_is_offered_again(
    troubled: Callable[..., BrowserContext],
    live_demo: LiveSite,
    applicant: Applicant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context = troubled(applicant.email)
    page = context.new_page()
    page.goto(form_path(applicant))
    with monkeypatch.context() as away:
        away.setitem(live_demo.app.view_functions, "applications.autosave", out_of_order)
        page.get_by_label(TITLE, exact=True).fill("Typed on a train")
        expect(page.get_by_text("kept in this browser")).to_be_visible()
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_label(TITLE, exact=True)).to_have_value("Typed on a train")
        with page.expect_event("close"):
            page.close()
        page = context.new_page()
        page.goto(form_path(applicant))
        expect(page.get_by_label(TITLE, exact=True)).to_have_value("")
    expect(page.get_by_text("This browser holds text that never reached us")).to_be_visible()
    page.get_by_role("button", name="Put it back into the form").click()
    expect(page.get_by_label(TITLE, exact=True)).to_have_value("Typed on a train")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("All of this is saved")).to_be_visible()
    assert title_of(live_demo, applicant) == "Typed on a train"
    page.reload()
    expect(page.get_by_text("This browser holds text that never reached us")).to_be_hidden()


def test_text_typed_after_the_session_ended_is_there_after_signing_in(
    troubled: Callable[..., BrowserContext], live_demo: LiveSite, applicant: Applicant
) -> None:
    page = troubled(applicant.email).new_page()
    page.goto(form_path(applicant))

    def end(session: Session) -> None:
        for found in session.scalars(
            sa.select(LoginSession).where(LoginSession.person_id == applicant.by.person_id)
        ):
            session.delete(found)

    live_demo.database.in_transaction(end)
    page.get_by_label(TITLE, exact=True).fill("Typed while signed out")
    page.get_by_role("link", name="Sign in again").click()
    sign_in(page, applicant.email)
    expect(page.get_by_text("You were signed out while writing")).to_be_visible()
    expect(page.get_by_label(TITLE, exact=True)).to_have_value("Typed while signed out")


def test_without_scripts_the_save_button_keeps_what_is_wrong_too(
    troubled: Callable[..., BrowserContext], live_demo: LiveSite, applicant: Applicant
) -> None:
    page = troubled(applicant.email, java_script_enabled=False).new_page()
    page.goto(form_path(applicant))
    page.get_by_label(TITLE, exact=True).fill("Without scripts")
    page.get_by_label("How much you ask for", exact=True).fill("plenty")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("One thing needs your attention")
    page.goto(form_path(applicant))
    expect(page.get_by_label(TITLE, exact=True)).to_have_value("Without scripts")
    expect(page.get_by_label("How much you ask for", exact=True)).to_have_value("plenty")
    page.get_by_label("How much you ask for", exact=True).fill("5,000")
    page.get_by_role("button", name="Save", exact=True).click()
    assert title_of(live_demo, applicant) == "Without scripts"
