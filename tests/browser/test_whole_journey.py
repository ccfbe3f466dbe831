"""One award from submission to final report: seven people, each at a window of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from funding.db import now
from funding.models import (
    Account,
    Award,
    DiligenceItem,
    Payment,
    Person,
    Proposal,
    Report,
    ReportKind,
    ReviewSettings,
    Role,
    Tranche,
)
from funding.permissions import Actor
from tests.application_forms import Applicant, complete_fields, move_deadline, open_round
from tests.browser import steps
from tests.browser.conftest import LiveSite, OpenPage
from tests.builders import make_commitment, make_organisation, make_person
from tests.payments.bank_files import entry, statement
from tests.review_scene import make_form, make_reviewer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROUND, TITLE = "Round of seven people", "Checking stated reasons from outside"
FUNDER, INSTITUTION = "Sevenfold Trust", "Placeholder Institute"
OWN_IBAN, PAYEE_IBAN = "GB88ZZZZ99000012345678", "NL51ZZZZ0123456789"
COMMITTED, FIRST, SECOND = 80_123_45, 30_000_07, 50_123_38  # cents; the tranches are all of it


@dataclass(frozen=True)
class Cast:
    """Seven people, by e-mail address, and where they meet."""

    applicant: Person
    reviewer: Person
    officer: Person
    approver: Person
    member: Person
    preparer: Person
    releaser: Person
    round_id: int
    institution_id: int


def make_cast(session: Session) -> Cast:
    """A round that takes proposals, one commitment to it, and nothing else yet."""
    committee = make_organisation(session, "committee")
    funder = make_organisation(session, name=FUNDER, country="GB")
    institution = make_organisation(session, "institution", name=INSTITUTION, country="KE")
    round_ = open_round(session, owner=committee, name=ROUND)
    make_commitment(
        session,
        round_,
        funder,
        amount=COMMITTED,
        name="For what can be checked",
        areas=["interpretability", "evaluations"],
    )
    session.add(DiligenceItem(funder_id=funder.id, title="Is the applicant who it says it is?"))
    session.add(ReviewSettings(round_id=round_.id, least=1, due_at=now() + timedelta(days=10)))
    make_form(session, round_)
    elsewhere = make_organisation(session, "institution")
    return Cast(
        make_person(session, institution, Role.RESEARCHER, name="Ada Placeholder"),
        make_reviewer(session, round_, make_person(session, elsewhere, Role.REVIEWER)).person,
        make_person(session, committee),
        make_person(session, funder),
        make_person(session, committee, Role.COMMITTEE),
        make_person(session, funder, Role.FINANCE_OFFICER),
        make_person(session, funder, Role.FINANCE_OFFICER),
        round_.id,
        institution.id,
    )


def written(amount: int) -> str:
    return f"{amount // 100:,}.{amount % 100:02}"


def test_one_award_goes_from_submission_to_its_final_report_by_the_hands_of_seven_people(
    live_demo: LiveSite, open_page: OpenPage, tmp_path: Path
) -> None:
    cast = live_demo.database.in_transaction(make_cast)

    # the researcher submits
    lead = open_page(cast.applicant.email)
    lead.goto(f"/rounds/{cast.round_id}")
    lead.get_by_role("button", name="Start a proposal").click()
    lead.wait_for_url("**/edit")
    proposal_id = int(re.search(r"/proposals/(\d+)/edit", lead.url)[1])
    with live_demo.database.reading() as session:
        by = Actor.of(session.get_one(Person, cast.applicant.id))
    applicant = Applicant(by, cast.applicant.email, cast.round_id, proposal_id, cast.institution_id)
    steps.fill_application(lead, complete_fields(applicant, title=TITLE))
    steps.submit_application(lead)

    # the deadline passes; the program officer has it reviewed, the reviewer reviews it
    move_deadline(live_demo.database, cast.round_id, -timedelta(minutes=1))
    with live_demo.database.reading() as session:
        key = session.get_one(Proposal, proposal_id).key
    officer = open_page(cast.officer.email)
    steps.move_round(officer, ROUND, "in review")
    steps.assign_reviewer(officer, ROUND, TITLE, key, cast.reviewer.name)
    reviewer = open_page(cast.reviewer.email)
    steps.open_review(reviewer, TITLE)
    steps.declare_no_conflict(reviewer)
    reviewer.get_by_label("Mark for Idea").fill("4")
    reviewer.get_by_label("Mark for Team").fill("5")
    reviewer.get_by_label("For the committee").fill("Sound, and it can be checked.")
    reviewer.get_by_label("For the applicant").fill("Say which models you begin with.")
    reviewer.get_by_role("button", name="Hand it in").click()
    steps.go_ahead(reviewer)
    expect(reviewer.get_by_text("Handed in.", exact=False).first).to_be_visible()

    # the officer solves and recommends, the committee votes, the funder approves
    steps.move_round(officer, ROUND, "allocating")
    steps.solve(officer, ROUND, "All of it")
    steps.put_forward(officer)
    member = open_page(cast.member.email)
    steps.vote(member, cast.round_id, "In favour")
    steps.close_vote(member, "Held by call; one of one was there.")
    approver = open_page(cast.approver.email)
    approver.get_by_role("link", name=re.compile("of your funder to decide")).click()
    approver.locator("#results").get_by_role("link", name=TITLE).click()
    steps.approve_line(approver)

    # due diligence, the offer, and its acceptance
    approver.goto("/")
    approver.get_by_role("link", name="award to be offered").click()
    approver.locator("#results tbody a").first.click()
    award_id = int(approver.url.rpartition("/")[2])
    steps.do_due_diligence(approver, items=1)
    steps.send_offer(approver)
    steps.accept_offer(lead)

    # two tranches: one finance officer prepares and reconciles, the other releases and approves
    soon = now().date() + timedelta(days=1)
    preparer, releaser = open_page(cast.preparer.email), open_page(cast.releaser.email)
    for number, amount in enumerate((FIRST, SECOND)):
        day = soon + timedelta(days=number)
        steps.schedule_tranche(preparer, award_id, written(amount), day)
        steps.release_tranche(releaser, award_id)
    steps.enter_bank_details(preparer, FUNDER, OWN_IBAN, "United Kingdom", "USD")
    steps.enter_bank_details(preparer, INSTITUTION, PAYEE_IBAN, "Netherlands", "USD")
    steps.make_payment_file(preparer, TITLE, soon + timedelta(days=1))
    text = steps.approve_payment_file(releaser, preparer.url)
    assert f"<CtrlSum>{COMMITTED / 100:.2f}</CtrlSum>" in text
    with live_demo.database.reading() as session:
        paid = [
            (tranche.amount, end_to_end_id)
            for tranche, end_to_end_id in session.execute(
                sa.select(Tranche, Payment.end_to_end_id)
                .join(Payment, Payment.tranche_id == Tranche.id)
                .where(Tranche.award_id == award_id)
                .order_by(Tranche.due_on)
            )
        ]
        final = session.scalars(
            sa.select(Report.id).where(Report.award_id == award_id, Report.kind == ReportKind.FINAL)
        ).one()
    assert [amount for amount, _ in paid] == [FIRST, SECOND]
    booked = [
        entry(f"{amount / 100:.2f}", end_to_end=id_, ref=f"B{amount}", currency="USD")
        for amount, id_ in paid
    ]
    file = tmp_path / "statement.xml"
    file.write_bytes(
        statement(*booked, iban=OWN_IBAN, currency="USD", opening="80123.45", closing="0.00")
    )
    steps.take_in_statement(preparer, file)

    # the final report, and the end
    lead.goto(f"/reports/{final}")
    lead.get_by_role("main").get_by_role("link", name="Write the report").first.click()
    lead.get_by_label("What was done", exact=True).fill("All stated reasons were checked.")
    steps.report_spend(lead, 0, ("70,000", "10,123.45"))
    steps.hand_in_report(lead)
    steps.accept_report(approver, final)
    steps.close_award(approver, award_id)

    # its money on one page, from clause to payment, to the cent
    preparer.goto(f"/awards/{award_id}")
    preparer.get_by_role("link", name="Trace its money").click()
    main = preparer.get_by_role("main")
    whole = f"USD\N{NO-BREAK SPACE}{written(COMMITTED)}"
    expect(preparer.get_by_text("It adds up")).to_be_visible()
    expect(main).to_contain_text(f"Awarded {whole} = {whole} paid and kept.")
    commitment = main.get_by_role("region", name="1. Commitment and its clause")
    expect(commitment).to_contain_text(f"For what can be checked of {FUNDER}, {whole}")
    expect(commitment.locator("blockquote")).to_contain_text("at least half interpretability")
    rows = main.get_by_role("region", name="2. Line of a plan").locator("tbody tr")
    who = (cast.officer.name, cast.approver.name, "Completed")
    for row, step, by_whom in zip(
        rows.all(), ("Recommended", "Approved", "Awarded"), who, strict=True
    ):
        expect(row).to_contain_text(step)
        expect(row).to_contain_text(written(COMMITTED))
        expect(row).to_contain_text(by_whom)
    tranches = main.get_by_role("region", name="3. Tranches").get_by_role("article")
    expect(tranches).to_have_count(2)
    for (amount, id_), tranche in zip(paid, tranches.all(), strict=True):
        expect(tranche.get_by_role("heading")).to_contain_text(written(amount))
        expect(tranche).to_contain_text(id_)
        expect(tranche.locator("tbody tr")).to_have_count(1)
        expect(tranche.locator("tbody tr")).to_contain_text("5 Oct 2026")
        expect(tranche).to_contain_text(f"Paid and kept: USD\N{NO-BREAK SPACE}{written(amount)}")
    preparer.goto("/ledger")
    expect(preparer.get_by_text("It balances")).to_be_visible()
    with live_demo.database.reading() as session:
        award = session.get_one(Award, award_id)
        assert (award.state, award.amount) == ("completed", COMMITTED)
        assert session.scalar(sa.select(sa.func.sum(Account.balance))) == 0
        acted = {award.proposal.lead_id, *(line.person_id for line in award.plan_line.approvals)}
        assert acted == {cast.applicant.id, cast.approver.id}
