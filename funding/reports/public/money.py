"""Follow-through of awards, from the ledger: promised, paid, spent, returned, late."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from funding.models import (
    Account,
    AccountKind,
    AwardBudgetLine,
    HandedIn,
    Report,
    ReportState,
    Spend,
    Tranche,
    TrancheState,
    Transfer,
)

WAITING = (TrancheState.SCHEDULED, TrancheState.DUE, TrancheState.RELEASED)
"""States of a tranche that is not paid."""


@dataclass(frozen=True)
class Money:
    """Where an award's money is, in minor units of one currency.

    `promised` is what was awarded; it is `unscheduled + scheduled + kept + returned + freed`.
    `paid` is all that was paid out, of which `returned` came back and `kept` did not; `freed` was
    never paid and went back when the award ended; `late` is scheduled for a day that is past;
    `spent` is what accepted reports say (0 where none is accepted).
    """

    promised: int = 0
    unscheduled: int = 0
    scheduled: int = 0
    kept: int = 0
    returned: int = 0
    freed: int = 0
    late: int = 0
    spent: int = 0

    @property
    def paid(self) -> int:
        return self.kept + self.returned

    @property
    def still_due(self) -> int:
        """Promised, and neither paid nor given up."""
        return self.unscheduled + self.scheduled

    def __add__(self, other: Money) -> Money:
        return Money(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


NO_MONEY = Money()


def total(parts: Iterable[Money]) -> Money:
    return sum(parts, NO_MONEY)


@dataclass(frozen=True)
class Held:
    """What stands in one account of an award: `balance` in minor units of `currency`."""

    award_id: int
    kind: str
    currency: str
    balance: int


def held_by(session: Session, awards: sa.Select[tuple[int]]) -> list[Held]:
    """Every account of these awards that holds something."""
    rows = session.execute(
        sa.select(Account.award_id, Account.kind, Account.currency, Account.balance)
        .where(Account.award_id.in_(awards), Account.balance > 0)
        .order_by(Account.id)
    )
    return [Held(*place, int(balance)) for *place, balance in rows]


def money_of(
    session: Session,
    awards: sa.Select[tuple[int]],
    today: date,
    worth: Callable[[int, int], int] = lambda award_id, amount: amount,
) -> dict[int, Money]:
    """By award id, for the awards that the query selects: five queries, however many they are.

    `worth(award_id, amount)` converts, account by account as the dashboards do; else amounts stay
    in each award's own currency.
    """
    sums: dict[int, dict[str, int]] = {}
    for held in held_by(session, awards):
        kinds = sums.setdefault(held.award_id, {})
        kinds[held.kind] = kinds.get(held.kind, 0) + worth(held.award_id, held.balance)
    back, late = _came_back(session, awards), _late(session, awards, today)
    spent = _spent(session, awards)
    for award_id, _ in back:
        sums.setdefault(award_id, {})
    found = {}
    for award_id, kinds in sums.items():
        unscheduled = kinds.get(AccountKind.AWARDED, 0)
        scheduled = kinds.get(AccountKind.SCHEDULED, 0)
        kept = kinds.get(AccountKind.PAID, 0)
        returned = worth(award_id, back.get((award_id, AccountKind.PAID), 0))
        freed = worth(award_id, back.get((award_id, AccountKind.AWARDED), 0))
        found[award_id] = Money(
            promised=unscheduled + scheduled + kept + returned + freed,
            unscheduled=unscheduled,
            scheduled=scheduled,
            kept=kept,
            returned=returned,
            freed=freed,
            late=worth(award_id, late.get(award_id, 0)),
            spent=worth(award_id, spent.get(award_id, 0)),
        )
    return found


def _came_back(session: Session, awards: sa.Select[tuple[int]]) -> dict[tuple[int, str], int]:
    """By award and kind of account: what went back to the commitment, less what was undone."""
    inside, outside = aliased(Account), aliased(Account)
    found: dict[tuple[int, str], int] = {}
    for sign, ours, others in (
        (1, Transfer.debit_id, Transfer.credit_id),
        (-1, Transfer.credit_id, Transfer.debit_id),
    ):
        rows = session.execute(
            sa.select(inside.award_id, inside.kind, sa.func.sum(Transfer.amount))
            .select_from(Transfer)
            .join(inside, inside.id == ours)
            .join(outside, outside.id == others)
            .where(
                inside.award_id.in_(awards),
                inside.kind.in_([AccountKind.PAID, AccountKind.AWARDED]),
                outside.kind == AccountKind.AVAILABLE,
            )
            .group_by(inside.award_id, inside.kind)
        )
        for award_id, kind, amount in rows:
            found[award_id, kind] = found.get((award_id, kind), 0) + sign * int(amount)
    return found


def _late(session: Session, awards: sa.Select[tuple[int]], today: date) -> dict[int, int]:
    rows = session.execute(
        sa.select(Tranche.award_id, sa.func.sum(Tranche.amount))
        .where(Tranche.award_id.in_(awards), Tranche.state.in_(WAITING), Tranche.due_on < today)
        .group_by(Tranche.award_id)
    )
    return {award_id: int(amount) for award_id, amount in rows}


def _spent(session: Session, awards: sa.Select[tuple[int]]) -> dict[int, int]:
    """What the newest accepted report of each award says was spent of it since it began."""
    rows = session.execute(
        sa.select(Report.award_id, sa.func.sum(Spend.amount))
        .join(HandedIn, HandedIn.id == Report.handed_in_id)
        .join(Spend, Spend.handed_in_id == HandedIn.id)
        .join(
            AwardBudgetLine,
            sa.and_(
                AwardBudgetLine.id == Spend.budget_line_id,
                AwardBudgetLine.award_id == Report.award_id,
            ),
        )
        .where(Report.award_id.in_(awards), Report.state == ReportState.ACCEPTED)
        .group_by(Report.award_id, HandedIn.id, HandedIn.handed_in_at)
        .order_by(HandedIn.handed_in_at, HandedIn.id)
    )
    return {award_id: int(amount) for award_id, amount in rows}
