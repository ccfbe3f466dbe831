"""The trial balance: every account of one's funders, by currency and kind, from two sides.

`balance` is what the accounts hold; `moved` is the same reckoned anew from the transfers alone.
Both sum to zero in each currency, and the two agree account by account.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import Account, AccountKind, Transfer
from funding.permissions import Actor
from funding.services.payments.candidates import unconfirmed_returns

BACK = {"money returned": "Returned by grantees", "award terminated": "Of awards that were ended"}
"""Event -> what to call it, of movements that one person posts."""


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
class ByOne:
    """Movements back of one kind that stand: how many, how much in minor units; of returns also
    what no booking of the bank has confirmed."""

    what: str
    number: int
    amount: int
    unconfirmed: int | None


@dataclass(frozen=True)
class TrialBalance:
    """One currency; `differing` counts accounts whose balance is not what their transfers say.

    `by_one`: what one person posted alone, money that went back to its commitment.
    """

    currency: str
    kinds: list[Kind]
    transfers: int
    differing: int
    by_one: list[ByOne]

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
    """By currency. A fixed number of queries, however many accounts there are."""
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
    by_one = _by_one(session, own)
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
                by_one.get(currency, []),
            )
        )
    return found


def _by_one(session: Session, own: list[int]) -> dict[str, list[ByOne]]:
    undoing = sa.orm.aliased(Transfer)
    rows = session.execute(
        sa.select(
            Transfer.currency,
            Transfer.event,
            sa.func.count(Transfer.id),
            sa.func.sum(Transfer.amount),
        )
        .where(
            Transfer.funder_id.in_(own),
            Transfer.event.in_(BACK),
            ~sa.exists().where(undoing.reverses_id == Transfer.id),
        )
        .group_by(Transfer.currency, Transfer.event)
        .order_by(Transfer.event.desc())
    ).all()
    waiting = unconfirmed_returns().where(Transfer.funder_id.in_(own)).subquery()
    unconfirmed = dict(
        session.execute(
            sa.select(Transfer.currency, sa.func.sum(Transfer.amount))
            .where(Transfer.id.in_(sa.select(waiting.c.id)))
            .group_by(Transfer.currency)
        ).all()
    )
    found: defaultdict[str, list[ByOne]] = defaultdict(list)
    for currency, event, number, amount in rows:
        is_return = event == "money returned"
        found[currency].append(
            ByOne(
                BACK[event],
                number,
                int(amount),
                int(unconfirmed.get(currency, 0)) if is_return else None,
            )
        )
    return dict(found)
