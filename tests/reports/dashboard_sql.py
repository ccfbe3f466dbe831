"""What plain SQL says of a round's money: text that shares nothing with the reports it judges."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.formatting import format_percent, format_short

POSITIONS = """
    select a.commitment_id, a.funder_id, a.currency, a.kind as stage, w.proposal_id, w.id as award,
           substr(case a.kind when 'awarded' then cast(w.awarded_at as text)
                  when 'scheduled' then cast(t.due_on as text)
                  else cast(t.paid_on as text) end, 1, 4) as year,
           sum(case when x.credit_id = a.id then x.amount else -x.amount end)
           - case when a.kind = 'available' then coalesce((
                 select sum(s.amount) from run_line s
                 where s.run_id = :suggested and s.commitment_id = a.commitment_id), 0)
             else 0 end as amount
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
    union all
    select l.commitment_id, c.funder_id, c.currency, 'reserved', l.proposal_id, null, null, l.amount
    from run_line l join commitment c on c.id = l.commitment_id
    where c.round_id = :round and l.run_id = :suggested
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
           substr(coalesce(cast(c.starts_on as text), cast(c.created_at as text)), 1, 4), c.amount
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
OFF_PLAN = """
    select c.id, c.funder_id, c.currency,
           case when t.milestone <> '' and t.milestone_reached_on is null
                then 'milestone missed' else 'tranche late' end as stage, w.proposal_id, w.id,
           cast(t.due_on as text), t.milestone,
           sum(case when x.credit_id = a.id then x.amount else -x.amount end)
    from tranche t join award w on w.id = t.award_id join commitment c on c.id = w.commitment_id
    join account a on a.tranche_id = t.id and a.kind = 'scheduled'
    join transfer x on x.credit_id = a.id or x.debit_id = a.id
    where c.round_id = :round and t.due_on < :today
    group by c.id, c.funder_id, c.currency, t.id, t.milestone, t.milestone_reached_on,
             w.proposal_id, w.id, t.due_on
    having sum(case when x.credit_id = a.id then x.amount else -x.amount end) > 0
    union all
    select c.id, c.funder_id, c.currency, 'report late', w.proposal_id, w.id,
           cast(r.due_on as text), r.kind, 0
    from report r join award w on w.id = r.award_id join commitment c on c.id = w.commitment_id
    where c.round_id = :round and r.state in ('due', 'sent back') and r.due_on < :today
    and w.state in ('accepted', 'active')
    union all
    select c.id, c.funder_id, c.currency, 'line overspent', w.proposal_id, w.id,
           cast(h.handed_in_at as text), b.name, s.amount - b.amount
    from report r join award w on w.id = r.award_id join commitment c on c.id = w.commitment_id
    join handed_in h on h.id = r.handed_in_id
    join spend s on s.handed_in_id = r.handed_in_id
    join award_budget_line b on b.id = s.budget_line_id and b.award_id = w.id
    where c.round_id = :round and r.state = 'accepted' and s.amount > b.amount
    and not exists (select 1 from report later where later.award_id = w.id
                    and later.state = 'accepted' and later.handed_in_id > r.handed_in_id)
    union all
    select c.id, c.funder_id, c.currency, 'return late', w.proposal_id, w.id,
           cast(q.due_on as text), '',
           (select coalesce(sum(case when x.credit_id = a.id then x.amount else -x.amount end), 0)
            from account a join transfer x on x.credit_id = a.id or x.debit_id = a.id
            where a.award_id = w.id and a.kind = 'paid')
           - (select coalesce(sum(s.amount), 0) from spend s join award_budget_line b
              on b.id = s.budget_line_id and b.award_id = w.id
              where s.handed_in_id = r.handed_in_id)
    from return_request q join award w on w.id = q.award_id
    join report r on r.id = q.report_id join commitment c on c.id = w.commitment_id
    where c.round_id = :round and q.due_on < :today and w.state <> 'completed'
    union all
    select c.id, c.funder_id, c.currency, 'award ended early', w.proposal_id, w.id,
           max(cast(x.posted_at as text)), max(x.reason), sum(x.amount)
    from transfer x join account d on d.id = x.debit_id join account e on e.id = x.credit_id
    join award w on w.id = d.award_id join commitment c on c.id = w.commitment_id
    where c.round_id = :round and w.state = 'terminated'
    and d.kind = 'awarded' and e.kind = 'available'
    group by c.id, c.funder_id, c.currency, w.proposal_id, w.id
    union all
    select c.id, c.funder_id, c.currency,
           case q.state when 'asked' then 'change asked for' else 'award changed' end,
           w.proposal_id, w.id,
           cast(case q.state when 'asked' then q.asked_at else q.settled_at end as text), q.kind, 0
    from change_request q join change_concern n on n.request_id = q.id
    join award w on w.id = n.award_id join commitment c on c.id = w.commitment_id
    where c.round_id = :round and q.state in ('asked', 'approved')
"""
DECIDED = """
    select c.id, c.funder_id, c.currency, r.state, w.proposal_id, w.id,
           cast(r.decided_at as text), '', 0
    from report r join award w on w.id = r.award_id join commitment c on c.id = w.commitment_id
    where c.round_id = :round and r.state in ('accepted', 'sent back')
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
NEEDS = "select area_key, steps, spent from area_need where round_id = :round"
HISTORY = """
    select coalesce(a.parent_key, a.key), g.currency, sum(g.amount)
    from historic_grant g join "round" r on r.id = :round
    join taxonomy x on x.round_id = r.id
    join area a on a.taxonomy_id = x.id and a.key = g.area_key
    where (g.organisation_id = r.owner_id or g.organisation_id in (
               select funder_id from round_funder where round_id = r.id and joined_at is not null))
    and g.awarded_on >= :since and g.amount is not null
    group by a.key, a.parent_key, g.currency
"""
RUNS = """
    select n.id, n.plan from run n join scenario s on s.id = n.scenario_id
    where s.round_id = :round and n.state = 'done'
"""
OVERLAPS = """
    select p.title, r.title, p.key, r.key, p.minimum, r.minimum, tp.amount, tr.amount
    from overlap o join proposal p on p.id = o.first_id join proposal r on r.id = o.second_id
    join run_proposal tp on tp.proposal_id = p.id and tp.run_id = :run
    join run_proposal tr on tr.proposal_id = r.id and tr.run_id = :run
    where o.round_id = :round
"""
STUDY = """
    select result from study where run_id = :run and kind = 'pooling' and state = 'done'
    order by id desc limit 1
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
    day: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Pair:
    """Two proposals that overlap; amounts in minor units of the page's currency."""

    first: str
    second: str
    degree: float
    at_stake: int
    saved: int
    is_avoided: bool


def converter(rates: dict[str, Fraction], to: str) -> Callable[[int, str], int]:
    """As docs/dashboards.md says: by nine digits of the rate of a minor unit, rounded down."""

    def convert(amount: int, currency: str) -> int:
        scale = 10 ** (DECIMALS.get(to, 2) - DECIMALS.get(currency, 2) + 2) / Fraction(100)
        kept = Fraction(floor(rates[currency] * scale * 10**PLACES), 10**PLACES)
        return (-1 if amount < 0 else 1) * floor(abs(amount) * kept)

    return convert


class Facts:
    """What SQL says of a round; every amount converted by itself.

    `run_id` is the run that the page rests on; `suggested` says that nothing is before the funders,
    so that its lines count as reserved. `reference`: what a unit is worth in the round's currency
    today, for past grants.
    """

    def __init__(
        self,
        session: Session,
        round_id: int,
        today: date,
        convert: Callable[[int, str], int],
        *,
        run_id: int = 0,
        is_suggested: bool = False,
        reference: Mapping[str, Fraction] | None = None,
    ) -> None:
        self.session, self.convert = session, convert
        self.values = {
            "round": round_id,
            "today": today,
            "run": run_id,
            "suggested": run_id if is_suggested else 0,
        }
        self.positions, self.spent = self._rows(POSITIONS), self._rows(SPENT)
        self.returned, self.late = self._rows(RETURNED), self._rows(LATE)
        self.promised, self.released = self._rows(PROMISED), self._rows(RELEASED)
        self.moved, self.declined = self._rows(MOVED), self._rows(DECLINED)
        self.decided = self._dated(DECIDED)
        self.deviations = [*self._dated(OFF_PLAN), *self._behind(self._all(NEWEST))]
        self.overdue = [row for row in self.deviations if row.stage == "report late"]
        self.weights: dict[int, Counter[str]] = {}
        self.region: dict[int, str] = {}
        for proposal, area, weight, region in self._all(TAGS):
            tags = self.weights.setdefault(proposal, Counter())
            tags[area] += floor(Fraction(weight) * 1_000_000 + Fraction(1, 2))
            self.region[proposal] = region or ""
        self.titles = dict(self._all("select id, title from proposal where round_id = :round"))
        self.funder_keys = dict(self._all("select key, name from organisation"))
        self.base, opens = self._one(
            'select base_currency, opens_at from "round" where id = :round'
        )
        self.values["since"] = _two_years_before(date.fromisoformat(str(opens)[:10]))
        self.needs = self._needs(reference or {})
        self._of_runs()

    def _all(self, query: str) -> list[Any]:
        wanted = {name: value for name, value in self.values.items() if f":{name}" in query}
        return list(self.session.execute(sa.text(query), wanted))

    def _one(self, query: str) -> Any:
        found = self._all(query)
        return found[0] if found else None

    def in_page(self, amount: int) -> int:
        """Minor units of the round's currency in the page's."""
        return self.convert(amount, self.base)

    def _rows(self, query: str) -> list[Row]:
        return [
            Row(
                c, f, currency, stage, proposal, award, int(year) if year else None,
                int(amount), self.convert(int(amount), currency),
            )
            for c, f, currency, stage, proposal, award, year, amount in self._all(query)
            if amount
        ]  # fmt: skip

    def _dated(self, query: str) -> list[Row]:
        return [
            Row(
                c, f, currency, stage, proposal, award, int(day[:4]),
                int(amount), self.convert(int(amount), currency), day[:10], detail,
            )
            for c, f, currency, stage, proposal, award, day, detail, amount in self._all(query)
        ]  # fmt: skip

    def _needs(self, reference: Mapping[str, Fraction]) -> dict[str, tuple[int, int]]:
        """Area -> what is needed and what others fund, in the page's minor units."""
        history: Counter[str] = Counter()
        for area, currency, amount in self._all(HISTORY):
            scale = Fraction(10) ** (DECIMALS.get(self.base, 2) - DECIMALS.get(currency, 2))
            history[area] += int(int(amount) * reference[currency] * scale)
        return {
            area: (
                self.in_page(sum(int(width) for width, _weight in _json(steps))),
                self.in_page(history[area] if spent is None else int(spent)),
            )
            for area, steps, spent in self._all(NEEDS)
        }

    def _of_runs(self) -> None:
        """What the stored runs and the study of the page's run hold."""
        self.most_of: dict[str, int] = {}
        for _run, plan in self._all(RUNS):
            for area, values in (_json(plan) or {}).get("areas", {}).items():
                amount = self.in_page(int(values["amount"]))
                self.most_of[area] = max(amount, self.most_of.get(area, amount))
        self.floor_prices: dict[str, float] = {}
        self.overlaps: list[Pair] = []
        self.study: dict[str, Any] = {}
        self.leaving: list[dict[str, float]] = []
        self.promises: dict[str, str] = {}
        run = self._one("select problem, explanation, plan, digest from run where id = :run")
        if run is None or run[3] is None:
            return
        problem, explanation, plan = (_json(document) for document in run[:3])
        self.floor_prices = {
            price["where"]: abs(price["price"])
            for price in explanation["shadow_prices"]
            if price["kind"] == "area floor" and abs(price["price"]) >= 0.005
        }
        degrees = {frozenset(pair["proposals"]): pair["degree"] for pair in problem["overlaps"]}
        for first, second, key, other, least, least_of_other, one, two in self._all(OVERLAPS):
            degree = degrees.get(frozenset({key, other}), 0)
            if degree:
                at_stake = int(degree * min(least, least_of_other))
                saved = at_stake if bool(one) != bool(two) else 0
                amounts = (self.in_page(at_stake), self.in_page(saved))
                is_avoided = not (one and two)
                self.overlaps.append(Pair(first, second, round(degree, 4), *amounts, is_avoided))
        study = self._one(STUDY)
        if study is not None:
            document = _json(study[0])
            self.study = document["funders"]
            blocking = document["groups"]["blocking"]
            self.leaving = [g["gains"] for g in sorted(blocking, key=lambda g: len(g["funders"]))]
            self.promises = {
                key: _promise(document["guarantees"].get(key), self.base, plan["value"])
                for key in self.study
            }

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
                stage, day = "spend behind plan", at.isoformat()
                found.append(
                    Row(c, f, currency, stage, proposal, award, at.year, even - spent, base, day)
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


def _json(stored: Any) -> Any:
    return json.loads(stored) if isinstance(stored, str) else stored


def _two_years_before(opens: date) -> date:
    return opens.replace(
        year=opens.year - 2, day=28 if (opens.month, opens.day) == (2, 29) else opens.day
    )


def _promise(price: Any, currency: str, value: float) -> str:
    """What docs/results.md says of a promise as much as leaving: its price, and of the plan's
    value how much that is."""
    if price is None:
        return "not worked out for this rule"
    if price["is_impossible"] or price["price"] is None:
        return "no plan can keep it" if price["is_impossible"] else "not known in the time given"
    if price["at_most"] <= 0:
        return "nothing: the plan gives it as much already"
    if price["at_least"] <= 0:
        said = f"too little to tell (at most {format_short(int(price['at_most']), currency)})"
    else:
        part = format_percent(price["price"] / value, 1)
        said = f"{format_short(int(price['price']), currency)} of the plan's value ({part})"
    return f"held already; it costs {said}" if price["is_held"] else said
