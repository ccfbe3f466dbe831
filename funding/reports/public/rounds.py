"""Public rounds: their list, and one with its totals, gaps, payers, decision and outputs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.errors import NotFound
from funding.models import Award, Proposal, ProposalState, Publication, Round
from funding.permissions import Scope, public_rounds
from funding.reports.public.areas import Gap, gaps_of
from funding.reports.public.books import Entry, Sum, entries_of, summed
from funding.reports.public.decision import Decision, decision_of
from funding.reports.public.money import NO_MONEY
from funding.reports.public.register import filtered
from funding.reports.public.voices import Heard, heard_in

MOST_ROUNDS = 100
"""How many rounds the first public page lists, the newest; the register has the awards of all."""


@dataclass(frozen=True)
class RoundRow:
    """A round in the list, with the sum of its public awards."""

    round: Round
    published_at: datetime | None
    sum: Sum


@dataclass(frozen=True)
class PublicRound:
    """A round as the public sees it. `submitted`: proposals handed in, whatever became of them."""

    round: Round
    published_at: datetime | None
    submitted: int
    recipients: int
    shared: int
    sum: Sum
    funders: list[Sum]
    gaps: list[Gap]
    decision: Decision
    heard: Heard


NOTHING = Sum("", "", 0, 0, NO_MONEY, ())


def rounds_of(session: Session, scope: Scope, most: int = MOST_ROUNDS) -> list[RoundRow]:
    """The newest public rounds: a bounded number of queries."""
    rounds = session.scalars(
        public_rounds(scope)
        .options(joinedload(Round.owner))
        .order_by(Round.closes_at.desc(), Round.id)
        .limit(most)
    ).all()
    published = dict(
        session.execute(
            sa.select(Publication.round_id, Publication.published_at).where(
                Publication.round_id.in_([round_.id for round_ in rounds])
            )
        ).all()
    )
    entries = entries_of(session, scope, {}, [round_.id for round_ in rounds])
    sums = {each.key: each for each in summed(entries, _round)}
    return [
        RoundRow(round_, published.get(round_.id), sums.get(str(round_.id), NOTHING))
        for round_ in rounds
    ]


def _round(entry: Entry) -> tuple[str, str]:
    return str(entry.round_id), ""


def round_of(session: Session, scope: Scope, key: str) -> PublicRound:
    """One round by its key; raises NotFound for one that is not public."""
    round_ = session.scalars(
        public_rounds(scope).where(Round.key == key).options(joinedload(Round.owner))
    ).one_or_none()
    if round_ is None:
        raise NotFound("round")
    publication = session.get(Publication, round_.id)
    entries = entries_of(session, scope, {"round": key})
    ids = filtered(scope, {"round": key}).with_only_columns(Award.id)
    whole = summed(entries)
    return PublicRound(
        round=round_,
        published_at=publication.published_at if publication else None,
        submitted=_submitted(session, round_),
        recipients=len({entry.recipient_id for entry in entries}),
        shared=_shared(entries),
        sum=whole[0] if whole else NOTHING,
        funders=summed(entries, lambda entry: (entry.funder_key, entry.funder)),
        gaps=gaps_of(session, round_, ids, scope.today),
        decision=decision_of(session, round_),
        heard=heard_in(session, round_),
    )


def _submitted(session: Session, round_: Round) -> int:
    unseen = (ProposalState.DRAFT, ProposalState.WITHDRAWN)
    return (
        session.scalar(
            sa.select(sa.func.count(Proposal.id)).where(
                Proposal.round_id == round_.id, Proposal.state.not_in(unseen)
            )
        )
        or 0
    )


def _shared(entries: Iterable[Entry]) -> int:
    """How many works more than one funder pays."""
    payers: dict[int, set[str]] = {}
    for entry in entries:
        payers.setdefault(entry.proposal_id, set()).add(entry.funder_key)
    return sum(len(funders) > 1 for funders in payers.values())
