"""Each unit of one award on one page: clause, line, award, tranches, payments, returns.

From the ledger's transfers, so that what is shown of the award adds up to its amount, to the cent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.models import (
    AccountKind,
    Approval,
    Award,
    BankLine,
    LineOfBankState,
    Payment,
    PlanLine,
    Tranche,
    Transfer,
)
from funding.reports.awards import balances, transfers
from funding.reports.commitments import area_names
from funding.services.restrictions import Terms, in_words


@dataclass(frozen=True)
class Movement:
    """Money of a tranche that moved: paid, returned, or undone; `booked_on` by the bank.

    `amount` in minor units, below zero for what came back.
    """

    transfer: Transfer
    amount: int
    booked_on: date | None


@dataclass(frozen=True)
class TrancheMoney:
    """One tranche with its payment files and what moved; `kept` of what was paid."""

    tranche: Tranche
    payments: list[Payment]
    movements: list[Movement]
    kept: int


@dataclass(frozen=True)
class AwardMoney:
    """`parts` name where the award's amount is now; they add up to it."""

    award: Award
    line: PlanLine
    clause: str
    approvals: list[Approval]
    tranches: list[TrancheMoney]
    parts: list[tuple[str, int]]

    @property
    def adds_up(self) -> bool:
        return sum(amount for _, amount in self.parts) == self.award.amount


def award_money(session: Session, award: Award) -> AwardMoney:
    """The trace of an award; a bounded number of queries."""
    moved = transfers(session, award)
    line = session.scalars(
        sa.select(PlanLine)
        .options(joinedload(PlanLine.recommended_by), joinedload(PlanLine.plan))
        .where(PlanLine.id == award.plan_line_id)
    ).one()
    approvals = session.scalars(
        sa.select(Approval)
        .options(joinedload(Approval.person))
        .where(Approval.plan_line_id == line.id, Approval.amount == line.amount)
        .order_by(Approval.id)
    ).all()
    names = area_names(session, {award.commitment.round_id})
    return AwardMoney(
        award,
        line,
        in_words(Terms.of(award.commitment), names.get(award.commitment.round_id, {})),
        list(approvals),
        _tranches(session, award, moved),
        _parts(balances(session, award), moved),
    )


def _tranches(session: Session, award: Award, moved: list[Transfer]) -> list[TrancheMoney]:
    booked = dict(
        session.execute(
            sa.select(BankLine.transfer_id, BankLine.booked_on).where(
                BankLine.state == LineOfBankState.MATCHED,
                BankLine.transfer_id.in_([transfer.id for transfer in moved]),
            )
        ).all()
    )
    payments = session.scalars(
        sa.select(Payment)
        .options(joinedload(Payment.batch))
        .where(Payment.tranche_id.in_([tranche.id for tranche in award.tranches]))
        .order_by(Payment.id)
    ).all()
    found = []
    for tranche in award.tranches:
        movements = []
        for transfer in moved:
            for account, sign in ((transfer.credit, 1), (transfer.debit, -1)):
                if account.kind == AccountKind.PAID and account.tranche_id == tranche.id:
                    amount = sign * transfer.amount
                    movements.append(Movement(transfer, amount, booked.get(transfer.id)))
        found.append(
            TrancheMoney(
                tranche,
                [payment for payment in payments if payment.tranche_id == tranche.id],
                movements,
                sum(movement.amount for movement in movements),
            )
        )
    return found


def _parts(held: dict[str, int], moved: list[Transfer]) -> list[tuple[str, int]]:
    """Where the award's money is; what went back to its commitment, by what it came from."""
    freed = returned = 0
    for transfer in moved:
        kinds = (transfer.debit.kind, transfer.credit.kind)
        if kinds == (AccountKind.AWARDED, AccountKind.AVAILABLE):
            freed += transfer.amount
        elif kinds == (AccountKind.PAID, AccountKind.AVAILABLE):
            returned += transfer.amount
        elif kinds == (AccountKind.AVAILABLE, AccountKind.PAID):
            returned -= transfer.amount
    return [
        ("not scheduled yet", held[AccountKind.AWARDED.value]),
        ("scheduled", held[AccountKind.SCHEDULED.value]),
        ("paid and kept", held[AccountKind.PAID.value]),
        ("returned, free in its commitment again", returned),
        ("not paid when it ended, free in its commitment again", freed),
    ]
