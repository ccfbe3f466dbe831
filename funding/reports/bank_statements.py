"""Bank statements as a list, and one with its bookings and what each is thought to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.imports.bank.lines import StatementLine
from funding.language import said
from funding.listing import Listing
from funding.models import (
    Award,
    BankLine,
    BankStatement,
    LineOfBankState,
    Reversal,
    ReversalState,
    StatementState,
    Tranche,
)
from funding.permissions import Actor, visible_bank_statements, visible_tranches
from funding.sayings import kept
from funding.services.payments import candidates, statements
from funding.services.payments.matching import Candidate, Match, match_all
from funding.services.run_words import told

STATES = ("preview", "taken in", "left")
MOST_OFFERED = 40
"""Payments offered beside one booking; another is named by its end-to-end id."""
NEVER = 1_000_000  # days


def statement_rows(
    session: Session, by: Actor, listing: Listing
) -> tuple[Listing, list[tuple[BankStatement, int, int]]]:
    """One page, the newest first: each statement with its bookings and those unmatched."""
    query = visible_bank_statements(by)
    if state := listing.args.get("state"):
        query = query.where(BankStatement.state == state)
    total = session.scalar(query.with_only_columns(sa.func.count(BankStatement.id)))
    listing = listing.counting(total or 0)
    found = session.scalars(
        query.options(joinedload(BankStatement.details), joinedload(BankStatement.uploaded_by))
        .order_by(BankStatement.id.desc())
        .limit(listing.per_page)
        .offset(listing.offset)
    ).all()
    counts = {
        statement_id: (int(all_), int(open_ or 0))
        for statement_id, all_, open_ in session.execute(
            sa.select(
                BankLine.statement_id,
                sa.func.count(BankLine.id),
                sa.func.sum(sa.case((BankLine.state == LineOfBankState.UNMATCHED, 1), else_=0)),
            )
            .where(BankLine.statement_id.in_([s.id for s in found]))
            .group_by(BankLine.statement_id)
        )
    }
    return listing, [(s, *counts.get(s.id, (len(s.read), 0))) for s in found]


@dataclass(frozen=True)
class Booking:
    """One booking with what it is thought to be; `line` once it is taken in.

    `match`: what it may be, as long as nobody has decided.
    `tranche` is what it is, or may be; None where nothing fits or it is not there for the person.
    `offered`: what it may be said to be, the closest first; `left_out`: how many more there are.
    """

    read: StatementLine
    line: BankLine | None
    match: Match | None
    tranche: Tranche | None
    reversal: Reversal | None = None
    offered: Sequence[Candidate] = ()
    left_out: int = 0

    @property
    def why(self) -> str:
        """What it was matched by, or why not; of one set aside, what a person wrote."""
        if self.match is not None:
            return told(kept(self.match.why))
        assert self.line is not None
        is_theirs = self.line.state == LineOfBankState.SET_ASIDE
        return self.line.why if is_theirs else str(said(self.line.why))


def bookings(
    session: Session, by: Actor, statement: BankStatement, listing: Listing
) -> tuple[Listing, list[Booking]]:
    """One page of a statement's bookings, those that nobody has decided on first."""
    out = candidates.outgoing(session, by, statement.funder_id, statement.currency)
    back = candidates.incoming(session, by, statement.funder_id, statement.currency)
    if statement.state == StatementState.PREVIEW:
        return _preview(session, by, statement, listing, out, back)
    query = sa.select(BankLine).where(BankLine.statement_id == statement.id)
    if state := listing.args.get("state"):
        query = query.where(BankLine.state == state)
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery()))
    listing = listing.counting(total or 0)
    lines = session.scalars(
        query.options(joinedload(BankLine.decided_by))
        .order_by((BankLine.state != LineOfBankState.UNMATCHED), BankLine.row, BankLine.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    ).all()
    read = [_as_read(line) for line in lines]
    matches = match_all(read, out, back)
    tranches = _tranches(
        session,
        by,
        {line.tranche_id for line in lines} | {match.tranche_id for match in matches},
    )
    asked = {
        reversal.bank_line_id: reversal
        for reversal in session.scalars(
            sa.select(Reversal).where(
                Reversal.bank_line_id.in_([line.id for line in lines]),
                Reversal.state == ReversalState.ASKED,
            )
        )
    }
    found = []
    for line, one, match in zip(lines, read, matches, strict=True):
        is_open = line.state == LineOfBankState.UNMATCHED
        tranche = tranches.get((match.tranche_id if is_open else line.tranche_id) or 0)
        fitting = _fitting(one, match, out if line.is_out else back) if is_open else []
        found.append(
            Booking(
                one,
                line,
                match if is_open else None,
                tranche,
                asked.get(line.id),
                fitting[:MOST_OFFERED],
                max(0, len(fitting) - MOST_OFFERED),
            )
        )
    return listing, found


def _preview(
    session: Session,
    by: Actor,
    statement: BankStatement,
    listing: Listing,
    out: list[Candidate],
    back: list[Candidate],
) -> tuple[Listing, list[Booking]]:
    lines = statements.new_lines(session, statement)
    listing = listing.counting(len(lines))
    page = slice(listing.offset, listing.offset + listing.per_page)
    matches = match_all(lines[: page.stop], out, back)
    tranches = _tranches(session, by, {match.tranche_id for match in matches[page]})
    return listing, [
        Booking(line, None, match, tranches.get(match.tranche_id or 0))
        for line, match in zip(lines[page], matches[page], strict=True)
    ]


def _tranches(session: Session, by: Actor, ids: set[int | None]) -> dict[int, Tranche]:
    found = session.scalars(
        visible_tranches(by)
        .where(Tranche.id.in_([id_ for id_ in ids if id_]))
        .options(joinedload(Tranche.award).joinedload(Award.proposal))
    )
    return {tranche.id: tranche for tranche in found}


def _as_read(line: BankLine) -> StatementLine:
    return StatementLine(
        row=line.row,
        booked_on=line.booked_on,
        amount=line.amount,
        is_out=line.is_out,
        end_to_end_id=line.end_to_end_id,
        reference=line.reference,
        party=line.party,
        return_code=line.return_code,
        key=line.line_key,
    )


def _fitting(line: StatementLine, match: Match, candidates: list[Candidate]) -> list[Candidate]:
    """Payments of the amount (money in: of no less), what was proposed first, then by their day."""

    def apart(candidate: Candidate) -> tuple[bool, int, int]:
        days = abs((line.booked_on - candidate.day).days) if candidate.day else NEVER
        return candidate.tranche_id != match.tranche_id, days, candidate.tranche_id

    return sorted(
        (
            candidate
            for candidate in candidates
            if (candidate.amount == line.amount if line.is_out else candidate.amount >= line.amount)
        ),
        key=apart,
    )
