"""Tranches: parts of an award, scheduled by day or milestone, due, released and paid.

One finance officer prepares a tranche, another releases it; the database refuses the same
person twice, and whoever recommended or approved the award. Each step of money is one transfer.
"""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.config import Config
from funding.db import Database, now
from funding.errors import Fault, InvalidInput, RuleBroken
from funding.formatting import format_amount, format_number
from funding.language import gettext as _
from funding.models import (
    AwardState,
    BatchState,
    Payment,
    PaymentBatch,
    Report,
    ReportMilestone,
    ReportState,
    Tranche,
    TrancheState,
    Transfer,
)
from funding.permissions import Actor, require
from funding.services import ledger
from funding.services.attachments import StoredFile
from funding.services.compensating import needed_for_tranche
from funding.services.evidence import show_by_files
from funding.services.idempotency import Answer, once
from funding.services.log import record
from funding.services.payments.fetching import (
    fetch_award,
    fetch_tranche,
    record_of_award,
    refuse_payee,
)
from funding.services.rates import rate_in_round

UNPAID = (TrancheState.SCHEDULED, TrancheState.DUE, TrancheState.RELEASED)
LONGEST = 2000
"""Characters of a condition, a milestone or its evidence."""

MARK_DUE = "mark_due_tranches"


def schedule_tranche(
    session: Session,
    *,
    by: Actor,
    award_id: int,
    amount: int,
    due_on: date,
    condition: str,
    key: str,
    milestone: str = "",
) -> Answer:
    """Schedule part of an award, in its currency; answers {"tranche_id"}.

    With a `milestone` it falls due when an officer says that this was reached; `due_on` is then
    when that is expected. Raises InvalidInput, RuleBroken before the offer is accepted, and
    Overcommitted where all tranches together would exceed the award.
    """

    def act() -> Answer:
        award = fetch_award(session, by, award_id)
        require(by, "tranche.prepare", award.commitment.funder_id)
        if award.state not in (AwardState.ACCEPTED, AwardState.ACTIVE):
            raise RuleBroken(_("An award that is %(state)s has no tranches.", state=award.state))
        faults = []
        if amount <= 0:
            faults.append(Fault("amount", "more than zero, please"))
        for field, text in (("condition", condition), ("milestone", milestone)):
            if len(text) > LONGEST:
                faults.append(
                    Fault(
                        field,
                        _("at most %(longest)s characters, please", longest=format_number(LONGEST)),
                    )
                )
        if faults:
            raise InvalidInput(*faults)
        tranche = Tranche(
            amount=amount,
            due_on=due_on,
            condition=condition.strip(),
            milestone=milestone.strip(),
            prepared_by_id=by.person_id,
        )
        award.tranches.append(tranche)
        session.flush()
        ledger.schedule(session, by, tranche)
        record_of_award(session, by, "tranche scheduled", tranche, award, amount=amount)
        return {"tranche_id": tranche.id}

    request = {"schedule": award_id, "amount": amount, "due": due_on.isoformat()}
    if milestone:
        request["milestone"] = milestone
    return once(session, by, key, request, act)


def reach_milestone(
    session: Session,
    *,
    by: Actor,
    tranche_id: int,
    version: int,
    reached_on: date,
    evidence: str,
    files: tuple[StoredFile, ...] = (),
) -> Tranche:
    """Say that a tranche's milestone was reached, and what shows it, in words and files: the
    tranche falls due.

    A program officer of the funder says so. Raises NotFound, NotPermitted, Conflict, RuleBroken
    for a tranche that has none or is past it, InvalidInput without evidence.
    """
    tranche = fetch_tranche(session, by, "milestone.reach", tranche_id, version)
    if not tranche.milestone:
        raise RuleBroken("This tranche waits for a day, not for a milestone.")
    if tranche.state != TrancheState.SCHEDULED:
        raise RuleBroken(_("This tranche is %(state)s already.", state=tranche.state))
    faults = []
    if not evidence.strip():
        faults.append(Fault("evidence", "please say what shows that it was reached"))
    elif len(evidence) > LONGEST:
        faults.append(
            Fault(
                "evidence",
                _("at most %(longest)s characters, please", longest=format_number(LONGEST)),
            )
        )
    if reached_on > now().date():
        faults.append(Fault("reached_on", "a day that has been, please"))
    if faults:
        raise InvalidInput(*faults)
    tranche.milestone_evidence = evidence.strip()
    tranche.milestone_reached_on = reached_on
    tranche.milestone_reached_by_id = by.person_id
    session.flush()
    tranche.state = TrancheState.DUE
    shown = show_by_files(session, by, tranche, files)
    detail = {"files": shown} if shown else {}
    record_of_award(session, by, "milestone reached", tranche, tranche.award, **detail)
    return tranche


def mark_due(session: Session, *, on: date) -> int:
    """Every tranche whose day has come, and that waits for no milestone or report, falls due; how
    many."""
    found = session.scalars(
        sa.select(Tranche)
        .where(
            Tranche.state == TrancheState.SCHEDULED,
            Tranche.milestone == "",
            Tranche.due_on <= on,
            ~waits_for_report(),
        )
        .order_by(Tranche.id)
        .with_for_update(key_share=True)
    ).all()
    for tranche in found:
        tranche.state = TrancheState.DUE
        record_of_award(session, None, "tranche due", tranche, tranche.award)
    return len(found)


def waits_for_report() -> sa.ColumnElement[bool]:
    """True for tranches that wait for a report which is not accepted yet."""
    return sa.exists().where(
        ReportMilestone.tranche_id == Tranche.id,
        ReportMilestone.report_id == Report.id,
        Report.state != ReportState.ACCEPTED,
    )


def mark_due_tranches(database: Database, _config: Config) -> None:
    """The task of a worker that comes round by itself."""
    database.in_transaction(mark_due, on=now().date())


def release_tranche(
    session: Session,
    *,
    by: Actor,
    tranche_id: int,
    version: int,
    alone_because: str | None = None,
) -> Tranche:
    """Release a tranche for payment: by another finance officer than the one who prepared it.

    One with a day may be released ahead of it, for a payment file made in good time; one with a
    milestone only after that was reached. A funder's only finance officer may release what they
    prepared, with a compensating review; `alone_because` says why. Raises also InvalidInput then.
    """
    tranche = fetch_tranche(session, by, "tranche.release", tranche_id, version)
    if tranche.state not in (TrancheState.SCHEDULED, TrancheState.DUE):
        raise RuleBroken(_("This tranche is %(state)s already.", state=tranche.state))
    if tranche.prepared_by_id == by.person_id:
        if alone_because is None:
            raise RuleBroken("Who prepared a payment cannot release it; a colleague has to.")
        review = needed_for_tranche(session, by, tranche, alone_because)
        tranche.compensating_review_id = review.id
    if tranche.milestone and tranche.milestone_reached_by_id is None:
        raise RuleBroken("A program officer has to say first that its milestone was reached.")
    if tranche.state == TrancheState.SCHEDULED:
        tranche.state = TrancheState.DUE
        session.flush()
    tranche.released_by_id = by.person_id
    tranche.state = TrancheState.RELEASED
    record_of_award(session, by, "tranche released", tranche, tranche.award, amount=tranche.amount)
    return tranche


def record_payment(
    session: Session, *, by: Actor, tranche_id: int, paid_on: date, reference: str, key: str
) -> Answer:
    """Note that a released tranche has been paid; answers {"tranche_id"}.

    One in a payment file was paid by whoever approved the file, and is noted by somebody else;
    one that is in none was paid by the person noting it. Raises RuleBroken where the file waits
    for its approval, or where the person entered the bank details that the money went to.
    """

    def act() -> Answer:
        tranche = fetch_tranche(session, by, "tranche.prepare", tranche_id)
        if tranche.state != TrancheState.RELEASED:
            raise RuleBroken(
                _("Only a released tranche is paid; this one is %(state)s.", state=tranche.state)
            )
        batch = live_batch(session, tranche)
        if batch is None:
            payer = by.person_id
        elif batch.state != BatchState.APPROVED or batch.approved_by_id is None:
            raise RuleBroken("This tranche is in a payment file that waits for its approval.")
        elif batch.approved_by_id == by.person_id:
            raise RuleBroken("Who approved a payment file does not note that it was paid.")
        else:
            payer = batch.approved_by_id
        settle(session, by, tranche, paid_by_id=payer, paid_on=paid_on, reference=reference)
        return {"tranche_id": tranche.id}

    request = {"pay": tranche_id, "on": paid_on.isoformat(), "reference": reference}
    return once(session, by, key, request, act)


def live_batch(session: Session, tranche: Tranche) -> PaymentBatch | None:
    """The payment file that a tranche is in, if any."""
    return session.scalars(
        sa.select(PaymentBatch)
        .join(Payment, Payment.batch_id == PaymentBatch.id)
        .where(Payment.tranche_id == tranche.id, Payment.is_live)
    ).one_or_none()


def settle(
    session: Session, by: Actor, tranche: Tranche, *, paid_by_id: int, paid_on: date, reference: str
) -> Transfer:
    """A released tranche becomes a paid one: its state, the day's rate, the transfer, the log.

    A payment file whose payments are all made is settled with the last of them.
    """
    award = tranche.award
    round_ = award.commitment.round
    try:
        rate = rate_in_round(session, round_, award.commitment.currency, paid_on)
        tranche.paid_rate, tranche.paid_rate_on = f"{rate.rate:f}", rate.on
    except RuleBroken:  # there is none: gain and loss are then not shown
        tranche.paid_rate = tranche.paid_rate_on = None
    tranche.paid_by_id, tranche.paid_on = paid_by_id, paid_on
    tranche.reference = reference.strip()
    tranche.state = TrancheState.PAID
    session.flush()
    transfer = ledger.pay(session, by, tranche)
    if award.state == AwardState.ACCEPTED:
        award.state = AwardState.ACTIVE
    record_of_award(session, by, "tranche paid", tranche, award, amount=tranche.amount)
    _settle_batch(session, by, tranche)
    return transfer


def _settle_batch(session: Session, by: Actor, tranche: Tranche) -> None:
    batch = live_batch(session, tranche)
    if batch is None or batch.state != BatchState.APPROVED:
        return
    waiting = session.scalar(
        sa.select(sa.func.count())
        .select_from(Payment)
        .join(Tranche, Tranche.id == Payment.tranche_id)
        .where(
            Payment.batch_id == batch.id,
            Payment.is_live,
            Tranche.state == TrancheState.RELEASED,
        )
    )
    if not waiting:
        batch.state = BatchState.SETTLED
        record(session, by, "payment file settled", batch, organisation_id=batch.funder_id)


def record_return(
    session: Session, *, by: Actor, tranche_id: int, amount: int, reason: str, key: str
) -> Answer:
    """Note that the grantee sent money of a paid tranche back; answers {"tranche_id"}.

    It is free in its commitment again, under the same restrictions. Raises InvalidInput, for more
    than was paid too, and RuleBroken where the tranche is not paid.
    """

    def act() -> Answer:
        tranche = fetch_tranche(session, by, "tranche.prepare", tranche_id)
        take_back(session, by, tranche, amount, reason)
        return {"tranche_id": tranche.id}

    request = {"return": tranche_id, "amount": amount, "reason": reason}
    return once(session, by, key, request, act)


def take_back(session: Session, by: Actor, tranche: Tranche, amount: int, reason: str) -> Transfer:
    """Money of a paid tranche that came back: the tranche is returned once none of it is kept.

    Raises NotPermitted for who was paid, RuleBroken for a tranche that is not paid, InvalidInput.
    """
    refuse_payee(by, tranche.award)
    if tranche.state != TrancheState.PAID:
        raise RuleBroken(
            _(
                "Only money that was paid can come back; this tranche is %(state)s.",
                state=tranche.state,
            )
        )
    kept = ledger.paid_and_kept(session, tranche)
    faults = []
    if not 0 < amount <= kept:
        most = format_amount(kept, tranche.award.commitment.currency)
        faults.append(
            Fault("returned", _("more than zero and at most %(most)s, please", most=most))
        )
    if not reason.strip():
        faults.append(Fault("return_reason", "please say why"))
    if faults:
        raise InvalidInput(*faults)
    if amount == kept:
        tranche.state = TrancheState.RETURNED
        session.flush()
    transfer = ledger.take_back(session, by, tranche, amount, reason.strip())
    record_of_award(session, by, "money returned", tranche, tranche.award, amount=amount)
    return transfer


def cancel_tranche(
    session: Session, *, by: Actor, tranche_id: int, version: int, reason: str
) -> Tranche:
    """Cancel a tranche that is not paid; its money is the award's again, to be scheduled anew."""
    tranche = fetch_tranche(session, by, "tranche.prepare", tranche_id, version)
    if not reason.strip():
        raise InvalidInput(Fault("reason", "please say why"))
    if tranche.state not in UNPAID:
        raise RuleBroken(_("A tranche that is %(state)s cannot be cancelled.", state=tranche.state))
    cancel(session, by, tranche, reason.strip())
    return tranche


def cancel(session: Session, by: Actor, tranche: Tranche, reason: str) -> None:
    """Its money is the award's again; raises RuleBroken for a tranche in a payment file."""
    if live_batch(session, tranche) is not None:
        raise RuleBroken("This tranche is in a payment file; cancel the file first.")
    ledger.cancel_schedule(session, by, tranche, reason)
    tranche.state = TrancheState.CANCELLED
    record_of_award(session, by, "tranche cancelled", tranche, tranche.award, amount=tranche.amount)
