"""Sentences about a round, for somebody who may not hear of some of its proposals.

Whoever is in conflict over a proposal is out of the room: where a sentence on another proposal
names it, they read "another proposal" instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.language import gettext as _
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
            sentence = sentence.replace(name, _("another proposal"))
        return sentence

    def document(self, value: Any) -> Any:
        """A document that names proposals by key, without those that may not be heard of.

        Entries under such a key and list items that are one, or have one as their `proposal`, are
        left out; it becomes None where it stands alone. Sentences are told with discretion.
        """
        if isinstance(value, dict):
            return {key: self.document(item) for key, item in value.items() if key not in self.keys}
        if isinstance(value, list):
            return [self.document(item) for item in value if not self._is_about_hidden(item)]
        if isinstance(value, str):
            return None if value in self.keys else self.text(value)
        return value

    def _is_about_hidden(self, item: Any) -> bool:
        named = item.get("proposal") if isinstance(item, dict) else item
        return isinstance(named, str) and named in self.keys
