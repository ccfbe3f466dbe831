"""Generated rounds whose money has been through everything, by the services that people use.

Five currencies, commitments that grow, shrink and expire, awards that are refused and terminated,
tranches over several years with milestones, payments, reversals, returns, reports with spend.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.models import (
    AreaNeed,
    Award,
    AwardBudgetLine,
    BudgetLine,
    Commitment,
    HistoricGrant,
    Import,
    Organisation,
    Person,
    PlanLine,
    Proposal,
    Release,
    Report,
    Role,
    Round,
    Tranche,
)
from funding.permissions import Actor
from funding.services import awards
from funding.services.commitments import change_amount
from funding.services.decisions import approve_lines, decline_line
from funding.services.expiry import expire_commitment
from funding.services.payments.candidates import payment_of
from funding.services.payments.reversals import approve_reversal, ask_reversal
from funding.services.payments.tranches import (
    cancel_tranche,
    mark_due,
    reach_milestone,
    record_payment,
    record_return,
    release_tranche,
    schedule_tranche,
)
from funding.services.reporting import changes, deciding, writing
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_person,
    make_plan,
    make_proposal,
    make_round,
)

RATES = {"USD": "1", "EUR": "1.0837", "GBP": "1.26831", "JPY": "0.0067123", "CHF": "1.1507"}
REGIONS = ("africa", "south-asia", "europe-central-asia", None)
AREAS: tuple[dict[str, float], ...] = (
    {"interpretability": 1.0},
    {"evaluations": 0.55, "interpretability": 0.45},
    {"interpretability": 0.63, "evaluations-capability": 0.2, "evaluations": 0.17},
    {"interpretability": 1 / 3, "evaluations": 2 / 3},
)
URL = "https://tributary.example"


@dataclass(frozen=True)
class DashboardScene:
    """Ids of the round and its funders; `reader` sits on the committee, address `email`."""

    round_id: int
    funder_ids: list[int]
    reader: Actor
    email: str


class Staff:
    """An officer and two finance officers of one funder."""

    def __init__(self, session: Session, funder: Organisation) -> None:
        self.officer = make_actor(session, funder)
        self.first = make_actor(session, funder, Role.FINANCE_OFFICER)
        self.second = make_actor(session, funder, Role.FINANCE_OFFICER)


class Maker:
    """One round, made step by step; `chance` decides what becomes of each thing."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session, self.chance = session, Random(seed)
        self.today = now().date()
        self.committee = make_organisation(session, "committee")
        self.round: Round = make_round(session, self.committee)
        self.staff: dict[int, Staff] = {}

    def day(self, days: int) -> date:
        return self.today + timedelta(days=days)

    def commitments(self) -> list[Commitment]:
        made = []
        for currency in RATES:
            funder = make_organisation(self.session)
            self.staff[funder.id] = Staff(self.session, funder)
            for number in range(2):
                amount = self.chance.randrange(50_000_00, 900_000_00)
                of = make_commitment(
                    self.session,
                    self.round,
                    funder,
                    amount=amount,
                    currency=currency,
                    starts_on=self.day(-800),
                    ends_on=self.day(-1 if number else 900),
                )
                if self.chance.random() < 0.6:
                    early = self.chance.randrange(1, amount)
                    of.releases = [
                        Release(year=self.today.year - 1, amount=early),
                        Release(year=self.today.year + 1, amount=amount - early),
                    ]
                made.append(of)
        self.session.flush()
        return made

    def proposals(self) -> list[Proposal]:
        made = []
        for number in range(12):
            proposal = make_proposal(
                self.session,
                self.round,
                ask=10**11,
                minimum=0,
                areas=AREAS[number % len(AREAS)],
                region=self.chance.choice(REGIONS),
                starts_on=self.day(-500),
                ends_on=self.day(400),
            )
            proposal.budget = [
                BudgetLine(position=0, name="People", amount=7 * 10**10),
                BudgetLine(position=1, name="Computing", amount=3 * 10**10),
            ]
            made.append(proposal)
        self.session.flush()
        return made

    # -- what becomes of a line --------------------------------------------------------------------

    def decide(self, line: PlanLine, number: int) -> None:
        staff = self.staff[line.commitment.funder_id]
        if number % 7 == 0:
            return  # waits for its funder
        if number % 7 == 1:
            decline_line(
                self.session,
                by=staff.officer,
                line_id=line.id,
                version=None,
                reason="Not now",
                key=f"decline {line.id}",
            )
            return
        approve_lines(
            self.session, by=staff.officer, lines={line.id: None}, key=f"approve {line.id}"
        )
        award = self.session.scalars(sa.select(Award).where(Award.plan_line_id == line.id)).one()
        lead = Actor.of(self.session.get_one(Person, award.proposal.lead_id))
        act = awards.refuse_award if number % 7 == 2 and number % 2 else None
        if act:
            act(self.session, by=lead, award_id=award.id, version=award.version, reason="Elsewhere")
            return
        awards.accept_award(self.session, by=lead, award_id=award.id, version=award.version)
        self.pay(award, staff)
        if self.chance.random() < 0.15:
            self.session.refresh(award)
            awards.terminate_award(
                self.session,
                by=staff.officer,
                award_id=award.id,
                version=award.version,
                reason="The team broke up",
            )

    def pay(self, award: Award, staff: Staff) -> None:
        """Up to three tranches, past and to come, some with a milestone, each with its own fate."""
        left = award.amount
        for number in range(self.chance.randrange(4)):
            amount = self.chance.randrange(1, max(2, left // 2))
            left -= amount
            answer = schedule_tranche(
                self.session,
                by=staff.first,
                award_id=award.id,
                amount=amount,
                due_on=self.day(self.chance.choice((-400, -30, 300, 700))),
                condition="",
                milestone="A first result" if number == 2 else "",
                key=f"schedule {award.id} {number}",
            )
            tranche = self.session.get_one(Tranche, answer["tranche_id"])
            self.fate(tranche, staff)

    def fate(self, tranche: Tranche, staff: Staff) -> None:
        fate = self.chance.choice(
            ("wait", "cancel", "pay", "pay", "pay", "return", "return a part", "reverse")
        )
        if fate == "wait":
            return
        if fate == "cancel":
            cancel_tranche(
                self.session,
                by=staff.first,
                tranche_id=tranche.id,
                version=tranche.version,
                reason="Planned anew",
            )
            return
        if tranche.milestone:
            reach_milestone(
                self.session,
                by=staff.officer,
                tranche_id=tranche.id,
                version=tranche.version,
                reached_on=self.day(-5),
                evidence="It is there.",
            )
        else:
            mark_due(self.session, on=tranche.due_on)
        self.session.refresh(tranche)
        release_tranche(
            self.session, by=staff.second, tranche_id=tranche.id, version=tranche.version
        )
        record_payment(
            self.session,
            by=staff.first,
            tranche_id=tranche.id,
            paid_on=self.day(self.chance.choice((-380, -20, 0))),
            reference="T",
            key=f"pay {tranche.id}",
        )
        if fate == "reverse":
            self.reverse(tranche, staff)
        elif fate.startswith("return"):
            part = tranche.amount if fate == "return" else max(1, tranche.amount // 3)
            record_return(
                self.session,
                by=staff.first,
                tranche_id=tranche.id,
                amount=part,
                reason="Not needed",
                key=f"return {tranche.id}",
            )

    def reverse(self, tranche: Tranche, staff: Staff) -> None:
        """The bank sent the payment back: the transfer is undone by another."""
        paid = payment_of(self.session, tranche)
        assert paid is not None
        answer = ask_reversal(
            self.session,
            by=staff.first,
            transfer_id=paid.id,
            reason="The bank sent it back",
            key=f"reverse {tranche.id}",
        )
        approve_reversal(
            self.session, by=staff.second, reversal_id=answer["reversal_id"], version=1
        )

    # -- what researchers and funders do later -----------------------------------------------------

    def report(self, proposal: Proposal, kind: str = "progress", most: int = 120) -> None:
        """The first reports of the proposal's running awards are written and mostly accepted.

        `most`: the most that is spent of a budget line, in per cent.
        """
        first = self.session.scalars(
            sa.select(Report.id)
            .join(Award, Award.id == Report.award_id)
            .where(
                Award.proposal_id == proposal.id,
                Report.state == "due",
                Report.kind == kind,
                Award.state.in_(("accepted", "active")),
            )
            .order_by(Report.due_on, Report.id)
            .limit(1)
        ).one_or_none()
        if first is None:
            return
        lead = Actor.of(self.session.get_one(Person, proposal.lead_id))
        reports = writing.covered(self.session, writing.own_report(self.session, lead, first))
        fields = {
            "progress": "Half of it is done.",
            "difficulties": "",
            "plans": "The rest.",
            "spend_note": "Computing was dearer, people cheaper.",
        }
        for purse in self.session.scalars(
            sa.select(AwardBudgetLine).where(
                AwardBudgetLine.award_id.in_([report.award_id for report in reports])
            )
        ):
            spent = self.chance.randrange(purse.amount * most // 10_000 + 1)
            fields[f"spent_{purse.id}"] = str(spent)
        made = writing.save(self.session, by=lead, report_id=first, fields=fields, base_version=0)
        self.session.flush()
        deciding.hand_in(
            self.session, by=lead, report_id=first, version=made.version, public_url=URL
        )
        for report in reports:
            self.session.refresh(report)
            officer = self.staff[report.award.commitment.funder_id].officer
            if self.chance.random() < 0.8:
                deciding.accept(
                    self.session,
                    by=officer,
                    report_id=report.id,
                    version=report.version,
                    public_url=URL,
                )

    def ask_for_time(self, proposal: Proposal, is_given: bool) -> None:
        running = changes.running_awards(self.session, proposal.id)
        if not running:
            return
        request = changes.ask_extension(
            self.session,
            by=Actor.of(self.session.get_one(Person, proposal.lead_id)),
            proposal_id=proposal.id,
            ends_on=self.day(460),
            reason="Ethics took longer",
            public_url=URL,
        )
        for award in running if is_given else []:
            changes.decide(
                self.session,
                by=self.staff[award.commitment.funder_id].officer,
                request_id=request.id,
                award_id=award.id,
                version=request.version,
                is_approved=True,
                reason="",
                public_url=URL,
            )

    def needs(self) -> None:
        """One area states what others fund; the other takes it from the imported history."""
        self.round.needs.append(
            AreaNeed(
                area_key="evaluations",
                steps=[[40_000_000_33, 3.0], [200_000_000_00, 1.0]],
                spent=11_111_111_11,
            )
        )
        self.round.needs.append(
            AreaNeed(area_key="interpretability", steps=[[900_000_000_01, 2.0]])
        )
        batch = Import(
            kind="history", organisation_id=self.round.owner_id, filename="h.csv", sha256=""
        )
        self.session.add(batch)
        self.session.flush()
        for number, (currency, days) in enumerate(
            (("USD", -100), ("EUR", -200), ("JPY", -30), ("EUR", -90), ("USD", -1200))
        ):
            self.session.add(
                HistoricGrant(
                    import_id=batch.id,
                    organisation_id=self.round.owner_id,
                    funder="Elsewhere",
                    recipient="Somebody",
                    amount=self.chance.randrange(1_000_00, 90_000_000_00),
                    currency=currency,
                    awarded_on=self.day(days),
                    area_key="interpretability",
                    fingerprint=f"{number}",
                )
            )

    def change(self, commitment: Commitment, number: int) -> None:
        """Commitments grow and shrink; those whose last day is past expire."""
        finance = self.staff[commitment.funder_id].first
        year = commitment.releases[0].year if commitment.releases else None
        if number % 3 == 0:
            change_amount(
                self.session,
                by=finance,
                commitment_id=commitment.id,
                change=12_345_67,
                year=year,
                reason="The board gave more",
                idempotency_key=f"more {commitment.id}",
            )
        if number % 4 == 1:
            expire_commitment(
                self.session,
                by=finance,
                commitment_id=commitment.id,
                reason="Its time is over",
                idempotency_key=f"expire {commitment.id}",
            )


def make_dashboard_scene(session: Session, seed: int) -> DashboardScene:
    maker = Maker(session, seed)
    person = make_person(session, maker.committee, Role.COMMITTEE)
    commitments, proposals = maker.commitments(), maker.proposals()
    lines = [
        (commitment, proposal, maker.chance.randrange(1_01, commitment.amount // 12))
        for commitment in commitments
        for proposal in maker.chance.sample(proposals, 5)
    ]
    plan = make_plan(session, maker.round, lines, make_actor(session, maker.committee))
    plan.run.rates = {
        currency: {"rate": rate, "on": "2026-01-02"} for currency, rate in RATES.items()
    }
    session.flush()
    for number, line in enumerate(plan.lines):
        maker.decide(line, number)
    for number, proposal in enumerate(proposals):
        if number % 4:  # the others are late
            maker.report(proposal)
    for proposal in (proposals[2], proposals[5]):
        maker.report(proposal, "final", most=1)
    maker.ask_for_time(proposals[0], is_given=False)
    maker.ask_for_time(proposals[1], is_given=True)
    maker.needs()
    for number, commitment in enumerate(commitments):
        maker.change(commitment, number)
    session.flush()
    return DashboardScene(maker.round.id, list(maker.staff), Actor.of(person), person.email)
