"""The trial balance: every account of one's funders, by currency and kind, from two sides.

`balance` is what the accounts hold; `moved` is the same reckoned anew from the transfers alone.
Both sum to zero in each currency, and the two agree account by account.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import Account, AccountKind, Transfer
from funding.permissions import Actor


@dataclass(frozen=True)
class Kind:
    """All accounts of one kind in one currency; amounts in minor units."""

    kind: str
    accounts: int
    into: int
    out: int
    balance: int

    @property
    def moved(self) -> int:
        return self.into - self.out


@dataclass(frozen=True)
class TrialBalance:
    """One currency; `differing` counts accounts whose balance is not what their transfers say."""

    currency: str
    kinds: list[Kind]
    transfers: int
    differing: int

    @property
    def balance(self) -> int:
        return sum(kind.balance for kind in self.kinds)

    @property
    def into(self) -> int:
        return sum(kind.into for kind in self.kinds)

    @property
    def out(self) -> int:
        return sum(kind.out for kind in self.kinds)

    @property
    def is_zero(self) -> bool:
        return self.balance == 0 and self.into == self.out and self.differing == 0


def trial_balances(session: Session, by: Actor) -> list[TrialBalance]:
    """By currency. Four queries, however many accounts there are."""
    own = list(by.where("ledger.read"))

    def summed(column: sa.ColumnElement[int]) -> sa.Subquery:
        return (
            sa.select(column.label("account_id"), sa.func.sum(Transfer.amount).label("amount"))
            .where(Transfer.funder_id.in_(own))
            .group_by(column)
            .subquery()
        )

    into, out = summed(Transfer.credit_id), summed(Transfer.debit_id)
    came = sa.func.coalesce(into.c.amount, 0)
    went = sa.func.coalesce(out.c.amount, 0)
    rows = session.execute(
        sa.select(
            Account.currency,
            Account.kind,
            sa.func.count(Account.id),
            sa.func.sum(came),
            sa.func.sum(went),
            sa.func.sum(Account.balance),
            sa.func.sum(sa.case((Account.balance != came - went, 1), else_=0)),
        )
        .outerjoin(into, into.c.account_id == Account.id)
        .outerjoin(out, out.c.account_id == Account.id)
        .where(Account.funder_id.in_(own))
        .group_by(Account.currency, Account.kind)
    ).all()
    counts = dict(
        session.execute(
            sa.select(Transfer.currency, sa.func.count(Transfer.id))
            .where(Transfer.funder_id.in_(own))
            .group_by(Transfer.currency)
        ).all()
    )
    order = [kind.value for kind in AccountKind]
    found = []
    for currency in sorted({row[0] for row in rows}):
        mine = sorted((r for r in rows if r[0] == currency), key=lambda r: order.index(r[1]))
        found.append(
            TrialBalance(
                currency,
                [Kind(r[1], r[2], int(r[3]), int(r[4]), int(r[5])) for r in mine],
                counts.get(currency, 0),
                sum(int(r[6]) for r in mine),
            )
        )
    return found
