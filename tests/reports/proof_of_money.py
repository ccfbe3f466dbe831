"""Where the money is, what was promised, off plan and changed, as the dashboards must show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from funding.reports.ground import Filters
from tests.reports.dashboard_proof import (
    EVENTS,
    KINDS,
    PLACED,
    REGIONS,
    STAGES,
    Proof,
    Sums,
    by_funder,
    by_year,
    share,
    totals,
)
from tests.reports.dashboard_shown import has_digit
from tests.reports.dashboard_sql import Facts, Row

# -- where is every unit of money now ------------------------------------------------------------


def where(p: Proof) -> None:
    now = p.by_stage(p.facts)
    whole = sum(now.values())
    then = p.by_stage(p.other) if p.other else {}
    p.found["answer",] = (
        f"{share(whole - now['available'], whole)} of {p.short(whole)} has a proposal,"
        f" {share(now['paid'], whole)} is paid."
        if whole
        else "No money here yet."
    )
    p.stat("Committed", whole, p.beside(sum(then.values())))
    for stage in STAGES:
        p.stat(stage.title(), now[stage], p.beside(then.get(stage, 0)))
    p.stat("Spent, as accepted in reports", p.total(p.facts.spent))
    p.stat("Returned by grantees", p.total(p.facts.returned))
    overdue = sum(p.tagged(row, p.filters) for row in p.facts.overdue)
    late = f"{overdue} report overdue" if overdue == 1 else f"{overdue} reports overdue"
    p.stat("Late", p.total(p.facts.late), late)
    for id_, of, names in (
        ("by-funder", by_funder, p.funders),
        ("by-area", lambda _row, area: area, {"": "No area given", **p.areas}),
        ("by-region", lambda row, _area: p.region(row), REGIONS),
    ):
        _money_by(p, id_, of, names)
    _years(p)
    _areas_over_years(p)


def _money_by(p: Proof, id_: str, of: Callable[[Row, str], Any], names: dict[Any, str]) -> None:
    def placed(rows: list[Row]) -> list[Row]:
        return rows if id_ == "by-funder" else [row for row in rows if row.proposal_id]

    now = p.sums(placed(p.facts.positions), lambda row, area: (of(row, area), row.stage))
    beside = [p.sums(rows, of) for rows in (p.facts.spent, p.facts.returned, p.facts.late)]
    if p.other:
        other = p.other

        def theirs(row: Row, area: str) -> Any:
            return p.region(row, other) if id_ == "by-region" else of(row, area)

        beside.append(p.sums(placed(other.positions), theirs, facts=other))
    keys = {key for key, _stage in now} | {key for sums in beside for key in sums}
    whole = sum(now.values())
    if not whole:
        return
    rows = []
    for key in keys:
        stages = [now.get((key, stage), 0) for stage in STAGES]
        rows.append((names[key], *stages, sum(stages), *(sums.get(key, 0) for sums in beside)))
    columns = [*(stage.title() for stage in STAGES), "Total", "Spent", "Returned", "Late"]
    p.table(id_, columns + [p.other_name] * bool(p.other), rows, totals(rows))
    top = min(rows, key=lambda row: (-row[6], row[0]))
    if id_ == "by-funder":
        p.say(id_, "finding", text=f"{top[0]} brings {share(top[6], whole)} of {p.short(whole)}")
    else:
        text = f"{top[0]} takes {share(top[6], whole)} of the money that has a proposal"
        p.say(id_, "finding", text=text)


def _by_years(p: Proof, id_: str, series: dict[str, Sums]) -> bool:
    years = sorted({year for sums in series.values() for year in sums if year})
    if years:
        rows = [(year, *(sums.get(year, 0) for sums in series.values())) for year in years]
        p.table(id_, list(series), rows, totals(rows))
    return bool(years)


def _years(p: Proof) -> None:
    series = {}
    if not (p.filters.area or p.filters.region or p.filters.year is not None):
        series["Released by commitments"] = p.sums(p.facts.released, by_year)
    of = {stage: [r for r in p.facts.positions if r.stage == stage] for stage in PLACED}
    awarded, due, paid = (p.sums(of[stage], by_year) for stage in PLACED)
    series |= {"Awarded, not scheduled": awarded, "Due in tranches": due, "Paid": paid}
    series["Spent, as accepted"] = p.sums(p.facts.spent, by_year)
    if not _by_years(p, "years", series):
        return
    if sum(paid.values()) or sum(due.values()):
        text = f"{p.short(sum(paid.values()))} is paid and {p.short(sum(due.values()))} is due"
        p.say("years", "finding", text=text)
    elif sum(awarded.values()):
        text = f"{p.short(sum(awarded.values()))} is awarded; nothing is due or paid yet"
        p.say("years", "finding", text=text)


def _areas_over_years(p: Proof) -> None:
    dated = [row for row in p.facts.positions if row.year is not None]
    sums = p.sums(dated, lambda row, area: (area, str(row.year)))
    sums = {key: amount for key, amount in sums.items() if key[0]}
    years = sorted({year for _area, year in sums})
    if len(years) < 2:
        return
    rows = []
    for area in {area for area, _year in sums}:
        amounts = [sums.get((area, year), 0) for year in years]
        rows.append((p.areas[area], *amounts, sum(amounts)))
        said = tuple(f"{y}: {p.short(a)}" for y, a in zip(years, amounts, strict=True))
        strip = (p.short(sum(amounts)), dict(zip(years, amounts, strict=True)), {}, said)
        p.found["areas-over-years", "strip", p.areas[area]] = strip
    whole = totals(rows)
    p.table("areas-over-years", [*years, "Total"], rows, whole)
    most = max(whole[1:-1])
    text = f"Most awarded money falls into {years[whole.index(most) - 1]}: {p.short(most)}"
    p.say("areas-over-years", "finding", text=text)


# -- are promises kept ---------------------------------------------------------------------------


def promises(p: Proof) -> None:
    facts, of = p.facts, Filters(p.filters.funder_id)
    first, expired = "commitment registered", "commitment expired"
    changed = ("commitment increased", "commitment reduced")

    def by(rows: Iterable[Row], *stages: str, facts: Facts = facts) -> Sums:
        wanted = [row for row in rows if not stages or row.stage in stages]
        return p.sums(wanted, by_funder, of, facts)

    now = by(facts.positions)
    released = by([row for row in facts.released if row.year and row.year <= p.today.year])
    due = {funder: min(amount, now.get(funder, 0)) for funder, amount in released.items()}
    columns = {
        "Promised at first": by(facts.promised, first),
        "Changed since": by(facts.promised, *changed),
        "Expired": by(facts.promised, expired),
        "Promised now": now,
        "To be there by now": due,
        "Awarded": by(facts.positions, *PLACED),
        "Paid": by(facts.positions, "paid"),
        "Late": by(facts.late),
    }
    sums = {name: sum(amounts.values()) for name, amounts in columns.items()}
    there, paid, year = sums["To be there by now"], sums["Paid"], p.today.year
    p.found["answer",] = (
        (
            f"By the end of {year} {p.short(there)} is to be there; {p.short(sums['Awarded'])} is"
            f" awarded and {p.short(paid)} paid ({share(paid, there)})."
        )
        if there
        else f"Nothing of what is promised has to be there by the end of {year}."
    )
    p.stat("Promised at first", sums["Promised at first"])
    p.stat("Added or taken back since", sums["Changed since"])
    p.stat("Expired unused", -sums["Expired"])
    p.stat("Promised now", sum(by(facts.promised).values()))
    p.stat("To be there by the end of this year", there)
    p.stat("Awarded", sums["Awarded"])
    p.stat("Paid", paid)
    p.stat("Late", sums["Late"])
    then = by(p.other.positions, "paid", facts=p.other) if p.other else {}

    def line(name: str, amounts: list[int], before: int) -> tuple[Any, ...]:
        kept = round(amounts[6] / amounts[4], 4) if amounts[4] else None
        return (name, *amounts[:7], kept, amounts[7], *([before] if p.other else []))

    heads = [*columns]
    heads.insert(7, "Paid, of what is to be there")
    p.table(
        "promised-and-paid",
        heads + [f"Paid in {p.other_name}"] * bool(p.other),
        [
            line(p.funders[f], [of.get(f, 0) for of in columns.values()], then.get(f, 0))
            for f in columns["Promised at first"]
        ],
        line("All", [*sums.values()], sum(then.values())),
    )
    funders = [*columns["Promised at first"]]
    kept = sum(columns["Paid"].get(f, 0) >= due.get(f, 0) for f in funders)
    text = f"{kept} of {len(funders)} funders have paid all that is to be there by now"
    p.say("promised-and-paid", "finding", text=text)
    _promises_by_year(p, of)


def _promises_by_year(p: Proof, of: Filters) -> None:
    series = {"Promised for the year": p.sums(p.facts.released, by_year, of)}
    for name, stage in zip(
        ("Awarded, not scheduled", "Due in tranches", "Paid"), PLACED, strict=True
    ):
        rows = [row for row in p.facts.positions if row.stage == stage]
        series[name] = p.sums(rows, by_year, of)
    _by_years(p, "promises-by-year", series)
    year = min(year for sums in series.values() for year in sums if year)
    amount = series["Promised for the year"].get(year, 0)
    text = f"{p.short(amount)} was promised for {year}, the first year"
    p.say("promises-by-year", "finding", text=text)

    def by(rows: Iterable[Row]) -> Sums:
        return p.sums([r for r in rows if r.year], lambda r, _area: (r.funder_id, r.year), of)

    promised = by(p.facts.released)
    paid = by(row for row in p.facts.positions if row.stage == "paid")
    years = sorted({year for _funder, year in (*promised, *paid)})
    if len(years) < 2:
        return
    table = []
    for funder in {funder for funder, _year in promised}:
        pairs = [(promised.get((funder, y), 0), paid.get((funder, y), 0)) for y in years]
        table.append((p.funders[funder], *(amount for pair in pairs for amount in pair)))
        p.found["funders-over-years", "strip", p.funders[funder]] = (
            p.short(sum(got for _of, got in pairs)),
            {str(y): got for y, (_of, got) in zip(years, pairs, strict=True)},
            {str(y): of for y, (of, _got) in zip(years, pairs, strict=True)},
            tuple(
                f"{y}: {p.short(got)} paid of {p.short(of)}"
                for y, (of, got) in zip(years, pairs, strict=True)
            ),
        )
    heads = [f"{year}, {kind}" for year in years for kind in ("promised", "paid")]
    p.table("funders-over-years", heads, table)


# -- what is off plan ----------------------------------------------------------------------------


def off_plan(p: Proof) -> None:
    rows = [row for row in p.facts.deviations if p.tagged(row, p.filters)]
    numbers = Counter(row.stage for row in rows)
    amounts = p.sums(rows, lambda row, _area: row.stage)
    late = amounts.get("tranche late", 0) + amounts.get("milestone missed", 0)
    many = f"{len(rows)} thing is" if len(rows) == 1 else f"{len(rows)} things are"
    p.found["answer",] = (
        f"{many} off plan; {p.short(late)} that was scheduled is past its day."
        if rows
        else "Everything is as planned."
    )
    for kind, name in KINDS.items():
        amount = amounts.get(kind, 0)
        p.number(name, numbers[kind], p.short(amount) if amount else "")
    if not rows:
        return
    table = [(KINDS[k], numbers[k], amounts.get(k) or None) for k in numbers]
    p.table("by-kind", ["How many", "Amount"], table)
    worst = max(numbers, key=lambda kind: (numbers[kind], -[*KINDS].index(kind)))
    text = f"Most often: {KINDS[worst].lower()}, {numbers[worst]} times"
    p.say("by-kind", "finding", text=text)
    p.say("by-kind", "unit", text=f"how many; amounts in {p.currency}")
    rows.sort(key=lambda row: (row.day, row.award_id, row.stage, row.detail))
    shown = rows[:15]
    p.table(
        "longest-off",
        ["Days", "Amount"],
        [
            (
                p.facts.titles[row.proposal_id or 0],
                KINDS[row.stage],
                p.funders[row.funder_id],
                p.written(row.day),
                max(0, (p.today - date.fromisoformat(row.day)).days),
                p.total([row]) or None,
                *([row.detail] if has_digit(row.detail) else []),
            )
            for row in shown
        ],
    )
    p.say(
        "longest-off",
        "finding",
        text=f"Longest off plan: “{p.facts.titles[rows[0].proposal_id or 0]}”"
        if len(rows) <= 15
        else f"The 15 longest off plan, of {len(rows)}",
    )


# -- what changed since the last meeting ---------------------------------------------------------


def changes(p: Proof) -> None:
    facts = p.facts
    of = Filters(p.filters.funder_id, p.filters.area, p.filters.region)
    sums = p.sums(facts.moved, lambda row, _area: row.stage, of)
    numbers = Counter(row.stage for row in facts.moved if p.tagged(row, of))
    new = sum(sums.get(f"commitment {event}", 0) for event in ("registered", "increased"))
    awarded, paid = sums.get("line approved", 0), sums.get("tranche paid", 0)
    p.found["answer",] = (
        f"{p.short(awarded)} was awarded and {p.short(paid)} paid; {p.short(new)} was newly"
        " promised."
        if sums
        else "No money has moved since."
    )
    ended = ("award refused", "offer lapsed", "award terminated")
    declined = p.total(facts.declined, of)
    decided = Counter(row.stage for row in facts.decided if p.tagged(row, of))
    p.stat("New promises", new)
    p.stat("Awarded", awarded)
    p.stat("Paid", paid)
    p.stat("Returned", sums.get("money returned", 0))
    p.stat("Freed by awards that ended", sum(sums.get(event, 0) for event in ended))
    p.stat("Lines declined", declined)
    p.number("Reports accepted", decided["accepted"])
    if sums:
        p.table("moved", ["How often", "Amount"], [(EVENTS[e], numbers[e], sums[e]) for e in sums])
        most = min(sums, key=lambda event: (-sums[event], event))
        text = f"Most money moved by this: {EVENTS[most].lower()}, {p.short(sums[most])}"
        p.say("moved", "finding", text=text)
    columns = {
        "Newly promised": ("commitment registered", "commitment increased"),
        "Taken back or expired": ("commitment reduced", "commitment expired"),
        "Put forward": ("line put forward",),
        "Awarded": ("line approved",),
        "Paid": ("tranche paid",),
        "Returned": ("money returned",),
    }
    by = [
        p.sums([row for row in facts.moved if row.stage in events], by_funder, of)
        for events in columns.values()
    ]
    rows = [(p.funders[f], *(s.get(f, 0) for s in by)) for f in {f for s in by for f in s}]
    if rows:
        p.table("changes-by-funder", list(columns), rows, totals(rows))
    lines = len([row for row in facts.declined if p.tagged(row, of)])
    if lines or decided:
        decisions = [
            ("Lines declined", lines, declined or None),
            ("Reports accepted", decided["accepted"], None),
            ("Reports sent back", decided["sent back"], None),
        ]
        p.table("decisions", ["How often", "Amount"], decisions)
