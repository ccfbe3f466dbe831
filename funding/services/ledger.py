"""Moving money: each event of RELIABILITY §1 is one transfer between two accounts.

These are the only functions that write transfers. None of them reads a balance first: the
database's CHECK refuses what an account does not hold, as Overcommitted.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import RuleBroken
from funding.models import (
    Account,
    AccountKind,
    Award,
    Commitment,
    PlanLine,
    Tranche,
    Transfer,
)
from funding.permissions import Actor

REVERSED = {"tranche paid": "payment sent back", "money returned": "return undone"}
"""Event -> what its reversal is called; of any other, `..., undone`."""

_OF_COMMITMENT = (AccountKind.COMMITTED, AccountKind.AVAILABLE, AccountKind.RESERVED)


def open_commitment_accounts(session: Session, commitment: Commitment) -> None:
    """The three accounts of a new commitment; `committed` is where money comes from."""
    for kind in _OF_COMMITMENT:
        session.add(
            Account(
                kind=kind,
                funder_id=commitment.funder_id,
                currency=commitment.currency,
                commitment_id=commitment.id,
                may_be_negative=kind is AccountKind.COMMITTED,
            )
        )
    session.flush()


def account(
    session: Session,
    commitment: Commitment,
    kind: AccountKind,
    *,
    award: Award | None = None,
    tranche: Tranche | None = None,
) -> Account:
    """The account of this kind; those of awards and tranches are opened at first use."""
    award_id = award.id if award else None
    tranche_id = tranche.id if tranche else None
    found = session.scalars(
        sa.select(Account).where(
            Account.kind == kind,
            Account.commitment_id == commitment.id,
            Account.award_id.is_not_distinct_from(award_id),
            Account.tranche_id.is_not_distinct_from(tranche_id),
        )
    ).one_or_none()
    if found is None:
        found = Account(
            kind=kind,
            funder_id=commitment.funder_id,
            currency=commitment.currency,
            commitment_id=commitment.id,
            award_id=award_id,
            tranche_id=tranche_id,
        )
        session.add(found)
        session.flush()
    return found


def post(
    session: Session,
    by: Actor | None,
    event: str,
    *,
    debit: Account,
    credit: Account,
    amount: int,
    reason: str = "",
    reverses: Transfer | None = None,
) -> Transfer:
    """Move `amount` minor units; raises Overcommitted (at flush) where `debit` lacks them."""
    if amount <= 0:
        raise RuleBroken("Only a positive amount can be moved.")
    transfer = Transfer(
        event=event,
        debit_id=debit.id,
        credit_id=credit.id,
        funder_id=debit.funder_id,
        currency=debit.currency,
        amount=amount,
        reason=reason,
        reverses_id=reverses.id if reverses else None,
        posted_by_id=by.person_id if by else None,
    )
    session.add(transfer)
    session.flush()
    session.expire(debit, ["balance", "last_transfer_id"])
    session.expire(credit, ["balance", "last_transfer_id"])
    return transfer


def register(session: Session, by: Actor | None, commitment: Commitment, amount: int) -> None:
    """Money promised: committed -> available."""
    post(
        session,
        by,
        "commitment registered",
        debit=account(session, commitment, AccountKind.COMMITTED),
        credit=account(session, commitment, AccountKind.AVAILABLE),
        amount=amount,
    )


def increase(
    session: Session, by: Actor | None, commitment: Commitment, amount: int, reason: str
) -> None:
    """A promise made larger: committed -> available."""
    post(
        session,
        by,
        "commitment increased",
        debit=account(session, commitment, AccountKind.COMMITTED),
        credit=account(session, commitment, AccountKind.AVAILABLE),
        amount=amount,
        reason=reason,
    )


def reduce(
    session: Session, by: Actor | None, commitment: Commitment, amount: int, reason: str
) -> None:
    """A promise made smaller: available -> committed; never below what lines and awards hold."""
    post(
        session,
        by,
        "commitment reduced",
        debit=account(session, commitment, AccountKind.AVAILABLE),
        credit=account(session, commitment, AccountKind.COMMITTED),
        amount=amount,
        reason=reason,
    )


def expire(
    session: Session, by: Actor | None, commitment: Commitment, amount: int, reason: str
) -> None:
    """A promise whose time is over: what nobody holds goes available -> committed."""
    post(
        session,
        by,
        "commitment expired",
        debit=account(session, commitment, AccountKind.AVAILABLE),
        credit=account(session, commitment, AccountKind.COMMITTED),
        amount=amount,
        reason=reason,
    )


def reverse(session: Session, by: Actor, undone: Transfer, reason: str) -> Transfer:
    """A transfer the other way that names the first; once, and in full."""
    return post(
        session,
        by,
        REVERSED.get(undone.event, f"{undone.event}, undone"),
        debit=undone.credit,
        credit=undone.debit,
        amount=undone.amount,
        reason=reason,
        reverses=undone,
    )


def reserve(session: Session, by: Actor | None, line: PlanLine) -> None:
    """A line put forward: available -> reserved."""
    post(
        session,
        by,
        "line put forward",
        debit=account(session, line.commitment, AccountKind.AVAILABLE),
        credit=account(session, line.commitment, AccountKind.RESERVED),
        amount=line.amount,
    )


def release(session: Session, by: Actor | None, line: PlanLine, reason: str) -> None:
    """A line declined, amended or withdrawn: reserved -> available."""
    post(
        session,
        by,
        "line released",
        debit=account(session, line.commitment, AccountKind.RESERVED),
        credit=account(session, line.commitment, AccountKind.AVAILABLE),
        amount=line.amount,
        reason=reason,
    )


def award(session: Session, by: Actor | None, made: Award) -> None:
    """A line approved: reserved -> awarded."""
    commitment = made.commitment
    post(
        session,
        by,
        "line approved",
        debit=account(session, commitment, AccountKind.RESERVED),
        credit=account(session, commitment, AccountKind.AWARDED, award=made),
        amount=made.amount,
    )


def free_award(
    session: Session, by: Actor | None, made: Award, amount: int, event: str, reason: str
) -> None:
    """An offer refused or an award ended: what is not scheduled goes awarded -> available."""
    post(
        session,
        by,
        event,
        debit=account(session, made.commitment, AccountKind.AWARDED, award=made),
        credit=account(session, made.commitment, AccountKind.AVAILABLE),
        amount=amount,
        reason=reason,
    )


def schedule(session: Session, by: Actor | None, tranche: Tranche) -> None:
    """A tranche scheduled: awarded -> scheduled; never more than the award holds."""
    made = tranche.award
    post(
        session,
        by,
        "tranche scheduled",
        debit=account(session, made.commitment, AccountKind.AWARDED, award=made),
        credit=account(
            session, made.commitment, AccountKind.SCHEDULED, award=made, tranche=tranche
        ),
        amount=tranche.amount,
    )


def cancel_schedule(session: Session, by: Actor | None, tranche: Tranche, reason: str) -> None:
    """A tranche cancelled before payment: scheduled -> awarded."""
    made = tranche.award
    post(
        session,
        by,
        "tranche cancelled",
        debit=account(session, made.commitment, AccountKind.SCHEDULED, award=made, tranche=tranche),
        credit=account(session, made.commitment, AccountKind.AWARDED, award=made),
        amount=tranche.amount,
        reason=reason,
    )


def pay(session: Session, by: Actor | None, tranche: Tranche) -> Transfer:
    """A tranche paid: scheduled -> paid."""
    made = tranche.award
    return post(
        session,
        by,
        "tranche paid",
        debit=account(session, made.commitment, AccountKind.SCHEDULED, award=made, tranche=tranche),
        credit=account(session, made.commitment, AccountKind.PAID, award=made, tranche=tranche),
        amount=tranche.amount,
        reason=tranche.reference,
    )


def paid_and_kept(session: Session, tranche: Tranche) -> int:
    """What of a tranche was paid and not returned, in minor units of its commitment's currency."""
    commitment = tranche.award.commitment
    found = account(session, commitment, AccountKind.PAID, award=tranche.award, tranche=tranche)
    session.refresh(found)
    return found.balance


def take_back(
    session: Session, by: Actor | None, tranche: Tranche, amount: int, reason: str
) -> Transfer:
    """Money returned by the grantee: paid -> available, for the round to allocate again."""
    made = tranche.award
    return post(
        session,
        by,
        "money returned",
        debit=account(session, made.commitment, AccountKind.PAID, award=made, tranche=tranche),
        credit=account(session, made.commitment, AccountKind.AVAILABLE),
        amount=amount,
        reason=reason,
    )
