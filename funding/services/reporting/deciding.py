"""Handing a report in, and what its funders say to it: each accepts or sends back for its award."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, RuleBroken
from funding.formatting import format_amount, format_date, format_number
from funding.language import gettext as _
from funding.models import (
    TO_BE_WRITTEN,
    HandedIn,
    IndicatorValue,
    Narrative,
    Output,
    Report,
    ReportKind,
    ReportMilestone,
    ReportState,
    ReturnRequest,
    Spend,
    TrancheState,
)
from funding.permissions import Actor
from funding.services.applicants import hold
from funding.services.mail import Written, paragraphs
from funding.services.reporting.fetching import applicants, officers, record_on, report_of, tell
from funding.services.reporting.form import Entries, missing
from funding.services.reporting.underspend import owed_by
from funding.services.reporting.writing import covered, narrative_of, own_report, purses_of, read

LONGEST_REASON = 2_000
RETURN_WITHIN = timedelta(days=30)


def hand_in(
    session: Session, *, by: Actor, report_id: int, version: int, public_url: str
) -> HandedIn:
    """Hand in what is saved, to every funder that waits for it; answers the version handed in.

    A funder that has accepted an earlier version keeps that. `version` is the narrative's as
    looked at. Raises NotFound, Conflict, RuleBroken, and InvalidInput with all that is missing.
    """
    first = own_report(session, by, report_id)
    hold(session, by, first.award.proposal_id)
    session.refresh(first)
    reports = covered(session, first)
    if not any(report.state in TO_BE_WRITTEN for report in reports):
        raise RuleBroken(_("This report is %(state)s already.", state=first.state))
    narrative = narrative_of(reports)
    if narrative is None:
        raise RuleBroken("Nothing is saved of this report yet.")
    if narrative.version != version:
        raise Conflict("The report was changed since you opened this page. Please look again.")
    entries, faults = read(session, reports, narrative.fields)
    found = [*faults, *missing(entries, purses_of(session, reports))]
    if found:
        raise InvalidInput(*found)
    made = _version(session, by, narrative, entries)
    for report in reports:
        if report.state == ReportState.ACCEPTED:
            continue
        report.narrative, report.handed_in = narrative, made
        if report.state != ReportState.SUBMITTED:
            report.state = ReportState.SUBMITTED
        session.flush()
        record_on(session, by, "report handed in", report, report.award, number=made.number)
        _tell_officers(session, report, public_url)
    return made


def _version(session: Session, by: Actor, narrative: Narrative, entries: Entries) -> HandedIn:
    made = HandedIn(
        narrative=narrative,
        number=1 + max((each.number for each in narrative.handed_in), default=0),
        progress=entries.progress,
        difficulties=entries.difficulties,
        plans=entries.plans,
        spend_note=entries.spend_note,
        files=[file.id for file in narrative.files if file.removed_at is None],
        handed_in_by_id=by.person_id,
    )
    session.add(made)
    session.flush()
    session.add_all(
        [
            *(
                Output(handed_in_id=made.id, position=position, **output)
                for position, output in enumerate(entries.outputs)
            ),
            *(
                IndicatorValue(handed_in_id=made.id, indicator_id=id_, value=value)
                for id_, value in sorted(entries.values.items())
            ),
            *(
                Spend(handed_in_id=made.id, budget_line_id=id_, amount=amount)
                for id_, amount in sorted(entries.spend.items())
            ),
        ]
    )
    session.flush()
    return made


def _tell_officers(session: Session, report: Report, public_url: str) -> None:
    link = f"{public_url}/reports/{report.id}"
    for person in officers(session, report.award):
        tell(session, person, report.award, lambda: _handed_in(report, link))


def _handed_in(report: Report, link: str) -> Written:
    title, name = report.award.proposal.title, report.award.commitment.name
    if report.kind == ReportKind.FINAL:
        subject = _("Handed in: final report on %(title)s", title=title)
        text = _(
            "The final report on “%(title)s” (%(commitment)s) is handed in and waits for you to "
            "accept it or to send it back:",
            title=title,
            commitment=name,
        )
    else:
        subject = _("Handed in: progress report on %(title)s", title=title)
        text = _(
            "The progress report on “%(title)s” (%(commitment)s) is handed in and waits for you "
            "to accept it or to send it back:",
            title=title,
            commitment=name,
        )
    return subject, f"{text}\n{link}"


def accept(session: Session, *, by: Actor, report_id: int, version: int, public_url: str) -> Report:
    """A program officer of the funder accepts a report for its award.

    Tranches that waited for it become due; on a final report, what was paid and not spent is
    asked back. Raises NotFound, NotPermitted, Conflict, RuleBroken.
    """
    report = _to_decide(session, by, report_id, version)
    handed_in = report.handed_in
    assert handed_in is not None  # the database has no submitted report without one
    _decide(report, by, ReportState.ACCEPTED, "")
    session.flush()
    _count(session, handed_in)
    _make_due(session, by, report)
    is_final = report.kind == ReportKind.FINAL
    asked = _ask_back(session, by, report) if is_final else None
    record_on(session, by, "report accepted", report, report.award, number=handed_in.number)
    link = f"{public_url}/reports/{report.id}"
    for person in applicants(session, report.award.proposal):
        tell(session, person, report.award, lambda: _accepted(report, asked, link))
    return report


def _accepted(report: Report, asked: ReturnRequest | None, link: str) -> Written:
    title, funder = report.award.proposal.title, report.award.commitment.funder.name
    if report.kind != ReportKind.FINAL:
        return (
            _("Accepted: progress report on %(title)s", title=title),
            paragraphs(
                _(
                    "Your progress report on “%(title)s” is accepted by %(funder)s.",
                    title=title,
                    funder=funder,
                ),
                link,
            ),
        )
    unspent = (
        _(
            "%(amount)s of what was paid is not spent. Please return it by %(day)s.",
            amount=format_amount(asked.amount, report.award.commitment.currency),
            day=format_date(asked.due_on),
        )
        if asked
        else _("All that was paid is spent; nothing is to be returned.")
    )
    return (
        _("Accepted: final report on %(title)s", title=title),
        paragraphs(
            _(
                "Your final report on “%(title)s” is accepted by %(funder)s.",
                title=title,
                funder=funder,
            ),
            unspent,
            link,
        ),
    )


def send_back(
    session: Session, *, by: Actor, report_id: int, version: int, reason: str, public_url: str
) -> Report:
    """A program officer sends a report back, with what is to be mended.

    Raises NotFound, NotPermitted, Conflict, RuleBroken, InvalidInput without a reason.
    """
    report = _to_decide(session, by, report_id, version)
    reason = reason.strip()
    if not reason:
        raise InvalidInput(Fault("reason", "Say what is to be mended; the researchers read it."))
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(
            Fault(
                "reason",
                _(
                    "At most %(longest_reason)s characters.",
                    longest_reason=format_number(LONGEST_REASON),
                ),
            )
        )
    _decide(report, by, ReportState.SENT_BACK, reason)
    record_on(session, by, "report sent back", report, report.award)
    link = f"{public_url}/reports/{report.id}"
    for person in applicants(session, report.award.proposal):
        tell(session, person, report.award, lambda: _sent_back(report, reason, link))
    return report


def _sent_back(report: Report, reason: str, link: str) -> Written:
    title, funder = report.award.proposal.title, report.award.commitment.funder.name
    if report.kind == ReportKind.FINAL:
        subject = _("Sent back: final report on %(title)s", title=title)
        text = _(
            "%(funder)s sends your final report on “%(title)s” back:", funder=funder, title=title
        )
    else:
        subject = _("Sent back: progress report on %(title)s", title=title)
        text = _(
            "%(funder)s sends your progress report on “%(title)s” back:",
            funder=funder,
            title=title,
        )
    mend = _("Mend it and hand it in again; what other funders have accepted stays as it is.")
    return subject, paragraphs(text, reason, mend, link)


def _to_decide(session: Session, by: Actor, report_id: int, version: int) -> Report:
    report = report_of(session, by, report_id, version)
    if report.state != ReportState.SUBMITTED:
        raise RuleBroken(
            _(
                "Only a report that is handed in is decided; this one is %(state)s.",
                state=report.state,
            )
        )
    return report


def _decide(report: Report, by: Actor, state: ReportState, reason: str) -> None:
    report.decided_by_id, report.decided_at = by.person_id, now()
    report.decision_reason, report.state = reason, state


def _count(session: Session, handed_in: HandedIn) -> None:
    """The newest accepted version of a narrative is what the register reads."""
    counted = session.scalars(
        sa.select(HandedIn).where(HandedIn.narrative_id == handed_in.narrative_id, HandedIn.counts)
    ).one_or_none()
    if counted is not None and counted.number >= handed_in.number:
        return
    if counted is not None:
        counted.counts = False
        session.flush()
    handed_in.counts = True


def _make_due(session: Session, by: Actor, report: Report) -> None:
    for milestone in session.scalars(
        sa.select(ReportMilestone)
        .where(ReportMilestone.report_id == report.id)
        .order_by(ReportMilestone.tranche_id)
    ):
        tranche = milestone.tranche
        if tranche.state == TrancheState.SCHEDULED:
            tranche.state = TrancheState.DUE
            session.flush()
            record_on(session, by, "tranche due", report, report.award, tranche=tranche.id)


def _ask_back(session: Session, by: Actor, report: Report) -> ReturnRequest | None:
    """Ask for what was paid and not spent; None where all of it is spent."""
    amount = owed_by(session, report.award)
    if not amount:
        return None
    request = ReturnRequest(
        award_id=report.award_id,
        report_id=report.id,
        amount=amount,
        due_on=now().date() + RETURN_WITHIN,
        asked_by_id=by.person_id,
    )
    session.add(request)
    session.flush()
    record_on(session, by, "return asked for", report, report.award, amount=amount)
    return request
