"""What moved, and what was promised: the ledger's transfers as queries with the same columns.

Beside those of `sources`, a move says its transfer (`id`), when (`at`), why (`reason`), and from
which kind of account to which (`source`, `target`); `stage` is its event.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from funding.models import Account, AccountKind, Award, Commitment, Release, Transfer
from funding.reports.sql import year_of

UNDONE = ", undone"


def moves(round_id: int, since: datetime) -> sa.CTE:
    """Every transfer of the round's money since a moment."""
    debit, credit = aliased(Account), aliased(Account)
    award_id = sa.func.coalesce(debit.award_id, credit.award_id)
    return (
        sa.select(
            Commitment.id.label("commitment_id"),
            Commitment.funder_id.label("funder_id"),
            Commitment.currency.label("currency"),
            Transfer.event.label("stage"),
            Transfer.amount.label("amount"),
            Award.proposal_id.label("proposal_id"),
            award_id.label("award_id"),
            year_of(Transfer.posted_at).label("year"),
            Transfer.id.label("id"),
            Transfer.posted_at.label("at"),
            Transfer.reason.label("reason"),
            debit.kind.label("source"),
            credit.kind.label("target"),
        )
        .select_from(Transfer)
        .join(debit, debit.id == Transfer.debit_id)
        .join(credit, credit.id == Transfer.credit_id)
        .join(Commitment, Commitment.id == debit.commitment_id)
        .outerjoin(Award, Award.id == award_id)
        .where(Commitment.round_id == round_id, Transfer.posted_at >= since)
        .cte("moves")
    )


def promised(round_id: int) -> sa.CTE:
    """What funders promised, added and took back, by event; amounts below zero took it back."""
    debit, credit = aliased(Account), aliased(Account)
    return _of_commitments(
        sa.select(
            *_columns(
                sa.func.replace(Transfer.event, UNDONE, ""),
                sa.case(
                    (debit.kind == AccountKind.COMMITTED, Transfer.amount), else_=-Transfer.amount
                ),
                year_of(Transfer.posted_at),
            )
        )
        .select_from(Transfer)
        .join(debit, debit.id == Transfer.debit_id)
        .join(credit, credit.id == Transfer.credit_id)
        .join(Commitment, Commitment.id == debit.commitment_id)
        .where(sa.or_(debit.kind == AccountKind.COMMITTED, credit.kind == AccountKind.COMMITTED)),
        round_id,
    ).cte("promised")


def released(round_id: int) -> sa.CTE:
    """What commitments release by year; without a schedule, all of it in the year they begin."""
    begins = sa.func.coalesce(
        sa.cast(sa.extract("year", Commitment.starts_on), sa.Integer),
        year_of(Commitment.created_at),
    )
    of_years = (
        sa.select(*_columns(sa.literal("released", sa.Text), Release.amount, Release.year))
        .select_from(Commitment)
        .join(Release, Release.commitment_id == Commitment.id)
    )
    at_once = (
        sa.select(*_columns(sa.literal("released", sa.Text), Commitment.amount, begins))
        .select_from(Commitment)
        .where(~sa.exists().where(Release.commitment_id == Commitment.id))
    )
    return sa.union_all(*(_of_commitments(query, round_id) for query in (of_years, at_once))).cte(
        "released"
    )


def _columns(stage: Any, amount: Any, year: Any) -> tuple[Any, ...]:
    none = sa.cast(sa.null(), sa.Integer)
    return (
        Commitment.id.label("commitment_id"),
        Commitment.funder_id.label("funder_id"),
        Commitment.currency.label("currency"),
        stage.label("stage"),
        amount.label("amount"),
        none.label("proposal_id"),
        none.label("award_id"),
        year.label("year"),
    )


def _of_commitments(query: sa.Select[Any], round_id: int) -> sa.Select[Any]:
    return query.where(Commitment.round_id == round_id)
