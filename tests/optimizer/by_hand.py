"""FORMAT's definitions worked out plainly on a document, and every plan of a tiny round tried.

It imports nothing of `optimizer`, so that what agrees with it was reached independently.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from tests.optimizer.terms_by_hand import available, keeps_terms

Document = dict[str, Any]
Lines = dict[tuple[str, str], int]


class Infeasible(Exception):
    """No plan keeps every limit."""


@dataclass(frozen=True)
class Best:
    """The best plan found, its value, and a bound that no plan exceeds."""

    lines: Lines
    value: float
    bound: float


# What FORMAT says, read from the document


def decimal(number: float) -> Decimal:
    return Decimal(repr(number))


def policy(document: Document, key: str, default: Any) -> Any:
    return document.get("policy", {}).get(key, default)


def share_inside(commitment: Document, proposal: Document) -> Decimal:
    if commitment.get("areas") is None:
        return Decimal(1)
    weights = proposal["areas"].items()
    return sum((decimal(w) for area, w in weights if area in commitment["areas"]), Decimal(0))


def may_pay(commitment: Document, proposal: Document) -> bool:
    least = decimal(commitment.get("least_share", 0.5)) - Decimal("1e-9")
    for key, own in (("regions", "region"), ("risk_tiers", "risk_tier")):
        allowed = commitment.get(key)
        if allowed is not None and (proposal.get(own) is None or proposal[own] not in allowed):
            return False
    return share_inside(commitment, proposal) >= least and proposal["id"] not in commitment.get(
        "excludes", []
    )


def cap(commitment: Document, proposal: Document) -> int:
    ask = proposal["ask"]
    caps = [ask, whole_below(decimal(commitment.get("cap_share_of_ask", 1.0)) * ask)]
    if commitment.get("cap_per_proposal") is not None:
        caps.append(commitment["cap_per_proposal"])
    if (commitment.get("match") or {}).get("up_to") is not None:
        caps.append(commitment["match"]["up_to"])
    if commitment.get("pays_share_only"):
        caps.append(whole_below(share_inside(commitment, proposal) * ask))
    return min(caps)


def whole_below(number: Decimal) -> int:
    return int(number.to_integral_value(rounding=ROUND_FLOOR))


def minimum(proposal: Document) -> int:
    return int(proposal.get("minimum", proposal["ask"]))


def pool(document: Document) -> int:
    return sum(available(c) for c in document.get("commitments", []))


def weight_of(funder: Document, proposal: Document) -> float:
    weights = funder.get("weights", {})
    share = sum(w * weights.get(area, 1) for area, w in proposal["areas"].items())
    return float(proposal["merit"] * share)


def funder_value(document: Document, funder: str, totals: dict[str, int]) -> float:
    row = next((f for f in document.get("funders", []) if f["id"] == funder), {})
    return sum(weight_of(row, p) * totals.get(p["id"], 0) for p in document.get("proposals", []))


def totals_of(lines: Lines) -> dict[str, int]:
    totals: dict[str, int] = {}
    for (_, p), amount in lines.items():
        totals[p] = totals.get(p, 0) + amount
    return totals


def area_amount(document: Document, area: str, totals: dict[str, int]) -> float:
    return sum(
        p["areas"].get(area, 0) * totals.get(p["id"], 0) for p in document.get("proposals", [])
    )


def steps_value(area: Document, money: float) -> float:
    value = 0.0
    for step in area.get("steps", []):
        part = min(money, step["width"])
        value, money = value + step["weight"] * part, money - part
    return value


def value(document: Document, lines: Lines) -> float:
    """The value of a plan, term by term in FORMAT's order."""
    totals = totals_of(lines)
    rows = {p["id"]: p for p in document.get("proposals", [])}
    result = sum(rows[p]["merit"] * total for p, total in totals.items())
    for area in document.get("areas", []):
        spent, amount = area.get("spent", 0), area_amount(document, area["id"], totals)
        result += steps_value(area, spent + amount) - steps_value(area, spent)
        shortfall = max(0.0, area.get("floor", 0) - amount)
        result -= policy(document, "floor_penalty", 10) * shortfall
    for overlap in document.get("overlaps", []):
        p, q = overlap["proposals"]
        if totals.get(p, 0) > 0 and totals.get(q, 0) > 0:
            twice = overlap["degree"] * min(minimum(rows[p]), minimum(rows[q]))
            result -= policy(document, "overlap_weight", 1.0) * twice
    for id_, total in totals.items():
        if total > 0:
            before = rows[id_].get("paid_before", 0)
            result -= policy(document, "overlap_weight", 1.0) * before
    return float(result - policy(document, "agreement_cost", 0) * len(lines))


def shares(document: Document, slack: float) -> Iterator[tuple[dict[str, float], float, float]]:
    rows, money = document.get("proposals", []), pool(document)

    def group(key: str, name: str) -> dict[str, float]:
        return {p["id"]: 1.0 for p in rows if p.get(key) == name}

    most = policy(document, "institution_share", None)
    if most is not None:
        for name in sorted({p["institution"] for p in rows if p.get("institution")}):
            yield group("institution", name), -math.inf, most * money + slack
    for name, share in policy(document, "risk_most", {}).items():
        yield group("risk_tier", name), -math.inf, share * money + slack
    for name, share in policy(document, "region_least", {}).items():
        yield group("region", name), share * money - slack, math.inf


def promises(
    document: Document, baselines: dict[str, float], slack: float
) -> Iterator[tuple[dict[str, float], float]]:
    for funder in document.get("funders", []):
        weights = {p["id"]: weight_of(funder, p) for p in document.get("proposals", [])}
        wanted = [funder["at_least"]] if funder.get("at_least") is not None else []
        if funder.get("guarantee", "none") != "none":
            wanted.append(baselines[funder["id"]])
        for least in wanted:
            yield weights, least - slack * (abs(least) * 1e-6 + 5)


# Every plan of a tiny round


def enumerate_best(
    document: Document, baselines: dict[str, float] | None = None, *, slack: float = 0.0
) -> Best:
    """The best of all plans of a round so small that each can be tried. Raises Infeasible."""
    best: Best | None = None
    for lines in every_plan(document, baselines or {}, slack=slack):
        worth = value(document, lines)
        if best is None or worth > best.value:
            best = Best(lines, worth, worth)
    if best is None:
        raise Infeasible
    return best


def every_plan(
    document: Document, baselines: dict[str, float], *, slack: float = 0.0
) -> Iterator[Lines]:
    """All plans of a round that keep every limit, one after the other."""
    pairs = [
        (c, p)
        for c in document.get("commitments", [])
        for p in document.get("proposals", [])
        if may_pay(c, p)
    ]
    unit = policy(document, "round_to", 1)
    amounts = [
        [0]
        + [
            v
            for v in range(unit, cap(c, p) + 1, unit)
            if v >= c.get("ticket", 0) and v <= available(c)
        ]
        for c, p in pairs
    ]
    for point in itertools.product(*amounts):
        lines = {(c["id"], p["id"]): v for (c, p), v in zip(pairs, point, strict=True) if v}
        if is_allowed(document, lines, baselines, slack):
            yield lines


def is_allowed(document: Document, lines: Lines, baselines: dict[str, float], slack: float) -> bool:
    """Whether lines keep every limit; `slack` is how much of FORMAT's tolerances is used."""
    totals, unit = totals_of(lines), policy(document, "round_to", 1)
    payers = {c["id"]: c for c in document.get("commitments", [])}
    rows = {p["id"]: p for p in document.get("proposals", [])}
    for (c_id, p_id), amount in lines.items():
        c, p = payers[c_id], rows[p_id]
        if amount <= 0 or amount % unit or not may_pay(c, p):
            return False
        if not c.get("ticket", 0) <= amount <= cap(c, p):
            return False
    for c in document.get("commitments", []):
        if sum(v for (d, _), v in lines.items() if d == c["id"]) > available(c):
            return False
    for p in document.get("proposals", []):
        total = totals.get(p["id"], 0)
        if total and not min(minimum(p), p["ask"] // unit * unit) <= total <= p["ask"]:
            return False
        count = sum(1 for _, q in lines if q == p["id"])
        if count > policy(document, "max_cofunders", count):
            return False
    for area in document.get("areas", []):
        amount = area_amount(document, area["id"], totals)
        if area.get("cap") is not None and amount > area["cap"] + 2 * slack + 1e-9:
            return False
    for weights, lower, upper in shares(document, 2 * slack):
        if not lower - 1e-9 <= sum(totals.get(p, 0) for p in weights) <= upper + 1e-9:
            return False
    for weights, least in promises(document, baselines, slack):
        if sum(w * totals.get(p, 0) for p, w in weights.items()) < least - 1e-9:
            return False
    for lock in document.get("locks", []):
        total, amount = totals.get(lock["proposal"], 0), lock.get("amount")
        if lock.get("commitment") is not None:
            total = lines.get((lock["commitment"], lock["proposal"]), 0)
        if amount is not None and total != amount:
            return False
        if amount is None and lock["funded"] != (total > 0):
            return False
    return keeps_terms(document, lines)


def plan_document(
    document: Document, best: Best, baselines: dict[str, float], digest: str
) -> Document:
    """The best plan in the format of plans, its figures reckoned here."""
    totals = totals_of(best.lines)
    areas = {}
    for area in document.get("areas", []):
        amount = area_amount(document, area["id"], totals)
        short = max(0.0, area.get("floor", 0) - amount)
        areas[area["id"]] = {"amount": round(amount), "shortfall": round(short)}
    rows = {f["id"]: f for f in document.get("funders", [])}
    names = [*rows, *(c["funder"] for c in document.get("commitments", []))]
    funders = {f: {"value": funder_value(document, f, totals)} for f in names}
    for funder, baseline in baselines.items():
        funders[funder][rows[funder]["guarantee"]] = baseline
    bound = max(best.bound, best.value)
    return {
        "format": "tributary-plan/1",
        "status": "optimal",
        "rule": "welfare",
        "value": best.value,
        "bound": bound,
        "gap": (bound - best.value) / max(1, abs(best.value)),
        "lines": [
            {"commitment": c, "proposal": p, "amount": amount}
            for (c, p), amount in best.lines.items()
        ],
        "totals": totals,
        "areas": areas,
        "funders": funders,
        "digest": digest,
        "versions": {"reference": "1"},
        "seconds": 0.0,
    }
