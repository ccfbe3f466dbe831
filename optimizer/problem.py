"""The frozen input of an allocation: what one funding round is to the optimizer.

Field for field the exchange format `tributary-round/1` (docs/format.md). Money is in integer
minor units of the round's one currency. Objects are made by `read.read_round`, which names every
fault of a file; constructing them directly skips that, so pass them through
`read.faults_of` when they come from anywhere but a test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

ROUND_FORMAT = "tributary-round/1"
PLAN_FORMAT = "tributary-plan/1"


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
    """

    id: str
    ask: int
    merit: float
    areas: dict[str, float]
    minimum: int
    region: str | None = None
    institution: str | None = None
    risk_tier: str | None = None


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

    Shares are of the sum of all commitments' amounts, hard, within 2 units.
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
    """Money from one commitment to one proposal, in minor units, more than 0."""

    commitment: str
    proposal: str
    amount: int


@dataclass(frozen=True)
class Plan:
    """An allocation as a rule returns it; every figure is recomputed from the integer lines.

    `gap` is (bound - value) / max(1, |value|). `areas`: {id: {"amount", "shortfall"}} in minor
    units. `funders`: {id: {"value", and "alone", "leave" where asked}}. `digest`: SHA-256 of the
    round as read. `seconds` is the only field that two runs of one input may differ in.
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
