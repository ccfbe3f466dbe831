"""What is off plan, award by award, as one query with the columns of `sources`.

Beside those a deviation says since which `day`, and in `detail` what else there is to read;
`stage` is its kind. `amount` is 0 where money has no part in it.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from funding.models import (
    TO_BE_WRITTEN,
    Account,
    AccountKind,
    Award,
    AwardBudgetLine,
    AwardPeriod,
    AwardState,
    ChangeConcern,
    ChangeRequest,
    Commitment,
    HandedIn,
    Report,
    ReportState,
    ReturnRequest,
    Spend,
    Tranche,
    TrancheState,
    Transfer,
)
from funding.reports.sql import day_of, days_between

TRANCHE, MILESTONE, REPORT = "tranche late", "milestone missed", "report late"
OVERSPENT, BEHIND, RETURN = "line overspent", "spend behind plan", "return late"
ENDED, ASKED, CHANGED = "award ended early", "change asked for", "award changed"
KINDS = (TRANCHE, MILESTONE, REPORT, OVERSPENT, BEHIND, RETURN, ENDED, ASKED, CHANGED)
BEHIND_BY = 2
"""Spend is behind plan where the time gone by is more than so many times the share spent."""

_RUNNING = (AwardState.ACCEPTED, AwardState.ACTIVE)
_UNPAID = (TrancheState.SCHEDULED, TrancheState.DUE, TrancheState.RELEASED)


def deviations(round_id: int, on: date) -> sa.CTE:
    """Everything off plan on the day `on`."""
    return sa.union_all(
        *_tranches(round_id, on),
        _reports(round_id, on),
        _overspent(round_id),
        _behind(round_id),
        _returns(round_id, on),
        _ended(round_id),
        *_changes(round_id),
    ).cte("deviations")


def _of_awards(round_id: int, kind: str, amount: Any, day: Any, detail: Any) -> sa.Select[Any]:
    return (
        sa.select(
            Commitment.id.label("commitment_id"),
            Commitment.funder_id.label("funder_id"),
            Commitment.currency.label("currency"),
            sa.literal(kind, sa.Text).label("stage"),
            sa.cast(amount, sa.BigInteger).label("amount"),
            Award.proposal_id.label("proposal_id"),
            Award.id.label("award_id"),
            sa.cast(sa.extract("year", day), sa.Integer).label("year"),
            sa.type_coerce(day, sa.Date).label("day"),
            detail.label("detail"),
        )
        .select_from(Award)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .where(Commitment.round_id == round_id)
    )


def _tranches(round_id: int, on: date) -> list[sa.Select[Any]]:
    """Scheduled money past its day; apart, what waits for a milestone that was not reached."""
    missed = sa.and_(Tranche.milestone != "", Tranche.milestone_reached_on.is_(None))

    def past(kind: str, condition: Any) -> sa.Select[Any]:
        return (
            _of_awards(round_id, kind, Account.balance, Tranche.due_on, Tranche.milestone)
            .join(Tranche, Tranche.award_id == Award.id)
            .join(
                Account,
                sa.and_(Account.tranche_id == Tranche.id, Account.kind == AccountKind.SCHEDULED),
            )
            .where(Account.balance > 0, Tranche.due_on < on, condition)
        )

    return [past(TRANCHE, ~missed), past(MILESTONE, missed)]


def _reports(round_id: int, on: date) -> sa.Select[Any]:
    return (
        _of_awards(round_id, REPORT, sa.literal(0), Report.due_on, Report.kind)
        .join(Report, Report.award_id == Award.id)
        .where(Report.state.in_(TO_BE_WRITTEN), Report.due_on < on, Award.state.in_(_RUNNING))
    )


def newest_accepted(round_id: int) -> sa.CTE:
    """The newest accepted report of each award: its `handed_in_id`, `at`, and when decided."""
    order = (HandedIn.handed_in_at.desc(), HandedIn.id.desc())
    every = (
        sa.select(
            Report.award_id,
            HandedIn.id.label("handed_in_id"),
            HandedIn.handed_in_at.label("at"),
            Report.decided_at,
            Report.kind,
            sa.func.row_number().over(partition_by=Report.award_id, order_by=order).label("place"),
        )
        .join(HandedIn, HandedIn.id == Report.handed_in_id)
        .join(Award, Award.id == Report.award_id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .where(Report.state == ReportState.ACCEPTED, Commitment.round_id == round_id)
        .subquery()
    )
    return sa.select(every).where(every.c.place == 1).cte()


def _overspent(round_id: int) -> sa.Select[Any]:
    """Lines of which more was spent than the budget gives them, by what is beyond it."""
    newest = newest_accepted(round_id)
    return (
        _of_awards(
            round_id,
            OVERSPENT,
            Spend.amount - AwardBudgetLine.amount,
            day_of(newest.c.at),
            AwardBudgetLine.name,
        )
        .join(newest, newest.c.award_id == Award.id)
        .join(Spend, Spend.handed_in_id == newest.c.handed_in_id)
        .join(
            AwardBudgetLine,
            sa.and_(
                AwardBudgetLine.id == Spend.budget_line_id, AwardBudgetLine.award_id == Award.id
            ),
        )
        .where(Spend.amount > AwardBudgetLine.amount)
    )


def _spent_of_award(newest: sa.CTE) -> Any:
    return (
        sa.select(sa.cast(sa.func.coalesce(sa.func.sum(Spend.amount), 0), sa.BigInteger))
        .join(AwardBudgetLine, AwardBudgetLine.id == Spend.budget_line_id)
        .where(Spend.handed_in_id == newest.c.handed_in_id, AwardBudgetLine.award_id == Award.id)
        .correlate(newest, Award)
        .scalar_subquery()
    )


def _behind(round_id: int) -> sa.Select[Any]:
    """Awards of which so little was spent, when the newest report was handed in, that the time
    gone by is `BEHIND_BY` times as much; by what an even spend would have been beyond it."""
    newest = newest_accepted(round_id)
    whole = days_between(AwardPeriod.starts_on, AwardPeriod.ends_on) + 1
    gone = days_between(AwardPeriod.starts_on, day_of(newest.c.at))
    gone = sa.case((gone > whole, whole), (gone < 0, 0), else_=gone)
    spent = _spent_of_award(newest)
    even = Award.amount // whole * gone + Award.amount % whole * gone // whole
    return (
        _of_awards(round_id, BEHIND, even - spent, day_of(newest.c.at), sa.literal("", sa.Text))
        .join(AwardPeriod, AwardPeriod.award_id == Award.id)
        .join(newest, newest.c.award_id == Award.id)
        .where(even > BEHIND_BY * spent, Award.state.in_(_RUNNING))
    )


def _returns(round_id: int, on: date) -> sa.Select[Any]:
    """Unspent money that was asked back and is still out past its day."""
    newest = newest_accepted(round_id)
    kept = (
        sa.select(sa.cast(sa.func.coalesce(sa.func.sum(Account.balance), 0), sa.BigInteger))
        .where(Account.award_id == Award.id, Account.kind == AccountKind.PAID)
        .scalar_subquery()
    )
    out = kept - _spent_of_award(newest)
    return (
        _of_awards(round_id, RETURN, out, ReturnRequest.due_on, sa.literal("", sa.Text))
        .join(ReturnRequest, ReturnRequest.award_id == Award.id)
        .join(newest, sa.and_(newest.c.award_id == Award.id, newest.c.kind == "final"))
        .where(ReturnRequest.due_on < on, out > 0, Award.state != AwardState.COMPLETED)
    )


def _ended(round_id: int) -> sa.Select[Any]:
    """Awards that ended before their time, with what went back to their commitments."""
    debit, credit = aliased(Account), aliased(Account)
    ended = (
        sa.select(
            debit.award_id.label("award_id"),
            sa.func.sum(Transfer.amount).label("amount"),
            sa.func.max(Transfer.posted_at).label("at"),
            sa.func.max(Transfer.reason).label("reason"),
        )
        .join(debit, debit.id == Transfer.debit_id)
        .join(credit, credit.id == Transfer.credit_id)
        .where(debit.kind == AccountKind.AWARDED, credit.kind == AccountKind.AVAILABLE)
        .group_by(debit.award_id)
        .subquery()
    )
    return (
        _of_awards(round_id, ENDED, ended.c.amount, day_of(ended.c.at), ended.c.reason)
        .join(ended, ended.c.award_id == Award.id)
        .where(Award.state == AwardState.TERMINATED)
    )


def _changes(round_id: int) -> list[sa.Select[Any]]:
    """Requests to change an award that wait, and those that were approved."""

    def requests(kind: str, state: str, at: Any) -> sa.Select[Any]:
        return (
            _of_awards(round_id, kind, sa.literal(0), day_of(at), ChangeRequest.kind)
            .join(ChangeConcern, ChangeConcern.award_id == Award.id)
            .join(ChangeRequest, ChangeRequest.id == ChangeConcern.request_id)
            .where(ChangeRequest.state == state)
        )

    return [
        requests(ASKED, "asked", ChangeRequest.asked_at),
        requests(CHANGED, "approved", ChangeRequest.settled_at),
    ]
