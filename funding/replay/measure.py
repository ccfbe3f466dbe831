"""A solved replay in figures and rows: plain values, ready for JSON.

Amounts are integer minor units; shares and gains are fractions of 1; `worth` is money weighted by
merit and need.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from funding.replay.build import ReplayRound
from funding.replay.solving import Side, Solved

SAME = 1e-4
"""Relative difference below which two values are the same: plans are proven no closer."""

SAME_MONEY = 1e-3
"""A change by less than this part of what was paid is the crumbs of a plan, no change."""


def headline(made: ReplayRound, solved: Solved) -> dict[str, Any]:
    """The figures that are followed through all variations."""
    really, plan, turn = solved.really, solved.plan, solved.in_turn
    moved = sum(
        max(0, plan.totals.get(name, 0) - really.totals.get(name, 0)) for name in plan.totals
    )
    return {
        "pool": made.pool,
        "asked": sum(one.ask for one in made.recipients),
        "candidates": len(made.recipients),
        "spent": sum(plan.totals.values()),
        "spent_in_turn": sum(turn.totals.values()),
        "agreements_really": len(really.lines),
        "agreements": len(plan.lines),
        "recipients_really": len(really.totals),
        "recipients": len(plan.totals),
        "new": len(plan.totals.keys() - really.totals.keys()),
        "dropped": len(really.totals.keys() - plan.totals.keys()),
        "several_really": _several(really),
        "several": _several(plan),
        "covered_really": covered(made, really),
        "covered_in_turn": covered(made, turn),
        "covered": covered(made, plan),
        "worth_really": really.value,
        "worth_in_turn": turn.value,
        "worth": plan.value,
        "gain": gain(plan.value, really.value),
        "gain_over_turn": gain(plan.value, turn.value),
        "moved": moved / made.pool,
        "funders": len(made.funders),
        "funders_better": _better(plan, really),
        "funders_better_than_in_turn": _better(plan, turn),
        "guarantee_held": solved.guarantee_held,
        "status": solved.status,
    }


def gain(new: float, old: float) -> float | None:
    """How much more `new` is than `old`, as a fraction of it; None where that means nothing."""
    return None if old <= 0 else new / old - 1


def _several(side: Side) -> int:
    """Recipients with more than one payer."""
    return sum(count > 1 for count in Counter(to for _, to in side.lines).values())


def _better(side: Side, other: Side) -> int:
    return sum(
        value > other.funders[name] + SAME * abs(other.funders[name])
        for name, value in side.funders.items()
    )


def covered(made: ReplayRound, side: Side) -> float:
    """The part of all areas' needs that the money meets, counting no area beyond its need."""
    needed = sum(made.needs.values())
    met = sum(min(need, side.areas.get(area, 0.0)) for area, need in made.needs.items())
    return met / needed if needed else 0.0


def area_rows(made: ReplayRound, solved: Solved) -> list[dict[str, Any]]:
    """Each area: its need, what it got, what it would have got in turn and in the pool."""
    return [
        {
            "id": area,
            "name": name,
            "need": made.needs[area],
            "really": round(solved.really.areas.get(area, 0)),
            "in_turn": round(solved.in_turn.areas.get(area, 0)),
            "plan": round(solved.plan.areas.get(area, 0)),
            "candidates": sum(area in one.areas for one in made.recipients),
        }
        for area, name in made.areas.items()
    ]


def funder_rows(made: ReplayRound, solved: Solved) -> list[dict[str, Any]]:
    """Each funder: its money, agreements and what all the money was worth to it, largest first."""
    agreements_really, agreements = _by_funder(solved.really), _by_funder(solved.plan)
    rows = [
        {
            "name": funder.name,
            "amount": funder.amount,
            "areas": len(funder.areas),
            "agreements_really": agreements_really[funder.name],
            "agreements": agreements[funder.name],
            "really": solved.really.funders[funder.name],
            "in_turn": solved.in_turn.funders[funder.name],
            "leave": solved.leaving.get(funder.name),
            "plan": solved.plan.funders[funder.name],
        }
        for funder in made.funders
    ]
    return sorted(rows, key=lambda row: (-row["amount"], row["name"]))


def _by_funder(side: Side) -> Counter[str]:
    return Counter(funder for funder, _ in side.lines)


def recipient_rows(made: ReplayRound, solved: Solved) -> list[dict[str, Any]]:
    """Each candidate with what it got and would have got, largest change first."""
    payers_really, payers = _payers(solved.really), _payers(solved.plan)
    rows = [
        {
            "name": one.name,
            "ask": one.ask,
            "ask_from": one.ask_from,
            "minimum": one.minimum,
            "smallest_grant": one.smallest_grant,
            "merit": one.merit,
            "merit_from": one.merit_from,
            "areas": [[made.areas[area], share] for area, share in by_share(one.areas)],
            "really": one.received,
            "in_turn": solved.in_turn.totals.get(one.name, 0),
            "plan": solved.plan.totals.get(one.name, 0),
            "payers_really": payers_really.get(one.name, []),
            "payers": payers.get(one.name, []),
        }
        for one in made.recipients
    ]
    return sorted(rows, key=lambda row: (-abs(row["plan"] - row["really"]), row["name"]))


def by_share(areas: Mapping[str, float]) -> list[tuple[str, float]]:
    """Areas with their shares, largest first."""
    return sorted(areas.items(), key=lambda item: (-item[1], item[0]))


def _payers(side: Side) -> dict[str, list[list[Any]]]:
    found: dict[str, list[list[Any]]] = defaultdict(list)
    for (funder, to), amount in sorted(side.lines.items(), key=lambda item: (-item[1], item[0])):
        found[to].append([funder, amount])
    return found


def direction(row: Mapping[str, Any]) -> str:
    """How a recipient fares in the plan: new, more, same, less or gone; "" if never paid."""
    really, plan = row["really"], row["plan"]
    if not really:
        return "new" if plan else ""
    if not plan:
        return "gone"
    if abs(plan - really) <= SAME_MONEY * really:
        return "same"
    return "more" if plan > really else "less"


def ranges(
    base: Mapping[str, Any], varied: Iterable[tuple[str, Mapping[str, Any]]]
) -> dict[str, dict[str, Any]]:
    """For each headline figure: base, least and most, and the variation that makes each."""
    varied = list(varied)
    found = {}
    for key in FOLLOWED:
        known = [(figures[key], label) for label, figures in varied if figures[key] is not None]
        if base[key] is None:
            continue
        known.append((base[key], ""))
        least, most = min(known, key=lambda one: one[0]), max(known, key=lambda one: one[0])
        found[key] = {
            "base": base[key],
            "least": least[0],
            "least_when": least[1],
            "most": most[0],
            "most_when": most[1],
        }
    return found


FOLLOWED = (
    "gain",
    "gain_over_turn",
    "covered",
    "agreements",
    "recipients",
    "new",
    "dropped",
    "moved",
    "funders_better",
)
"""Headline figures of which the range over all variations is told."""


def steadiness(
    base: Iterable[Mapping[str, Any]], varied: Iterable[Mapping[str, str]]
) -> dict[str, dict[str, int]]:
    """For each candidate of the base: in how many variations it fares how, and of how many."""
    varied = list(varied)
    found = {}
    for row in base:
        counts = Counter(fares[row["name"]] for fares in varied if row["name"] in fares)
        found[row["name"]] = {
            "tried": counts.total(),
            "up": counts["new"] + counts["more"],
            "down": counts["gone"] + counts["less"],
            "gone": counts["gone"],
            "funded": counts["new"] + counts["more"] + counts["same"] + counts["less"],
        }
    return found
