"""What a search found, kept: new pairs become candidates, what officers said stays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import (
    Disclosure,
    HistoricGrant,
    Introduction,
    OutsideOverlap,
    Overlap,
    Proposal,
    Round,
)
from funding.overlap.probability import Judgement
from funding.sayings import kept
from funding.services.log import record
from funding.services.overlaps.teaching import reteach
from funding.services.overlaps.works import grant_number, proposal_number

_NOTICEABLE = 0.005

Key = tuple[str, int, int]
"""("pair", first, second) in one round; ("other" or "grant", proposal, what is outside)."""


@dataclass(frozen=True)
class Found:
    """A proposal of a round, a work it may be the same as (ids of works), and why."""

    proposal: str
    other: str
    similarity: float
    judgement: Judgement
    method: str


def keep(session: Session, *, round_id: int, found: list[Found], is_whole: bool) -> None:
    """Keep what was found; of a search of the whole round, candidates not found again go."""
    round_ = session.get_one(Round, round_id)
    holders = _holders(session, round_, found)
    known = _known(session, round_id)
    there: set[Key] = set()
    added = 0
    for one in found:
        key = _key(one, holders)
        if key is None or key in there:
            continue
        there.add(key)
        pair = known.get(key)
        if pair is None:
            pair = _new(key, round_, holders)
            session.add(pair)
            added += 1
        _note(pair, one)
    removed = 0
    if is_whole:
        removed = _forget(session, (pair for key, pair in known.items() if key not in there))
    session.flush()
    reteach(session, round_id)
    if is_whole or added:
        counts = {"found": len(there), "added": added, "removed": removed}
        record(session, None, "overlaps searched", round_, round_id=round_id, **counts)


def _holders(session: Session, round_: Round, found: list[Found]) -> dict[str, int | None]:
    """Who holds each work found: None for a proposal of this round, absent if it is gone."""
    ids = {one.other for one in found}
    proposals = [number for id_ in ids if (number := proposal_number(id_)) is not None]
    rows = session.execute(
        sa.select(Proposal.id, Proposal.round_id, Round.owner_id)
        .join(Round, Round.id == Proposal.round_id)
        .where(Proposal.id.in_(proposals))
    )
    holders: dict[str, int | None] = {
        f"proposal:{id_}": None if in_round == round_.id else owner for id_, in_round, owner in rows
    }
    grants = [number for id_ in ids if (number := grant_number(id_)) is not None]
    for id_, holder in session.execute(
        sa.select(HistoricGrant.id, HistoricGrant.organisation_id).where(
            HistoricGrant.id.in_(grants)
        )
    ):
        holders[f"grant:{id_}"] = holder
    return holders


def _known(session: Session, round_id: int) -> dict[Key, Overlap | OutsideOverlap]:
    known: dict[Key, Overlap | OutsideOverlap] = {
        ("pair", o.first_id, o.second_id): o
        for o in session.scalars(sa.select(Overlap).where(Overlap.round_id == round_id))
    }
    for o in session.scalars(sa.select(OutsideOverlap).where(OutsideOverlap.round_id == round_id)):
        if o.other_id is not None:
            known["other", o.proposal_id, o.other_id] = o
        elif o.grant_id is not None:
            known["grant", o.proposal_id, o.grant_id] = o
    return known


def _key(one: Found, holders: dict[str, int | None]) -> Key | None:
    proposal, other = proposal_number(one.proposal), proposal_number(one.other)
    if proposal is None or one.other not in holders:
        return None
    if other is None:
        return ("grant", proposal, grant_number(one.other) or 0)
    if holders[one.other] is None:
        return ("pair", min(proposal, other), max(proposal, other))
    return ("other", proposal, other)


def _new(key: Key, round_: Round, holders: dict[str, int | None]) -> Overlap | OutsideOverlap:
    kind, first, second = key
    if kind == "pair":
        return Overlap(round_id=round_.id, first_id=first, second_id=second, verdict="candidate")
    column = {"other": "other_id", "grant": "grant_id"}[kind]
    holder = holders[f"{'proposal' if kind == 'other' else 'grant'}:{second}"]
    return OutsideOverlap(
        round_id=round_.id,
        proposal_id=first,
        holder_id=holder,
        verdict="candidate",
        **{column: second},
    )


def _note(pair: Overlap | OutsideOverlap, one: Found) -> None:
    """What the search says of a pair; the degree is the officer's once there is a verdict."""
    judgement = one.judgement
    is_judged = pair.verdict not in ("candidate", None)
    before = (pair.similarity, pair.signals.get("first") if pair.signals else None)
    now = (one.similarity, judgement.probability)
    if None not in before and all(
        abs(a - b) < _NOTICEABLE for a, b in zip(before, now, strict=True)
    ):
        return
    pair.similarity, pair.probability = now
    pair.signals = {
        "said": [[kept(signal.words), signal.push] for signal in judgement.signals],
        "features": judgement.features,
        "method": one.method,
        "first": judgement.probability,
    }
    if not is_judged:
        pair.degree = judgement.degree


def _forget(session: Session, pairs: Iterable[Overlap | OutsideOverlap]) -> int:
    """Take out candidates that a search had found and nobody did anything with."""
    removed = 0
    for pair in pairs:
        if pair.verdict != "candidate" or pair.similarity is None:
            continue
        table = Introduction if isinstance(pair, Overlap) else Disclosure
        if session.scalar(sa.select(table.id).where(table.overlap_id == pair.id).limit(1)):
            continue
        session.delete(pair)
        removed += 1
    return removed
