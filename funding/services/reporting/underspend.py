"""What was paid and not spent: how much of it is still out, noting it as returned, closing.

Money that comes back is its commitment's again, under the same restrictions, and with it the
round's to allocate.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import Conflict, Fault, InvalidInput, RuleBroken
from funding.formatting import format_amount
from funding.language import gettext as _
from funding.models import (
    AccountKind,
    Award,
    AwardBudgetLine,
    AwardState,
    Report,
    ReportKind,
    ReportState,
    Spend,
    Tranche,
    TrancheState,
)
from funding.permissions import Actor
from funding.services import ledger
from funding.services.idempotency import Answer, once
from funding.services.payments.tranches import UNPAID, cancel, take_back
from funding.services.reporting.fetching import award_of, paid_and_kept, record_on


def accepted_final(session: Session, award_id: int) -> Report | None:
    return session.scalars(
        sa.select(Report).where(
            Report.award_id == award_id,
            Report.kind == ReportKind.FINAL,
            Report.state == ReportState.ACCEPTED,
        )
    ).one_or_none()


def spent_of(session: Session, report: Report) -> int:
    """What a report says was spent of its own award's money, in minor units of the commitment."""
    total = session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(Spend.amount), 0))
        .join(AwardBudgetLine, AwardBudgetLine.id == Spend.budget_line_id)
        .where(
            Spend.handed_in_id == report.handed_in_id,
            AwardBudgetLine.award_id == report.award_id,
        )
    )
    return int(total or 0)


def owed_by(session: Session, award: Award) -> int:
    """What of an award was paid and kept beyond its accepted final report; 0 before there is one.

    It follows the ledger: however a return was noted there, it is owed no more.
    """
    final = accepted_final(session, award.id)
    if final is None:
        return 0
    paid = paid_and_kept(session, [award.id]).get(award.id, 0)
    return max(0, paid - spent_of(session, final))


def book_return(
    session: Session, *, by: Actor, award_id: int, amount: int, reason: str, key: str
) -> Answer:
    """Note that unspent money of an award came back; answers {"award_id"}.

    It is taken from the payments made last. Raises NotFound, NotPermitted, RuleBroken where
    nothing is owed, InvalidInput, for more than is owed too.
    """

    def act() -> Answer:
        award = award_of(session, by, "tranche.prepare", award_id)
        owed = owed_by(session, award)
        if not owed:
            raise RuleBroken("Nothing of this award is to be returned.")
        faults = []
        if not 0 < amount <= owed:
            most = format_amount(owed, award.commitment.currency)
            faults.append(
                Fault("amount", _("More than zero and at most %(most)s, please.", most=most))
            )
        if not reason.strip():
            faults.append(Fault("reference", "Give the reference of the payment."))
        if faults:
            raise InvalidInput(*faults)
        _take_back(session, by, award, amount, reason.strip())
        record_on(session, by, "unspent money returned", award, award, amount=amount)
        return {"award_id": award.id}

    request = {"return of": award_id, "amount": amount, "reason": reason}
    return once(session, by, key, request, act)


def _take_back(session: Session, by: Actor, award: Award, amount: int, reason: str) -> None:
    left = amount
    for tranche in session.scalars(
        sa.select(Tranche)
        .where(Tranche.award_id == award.id, Tranche.state == TrancheState.PAID)
        .order_by(Tranche.paid_on.desc(), Tranche.id.desc())
        .with_for_update(key_share=True)
    ):
        kept = ledger.paid_and_kept(session, tranche)
        part = min(left, kept)
        if part:
            take_back(session, by, tranche, part, reason)
        left -= part
    if left:
        raise RuleBroken("The payments of this award do not hold that much.")


def complete_award(
    session: Session, *, by: Actor, award_id: int, version: int, reason: str
) -> Award:
    """A program officer closes an award whose final report is accepted.

    What was awarded and never paid is the commitment's again. While money is still to be
    returned, closing needs a `reason`: it is then not asked for any more. Raises NotFound,
    NotPermitted, Conflict, RuleBroken, InvalidInput.
    """
    award = award_of(session, by, "report.decide", award_id)
    if award.version != version:
        raise Conflict("This award was changed meanwhile. Please look at it again.")
    if award.state != AwardState.ACTIVE:
        raise RuleBroken(
            _("Only an active award is closed; this one is %(state)s.", state=award.state)
        )
    if accepted_final(session, award_id) is None:
        raise RuleBroken("An award is closed once its final report is accepted.")
    owed = owed_by(session, award)
    if owed and not reason.strip():
        out = format_amount(owed, award.commitment.currency)
        raise InvalidInput(
            Fault(
                "close_reason",
                _("%(out)s is still to be returned: say why the award is closed.", out=out),
            )
        )
    for tranche in award.tranches:
        if tranche.state in UNPAID:
            cancel(session, by, tranche, "award completed")
    left = ledger.account(session, award.commitment, AccountKind.AWARDED, award=award).balance
    if left:
        ledger.free_award(session, by, award, left, "award completed", "never paid")
    award.state = AwardState.COMPLETED
    record_on(session, by, "award completed", award, award, amount=left, not_returned=owed or None)
    return award
