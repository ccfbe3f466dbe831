"""How sure each proposal's fate is: in all good plans, in some, in none; and if reviews differed.

A plan is good if it is worth at least (1 - tolerance) of the plan's value. A proposal is funded
*always* or *never* only by proof: the relaxed model, told to decide it the other way, is worth less
than that. Most are proven at once by their standing (`margins`), a bound that costs nothing; the
rest by solving with the proposal forced. *Sometimes* is shown by two good plans that differ on it.

Resampled reviews: as if each proposal had been read by as many other reviewers. Their scores are
drawn around its merit, as far apart as its own reviewers' scores are, drawn towards how far apart
reviewers of this round are in general (a handful of scores says little of its own spread).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optimizer.clock import Cancelled, Clock
from optimizer.found import OutOfTime
from optimizer.highs import Vector
from optimizer.live_round import LiveRound
from optimizer.problem import Plan, Problem
from optimizer.sweep import HERE, sweep
from optimizer.value import Lines, totals_of, value_of

ALWAYS, SOMETIMES, NEVER, OPEN = "always", "sometimes", "never", "open"

SAMPLES = 200
IN_A_PIECE = 25  # samples that share one live model; fixed, so that answers never depend on where
SPREAD = 0.1  # of scores from 0 to 1, where nothing is known of it
OWN_SCORES = 3.0  # how many scores the round's general spread counts as, beside a proposal's own
SECONDS = 900.0
FORCED_NODES = 100
ROUNDS = 12  # of looking for plans that show several proposals at once

Scores = Mapping[str, Sequence[float] | float]


def sureness(
    problem: Problem,
    plan: Plan,
    *,
    tolerance: float = 0.01,
    scores: Scores | None = None,
    samples: int = SAMPLES,
    seed: int = 1,
    where: str = HERE,
    seconds: float = SECONDS,
    known: Mapping[str, Any] | None = None,
    tell: Callable[[float, str], None] | None = None,
    keep: Callable[[dict[str, Any]], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Each proposal's standing among good plans, and how often it is funded if reviews differ.

    `scores`: by proposal its reviewers' scores from 0 to 1, or their standard deviation. Answers
    `standings` {proposal: {"standing", "by": "bound" | "solving" | "plans"}}, `resampled` with
    `funded` {proposal: times of `samples`}, `regret` (of the plan's value, by sample: least and
    most it can be) and `gap`, the largest proven. `known`: an unfinished answer to go on from.
    Raises Cancelled.
    """
    document: dict[str, Any] = {"tolerance": tolerance, "samples": samples, "seed": seed}
    document |= dict(known or {})
    if "standings" not in document:
        if tell is not None:
            tell(0.0, "Looking for what every good plan has in common")
        clock = Clock.of(seconds, None, cancelled)
        live = LiveRound(problem, plan, clock)
        document["standings"] = _Standings(live, tolerance, tell).found()
        if keep is not None:
            keep(document)
    spread = spreads(problem, scores or {})
    pieces = [
        Piece(problem, plan, spread, seed, tuple(range(at, min(at + IN_A_PIECE, samples))))
        for at in range(0, samples, IN_A_PIECE)
    ]
    done = {int(k): answer for k, answer in document.get("pieces", {}).items()}

    def on_answer(answers: Mapping[int, dict[str, Any]]) -> None:
        if tell is not None:
            tell(0.3 + 0.7 * len(answers) / len(pieces), "Solving with reviews that differ")
        if keep is not None:
            keep({**document, "pieces": {str(k): a for k, a in answers.items()}})

    answers = sweep(
        resample, pieces, where=where, known=done, on_answer=on_answer, cancelled=cancelled
    )
    document.pop("pieces", None)
    return {**document, "resampled": _together(answers)}


# -- always, sometimes, never ---------------------------------------------------------------------


class _Standings:
    """What is known of each proposal, by index: good plans seen with and without it, proofs."""

    def __init__(
        self, live: LiveRound, tolerance: float, tell: Callable[[float, str], None] | None
    ) -> None:
        self.live, self.tell = live, tell
        self.least = live.plan.value - tolerance * abs(live.plan.value)
        count = len(live.problem.proposals)
        self.with_it, self.without_it = np.zeros(count, bool), np.zeros(count, bool)
        self.proof: dict[int, str] = {}
        self.see([live.plan.totals.get(p.id, 0) for p in live.problem.proposals])

    def see(self, totals: Sequence[int]) -> None:
        """A good plan."""
        funded = np.array(totals) > 0
        self.with_it |= funded
        self.without_it |= ~funded

    def try_lines(self, lines: Lines) -> bool:
        """Take lines for a good plan if they are worth enough; whether that was news."""
        if value_of(self.live.problem, lines) < self.least:
            return False
        before = self.open.size
        self.see(totals_of(self.live.problem, lines))
        return bool(self.open.size < before)

    @property
    def open(self) -> Any:
        """Indices of proposals that are neither shown to differ nor proven the same."""
        unknown = ~(self.with_it & self.without_it)
        unknown[list(self.proof)] = False
        return np.flatnonzero(unknown)

    def found(self) -> dict[str, dict[str, str]]:
        self.by_bound()
        self.by_plans()
        self.by_solving()
        return {p.id: self._said(k) for k, p in enumerate(self.live.problem.proposals)}

    def _said(self, k: int) -> dict[str, str]:
        if self.with_it[k] and self.without_it[k]:
            return {"standing": SOMETIMES, "by": "plans"}
        if k in self.proof:
            return {"standing": ALWAYS if self.with_it[k] else NEVER, "by": self.proof[k]}
        return {"standing": OPEN, "by": ""}

    def by_bound(self) -> None:
        """Proofs from the standing of each at the relaxed model's best corner."""
        live = self.live
        live.aim()
        live.ask_for(-math.inf)
        corner = live.corner()
        if corner.x is None:
            return
        standing = live.standing()
        worth = corner.bound * live.unit - np.abs(standing)
        agrees = (standing > 0) == self.with_it
        for k in self.open:
            nothing_pays = not live.pairs.ask[k]
            if nothing_pays or (worth[k] < self.least and agrees[k]):
                self.proof[int(k)] = "bound"

    def by_plans(self) -> None:
        """Good plans that decide as many as possible the other way."""
        live = self.live
        asks = np.maximum(live.pairs.ask, 1).astype(float)
        for turn in range(ROUNDS):
            before = self.open
            if not before.size:
                return
            self._tell(0.05 + 0.1 * turn / ROUNDS)
            weight = np.zeros(len(asks))
            weight[before] = np.where(self.with_it[before], -1.0, 1.0) / asks[before]
            live.aim(live.of_totals(weight * float(np.median(asks))))
            live.ask_for(self.least)
            corner = live.corner()
            if corner.x is None:
                return
            plan = live.whole(corner, live.standing(), gap=0.05, nodes=1, is_rough=True)
            if plan is None or not self.try_lines(plan.lines):
                return

    def by_solving(self) -> None:
        """Each that is left, forced the other way: a bound below `least` is a proof, a plan that
        is worth it shows that it can be."""
        live = self.live
        live.aim()
        live.ask_for(-math.inf)
        left = self.open
        for number, k in enumerate(left):
            if live.clock.cancelled is not None and live.clock.cancelled():
                raise Cancelled
            self._tell(0.15 + 0.15 * number / len(left))
            if k in self.open and live.clock.left:
                with live.forced(int(k), not self.with_it[k]):
                    self._force(int(k))

    def _force(self, k: int) -> None:
        live = self.live
        corner = live.corner()
        if corner.is_infeasible or corner.bound * live.unit < self.least:
            self.proof[k] = "solving"
            return
        plan = live.whole(corner, live.standing(), gap=1e-3, nodes=20)
        if plan is not None and self.try_lines(plan.lines):
            return
        answer = live.live.search(1e-4, nodes=FORCED_NODES, enough=self.least)
        if answer.is_infeasible or answer.bound * live.unit < self.least:
            self.proof[k] = "solving"

    def _tell(self, part: float) -> None:
        if self.tell is not None:
            self.tell(part, "Looking for what every good plan has in common")


# -- reviews that differ --------------------------------------------------------------------------


def spreads(problem: Problem, scores: Scores) -> dict[str, float]:
    """By proposal the standard deviation of its mean score, had others read it; 0 without merit
    where nobody has.

    A listed number is the standard deviation itself. Scores: with n of them, their squared
    deviations and OWN_SCORES times the round's general variance, over n - 1 + OWN_SCORES; of the
    mean, over n. Unlisted proposals with merit: one reviewer of the general spread.
    """
    lists = {k: list(v) for k, v in scores.items() if not isinstance(v, (int, float))}
    deviations = {k: sum((s - sum(v) / len(v)) ** 2 for s in v) for k, v in lists.items() if v}
    freedom = sum(len(v) - 1 for v in lists.values() if v)
    general = sum(deviations.values()) / freedom if freedom else SPREAD**2
    found = {}
    for proposal in problem.proposals:
        given = scores.get(proposal.id)
        if isinstance(given, (int, float)):
            found[proposal.id] = float(given)
        elif given:
            n = len(given)
            own = deviations[proposal.id] + OWN_SCORES * general
            found[proposal.id] = math.sqrt(own / (n - 1 + OWN_SCORES) / n)
        else:
            found[proposal.id] = math.sqrt(general) if proposal.merit else 0.0
    return found


@dataclass(frozen=True)
class Piece:
    """Samples, by number, that are solved one after the other on one live model."""

    problem: Problem
    plan: Plan
    spread: Mapping[str, float]
    seed: int
    samples: tuple[int, ...]


def reviewed_again(
    problem: Problem, spread: Mapping[str, float], seed: int, sample: int
) -> Problem:
    """The round with other reviewers' merit; the same for the same seed and sample."""
    drawn = np.random.default_rng([seed, sample]).standard_normal(len(problem.proposals))
    return replace(
        problem,
        proposals=tuple(
            replace(p, merit=min(1.0, max(0.0, p.merit + spread[p.id] * float(drawn[k]))))
            for k, p in enumerate(problem.proposals)
        ),
    )


def resample(piece: Piece, cancelled: Callable[[], bool]) -> dict[str, Any]:
    """Solve each sample: only costs change, so each starts from the last one's corner.

    Raises OutOfTime rather than count the plan itself where a sample could not be solved.
    """
    clock = Clock.of(SECONDS, None, cancelled)
    live = LiveRound(piece.problem, piece.plan, clock)
    merit = np.array([p.merit for p in live.problem.proposals])
    own = live.own_lines()
    funded: Counter[str] = Counter()
    regret, gaps = [], []
    for sample in piece.samples:
        if cancelled():
            raise Cancelled
        judged = reviewed_again(live.problem, piece.spread, piece.seed, sample)
        extra: Vector = np.array([p.merit for p in judged.proposals]) - merit
        live.aim(live.cost + live.of_totals(extra))
        corner = live.corner()
        if not corner.is_finished:
            raise OutOfTime
        found = live.whole(corner, live.standing(), judged=judged, gap=1e-3, nodes=5)
        plan_value = value_of(judged, own)
        lines, value = own, plan_value
        if found is not None and found.value > plan_value:
            lines, value = found.lines, found.value
        funded.update(
            p.id
            for p, total in zip(judged.proposals, totals_of(judged, lines), strict=True)
            if total
        )
        size = max(1.0, abs(value))
        bound = max(value, corner.bound * live.unit)
        regret.append([(value - plan_value) / size, (bound - plan_value) / size])
        gaps.append((bound - value) / size)
    return {"funded": dict(sorted(funded.items())), "regret": regret, "gap": max(gaps)}


def _together(answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    funded: Counter[str] = Counter()
    for answer in answers:
        funded.update(answer["funded"])
    return {
        "funded": dict(sorted(funded.items())),
        "regret": [pair for answer in answers for pair in answer["regret"]],
        "gap": max((answer["gap"] for answer in answers), default=0.0),
    }
