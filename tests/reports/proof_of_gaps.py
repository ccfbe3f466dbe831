"""Which gaps stay open, and who gains what from pooling, as the dashboards must show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from funding.formatting import format_percent
from funding.reports.ground import Filters
from tests.reports.dashboard_proof import Proof, Sums, listed, totals
from tests.reports.dashboard_shown import has_digit
from tests.reports.dashboard_sql import Facts


def gaps(p: Proof) -> None:
    found = _needs(p, p.facts)
    then = _needs(p, p.other) if p.other else {}
    sums = [sum(gap[n] for gap in found.values()) for n in range(4)]
    before = [sum(gap[n] for gap in then.values()) for n in range(4)]
    for number, label in enumerate(("Needs", "Funded by others", "This round", "Still open")):
        p.stat(label, sums[number], p.beside(before[number]))
    open_ = {area: gap for area, gap in found.items() if gap[3]}
    if not found:
        p.found["answer",] = "No area of this round states a need."
        return
    widest = min(found, key=lambda area: (-found[area][3], p.areas[area]))
    p.found["answer",] = (
        f"{len(open_)} of {len(found)} areas stay open, {p.short(sums[3])} together;"
        f" {p.areas[widest]} keeps the widest gap."
        if open_
        else "Every area's need is met."
    )

    def line(name: str, gap: Sequence[int], old: int) -> tuple[Any, ...]:
        covered = round(1 - gap[3] / gap[0], 4)
        return (name, *gap, covered, *([old] if p.other else []))

    columns = ["Need", "Funded by others", "This round", "Still open", "Covered"]
    p.table(
        "gaps",
        columns + [f"Open in {p.other_name}"] * bool(p.other),
        [line(p.areas[a], gap, then.get(a, (0, 0, 0, 0))[3]) for a, gap in found.items()],
        line("All", sums, before[3]),
    )
    if open_:
        text = f"{p.areas[widest]} keeps the widest gap: {p.short(found[widest][3])}"
        p.say("gaps", "finding", text=f"{text} of {p.short(sums[3])} still open")
        _closing(p, open_, widest)


def _needs(p: Proof, facts: Facts) -> dict[str, tuple[int, int, int, int]]:
    """Area -> need, funded by others, this round, still open."""
    of = Filters(p.filters.funder_id, p.filters.area)
    pool = p.sums(facts.positions, lambda _row, area: area, of, facts)
    found = {}
    for area, (need, spent) in facts.needs.items():
        if need and of.area in (None, area):
            here = pool.get(area, 0)
            found[area] = (need, spent, here, max(0, need - spent - here))
    return found


def _closing(p: Proof, open_: dict[str, tuple[int, int, int, int]], widest: str) -> None:
    rows = []
    priced = []
    for area in sorted(open_, key=lambda area: (-open_[area][3], p.areas[area])):
        _need, _others, here, gap = open_[area]
        price = p.facts.floor_prices.get(area)
        runs = p.facts.most_of.get(area)
        beyond = runs - here if runs is not None else 0
        closes = None if runs is None or beyond < gap / 200 else round(min(1.0, beyond / gap), 4)
        worth = (None, None) if price is None else (round(price, 4), int(price * gap))
        rows.append((p.areas[area], gap, *worth, runs, closes))
        if price is not None:
            priced.append(f"Raising {p.areas[area]} costs {price:.2f} of good work for each unit")
    columns = ["Missing money", "Price of a unit moved", "So at least, for all"]
    p.table("closing", [*columns, "Amount there", "Closes of it"], rows)
    new = f"Closing the widest gap takes {p.short(open_[widest][3])} of new money"
    p.say("closing", "finding", text=f"{priced[0]} moved" if priced else new)


# -- who gains what from pooling -----------------------------------------------------------------


def pooling(p: Proof) -> None:
    facts, study = p.facts, p.facts.study
    placed = [row for row in facts.positions if row.proposal_id]
    parts = p.sums(placed, lambda row, area: (row.proposal_id, row.funder_id, area))
    paid: dict[int, Sums] = {}
    for (proposal, funder, _area), amount in parts.items():
        paid.setdefault(proposal, Counter())[funder] += amount
    several = sum(len(funders) > 1 for funders in paid.values())
    saved = sum(o.saved for o in facts.overlaps)
    gains = {f: v["value"] / v["leave"] - 1 for f, v in study.items() if v["leave"]}
    least = format_percent(min(gains.values())) if gains else "–"
    p.found["stat", "Least gain of a funder"] = (least, 0, "")
    p.number("Proposals that several funders pay", several, f"of {len(paid)} with money")
    avoided = sum(o.is_avoided for o in facts.overlaps)
    p.stat("Not paid twice", saved, f"{avoided} overlap{'s' * (avoided != 1)} avoided")
    p.found["answer",] = (
        "Nobody has worked out yet what each funder gains: ask for it at the result, under “What"
        " pooling gains”."
    )
    if study:
        _gain(p, gains)
    _pairs(p, paid)
    _flow(p, parts, several, len(paid))
    if facts.overlaps:
        rows = [(o.first, o.second, o.degree, o.at_stake, o.saved) for o in facts.overlaps]
        columns = ["Degree", "Would be paid twice", "Not paid twice"]
        p.table("overlaps", columns, rows, ("All", "", None, None, saved))
        text = f"{avoided} of {len(rows)} overlaps are avoided: {p.short(saved)} is not paid twice"
        p.say("overlaps", "finding", text=text)


def _gain(p: Proof, gains: dict[str, float]) -> None:
    less = sum(gain <= 0 for gain in gains.values())
    low, high = format_percent(min(gains.values())), format_percent(max(gains.values()))
    much = low if low == high else f"{low} to {high}"
    text = (
        f"{less} of {len(gains)} funders get{'s' * (less == 1)} no more done in the pool than by"
        " leaving it"
        if less
        else f"Every funder gets more done in the pool than by leaving it, by {much}"
    )
    p.found["answer",] = f"{text}."
    p.say("gain", "finding", text=text)
    for number, group in enumerate(p.facts.leaving[:3]):
        more = [
            (p.facts.funder_keys[f], format_percent(g / p.facts.study[f]["value"], 1))
            for f, g in group.items()
        ]
        who = listed([name for name, _more in more])
        parts = listed([f"{name} {share}" for name, share in more])
        p.found["note", str(number)] = (
            f"{who} would get {more[0][1]} more done by leaving."
            if len(more) == 1
            else f"{who} would each get more done by leaving together: {parts} more."
        )
    rows = []
    for key, values in p.facts.study.items():
        gain = round(gains[key], 4) if key in gains else None
        amounts = [p.facts.in_page(int(values[of])) for of in ("alone", "leave", "value")]
        promise = p.facts.promises[key]
        said = (promise,) if has_digit(promise) else ()
        rows.append((p.facts.funder_keys[key], *amounts, gain, *said))
    p.table("gain", ["Alone", "By leaving", "In the pool", "Gain over leaving"], rows)


def _pairs(p: Proof, paid: dict[int, Sums]) -> None:
    found: dict[tuple[int, int], list[int]] = {}
    for funders in paid.values():
        for first, second in combinations(sorted(funders), 2):
            sums = found.setdefault((first, second), [0, 0])
            sums[0] += 1
            sums[1] += funders[first] + funders[second]
    if not found:
        return
    rows = [(p.funders[a], p.funders[b], *sums) for (a, b), sums in found.items()]
    p.table("together", ["Proposals", f"Money of both, {p.currency}"], rows)
    (a, b), (number, _amount) = min(
        found.items(), key=lambda each: (-each[1][0], -each[1][1], each[0])
    )
    many = f"{number} proposal{'s' * (number != 1)}"
    text = f"{p.funders[a]} and {p.funders[b]} pay most together: {many}"
    p.say("together", "finding", text=text)


def _flow(p: Proof, parts: Sums, several: int, every: int) -> None:
    links: Sums = {}
    for (proposal, funder, area), amount in parts.items():
        if area and amount:
            for link in (
                (p.funders[funder], p.areas[area]),
                (p.areas[area], p.facts.titles[proposal]),
            ):
                links[link] = links.get(link, 0) + amount
    if not links:
        return
    sums: Sums = {}
    for (_proposal, _funder, area), amount in parts.items():
        if area and amount:
            sums[area] = sums.get(area, 0) + amount
    rows = [(p.areas[area], amount) for area, amount in sums.items()]
    p.table("flow", ["From all funders"], rows, totals(rows))
    p.found["flow", "links"] = Counter((a, b, amount) for (a, b), amount in links.items())
    text = f"{several} of {every} proposals draw on more than one funder"
    p.say("flow", "finding", text=text)
