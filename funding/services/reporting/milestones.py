"""Tranches that wait for a report: set, and taken off again."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import Fault, InvalidInput, RuleBroken
from funding.language import gettext as _
from funding.models import Report, ReportMilestone, ReportState, Tranche, TrancheState
from funding.permissions import Actor, fetch, visible_tranches
from funding.services.reporting.fetching import award_of, record_on

WAITING = (TrancheState.SCHEDULED, TrancheState.DUE)


def set_milestone(
    session: Session, *, by: Actor, tranche_id: int, report_id: int | None
) -> Tranche:
    """Let a tranche wait for a report of its award, or (None) for nothing any more.

    Raises NotFound, NotPermitted, RuleBroken once it is released, InvalidInput for a report that
    is accepted already or is another award's.
    """
    tranche: Tranche = fetch(session, visible_tranches(by), tranche_id, "tranche")
    award = award_of(session, by, "milestone.set", tranche.award_id)
    session.refresh(tranche, with_for_update={"key_share": True})
    if tranche.state not in WAITING:
        raise RuleBroken(_("A tranche that is %(state)s waits for nothing.", state=tranche.state))
    before = session.scalars(
        sa.select(ReportMilestone).where(ReportMilestone.tranche_id == tranche_id)
    ).one_or_none()
    if before is not None:
        session.delete(before)
        session.flush()
    if report_id is not None:
        report = session.get(Report, report_id)
        if report is None or report.award_id != award.id:
            raise InvalidInput(Fault("report_id", "Choose a report of this award."))
        if report.state == ReportState.ACCEPTED:
            raise InvalidInput(Fault("report_id", "This report is accepted already."))
        if tranche.state == TrancheState.DUE:
            raise RuleBroken("This tranche is due already.")
        if tranche.milestone:
            raise RuleBroken("This tranche waits for a milestone of its own already.")
        session.add(
            ReportMilestone(tranche_id=tranche_id, report_id=report_id, set_by_id=by.person_id)
        )
    record_on(session, by, "milestone set", award, award, tranche=tranche_id, report=report_id)
    return tranche


def milestones_of(session: Session, award_id: int) -> dict[int, int]:
    """By tranche of the award: the report that it waits for."""
    rows = session.execute(
        sa.select(ReportMilestone.tranche_id, ReportMilestone.report_id)
        .join(Tranche, Tranche.id == ReportMilestone.tranche_id)
        .where(Tranche.award_id == award_id)
    )
    return {tranche: report for tranche, report in rows}  # noqa: C416 - rows are no pairs to mypy
