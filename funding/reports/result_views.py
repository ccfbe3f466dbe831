"""A result seen by funder, by area, by overlap and as a whole: read from the kept run alone.

Money is in base minor units unless a field says otherwise. Values are the optimizer's: money
weighted by merit (and, for a funder, by its own weights), in the same units.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.formatting import format_amount, format_decimals, plural
from funding.language import gettext as _
from funding.language import said
from funding.models import Commitment, Organisation, Proposal, Run, RunLine, RunProposal
from funding.permissions import Actor, without_conflict
from funding.reports.discretion import Discretion
from funding.services.run_words import baselines_of, names_of, said_again


@dataclass(frozen=True)
class CommitmentUse:
    """What a run makes of one commitment. `price`: value that one more unit of it would add,
    `is_tried` where solving again with a little more brought it.

    `native_spent` is in the commitment's own currency.
    """

    id: int
    name: str
    currency: str
    available: int
    spent: int
    native_spent: int
    price: float | None
    is_tried: bool

    @property
    def left(self) -> int:
        return max(0, self.available - self.spent)


@dataclass(frozen=True)
class FunderLine:
    """A line of the funder's money that the reader may see.

    `reason`: what it rests on, as it was stored; `why`: that in the reader's language.
    """

    proposal_id: int
    key: str
    title: str
    commitment: str
    amount: int
    currency: str
    base_amount: int
    ask: int
    total: int
    reason: str
    why: str


@dataclass(frozen=True)
class FunderView:
    """What the plan is to one funder: its value in it, alone and had it left; its money."""

    id: int
    key: str
    name: str
    value: float
    alone: float | None
    leave: float | None
    guarantee: str
    commitments: list[CommitmentUse]
    lines: list[FunderLine]

    @property
    def spent(self) -> int:
        return sum(c.spent for c in self.commitments)

    @property
    def available(self) -> int:
        return sum(c.available for c in self.commitments)

    @property
    def gain(self) -> float | None:
        """How much more is reached in the pool than if it left, as a share of the latter."""
        return gain_over(self.value, self.leave)


def gain_over(value: float, baseline: float | None) -> float | None:
    """value / baseline - 1; None where there is nothing to compare with."""
    return value / baseline - 1 if baseline else None


def funder_views(session: Session, by: Actor, run: Run, discretion: Discretion) -> list[FunderView]:
    """Every funder with money in the round, by name; lines largest first. Four queries."""
    problem = run.problem or {}
    prices = prices_of(run, "commitment")
    tried = {p["where"] for p in _all_prices(run) if p["kind"] == "commitment" and p["is_tried"]}
    available = {c["id"]: c["amount"] for c in problem["commitments"]}
    guarantees = {f["id"]: f["guarantee"] for f in problem["funders"]}
    rows = session.execute(
        sa.select(
            Commitment,
            sa.func.coalesce(sa.func.sum(RunLine.base_amount), 0),
            sa.func.coalesce(sa.func.sum(RunLine.amount), 0),
        )
        .outerjoin(
            RunLine, sa.and_(RunLine.commitment_id == Commitment.id, RunLine.run_id == run.id)
        )
        .where(Commitment.round_id == run.scenario.round_id, Commitment.key.in_(available))
        .group_by(Commitment.id)
        .order_by(Commitment.name)
    )
    uses: defaultdict[int, list[CommitmentUse]] = defaultdict(list)
    for c, spent, native in rows:
        uses[c.funder_id].append(
            CommitmentUse(
                c.id,
                c.name,
                c.currency,
                available[c.key],
                int(spent),
                int(native),
                prices.get(c.key),
                c.key in tried,
            )
        )
    lines = _lines_by_funder(session, by, run, discretion)
    explained = baselines_of(run.plan or {}, run.explanation or {})
    views = []
    for funder in session.scalars(
        sa.select(Organisation).where(Organisation.id.in_(uses)).order_by(Organisation.name)
    ):
        figures = explained.get(funder.key, {})
        views.append(
            FunderView(
                funder.id,
                funder.key,
                funder.name,
                figures.get("value", 0.0),
                figures.get("alone"),
                figures.get("leave"),
                guarantees.get(funder.key, "none"),
                uses[funder.id],
                lines[funder.id],
            )
        )
    return views


def _lines_by_funder(
    session: Session, by: Actor, run: Run, discretion: Discretion
) -> defaultdict[int, list[FunderLine]]:
    rows = session.execute(
        sa.select(RunLine, Proposal, Commitment, RunProposal.amount)
        .join(Proposal, Proposal.id == RunLine.proposal_id)
        .join(Commitment, Commitment.id == RunLine.commitment_id)
        .join(
            RunProposal,
            sa.and_(RunProposal.run_id == run.id, RunProposal.proposal_id == Proposal.id),
        )
        .where(RunLine.run_id == run.id, without_conflict(by))
        .order_by(RunLine.base_amount.desc(), Proposal.key)
    )
    found: defaultdict[int, list[FunderLine]] = defaultdict(list)
    for line, proposal, commitment, total in rows:
        found[commitment.funder_id].append(
            FunderLine(
                proposal.id,
                proposal.key,
                proposal.title,
                commitment.name,
                line.amount,
                commitment.currency,
                line.base_amount,
                proposal.ask,
                total,
                discretion.text(line.reason),
                discretion.text(said_again(line.reason, line.says)),
            )
        )
    return found


@dataclass(frozen=True)
class AreaView:
    """One area's need and what the plan does for it.

    need: the widths of its steps together; spent: by others; amount: by this plan; open: what
    stays; shortfall: below its floor; prices: value of one more unit of the floor, of the cap
    """

    key: str
    name: str
    need: int
    steps: list[tuple[int, float]]
    spent: int
    amount: int
    floor: int
    cap: int | None
    shortfall: int
    floor_price: float | None
    cap_price: float | None

    @property
    def open(self) -> int:
        return max(0, self.need - self.spent - self.amount)

    def part(self, amount: int) -> float:
        """`amount` as a share of the bar: the need, or all money there if that is more."""
        whole = max(self.need, self.spent + self.amount, 1)
        return amount / whole


def area_views(run: Run) -> list[AreaView]:
    """Every top area of the round as solved, largest open need first."""
    names = {a.key: a.name for a in run.scenario.round.taxonomy.areas}
    results = (run.plan or {})["areas"]
    floors, caps = prices_of(run, "area floor"), prices_of(run, "area cap")
    views = [
        AreaView(
            area["id"],
            names.get(area["id"], area["id"]),
            sum(step["width"] for step in area["steps"]),
            [(step["width"], step["weight"]) for step in area["steps"]],
            area["spent"],
            results[area["id"]]["amount"],
            area["floor"],
            area["cap"],
            results[area["id"]]["shortfall"],
            floors.get(area["id"]),
            caps.get(area["id"]),
        )
        for area in (run.problem or {})["areas"]
    ]
    return sorted(views, key=lambda v: (-v.open, v.name))


def prices_of(run: Run, kind: str) -> dict[str, float]:
    """Shadow prices of one kind of limit by what it limits; empty where none was worked out."""
    return {price["where"]: price["price"] for price in _all_prices(run) if price["kind"] == kind}


def _all_prices(run: Run) -> list[dict[str, Any]]:
    prices: list[dict[str, Any]] = (run.explanation or {}).get("shadow_prices", [])
    return prices


@dataclass(frozen=True)
class Limit:
    """A limit that binds, what one more of it would do, and whether that was tried."""

    words: str
    worth: str
    is_tried: bool
    is_of_proposal: bool = False


_LIMIT_WORDS = {
    "commitment": (
        "Money of %(name)s",
        "One more %(money)s here would be worth %(price)s %(money)s of good work.",
    ),
    "area cap": (
        "Most allowed in %(name)s",
        "One more %(money)s allowed here would be worth %(price)s %(money)s of good work.",
    ),
    "area floor": (
        "Least wanted in %(name)s",
        "Asking for one more %(money)s here would take %(price)s %(money)s of good work elsewhere.",
    ),
    "institution_share": (
        "Most for one institution: %(name)s",
        "One more %(money)s allowed to it would be worth %(price)s %(money)s of good work.",
    ),
    "risk_most": (
        "Most for %(name)s risk",
        "One more %(money)s allowed here would be worth %(price)s %(money)s of good work.",
    ),
    "region_least": (
        "Least for %(name)s",
        "Asking for one more %(money)s there would take %(price)s %(money)s of good work "
        "elsewhere.",
    ),
    "guarantee": (
        "What %(name)s is promised",
        "Asking for one more %(money)s of value to it would take %(price)s %(money)s of good work "
        "elsewhere.",
    ),
}
_COFUNDERS = "One more co-funder for it would be worth %(price)s of good work, or more."
_CHARGES = {
    "overlap_weight": (
        "Work paid twice",
        "Funded overlaps come to %(price)s: counting them a hundredth more would take a "
        "hundredth of that from the plan’s value.",
    ),
    "agreement_cost": (
        "Agreements",
        "The plan makes %(agreements)s: each %(money)s more that one costs is taken so often.",
    ),
}


def binding_limits(session: Session, run: Run, discretion: Discretion) -> list[Limit]:
    """Limits of the round whose shadow price is not zero, dearest first, then what is charged.

    A limit of a proposal that may not be heard of is left out.
    """
    names = names_of(session, run.scenario.round)
    money = run.scenario.round.base_currency
    known = [
        p
        for p in _all_prices(run)
        if abs(p["price"]) >= 0.005 and p["where"] not in discretion.keys
    ]
    limits = sorted((p for p in known if p["kind"] in _LIMIT_WORDS), key=lambda p: -abs(p["price"]))
    found = []
    for price in limits:
        words, worth = _LIMIT_WORDS[price["kind"]]
        name = str(said(names.get(price["where"], price["where"])))
        told = _(worth, money=money, price=format_decimals(abs(price["price"]), 2))
        found.append(Limit(_(words, name=name), told, price["is_tried"]))
    cofunders = (p for p in known if p["kind"] == "max_cofunders")
    for price in sorted(cofunders, key=lambda p: (-p["price"], p["where"])):
        name = names.get(price["where"], price["where"])
        told = _(_COFUNDERS, price=format_amount(round(price["price"]), money))
        found.append(Limit(_("Co-funders of %(name)s", name=name), told, price["is_tried"], True))
    for price in (p for p in known if p["kind"] in _CHARGES):
        words, told = _CHARGES[price["kind"]]
        size = round(-price["price"])
        told = _(
            told,
            price=format_amount(size, money),
            agreements=plural(size, "agreement"),
            money=money,
        )
        found.append(Limit(_(words), told, True))
    return found
