"""Commitments whose last day is past: what nobody holds of them goes back to their funder."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Fault, InvalidInput, RuleBroken
from funding.formatting import format_date
from funding.language import gettext as _
from funding.models import Account, AccountKind, Commitment, Transfer
from funding.permissions import Actor, fetch, require, visible_commitments
from funding.services import ledger
from funding.services.idempotency import once
from funding.services.log import record

LONGEST_REASON = 500


def expire_commitment(
    session: Session, *, by: Actor, commitment_id: int, reason: str, idempotency_key: str
) -> int:
    """Let what is available of a commitment expire, after its last day; answers how much.

    Lines and awards keep theirs; money that comes back of them later is available again, and can
    expire in its turn. Raises NotFound, NotPermitted, InvalidInput, and RuleBroken before the last
    day is past or where nothing is available.
    """
    found: Commitment = fetch(session, visible_commitments(by), commitment_id, "commitment")
    require(by, "commitment.edit", found.funder_id)

    def act() -> dict[str, Any]:
        commitment = session.scalars(
            sa.select(Commitment)
            .where(Commitment.id == commitment_id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        ).one()
        if len(reason) > LONGEST_REASON:
            raise InvalidInput(
                Fault(
                    "reason",
                    _("At most %(longest_reason)s characters.", longest_reason=LONGEST_REASON),
                )
            )
        if commitment.ends_on is None:
            raise RuleBroken("This commitment has no last day; make it smaller instead.")
        if commitment.ends_on >= now().date():
            raise RuleBroken(
                _(
                    "This commitment holds until %(ends_on)s.",
                    ends_on=format_date(commitment.ends_on),
                )
            )
        free = session.scalars(
            sa.select(Account.balance)
            .where(Account.commitment_id == commitment_id, Account.kind == AccountKind.AVAILABLE)
            .with_for_update(key_share=True)
        ).one()
        if not free:
            raise RuleBroken("Nothing of this commitment is available any more.")
        ledger.expire(session, by, commitment, free, reason.strip())
        commitment.amount -= free
        _shrink(commitment, free)
        record(
            session,
            by,
            "commitment expired",
            commitment,
            organisation_id=commitment.funder_id,
            round_id=commitment.round_id,
            amount=free,
            currency=commitment.currency,
        )
        return {"amount": free}

    answer = once(session, by, idempotency_key, {"expire": commitment_id, "reason": reason}, act)
    return int(answer["amount"])


def _shrink(commitment: Commitment, amount: int) -> None:
    """Take it from what the last years release."""
    for release in sorted(commitment.releases, key=lambda r: -r.year):
        part = min(amount, release.amount)
        amount -= part
        release.amount -= part
        if not release.amount:
            commitment.releases.remove(release)


def restore(session: Session, expired: Transfer) -> None:
    """The promise of a commitment whose expiry is undone is as large as it was."""
    commitment = session.get_one(Commitment, expired.debit.commitment_id, with_for_update=True)
    commitment.amount += expired.amount
    if commitment.releases:
        commitment.releases[-1].amount += expired.amount
    session.flush()
