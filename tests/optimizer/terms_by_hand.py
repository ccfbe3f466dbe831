"""Years, matching and conditions worked out plainly on a document; imports nothing of `optimizer`.

Payments are whole minor units for each line and year, an integer variable each.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

Document = dict[str, Any]
Lines = dict[tuple[str, str], int]
Terms = dict[Any, float]
Row = tuple[Terms, float, float]


def available(commitment: Document) -> int:
    return int(commitment["amount"]) - sum(o["amount"] for o in commitment.get("promised", []))


def through(parts: list[Document], year: int) -> int:
    return sum(part["amount"] for part in parts if part["year"] <= year)


def years(document: Document) -> list[int]:
    """Every calendar year that stands anywhere in the round."""
    found = {
        part["year"]
        for row in [*document.get("commitments", []), *document.get("proposals", [])]
        for key in ("releases", "promised", "budget")
        for part in row.get(key, [])
    }
    return sorted(found)


def year_rows(
    document: Document, pairs: list[tuple[str, str]], total: dict[str, Terms]
) -> Iterator[Row]:
    """Rows over payments ("pay", c, p, year) and what `total` says a proposal gets."""
    when = years(document)
    for c in document.get("commitments", []):
        if c.get("releases"):
            own = [pair for pair in pairs if pair[0] == c["id"]]
            for y in when:
                paid = {("pay", *pair, t): 1.0 for pair in own for t in when if t <= y}
                free = through(c["releases"], y) - through(c.get("promised", []), y)
                yield paid, -math.inf, free
    for p in document.get("proposals", []):
        own = [pair for pair in pairs if pair[1] == p["id"]]
        for part in p.get("budget", []):
            y = part["year"]
            row: Terms = {
                ("pay", *pair, t): float(p["ask"]) for pair in own for t in when if t <= y
            }
            for key, weight in total[p["id"]].items():
                row[key] = row.get(key, 0.0) - weight * through(p["budget"], y)
            yield row, 0.0, math.inf


def can_be_scheduled(document: Document, lines: Lines) -> bool:
    """Whether payments by year exist that add up to these lines."""
    when = years(document)
    if not when or not lines:
        return True
    columns = {
        ("pay", *pair, y): k for k, (pair, y) in enumerate((q, y) for q in lines for y in when)
    }
    totals: dict[str, Terms] = defaultdict(dict)
    for c, p in lines:
        totals[p].update({("pay", c, p, y): 1.0 for y in when})
    rows: list[Row] = list(year_rows(document, list(lines), totals))
    rows += [({("pay", *pair, y): 1.0 for y in when}, v, v) for pair, v in lines.items()]
    matrix = np.zeros((len(rows), len(columns)))
    for i, (row, _, _) in enumerate(rows):
        for key, weight in row.items():
            matrix[i, columns[key]] = weight
    answer = milp(
        np.zeros(len(columns)),
        integrality=np.ones(len(columns)),
        bounds=Bounds(0, max(lines.values())),
        constraints=LinearConstraint(matrix, [r[1] for r in rows], [r[2] for r in rows]),
    )
    return bool(answer.status == 0)


# Conditions


def paid_by(
    document: Document, lines: Mapping[tuple[str, str], int], p: str | None
) -> dict[str, int]:
    """Minor units by funder, in one proposal or (None) in the round; others' money included."""
    funder = {c["id"]: c["funder"] for c in document.get("commitments", [])}
    paid: dict[str, int] = defaultdict(int)
    for (c, q), amount in lines.items():
        if p in (None, q):
            paid[funder[c]] += amount
    for (f, q), amount in document.get("outside", {}).items():
        if p in (None, q):
            paid[f] += amount
    return paid


def is_met(condition: Document, paid: dict[str, int], but: str) -> bool:
    others = [a for f, a in paid.items() if f != but and a >= condition.get("least", 1)]
    return len(others) >= condition.get("funders", 0) and sum(paid.values()) >= condition.get(
        "total", 0
    )


def keeps_terms(document: Document, lines: Lines) -> bool:
    """Whether lines keep every match, condition and year."""
    rows = {c["id"]: c for c in document.get("commitments", [])}
    for (c_id, p), amount in lines.items():
        c = rows[c_id]
        paid = paid_by(document, lines, p)
        if c.get("match"):
            others = sum(a for f, a in paid.items() if f != c["funder"])
            if amount > Decimal(repr(c["match"]["ratio"])) * others:
                return False
        if c.get("only_if") and not is_met(c["only_if"], paid, c["funder"]):
            return False
        if c.get("joins_if") and not is_met(
            c["joins_if"], paid_by(document, lines, None), c["funder"]
        ):
            return False
    return can_be_scheduled(document, lines)


def condition_rows(document: Document, x: dict[tuple[str, str], Terms]) -> Iterator[Row]:
    """Rows over lines, as `x` gives them, and 0/1 columns named by tuples ("if", ...)."""
    outside = document.get("outside", {})
    rows = {c["id"]: c for c in document.get("commitments", [])}
    funders = sorted({c["funder"] for c in rows.values()})
    proposals = [p["id"] for p in document.get("proposals", [])]

    def money(f: str | None, p: str | None, but: str = "") -> Terms:
        found: Terms = {}
        for (c, q), terms in x.items():
            own = rows[c]["funder"]
            if p in (None, q) and f in (None, own) and own != but:
                for key, weight in terms.items():
                    found[key] = found.get(key, 0.0) + weight
        return found

    def had(p: str | None, but: str = "") -> list[int]:
        by: dict[str, int] = defaultdict(int)
        for (f, q), amount in outside.items():
            if p in (None, q) and f != but:
                by[f] += amount
        return list(by.values())

    def waits(condition: Document, c: Document, p: str | None) -> Iterator[Row]:
        gate = ("if", c["id"], p)
        paid = money(c["funder"], p) if p is None else dict(x[c["id"], p])
        if p is None:
            paid = {k: w for (d, _), terms in x.items() if d == c["id"] for k, w in terms.items()}
        yield {**paid, gate: -float(c["amount"])}, -math.inf, 0
        total = condition.get("total", 0)
        yield {**money(None, p), gate: -float(total)}, -sum(had(p)), math.inf
        counted: Terms = {gate: -float(condition.get("funders", 0))}
        for f in funders:
            if f != c["funder"]:
                v = ("if", f, p, condition.get("least", 1))
                counted[v] = 1.0
                yield {**money(f, p), v: -float(condition.get("least", 1))}, 0, math.inf
        known = sum(amount >= condition.get("least", 1) for amount in had(p, c["funder"]))
        yield counted, -known, math.inf

    for c in rows.values():
        if c.get("joins_if"):
            yield from waits(c["joins_if"], c, None)
        for p in proposals:
            if (c["id"], p) not in x:
                continue
            if c.get("only_if"):
                yield from waits(c["only_if"], c, p)
            if c.get("match"):
                ratio = c["match"]["ratio"]
                row = dict(x[c["id"], p])
                for key, weight in money(None, p, but=c["funder"]).items():
                    row[key] = row.get(key, 0.0) - ratio * weight
                yield row, -math.inf, ratio * sum(had(p, c["funder"]))
