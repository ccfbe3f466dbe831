"""A proposal that two funders pay, in two currencies: accepted, scheduled, paid in part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.models import (
    Award,
    AwardBudgetLine,
    BudgetLine,
    Indicator,
    Person,
    Report,
    ReportKind,
    Role,
    Tranche,
    TrancheState,
)
from funding.permissions import Actor
from funding.services import awards, ledger
from funding.services.decisions import approve_lines
from funding.services.reporting import deciding, writing
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_plan,
    make_proposal,
    make_round,
)

URL = "https://tributary.example"


@dataclass(frozen=True)
class Staff:
    """One funder's award to the proposal, and its people."""

    award_id: int
    commitment_id: int
    officer: Actor
    preparer: Actor
    releaser: Actor


@dataclass(frozen=True)
class Scene:
    """USD 9,000 of 10,000 of the first funder, EUR 6,000 of 8,000 of the second; from 2025-09-01
    to 2027-02-28, so that each has a report due on 2026-09-01 and a final one on 2027-04-29."""

    round_id: int
    owner: Actor
    proposal_id: int
    lead: Actor
    first: Staff
    second: Staff
    indicator_id: int


def make_scene(session: Session, indicator: str = "Auditors trained") -> Scene:
    committee = make_organisation(session, "committee")
    round_ = make_round(session, committee)
    proposal = make_proposal(
        session,
        round_,
        ask=15_000_00,
        minimum=1,
        title="Reading the minutes",
        starts_on=date(2025, 9, 1),
        ends_on=date(2027, 2, 28),
    )
    proposal.budget = [
        BudgetLine(position=0, name="People", amount=10_000_00),
        BudgetLine(position=1, name="Computing", amount=5_000_00),
    ]
    counted = Indicator(
        name=indicator,
        unit="people",
        direction="up",
        definition="Everybody who finished a course.",
    )
    session.add(counted)
    funders = [make_organisation(session) for _ in range(2)]
    commitments = [
        make_commitment(session, round_, funders[0], amount=10_000_00),
        make_commitment(session, round_, funders[1], amount=8_000_00, currency="EUR"),
    ]
    plan = make_plan(
        session,
        round_,
        [(commitments[0], proposal, 9_000_00), (commitments[1], proposal, 6_000_00)],
        make_actor(session, committee),
    )
    lead = Actor.of(session.get_one(Person, proposal.lead_id))
    staffs = []
    for number, (funder, line) in enumerate(zip(funders, plan.lines, strict=True)):
        officer = make_actor(session, funder)
        approve_lines(session, by=officer, lines={line.id: None}, key=f"scene {number}")
        award = session.scalars(sa.select(Award).where(Award.plan_line_id == line.id)).one()
        awards.accept_award(session, by=lead, award_id=award.id, version=award.version)
        preparer, releaser = (make_actor(session, funder, Role.FINANCE_OFFICER) for _ in range(2))
        staffs.append(Staff(award.id, award.commitment_id, officer, preparer, releaser))
    session.flush()
    return Scene(
        round_.id,
        make_actor(session, committee, Role.COMMITTEE),
        proposal.id,
        lead,
        *staffs,
        counted.id,
    )


def add_tranche(
    session: Session, staff: Staff, amount: int, *, is_paid: bool, due_on: date = date(2025, 10, 1)
) -> int:
    """A tranche of the award, paid or waiting; straight onto the ledger."""
    award = session.get_one(Award, staff.award_id)
    tranche = Tranche(amount=amount, due_on=due_on, prepared_by_id=staff.preparer.person_id)
    award.tranches.append(tranche)
    session.flush()
    ledger.schedule(session, None, tranche)
    if is_paid:
        tranche.state = TrancheState.DUE
        session.flush()
        tranche.released_by_id = staff.releaser.person_id
        tranche.state = TrancheState.RELEASED
        session.flush()
        tranche.paid_by_id = staff.preparer.person_id
        tranche.paid_on, tranche.state = due_on, TrancheState.PAID
        session.flush()
        ledger.pay(session, None, tranche)
        if award.state == "accepted":
            award.state = "active"
            session.flush()
    return tranche.id


def report_id(session: Session, staff: Staff, kind: str = ReportKind.PROGRESS) -> int:
    return session.scalars(
        sa.select(Report.id).where(Report.award_id == staff.award_id, Report.kind == kind)
    ).one()


def lines_of(session: Session, staff: Staff) -> list[AwardBudgetLine]:
    return list(
        session.scalars(
            sa.select(AwardBudgetLine)
            .where(AwardBudgetLine.award_id == staff.award_id)
            .order_by(AwardBudgetLine.position)
        )
    )


def full_form(session: Session, scene: Scene, *spent: tuple[Staff, str, str]) -> dict[str, str]:
    """A report with nothing missing; `spent`: by funder, on people and on computing."""
    fields = {
        "progress": "Two hundred minutes were read.",
        "difficulties": "",
        "plans": "The other half.",
        "spend_note": "",
        "output_1_kind": "paper",
        "output_1_title": "What the minutes say",
        "output_1_address": "10.48550/arXiv.2601.00001",
        "output_1_licence": "CC-BY-4.0",
        f"value_{scene.indicator_id}": "24",
    }
    for staff, *amounts in spent:
        for line, amount in zip(lines_of(session, staff), amounts, strict=True):
            fields[f"spent_{line.id}"] = amount
    return fields


def write_and_hand_in(
    database: Database,
    scene: Scene,
    report: int,
    change: Callable[[dict[str, str]], Any] = lambda fields: None,
    *,
    first: tuple[str, str] = ("3,000", "1,000"),
    second: tuple[str, str] = ("2,000", "500"),
) -> int:
    """The lead writes the report that both funders wait for; answers the version's id."""

    def act(session: Session) -> int:
        fields = full_form(session, scene, (scene.first, *first), (scene.second, *second))
        change(fields)
        reports = writing.covered(session, writing.own_report(session, scene.lead, report))
        narrative = writing.narrative_of(reports)
        made = writing.save(
            session,
            by=scene.lead,
            report_id=report,
            fields=fields,
            base_version=narrative.version if narrative else 0,
        )
        session.flush()
        return deciding.hand_in(
            session, by=scene.lead, report_id=report, version=made.version, public_url=URL
        ).id

    return database.in_transaction(act)


def decide(
    database: Database, staff: Staff, report: int, act: Callable[..., Any], **values: Any
) -> None:
    """The funder's officer accepts or sends back, having looked at the report as it is."""

    def run(session: Session) -> None:
        version = session.get_one(Report, report).version
        act(
            session,
            by=values.pop("by", staff.officer),
            report_id=report,
            version=version,
            public_url=URL,
            **values,
        )

    database.in_transaction(run)
