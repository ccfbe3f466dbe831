"""Commitments as lists: what each holds, its worth in the round's currency, its movements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from funding.listing import Listing
from funding.models import (
    Account,
    AccountKind,
    Area,
    Commitment,
    ExcludedApplicant,
    Organisation,
    Person,
    Round,
    Taxonomy,
    Transfer,
)
from funding.permissions import Actor, visible_commitments
from funding.reports.rounds import rates_for
from funding.services.rates import Rate
from funding.services.restrictions import Terms, in_words

SORTABLE = ("name", "funder", "amount", "available", "round")
FILTERS = ("q", "funder", "currency", "area")


@dataclass(frozen=True)
class Balance:
    """Where a commitment's money stands, in its minor units; together they are its amount."""

    available: int = 0
    reserved: int = 0
    awarded: int = 0
    paid: int = 0


@dataclass(frozen=True)
class CommitmentRow:
    """`base_amount` in the round's minor units, None where there is no rate."""

    commitment: Commitment
    balance: Balance
    rate: Rate | None
    base_amount: int | None
    words: str


def balances(session: Session, ids: Iterable[int]) -> dict[int, Balance]:
    """By commitment; what is awarded includes what is scheduled and not yet paid."""
    rows = session.execute(
        sa.select(Account.commitment_id, Account.kind, sa.func.sum(Account.balance))
        .where(Account.commitment_id.in_(list(ids)))
        .group_by(Account.commitment_id, Account.kind)
    )
    held: dict[int, dict[str, int]] = {}
    for commitment_id, kind, amount in rows:
        held.setdefault(commitment_id, {})[kind] = int(amount)
    return {
        commitment_id: Balance(
            available=kinds.get(AccountKind.AVAILABLE, 0),
            reserved=kinds.get(AccountKind.RESERVED, 0),
            awarded=kinds.get(AccountKind.AWARDED, 0) + kinds.get(AccountKind.SCHEDULED, 0),
            paid=kinds.get(AccountKind.PAID, 0),
        )
        for commitment_id, kinds in held.items()
    }


def commitment_rows(
    session: Session, by: Actor, listing: Listing, on: datetime, *, round_: Round | None = None
) -> tuple[list[CommitmentRow], Listing]:
    """One page: of a round, or of the person's own funders over all rounds."""
    query = visible_commitments(by).join(Organisation, Organisation.id == Commitment.funder_id)
    if round_ is not None:
        query = query.where(Commitment.round_id == round_.id)
    else:
        query = query.where(Commitment.funder_id.in_(list(by.organisations)))
    query = _filtered(query, listing)
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    listing = listing.counting(total)
    found = session.scalars(
        query.options(
            joinedload(Commitment.funder),
            joinedload(Commitment.round),
            selectinload(Commitment.excluded).joinedload(ExcludedApplicant.institution),
            selectinload(Commitment.earlier),
        )
        .order_by(*_order(session, listing, round_, on), Commitment.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    ).all()
    return _rows(session, list(found), on), listing


def _filtered(
    query: sa.Select[tuple[Commitment]], listing: Listing
) -> sa.Select[tuple[Commitment]]:
    if words := listing.args.get("q"):
        query = query.where(
            sa.or_(
                Commitment.name.icontains(words, autoescape=True),
                Organisation.name.icontains(words, autoescape=True),
                Commitment.note.icontains(words, autoescape=True),
            )
        )
    if funder := listing.args.get("funder"):
        query = query.where(Organisation.key == funder)
    if currency := listing.args.get("currency"):
        query = query.where(Commitment.currency == currency)
    if area := listing.args.get("area"):
        # a list in JSON: the key as a whole word of it, or no list at all, which is any area
        text = sa.cast(Commitment.areas, sa.Text)
        query = query.where(
            sa.or_(text.is_(None), text == "null", text.contains(f'"{area}"', autoescape=True))
        )
    return query


def _order(
    session: Session, listing: Listing, round_: Round | None, on: datetime
) -> list[sa.ColumnElement[object]]:
    by_key: dict[str, sa.ColumnElement[object]] = {
        "name": Commitment.name,
        "funder": Organisation.name,
        "round": Round.closes_at,
    }
    if listing.sort_key in ("amount", "available"):
        amount = Commitment.amount
        if listing.sort_key == "available":
            amount = (
                sa.select(Account.balance)
                .where(
                    Account.commitment_id == Commitment.id, Account.kind == AccountKind.AVAILABLE
                )
                .scalar_subquery()
            )
        key = amount * _worth(session, round_, on)
    else:
        key = by_key[listing.sort_key]
    return [key.desc() if listing.is_descending else key, Commitment.name]


def _worth(
    session: Session, round_: Round | None, on: datetime
) -> sa.ColumnElement[float] | sa.Case[float]:
    """Base minor units a minor unit, so that amounts of many currencies sort by worth."""
    currencies = sa.select(Commitment.currency).distinct()
    if round_ is None:
        return sa.literal(1.0)
    currencies = currencies.where(Commitment.round_id == round_.id)
    rates = rates_for(session, round_, set(session.scalars(currencies)), on)
    worth = {code: rate.to_base(10**9) / 10**9 for code, rate in rates.items()}
    return sa.case(worth, value=Commitment.currency, else_=0.0) if worth else sa.literal(1.0)


def _rows(session: Session, found: list[Commitment], on: datetime) -> list[CommitmentRow]:
    held = balances(session, [c.id for c in found])
    names = area_names(session, {c.round_id for c in found})
    currencies: dict[int, tuple[Round, set[str]]] = {}
    for c in found:
        currencies.setdefault(c.round_id, (c.round, set()))[1].add(c.currency)
    rates = {
        round_id: rates_for(session, round_, codes, on)
        for round_id, (round_, codes) in currencies.items()
    }
    rows = []
    for c in found:
        rate = rates[c.round_id].get(c.currency)
        rows.append(
            CommitmentRow(
                commitment=c,
                balance=held.get(c.id, Balance()),
                rate=rate,
                base_amount=rate.to_base(c.amount) if rate else None,
                words=in_words(Terms.of(c), names.get(c.round_id, {})),
            )
        )
    return rows


def commitment_row(session: Session, commitment: Commitment, on: datetime) -> CommitmentRow:
    return _rows(session, [commitment], on)[0]


def area_names(session: Session, round_ids: set[int]) -> dict[int, dict[str, str]]:
    """Each round's names of top areas by key, of its newest version: one query."""
    newest = (
        sa.select(Taxonomy.round_id, sa.func.max(Taxonomy.number).label("number"))
        .where(Taxonomy.round_id.in_(round_ids))
        .group_by(Taxonomy.round_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(Taxonomy.round_id, Area.key, Area.name)
        .join(Area, sa.and_(Area.taxonomy_id == Taxonomy.id, Area.parent_key.is_(None)))
        .join(
            newest,
            sa.and_(newest.c.round_id == Taxonomy.round_id, newest.c.number == Taxonomy.number),
        )
        .order_by(Area.position)
    )
    names: dict[int, dict[str, str]] = {}
    for round_id, key, name in rows:
        names.setdefault(round_id, {})[key] = name
    return names


@dataclass(frozen=True)
class Movement:
    """One transfer: `source` and `target` are kinds of account."""

    transfer: Transfer
    source: str
    target: str
    by: str | None


def movements(
    session: Session, commitment: Commitment, listing: Listing
) -> tuple[list[Movement], Listing]:
    """The commitment's transfers, newest first."""
    debit, credit = sa.orm.aliased(Account), sa.orm.aliased(Account)
    query = (
        sa.select(Transfer, debit.kind, credit.kind, Person.name)
        .join(debit, debit.id == Transfer.debit_id)
        .join(credit, credit.id == Transfer.credit_id)
        .outerjoin(Person, Person.id == Transfer.posted_by_id)
        .where(debit.commitment_id == commitment.id)
    )
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    listing = listing.counting(total)
    rows = session.execute(
        query.order_by(Transfer.id.desc()).limit(listing.per_page).offset(listing.offset)
    )
    return [Movement(*row) for row in rows], listing


def round_choices(session: Session, round_: Round) -> tuple[list[tuple[str, str]], list[str]]:
    """For the filters of a round's list: its funders with money (key, name), its currencies."""
    rows = session.execute(
        sa.select(Organisation.key, Organisation.name, Commitment.currency)
        .join(Commitment, Commitment.funder_id == Organisation.id)
        .where(Commitment.round_id == round_.id)
        .distinct()
    ).all()
    funders = sorted({(key, name) for key, name, _ in rows}, key=lambda pair: pair[1])
    return funders, sorted({currency for _, _, currency in rows})


@dataclass(frozen=True)
class Totals:
    """All commitments of a round in its base minor units, by where their money stands.

    `unconverted`: commitments in a currency without a rate, which are left out.
    """

    commitments: int
    promised: int
    balance: Balance
    rates: list[Rate]
    unconverted: int


def totals_of(session: Session, round_: Round, on: datetime) -> Totals:
    """Two queries, and one for the rates of currencies that none is published for."""
    rows = session.execute(
        sa.select(
            Commitment.currency,
            Account.kind,
            sa.func.sum(Account.balance),
            sa.func.count(sa.distinct(Commitment.id)),
        )
        .join(Account, Account.commitment_id == Commitment.id)
        .where(Commitment.round_id == round_.id, Account.kind != AccountKind.COMMITTED)
        .group_by(Commitment.currency, Account.kind)
    ).all()
    rates = rates_for(session, round_, {row.currency for row in rows}, on)
    counts: dict[str, int] = {}
    sums: dict[str, int] = {}
    for currency, kind, held, count in rows:
        counts[currency] = max(counts.get(currency, 0), count)
        if currency in rates:
            sums[kind] = sums.get(kind, 0) + rates[currency].to_base(int(held))
    balance = Balance(
        available=sums.get(AccountKind.AVAILABLE, 0),
        reserved=sums.get(AccountKind.RESERVED, 0),
        awarded=sums.get(AccountKind.AWARDED, 0) + sums.get(AccountKind.SCHEDULED, 0),
        paid=sums.get(AccountKind.PAID, 0),
    )
    return Totals(
        commitments=sum(counts.values()),
        promised=sum(sums.values()),
        balance=balance,
        rates=[rate for code, rate in rates.items() if code != round_.base_currency],
        unconverted=sum(count for code, count in counts.items() if code not in rates),
    )
