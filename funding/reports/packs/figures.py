"""The figures of a pack: made of a run's documents and its studies, and of nothing else.

The same documents give the same figures, to the byte. Money and value are minor units of the
round's currency, shares are parts per million; everything is a whole number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from funding.reports.packs.canonical import parts_per_million
from funding.services.run_words import baselines_of

Document = dict[str, Any]
MOST_OTHERS = 4
"""Portfolios shown beside the plan."""
DIFFERENT = 0.02
"""Of the plan's money: what moves less is no other portfolio."""
LETTERS = "ABCDEFGH"


@dataclass(frozen=True)
class Sources:
    """The stored documents: a run's, and the finished studies of it by kind."""

    problem: Document
    plan: Document
    explanation: Document
    studies: Mapping[str, Document]


def figures(sources: Sources) -> Document:
    """Every figure of the pack."""
    problem, plan = sources.problem, sources.plan
    chosen = [plan, *_others(sources)]
    return {
        "money": _money(problem, plan),
        "value": {"plan": round(plan["value"]), "bound": round(plan["bound"])},
        "portfolios": [
            _portfolio(problem, one, chosen, number) for number, one in enumerate(chosen)
        ],
        "tolerance": _tolerance(sources),
        "funders": _funders(sources),
        "groups": _groups(sources),
        "sureness": _sureness(sources),
        "overlaps": _overlaps(problem, plan),
        "overrides": _overrides(sources),
        "risks": _risks(problem, plan),
    }


def _money(problem: Document, plan: Document) -> Document:
    available = sum(
        c["amount"] - sum(owed["amount"] for owed in c.get("promised") or ())
        for c in problem["commitments"]
    )
    given = sum(plan["totals"].values())
    return {
        "available": available,
        "given": given,
        "left": available - given,
        "asked": sum(p["ask"] for p in problem["proposals"]),
        "funded": sum(1 for total in plan["totals"].values() if total),
        "proposals": len(problem["proposals"]),
    }


# -- portfolios -----------------------------------------------------------------------------------


def _others(sources: Sources) -> list[Document]:
    """Plans of the study of alternatives that differ from the plan and from each other."""
    found = sources.studies.get("alternatives")
    if found is None:
        return []
    least = DIFFERENT * sum(sources.plan["totals"].values())
    chosen = [sources.plan]
    for portfolio in found["portfolios"]:
        other = portfolio["plan"]
        if len(chosen) <= MOST_OTHERS and all(moved(other, one) >= least for one in chosen):
            chosen.append(other)
    return chosen[1:]


def moved(one: Document, other: Document) -> int:
    """The money that goes to other proposals, minor units."""
    keys = {*one["totals"], *other["totals"]}
    apart = sum(abs(one["totals"].get(k, 0) - other["totals"].get(k, 0)) for k in keys)
    return apart // 2


def _tolerance(sources: Sources) -> int | None:
    found = sources.studies.get("alternatives")
    return None if found is None else parts_per_million(found["tolerance"])


def _portfolio(
    problem: Document, plan: Document, chosen: Sequence[Document], number: int
) -> Document:
    first = chosen[0]
    money = max(1, sum(first["totals"].values()))
    apart = [moved(plan, other) for k, other in enumerate(chosen) if k != number]
    return {
        "letter": LETTERS[number],
        "value": round(plan["value"]),
        "worth": parts_per_million(plan["value"] / first["value"]) if first["value"] else 1_000_000,
        "given": sum(plan["totals"].values()),
        "funded": sum(1 for total in plan["totals"].values() if total),
        "agreements": len(plan["lines"]),
        "moved": moved(plan, first),
        "moved_share": parts_per_million(moved(plan, first) / money),
        "nearest_share": parts_per_million(min(apart) / money) if apart else None,
        "areas": _areas(problem, plan, first),
        "funders": _gives(problem, plan, first),
        "totals": [
            {"proposal": key, "amount": total}
            for key, total in sorted(plan["totals"].items())
            if total
        ],
        "moves": _moves(plan, first),
    }


def _areas(problem: Document, plan: Document, first: Document) -> list[Document]:
    found = []
    for area in problem["areas"]:
        key = area["id"]
        amount, before = plan["areas"][key]["amount"], first["areas"][key]["amount"]
        need = sum(step["width"] for step in area.get("steps") or ())
        found.append(
            {
                "area": key,
                "amount": amount,
                "change": amount - before,
                "need": need,
                "open": max(0, need - area.get("spent", 0) - amount) if need else 0,
                "short": plan["areas"][key]["shortfall"],
            }
        )
    return found


def _gives(problem: Document, plan: Document, first: Document) -> list[Document]:
    """What each funder pays, beside what it pays in the plan."""
    now, before = _by_funder(problem, plan), _by_funder(problem, first)
    return [
        {"funder": key, "amount": now[key], "change": now[key] - before[key]}
        for key in sorted({c["funder"] for c in problem["commitments"]})
    ]


def _by_funder(problem: Document, plan: Document) -> defaultdict[str, int]:
    funder = {c["id"]: c["funder"] for c in problem["commitments"]}
    sums: defaultdict[str, int] = defaultdict(int)
    for line in plan["lines"]:
        sums[funder[line["commitment"]]] += line["amount"]
    return sums


def _moves(plan: Document, first: Document) -> list[Document]:
    """Every proposal that gets another amount than in the plan, the largest change first."""
    found = []
    for key in {*plan["totals"], *first["totals"]}:
        before, after = first["totals"].get(key, 0), plan["totals"].get(key, 0)
        if before != after:
            kind = "in" if not before else "out" if not after else ""
            kind = kind or ("more" if after > before else "less")
            found.append({"proposal": key, "kind": kind, "before": before, "after": after})
    return sorted(found, key=lambda m: (-abs(m["after"] - m["before"]), m["proposal"]))


# -- funders --------------------------------------------------------------------------------------


def _funders(sources: Sources) -> list[Document]:
    """What gets done as each funder sees it: alone, after leaving, in the plan."""
    study = sources.studies.get("pooling")
    stated = study["funders"] if study else baselines_of(sources.plan, sources.explanation)
    gives = _by_funder(sources.problem, sources.plan)
    found = []
    for key in sorted({c["funder"] for c in sources.problem["commitments"]}):
        known = stated.get(key, {})
        leave, value = known.get("leave"), known.get("value")
        found.append(
            {
                "funder": key,
                "gives": gives[key],
                "value": None if value is None else round(value),
                "alone": None if known.get("alone") is None else round(known["alone"]),
                "leave": None if leave is None else round(leave),
                "gain": parts_per_million(value / leave - 1)
                if leave and value is not None
                else None,
            }
        )
    return found


def _groups(sources: Sources) -> list[Document] | None:
    """Groups of funders that would do better by leaving together; None where nobody looked."""
    study = sources.studies.get("pooling")
    if study is None:
        return None
    return [{"funders": group["funders"]} for group in study["groups"]["blocking"]]


# -- proposals ------------------------------------------------------------------------------------


def _sureness(sources: Sources) -> list[Document] | None:
    study = sources.studies.get("sureness")
    if study is None:
        return None
    funded, samples = study["resampled"]["funded"], study["samples"]
    return [
        {
            "proposal": key,
            "amount": sources.plan["totals"].get(key, 0),
            "often": parts_per_million(funded.get(key, 0) / samples),
            "standing": at["standing"],
        }
        for key, at in sorted(study["standings"].items())
    ]


def _overlaps(problem: Document, plan: Document) -> list[Document]:
    """Pairs that counted in the run, of which the plan funds at least one."""
    minimum = {p["id"]: p["minimum"] for p in problem["proposals"]}
    found = []
    for pair in problem.get("overlaps") or ():
        first, second = sorted(pair["proposals"])
        both = [bool(plan["totals"].get(key)) for key in (first, second)]
        if not any(both):
            continue
        at_stake = int(pair["degree"] * min(minimum[first], minimum[second]))
        found.append(
            {
                "proposals": [first, second],
                "degree": parts_per_million(pair["degree"]),
                "at_stake": at_stake,
                "is_avoided": not all(both),
            }
        )
    return sorted(found, key=lambda o: (o["is_avoided"], -o["at_stake"], o["proposals"]))


def _overrides(sources: Sources) -> list[Document]:
    """What people decided beforehand, each with what the plan would be worth without it."""
    study = sources.studies.get("overrides")
    if study is None:
        return []
    found = []
    for entry in study["pins"]:
        lock, price = entry["lock"], entry["price"]
        found.append(
            {
                "proposal": lock["proposal"],
                "commitment": lock.get("commitment"),
                "funded": lock.get("funded"),
                "amount": lock.get("amount"),
                "price": None if price is None else round(price),
                "is_none": entry["is_none"],
                "would_get": entry["would_get"],
            }
        )
    return found


def _risks(problem: Document, plan: Document) -> list[Document]:
    """Money by risk tier, with the most that the round allows."""
    most = problem["policy"].get("risk_most") or {}
    pool = max(1, _money(problem, plan)["available"])
    count: defaultdict[str, int] = defaultdict(int)
    amount: defaultdict[str, int] = defaultdict(int)
    for proposal in problem["proposals"]:
        if total := plan["totals"].get(proposal["id"], 0):
            tier = proposal.get("risk_tier") or "none stated"
            count[tier] += 1
            amount[tier] += total
    return [
        {
            "tier": tier,
            "proposals": count[tier],
            "amount": amount[tier],
            "share": parts_per_million(amount[tier] / pool),
            "most": parts_per_million(most[tier]) if tier in most else None,
        }
        for tier in sorted({*count, *most})
    ]
