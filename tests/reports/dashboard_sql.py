"""What plain SQL says of a round's money: text that shares nothing with the reports it judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

POSITIONS = """
    select a.commitment_id, a.funder_id, a.currency, a.kind as stage, w.proposal_id, w.id as award,
           substr(case a.kind when 'awarded' then cast(w.awarded_at as text)
                  when 'scheduled' then cast(t.due_on as text)
                  else cast(t.paid_on as text) end, 1, 4) as year,
           sum(case when x.credit_id = a.id then x.amount else -x.amount end) as amount
    from account a join commitment c on c.id = a.commitment_id
    join transfer x on x.credit_id = a.id or x.debit_id = a.id
    left join award w on w.id = a.award_id
    left join tranche t on t.id = a.tranche_id
    where c.round_id = :round and a.kind not in ('committed', 'reserved')
    group by a.id, a.commitment_id, a.funder_id, a.currency, a.kind, w.proposal_id, w.id,
             w.awarded_at, t.due_on, t.paid_on
    union all
    select l.commitment_id, c.funder_id, c.currency, 'reserved', l.proposal_id, null, null, l.amount
    from plan_line l join commitment c on c.id = l.commitment_id
    where c.round_id = :round and l.state in ('recommended', 'amended')
"""
SPENT = """
    select c.id, c.funder_id, c.currency, 'spent' as stage, w.proposal_id, w.id,
           substr(cast(r.decided_at as text), 1, 4) as year, sum(s.amount) as amount
    from report r join award w on w.id = r.award_id join commitment c on c.id = w.commitment_id
    join handed_in h on h.id = r.handed_in_id
    join spend s on s.handed_in_id = h.id
    join award_budget_line b on b.id = s.budget_line_id and b.award_id = w.id
    where c.round_id = :round and r.state = 'accepted' and not exists (
        select 1 from report later join handed_in lh on lh.id = later.handed_in_id
        where later.award_id = w.id and later.state = 'accepted' and lh.id > h.id)
    group by c.id, c.funder_id, c.currency, w.proposal_id, w.id, r.decided_at
"""
RETURNED = """
    select c.id, c.funder_id, c.currency, 'returned' as stage, w.proposal_id, w.id,
           substr(cast(x.posted_at as text), 1, 4) as year,
           sum(case when d.kind = 'paid' then x.amount else -x.amount end) as amount
    from transfer x join account d on d.id = x.debit_id join account e on e.id = x.credit_id
    join commitment c on c.id = d.commitment_id
    join award w on w.id = coalesce(d.award_id, e.award_id)
    where c.round_id = :round and (d.kind = 'paid' and e.kind = 'available'
                                   or d.kind = 'available' and e.kind = 'paid')
    group by c.id, c.funder_id, c.currency, w.proposal_id, w.id,
             substr(cast(x.posted_at as text), 1, 4)
"""
LATE = """
    select c.id, c.funder_id, c.currency,
           case when t.milestone <> '' and t.milestone_reached_on is null
                then 'milestone missed' else 'tranche late' end as stage, w.proposal_id, w.id,
           substr(cast(t.due_on as text), 1, 4) as year,
           sum(case when x.credit_id = a.id then x.amount else -x.amount end) as amount
    from tranche t join award w on w.id = t.award_id join commitment c on c.id = w.commitment_id
    join account a on a.tranche_id = t.id and a.kind = 'scheduled'
    join transfer x on x.credit_id = a.id or x.debit_id = a.id
    where c.round_id = :round and t.due_on < :today
    group by c.id, c.funder_id, c.currency, t.id, t.milestone, t.milestone_reached_on,
             w.proposal_id, w.id, t.due_on
"""
PROMISED = """
    select c.id, c.funder_id, c.currency, x.event as stage, null as proposal, null as award,
           substr(cast(x.posted_at as text), 1, 4) as year,
           case when d.kind = 'committed' then x.amount else -x.amount end as amount
    from transfer x join account d on d.id = x.debit_id join account e on e.id = x.credit_id
    join commitment c on c.id = d.commitment_id
    where c.round_id = :round and 'committed' in (d.kind, e.kind)
"""
RELEASED = """
    select c.id, c.funder_id, c.currency, 'released' as stage, null as proposal, null as award,
           cast(r.year as text) as year, r.amount
    from commitment_release r join commitment c on c.id = r.commitment_id
    where c.round_id = :round
    union all
    select c.id, c.funder_id, c.currency, 'released', null, null,
           substr(cast(c.starts_on as text), 1, 4), c.amount
    from commitment c where c.round_id = :round
    and c.id not in (select commitment_id from commitment_release)
"""
MOVED = """
    select c.id, c.funder_id, c.currency, x.event as stage, w.proposal_id, w.id,
           substr(cast(x.posted_at as text), 1, 4) as year, x.amount
    from transfer x join account d on d.id = x.debit_id join account e on e.id = x.credit_id
    join commitment c on c.id = d.commitment_id
    left join award w on w.id = coalesce(d.award_id, e.award_id)
    where c.round_id = :round
"""
OVERSPENT = """
    select c.id, c.funder_id, c.currency, 'line overspent' as stage, w.proposal_id, w.id,
           null as year, s.amount - b.amount
    from report r join award w on w.id = r.award_id join commitment c on c.id = w.commitment_id
    join spend s on s.handed_in_id = r.handed_in_id
    join award_budget_line b on b.id = s.budget_line_id and b.award_id = w.id
    where c.round_id = :round and r.state = 'accepted' and s.amount > b.amount
    and not exists (select 1 from report later where later.award_id = w.id
                    and later.state = 'accepted' and later.handed_in_id > r.handed_in_id)
"""
ENDED = """
    select c.id, c.funder_id, c.currency, 'award ended early' as stage, w.proposal_id, w.id,
           null as year, sum(x.amount)
    from transfer x join account d on d.id = x.debit_id join account e on e.id = x.credit_id
    join award w on w.id = d.award_id join commitment c on c.id = w.commitment_id
    where c.round_id = :round and w.state = 'terminated'
    and d.kind = 'awarded' and e.kind = 'available'
    group by c.id, c.funder_id, c.currency, w.proposal_id, w.id
"""
NEWEST = """
    select c.id, c.funder_id, c.currency, w.proposal_id, w.id, w.amount, p.starts_on, p.ends_on,
           h.handed_in_at, (select sum(s.amount) from spend s join award_budget_line b
                            on b.id = s.budget_line_id and b.award_id = w.id
                            where s.handed_in_id = h.id)
    from report r join award w on w.id = r.award_id join commitment c on c.id = w.commitment_id
    join handed_in h on h.id = r.handed_in_id join award_period p on p.award_id = w.id
    where c.round_id = :round and r.state = 'accepted' and w.state in ('accepted', 'active')
    and not exists (select 1 from report later where later.award_id = w.id
                    and later.state = 'accepted' and later.handed_in_id > r.handed_in_id)
"""
REPORTS = """
    select count(*) from report r join award w on w.id = r.award_id
    join commitment c on c.id = w.commitment_id
    where c.round_id = :round and r.state in ('due', 'sent back') and r.due_on < :today
    and w.state in ('accepted', 'active')
"""
DECLINED = """
    select c.id, c.funder_id, c.currency, 'declined' as stage, l.proposal_id, null, null, l.amount
    from plan_line l join commitment c on c.id = l.commitment_id
    where c.round_id = :round and l.state = 'declined'
"""
TAGS = """
    select t.proposal_id, coalesce(a.parent_key, a.key), t.weight, p.region
    from proposal p left join proposal_area t on t.proposal_id = p.id
    left join taxonomy x on x.round_id = p.round_id
    left join area a on a.taxonomy_id = x.id and a.key = t.area_key
    where p.round_id = :round and a.key is not null
"""
DECIMALS = {"JPY": 0}
PLACES = 9


@dataclass(frozen=True)
class Row:
    """One amount of SQL, in minor units of its own currency and of the page's."""

    commitment_id: int
    funder_id: int
    currency: str
    stage: str
    proposal_id: int | None
    award_id: int | None
    year: int | None
    amount: int
    base: int


def converter(rates: dict[str, Fraction], to: str) -> Callable[[int, str], int]:
    """As docs/dashboards.md says: by nine digits of the rate of a minor unit, rounded down."""

    def convert(amount: int, currency: str) -> int:
        scale = 10 ** (DECIMALS.get(to, 2) - DECIMALS.get(currency, 2) + 2) / Fraction(100)
        kept = Fraction(floor(rates[currency] * scale * 10**PLACES), 10**PLACES)
        return (-1 if amount < 0 else 1) * floor(abs(amount) * kept)

    return convert


class Facts:
    """What SQL says of a round; every amount converted by itself."""

    def __init__(
        self, session: Session, round_id: int, today: Any, convert: Callable[[int, str], int]
    ) -> None:
        self.convert = convert
        values = {"round": round_id, "today": today}

        def rows(query: str) -> list[Row]:
            wanted = {name: value for name, value in values.items() if f":{name}" in query}
            return [
                Row(
                    c, f, currency, stage, proposal, award, int(year) if year else None,
                    int(amount), convert(int(amount), currency),
                )
                for c, f, currency, stage, proposal, award, year, amount in session.execute(
                    sa.text(query), wanted
                )
                if amount
            ]  # fmt: skip

        self.positions, self.spent, self.returned = rows(POSITIONS), rows(SPENT), rows(RETURNED)
        self.late, self.promised, self.released = rows(LATE), rows(PROMISED), rows(RELEASED)
        self.moved, self.declined = rows(MOVED), rows(DECLINED)
        self.overspent, self.ended = rows(OVERSPENT), rows(ENDED)
        self.behind = self._behind(session.execute(sa.text(NEWEST), {"round": round_id}))
        self.overdue = int(session.scalar(sa.text(REPORTS), values) or 0)
        self.weights: dict[int, Counter[str]] = {}
        self.region: dict[int, str] = {}
        for proposal, area, weight, region in session.execute(sa.text(TAGS), {"round": round_id}):
            tags = self.weights.setdefault(proposal, Counter())
            tags[area] += floor(Fraction(weight) * 1_000_000 + Fraction(1, 2))
            self.region[proposal] = region or ""

    def _behind(self, newest: Iterable[Any]) -> list[Row]:
        """Awards of which less than half of an even spend was spent; by how much."""
        found = []
        for c, f, currency, proposal, award, amount, starts, ends, at, spent in newest:
            starts, ends, at = (date.fromisoformat(str(day)[:10]) for day in (starts, ends, at))
            whole = (ends - starts).days + 1
            gone = min(max((at - starts).days, 0), whole)
            even, spent = int(amount) * gone // whole, int(spent or 0)
            if even > 2 * spent:
                base = self.convert(even - spent, currency)
                found.append(
                    Row(c, f, currency, "behind", proposal, award, None, even - spent, base)
                )
        return found

    def parts(self, row: Row) -> dict[str, int]:
        """A row's amount by top area: rounded down, and what that leaves to the largest."""
        tags = self.weights.get(row.proposal_id or 0)
        if not tags:
            return {"": row.base}
        whole = sum(tags.values())
        first = min(tags, key=lambda area: (-tags[area], area))
        rest = {
            area: (row.base * weight) // whole for area, weight in tags.items() if area != first
        }
        return {**rest, first: row.base - sum(rest.values())}


def total(rows: Iterable[Row]) -> int:
    return sum(row.base for row in rows)


def by(rows: Iterable[Row], key: Callable[[Row], object]) -> dict[object, int]:
    sums: Counter[object] = Counter()
    for row in rows:
        sums[key(row)] += row.base
    return {of: amount for of, amount in sums.items() if amount}
