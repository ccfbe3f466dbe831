"""What waits of reports: to be written, to be accepted, to be answered, to be paid back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.formatting import format_amount
from funding.language import capital
from funding.language import gettext as _
from funding.models import (
    TO_BE_WRITTEN,
    Award,
    Commitment,
    Organisation,
    Proposal,
    Report,
    ReportState,
    ReturnRequest,
)
from funding.permissions import (
    Actor,
    own_proposals,
    own_reports,
    visible_awards,
    visible_reports,
    without_conflict,
)
from funding.reports.award_reports import open_requests
from funding.reports.inbox.entries import MOST_DATED, Dated, Waiting
from funding.services.reporting.schedule import RUNNING
from funding.services.reporting.underspend import owed_by

AHEAD = timedelta(days=90)
"""How long before its day a report counts as waiting to be written."""


def to_write(session: Session, by: Actor) -> Iterator[Waiting]:
    """Reports on own proposals that are due soon, late or sent back."""
    today = now().date()
    mine = own_reports(by).where(
        Report.state.in_(TO_BE_WRITTEN),
        Award.state.in_(RUNNING),
        sa.or_(Report.due_on <= today + AHEAD, Report.state == ReportState.SENT_BACK),
    )
    count, late = session.execute(
        mine.with_only_columns(
            sa.func.count(Report.id),
            sa.func.coalesce(sa.func.sum(sa.case((Report.due_on < today, 1), else_=0)), 0),
        )
    ).one()
    if not count:
        return
    rows = session.execute(
        mine.join(Proposal, Proposal.id == Award.proposal_id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .join(Organisation, Organisation.id == Commitment.funder_id)
        .with_only_columns(Report.id, Report.due_on, Report.kind, Proposal.title, Organisation.name)
        .order_by(Report.due_on, Report.id)
        .limit(MOST_DATED)
    )
    dates = [
        Dated(
            f"report-{report_id}",
            due_on,
            _(
                "%(capitalize)s report on %(title)s, for %(funder)s",
                capitalize=capital(kind),
                title=title,
                funder=funder,
            ),
            "reporting.show",
            {"report_id": report_id},
        )
        for report_id, due_on, kind, title, funder in rows
    ]
    words = _(", %(late)s late", late=late) if late else ""
    yield Waiting(
        count,
        _("report to write%(words)s", words=words),
        _("reports to write%(words)s", words=words),
        "reporting.index",
        {"whose": "mine", "state": "waiting"},
        dates,
    )


def to_accept(session: Session, by: Actor) -> Iterator[Waiting]:
    """Reports handed in to one's funder, on proposals that one is not part of."""
    count = session.scalar(
        visible_reports(by)
        .join(Award, Award.id == Report.award_id)
        .join(Proposal, Proposal.id == Award.proposal_id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .where(
            Report.state == ReportState.SUBMITTED,
            Commitment.funder_id.in_(list(by.where("report.decide"))),
            without_conflict(by),
        )
        .with_only_columns(sa.func.count(Report.id))
    )
    yield Waiting(
        count or 0,
        "report to accept",
        "reports to accept",
        "reporting.index",
        {"whose": "own", "state": "submitted"},
    )


def to_answer(session: Session, by: Actor) -> Iterator[Waiting]:
    """Requests for more time or another budget that one's funder has not answered."""
    if asked := open_requests(session, by):
        yield Waiting(
            len(asked),
            "request of researchers to answer",
            "requests of researchers to answer",
            "award_changes.show",
            {"request_id": asked[0].id},
        )


def to_return(session: Session, by: Actor) -> Iterator[Waiting]:
    """Money of own proposals that was asked back and is still out."""
    requests = session.execute(
        sa.select(ReturnRequest, Award)
        .join(Award, Award.id == ReturnRequest.award_id)
        .where(
            Award.proposal_id.in_(own_proposals(by).with_only_columns(Proposal.id)),
            Award.id.in_(visible_awards(by).with_only_columns(Award.id)),
            Award.state == "active",
        )
        .order_by(ReturnRequest.due_on)
        .limit(MOST_DATED)
    ).all()
    dates = [
        Dated(
            f"return-{request.id}",
            request.due_on,
            _(
                "Return %(owed)s to %(name)s",
                owed=format_amount(owed, award.commitment.currency),
                name=award.commitment.funder.name,
            ),
            "award_reports.show",
            {"award_id": award.id},
        )
        for request, award in requests
        if (owed := owed_by(session, award))
    ]
    if dates:
        yield Waiting(
            len(dates),
            "award of which unspent money is to be returned",
            "awards of which unspent money is to be returned",
            "award_reports.show",
            dates[0].arguments,
            dates,
        )
