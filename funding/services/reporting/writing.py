"""Writing a report: what it covers, keeping what is typed, saving it, its files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotFound, RuleBroken
from funding.language import gettext
from funding.models import (
    TO_BE_WRITTEN,
    Award,
    AwardBudgetLine,
    Commitment,
    HandedIn,
    Indicator,
    Narrative,
    Report,
    ReportFile,
    ReportKind,
    ReportState,
    Spend,
)
from funding.permissions import Actor, fetch, own_reports
from funding.services import parked
from funding.services.applicants import hold
from funding.services.attachments import StoredFile, new_files
from funding.services.reporting.fetching import paid_and_kept, record_on
from funding.services.reporting.form import Entries, Fields, Purse, Reader
from funding.services.reporting.schedule import is_near

TOGETHER = (ReportState.DUE, ReportState.SENT_BACK, ReportState.SUBMITTED)


def own_report(session: Session, by: Actor, report_id: int) -> Report:
    """A report that the person may write; raises NotFound."""
    report: Report = fetch(session, own_reports(by), report_id, "report")
    return report


def covered(session: Session, report: Report) -> list[Report]:
    """The reports that are written as one with this: of the same kind, on awards to the same
    proposal, due about the same time; final reports whenever they are due, as long as none is
    accepted. By id, this included.
    """
    others = session.scalars(
        sa.select(Report)
        .join(Award, Award.id == Report.award_id)
        .where(Award.proposal_id == report.award.proposal_id, Report.kind == report.kind)
        .order_by(Report.id)
        .options(
            joinedload(Report.award).joinedload(Award.commitment).joinedload(Commitment.funder)
        )
    )
    return [other for other in others if _is_written_with(other, report)]


def _is_written_with(other: Report, report: Report) -> bool:
    if other.id == report.id:
        return True
    if report.narrative_id is not None and other.narrative_id is not None:
        return other.narrative_id == report.narrative_id
    if ReportState.DUE not in (other.state, report.state):
        return False
    if other.award_id == report.award_id:
        return False
    both_open = ReportState.ACCEPTED not in (other.state, report.state)
    return is_near(other.due_on, report.due_on) or (report.kind == ReportKind.FINAL and both_open)


def form_name(reports: list[Report]) -> str:
    """The name under which what is typed is kept: the same for all reports written as one."""
    return f"report:{reports[0].id}"


def narrative_of(reports: list[Report]) -> Narrative | None:
    return next((report.narrative for report in reports if report.narrative), None)


def asked_indicators(session: Session) -> list[Indicator]:
    return list(
        session.scalars(sa.select(Indicator).where(Indicator.is_asked).order_by(Indicator.name))
    )


def purses_of(session: Session, reports: list[Report]) -> list[Purse]:
    """The money that a report covers: for each award its budget, what was paid and said before."""
    awards = {report.award_id: report.award for report in reports}
    paid = paid_and_kept(session, list(awards))
    lines: dict[int, list[AwardBudgetLine]] = {}
    for line in session.scalars(
        sa.select(AwardBudgetLine)
        .where(AwardBudgetLine.award_id.in_(awards))
        .order_by(AwardBudgetLine.award_id, AwardBudgetLine.position)
    ):
        lines.setdefault(line.award_id, []).append(line)
    narrative = narrative_of(reports)
    before = _said_before(session, list(awards), narrative.id if narrative else None)
    return [
        Purse(
            award_id,
            award.commitment.funder.name,
            award.commitment.currency,
            paid.get(award_id, 0),
            lines.get(award_id, []),
            {line.id: before[line.id] for line in lines.get(award_id, []) if line.id in before},
        )
        for award_id, award in sorted(awards.items())
    ]


def _said_before(session: Session, awards: list[int], narrative_id: int | None) -> dict[int, int]:
    """By budget line: what the newest accepted version of another report said was spent."""
    query = (
        sa.select(Spend.budget_line_id, Spend.amount)
        .join(HandedIn, HandedIn.id == Spend.handed_in_id)
        .join(AwardBudgetLine, AwardBudgetLine.id == Spend.budget_line_id)
        .where(HandedIn.counts, AwardBudgetLine.award_id.in_(awards))
        .order_by(HandedIn.handed_in_at, HandedIn.id)
    )
    if narrative_id is not None:
        query = query.where(HandedIn.narrative_id != narrative_id)
    rows = session.execute(query)
    return {line: amount for line, amount in rows}  # noqa: C416 - rows are no pairs to mypy


def _to_write(session: Session, by: Actor, report_id: int) -> list[Report]:
    """What the person is writing, with the proposal held; raises NotFound and RuleBroken."""
    report = own_report(session, by, report_id)
    hold(session, by, report.award.proposal_id)
    session.refresh(report)
    reports = covered(session, report)
    if not any(each.state in TO_BE_WRITTEN for each in reports):
        raise RuleBroken(
            gettext(
                "This report is %(state)s and cannot be changed now. What you typed is kept.",
                state=report.state,
            )
        )
    return reports


def keep_typed(
    session: Session,
    *,
    by: Actor,
    report_id: int,
    fields: Fields,
    base_version: int | None,
    seen: str,
) -> datetime:
    """Keep what is typed, valid or not; answers when. Raises NotFound and OpenElsewhere."""
    reports = covered(session, own_report(session, by, report_id))
    return parked.keep(
        session,
        by.person_id,
        form_name(reports),
        fields=fields,
        marks="",
        base_version=base_version,
        seen=seen,
    )


def discard_typed(session: Session, *, by: Actor, report_id: int) -> None:
    """Throw away what was typed and not saved; the report itself stays as it is."""
    report = own_report(session, by, report_id)
    if parked.discard(session, by.person_id, form_name(covered(session, report))):
        record_on(session, by, "typed text discarded", report, report.award)


def claim_unsent(session: Session, *, by: Actor, report_id: int, token: str) -> bool:
    """Give back what was sent while signed out; False where there is nothing."""
    reports = covered(session, own_report(session, by, report_id))
    waiting = parked.unsent(session, token, form_name(reports))
    if waiting is not None:
        parked.claim(session, by.person_id, waiting)
    return waiting is not None


def read(session: Session, reports: list[Report], fields: Fields) -> tuple[Entries, list[Fault]]:
    """What a form says, and what is wrong with it."""
    reader = Reader(fields, purses_of(session, reports), asked_indicators(session))
    return reader.read(), reader.faults


def save(
    session: Session, *, by: Actor, report_id: int, fields: Fields, base_version: int
) -> Narrative:
    """Make the form the report as its applicants share it; nothing is handed in yet.

    `base_version` is that of the narrative as opened, 0 for none. Raises NotFound, RuleBroken
    unless it waits to be written, Conflict where somebody else saved meanwhile, InvalidInput.
    """
    reports = _to_write(session, by, report_id)
    narrative = narrative_of(reports)
    # where only files were added so far there is no text of others to lose
    if narrative is not None and narrative.fields and base_version != narrative.version:
        raise Conflict("Somebody else saved this report meanwhile. Yours is kept beside it.")
    _, faults = read(session, reports, fields)
    if faults:
        raise InvalidInput(*faults)
    if narrative is None:
        narrative = _start(session, by, reports)
    narrative.fields = fields
    _join(reports, narrative)
    parked.forget(session, by.person_id, form_name(reports), fields)
    record_on(session, by, "report saved", reports[0], reports[0].award)
    return narrative


def _start(session: Session, by: Actor, reports: list[Report]) -> Narrative:
    narrative = Narrative(
        proposal_id=reports[0].award.proposal_id,
        kind=reports[0].kind,
        fields={},
        started_by_id=by.person_id,
    )
    session.add(narrative)
    session.flush()
    return narrative


def _join(reports: list[Report], narrative: Narrative) -> None:
    for report in reports:
        if report.narrative_id is None and report.state == ReportState.DUE:
            report.narrative = narrative


def attach(
    session: Session, *, by: Actor, report_id: int, files: tuple[StoredFile, ...]
) -> list[ReportFile]:
    """Add stored files, all or none; one that is there already is not added again.

    Raises NotFound, RuleBroken unless the report waits to be written, InvalidInput beyond ten.
    """
    reports = _to_write(session, by, report_id)
    narrative = narrative_of(reports) or _start(session, by, reports)
    _join(reports, narrative)
    there = [file for file in narrative.files if file.removed_at is None]
    made = new_files(ReportFile, there, files, by, "A report")
    narrative.files.extend(made)
    for file in made:
        record_on(session, by, "attachment added", reports[0], reports[0].award, sha256=file.sha256)
    return made


def remove_file(session: Session, *, by: Actor, report_id: int, file_id: int) -> str:
    """Take a file out of what is being written; versions handed in with it keep it."""
    reports = _to_write(session, by, report_id)
    narrative = narrative_of(reports)
    files = narrative.files if narrative else []
    file = next((f for f in files if f.id == file_id and f.removed_at is None), None)
    if file is None:
        raise NotFound("attachment")
    file.removed_at = now()
    record_on(session, by, "attachment removed", reports[0], reports[0].award, sha256=file.sha256)
    return file.name


def differences(mine: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """The names of fields in which two forms are not the same, blanks around left aside."""
    return [
        name
        for name in dict.fromkeys((*mine, *theirs))
        if mine.get(name, "").strip() != theirs.get(name, "").strip()
    ]


def whole(query: sa.Select[tuple[HandedIn]]) -> sa.Select[tuple[HandedIn]]:
    """A version with everything that a page shows of it."""
    return query.options(
        joinedload(HandedIn.handed_in_by),
        selectinload(HandedIn.outputs),
        selectinload(HandedIn.spend).joinedload(Spend.budget_line),
        selectinload(HandedIn.values),
    )
