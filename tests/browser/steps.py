"""What people do on the pages, a step a function; each begins with the page of whoever does it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from playwright.sync_api import Page, expect

SOLVING = 300_000  # milliseconds; nothing is timed here, a lost worker only must not hang the test


def go_ahead(page: Page) -> None:
    """Confirm what the page asks about."""
    page.get_by_role("dialog").locator("#confirm-yes").click()


def open_round(page: Page, name: str, tab: str) -> None:
    page.goto("/rounds")
    page.get_by_role("link", name=name, exact=True).first.click()
    page.get_by_role("main").get_by_role("link", name=tab, exact=True).click()


def fill_application(page: Page, fields: Mapping[str, str]) -> None:
    """Fill the form of a proposal, whatever kind of control each field is."""
    for name, text in fields.items():
        control = page.locator(f"#application [name={name}]")
        if control.first.get_attribute("type") == "radio":
            page.locator(f"#application [name={name}][value='{text}']").check()
        elif control.first.evaluate("element => element.tagName") == "SELECT":
            control.select_option(text)
        elif control.first.is_editable():
            control.fill(text)


def submit_application(page: Page) -> None:
    page.get_by_role("button", name="Save and check").click()
    page.get_by_role("button", name="Hand it in").click()
    expect(page.get_by_role("main")).to_contain_text("is handed in. Receipt")


def move_round(page: Page, name: str, to: str) -> None:
    open_round(page, name, "People & settings")
    page.get_by_role("button", name=f"Go on to: {to}").click()
    go_ahead(page)
    expect(page.get_by_role("button", name=f"Go on to: {to}")).to_have_count(0)


def assign_reviewer(page: Page, round_name: str, title: str, key: str, reviewer: str) -> None:
    """From the round's reviews to a reviewer's name on the proposal `key`."""
    open_round(page, round_name, "Reviews")
    page.get_by_role("searchbox", name="Search").fill(key)
    expect(page.get_by_role("row")).to_have_count(2)
    row = page.get_by_role("row").filter(has_text=title)
    row.get_by_role("link", name=f"Reviewers of {key}").click()
    page.get_by_role("row").filter(has_text=reviewer).get_by_role("button", name="Assign").click()
    expect(page.get_by_text("The review is assigned")).to_be_visible()


def open_review(page: Page, title: str) -> None:
    page.get_by_role("link", name="My reviews").click()
    page.get_by_role("link", name=re.compile(title)).click()
    expect(page.get_by_role("heading", name="Who applies")).to_be_visible()


def declare_no_conflict(page: Page) -> None:
    page.get_by_label("No conflict").check()
    page.get_by_role("button", name="Declare").click()


def solve(page: Page, round_name: str, name: str) -> None:
    """Make a scenario and solve it; ends on its result."""
    open_round(page, round_name, "Scenarios")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Make the scenario").click()
    page.get_by_role("button", name="Solve", exact=True).click()
    page.wait_for_url("**/runs/*", timeout=SOLVING)
    expect(page.get_by_role("heading", name=re.compile(f"What “{name}” suggests"))).to_be_visible()


def put_forward(page: Page) -> None:
    """From a result to the plan before the funders."""
    page.get_by_role("link", name="Put forward").click()
    page.get_by_role("button", name="Put the plan forward").click()
    expect(page.get_by_role("heading", name="Plan", exact=True)).to_be_visible()


def vote(page: Page, round_id: int, choice: str, words: str = "") -> None:
    page.goto(f"/rounds/{round_id}/committee")
    page.get_by_role("radio", name=re.compile(f"^{choice}")).check()
    if words:
        page.get_by_label("What goes on record").fill(words)
    page.get_by_label("I declare that I am in no conflict").check()
    page.get_by_role("button", name="Vote", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Vote").click()
    expect(page.get_by_text("Your vote is on record.")).to_be_visible()


def close_vote(page: Page, minutes: str) -> None:
    page.get_by_label("Minutes").fill(minutes)
    page.get_by_role("button", name="Count the votes and close").click()
    page.get_by_role("dialog").get_by_role("button", name="Count the votes and close").click()
    expect(page.get_by_text("The committee has endorsed this plan")).to_be_visible()


def approve_line(page: Page) -> None:
    page.get_by_role("button", name="Approve this line").click()
    expect(page.get_by_text("One line is approved.")).to_be_visible()


def do_due_diligence(page: Page, items: int) -> None:
    """From the page of an award, each item on paper."""
    for number in range(items):
        page.locator(".checks summary").first.click()
        item = page.locator(".checks li", has=page.locator("details[open]")).first
        item.get_by_label("Outcome").select_option(label="In order")
        item.get_by_label("Evidence").fill("Seen on paper; folder 12.")
        item.get_by_role("button", name="Note it").click()
        expect(page.get_by_text(re.compile(f"{number + 1} of {items} items? done"))).to_be_visible()


def send_offer(page: Page) -> None:
    page.get_by_role("link", name="Prepare the offer").click()
    expect(page.get_by_role("heading", name="The agreement")).to_be_visible()
    page.get_by_role("button", name="Sign and send the offer").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign and send").click()
    expect(page.get_by_text("The offer is made; the letter goes out by mail.")).to_be_visible()


def accept_offer(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="offer to accept").click()
    page.get_by_role("button", name="Accept the offer and sign").click()
    page.get_by_role("dialog").get_by_role("button", name="Accept the offer").click()
    expect(page.get_by_text("The offer is accepted.")).to_be_visible()


def schedule_tranche(page: Page, award_id: int, amount: str, due_on: date) -> None:
    page.goto(f"/awards/{award_id}")
    form = page.locator("section", has=page.get_by_role("heading", name="Schedule a tranche"))
    form.get_by_label("Amount").fill(amount)
    form.get_by_label("Due on").fill(due_on.isoformat())
    form.get_by_role("button", name="Schedule the tranche").click()
    expect(page.get_by_text("The tranche is scheduled")).to_be_visible()


def release_tranche(page: Page, award_id: int) -> None:
    """The first of the award's that waits for somebody to release it."""
    page.goto(f"/awards/{award_id}")
    page.get_by_role("button", name="Release", exact=True).first.click()
    expect(page.get_by_text("The tranche is released for payment.")).to_be_visible()


def enter_bank_details(page: Page, payee: str, iban: str, country: str, currency: str) -> None:
    page.goto("/payments/bank-details/new")
    page.get_by_label("Paid to").select_option(label=payee)
    page.get_by_label("Currency").select_option(label=currency)
    page.get_by_label("In the name of").fill(payee)
    page.get_by_label("IBAN").fill(iban)
    page.get_by_label("Country of the account").select_option(label=country)
    page.get_by_role("button", name="Save these bank details").click()
    expect(page.get_by_text("You cannot pay to them yourself")).to_be_visible()


def make_payment_file(page: Page, title: str, day: date) -> None:
    """Everything of one award that is released; ends on the file, which a colleague approves."""
    page.goto("/payments/new")
    for box in page.get_by_label(f"Pick {title}").all():
        box.check()
    page.get_by_label("Bank pays on").fill(day.isoformat())
    page.get_by_role("button", name="Make the payment file").click()
    expect(page.get_by_text("A colleague approves it")).to_be_visible()
    expect(page.get_by_role("button", name="Approve the file")).to_have_count(0)


def approve_payment_file(page: Page, address: str) -> str:
    """Approve it and take it to the bank; its text, as pain.001."""
    page.goto(address)
    page.get_by_role("button", name="Approve the file").click()
    expect(page.get_by_text("The payment file is approved.")).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download as pain.001").click()
    return Path(taken.value.path()).read_text(encoding="utf-8")


def take_in_statement(page: Page, file: Path) -> None:
    page.goto("/payments/statements")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("Same end-to-end id and amount.").first).to_be_visible()
    page.get_by_role("button", name="Take it in").click()
    expect(page.get_by_text("its sure bookings are reconciled")).to_be_visible()
    expect(page.locator("#results").get_by_text("Reconciled", exact=True).first).to_be_visible()


def report_spend(page: Page, funder: int, amounts: Sequence[str]) -> None:
    """Write what was spent by budget line of the award of that funder, 0 the first."""
    fields = page.locator("#spend fieldset").nth(funder).locator("input[name^=spent_]")
    for number, amount in enumerate(amounts):
        fields.nth(number).fill(amount)


def hand_in_report(page: Page) -> None:
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_text("The report is handed in.")).to_be_visible()


def accept_report(page: Page, report_id: int) -> None:
    page.goto(f"/reports/{report_id}")
    page.get_by_role("button", name="Accept the report").click()
    page.get_by_role("dialog").get_by_role("button", name="Accept the report").click()
    expect(page.get_by_text("The report is accepted.")).to_be_visible()


def close_award(page: Page, award_id: int) -> None:
    page.goto(f"/awards/{award_id}/reports")
    page.get_by_role("button", name="Close the award").click()
    page.get_by_role("dialog").get_by_role("button", name="Close the award").click()
    expect(page.get_by_text("The award is completed")).to_be_visible()
