"""A round's verdicts move the probabilities of its pairs that nobody has judged."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import UNJUDGED, OutsideOverlap, Overlap
from funding.overlap.learning import Decision, Taught, taught_by
from funding.overlap.probability import weights_of

_NOTICEABLE = 0.0005


def reteach(session: Session, round_id: int) -> int:
    """Reckon the probabilities anew from all verdicts of the round; how many have moved.

    Verdicts teach by the signals of their pair; a pair marked by hand has none and teaches
    nothing. Pairs compared by another text method than a verdict's learn nothing from it.
    """
    pairs: list[Overlap | OutsideOverlap] = []
    for table in (Overlap, OutsideOverlap):
        found = session.scalars(
            sa.select(table).where(table.round_id == round_id, table.similarity.is_not(None))
        )
        pairs += [pair for pair in found if pair.signals.get("features")]
    moved = 0
    for method in {pair.signals["method"] for pair in pairs}:
        own = [pair for pair in pairs if pair.signals["method"] == method]
        taught = _taught(own, method)
        for pair in own:
            if pair.verdict in UNJUDGED:
                moved += _move(pair, taught)
    return moved


def _taught(pairs: list[Overlap | OutsideOverlap], method: str) -> Taught:
    decisions = [
        Decision(pair.signals["features"], pair.verdict == "duplicate")
        for pair in pairs
        if pair.verdict not in UNJUDGED
    ]
    return taught_by(decisions, weights_of(method))


def _move(pair: Overlap | OutsideOverlap, taught: Taught) -> bool:
    probability = round(taught.probability(pair.signals["features"]), 4)
    if pair.probability is not None and abs(pair.probability - probability) < _NOTICEABLE:
        return False
    pair.probability = probability
    pair.signals = {**pair.signals, "verdicts": taught.decisions}
    return True
