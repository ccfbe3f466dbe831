"""What is said of an unfunded proposal, found and confirmed by solving again with one change.

Let V be what is reached for certain without the proposal, and U what no plan of the round can
exceed. F(x) is the best value with the proposal funded and a change x in its favour made. Then

    F(x) > U    every best plan of the changed round funds it:            x is enough
    F(x) < V    no best plan of the changed round funds it:               x is too little

F never falls as the change grows, so the smallest change lies between the largest x that is known
to be too little and the smallest that is known to be enough. Both are shown by solving: the search
for F(x) ends as soon as it is known on which side of U or V it lies.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from optimizer.changes import CHANGES, Change, keeps_out
from optimizer.clock import Clock
from optimizer.estimates import Estimate
from optimizer.found import Aim, Found, Infeasible, OutOfTime
from optimizer.outcomes import Outcome, Proof, outcome_of, prove, solved
from optimizer.pairs import in_order, pairs_of
from optimizer.problem import Lock, Plan, Problem, Proposal
from optimizer.value import breaches, totals_of

SCORE_STEP = 0.01  # one of a reviewer's 100 points
MONEY_STEP = 0.01  # of the minimum, about
MOST_LESS = 0.9  # of the minimum: with a tenth of it, hardly the same work is done
MOST_TRIES = 16  # solves for one smallest change
NEAR = 20  # the part of a change to which it is found where whole steps are finer
EDGE = 1e-9

NONE, FOUND, IMPOSSIBLE, UNSURE = "none", "found", "impossible", "unsure"


@dataclass(frozen=True)
class Smallest:
    """The smallest change of one kind that funds a proposal.

    | field | meaning |
    |---|---|
    | kind | merit, money, minimum or ask, as in `Change`; `by` in its unit |
    | state | none: no change is needed, within the proven gap; found; impossible: no such change |
    |  | funds it; unsure: the tries or the time were used up |
    | enough | the least change shown to fund it; None where none was |
    | too_little | the largest change shown not to fund it; None where none was |
    """

    kind: str
    state: str
    enough: float | None = None
    too_little: float | None = None


@dataclass(frozen=True)
class Confirmed:
    """One unfunded proposal, by solving again.

    `forced`: the round with it funded beside the plan; None where no plan can fund it.
    """

    proposal: str
    forced: Outcome | None
    smallest: Mapping[str, Smallest]
    tries: int


def confirm(
    problem: Problem,
    plan: Plan,
    proposal: str,
    proof: Proof,
    estimate: Estimate,
    floors: Mapping[str, float],
    clock: Clock,
    done: Callable[[str], None] | None = None,
) -> Confirmed:
    """Confirm what can be said of one unfunded proposal of a plan.

    `done` is told of each part as it is known: "forced", then the kinds of change.
    """
    trials = _Trials(in_order(problem), plan, proposal, proof, floors, clock)
    forced = trials.forced()
    tell = done or (lambda _part: None)
    tell("forced")
    if forced is not None and forced.lost <= proof.slack:
        nothing = {kind: Smallest(kind, NONE) for kind in CHANGES}
        return Confirmed(proposal, forced, nothing, trials.tries)
    # no score makes money eligible
    smallest = {"merit": Smallest("merit", IMPOSSIBLE)} if forced is None else {}
    for kind in ("merit", "money", "minimum"):
        if kind not in smallest:
            smallest[kind] = trials.smallest(kind, getattr(estimate, kind))
        tell(kind)
    smallest["ask"] = trials.smallest_ask(smallest["minimum"])
    tell("ask")
    return Confirmed(proposal, forced, smallest, trials.tries)


def confirm_all(
    problem: Problem,
    plan: Plan,
    estimates: Mapping[str, Estimate],
    floors: Mapping[str, float],
    clock: Clock,
    proof: Proof | None = None,
) -> Iterator[Confirmed]:
    """Confirm each of these proposals, in order of id, as long as there is time."""
    known = proof or prove(problem, plan, floors, clock)
    for proposal, estimate in sorted(estimates.items()):
        if not clock.left:
            return
        try:
            yield confirm(problem, plan, proposal, known, estimate, floors, clock)
        except OutOfTime:
            return


@dataclass
class _Trials:
    """The round with one proposal funded, solved again and again with changes."""

    problem: Problem
    plan: Plan
    proposal: str
    proof: Proof
    floors: Mapping[str, float]
    clock: Clock
    tries: int = field(default=0)

    @property
    def _row(self) -> Proposal:
        return self.problem.proposal_by_id[self.proposal]

    def _funded(self, problem: Problem) -> Problem:
        locks = tuple(k for k in problem.locks if not keeps_out(k, self.proposal))
        return replace(problem, locks=(*locks, Lock(self.proposal, funded=True)))

    def forced(self) -> Outcome | None:
        """The plan that funds it as it stands, beside the one that does not."""
        self.tries += 1
        try:
            return outcome_of(
                self.problem,
                self.plan,
                self.proof,
                self._funded(self.problem),
                self.floors,
                self.clock,
            )
        except Infeasible:
            return None

    def is_enough(self, change: Change) -> tuple[bool | None, Found | None]:
        """Whether the changed round's best plans fund it; None where that is too close to say."""
        self.tries += 1
        applied = change.applied_to(self.problem)
        changed = in_order(self._funded(applied))
        try:
            without, bound = self._without(applied, change)
            edge = EDGE * max(1.0, abs(bound))
            aim = Aim(least=without - edge, enough=bound + edge)
            found = solved(changed, self.floors, self.proof, self.clock, aim)
        except Infeasible:
            return False, None
        except OutOfTime:
            return None, None
        if found.lines is not None and found.value >= aim.enough:
            return True, found
        return (False if found.bound <= aim.least else None), found

    def _without(self, applied: Problem, change: Change) -> tuple[float, float]:
        """What is reached for certain, and what none can exceed, without the proposal.

        Money alone changes anything for the others: shares are shares of all of it.
        """
        without, bound = self.proof.without(self.proposal), self.proof.bound
        policy = self.problem.policy
        has_shares = policy.institution_share is not None or policy.risk_most or policy.region_least
        if change.kind != "money" or not has_shares:
            return without, bound
        rest = in_order(replace(applied, locks=(*applied.locks, Lock(self.proposal, funded=False))))
        place = {c.id: k for k, c in enumerate(rest.commitments)}
        rows = {p.id: k for k, p in enumerate(rest.proposals)}
        kept = {(place[k.commitment], rows[k.proposal]): k.amount for k in self.plan.lines}
        if breaches(pairs_of(rest), kept, self.floors):
            found = solved(rest, self.floors, self.proof, self.clock)
            return found.value, found.bound
        found = solved(rest, self.floors, self.proof, self.clock, Aim(least=bound))
        return max(self.proof.value, found.value), max(bound, found.bound)

    def smallest(self, kind: str, guess: float | None) -> Smallest:
        """Between the largest change that is too little and the smallest that is enough."""
        return self._between(kind, self._scale(kind), guess)

    def _between(self, kind: str, scale: _Scale, guess: float | None, known: int = 0) -> Smallest:
        """`known`: the most steps that are known to be too little already."""
        if scale.top <= known:
            return Smallest(kind, IMPOSSIBLE)
        search = _Bracket(scale.top, known)
        k: int | None = search.first(
            math.inf if guess is None else (guess - scale.start) / scale.step
        )
        while k is not None and search.tries < MOST_TRIES and self.clock.left:
            verdict, found = self.is_enough(Change(kind, self.proposal, scale.at(k)))
            search.note(k, verdict)
            if verdict and kind == "merit" and found is not None and found.lines is not None:
                search.note_enough(k - self._spare(found, scale.step))
            k = search.next()
        return self._as_smallest(kind, scale, search)

    def smallest_ask(self, minimum: Smallest) -> Smallest:
        """The least that must be taken off the ask, minimum included.

        A round where it asks for less is never better than one where its minimum alone is that
        low, so what is too little there is too little here.
        """
        if minimum.state == IMPOSSIBLE:
            return Smallest("ask", IMPOSSIBLE)
        above = self._row.ask - self._row.minimum
        scale = replace(self._scale("minimum"), start=above)
        if minimum.enough is None:
            too_little = None if minimum.too_little is None else above + minimum.too_little
            return Smallest("ask", UNSURE, None, too_little)
        # an ask is rounded down to the grid, a minimum up: a step may lie between
        is_between = bool(self._row.minimum % self.problem.policy.round_to)
        known = max(0, int((minimum.too_little or 0) // scale.step) - is_between)
        known = 0 if self._row.budget else known  # what it needs each year changes as well
        return self._between("ask", scale, above + minimum.enough, known)

    def _spare(self, found: Found, step: float) -> int:
        """By how many steps the score could be lower with the same plan still above the bound."""
        assert found.lines is not None
        totals = totals_of(self.problem, found.lines)
        amount = totals[[p.id for p in self.problem.proposals].index(self.proposal)]
        edge = 2 * EDGE * max(1.0, abs(self.proof.bound))
        return max(0, math.floor((found.value - self.proof.bound - edge) / (step * amount)))

    def _scale(self, kind: str) -> _Scale:
        if kind == "merit":
            room = 1.0 - self._row.merit
            return _Scale(SCORE_STEP, math.ceil(room / SCORE_STEP - EDGE), room)
        limit = self._row.ask if kind == "money" else int(self._row.minimum * MOST_LESS)
        step = _round_figure(self._row.minimum * MONEY_STEP, self.problem.policy.round_to)
        return _Scale(step, math.ceil(limit / step), limit)

    def _as_smallest(self, kind: str, scale: _Scale, search: _Bracket) -> Smallest:
        too_little = scale.at(search.no)
        if search.no >= scale.top:
            return Smallest(kind, IMPOSSIBLE, None, too_little)
        if search.yes is None:
            return Smallest(kind, UNSURE, None, too_little)
        return Smallest(kind, FOUND, scale.at(search.yes), too_little)


@dataclass(frozen=True)
class _Scale:
    """The changes that are tried: whole steps up to a limit, on top of a start."""

    step: float
    top: int
    limit: float
    start: float = 0

    def at(self, k: int) -> float:
        return self.start + (self.limit if k >= self.top else k * self.step)


class _Bracket:
    """A search up to `top` for the least k that is enough; `no` is known to be too little.

    From a guess upwards in doubling steps; downwards the next below, then by halves, to a
    twentieth of the change. Where it is too close to say, both ends are sought around it.
    """

    def __init__(self, top: int, no: int) -> None:
        self.top, self.no, self.tries = top, no, 0
        self.yes: int | None = None
        self.unsure: tuple[int, int] | None = None
        self._stride = 1

    def first(self, guess: float) -> int:
        if not math.isfinite(guess):
            return self.top
        return min(self.top, max(self.no + 1, math.ceil(guess - EDGE)))

    def note(self, k: int, verdict: bool | None) -> None:
        self.tries += 1
        if verdict:
            self.note_enough(k)
        elif verdict is False:
            self.no = max(self.no, k)
        else:
            low, high = self.unsure or (k, k)
            self.unsure = (min(low, k), max(high, k))

    def note_enough(self, k: int) -> None:
        k = max(k, self.no + 1)
        self.yes = k if self.yes is None else min(self.yes, k)

    def next(self) -> int | None:
        """What to try next; None when the ends are near enough."""
        if self.yes is None:
            known = self.no if self.unsure is None else self.unsure[1]
            if known >= self.top:
                return None
            self._stride *= 2
            return min(self.top, known + self._stride - 1)
        near = max(1, self.yes // NEAR)
        low, high = self.unsure or (self.yes, self.no)
        if self.unsure is not None and self.yes - high > near:
            return (self.yes + high) // 2
        if low - self.no <= near:
            return None
        if low == self.yes and self.tries == 1:
            return low - 1
        return (low + self.no) // 2


def _round_figure(amount: float, grid: int) -> int:
    """The next 1, 2 or 5 times a power of ten, as a multiple of the grid, and at least that."""
    if amount <= grid:
        return grid
    power = 10.0 ** math.floor(math.log10(amount))
    figure = next(f for f in (1, 2, 5, 10) if f * power >= amount * (1 - EDGE)) * power
    return -(-round(figure) // grid) * grid
