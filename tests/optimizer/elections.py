"""Elections in Pabulib's format: the shared real ones, small ones made at random, and pabutools."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "pabulib"
KINDS = ("approval", "choose-1", "scoring", "cumulative")


def text_of(meta: dict[str, object], projects: Iterable[str], votes: Iterable[str]) -> str:
    """A file from its rows; the first of `projects` and of `votes` is the line of keys."""
    rows = ["META", "key;value", *(f"{key};{value}" for key, value in meta.items())]
    return "\n".join([*rows, "PROJECTS", *projects, "VOTES", *votes, ""])


def random_election(seed: int) -> str:
    """A small election of each kind in turn, costs with and without hundredths."""
    rng, kind = random.Random(seed), KINDS[seed % len(KINDS)]
    has_points = kind in ("scoring", "cumulative")
    count, voters = rng.randint(1, 12), rng.randint(0, 40)
    costs = [rng.randint(1, 900) if seed % 3 else rng.randint(1, 90000) / 100 for _ in range(count)]
    votes = []
    for voter in range(voters):
        size = 1 if kind == "choose-1" else rng.randint(0, count)
        chosen = rng.sample(range(count), size)
        row = [str(voter), ",".join(f"p{j}" for j in chosen)]
        if has_points:
            row.append(",".join(str(rng.randint(0, 9)) for _ in chosen))
        votes.append(";".join(cell or "none" * has_points for cell in row))
    meta = {
        "num_projects": count,
        "num_votes": voters,
        "budget": round(sum(costs) * rng.choice([0.1, 0.4, 0.7, 1.1]), 2),
        "vote_type": kind,
        "currency": "EUR",
    }
    return text_of(
        meta,
        ["project_id;cost;name", *(f"p{j};{cost};Bench {j}" for j, cost in enumerate(costs))],
        ["voter_id;vote" + ";points" * has_points, *votes],
    )


def best_welfare(path: Path) -> tuple[Fraction, Fraction]:
    """What pabutools funds at best, and the largest sum of votes: (votes x cost, votes).

    Welfare is cost times approvals, or cost times points.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PuLP's old calls, which pabutools still makes
        from pabutools.election import parse_pabulib
        from pabutools.election.satisfaction import AdditiveSatisfaction
        from pabutools.rules import max_additive_utilitarian_welfare

        class Weighed(AdditiveSatisfaction):  # type: ignore[misc]  # pabutools is loosely typed
            """A ballot's satisfaction: the cost of what is funded, times the points it gave."""

            def __init__(self, instance: Any, profile: Any, ballot: Any) -> None:
                super().__init__(instance, profile, ballot, Weighed.worth)

            @staticmethod
            def worth(_instance: Any, _profile: Any, ballot: Any, project: Any, _known: Any) -> Any:
                return points(ballot, project) * project.cost

        def points(ballot: Any, project: Any) -> Any:
            if isinstance(ballot, dict):
                return ballot.get(project, 0)
            return int(project in ballot)

        instance, profile = parse_pabulib(str(path))
        votes = {p: sum((points(b, p) for b in profile), 0) for p in instance}
        funded = max_additive_utilitarian_welfare(instance, profile, sat_class=Weighed)
    welfare = sum((_exact(votes[p]) * _exact(p.cost) for p in funded), Fraction(0))
    return welfare, _exact(max(votes.values(), default=0))


def _exact(number: Any) -> Fraction:
    """pabutools counts in gmpy2's fractions."""
    return Fraction(int(number.numerator), int(number.denominator))
