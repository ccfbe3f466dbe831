"""Payments of public awards, tranche by tranche, from the ledger and the schedule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from funding.models import Account, AccountKind, Tranche, TrancheState, Transfer
from funding.reports.public.money import WAITING


@dataclass(frozen=True)
class PublicPayment:
    """One tranche that was not called off, in minor units of its award's currency.

    `state`: paid, returned, due or late. Of a paid one, `returned` came back, last on
    `returned_on`.
    """

    award_id: int
    number: int
    state: str
    due_on: date
    paid_on: date | None
    amount: int
    returned: int
    returned_on: date | None


@dataclass(frozen=True)
class Freed:
    """What of an award was never paid and went back when it ended, and when."""

    amount: int
    on: date


def payments_of(
    session: Session, awards: sa.Select[tuple[int]], today: date
) -> dict[int, list[PublicPayment]]:
    """By award: its tranches by their days; three queries, however many they are."""
    returned = _back(session, awards, AccountKind.PAID)
    found: dict[int, list[PublicPayment]] = {}
    for tranche in session.scalars(
        sa.select(Tranche)
        .where(Tranche.award_id.in_(awards), Tranche.state != TrancheState.CANCELLED)
        .order_by(Tranche.award_id, Tranche.due_on, Tranche.id)
    ):
        back, on = returned.get((tranche.award_id, tranche.id), (0, None))
        payments = found.setdefault(tranche.award_id, [])
        payments.append(
            PublicPayment(
                tranche.award_id,
                len(payments) + 1,
                _state(tranche, today),
                tranche.due_on,
                tranche.paid_on if tranche.state not in WAITING else None,
                tranche.amount,
                back,
                on if back else None,
            )
        )
    return found


def freed_of(session: Session, awards: sa.Select[tuple[int]]) -> dict[int, Freed]:
    """By award, those of which something was freed."""
    return {
        award_id: Freed(amount, on)
        for (award_id, _), (amount, on) in _back(session, awards, AccountKind.AWARDED).items()
        if amount
    }


def _state(tranche: Tranche, today: date) -> str:
    if tranche.state in WAITING:
        return "late" if tranche.due_on < today else "due"
    return "returned" if tranche.state == TrancheState.RETURNED else "paid"


def _back(
    session: Session, awards: sa.Select[tuple[int]], kind: AccountKind
) -> dict[tuple[int, int | None], tuple[int, date]]:
    """By award and tranche: what went from accounts of this kind to the commitment, and last when.

    What was undone is taken off again.
    """
    inside, outside = aliased(Account), aliased(Account)
    found: dict[tuple[int, int | None], tuple[int, date]] = {}
    for sign, ours, others in (
        (1, Transfer.debit_id, Transfer.credit_id),
        (-1, Transfer.credit_id, Transfer.debit_id),
    ):
        rows = session.execute(
            sa.select(
                inside.award_id,
                inside.tranche_id,
                sa.func.sum(Transfer.amount),
                sa.type_coerce(sa.func.max(Transfer.posted_at), Transfer.posted_at.type),
            )
            .select_from(Transfer)
            .join(inside, inside.id == ours)
            .join(outside, outside.id == others)
            .where(
                inside.award_id.in_(awards),
                inside.kind == kind,
                outside.kind == AccountKind.AVAILABLE,
            )
            .group_by(inside.award_id, inside.tranche_id)
        )
        for award_id, tranche_id, amount, at in rows:
            before, on = found.get((award_id, tranche_id), (0, at.date()))
            found[award_id, tranche_id] = (before + sign * int(amount), on)
    return found
