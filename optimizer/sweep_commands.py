"""`python -m optimizer alternatives | sureness | frontier ROUND.json PLAN.json`."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from optimizer.alternatives import MOST, alternatives
from optimizer.frontier import frontier
from optimizer.problem import Plan, Problem
from optimizer.read import BadInput
from optimizer.sureness import SAMPLES, Scores, sureness
from optimizer.sweep import HERE, is_place

Document = dict[str, Any]


def add_sweeps(commands: Any, run: Callable[[argparse.Namespace], int]) -> None:
    """Add the three commands to a parser's `commands`; `run` reads round and plan, then calls
    `options.sweep(problem, plan, options)` and writes what it answers."""

    def add(name: str, words: str, sweep: Any) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = commands.add_parser(name, help=words)
        command.add_argument("round", type=Path, metavar="ROUND.json")
        command.add_argument("plan", type=Path, metavar="PLAN.json")
        command.add_argument("-o", "--output", type=Path, metavar="FILE.json")
        command.set_defaults(run=run, sweep=sweep)
        return command

    others = add("alternatives", "portfolios nearly as good that differ most", _alternatives)
    others.add_argument("--most", type=int, default=MOST, help="how many at most")
    sure = add("sureness", "who is funded in all good plans, some, or none", _sureness)
    sure.add_argument(
        "--scores", type=Path, metavar="SCORES.json", help="{proposal: [0 to 1, ...]}"
    )
    sure.add_argument("--samples", type=int, default=SAMPLES, help="of resampled reviews")
    sure.add_argument("--seed", type=int, default=1)
    curve = add("frontier", "merit, needs covered and work paid twice, traded", _frontier)
    for command in (others, sure):
        command.add_argument(
            "--tolerance", type=_share, default=0.01, help="how much worse a good plan may be"
        )
    for command in (sure, curve):
        command.add_argument(
            "--where",
            type=_place,
            default=HERE,
            help="here, processes, or the address of a Dask scheduler (tcp://...)",
        )


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError("a share from 0 up to 1 is expected")
    return value


def _place(text: str) -> str:
    if not is_place(text):
        raise argparse.ArgumentTypeError("here, processes or tcp://host:port is expected")
    return text


def _alternatives(problem: Problem, plan: Plan, options: argparse.Namespace) -> Document:
    return alternatives(problem, plan, tolerance=options.tolerance, most=options.most)


def _sureness(problem: Problem, plan: Plan, options: argparse.Namespace) -> Document:
    return sureness(
        problem,
        plan,
        tolerance=options.tolerance,
        scores=read_scores(options.scores, problem) if options.scores else None,
        samples=options.samples,
        seed=options.seed,
        where=options.where,
    )


def _frontier(problem: Problem, plan: Plan, options: argparse.Namespace) -> Document:
    return frontier(problem, plan, where=options.where)


def read_scores(path: Path, problem: Problem) -> Scores:
    """Scores by proposal: a list of numbers from 0 to 1, or their standard deviation alone.

    Raises BadInput, naming every fault.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput([f"{path.name}: {error}"]) from error
    if not isinstance(document, dict):
        raise BadInput([f"{path.name}: an object by proposal is expected"])
    faults = []
    for id_, given in document.items():
        numbers = given if isinstance(given, list) else [given]
        if id_ not in problem.proposal_by_id:
            faults.append(f"{id_}: the round has no such proposal")
        if not numbers or not all(_is_score(number) for number in numbers):
            faults.append(f"{id_}: numbers from 0 to 1 are expected")
    if faults:
        raise BadInput(faults)
    return document


def _is_score(number: object) -> bool:
    is_number = isinstance(number, (int, float)) and not isinstance(number, bool)
    return is_number and math.isfinite(number) and 0 <= number <= 1  # type: ignore[arg-type,operator]  # it is a number
