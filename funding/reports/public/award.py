"""One award in public: its money, payment by payment, what came out of it, who else pays."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import (
    TO_BE_WRITTEN,
    Award,
    AwardState,
    Commitment,
    Organisation,
    Report,
    ReportState,
)
from funding.permissions import Scope, public_awards
from funding.reports.public.outputs import PublicOutput, of_proposal
from funding.reports.public.payments import PublicPayment, payments_of
from funding.reports.public.register import PublicAward, award_of


@dataclass(frozen=True)
class Reports:
    """How many reports on an award were accepted, and how many are owed past their day."""

    accepted: int
    late: int


@dataclass(frozen=True)
class AwardPage:
    """`others`: (award's number, funder, its key) of other public awards to the same work."""

    award: PublicAward
    payments: list[PublicPayment]
    outputs: list[PublicOutput]
    others: list[tuple[int, str, str]]
    reports: Reports


def award_page(session: Session, scope: Scope, award_id: int) -> AwardPage:
    """Raises NotFound for an award that is not public."""
    award = award_of(session, scope, award_id)
    ids = sa.select(Award.id).where(Award.id == award_id)
    others = session.execute(
        public_awards(scope)
        .join(Organisation, Organisation.id == Commitment.funder_id)
        .where(Award.proposal_id == award.proposal_id, Award.id != award_id)
        .with_only_columns(Award.id, Organisation.name, Organisation.key)
        .order_by(Award.id)
    )
    return AwardPage(
        award,
        payments_of(session, ids, scope.today).get(award_id, []),
        of_proposal(session, scope, award.proposal_id),
        [(id_, name, key) for id_, name, key in others],
        _reports(session, scope, award),
    )


def _reports(session: Session, scope: Scope, award: PublicAward) -> Reports:
    is_running = award.state in (AwardState.ACCEPTED, AwardState.ACTIVE)
    late = sa.and_(Report.state.in_(TO_BE_WRITTEN), Report.due_on < scope.today)
    accepted, owed = session.execute(
        sa.select(
            sa.func.count(sa.case((Report.state == ReportState.ACCEPTED, 1))),
            sa.func.count(sa.case((late, 1))),
        ).where(Report.award_id == award.id)
    ).one()
    return Reports(accepted, owed if is_running else 0)
