"""From a report that is sent back to money that a new scenario can give again, in a browser."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from funding.models import Commitment, Person, Proposal, Round, Run, RunLine
from tests.browser import steps
from tests.browser.conftest import PHONE, LiveSite, OpenPage
from tests.builders import make_proposal
from tests.reporting_scene import Scene, add_tranche, make_scene, report_id

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@dataclass(frozen=True)
class Cast:
    """A scene of its own on the served site, and the addresses of its people."""

    scene: Scene
    lead: str
    officer: str
    other: str
    finance: str
    final: int
    next_id: int


@pytest.fixture(scope="module")
def cast(live_demo: LiveSite) -> Cast:
    """USD 5,000 of 9,000 paid, and a proposal that nobody funds yet."""

    def make(session: Session) -> Cast:
        scene = make_scene(session, indicator="Readers of minutes")
        add_tranche(session, scene.first, 5_000_00, is_paid=True)
        round_ = session.get_one(Round, scene.round_id)
        following = make_proposal(
            session, round_, ask=20_000_00, minimum=1_00, title="The next in line"
        )

        def email(person_id: int) -> str:
            return session.get_one(Person, person_id).email

        return Cast(
            scene,
            email(scene.lead.person_id),
            email(scene.first.officer.person_id),
            email(scene.second.officer.person_id),
            email(scene.first.preparer.person_id),
            report_id(session, scene.first, "final"),
            following.id,
        )

    return live_demo.database.in_transaction(make)


def test_a_report_is_written_sent_back_mended_and_accepted_and_its_money_is_given_again(
    live_demo: LiveSite, open_page: OpenPage, cast: Cast
) -> None:
    # the researcher writes on a phone; what is typed is kept, and adds up as it is typed
    lead = open_page(cast.lead, viewport=PHONE)
    lead.goto(f"/reports/{cast.final}")
    lead.get_by_role("main").get_by_role("link", name="Write the report").first.click()
    lead.get_by_label("What was done", exact=True).fill("All minutes were read.")
    lead.locator("#f-output_1_kind").select_option(label="Repository")
    lead.locator("#f-output_1_title").fill("Reader of minutes")
    lead.locator("#f-output_1_address").fill("https://forge.example/minutes/reader")
    lead.get_by_label("Readers of minutes").fill("12")
    steps.report_spend(lead, 0, ("3,000", "500"))
    steps.report_spend(lead, 1, ("0", "0"))
    expect(lead.locator("[data-live^=spend]").first).to_contain_text("3,500 spent")
    expect(lead.locator("[data-autosave-state]")).to_have_text(re.compile(r"Saved \d\d:\d\d"))
    steps.hand_in_report(lead)

    # the officer finds it among what waits, and sends it back
    officer = open_page(cast.officer)
    officer.get_by_role("link", name=re.compile("report to accept")).click()
    officer.locator("#results").get_by_role("link", name="Reading the minutes").click()
    expect(officer.get_by_role("main")).to_contain_text("All minutes were read.")
    officer.get_by_text("Send it back", exact=True).first.click()
    officer.get_by_label("What is to be mended").fill("How many minutes are all?")
    officer.locator("#decide").get_by_role("button", name="Send it back").click()
    expect(officer.get_by_text("The report is sent back")).to_be_visible()

    # the researcher mends it
    lead.goto("/")
    lead.get_by_role("link", name=re.compile("reports? to write")).click()
    lead.locator("#results").get_by_role("link", name="Reading the minutes").last.click()
    lead.goto(f"/reports/{cast.final}")
    expect(lead.get_by_role("main")).to_contain_text("How many minutes are all?")
    lead.get_by_role("link", name="Mend the report").click()
    lead.get_by_label("What was done", exact=True).fill("All 412 minutes were read.")
    steps.hand_in_report(lead)

    # the officer accepts it; what was paid and not spent is asked back
    officer.goto(f"/reports/{cast.final}")
    expect(officer.get_by_role("main")).to_contain_text("All 412 minutes were read.")
    steps.accept_report(officer, cast.final)
    officer.goto("/outputs?q=reader+of+minutes")
    expect(officer.locator("#results")).to_contain_text("https://forge.example/minutes/reader")

    # the finance officer notes the return, the officer closes the award
    finance = open_page(cast.finance)
    finance.goto(f"/awards/{cast.scene.first.award_id}/reports")
    expect(finance.locator("#return")).to_contain_text("1,500 is to be returned")
    finance.get_by_label("Reference of the payment").fill("R-2027-7")
    finance.get_by_role("button", name="Note the return").click()
    expect(finance.get_by_text("The return is on the ledger")).to_be_visible()
    steps.close_award(officer, cast.scene.first.award_id)

    # the round shows what came back, and a new scenario gives exactly what is available
    officer.goto(f"/rounds/{cast.scene.round_id}/commitments")
    officer.get_by_role("link", name=re.compile("What came back")).click()
    expect(officer.get_by_role("main")).to_contain_text("paid, and returned")
    expect(officer.get_by_role("main")).to_contain_text("awarded, and never paid")
    officer.get_by_role("link", name="Make a scenario with it").click()
    officer.get_by_label("Name", exact=True).fill("With what came back")
    officer.get_by_role("button", name="Make the scenario").click()
    officer.get_by_role("button", name="Solve", exact=True).click()
    officer.wait_for_url("**/runs/*", timeout=steps.SOLVING)
    expect(officer.locator("#results")).to_contain_text("The next in line")
    with live_demo.database.reading() as session:
        run = session.scalars(sa.select(Run).order_by(Run.id.desc())).first()
        commitment = session.get_one(Commitment, cast.scene.first.commitment_id)
        given = session.scalars(
            sa.select(RunLine.amount).where(
                RunLine.run_id == run.id,
                RunLine.commitment_id == commitment.id,
                RunLine.proposal_id == cast.next_id,
            )
        ).one()
        assert session.get_one(Proposal, cast.next_id).title == "The next in line"
    # never awarded 1,000; returned 1,500; awarded and never paid 4,000
    assert given == 6_500_00
