"""Bank statements: uploaded, looked at, and taken in whole or not at all.

A booking that carries a payment's end-to-end id and amount is reconciled as the statement is taken
in; every other waits for a person to say what it is (`bookings`).
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotFound, RuleBroken
from funding.formatting import format_day
from funding.imports.bank.camt import is_xml, read_camt
from funding.imports.bank.lines import MOST_BYTES, Statement, StatementLine, StatementRefused
from funding.imports.bank.table import read_table
from funding.imports.faults import Fault as FileFault
from funding.language import gettext as _
from funding.models import (
    BankDetails,
    BankLine,
    BankStatement,
    StatementState,
)
from funding.permissions import (
    Actor,
    fetch,
    require,
    visible_bank_statements,
)
from funding.services.log import record
from funding.services.payments import candidates, payees
from funding.services.payments.bookings import reconcile_if_allowed
from funding.services.payments.matching import match_all


def read_statements(content: bytes, currency: str) -> list[Statement]:
    """The statements of a file; `currency` is that of the account chosen, for CSV.

    Raises StatementRefused naming every fault by its row.
    """
    if not content.strip():
        raise StatementRefused(FileFault(None, None, None, "is empty"))
    if len(content) > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        raise StatementRefused(
            FileFault(None, None, None, _("is larger than %(most)s MB", most=most))
        )
    return read_camt(content) if is_xml(content) else [read_table(content, currency)]


def upload_statement(
    session: Session,
    *,
    by: Actor,
    funder_id: int,
    details_id: int | None,
    filename: str,
    content: bytes,
) -> list[BankStatement]:
    """Keep a file's statements for a look, all of them or none; nothing is reconciled yet.

    `details_id`: the own account that a CSV is of; camt.053 names its own. Raises NotFound,
    NotPermitted, StatementRefused, and RuleBroken for a statement that is there already.
    """
    require(by, "bank.reconcile", funder_id)
    chosen = _own_account(session, funder_id, details_id) if details_id is not None else None
    if not is_xml(content) and chosen is None:
        raise InvalidInput(Fault("details_id", "Choose the account that this CSV is of."))
    digest = hashlib.sha256(content).hexdigest()
    made = []
    for position, statement in enumerate(
        read_statements(content, chosen.currency if chosen else "")
    ):
        details = (
            chosen if chosen and not statement.account else _named(session, funder_id, statement)
        )
        made.append(
            _keep(
                session,
                by,
                details,
                statement,
                filename,
                digest
                if not position
                else hashlib.sha256(f"{digest} {position}".encode()).hexdigest(),
            )
        )
    return made


def _own_account(session: Session, funder_id: int, details_id: int) -> BankDetails:
    found = session.scalars(
        payees.newest().where(
            BankDetails.id == details_id,
            BankDetails.funder_id == funder_id,
            BankDetails.organisation_id == funder_id,
        )
    ).one_or_none()
    if found is None:
        raise NotFound("account")
    return found


def _named(session: Session, funder_id: int, statement: Statement) -> BankDetails:
    """The own account that a statement names, whichever version of it; raises StatementRefused."""
    found = session.scalars(
        sa.select(BankDetails)
        .where(
            BankDetails.funder_id == funder_id,
            BankDetails.organisation_id == funder_id,
            BankDetails.currency == statement.currency,
            sa.or_(BankDetails.iban == statement.account, BankDetails.account == statement.account),
        )
        .order_by(BankDetails.number.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        tail = statement.account[-4:]
        raise StatementRefused(
            FileFault(
                None,
                "account",
                f"•••• {tail}",
                _(
                    "is not your account in %(currency)s: enter it among the bank details",
                    currency=statement.currency,
                ),
            )
        )
    return found


def _keep(
    session: Session,
    by: Actor,
    details: BankDetails,
    statement: Statement,
    filename: str,
    digest: str,
) -> BankStatement:
    known = session.scalars(
        sa.select(BankStatement).where(
            BankStatement.funder_id == details.funder_id,
            BankStatement.state != StatementState.LEFT,
            sa.or_(
                BankStatement.sha256 == digest,
                sa.and_(
                    BankStatement.account == details.account_id,
                    BankStatement.reference == statement.reference,
                    BankStatement.reference != "",
                ),
            ),
        )
    ).first()
    if known is not None:
        raise RuleBroken(
            _(
                "This statement is there already, since %(date)s. Nothing was changed.",
                date=format_day(known.uploaded_at.date()),
            )
        )
    made = BankStatement(
        funder_id=details.funder_id,
        details_id=details.id,
        account=details.account_id,
        currency=statement.currency,
        format=statement.format,
        filename=filename,
        sha256=digest,
        reference=statement.reference,
        from_on=statement.from_on,
        to_on=statement.to_on,
        opening=statement.opening,
        closing=statement.closing,
        read=[line.stored() for line in statement.lines],
        uploaded_by_id=by.person_id,
    )
    session.add(made)
    session.flush()
    record(
        session,
        by,
        "bank statement uploaded",
        made,
        organisation_id=details.funder_id,
        bookings=len(statement.lines),
        sha256=digest,
    )
    return made


def new_lines(session: Session, statement: BankStatement) -> list[StatementLine]:
    """The bookings of a statement that is being looked at, less those of earlier statements."""
    lines = [StatementLine.of(stored) for stored in statement.read]
    keys = [line.key for line in lines]
    known: set[str] = set()
    for start in range(0, len(keys), 500):
        known |= set(
            session.scalars(
                sa.select(BankLine.line_key).where(
                    BankLine.funder_id == statement.funder_id,
                    BankLine.account == statement.account,
                    BankLine.line_key.in_(keys[start : start + 500]),
                )
            )
        )
    return [line for line in lines if line.key not in known]


def take_in(session: Session, *, by: Actor, statement_id: int, version: int) -> BankStatement:
    """Take a statement in, whole: its new bookings become lines, and the sure ones are reconciled.

    A sure one that this person may not reconcile (they paid it) waits for a colleague. Raises
    NotFound, NotPermitted, Conflict, RuleBroken for a statement that was decided on before.
    """
    statement = _statement(session, by, statement_id, version)
    funder_id, currency = statement.funder_id, statement.currency
    lines = new_lines(session, statement)
    matches = match_all(
        lines,
        candidates.outgoing(session, by, funder_id, currency),
        candidates.incoming(session, by, funder_id, currency),
    )
    rows = []
    for line in lines:
        rows.append(
            BankLine(
                funder_id=funder_id,
                account=statement.account,
                line_key=line.key,
                row=line.row,
                booked_on=line.booked_on,
                amount=line.amount,
                currency=currency,
                is_out=line.is_out,
                end_to_end_id=line.end_to_end_id,
                reference=line.reference,
                party=line.party,
                return_code=line.return_code,
            )
        )
    statement.lines.extend(rows)
    session.flush()
    sure = 0
    for row, found in zip(rows, matches, strict=True):
        if found.is_sure and found.tranche_id is not None:
            sure += reconcile_if_allowed(session, by, row, found.tranche_id, found.why)
    statement.state, statement.taken_in_at, statement.read = StatementState.TAKEN_IN, now(), []
    record(
        session,
        by,
        "bank statement taken in",
        statement,
        organisation_id=funder_id,
        bookings=len(rows),
        reconciled=sure,
    )
    return statement


def leave(session: Session, *, by: Actor, statement_id: int, version: int) -> BankStatement:
    """Do not take a statement in; it can be uploaded again."""
    statement = _statement(session, by, statement_id, version)
    statement.state, statement.read = StatementState.LEFT, []
    record(session, by, "bank statement left", statement, organisation_id=statement.funder_id)
    return statement


def _statement(session: Session, by: Actor, statement_id: int, version: int) -> BankStatement:
    found: BankStatement = fetch(
        session,
        visible_bank_statements(by)
        .with_for_update(of=BankStatement, key_share=True)
        .execution_options(populate_existing=True),
        statement_id,
        "bank statement",
    )
    require(by, "bank.reconcile", found.funder_id)
    if found.state != StatementState.PREVIEW:
        raise RuleBroken(_("This statement is %(state)s already.", state=found.state))
    if found.version != version:
        raise Conflict("This statement was changed meanwhile. Please look at it again.")
    return found
