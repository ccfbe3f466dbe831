"""The frozen input of an allocation: what one funding round is to the optimizer.

Field for field the exchange format `tributary-round/2` (docs/format.md); a round of version 1 is
one without years and conditions. Money is in integer
minor units of the round's one currency. Objects are made by `read.read_round`, which names every
fault of a file; constructing them directly skips that, so pass them through
`read.faults_of` when they come from anywhere but a test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

ROUND_FORMATS = ("tributary-round/1", "tributary-round/2")
PLAN_FORMATS = {
    "tributary-round/1": "tributary-plan/1",
    "tributary-round/2": "tributary-plan/2",
}
"""The format of a round's plan, by the round's own."""

LINES_ONLY = ("equal-shares", "greedy", "nash", "pro-rata", "s-process")
"""Rules that promise the limits of lines and of single proposals, and no others."""

SUMS = ("area cap", "at_least", "guarantee", "institution_share", "region_least", "risk_most")
"""Limits over several proposals: what those rules do not promise."""


@dataclass(frozen=True)
class Instalment:
    """Minor units in one calendar year."""

    year: int
    amount: int


@dataclass(frozen=True)
class Match:
    """Pays a proposal at most `ratio` times what other funders pay it, and at most `up_to`.

    `up_to` is in minor units a proposal; None: no limit besides the commitment's caps.
    """

    ratio: float
    up_to: int | None = None


@dataclass(frozen=True)
class Condition:
    """Others a commitment waits for, in a proposal (`only_if`) or in the round (`joins_if`).

    | field | unit | default | meaning |
    |---|---|---|---|
    | funders | count | 0 | at least so many other funders pay |
    | least | minor units | 1 | a funder counts that pays at least this |
    | total | minor units | 0 | at least so much is paid in all, by whomever |

    Both must hold.
    """

    funders: int = 0
    least: int = 1
    total: int = 0


@dataclass(frozen=True)
class Commitment:
    """Money one funder firmly promises to the round, with its restrictions.

    | field | unit | default | meaning |
    |---|---|---|---|
    | amount | minor units | | all it can pay |
    | areas | ids or None | None | areas it pays for; None: any |
    | least_share | share | 0.5 | a proposal qualifies with at least this weight in `areas` |
    | pays_share_only | | False | pays at most the share of the ask that lies in `areas` |
    | regions, risk_tiers | names or None | None | only these; None: any |
    | excludes | proposal ids | () | conflicts and refusals |
    | cap_per_proposal | minor units or None | None | most it pays to one proposal |
    | cap_share_of_ask | share | 1.0 | most it pays of one ask |
    | ticket | minor units | 0 | pays a proposal nothing or at least this |
    | releases | by year | () | when the amount can be paid; (): all of it at any time |
    | promised | by year | () | owed to earlier awards, taken off before this round |
    | match | | None | pays only in proportion to what others pay a proposal |
    | only_if | | None | pays a proposal only if others do |
    | joins_if | | None | pays anything only if others do |
    """

    id: str
    funder: str
    amount: int
    areas: tuple[str, ...] | None = None
    least_share: float = 0.5
    pays_share_only: bool = False
    regions: tuple[str, ...] | None = None
    risk_tiers: tuple[str, ...] | None = None
    excludes: tuple[str, ...] = ()
    cap_per_proposal: int | None = None
    cap_share_of_ask: float = 1.0
    ticket: int = 0
    releases: tuple[Instalment, ...] = ()
    promised: tuple[Instalment, ...] = ()
    match: Match | None = None
    only_if: Condition | None = None
    joins_if: Condition | None = None

    @property
    def available(self) -> int:
        """What this round can allocate: the amount less what earlier awards are owed."""
        return self.amount - sum(owed.amount for owed in self.promised)


@dataclass(frozen=True)
class Funder:
    """A funder's own view of value: `weights` by area (1 where absent), and what it is promised.

    `guarantee` is "none", "alone" or "leave": its value in the plan is at least that baseline.
    `at_least`: its value is at least this number (money weighted by merit and its own weights).
    """

    id: str
    weights: dict[str, float] = field(default_factory=dict)
    guarantee: str = "none"
    at_least: float | None = None


@dataclass(frozen=True)
class Proposal:
    """One request: `ask` in minor units; funded at all means at least `minimum`.

    `merit` is in [0, 1]; `areas` maps area id to its weight and sums to 1 within 1e-6.
    `budget` says by which year how much of the ask is needed; (): at any time. `paid_before`:
    minor units that somebody outside of the round has paid for the same work already; funding
    the proposal spends them twice.
    """

    id: str
    ask: int
    merit: float
    areas: dict[str, float]
    minimum: int
    region: str | None = None
    institution: str | None = None
    risk_tier: str | None = None
    budget: tuple[Instalment, ...] = ()
    paid_before: int = 0


@dataclass(frozen=True)
class Step:
    """One step of an area's need: the next `width` minor units earn `weight` each."""

    width: int
    weight: float


@dataclass(frozen=True)
class Area:
    """A field of work and how much it needs.

    `spent`: minor units others already fund; it uses up `steps` first, and counts for neither
    `floor` (soft, shortfall reported) nor `cap` (hard, within 2 units).
    """

    id: str
    spent: int = 0
    steps: tuple[Step, ...] = ()
    floor: int = 0
    cap: int | None = None


@dataclass(frozen=True)
class Overlap:
    """Two proposals that would do the same work, to `degree` in [0, 1]."""

    proposals: tuple[str, str]
    degree: float


@dataclass(frozen=True)
class Lock:
    """A decision already taken, in one of four forms.

    commitment and amount: that line is fixed (0: no such line); amount alone: the total is fixed;
    funded alone: pinned in (True) or out (False).
    """

    proposal: str
    commitment: str | None = None
    amount: int | None = None
    funded: bool | None = None


@dataclass(frozen=True)
class Policy:
    """What holds for the round as a whole.

    | field | unit | default | meaning |
    |---|---|---|---|
    | overlap_weight | | 1.0 | price of money spent twice |
    | max_cofunders | count or None | None | most lines a proposal |
    | agreement_cost | minor units | 0 | price of one line |
    | institution_share | share or None | None | most any institution may get |
    | region_least | {region: share} | {} | least for a region |
    | risk_most | {tier: share} | {} | most for a risk tier |
    | floor_penalty | | 10 | price of one unit below an area's floor |
    | round_to | minor units | 1 | every line is a multiple of it |

    Shares are of the sum of what all commitments have available, hard, within 2 units.
    """

    overlap_weight: float = 1.0
    max_cofunders: int | None = None
    agreement_cost: int = 0
    institution_share: float | None = None
    region_least: dict[str, float] = field(default_factory=dict)
    risk_most: dict[str, float] = field(default_factory=dict)
    floor_penalty: float = 10.0
    round_to: int = 1


@dataclass(frozen=True)
class Problem:
    """One round: everything a rule needs, and nothing else. Order is as given.

    `digest`: SHA-256 of the document the round was read from; empty where it was not read.
    `format` is the version it was read as.
    """

    currency: str
    commitments: tuple[Commitment, ...]
    proposals: tuple[Proposal, ...]
    funders: tuple[Funder, ...] = ()
    areas: tuple[Area, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    locks: tuple[Lock, ...] = ()
    policy: Policy = Policy()
    digest: str = field(default="", compare=False)
    format: str = field(default=ROUND_FORMATS[0], compare=False)

    @cached_property
    def proposal_by_id(self) -> dict[str, Proposal]:
        return {p.id: p for p in self.proposals}

    @cached_property
    def commitment_by_id(self) -> dict[str, Commitment]:
        return {c.id: c for c in self.commitments}

    @cached_property
    def funder_by_id(self) -> dict[str, Funder]:
        """Every funder that has a commitment or is listed; unlisted ones weigh all areas 1."""
        listed = {f.id: f for f in self.funders}
        for c in self.commitments:
            listed.setdefault(c.funder, Funder(c.funder))
        return listed


@dataclass(frozen=True)
class Line:
    """Money from one commitment to one proposal, in minor units, more than 0.

    `years` says when it is paid, where the commitment or the proposal has years: they sum to it.
    """

    commitment: str
    proposal: str
    amount: int
    years: tuple[Instalment, ...] = ()


@dataclass(frozen=True)
class Standing:
    """Whether one condition of a commitment holds in a plan, and what is missing where not.

    | field | meaning |
    |---|---|
    | commitment, kind | whose; "match", "only_if" or "joins_if" |
    | proposal | in which proposal; None for the whole round |
    | holds | the commitment may pay as the plan stands |
    | funders | how many more other funders would have to pay |
    | amount | how many minor units more would have to be paid, for a match by other funders |
    | text | what holds, or what would trigger it, in words |
    """

    commitment: str
    kind: str
    proposal: str | None
    holds: bool
    funders: int
    amount: int
    text: str


@dataclass(frozen=True)
class Objective:
    """What a rule other than `welfare` makes as large as it can, and what it is proven to be near.

    `name` says what is measured; no plan that the rule could have chosen has more than `bound`.
    `against`: where `value` is the smallest of the funders' values each over a reference, those
    references by funder, in minor units.
    """

    name: str
    value: float
    bound: float
    against: dict[str, float] = field(default_factory=dict)

    @property
    def gap(self) -> float:
        """(bound - value) / |value|; 0 where both are 0."""
        return (self.bound - self.value) / abs(self.value) if self.bound > self.value else 0.0


@dataclass(frozen=True)
class Waiting:
    """A condition of a commitment, in a proposal or (None) in the whole round."""

    commitment: str
    proposal: str | None


@dataclass(frozen=True)
class Open:
    """What a run that was cut short leaves undecided.

    | field | meaning |
    |---|---|
    | funded, unfunded | how many proposals every plan worth more funds, or leaves out |
    | proposals | ids of those that are neither |
    | conditions | those of which it is not decided whether they are met |
    | promises | funders whose baseline was not proven |
    | text | all of it in words |
    """

    funded: int
    unfunded: int
    proposals: tuple[str, ...]
    conditions: tuple[Waiting, ...]
    promises: tuple[str, ...]
    text: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """An allocation as a rule returns it; every figure is recomputed from the integer lines.

    `gap` is (bound - value) / max(1, |value|). `areas`: {id: {"amount", "shortfall"}} in minor
    units. `funders`: {id: {"value", and "alone", "leave" where asked}}. `digest`: SHA-256 of the
    round as read. `seconds` is the only field that two runs of one input may differ in.
    `conditions`: every match, only_if and joins_if, for a round that has them.
    `objective`: of a rule that has one of its own, else None. `open`: what a plan with the status
    'time_limit' leaves undecided, else None.
    """

    status: str
    rule: str
    value: float
    bound: float
    gap: float
    lines: tuple[Line, ...]
    totals: dict[str, int]
    areas: dict[str, dict[str, int]]
    funders: dict[str, dict[str, float]]
    digest: str
    versions: dict[str, str]
    seconds: float
    conditions: tuple[Standing, ...] = ()
    format: str = PLAN_FORMATS[ROUND_FORMATS[0]]
    objective: Objective | None = None
    open: Open | None = None
