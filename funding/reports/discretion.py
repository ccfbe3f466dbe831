"""Sentences about a round, for somebody who may not hear of some of its proposals.

Whoever is in conflict over a proposal is out of the room: where a sentence on another proposal
names it, they read "another proposal" instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import Proposal
from funding.permissions import Actor, without_conflict
from funding.services.run_words import proposal_name


@dataclass(frozen=True)
class Discretion:
    """What one person may not hear of in one round: `names` as in sentences, `ids`, `keys`."""

    names: tuple[str, ...]
    ids: frozenset[int]
    keys: frozenset[str]

    @classmethod
    def of(cls, session: Session, by: Actor, round_id: int) -> Discretion:
        hidden = session.execute(
            sa.select(Proposal.id, Proposal.key, Proposal.title).where(
                Proposal.round_id == round_id, ~without_conflict(by)
            )
        ).all()
        return cls(
            tuple(proposal_name(key, title) for _, key, title in hidden),
            frozenset(id_ for id_, _, _ in hidden),
            frozenset(key for _, key, _ in hidden),
        )

    @property
    def hides_something(self) -> bool:
        return bool(self.ids)

    def text(self, sentence: str) -> str:
        for name in self.names:
            sentence = sentence.replace(name, "another proposal")
        return sentence
