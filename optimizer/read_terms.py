"""Reading what version 2 of the format adds: years, earlier promises, matching and conditions."""

from __future__ import annotations

from itertools import pairwise
from typing import TypedDict

from optimizer.fields import (
    FLAG,
    LARGEST_MONEY,
    LARGEST_WEIGHT,
    TEXT,
    Kind,
    Record,
    number,
    one_of,
    or_null,
    whole,
)
from optimizer.problem import Condition, Instalment, Match, Objective, Open, Standing, Waiting

MONEY = whole(0)
YEAR = whole(1, 9999, unit="a calendar year")
COUNT = whole(0, unit="funders")


class Terms(TypedDict):
    """What version 2 adds to a commitment."""

    releases: tuple[Instalment, ...]
    promised: tuple[Instalment, ...]
    match: Match | None
    only_if: Condition | None
    joins_if: Condition | None


def terms(row: Record, amount: int) -> Terms:
    """The terms of a commitment of this amount, whose record is `row`."""
    releases = instalments(row, "releases", amount, "amount")
    promised = instalments(row, "promised")
    _check_promises(row, amount, releases, promised)
    return Terms(
        releases=releases,
        promised=promised,
        match=_match(row),
        only_if=_condition(row, "only_if"),
        joins_if=_condition(row, "joins_if"),
    )


def instalments(
    row: Record, key: str, total: int | None = None, of: str = ""
) -> tuple[Instalment, ...]:
    """Amounts by year, years ascending; where there are some they sum to `total`, the `of`."""
    mark, found = len(row.faults), []
    for where, entry in row.items(key):
        inner = Record(row.faults, where, entry)
        found.append(Instalment(inner.required("year", YEAR), inner.required("amount", MONEY)))
        inner.close()
    if len(row.faults) > mark:
        return ()
    for before, after in pairwise(found):
        if after.year <= before.year:
            what = f"{after.year} after {before.year}"
            row.fault(key, what, "years ascending, each once")
    summed = sum(part.amount for part in found)
    if found and total is not None and summed != total and row.is_sound:
        row.fault(key, f"amounts summing to {summed}", f"a sum of the {of}, {total}")
    return tuple(found) if len(row.faults) == mark else ()


def _check_promises(
    row: Record, amount: int, releases: tuple[Instalment, ...], promised: tuple[Instalment, ...]
) -> None:
    """Earlier awards are honoured first, so what is owed by a year must be released by then."""
    if not row.is_sound:
        return
    owed = 0
    for promise in promised:
        owed += promise.amount
        there = sum(r.amount for r in releases if r.year <= promise.year) if releases else amount
        if owed > there:
            what = f"{owed} owed by the end of {promise.year}"
            row.fault("promised", what, f"at most what is released by then, {there}")
            return


def _match(row: Record) -> Match | None:
    inner = row.child_or_none("match")
    if inner is None:
        return None
    match = Match(
        ratio=inner.required("ratio", number(1e-6, LARGEST_WEIGHT)),
        up_to=inner.optional("up_to", or_null(MONEY), None),
    )
    inner.close()
    return match


def _condition(row: Record, key: str) -> Condition | None:
    inner = row.child_or_none(key)
    if inner is None:
        return None
    condition = Condition(
        funders=inner.optional("funders", COUNT, 0),
        least=inner.optional("least", whole(1), 1),
        total=inner.optional("total", MONEY, 0),
    )
    inner.close()
    if inner.is_sound and not condition.funders and condition.least > 1:
        inner.fault("least", "stands without funders", "a number of funders that it is for")
    if inner.is_sound and not (condition.funders or condition.total):
        row.fault(key, "asks for nothing", "funders or total above 0")
    return condition


def line_years(row: Record, key: str = "years") -> tuple[Instalment, ...]:
    """The years of a plan's line, an object from year to amount; absent: none."""
    table = row.years(key, YEAR, whole(-LARGEST_MONEY))
    return tuple(Instalment(year, amount) for year, amount in sorted(table.items()))


def standing(faults: list[str], where: str, entry: object) -> Standing:
    """One entry of a plan's `conditions`; `check` judges what it says."""
    row = Record(faults, where, entry)
    found = Standing(
        commitment=row.required("commitment", TEXT),
        kind=row.required("kind", one_of("match", "only_if", "joins_if")),
        proposal=row.optional("proposal", or_null(TEXT), None),
        holds=row.required("holds", FLAG),
        funders=row.required("funders", COUNT),
        amount=row.required("amount", whole(0, 10**24)),
        text=row.required("text", TEXT),
    )
    row.close()
    return found


def objective(root: Record, figure: Kind[float]) -> Objective:
    """What the rule of a plan made as large as it can."""
    row = root.child("objective")
    found = Objective(
        name=row.required("name", TEXT),
        value=row.required("value", figure),
        bound=row.required("bound", figure),
        against=row.table("against", TEXT, figure, is_required=False),
    )
    row.close()
    return found


def still_open(root: Record) -> Open:
    """What a plan that was cut short says it leaves undecided; nobody judges it."""
    row = root.child("open")
    conditions = []
    for where, entry in row.required_items("conditions"):
        inner = Record(row.faults, where, entry)
        commitment = inner.required("commitment", TEXT)
        proposal = inner.optional("proposal", or_null(TEXT), None)
        conditions.append(Waiting(commitment, proposal))
        inner.close()
    found = Open(
        funded=row.required("funded", COUNT),
        unfunded=row.required("unfunded", COUNT),
        proposals=row.names("proposals", TEXT),
        conditions=tuple(conditions),
        promises=row.names("promises", TEXT),
        text=row.names("text", TEXT),
    )
    row.close()
    return found
