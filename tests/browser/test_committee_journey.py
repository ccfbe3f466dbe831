"""A committee's meeting in the browser: from the dashboard to the pack, a comment, the votes, the
seal and its verification, the public page that a visitor checks the seal on; and a live session
with a chair, a phone, and a process that dies."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy.orm import joinedload

from funding.errors import RuleBroken
from funding.models import (
    Binding,
    LineState,
    LiveStep,
    Pack,
    PackSeal,
    Person,
    PlanLine,
    Proposal,
    Role,
    Round,
    Run,
)
from funding.permissions import Actor
from funding.services import decisions, plans
from funding.services.packs.files import verify_file
from funding.services.solve_now import solve_now
from tests.browser import steps
from tests.browser.conftest import PHONE, LiveSite, OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OFFICER = "amara.osei@northlight.example"
AUDITOR = "ines.calloway@northlight.example"
MEMBERS = (
    "philippa.odhiambo-strand@common-ground.example",
    "rajeshwar.iyengari@common-ground.example",
    "mirela.dragonescu@common-ground.example",
    "takeshi.aramori@common-ground.example",
)
ROUND = "common-ground-2026"
WAITING = 300_000  # milliseconds, for a solver; a lost one only must not hang the test


@pytest.fixture(scope="module")
def run_id(live_demo: LiveSite) -> int:
    return solved_and_put_forward(live_demo)


def solved_and_put_forward(site: LiveSite) -> int:
    """The demo round, solved and put before the funders; the run's id."""
    run = solve_now(site.database, site.app.extensions["config"], ROUND)
    with site.database.reading() as session:
        by = Actor.of(session.scalars(sa.select(Person).where(Person.email == OFFICER)).one())
    site.database.in_transaction(plans.put_forward, by=by, run_id=run.id, note="", key="meeting")
    return run.id


def nothing_for_axe(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def live_process(site: LiveSite) -> subprocess.Popen[bytes]:
    data = str(site.app.extensions["config"].data)
    command = [sys.executable, "-m", "funding.cli", "worker", "--live"]
    return subprocess.Popen(command, env={**os.environ, "TRIBUTARY_DATA": data})


def test_a_room_follows_a_chair_and_nothing_is_lost_when_a_process_dies(
    live_demo: LiveSite, open_page: OpenPage, run_id: int
) -> None:
    first = live_process(live_demo)
    try:
        chair = open_page(MEMBERS[0])
        phone = open_page(MEMBERS[1], viewport=PHONE, may_lose_connection=True)
        round_id = round_of(live_demo)
        chair.goto(f"/rounds/{round_id}/live")
        chair.get_by_role("button", name="Open a live session").click()
        expect(chair.get_by_role("heading", name="Step 0")).to_be_visible()
        phone.goto(f"/rounds/{round_id}/live")
        phone.get_by_role("link", name="Join it").click()
        expect(phone.get_by_role("heading", name="Step 0")).to_be_visible()

        chair.get_by_label("Area").first.select_option("evaluations")
        chair.get_by_label("Times as much as in the round").fill("3")
        chair.get_by_role("button", name="Try the weight").click()
        for page in (chair, phone):
            expect(page.get_by_role("heading", name="Step 1")).to_be_visible(timeout=WAITING)
            expect(page.get_by_text("weighs 3 times as much").first).to_be_visible()

        first.kill()
        first.wait()
        title = refused(live_demo, run_id)
        chair.get_by_text("Pin a proposal").click()
        chair.get_by_label("Proposal").select_option(label=title)
        chair.get_by_role("button", name="Try the pin").click()
        expect(phone.get_by_text("Solving step 2")).to_be_visible(timeout=WAITING)
        phone.context.set_offline(True)
        second = live_process(live_demo)
        try:
            expect(chair.get_by_role("heading", name="Step 2")).to_be_visible(timeout=WAITING)
        finally:
            second.terminate()
            second.wait(30)
        phone.context.set_offline(False)
        expect(phone.get_by_role("heading", name="Step 2")).to_be_visible(timeout=WAITING)
        moved = phone.get_by_role("row").filter(has_text=title)
        expect(moved).to_contain_text("Newly funded")

        chair.get_by_role("button", name="Ask for signals").click()
        phone.get_by_role("button", name="Against").click(timeout=WAITING)
        expect(phone.get_by_text("In favour 0 · Against 1 · Abstain 0")).to_be_visible()
        phone.get_by_label("Say something").fill("What does that push out?")
        phone.get_by_role("button", name="Say it").click()
        expect(chair.get_by_text("What does that push out?")).to_be_visible(timeout=WAITING)
        width = phone.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"]
        nothing_for_axe(phone)
        nothing_for_axe(chair)
        chair.get_by_role("button", name="Show it").last.click()
        expect(phone.get_by_role("heading", name="Step 0")).to_be_visible(timeout=WAITING)
        with live_demo.database.reading() as session:
            states = session.scalars(sa.select(LiveStep.state).order_by(LiveStep.number)).all()
        assert states == ["done", "done", "done"]
        chair.get_by_role("button", name="Close the session").click()
        steps.go_ahead(chair)
        expect(chair.get_by_text("This session is closed")).to_be_visible()
    finally:
        first.kill()
        first.wait()


def test_from_the_dashboard_to_a_sealed_pack_and_the_public_page_that_shows_its_seal(
    live_demo: LiveSite, open_page: OpenPage, run_id: int
) -> None:
    visitor = open_page()
    assert visitor.request.get(f"/public/rounds/{ROUND}").status == 404
    chair = open_page(MEMBERS[0])
    chair.goto(f"/rounds/{round_of(live_demo)}/dashboard")
    chair.get_by_role("link", name="Decision pack", exact=True).click()
    chair.get_by_role("button", name="Make it of what is there now").click()
    expect(chair.get_by_role("heading", name="The question")).to_be_visible(timeout=WAITING)
    nothing_for_axe(chair)
    for email in MEMBERS:
        page = chair if email == MEMBERS[0] else open_page(email, viewport=PHONE)
        here = f"/rounds/{round_of(live_demo)}/pack"
        page.goto(here)
        if email == MEMBERS[1]:
            page.get_by_label("I dissent").check()
            page.locator("[name=remark]").fill("Too much of it stays in one country.")
            page.get_by_role("button", name="Say it").click()
            expect(page.get_by_text("0 agree, 1 dissent.")).to_be_visible()
            nothing_for_axe(page)
        choice = "against" if email == MEMBERS[1] else "for"
        page.locator(f"[name=choice][value={choice}]").check()
        page.locator("[name=words]").fill("As said above.")
        page.get_by_label("I declare that I am in no conflict").check()
        page.get_by_role("button", name="Vote", exact=True).click()
        steps.go_ahead(page)
        expect(page.get_by_text("Your vote is on record")).to_be_visible()
    chair.reload()
    chair.get_by_label("Minutes").fill("Held by call; all heard each other.")
    chair.get_by_role("button", name="Count the votes and close").click()
    steps.go_ahead(chair)
    expect(chair.get_by_text("The committee has endorsed this plan")).to_be_visible()
    expect(chair.get_by_text("Sealed", exact=True)).to_be_visible()

    auditor = open_page(AUDITOR)
    auditor.goto(f"/rounds/{round_of(live_demo)}/pack")
    auditor.get_by_role("link", name="Verify it").click()
    expect(auditor.get_by_text("The pack is whole")).to_be_visible()
    expect(auditor.get_by_role("row").filter(has_text="Yes")).to_have_count(7)
    nothing_for_axe(auditor)

    with live_demo.database.reading() as session:
        pack = session.scalars(sa.select(Pack)).one()
        seal = session.scalars(sa.select(PackSeal)).one()
        assert seal.pack_id == pack.id
    answer = chair.request.get(f"/packs/{pack.id}/pack.pdf", timeout=WAITING)
    if answer.status != 503:  # 503: this machine cannot make PDFs
        assert all(asked.is_so for asked in verify_file(answer.body()))
    chair.goto(f"/rounds/{round_of(live_demo)}/plan")
    expect(chair.get_by_text("The committee has endorsed this plan")).to_be_visible()

    decided_by_the_funders(live_demo)
    chair.goto(f"/rounds/{round_of(live_demo)}")
    chair.get_by_role("main").get_by_role("link", name="People & settings", exact=True).click()
    chair.get_by_role("button", name="Go on to: closed").click()
    steps.go_ahead(chair)
    chair.get_by_role("main").get_by_role("link", name="Public", exact=True).click()
    assert visitor.request.get(f"/public/rounds/{ROUND}").status == 404
    chair.get_by_role("link", name="Preview and publish").click()
    chair.get_by_role("button", name="Publish this round").click()
    steps.go_ahead(chair)
    expect(chair.get_by_role("link", name="Public page")).to_be_visible()

    assert visitor.goto(f"/public/rounds/{ROUND}").status == 200
    decision = visitor.locator("#decision")
    expect(decision).to_contain_text("The committee endorsed the plan")
    expect(decision).to_contain_text("3 for, 1 against, 0 abstained")
    expect(decision.locator("code").filter(has_text=seal.digest)).to_be_visible()
    for kept in ("Too much of it stays in one country", "As said above", "Held by call"):
        assert kept not in visitor.content()
    nothing_for_axe(visitor)
    visitor.get_by_role("link", name="Search all awards of this round").click()
    expect(visitor.locator("#results tbody tr").first).to_be_visible()


def decided_by_the_funders(site: LiveSite) -> None:
    """Each line is approved by its funder, by two where that takes two, or else declined."""
    database = site.database
    with database.reading() as session:
        lines = [(line.id, line.commitment.funder_id) for line in session.scalars(waiting())]
        officers: dict[int, list[Actor]] = {}
        for binding in session.scalars(
            sa.select(Binding).where(Binding.role == Role.PROGRAM_OFFICER).order_by(Binding.id)
        ):
            by = Actor.of(session.get_one(Person, binding.person_id))
            officers.setdefault(binding.organisation_id, []).append(by)
    for line_id, funder_id in lines:
        for number, by in enumerate(officers[funder_id]):
            with suppress(RuleBroken):  # who put it forward, or approved it, does not approve it
                key = f"{line_id} {number}"
                database.in_transaction(
                    decisions.approve_lines, by=by, lines={line_id: None}, key=key
                )
    with database.reading() as session:
        left = [(line.id, line.commitment.funder_id) for line in session.scalars(waiting())]
    for line_id, funder_id in left:
        database.in_transaction(
            decisions.decline_line,
            by=officers[funder_id][0],
            line_id=line_id,
            version=None,
            reason="Nobody else can approve it.",
            key=f"decline {line_id}",
        )


def waiting() -> sa.Select[tuple[PlanLine]]:
    return (
        sa.select(PlanLine)
        .where(PlanLine.state == LineState.RECOMMENDED)
        .options(joinedload(PlanLine.commitment))
        .order_by(PlanLine.id)
    )


def round_of(site: LiveSite) -> int:
    with site.database.reading() as session:
        return session.scalars(sa.select(Round.id).where(Round.key == ROUND)).one()


def refused(site: LiveSite, run_id: int) -> str:
    """The title of a cheap proposal that the plan does not fund."""
    with site.database.reading() as session:
        run = session.get_one(Run, run_id)
        totals = (run.plan or {})["totals"]
        out = [p for p in (run.problem or {})["proposals"] if not totals.get(p["id"])]
        key = min(out, key=lambda p: (-p["merit"], p["minimum"], p["id"]))["id"]
        return session.scalars(sa.select(Proposal.title).where(Proposal.key == key)).one()
