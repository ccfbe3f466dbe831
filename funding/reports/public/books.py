"""The money of many public awards at once, in their own currencies and in their rounds'."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from funding.models import Award, Commitment, Organisation, Proposal, Round
from funding.permissions import Scope
from funding.reports.public.money import NO_MONEY, Money, money_of, total
from funding.reports.public.rates import rates_of
from funding.reports.public.register import filtered


@dataclass(frozen=True)
class Entry:
    """An award as sums need it; `native` in minor units of `currency`, `base` of the round's."""

    award_id: int
    round_id: int
    round_key: str
    round_name: str
    base_currency: str
    proposal_id: int
    recipient_id: int | None
    funder_key: str
    funder: str
    currency: str
    native: Money
    base: Money


@dataclass(frozen=True)
class Sum:
    """Awards counted together; `by_currency` to the cent, `base` at the round's own rates."""

    key: str
    name: str
    awards: int
    works: int
    base: Money
    by_currency: tuple[tuple[str, Money], ...]


def entries_of(
    session: Session, scope: Scope, args: dict[str, str], rounds: Sequence[int] | None = None
) -> list[Entry]:
    """Every public award under these filters of the register, of these rounds where any are named:
    a bounded number of queries."""
    query = filtered(scope, args)
    if rounds is not None:
        query = query.where(Round.id.in_(rounds))
    ids = query.with_only_columns(Award.id)
    rows = session.execute(
        query.join(Organisation, Organisation.id == Commitment.funder_id)
        .with_only_columns(
            Award.id,
            Round,
            Proposal.id,
            Proposal.institution_id,
            Organisation.key,
            Organisation.name,
            Commitment.currency,
        )
        .order_by(Award.id)
    ).all()
    rates = rates_of(session, {round_ for _, round_, *_ in rows})
    rate_of = {row[0]: rates[row[1].id][row[6]] for row in rows}
    native = money_of(session, ids, scope.today)
    base = money_of(session, ids, scope.today, lambda id_, amount: rate_of[id_].to_base(amount))
    return [
        Entry(
            id_,
            round_.id,
            round_.key,
            round_.name,
            round_.base_currency,
            *rest,
            native=native.get(id_, NO_MONEY),
            base=base.get(id_, NO_MONEY),
        )
        for id_, round_, *rest in rows
    ]


def summed(
    entries: Iterable[Entry], by: Callable[[Entry], tuple[str, str]] = lambda _: ("", "")
) -> list[Sum]:
    """Sums by (key, name), the most promised first."""
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault(by(entry), []).append(entry)
    found = []
    for (key, name), group in groups.items():
        currencies = sorted({entry.currency for entry in group})
        found.append(
            Sum(
                key,
                name,
                len(group),
                len({entry.proposal_id for entry in group}),
                total(entry.base for entry in group),
                tuple(
                    (c, total(entry.native for entry in group if entry.currency == c))
                    for c in currencies
                ),
            )
        )
    return sorted(found, key=lambda each: (-each.base.promised, each.name))
