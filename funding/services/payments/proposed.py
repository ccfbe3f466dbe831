"""Tranches proposed from the years of an award's line: what the plan has it paid, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import Fault, InvalidInput
from funding.formatting import format_amount
from funding.language import gettext as _
from funding.models import Account, AccountKind, Award, PlanLine, PlanPutForward, RunLine
from funding.permissions import Actor, require
from funding.services.idempotency import Answer, once
from funding.services.payments.fetching import fetch_award
from funding.services.payments.tranches import schedule_tranche
from funding.services.round_years import in_own_currency


@dataclass(frozen=True)
class ProposedTranche:
    """A payment the plan has in mind; `amount` in minor units of the commitment."""

    year: int
    amount: int
    due_on: date


def proposed_tranches(session: Session, award: Award, on: date) -> list[ProposedTranche]:
    """What is not scheduled yet, by the years of the award's line; none where it has no years.

    An amended amount spreads over the years as the suggested one did, and what is scheduled
    already counts for the earliest of them. Each is due as its year begins, but not before `on`
    nor before the work or the commitment does.
    """
    years = session.scalar(
        sa.select(RunLine.years)
        .join(PlanPutForward, PlanPutForward.run_id == RunLine.run_id)
        .join(PlanLine, PlanLine.plan_id == PlanPutForward.id)
        .where(
            PlanLine.id == award.plan_line_id,
            RunLine.commitment_id == award.commitment_id,
            RunLine.proposal_id == award.proposal_id,
        )
    )
    if not years:
        return []
    covered = award.amount - not_scheduled(session, award)
    starts = [award.proposal.starts_on, award.commitment.starts_on, on]
    found = []
    parts = in_own_currency(years, sum(years.values()), award.amount)
    for year, part in parts.items():
        left = max(0, part - covered)
        covered = max(0, covered - part)
        if left:
            first = max(date(int(year), 1, 1), *(day for day in starts if day))
            found.append(ProposedTranche(int(year), left, first))
    return found


def not_scheduled(session: Session, award: Award) -> int:
    """What of an award no tranche holds, in minor units."""
    balance = session.scalar(
        sa.select(sa.func.sum(Account.balance)).where(
            Account.award_id == award.id, Account.kind == AccountKind.AWARDED
        )
    )
    return int(balance or 0)


@dataclass(frozen=True)
class Wanted:
    """One row of the proposal as its officer left it; `place` is its place in the form."""

    place: int
    amount: int
    due_on: date
    condition: str


def schedule_proposed(
    session: Session, *, by: Actor, award_id: int, wanted: Sequence[Wanted], key: str
) -> Answer:
    """Schedule several tranches of an award, all or none; answers {"tranches": how many}.

    Raises InvalidInput with the place in each fault's name (`proposed_amount_0`), NotFound,
    NotPermitted, and RuleBroken before the offer is accepted.
    """

    def act() -> Answer:
        award = fetch_award(session, by, award_id)
        require(by, "tranche.prepare", award.commitment.funder_id)
        faults = [
            Fault(f"proposed_amount_{row.place}", "more than zero, please")
            for row in wanted
            if row.amount <= 0
        ]
        if not wanted:
            faults.append(Fault("", "Leave at least one of these payments in."))
        total, most = sum(row.amount for row in wanted), not_scheduled(session, award)
        if total > most:
            there = format_amount(most, award.commitment.currency)
            faults.append(
                Fault("", _("Together no more than %(there)s: the rest is scheduled.", there=there))
            )
        if faults:
            raise InvalidInput(*faults)
        for row in wanted:
            schedule_tranche(
                session,
                by=by,
                award_id=award_id,
                amount=row.amount,
                due_on=row.due_on,
                condition=row.condition,
                key=f"{key}-{row.place}",
            )
        return {"tranches": len(wanted)}

    request = {
        "schedule": award_id,
        "tranches": [(row.amount, row.due_on.isoformat(), row.condition) for row in wanted],
    }
    return once(session, by, key, request, act)
