"""Which overlaps a plan heeds, and by how much: what is confirmed, and what the policy adds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.errors import Fault, InvalidInput
from funding.forms import without_repeats
from funding.models import UNJUDGED, OutsideOverlap, Overlap, Proposal, Round
from funding.permissions import Actor
from funding.services.log import record
from funding.services.overlaps.works import awarded, in_currency
from funding.services.rounds import fetch_version

_DECIMALS = 6  # of a degree: more only show how floats multiply


def counted_degree(round_: Round, pair: Overlap | OutsideOverlap) -> float:
    """The degree that counts in a plan; 0 where the pair does not count.

    A duplicate counts by its degree. What nobody has judged counts, where the round's policy says
    so and it is probable enough, by its degree times its probability.
    """
    if pair.verdict == "duplicate":
        return pair.degree
    if (
        round_.overlaps_count == "probable"
        and pair.verdict in UNJUDGED
        and pair.probability is not None
        and pair.probability >= round_.probable_from
    ):
        return round(pair.degree * pair.probability, _DECIMALS)
    return 0.0


def counted_pairs(
    session: Session, round_: Round, by_id: Mapping[int, Proposal]
) -> list[dict[str, Any]]:
    """FORMAT's `overlaps` between these proposals."""
    pairs = session.scalars(
        sa.select(Overlap).where(Overlap.round_id == round_.id).order_by(Overlap.id)
    )
    return [
        {
            "proposals": [by_id[pair.first_id].key, by_id[pair.second_id].key],
            "degree": degree,
        }
        for pair in pairs
        if pair.first_id in by_id
        and pair.second_id in by_id
        and (degree := counted_degree(round_, pair)) > 0
    ]


def paid_outside(session: Session, round_: Round, by_id: Mapping[int, Proposal]) -> dict[int, int]:
    """By proposal, what others have paid for the same work, in base minor units.

    For each work outside that counts: its degree times what it was paid, or, where nobody knows
    how much that was, times the proposal's minimum; in all at most the minimum, since no more of
    it would be bought twice. Work that is only proposed elsewhere is not paid for.
    """
    counted = [
        (pair, degree)
        for pair in session.scalars(
            sa.select(OutsideOverlap)
            .where(OutsideOverlap.round_id == round_.id)
            .options(joinedload(OutsideOverlap.grant))
            .order_by(OutsideOverlap.id)
        )
        if pair.proposal_id in by_id and (degree := counted_degree(round_, pair)) > 0
    ]
    others = [pair.other_id for pair, _ in counted if pair.other_id is not None]
    given = awarded(session, others, round_.base_currency)
    paid: defaultdict[int, int] = defaultdict(int)
    for pair, degree in counted:
        minimum = by_id[pair.proposal_id].minimum
        amount = _paid(pair, given, round_.base_currency, minimum)
        paid[pair.proposal_id] += int(degree * min(amount, minimum))
    return {id_: min(amount, by_id[id_].minimum) for id_, amount in paid.items() if amount}


def _paid(pair: OutsideOverlap, given: Mapping[int, int], currency: str, minimum: int) -> int:
    if pair.grant is None:
        return given.get(pair.other_id or 0, 0)
    amount = in_currency(pair.grant, currency)
    return minimum if amount is None else amount


def set_counting(
    session: Session,
    *,
    by: Actor,
    round_id: int,
    version: int,
    counts: str,
    probable_from: float | None,
    faults: tuple[Fault, ...] = (),
) -> Round:
    """Which overlaps a plan of the round heeds; plans made before stay as they are.

    Raises NotFound, Conflict for a stale version, InvalidInput.
    """
    round_ = fetch_version(session, by, round_id, version)
    ruled = []
    if counts not in ("confirmed", "probable"):
        ruled.append(Fault("counts", "Choose which overlaps count."))
    if counts == "probable" and probable_from is None:
        ruled.append(Fault("probable_from", "Say from which probability on they count."))
    found = without_repeats(faults, ruled)
    if found:
        raise InvalidInput(*found)
    round_.overlaps_count = counts
    round_.probable_from = probable_from or round_.probable_from
    record(
        session,
        by,
        "counting of overlaps set",
        round_,
        organisation_id=round_.owner_id,
        round_id=round_.id,
        counts=counts,
        probable_from=round_.probable_from,
    )
    return round_
