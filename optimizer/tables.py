"""A comparison of rules as a table of text, one rule a column."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from optimizer.compare import Comparison, Outcome
from optimizer.problem import Plan, Problem

MOST_NAMED = 12


def as_table(problem: Problem, comparison: Comparison) -> list[str]:
    """Lines of text; money in minor units."""
    rules = [o.rule for o in comparison.outcomes]
    rows = [["", *rules], *_figures(comparison), *_gains(comparison)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    text = [
        "  ".join(
            cell.ljust(width) if k == 0 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    total = sum(c.available for c in problem.commitments)
    head = f"{len(problem.proposals)} proposals, {total:,} minor units of {problem.currency}"
    return [head, "", *text, "", *_proposals(comparison), *_notes(comparison)]


def _row(name: str, comparison: Comparison, figure: Callable[[Outcome, Plan], str]) -> list[str]:
    cells = ["-" if o.plan is None else figure(o, o.plan) for o in comparison.outcomes]
    return [name, *cells]


def _figures(comparison: Comparison) -> Iterator[list[str]]:
    values = [plan.value for plan in comparison.planned.values()]
    best = max(values, default=0.0)

    def of_best(_: Outcome, plan: Plan) -> str:
        return f"{plan.value / best:.1%}" if best > 0 else "-"

    yield _row("value", comparison, lambda o, plan: f"{plan.value:,.0f}")
    yield _row("of the best here", comparison, of_best)
    yield _row("money given", comparison, lambda o, plan: f"{o.spent:,}")
    yield _row("proposals funded", comparison, lambda o, plan: f"{o.funded:,}")
    yield _row("agreements", comparison, lambda o, plan: f"{o.agreements:,}")
    yield _row("areas' needs met", comparison, lambda o, plan: f"{o.covered:.1%}")
    yield _row("money spent twice", comparison, lambda o, plan: f"{o.doubles:,.0f}")
    yield _row("limits not kept", comparison, lambda o, plan: str(len(o.not_kept)))


def _gains(comparison: Comparison) -> Iterator[list[str]]:
    for funder, alone in comparison.alone.items():

        def of_alone(_: Outcome, plan: Plan, funder: str = funder, alone: float = alone) -> str:
            return f"{plan.funders[funder]['value'] / alone:.2f} x" if alone > 0 else "-"

        yield _row(f"{funder}: value over alone", comparison, of_alone)


def _proposals(comparison: Comparison) -> Iterator[str]:
    yield f"Funded by every rule: {_named(comparison.always)}"
    for rule, only in comparison.only.items():
        if only:
            yield f"Funded by {rule} only: {_named(only)}"


def _notes(comparison: Comparison) -> Iterator[str]:
    for outcome in comparison.outcomes:
        if outcome.trouble:
            yield f"{outcome.rule}: {outcome.trouble}"
        for limit in outcome.not_kept:
            yield f"{outcome.rule} does not keep {limit}"


def _named(ids: tuple[str, ...]) -> str:
    shown = ", ".join(ids[:MOST_NAMED]) or "none"
    return f"{shown} and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else shown
