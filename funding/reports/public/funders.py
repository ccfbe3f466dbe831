"""One funder in public: what it promised and paid, round by round, and whom it pays with."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import NotFound
from funding.models import Organisation
from funding.permissions import Scope
from funding.reports.public.books import Entry, Sum, entries_of, summed


@dataclass(frozen=True)
class PublicFunder:
    """`rounds`: (currency of the round, its sum). `together`: (key, name, works paid by both)."""

    organisation: Organisation
    sum: Sum
    rounds: list[tuple[str, Sum]]
    together: list[tuple[str, str, int]]


def funder_of(session: Session, scope: Scope, key: str) -> PublicFunder:
    """Raises NotFound for a funder without a public award."""
    entries = entries_of(session, scope, {})
    own = [entry for entry in entries if entry.funder_key == key]
    if not own:
        raise NotFound("funder")
    currencies = {entry.round_key: entry.base_currency for entry in own}
    rounds = summed(own, lambda entry: (entry.round_key, entry.round_name))
    return PublicFunder(
        session.scalars(sa.select(Organisation).where(Organisation.key == key)).one(),
        summed(own)[0],
        [(currencies[each.key], each) for each in rounds],
        _together(entries, own),
    )


def _together(entries: list[Entry], own: list[Entry]) -> list[tuple[str, str, int]]:
    works = {entry.proposal_id for entry in own}
    shared: dict[tuple[str, str], set[int]] = {}
    for entry in entries:
        if entry.proposal_id in works and entry.funder_key != own[0].funder_key:
            shared.setdefault((entry.funder_key, entry.funder), set()).add(entry.proposal_id)
    found = [(key, name, len(both)) for (key, name), both in shared.items()]
    return sorted(found, key=lambda each: (-each[2], each[1]))
