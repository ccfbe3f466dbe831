"""The demo's other two rounds: a small earlier one that is paid out, and one that is open now.

The earlier round has what the demo round still lacks: awards, tranches and payments. Its money
goes through the ledger and every state through the database's rules. Its acts carry the dates of
2025; its transfers carry the day of loading, because the ledger says when a thing was entered.
"""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from funding.db import now
from funding.formatting import minor_units
from funding.models import (
    Approval,
    AreaNeed,
    Award,
    AwardState,
    BudgetLine,
    Commitment,
    FormQuestion,
    LineState,
    Organisation,
    Person,
    PlanLine,
    PlanPutForward,
    Proposal,
    ProposalArea,
    ProposalState,
    Release,
    Role,
    Round,
    RoundFunder,
    RoundState,
    Run,
    RunLine,
    RunState,
    Scenario,
    ScenarioState,
    Score,
    TeamMember,
    Tranche,
    TrancheState,
)
from funding.paths import SEEDS
from funding.services import demo_reports, ledger
from funding.services.areas import add_shipped_taxonomy
from funding.services.log import record
from funding.services.rates import Rate, rate
from optimizer.sentences import marked

REVIEWERS = (
    "desmond.akpabioh@common-ground.example",
    "freya.lindqvarn@common-ground.example",
    "noura.bin.sahlan@sahab.example",
)
"""Who scored the earlier round, in the order of each proposal's scores."""


def load(
    session: Session,
    model: Round,
    organisations: dict[str, Organisation],
    people: dict[str, Person],
) -> Round:
    """Load both rounds; `model` is the demo round, whose form, areas and needs they share.

    Answers the earlier one.
    """
    pilot = _Pilot(session, _seed("pilot.json"), model, organisations, people)
    pilot.load()
    _load_open(session, _seed("next_round.json"), model, organisations)
    return pilot.round


def _seed(name: str) -> dict[str, Any]:
    seed: dict[str, Any] = json.loads(Path(SEEDS / name).read_text(encoding="utf-8"))
    return seed


def _minor(amount: int, currency: str) -> int:
    return int(amount * 10 ** minor_units(currency))


def _add_round(session: Session, model: Round, seed: dict[str, Any], **values: Any) -> Round:
    round_ = Round(
        key=seed["id"],
        name=seed["name"],
        summary=seed["summary"],
        owner=model.owner,
        base_currency=model.base_currency,
        eligibility=model.eligibility,
        timezone=model.timezone,
        policy=dict(model.policy),
        **values,
    )
    round_.questions = [
        FormQuestion(
            position=asked.position,
            key=asked.key,
            label=asked.label,
            help=asked.help,
            kind=asked.kind,
            choices=list(asked.choices),
            is_required=asked.is_required,
        )
        for asked in model.questions
    ]
    round_.needs = [
        AreaNeed(
            area_key=need.area_key, floor=need.floor, cap=need.cap, steps=need.steps, note=need.note
        )
        for need in model.needs
    ]
    session.add(round_)
    session.flush()
    add_shipped_taxonomy(session, round_)
    return round_


def _add_commitments(
    session: Session,
    round_: Round,
    entries: list[dict[str, Any]],
    organisations: dict[str, Organisation],
) -> dict[str, Commitment]:
    made: dict[str, Commitment] = {}
    for entry in entries:
        funder, currency = organisations[entry["funder"]], entry["currency"]
        round_.participants.append(
            RoundFunder(funder=funder, invited_at=round_.opens_at, joined_at=round_.opens_at)
        )
        amount = _minor(entry["amount"], currency)
        commitment = Commitment(
            key=entry["id"],
            round=round_,
            funder=funder,
            name=entry["name"],
            amount=amount,
            currency=currency,
            areas=entry.get("areas"),
            regions=entry.get("regions"),
        )
        commitment.releases = [
            Release(year=int(year), amount=_minor(part, currency))
            for year, part in entry["releases"].items()
        ]
        session.add(commitment)
        session.flush()
        ledger.open_commitment_accounts(session, commitment)
        ledger.register(session, None, commitment, amount)
        made[entry["id"]] = commitment
    return made


def _load_open(
    session: Session, seed: dict[str, Any], model: Round, organisations: dict[str, Organisation]
) -> None:
    """A round that applicants can try: open for days already, and for weeks to come."""
    zone = ZoneInfo(model.timezone)
    today = now().astimezone(zone).date()
    closes_on = today + timedelta(days=seed["days_open_after"])
    round_ = _add_round(
        session,
        model,
        seed,
        state=RoundState.OPEN,
        opens_at=datetime.combine(
            today - timedelta(days=seed["days_open_before"]), time(9), tzinfo=zone
        ),
        closes_at=datetime.combine(closes_on, time(17), tzinfo=zone),
        decides_on=closes_on + timedelta(days=seed["days_to_decide"]),
    )
    _add_commitments(session, round_, seed["commitments"], organisations)
    for key in seed["invited"]:
        round_.participants.append(
            RoundFunder(funder=organisations[key], invited_at=round_.opens_at)
        )
    record(session, None, marked("demo round opened"), round_, round_id=round_.id)


class _Pilot:
    """The earlier round, from proposals to payments."""

    def __init__(
        self,
        session: Session,
        seed: dict[str, Any],
        model: Round,
        organisations: dict[str, Organisation],
        people: dict[str, Person],
    ) -> None:
        self.session, self.seed = session, seed
        self.organisations, self.people = organisations, people
        self.zone = ZoneInfo(model.timezone)
        self.round = _add_round(
            session,
            model,
            seed,
            state=RoundState.DECIDING,
            opens_at=self._moment("opens"),
            closes_at=self._moment("closes"),
            decides_on=date.fromisoformat(seed["decides"]),
        )
        self.commitments = _add_commitments(session, self.round, seed["commitments"], organisations)
        on = date.fromisoformat(seed["rates_on"])
        self.rates: dict[str, Rate] = {
            c.currency: rate(c.currency, self.round.base_currency, on)
            for c in self.commitments.values()
        }

    def load(self) -> None:
        proposals = {entry["id"]: self._proposal(entry) for entry in self.seed["proposals"]}
        self.session.add_all(proposals.values())
        self.session.flush()
        plan = self._plan(proposals)
        lines = {(line.proposal_id, line.commitment_id): line for line in plan.lines}
        for entry in self.seed["proposals"]:
            proposal = proposals[entry["id"]]
            for wanted in entry["awards"]:
                commitment = self.commitments[wanted["commitment"]]
                self._award(lines[proposal.id, commitment.id], wanted)
            proposal.state = ProposalState.FUNDED if entry["awards"] else ProposalState.NOT_FUNDED
        self.round.state = RoundState.CLOSED
        self.session.flush()
        demo_reports.load(self.session, self.round)
        record(
            self.session, None, marked("earlier round loaded"), self.round, round_id=self.round.id
        )

    def _moment(self, key: str) -> datetime:
        return datetime.fromisoformat(self.seed[key]).replace(tzinfo=self.zone)

    def _proposal(self, entry: dict[str, Any]) -> Proposal:
        base = self.round.base_currency
        institution, lead = self.organisations[entry["institution"]], self.people[entry["lead"]]
        proposal = Proposal(
            key=entry["id"],
            round=self.round,
            state=ProposalState.IN_REVIEW,
            title=entry["title"],
            abstract=entry["abstract"],
            ask=_minor(entry["ask"], base),
            minimum=_minor(entry["minimum"], base),
            institution=institution,
            lead=lead,
            country=institution.country,
            region=institution.region,
            risk_tier=entry["risk_tier"],
            keywords=entry["keywords"],
            starts_on=date.fromisoformat(entry["starts"]),
            ends_on=date.fromisoformat(entry["ends"]),
            submitted_at=self.round.closes_at,
        )
        proposal.areas = [ProposalArea(area_key=k, weight=w) for k, w in entry["areas"].items()]
        proposal.budget = [
            BudgetLine(position=position, name=line["line"], amount=_minor(line["amount"], base))
            for position, line in enumerate(entry["budget"])
        ]
        proposal.team = [TeamMember(position=0, name=lead.name, role="Principal investigator")]
        proposal.scores = [
            Score(reviewer=reviewer, score=score)
            for reviewer, score in zip(REVIEWERS, entry["scores"], strict=False)
        ]
        return proposal

    def _plan(self, proposals: dict[str, Proposal]) -> PlanPutForward:
        """What the pilot's committee agreed on by hand: its run has lines and no optimum."""
        at = self._moment("put_forward")
        officer = self._staff(self.seed["put_forward_by"], Role.PROGRAM_OFFICER)[0]
        scenario = Scenario(
            round=self.round,
            name="What the pilot agreed on",
            note="Agreed round a table, before there was an optimizer.",
            state=ScenarioState.PUT_FORWARD,
            created_by_id=officer.id,
            created_at=at,
        )
        run = Run(
            state=RunState.DONE,
            progress=1.0,
            stage="agreed by hand",
            asked_by_id=officer.id,
            asked_at=at,
            finished_at=at,
            rates={currency: known.stored() for currency, known in self.rates.items()},
        )
        scenario.runs.append(run)
        self.session.add(scenario)
        self.session.flush()
        plan = PlanPutForward(
            round_id=self.round.id, run_id=run.id, put_forward_by_id=officer.id, put_forward_at=at
        )
        for entry in self.seed["proposals"]:
            for wanted in entry["awards"]:
                commitment = self.commitments[wanted["commitment"]]
                amount = _minor(wanted["amount"], commitment.currency)
                base_amount = self.rates[commitment.currency].to_base(amount)
                proposal_id = proposals[entry["id"]].id
                run.lines.append(
                    RunLine(
                        commitment_id=commitment.id,
                        proposal_id=proposal_id,
                        amount=amount,
                        base_amount=base_amount,
                    )
                )
                plan.lines.append(
                    PlanLine(
                        commitment=commitment,
                        proposal_id=proposal_id,
                        suggested_amount=amount,
                        amount=amount,
                        base_amount=base_amount,
                        recommended_by_id=officer.id,
                    )
                )
        self.session.add(plan)
        self.session.flush()
        for line in plan.lines:
            ledger.reserve(self.session, None, line)
        return plan

    def _staff(self, funder: str, role: Role) -> list[Person]:
        """The people with this role in a funder, in the order of the seeds."""
        organisation = self.organisations[funder]
        return [
            person
            for person in self.people.values()
            if any(b.organisation is organisation and b.role == role for b in person.bindings)
        ]

    def _award(self, line: PlanLine, wanted: dict[str, Any]) -> None:
        at, funder = self._moment("awarded"), line.commitment.funder.key
        # the last officer of each funder: the first one of one of them put the plan forward
        approver = self._staff(funder, Role.PROGRAM_OFFICER)[-1]
        line.approvals.append(
            Approval(
                person_id=approver.id,
                amount=line.amount,
                given_at=at,
                put_forward_by_id=line.recommended_by_id,
            )
        )
        self.session.flush()
        line.state = LineState.APPROVED
        line.decided_by_id, line.decided_at = approver.id, at
        self.session.flush()
        award = Award(
            plan_line_id=line.id,
            commitment=line.commitment,
            proposal_id=line.proposal_id,
            amount=line.amount,
            base_amount=line.base_amount,
            awarded_at=at,
        )
        self.session.add(award)
        self.session.flush()
        ledger.award(self.session, None, award)
        self._move(award, AwardState.ACCEPTED)
        preparer, releaser = self._staff(funder, Role.FINANCE_OFFICER)[:2]
        for entry in wanted["tranches"]:
            self._tranche(award, entry, preparer, releaser)
        if wanted["state"] != AwardState.ACCEPTED:
            self._move(award, AwardState.ACTIVE)
        if wanted["state"] in (AwardState.COMPLETED, AwardState.TERMINATED):
            self._move(award, AwardState(wanted["state"]))

    def _tranche(
        self, award: Award, entry: dict[str, Any], preparer: Person, releaser: Person
    ) -> None:
        tranche = Tranche(
            amount=_minor(entry["amount"], award.commitment.currency),
            due_on=date.fromisoformat(entry["due"]),
            condition=entry["condition"],
            prepared_by_id=preparer.id,
        )
        award.tranches.append(tranche)
        self.session.flush()
        ledger.schedule(self.session, None, tranche)
        if "paid" not in entry:
            return
        self._move(tranche, TrancheState.DUE)
        tranche.released_by_id = releaser.id
        self._move(tranche, TrancheState.RELEASED)
        tranche.paid_by_id = preparer.id
        tranche.paid_on = date.fromisoformat(entry["paid"])
        paid_at = rate(award.commitment.currency, self.round.base_currency, tranche.paid_on)
        tranche.paid_rate, tranche.paid_rate_on = f"{paid_at.rate:f}", paid_at.on
        tranche.reference = f"{self.round.key}-{tranche.id}"
        self._move(tranche, TrancheState.PAID)
        ledger.pay(self.session, None, tranche)
        if "returned" in entry:
            self._move(tranche, TrancheState.RETURNED)
            ledger.take_back(self.session, None, tranche, tranche.amount, entry["returned"])

    def _move(self, thing: Award | Tranche, state: AwardState | TrancheState) -> None:
        """Each move is written by itself: the database looks at every one."""
        thing.state = state
        self.session.flush()
