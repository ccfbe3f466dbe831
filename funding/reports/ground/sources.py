"""What is summed of a round's money, each as a query with the same columns.

`commitment_id, funder_id, currency, stage, amount, proposal_id, award_id, year`: `amount` in minor
units of the commitment's currency; the last three are null where there is none.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from funding.models import (
    UNDECIDED,
    Account,
    AccountKind,
    Award,
    AwardBudgetLine,
    Commitment,
    LineState,
    PlanLine,
    PlanPutForward,
    RunLine,
    Spend,
    Tranche,
    Transfer,
)
from funding.reports.ground.deviations import newest_accepted
from funding.reports.ground.values import Stage
from funding.reports.sql import year_of

Query = sa.Select[Any]


def positions(round_id: int, suggested_by: int | None) -> sa.CTE:
    """Every unit of the round's money, where it is now.

    `suggested_by`: the run whose lines count as reserved, where nothing is before the funders.
    """
    lines = _waiting(round_id) if suggested_by is None else _suggested(round_id, suggested_by)
    return sa.union_all(_of_accounts(round_id), _available(round_id, suggested_by), lines).cte(
        "positions"
    )


def spent(round_id: int) -> sa.CTE:
    """What the newest accepted report of each award says was spent of it."""
    newest = newest_accepted(round_id)
    amount = sa.cast(sa.func.sum(Spend.amount), sa.BigInteger)
    return (
        _of_awards(round_id, "spent", amount, year_of(sa.func.max(newest.c.decided_at)))
        .join(newest, newest.c.award_id == Award.id)
        .join(Spend, Spend.handed_in_id == newest.c.handed_in_id)
        .join(
            AwardBudgetLine,
            sa.and_(
                AwardBudgetLine.id == Spend.budget_line_id, AwardBudgetLine.award_id == Award.id
            ),
        )
        .group_by(Award.id, Commitment.id)
        .having(amount > 0)
        .cte("spent")
    )


def returned(round_id: int) -> sa.CTE:
    """What grantees paid back, less returns that were undone; by award and year."""
    paid, free = aliased(Account), aliased(Account)

    def moved(sign: int, on_paid: Any, on_free: Any) -> Query:
        return (
            _of_awards(round_id, "returned", sign * Transfer.amount, year_of(Transfer.posted_at))
            .join(paid, sa.and_(paid.award_id == Award.id, paid.kind == AccountKind.PAID))
            .join(Transfer, on_paid == paid.id)
            .join(free, sa.and_(free.id == on_free, free.kind == AccountKind.AVAILABLE))
        )

    every = sa.union_all(
        moved(1, Transfer.debit_id, Transfer.credit_id),
        moved(-1, Transfer.credit_id, Transfer.debit_id),
    ).subquery()
    amount = sa.cast(sa.func.sum(every.c.amount), sa.BigInteger)
    return (
        sa.select(*[amount.label("amount") if c.name == "amount" else c for c in every.c])
        .group_by(*[column for column in every.c if column.name != "amount"])
        .having(amount != 0)
        .cte("returned")
    )


def late(round_id: int, on: date) -> sa.CTE:
    """Scheduled money whose day is past on the day `on`."""
    return (
        _of_awards(round_id, "late", Account.balance, sa.extract("year", Tranche.due_on))
        .join(Tranche, Tranche.award_id == Award.id)
        .join(
            Account,
            sa.and_(Account.tranche_id == Tranche.id, Account.kind == AccountKind.SCHEDULED),
        )
        .where(Account.balance > 0, Tranche.due_on < on)
        .cte("late")
    )


def declined(round_id: int, since: datetime) -> sa.CTE:
    """Lines that were declined since a moment; each with its `id`."""
    return (
        _of_commitments(round_id, "declined", PlanLine.amount, PlanLine.proposal_id)
        .join(PlanLine, PlanLine.commitment_id == Commitment.id)
        .where(PlanLine.state == LineState.DECLINED, PlanLine.decided_at >= since)
        .add_columns(PlanLine.id.label("id"))
        .cte("declined")
    )


def _of_awards(round_id: int, stage: Any, amount: Any, year: Any) -> Query:
    return (
        sa.select(
            Commitment.id.label("commitment_id"),
            Commitment.funder_id.label("funder_id"),
            Commitment.currency.label("currency"),
            (sa.literal(stage, sa.Text) if isinstance(stage, str) else stage).label("stage"),
            amount.label("amount"),
            Award.proposal_id.label("proposal_id"),
            Award.id.label("award_id"),
            sa.cast(year, sa.Integer).label("year"),
        )
        .select_from(Award)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .where(Commitment.round_id == round_id)
    )


def _of_accounts(round_id: int) -> Query:
    """Awards and their tranches, from the balances of their accounts."""
    year = sa.case(
        (Account.kind == AccountKind.AWARDED, year_of(Award.awarded_at)),
        (
            Account.kind == AccountKind.SCHEDULED,
            sa.cast(sa.extract("year", Tranche.due_on), sa.Integer),
        ),
        else_=sa.cast(sa.extract("year", Tranche.paid_on), sa.Integer),
    )
    return (
        _of_awards(round_id, Account.kind, Account.balance, year)
        .join(Account, Account.award_id == Award.id)
        .outerjoin(Tranche, Tranche.id == Account.tranche_id)
        .where(Account.balance > 0)
    )


_NONE = sa.cast(sa.null(), sa.Integer)


def _of_commitments(round_id: int, stage: str, amount: Any, proposal: Any) -> Query:
    return (
        sa.select(
            Commitment.id.label("commitment_id"),
            Commitment.funder_id.label("funder_id"),
            Commitment.currency.label("currency"),
            sa.literal(str(stage), sa.Text).label("stage"),
            amount.label("amount"),
            proposal.label("proposal_id"),
            _NONE.label("award_id"),
            _NONE.label("year"),
        )
        .select_from(Commitment)
        .where(Commitment.round_id == round_id, amount != 0)
    )


def _available(round_id: int, suggested_by: int | None) -> Query:
    amount: Any = Account.balance
    if suggested_by is not None:
        suggested = (
            sa.select(sa.cast(sa.func.sum(RunLine.amount), sa.BigInteger))
            .where(RunLine.run_id == suggested_by, RunLine.commitment_id == Commitment.id)
            .scalar_subquery()
        )
        amount = Account.balance - sa.func.coalesce(suggested, 0)
    return _of_commitments(round_id, Stage.AVAILABLE, amount, _NONE).join(
        Account,
        sa.and_(Account.commitment_id == Commitment.id, Account.kind == AccountKind.AVAILABLE),
    )


def _waiting(round_id: int) -> Query:
    return (
        _of_commitments(round_id, Stage.RESERVED, PlanLine.amount, PlanLine.proposal_id)
        .join(PlanLine, PlanLine.commitment_id == Commitment.id)
        .join(PlanPutForward, PlanPutForward.id == PlanLine.plan_id)
        .where(PlanPutForward.round_id == round_id, PlanLine.state.in_(UNDECIDED))
    )


def _suggested(round_id: int, run_id: int) -> Query:
    return (
        _of_commitments(round_id, Stage.RESERVED, RunLine.amount, RunLine.proposal_id)
        .join(RunLine, RunLine.commitment_id == Commitment.id)
        .where(RunLine.run_id == run_id)
    )
