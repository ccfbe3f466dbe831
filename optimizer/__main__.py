"""`python -m optimizer solve | check | explain | compare | ...` on files of the exchange format.

Exit status: 0 done; 2 the input is wrong (one line a fault on standard error); 3 the round cannot
be satisfied (the conflicting set on standard output); 4 `check` found a violation; 5 out of time
with no plan at all; 6 the solver's answer failed its check, so that there is none.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from optimizer.backend import SOLVERS
from optimizer.check import check, not_promised
from optimizer.clock import Clock
from optimizer.compare import compare
from optimizer.confirm import confirm_all
from optimizer.conflicts import conflict_of
from optimizer.explain import explain
from optimizer.pabulib import is_election, read_election
from optimizer.pairs import in_order
from optimizer.pooling import pooling
from optimizer.problem import Plan, Problem
from optimizer.read import BadInput, read_plan, read_round, write_plan
from optimizer.relaxation import relaxation_of
from optimizer.rules.giving import held_by
from optimizer.solve import RULES, Infeasible, OutOfTime, SolverFault, solve
from optimizer.stated import promises
from optimizer.sweep_commands import add_sweeps
from optimizer.tables import as_table

OVERTIME = 0.03  # of the run's time, to say at least what conflicts where no time is left
DONE, BAD_INPUT, UNSATISFIABLE, VIOLATION, OUT_OF_TIME, NOT_SOLVED = 0, 2, 3, 4, 5, 6


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except BadInput as bad:
        for fault in bad.faults:
            print(fault, file=sys.stderr)
        return BAD_INPUT
    except OutOfTime as late:
        print(f"No plan was found in the time given.{_at_most(late.bound)}", file=sys.stderr)
        return OUT_OF_TIME
    except SolverFault as fault:
        print(f"There is no answer, since the solver's failed its check: {fault}.", file=sys.stderr)
        return NOT_SOLVED


def _at_most(bound: float) -> str:
    if not math.isfinite(bound):
        return " How good one could be is open, too."
    return f" What is known: none is worth more than {bound:,.0f}."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m optimizer",
        description="Allocate a funding round, check a plan, or explain one (docs/format.md).",
        epilog="Exit status: 0 done, 2 wrong input, 3 the round cannot be satisfied, "
        "4 a violation found, 5 out of time with no plan, 6 the solver failed.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    solving = commands.add_parser("solve", help="find the best plan of a round")
    solving.add_argument("round", type=Path, metavar="ROUND.json")
    solving.add_argument("--rule", choices=sorted(RULES), default="welfare")
    solving.add_argument(
        "--gap", type=_gap, default=1e-3, help="how far from the best a plan may be (0.001: 0.1 %%)"
    )
    solving.add_argument(
        "--seconds", type=_seconds, default=60.0, help="for the whole run, baselines included"
    )
    solving.add_argument("--solver", choices=SOLVERS, default=SOLVERS[0])
    solving.add_argument("-o", "--output", type=Path, metavar="PLAN.json")
    solving.set_defaults(run=_solve)
    checking = commands.add_parser("check", help="reckon every limit and figure of a plan again")
    checking.add_argument("round", type=Path, metavar="ROUND.json")
    checking.add_argument("plan", type=Path, metavar="PLAN.json")
    checking.add_argument(
        "--resolve", action="store_true", help="reckon the funders' baselines again, too"
    )
    checking.set_defaults(run=_check)
    explaining = commands.add_parser("explain", help="say why, for each proposal, line and limit")
    explaining.add_argument("round", type=Path, metavar="ROUND.json")
    explaining.add_argument("plan", type=Path, metavar="PLAN.json")
    explaining.add_argument("--seconds", type=_seconds, default=60.0)
    explaining.add_argument(
        "--confirm",
        nargs="+",
        default=[],
        metavar="PROPOSAL",
        help="confirm what is said of these by solving again",
    )
    explaining.add_argument(
        "--confirm-all", action="store_true", help="confirm every unfunded proposal, in turn"
    )
    explaining.add_argument("-o", "--output", type=Path, metavar="PLAN.json")
    explaining.set_defaults(run=_explain)
    comparing = commands.add_parser("compare", help="lay the plans of several rules side by side")
    comparing.add_argument("round", type=Path, metavar="ROUND.json")
    comparing.add_argument(
        "--rules", nargs="+", choices=list(RULES), default=list(RULES), metavar="RULE"
    )
    comparing.add_argument("--gap", type=_gap, default=1e-3)
    comparing.add_argument("--seconds", type=_seconds, default=120.0, help="for all rules together")
    comparing.add_argument("--solver", choices=SOLVERS, default=SOLVERS[0])
    comparing.add_argument("-o", "--output", type=Path, metavar="COMPARISON.json")
    comparing.set_defaults(run=_compare)
    gaining = commands.add_parser(
        "pooling", help="say what pooling gains, which groups would leave, what guarantees cost"
    )
    gaining.add_argument("round", type=Path, metavar="ROUND.json")
    gaining.add_argument("plan", type=Path, metavar="PLAN.json")
    gaining.add_argument("--seconds", type=_seconds, default=600.0)
    gaining.add_argument("-o", "--output", type=Path, metavar="POOLING.json")
    gaining.set_defaults(run=_sweep, sweep=_pooling)
    add_sweeps(commands, run=_sweep)
    return parser


def _gap(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError("a share from 0 up to 1 is expected")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not (value > 0 and math.isfinite(value)):
        raise argparse.ArgumentTypeError("a number of seconds above 0 is expected")
    return value


def _read(path: Path) -> Problem:
    """A round of the exchange format, or an election of Pabulib as one."""
    return read_election(path) if is_election(path) else read_round(path)


def _solve(options: argparse.Namespace) -> int:
    started = time.monotonic()
    problem = _read(options.round)
    try:
        plan = solve(
            problem,
            rule=options.rule,
            gap=options.gap,
            seconds=options.seconds,
            solver=options.solver,
        )
    except Infeasible as infeasible:
        left = options.seconds - (time.monotonic() - started)
        held = held_by(options.rule, problem, infeasible.floors)
        _write(_no_plan(*held, max(left, OVERTIME * options.seconds)), None)
        return UNSATISFIABLE
    _write(write_plan(plan), options.output)
    return DONE


def _no_plan(problem: Problem, floors: Mapping[str, float], seconds: float) -> dict[str, object]:
    """Which demands conflict, and the least that would repair the round where that is found."""
    clock = Clock.of(seconds)
    conflict = conflict_of(problem, floors, seconds / 2)
    repair = relaxation_of(problem, floors, clock.left)
    return {
        **conflict.as_document(),
        "relaxation": None if repair is None else repair.as_document(),
    }


def _check(options: argparse.Namespace) -> int:
    problem = _read(options.round)
    plan = read_plan(options.plan, problem)
    violations = check(problem, plan, resolve=options.resolve)
    for violation in violations:
        print(violation)
    for missed in not_promised(problem, plan):
        print(f"not promised by {plan.rule}: {missed}")
    return VIOLATION if violations else DONE


def _explain(options: argparse.Namespace) -> int:
    problem = _read(options.round)
    plan = read_plan(options.plan, problem)
    violations = check(problem, plan)
    if violations:
        for violation in violations:
            print(violation)
        return VIOLATION
    started = time.monotonic()
    unknown = sorted(set(options.confirm) - {p.id for p in problem.proposals})
    if unknown:
        raise BadInput([f"--confirm: {id_!r} is no proposal of the round" for id_ in unknown])
    found = explain(problem, plan, seconds=options.seconds)
    wanted = {
        id_: refusal.about
        for id_, refusal in found.proposals.items()
        if options.confirm_all or id_ in options.confirm
    }
    document = found.add_to(write_plan(plan))
    if wanted:
        left = max(1.0, options.seconds - (time.monotonic() - started))
        floors, clock = promises(in_order(problem), plan.funders), Clock.of(left)
        confirmed = confirm_all(problem, plan, wanted, floors, clock)
        document["confirmed"] = {one.proposal: asdict(one) for one in confirmed}
    _write(document, options.output)
    return DONE


def _compare(options: argparse.Namespace) -> int:
    problem = _read(options.round)
    comparison = compare(
        problem,
        list(dict.fromkeys(options.rules)),
        gap=options.gap,
        seconds=options.seconds,
        solver=options.solver,
    )
    if options.output is not None:
        _write(comparison.as_document(), options.output)
    print("\n".join(as_table(problem, comparison)))
    return DONE if comparison.planned else UNSATISFIABLE


def _pooling(problem: Problem, plan: Plan, options: argparse.Namespace) -> dict[str, object]:
    return pooling(problem, plan, seconds=options.seconds)


def _sweep(options: argparse.Namespace) -> int:
    problem = _read(options.round)
    plan = read_plan(options.plan, problem)
    violations = check(problem, plan)
    if violations:
        for violation in violations:
            print(violation)
        return VIOLATION
    _write(options.sweep(problem, plan, options), options.output)
    return DONE


def _write(document: dict[str, object], path: Path | None) -> None:
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    if path is None:
        sys.stdout.buffer.write(text.encode("utf-8"))
        sys.stdout.flush()
    else:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
