"""What the earlier round's researchers have reported: accepted, sent back, late; one asks for time.

Everything goes through the database's rules; acts carry the dates of the story, and no mail goes
out.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.formatting import format_amount_number
from funding.models import (
    Award,
    AwardState,
    Binding,
    ChangeConcern,
    ChangeRequest,
    HandedIn,
    Indicator,
    IndicatorValue,
    Narrative,
    Output,
    Proposal,
    Report,
    ReportMilestone,
    ReportState,
    Role,
    Round,
    Spend,
    Tranche,
    TrancheState,
)
from funding.paths import SEEDS
from funding.services.reporting import changes, schedule
from funding.services.reporting.form import TEXTS, Fields

_REPORTING = (AwardState.ACCEPTED, AwardState.ACTIVE, AwardState.COMPLETED)


def load(session: Session, round_: Round) -> None:
    """Load the reports of the earlier round, whose awards are there."""
    text = Path(SEEDS / "pilot_reports.json").read_text(encoding="utf-8")
    _Reports(session, round_, json.loads(text)).load()


class _Reports:
    """The round's awards by (key of the proposal, key of the commitment), and its indicators."""

    def __init__(self, session: Session, round_: Round, seed: dict[str, Any]) -> None:
        self.session, self.seed, self.zone = session, seed, ZoneInfo(round_.timezone)
        self.round = round_
        awards = session.scalars(
            sa.select(Award)
            .join(Proposal, Proposal.id == Award.proposal_id)
            .where(Proposal.round_id == round_.id, Award.state.in_(_REPORTING))
            .order_by(Award.id)
        )
        self.awards = {(a.proposal.key, a.commitment.key): a for a in awards}
        self.indicators: dict[str, Indicator] = {}

    def load(self) -> None:
        for entry in self.seed["indicators"]:
            self.indicators[entry["name"]] = Indicator(defined_by_id=self.round.owner_id, **entry)
        self.session.add_all(self.indicators.values())
        for award in self.awards.values():
            schedule.begin(self.session, None, award)
        for key, ends in self.seed["completed_until"].items():
            proposal, _, commitment = key.partition(" ")
            self._shorten(self.awards[proposal, commitment], date.fromisoformat(ends))
        for entry in self.seed["waits"]:
            self._wait(self.awards[entry["proposal"], entry["commitment"]], entry["kind"])
        for entry in self.seed["reports"]:
            self._report(entry)
        for entry in self.seed["requests"]:
            self._ask(entry)

    def _moment(self, text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=self.zone)

    def _shorten(self, award: Award, ends_on: date) -> None:
        """An award that was for the first part of the work only: its final report is its only."""
        for report in schedule.reports_of(self.session, award.id):
            if report.kind == "progress":
                self.session.delete(report)
        self.session.flush()
        schedule.extend(self.session, award, ends_on)

    def _of(self, award: Award, kind: str) -> Report:
        return next(r for r in schedule.reports_of(self.session, award.id) if r.kind == kind)

    def _wait(self, award: Award, kind: str) -> None:
        tranche = self.session.scalars(
            sa.select(Tranche).where(
                Tranche.award_id == award.id, Tranche.state == TrancheState.SCHEDULED
            )
        ).first()
        if tranche is not None:
            report = self._of(award, kind)
            self.session.add(ReportMilestone(tranche_id=tranche.id, report_id=report.id))
            self.session.flush()

    def _report(self, entry: dict[str, Any]) -> None:
        awards = {key: self.awards[entry["proposal"], key] for key in entry["spent"]}
        proposal = next(iter(awards.values())).proposal
        narrative = Narrative(
            proposal_id=proposal.id,
            kind=entry["kind"],
            fields={},
            started_by_id=proposal.lead_id,
            started_at=self._moment(entry["handed_in"]),
        )
        self.session.add(narrative)
        self.session.flush()
        made = HandedIn(
            narrative=narrative,
            number=1,
            handed_in_by_id=proposal.lead_id,
            handed_in_at=self._moment(entry["handed_in"]),
            **{name: entry[name] for name in TEXTS},
        )
        self.session.add(made)
        self.session.flush()
        narrative.fields = self._fill(made, entry, awards)
        self.session.flush()
        for key, award in awards.items():
            report = self._of(award, entry["kind"])
            report.narrative, report.handed_in = narrative, made
            report.state = ReportState.SUBMITTED
            self.session.flush()
            if decided := entry["decided"].get(key):
                self._decide(report, award, decided)

    def _fill(self, made: HandedIn, entry: dict[str, Any], awards: dict[str, Award]) -> Fields:
        """Outputs, values and spend of a version; answers the form that it was made from."""
        fields: Fields = {name: entry[name] for name in TEXTS}
        for position, output in enumerate(entry["outputs"]):
            self.session.add(Output(handed_in_id=made.id, position=position, **output))
            for part, text in output.items():
                fields[f"output_{position + 1}_{part}"] = text
        for name, value in entry["values"].items():
            indicator = self.indicators[name]
            self.session.add(
                IndicatorValue(handed_in_id=made.id, indicator_id=indicator.id, value=value)
            )
            fields[f"value_{indicator.id}"] = f"{value:g}"
        for key, parts in entry["spent"].items():
            lines = changes.budget_of(self.session, awards[key].id)
            for line, part in zip(lines, parts, strict=True):
                amount = line.amount if part == 1 else int(line.amount * part) // 100 * 100
                self.session.add(Spend(handed_in_id=made.id, budget_line_id=line.id, amount=amount))
                currency = awards[key].commitment.currency
                fields[f"spent_{line.id}"] = format_amount_number(amount, currency)
        self.session.flush()
        return fields

    def _decide(self, report: Report, award: Award, decided: dict[str, str]) -> None:
        officer = self.session.scalars(
            sa.select(Binding.person_id)
            .where(
                Binding.organisation_id == award.commitment.funder_id,
                Binding.role == Role.PROGRAM_OFFICER,
            )
            .order_by(Binding.person_id.desc())
        ).first()
        report.decided_by_id, report.decided_at = officer, self._moment(decided["on"])
        report.decision_reason = decided.get("reason", "")
        is_accepted = not report.decision_reason
        report.state = ReportState.ACCEPTED if is_accepted else ReportState.SENT_BACK
        self.session.flush()
        if is_accepted and report.handed_in is not None:
            report.handed_in.counts = True
            self.session.flush()

    def _ask(self, entry: dict[str, Any]) -> None:
        awards = [a for (key, _), a in self.awards.items() if key == entry["proposal"]]
        proposal = awards[0].proposal
        request = ChangeRequest(
            proposal_id=proposal.id,
            kind=entry["kind"],
            reason=entry["reason"],
            from_ends_on=changes.end_of(self.session, awards),
            ends_on=date.fromisoformat(entry["ends"]),
            asked_by_id=proposal.lead_id,
            asked_at=self._moment(entry["asked"]),
        )
        self.session.add(request)
        self.session.flush()
        for award in awards:
            request.concerns.append(ChangeConcern(award_id=award.id))
        self.session.flush()
