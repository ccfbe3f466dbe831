"""A scenario's round as the optimizer reads it: rows of the database become a FORMAT document.

Everything is in the round's base currency. Rates are those of the day, or, while a plan is put
forward, the ones that plan was made with: decisions taken in between then cost what they cost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from funding.db import now
from funding.errors import RuleBroken
from funding.language import gettext
from funding.models import (
    CANDIDATE_STATES,
    COUNTED_SCORE,
    Account,
    AccountKind,
    Commitment,
    FunderWeight,
    Organisation,
    Pin,
    Proposal,
    ProposalArea,
    ProposalState,
    Round,
    RoundFunder,
    Scenario,
    Score,
    with_effects,
)
from funding.services.areas import top_areas
from funding.services.decided_lines import (
    Decided,
    Settled,
    current_plan,
    decided_lines,
    held_by_lines,
    kept_after_end,
)
from funding.services.needs import spent_in_history
from funding.services.overlaps.counting import counted_pairs, paid_outside
from funding.services.rates import Rate, is_published, rate_in_round, stored_rate
from funding.services.restrictions import Terms
from funding.services.round_years import budget, has_terms, owed, releases

_TAG_DECIMALS = 9  # beyond them sums of shares only show how floats add


@dataclass(frozen=True)
class RoundInput:
    """What a run starts from.

    document: a round of the exchange format, of its version 2 where years or other funders count,
        with the keys of commitments, proposals and organisations as ids
    rates: by currency
    decided: by (commitment key, proposal key); 0 where the funder declined
    unscored: keys of proposals without a score, which count with merit 0
    """

    document: dict[str, Any]
    rates: dict[str, Rate]
    decided: dict[tuple[str, str], Decided]
    unscored: frozenset[str]


def build_problem(session: Session, scenario: Scenario) -> RoundInput:
    """The round as this scenario asks it; raises RuleBroken where a tag names no area.

    Earlier awards are honoured: only what is available, and what lines of the current plan hold,
    can be given. See `funding.services.decided_lines` for what stands and what is free.
    """
    round_ = scenario.round
    commitments = _commitments(session, round_)
    history = spent_in_history(session, round_)
    rates = _rates(session, round_, commitments, history)
    tops = top_areas(round_)
    policy = {**round_.policy, **scenario.policy}
    decided = decided_lines(session, round_)
    kept = kept_after_end(session, round_.id)
    proposals = _candidates(session, round_, {key for _, key in decided}, kept.keys())
    by_id = {p.id: p for p in proposals}
    keys = {p.key for p in proposals}
    decided = {pair: line for pair, line in decided.items() if pair[1] in keys}
    settled = Settled(
        decided, policy.get("round_to", 1), {c.key: rates[c.currency] for c in commitments}
    )
    balances = _balances(session, round_)
    merits = _merits(session, round_)
    by_key = {p.key: p for p in proposals}
    paid_before = paid_outside(session, round_, by_id)
    with_years = any(c.releases for c in commitments)
    document: dict[str, Any] = {
        "format": "tributary-round/1",
        "currency": round_.base_currency,
        "commitments": [
            _commitment(
                c,
                rates[c.currency],
                balances.get(c.id, 0),
                settled.beyond_lock[c.key],
                tops,
                proposals,
                settled.given_by(c.key),
                by_key,
            )
            for c in commitments
        ],
        "funders": _funders(session, round_, commitments, tops),
        "proposals": [
            _proposal(
                p,
                settled.off_step[p.key] + kept.get(p.id, 0),
                merits.get(p.id, 0.0),
                tops,
                paid_before.get(p.id, 0),
                has_years=(with_years or bool(p.years)) and p.key not in settled.proposals,
            )
            for p in proposals
        ],
        "areas": _areas(round_, scenario, _converted(history, tops, rates)),
        "overlaps": counted_pairs(session, round_, by_id),
        "locks": settled.locks + _pins(scenario, by_id, commitments, decided),
        "policy": policy,
    }
    if has_terms(document):
        document["format"] = "tributary-round/2"
    unscored = frozenset(p.key for p in proposals if p.id not in merits)
    return RoundInput(document, rates, decided, unscored)


def _commitments(session: Session, round_: Round) -> list[Commitment]:
    """Those of funders that have joined, in order of key."""
    joined = sa.select(RoundFunder.funder_id).where(
        RoundFunder.round_id == round_.id, RoundFunder.joined_at.is_not(None)
    )
    return list(
        session.scalars(
            sa.select(Commitment)
            .where(Commitment.round_id == round_.id, Commitment.funder_id.in_(joined))
            .order_by(Commitment.key)
            .options(
                joinedload(Commitment.funder),
                selectinload(Commitment.excluded),
                selectinload(Commitment.releases),
                selectinload(Commitment.earlier),
            )
        )
    )


def _rates(
    session: Session,
    round_: Round,
    commitments: list[Commitment],
    history: dict[tuple[str, str], int],
) -> dict[str, Rate]:
    """One rate for each currency in play; past grants in one without a rate are left out."""
    base, today = round_.base_currency, now().date()
    currencies = {c.currency for c in commitments} | {base}
    currencies |= {currency for _, currency in history if is_published(currency, base)}
    plan = current_plan(session, round_)
    kept = plan.run.rates if plan else {}
    return {
        currency: stored_rate(currency, base, kept[currency])
        if currency in kept
        else rate_in_round(session, round_, currency, today)
        for currency in sorted(currencies)
    }


def _balances(session: Session, round_: Round) -> dict[int, int]:
    """By commitment id, in its currency: what is available and what lines of the round hold."""
    rows = session.execute(
        sa.select(Account.commitment_id, Account.balance)
        .join(Commitment, Commitment.id == Account.commitment_id)
        .where(Commitment.round_id == round_.id, Account.kind == AccountKind.AVAILABLE)
    )
    held = held_by_lines(session, round_)
    return {commitment: balance + held.get(commitment, 0) for commitment, balance in rows}


def _candidates(
    session: Session, round_: Round, decided: set[str], ended: Collection[int]
) -> list[Proposal]:
    """Proposals before the round, and those with a decided line (by key) or with an award that
    was refused or ended (by id), whatever state that led to."""
    candidates = session.scalars(
        sa.select(Proposal)
        .where(
            Proposal.round_id == round_.id,
            Proposal.state != ProposalState.WITHDRAWN,
            sa.or_(
                Proposal.state.in_(CANDIDATE_STATES),
                Proposal.key.in_(sorted(decided)),
                Proposal.id.in_(sorted(ended)),
            ),
            Proposal.ask > 0,
            sa.exists().where(ProposalArea.proposal_id == Proposal.id),
        )
        .order_by(Proposal.key)
        .options(
            selectinload(Proposal.areas),
            selectinload(Proposal.years),
            joinedload(Proposal.institution),
        )
    )
    return list(candidates)


def _merits(session: Session, round_: Round) -> dict[int, float]:
    """The mean score of each proposal that has one, from 0 to 1, as the round lets them count."""
    scores = sa.select(Score.proposal_id, sa.func.avg(COUNTED_SCORE)).join(
        Proposal, Proposal.id == Score.proposal_id
    )
    rows = session.execute(
        with_effects(scores).where(Proposal.round_id == round_.id).group_by(Score.proposal_id)
    )
    return {proposal: round(float(mean) / 100, 6) for proposal, mean in rows}


def _commitment(
    commitment: Commitment,
    rate: Rate,
    balance: int,
    beyond_lock: int,
    tops: dict[str, str],
    proposals: list[Proposal],
    decided: dict[str, int],
    by_key: dict[str, Proposal],
) -> dict[str, Any]:
    amount = max(0, rate.to_base(balance) - beyond_lock)
    terms = Terms.of(commitment)
    found: dict[str, Any] = {}
    if commitment.releases:
        found["releases"] = releases(commitment, rate, balance, amount, decided, by_key)
    if commitment.earlier:
        found["promised"] = owed(commitment, rate, amount, found.get("releases", []))
    if terms.match is not None:
        found["match"] = terms.match.document(rate.to_base)
    for name, others in (("only_if", terms.only_if), ("joins_if", terms.joins_if)):
        if others is not None:
            found[name] = others.document(rate.to_base)
    cap = commitment.cap_per_proposal
    banned = {excluded.institution_id for excluded in commitment.excluded}
    areas = commitment.areas
    return {
        "id": commitment.key,
        "funder": commitment.funder.key,
        "amount": amount,
        "areas": None if areas is None else sorted({tops[a] for a in areas if a in tops}),
        "least_share": commitment.least_share,
        "pays_share_only": commitment.pays_share_only,
        "regions": commitment.regions,
        "risk_tiers": commitment.risk_tiers,
        "excludes": [p.key for p in proposals if p.institution_id in banned],
        "cap_per_proposal": None if cap is None else rate.to_base(cap),
        "cap_share_of_ask": commitment.cap_share_of_ask,
        # up: what a line comes to in the commitment's own currency then keeps the ticket
        "ticket": rate.to_base_at_least(commitment.ticket),
        **found,
    }


def _proposal(
    proposal: Proposal,
    given: int,
    merit: float,
    tops: dict[str, str],
    paid_before: int,
    *,
    has_years: bool,
) -> dict[str, Any]:
    areas: defaultdict[str, float] = defaultdict(float)
    for tag in proposal.areas:
        if tag.area_key not in tops:
            raise RuleBroken(
                gettext(
                    "%(key)s is tagged with %(area_key)s, which is not an area of the round",
                    key=proposal.key,
                    area_key=f"{tag.area_key!r}",
                )
            )
        areas[tops[tag.area_key]] += tag.weight
    ask = max(1, proposal.ask - given)
    by_year = budget(proposal, ask) if has_years else []
    return {
        "id": proposal.key,
        "ask": ask,
        "minimum": max(1, proposal.minimum - given),
        "merit": merit,
        "areas": {key: round(weight, _TAG_DECIMALS) for key, weight in areas.items()},
        "region": proposal.region,
        "institution": proposal.institution.key if proposal.institution else None,
        "risk_tier": proposal.risk_tier,
        **({"budget": by_year} if by_year else {}),
        **({"paid_before": paid_before} if paid_before else {}),
    }


def _funders(
    session: Session, round_: Round, commitments: list[Commitment], tops: dict[str, str]
) -> list[dict[str, Any]]:
    with_money = {c.funder_id for c in commitments}
    rows = session.execute(
        sa.select(RoundFunder, Organisation.key)
        .join(Organisation, Organisation.id == RoundFunder.funder_id)
        .where(RoundFunder.round_id == round_.id, RoundFunder.funder_id.in_(with_money))
        .order_by(Organisation.key)
    )
    parts = list(rows)
    weights: defaultdict[int, dict[str, float]] = defaultdict(dict)
    for weight in session.scalars(
        sa.select(FunderWeight).where(
            FunderWeight.round_funder_id.in_([part.id for part, _ in parts])
        )
    ):
        if weight.area_key in tops:
            weights[weight.round_funder_id][tops[weight.area_key]] = weight.weight
    return [
        {"id": key, "weights": weights[part.id], "guarantee": part.guarantee} for part, key in parts
    ]


def _converted(
    history: dict[tuple[str, str], int], tops: dict[str, str], rates: dict[str, Rate]
) -> dict[str, int]:
    """What past grants put into each top area, in base minor units."""
    spent: defaultdict[str, int] = defaultdict(int)
    for (area, currency), total in history.items():
        if area in tops and currency in rates:
            spent[tops[area]] += rates[currency].to_base(total)
    return spent


def _areas(round_: Round, scenario: Scenario, spent: dict[str, int]) -> list[dict[str, Any]]:
    """Every top area with its need; money already spent is the imported history's if not given."""
    needs = {need.area_key: need for need in round_.needs}
    areas = []
    for area in round_.taxonomy.areas:
        if area.parent_key is not None:
            continue
        need = needs.get(area.key)
        entry: dict[str, Any] = {
            # money returned can outweigh what was given; an area never counts as less than unspent
            "spent": max(0, spent.get(area.key, 0)),
            "steps": [],
            "floor": 0,
            "cap": None,
        }
        if need is not None:
            entry.update(steps=need.steps, floor=need.floor, cap=need.cap)
            if need.spent is not None:
                entry["spent"] = need.spent
        entry.update(scenario.needs.get(area.key, {}))
        steps = [{"width": int(width), "weight": weight} for width, weight in entry["steps"]]
        areas.append({"id": area.key, **entry, "steps": steps})
    return areas


def _pins(
    scenario: Scenario,
    by_id: dict[int, Proposal],
    commitments: list[Commitment],
    decided: dict[tuple[str, str], Decided],
) -> list[dict[str, Any]]:
    """The scenario's pins on what is still before the round; a decision taken goes before one."""
    keys = {c.id: c.key for c in commitments}
    locks = []
    for pin in scenario.pins:
        if pin.proposal_id not in by_id:
            continue
        lock: dict[str, Any] = {"proposal": by_id[pin.proposal_id].key}
        if pin.commitment_id is not None:
            if pin.commitment_id not in keys:
                continue
            lock["commitment"] = keys[pin.commitment_id]
            if (lock["commitment"], lock["proposal"]) in decided:
                continue
        lock.update(_pinned(pin))
        locks.append(lock)
    return locks


def _pinned(pin: Pin) -> dict[str, Any]:
    return {"funded": pin.funded} if pin.amount is None else {"amount": pin.amount}
