"""A whole replay: build, solve, vary the assumptions, say what it means. The result is JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from funding.replay import measure
from funding.replay.areas import AreaReading, read_areas
from funding.replay.assumptions import Assumptions, Variation, grid, one_at_a_time
from funding.replay.build import ReplayRound, build_round
from funding.replay.cautions import cautions
from funding.replay.findings import findings
from funding.replay.grants import GrantList
from funding.replay.names import alike
from funding.replay.pool import Pool, Timeline, place_in_time
from funding.replay.solving import Cancelled, Solved, solve_round

RESULT_FORMAT = "tributary-replay/1"

Extent = Literal["all", "each", "none"]
"""Which variations to try: each assumption by itself and the grid, only the former, or none."""

LARGE = 20_000
"""Funders times candidates above which only the base case is solved unless asked otherwise, and
what each funder would have by leaving is not worked out."""

Tell = Callable[[float, str], None]
"""Told how far a replay has come, from 0 to 1, and what it is doing."""


@dataclass(frozen=True)
class _Case:
    made: ReplayRound
    solved: Solved


class _Replay:
    """The parts that all cases share."""

    def __init__(self, listed: GrantList, pool: Pool, cancelled: Callable[[], bool] | None) -> None:
        self._listed, self._pool, self._cancelled = listed, pool, cancelled
        self._areas: dict[str, tuple[AreaReading, Timeline]] = {}

    def read(self, mode: str) -> tuple[AreaReading, Timeline]:
        if mode not in self._areas:
            reading = read_areas(self._listed.grants, mode)
            self._areas[mode] = reading, place_in_time(self._listed, self._pool, reading)
        return self._areas[mode]

    def build(self, given: Assumptions) -> ReplayRound:
        reading, timeline = self.read(given.areas)
        return build_round(timeline, reading, self._listed.currency, given)

    def solve(self, made: ReplayRound, *, with_leaving: bool) -> _Case:
        if self._cancelled is not None and self._cancelled():
            raise Cancelled
        solved = solve_round(made, is_leaving_asked=with_leaving, cancelled=self._cancelled)
        return _Case(made, solved)


def replay(
    listed: GrantList,
    pool: Pool,
    given: Assumptions | None = None,
    *,
    extent: Extent | None = None,
    tell: Tell | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """What pooling would have changed, as `docs/replay.md` describes the result.

    The same list, pool, assumptions and extent give the same result. Raises InvalidInput for a
    year or round that is not there, Cancelled where `cancelled()` came true.
    """
    tell = tell or (lambda _part, _words: None)
    given = given or Assumptions()
    parts = _Replay(listed, pool, cancelled)
    tell(0.02, "Reading areas and building the round")
    made = parts.build(given)
    is_large = len(made.funders) * len(made.recipients) > LARGE
    extent = extent or ("none" if is_large else "all")
    tell(0.05, "Solving the pooled plan")
    base = parts.solve(made, with_leaving=not is_large)
    wanted = one_at_a_time(given) if extent != "none" else []
    if extent == "all":
        wanted += grid(given)
    varied: list[tuple[Variation, dict[str, Any], dict[str, str]]] = []
    for number, variation in enumerate(wanted):
        tell(0.1 + 0.88 * number / len(wanted), "Trying other assumptions")
        case = parts.solve(parts.build(variation.assumptions), with_leaving=False)
        rows = measure.recipient_rows(case.made, case.solved)
        fares = {row["name"]: measure.direction(row) for row in rows}
        varied.append((variation, measure.headline(case.made, case.solved), fares))
    tell(0.99, "Writing it down")
    return _result(parts, listed, pool, given, base, varied, extent, is_large)


def _result(
    parts: _Replay,
    listed: GrantList,
    pool: Pool,
    given: Assumptions,
    base: _Case,
    varied: list[tuple[Variation, dict[str, Any], dict[str, str]]],
    extent: str,
    is_large: bool,
) -> dict[str, Any]:
    made, solved = base.made, base.solved
    reading, timeline = parts.read(given.areas)
    figures = measure.headline(made, solved)
    recipients = measure.recipient_rows(made, solved)
    steady = measure.steadiness(recipients, [fares for _, _, fares in varied])
    for row in recipients:
        row["fares"] = measure.direction(row)
        row["steady"] = steady[row["name"]]
    in_round = {one.name for one in made.recipients}
    result: dict[str, Any] = {
        "format": RESULT_FORMAT,
        "file": listed.name,
        "pool": {
            "year": pool.year,
            "round": pool.round,
            "label": pool.label,
            "unit": pool.unit,
            "span": timeline.span(given.window),
        },
        "currency": listed.currency,
        "assumptions": given.as_dict(),
        "changed": given.changed(),
        "extent": extent,
        "is_large": is_large,
        "grants": {
            "in_list": len(listed.grants),
            "in_pool": made.grants_in_pool,
            "beside": len(timeline.beside(given.window)),
            "undated": timeline.undated,
        },
        "notes": list(listed.notes),
        "merged": [list(names) for names in listed.merged],
        "merged_in_round": sum(bool(in_round & set(names)) for names in listed.merged),
        "alike": [list(pair) for pair in alike(in_round)],
        "areas_read": _areas_read(reading, timeline, given),
        "headline": figures,
        "gap": solved.gap,
        "areas": measure.area_rows(made, solved),
        "funders": measure.funder_rows(made, solved),
        "recipients": recipients,
        "lines": _lines(solved),
        "variations": [
            {
                "key": one.key,
                "label": one.label,
                "brief": one.brief,
                "changes": dict(one.changes),
                **figures_then,
            }
            for one, figures_then, _ in varied
        ],
        "ranges": measure.ranges(figures, [(one.label, then) for one, then, _ in varied]),
        "round": solved.document,
        "plan": solved.plan_document,
    }
    result["plan"].pop("seconds")  # the one figure in which equal runs differ
    result["findings"] = findings(result)
    result["cautions"] = cautions(result)
    return result


def _areas_read(reading: AreaReading, timeline: Timeline, given: Assumptions) -> dict[str, Any]:
    """How much of the money beside the pool lies in an area that somebody could tell."""
    beside = timeline.beside(given.window)
    money: dict[str, float] = {}
    for one in beside:
        for area, weight in one.weights.items():
            money[area] = money.get(area, 0.0) + weight * one.grant.amount
    return {
        "mode": reading.mode,
        "grants": dict(reading.how),
        "money": dict(reading.money),
        "by_area": {reading.names[area]: round(amount) for area, amount in money.items()},
    }


def _lines(solved: Solved) -> list[dict[str, Any]]:
    """Every agreement, real or planned, with both amounts."""
    really: Mapping[tuple[str, str], int] = solved.really.lines
    plan: Mapping[tuple[str, str], int] = solved.plan.lines
    return [
        {
            "funder": funder,
            "recipient": to,
            "really": really.get((funder, to), 0),
            "plan": plan.get((funder, to), 0),
        }
        for funder, to in sorted(really.keys() | plan.keys())
    ]
