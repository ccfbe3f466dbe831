"""What the optimizer is held to, as ratios within one run, and the cause where one is missed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.optimizer import LARGE, MIDDLE, SMALL, Measured, Task
from bench.results import Results

Figure = Callable[[Results], float | None]


@dataclass(frozen=True)
class Target:
    """One ratio: at least `least` or at most `most`; `cause` is said where it is missed."""

    what: str
    size: tuple[int, int]
    figure: Figure
    least: float | None = None
    most: float | None = None
    cause: str = ""

    def is_met(self, value: float) -> bool:
        above = self.least is None or value >= self.least
        return above and (self.most is None or value <= self.most)

    @property
    def limit(self) -> str:
        return f"at least {self.least:g}" if self.most is None else f"at most {self.most:.3g}"


def _over(above: Task, below: Task, name: str = "seconds") -> Figure:
    def figure(results: Results) -> float | None:
        one, other = results.of(above), results.of(below)
        return None if one is None or other is None else one[name] / max(other[name], 1e-9)

    return figure


def _own(task: Task, name: str) -> Figure:
    def figure(results: Results) -> float | None:
        found: Measured | None = results.of(task)
        return None if found is None else found[name]

    return figure


def _rough(method: str, size: tuple[int, int]) -> Task:
    return Task(method, "plain", size, 1e-2)


def _fine(method: str, size: tuple[int, int]) -> Task:
    return Task(method, "plain", size, 1e-3)


WHOLE = (
    "the model by hand ends with totals; ours goes on to whole lines and counts every limit again "
    "(a third of its time at 50 x 5,000), and PuLP names and registers variables and rows (a "
    "quarter)"
)
STEPS = (
    "without presolve, which the last corner does not survive, one step at 100 x 20,000 takes "
    "six to twelve times as long as from nothing, and there are 500 to 3,000 of them for 16,000"
)
TARGETS = (
    *(
        Target(
            "ours over HiGHS by hand on the same cells, to 1 %",
            size,
            _over(_rough("ours", size), _rough("cells", size)),
            most=1.3,
            cause=WHOLE,
        )
        for size in (SMALL, MIDDLE, LARGE)
    ),
    *(
        Target(
            f"{name} over ours, to 1 %",
            size,
            _over(_rough(method, size), _rough("ours", size)),
            least,
        )
        for name, method, size, least in (
            ("PuLP as usually written with CBC", "pulp_cbc", SMALL, 10),
            ("HiGHS by hand on pairs", "pairs", MIDDLE, 2.5),
            ("HiGHS by hand on pairs", "pairs", LARGE, 3),
        )
    ),
    Target(
        "our memory over that of HiGHS by hand on pairs",
        LARGE,
        _over(_rough("ours", LARGE), _rough("pairs", LARGE), "megabytes"),
        most=0.25,
    ),
    Target(
        "time of ours to 0.1 % over that of the relaxed model alone",
        LARGE,
        _over(_fine("ours", LARGE), _fine("ours_relaxed", LARGE)),
        most=2,
    ),
    Target(
        "proven gap, in per cent",
        LARGE,
        lambda results: (
            None if (gap := _own(_fine("ours", LARGE), "gap")(results)) is None else 100 * gap
        ),
        most=0.1,
    ),
    *(
        Target(
            "one solve again with scores moved by 2 %, over a cold one",
            size,
            _own(_fine("resolved", size), "ratio"),
            most=1 / 6,
            cause=STEPS,
        )
        for size in (SMALL, MIDDLE, LARGE)
    ),
)
