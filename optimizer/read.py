"""Reading and writing the exchange format (docs/format.md): rounds and plans.

`read_round` and `read_plan` are strict and name every fault of a file at once. What FORMAT leaves
open is decided in docs/format-decisions.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, replace
from fractions import Fraction
from math import fsum
from pathlib import Path

from optimizer.currencies import CURRENCIES
from optimizer.fields import (
    FLAG,
    LARGEST_MONEY,
    LARGEST_VALUE,
    LARGEST_WEIGHT,
    TEXT,
    BadInput,
    Kind,
    Record,
    among,
    load,
    number,
    one_of,
    or_null,
    shown,
    whole,
)
from optimizer.problem import (
    PLAN_FORMATS,
    ROUND_FORMATS,
    Area,
    Commitment,
    Funder,
    Line,
    Lock,
    Overlap,
    Plan,
    Policy,
    Problem,
    Proposal,
    Step,
)
from optimizer.read_terms import instalments, line_years, objective, standing, still_open, terms

__all__ = [
    "BadInput",
    "digest",
    "faults_of",
    "read_plan",
    "read_round",
    "write_plan",
    "write_round",
]

MONEY = whole(0)
SHARE = number(0, 1)
TAG = number(0, 1.000001)
WEIGHT = number(0, LARGEST_WEIGHT)
TERMS = {"releases", "promised", "match", "only_if", "joins_if", "budget", "paid_before"}
TAG_SUM_TOLERANCE = Fraction(1, 10**6)


def digest(document: dict[str, object]) -> str:
    """SHA-256 of a round as read: the parsed document, nothing filled in or left out.

    Keys sorted, `,` and `:` as separators, UTF-8, numbers as Python writes them.
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def read_round(source: Path | str | dict[str, object]) -> Problem:
    """The round in a file (a path) or in a parsed document, with its digest.

    Raises BadInput with one line for each fault.
    """
    document = load(source)
    faults: list[str] = []
    problem = _problem(Record(faults, "", document))
    if faults:
        raise BadInput(faults)
    assert isinstance(document, dict)
    return replace(problem, digest=digest(document))


def faults_of(problem: Problem) -> list[str]:
    """Every fault of a problem that was made otherwise than by `read_round`."""
    try:
        read_round(write_round(problem))
    except BadInput as bad:
        return bad.faults
    return []


# The round


class _Ids:
    """One list whose entries have ids: `rows` with the id of each, `reference` to any of them.

    Where an id cannot be read, a reference may be to it, so none is called a fault.
    """

    def __init__(self, root: Record, key: str, what: str) -> None:
        self.rows: list[tuple[Record, str]] = []
        first: dict[str, str] = {}
        mark = len(root.faults)
        for where, entry in root.items(key):
            row = Record(root.faults, where, entry)
            self.rows.append((row, row.required("id", TEXT)))
        is_known = len(root.faults) == mark
        for row, id_ in self.rows:
            if id_ in first:
                row.fault("id", f"{shown(id_)} again", f"an id of its own ({first[id_]} has it)")
            elif id_:
                first[id_] = row.where
        expected = f"the id of {what} in {key}[]"
        self.reference = among(first, expected) if is_known else replace(TEXT, expected=expected)


def _problem(root: Record) -> Problem:
    version = root.required("format", one_of(*ROUND_FORMATS))
    has_terms = version != ROUND_FORMATS[0]
    currency = root.required("currency", among(CURRENCIES, "an ISO 4217 code such as USD"))
    areas = _Ids(root, "areas", "an area")
    proposals = _Ids(root, "proposals", "a proposal")
    commitments = _Ids(root, "commitments", "a commitment")
    funders = _Ids(root, "funders", "a funder")
    overlaps = [Record(root.faults, where, entry) for where, entry in root.items("overlaps")]
    locks = [Record(root.faults, where, entry) for where, entry in root.items("locks")]
    problem = Problem(
        currency=currency,
        areas=tuple(_area(row, id_) for row, id_ in areas.rows),
        proposals=tuple(
            _proposal(row, id_, areas.reference, has_terms) for row, id_ in proposals.rows
        ),
        commitments=tuple(
            _commitment(row, id_, areas.reference, proposals.reference, has_terms)
            for row, id_ in commitments.rows
        ),
        funders=tuple(_funder(row, id_, areas.reference) for row, id_ in funders.rows),
        overlaps=tuple(_overlap(row, proposals.reference) for row in overlaps),
        locks=tuple(_lock(row, proposals.reference, commitments.reference) for row in locks),
        policy=_policy(root),
        format=version,
    )
    root.close()
    return problem


def _area(row: Record, id_: str) -> Area:
    steps: list[Step] = []
    for where, entry in row.items("steps"):
        step = Record(row.faults, where, entry)
        width, weight = step.required("width", MONEY), step.required("weight", WEIGHT)
        step.close()
        if step.is_sound and steps and weight > steps[-1].weight:
            step.fault("weight", f"{weight:g} after {steps[-1].weight:g}", "weights never to rise")
        if step.is_sound:
            steps.append(Step(width, weight))
    area = Area(
        id=id_,
        spent=row.optional("spent", MONEY, 0),
        steps=tuple(steps),
        floor=row.optional("floor", MONEY, 0),
        cap=row.optional("cap", or_null(MONEY), None),
    )
    row.close()
    return area


def _proposal(row: Record, id_: str, area: Kind[str], has_terms: bool) -> Proposal:
    mark = len(row.faults)
    ask = row.required("ask", whole(1))
    minimum = row.optional("minimum", whole(1), ask)
    if minimum > ask and len(row.faults) == mark:
        row.fault("minimum", f"{minimum}", f"at most the ask, {ask}")
    mark = len(row.faults)
    areas = row.table("areas", area, TAG, is_required=True)
    if len(row.faults) == mark and row.is_object and not _sums_to_one(areas.values()):
        row.fault(
            "areas", f"weights summing to {fsum(areas.values()):.9g}", "a sum of 1 within 1e-6"
        )
    proposal = Proposal(
        id=id_,
        ask=ask,
        minimum=minimum,
        merit=row.required("merit", SHARE),
        areas=areas,
        region=row.optional("region", or_null(TEXT), None),
        institution=row.optional("institution", or_null(TEXT), None),
        risk_tier=row.optional("risk_tier", or_null(TEXT), None),
        budget=instalments(row, "budget", ask, "ask") if has_terms else (),
        paid_before=row.optional("paid_before", MONEY, 0) if has_terms else 0,
    )
    row.close()
    return proposal


def _sums_to_one(weights: Collection[float]) -> bool:
    """Within 1e-6, which is exactly kept on the decimals as written."""
    if abs(fsum(weights) - 1) < 0.9e-6:
        return True
    total = sum((Fraction(repr(weight)) for weight in weights), Fraction(0))
    return abs(total - 1) <= TAG_SUM_TOLERANCE


def _commitment(
    row: Record, id_: str, area: Kind[str], proposal: Kind[str], has_terms: bool
) -> Commitment:
    commitment = Commitment(
        id=id_,
        funder=row.required("funder", TEXT),
        amount=row.required("amount", MONEY),
        areas=row.names_or_any("areas", area),
        least_share=row.optional("least_share", SHARE, 0.5),
        pays_share_only=row.optional("pays_share_only", FLAG, False),
        regions=row.names_or_any("regions", TEXT),
        risk_tiers=row.names_or_any("risk_tiers", TEXT),
        excludes=row.names("excludes", proposal),
        cap_per_proposal=row.optional("cap_per_proposal", or_null(MONEY), None),
        cap_share_of_ask=row.optional("cap_share_of_ask", SHARE, 1.0),
        ticket=row.optional("ticket", MONEY, 0),
    )
    if has_terms:
        commitment = replace(commitment, **terms(row, commitment.amount))
    row.close()
    return commitment


def _funder(row: Record, id_: str, area: Kind[str]) -> Funder:
    funder = Funder(
        id=id_,
        weights=row.table("weights", area, WEIGHT, is_required=False),
        guarantee=row.optional("guarantee", one_of("none", "alone", "leave"), "none"),
        at_least=row.optional("at_least", or_null(number(-LARGEST_VALUE, LARGEST_VALUE)), None),
    )
    row.close()
    return funder


def _overlap(row: Record, proposal: Kind[str]) -> Overlap:
    pair = [row.convert(where, entry, proposal) for where, entry in row.items("proposals")]
    if row.is_sound and not (len(pair) == 2 and pair[0] != pair[1]):
        what = f"{len(pair)} ids" if len(pair) != 2 else f'"{pair[0]}" twice'
        row.fault("proposals", what, "the ids of two different proposals")
    degree = row.required("degree", SHARE)
    row.close()
    return Overlap((pair[0], pair[1]) if row.is_sound else ("", ""), degree)


def _lock(row: Record, proposal: Kind[str], commitment: Kind[str]) -> Lock:
    lock = Lock(
        proposal=row.required("proposal", proposal),
        commitment=row.optional("commitment", or_null(commitment), None),
        amount=row.optional("amount", or_null(MONEY), None),
        funded=row.optional("funded", or_null(FLAG), None),
    )
    row.close()
    if row.is_sound:
        given = [
            key for key in ("commitment", "amount", "funded") if getattr(lock, key) is not None
        ]
        if given not in (["commitment", "amount"], ["amount"], ["funded"]):
            row.faults.append(
                f"{row.where}: has {' and '.join(given) or 'none of them'}; "
                "expected commitment and amount, or amount alone, or funded alone"
            )
    return lock


def _policy(root: Record) -> Policy:
    row = root.child("policy")
    policy = Policy(
        overlap_weight=row.optional("overlap_weight", WEIGHT, 1.0),
        max_cofunders=row.optional("max_cofunders", or_null(whole(0, unit="lines")), None),
        agreement_cost=row.optional("agreement_cost", MONEY, 0),
        institution_share=row.optional("institution_share", or_null(SHARE), None),
        region_least=row.table("region_least", TEXT, SHARE, is_required=False),
        risk_most=row.table("risk_most", TEXT, SHARE, is_required=False),
        floor_penalty=row.optional("floor_penalty", WEIGHT, 10.0),
        round_to=row.optional("round_to", whole(1), 1),
    )
    row.close()
    return policy


def write_round(problem: Problem) -> dict[str, object]:
    """The document of a problem, every key of version 1 written out, of version 2 those in use.

    `read_round` gives the problem back.

    Its digest is that of this document, not of the one the problem was read from.
    """
    document = asdict(problem)
    del document["digest"], document["format"]
    for row in (*document["commitments"], *document["proposals"]):
        for key in TERMS & row.keys():
            if not row[key]:
                del row[key]
    for overlap in document["overlaps"]:
        overlap["proposals"] = list(overlap["proposals"])
    document["locks"] = [
        {key: value for key, value in lock.items() if value is not None}
        for lock in document["locks"]
    ]
    return {"format": problem.format, **_listed(document)}


def _listed(value: dict[str, object]) -> dict[str, object]:
    """The same with every tuple a list, as JSON has it."""

    def convert(entry: object) -> object:
        if isinstance(entry, dict):
            return _listed(entry)
        if isinstance(entry, tuple | list):
            return [convert(inner) for inner in entry]
        return entry

    return {key: convert(entry) for key, entry in value.items()}


# The plan


def read_plan(source: Path | str | dict[str, object], problem: Problem | None = None) -> Plan:
    """The plan in a file or a parsed document; its shape only: `check` judges what it says.

    What `explain` adds (`shadow_prices`, `why`) is allowed and left out. With `problem`, a line
    that names what the round does not have is a fault. Raises BadInput.
    """
    faults: list[str] = []
    root = Record(faults, "", load(source))
    version = root.required("format", one_of(*PLAN_FORMATS.values()))
    has_terms = version != PLAN_FORMATS[ROUND_FORMATS[0]]
    root.ignore("shadow_prices", "why")
    value = number(-LARGEST_VALUE, LARGEST_VALUE)
    commitment = proposal = TEXT
    if problem is not None:
        commitment = among(problem.commitment_by_id, "the id of a commitment of the round")
        proposal = among(problem.proposal_by_id, "the id of a proposal of the round")
    lines = []
    for where, entry in root.required_items("lines"):
        row = Record(faults, where, entry)
        row.ignore("why")
        lines.append(
            Line(
                row.required("commitment", commitment),
                row.required("proposal", proposal),
                row.required("amount", whole(-LARGEST_MONEY)),
                line_years(row) if has_terms else (),
            )
        )
        row.close()
    figure = whole(-(10**24), 10**24)
    plan = Plan(
        status=root.required("status", one_of("optimal", "time_limit", "by_rule")),
        rule=root.required("rule", TEXT),
        value=root.required("value", value),
        bound=root.required("bound", value),
        gap=root.required("gap", value),
        lines=tuple(lines),
        totals=root.table("totals", TEXT, figure, is_required=True),
        areas=root.tables("areas", figure, required=("amount", "shortfall")),
        funders=root.tables("funders", value, required=("value",), optional=("alone", "leave")),
        digest=root.required("digest", TEXT),
        versions=root.table("versions", TEXT, TEXT, is_required=True),
        seconds=root.required("seconds", number(0, 1e9)),
        conditions=tuple(
            standing(faults, where, entry)
            for where, entry in (root.required_items("conditions") if has_terms else ())
        ),
        format=version,
        objective=objective(root, value) if root.has("objective") else None,
        open=still_open(root) if root.has("open") else None,
    )
    root.close()
    if faults:
        raise BadInput(faults)
    return plan


def write_plan(plan: Plan) -> dict[str, object]:
    """The document of a plan; `read_plan` gives the plan back."""
    document = asdict(plan)
    del document["format"]
    for key in ("objective", "open"):
        if document[key] is None:
            del document[key]
    for row in document["lines"]:
        years = row.pop("years")
        if years:
            row["years"] = {str(part["year"]): part["amount"] for part in years}
    if plan.format == PLAN_FORMATS[ROUND_FORMATS[0]]:
        del document["conditions"]
    else:
        for row in document["conditions"]:
            if row["proposal"] is None:
                del row["proposal"]
    return {"format": plan.format, **_listed(document)}
