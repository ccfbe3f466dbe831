"""The statement of a commitment, an award or a funder over a period: opening, events, closing.

Amounts in minor units of one currency. Each event moves between two kinds of account; opening and
events add up to closing for every kind, to the cent. Days are UTC's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.formatting import minor_units
from funding.models import (
    Account,
    AccountKind,
    Award,
    Commitment,
    Organisation,
    Proposal,
    Transfer,
)
from funding.permissions import Actor, ledger_commitments, without_conflict
from funding.reports.ground import WITHHELD

KINDS = tuple(kind.value for kind in AccountKind)
SHOWN = 500
"""Events on a page; the files have all of them."""


@dataclass(frozen=True)
class Subject:
    """What a statement is of: one of a commitment, an award, or a funder in a currency."""

    name: str
    currency: str
    funder_id: int
    commitment_id: int | None = None
    award_id: int | None = None


@dataclass(frozen=True)
class Entry:
    """One transfer, and what every kind holds after it."""

    at: datetime
    event: str
    reason: str
    commitment: str
    proposal: str
    source: str
    target: str
    amount: int
    after: dict[str, int]


@dataclass(frozen=True)
class LedgerStatement:
    """`opening` and `closing` by kind of account; `moved` is what the events make of it."""

    subject: Subject
    from_on: date | None
    to_on: date | None
    opening: dict[str, int]
    closing: dict[str, int]
    entries: list[Entry]

    @property
    def moved(self) -> dict[str, int]:
        return {kind: self.closing[kind] - self.opening[kind] for kind in KINDS}


def subject_of_commitment(commitment: Commitment) -> Subject:
    return Subject(
        commitment.name, commitment.currency, commitment.funder_id, commitment_id=commitment.id
    )


def subject_of_award(award: Award) -> Subject:
    return Subject(
        award.proposal.title,
        award.commitment.currency,
        award.commitment.funder_id,
        commitment_id=award.commitment_id,
        award_id=award.id,
    )


def funders(session: Session, by: Actor) -> list[Subject]:
    """Each of the person's funders in each currency it has promised."""
    rows = session.execute(
        ledger_commitments(by)
        .join(Organisation, Organisation.id == Commitment.funder_id)
        .with_only_columns(Organisation.name, Commitment.currency, Commitment.funder_id)
        .distinct()
        .order_by(Organisation.name, Commitment.currency)
    )
    return [Subject(*row) for row in rows]


def _accounts(subject: Subject) -> sa.ColumnElement[bool]:
    """Accounts that the statement is of."""
    wanted = [Account.funder_id == subject.funder_id, Account.currency == subject.currency]
    if subject.award_id is not None:
        wanted.append(Account.award_id == subject.award_id)
    elif subject.commitment_id is not None:
        wanted.append(Account.commitment_id == subject.commitment_id)
    return sa.and_(*wanted)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def ledger_statement(
    session: Session, by: Actor, subject: Subject, from_on: date | None, to_on: date | None
) -> LedgerStatement:
    """The statement, every event in it. Both days belong to the period.

    What is said of a proposal the person is in conflict with is its amounts only.
    """
    opening = _held(session, subject, _start(from_on) if from_on else None)
    held = Counter(opening)
    entries = []
    until = _start(to_on + timedelta(days=1)) if to_on else None
    for entry in _events(session, by, subject, _start(from_on) if from_on else None, until):
        for kind, sign in ((entry.source, -1), (entry.target, 1)):
            if kind:
                held[kind] += sign * entry.amount
        entries.append(_with(entry, {kind: held[kind] for kind in KINDS}))
    return LedgerStatement(
        subject, from_on, to_on, opening, {kind: held[kind] for kind in KINDS}, entries
    )


def _with(entry: Entry, after: dict[str, int]) -> Entry:
    return Entry(**{**entry.__dict__, "after": after})


def _held(session: Session, subject: Subject, before: datetime | None) -> dict[str, int]:
    """What each kind held at a moment, from the transfers before it; nothing before the first."""
    held = dict.fromkeys(KINDS, 0)
    if before is None:
        return held
    for column, sign in ((Transfer.credit_id, 1), (Transfer.debit_id, -1)):
        rows = session.execute(
            sa.select(Account.kind, sa.func.sum(Transfer.amount))
            .join(Account, Account.id == column)
            .where(_accounts(subject), Transfer.posted_at < before)
            .group_by(Account.kind)
        )
        for kind, amount in rows:
            held[kind] += sign * int(amount)
    return held


def _events(
    session: Session,
    by: Actor,
    subject: Subject,
    since: datetime | None,
    until: datetime | None,
) -> Iterator[Entry]:
    """The transfers of the period, oldest first; a side outside the statement is left empty."""
    debit, credit = sa.orm.aliased(Account), sa.orm.aliased(Account)
    own = sa.select(Account.id).where(_accounts(subject))
    award_id = sa.func.coalesce(debit.award_id, credit.award_id)
    query = (
        sa.select(
            Transfer.posted_at,
            Transfer.event,
            Transfer.reason,
            Transfer.amount,
            Commitment.name,
            Proposal.title,
            sa.case((without_conflict(by), 1), else_=0),
            debit.kind,
            credit.kind,
            debit.id.in_(own),
            credit.id.in_(own),
        )
        .join(debit, debit.id == Transfer.debit_id)
        .join(credit, credit.id == Transfer.credit_id)
        .join(Commitment, Commitment.id == debit.commitment_id)
        .outerjoin(Award, Award.id == award_id)
        .outerjoin(Proposal, Proposal.id == Award.proposal_id)
        .where(sa.or_(debit.id.in_(own), credit.id.in_(own)))
        .order_by(Transfer.id)
    )
    if since is not None:
        query = query.where(Transfer.posted_at >= since)
    if until is not None:
        query = query.where(Transfer.posted_at < until)
    for row in session.execute(query):
        at, event, reason, amount, commitment, title, is_there, source, target, out, into = row
        yield Entry(
            at,
            event,
            reason if is_there or title is None else "",
            commitment,
            (title if is_there else WITHHELD) if title is not None else "",
            source if out else "",
            target if into else "",
            int(amount),
            {},
        )


def table(statement: LedgerStatement) -> tuple[list[str], list[list[object]]]:
    """The statement as heads and rows of a file: opening, each event, closing."""
    heads = ["when", "event", "reason", "commitment", "proposal", "from", "to", "amount"]
    heads += [f"{kind} after" for kind in KINDS]

    def major(minor: int) -> Decimal:
        return Decimal(minor).scaleb(-minor_units(statement.subject.currency))

    def edge(name: str, held: dict[str, int]) -> list[object]:
        return ["", name, "", "", "", "", "", "", *(major(held[kind]) for kind in KINDS)]

    rows = [edge("opening", statement.opening)]
    rows += [
        [
            entry.at,
            entry.event,
            entry.reason,
            entry.commitment,
            entry.proposal,
            entry.source,
            entry.target,
            major(entry.amount),
            *(major(entry.after[kind]) for kind in KINDS),
        ]
        for entry in statement.entries
    ]
    return heads, [*rows, edge("closing", statement.closing)]
