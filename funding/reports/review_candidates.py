"""Who could review one proposal: every reviewer of the round with fit, load and what stands in the
way; and a suggestion's pairs as an officer looks through them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.db import now
from funding.language import gettext as _
from funding.listing import Listing
from funding.models import (
    COUNTED_STATES,
    Person,
    Proposal,
    ReviewAssignment,
    ReviewSuggestion,
    RoundReviewer,
    SuggestedPair,
    WaivedConflict,
    WaiverRequest,
)
from funding.permissions import Actor, visible_proposals
from funding.services.reviewing.absences import away_today
from funding.services.reviewing.expertise import Fits, Knowledge, Work
from funding.services.reviewing.found_conflicts import DECLARED, conflicts_among, in_words
from funding.services.reviewing.giving import loads
from funding.services.run_words import said_again, told

MOST_SHOWN = 200


@dataclass(frozen=True)
class Candidate:
    """A reviewer beside a proposal. `conflict` says in words what stands between the two.

    `asked_by` is who asked to waive it; `waived` what was waived, with its reason.
    """

    reviewer: RoundReviewer
    name: str
    fit: float
    why: str
    load: int
    conflict: str
    may_be_waived: bool
    request: WaiverRequest | None
    asked_by: str | None
    waived: list[WaivedConflict]
    away_to: str | None

    @property
    def is_free(self) -> bool:
        return not self.conflict and self.load < self.reviewer.most


def candidates_for(session: Session, proposal: Proposal) -> list[Candidate]:
    """Reviewers who have no part in the proposal yet, those who can take it first, then by fit."""
    there = sa.select(ReviewAssignment.person_id).where(
        ReviewAssignment.proposal_id == proposal.id, ReviewAssignment.state.in_(COUNTED_STATES)
    )
    reviewers = session.scalars(
        sa.select(RoundReviewer)
        .join(Person, Person.id == RoundReviewer.person_id)
        .where(
            RoundReviewer.round_id == proposal.round_id,
            RoundReviewer.person_id.not_in(there),
            Person.is_active,
        )
        .order_by(Person.name, Person.id)
        .options(joinedload(RoundReviewer.person))
    ).all()
    people = [reviewer.person_id for reviewer in reviewers]
    found = conflicts_among(session, proposal.round_id, people, [proposal.id])
    load = loads(session, proposal.round_id)
    taxonomy = proposal.round.taxonomy.areas
    names = {area.key: area.name for area in taxonomy}
    text = "\n".join([proposal.title, proposal.abstract, " ".join(proposal.keywords)])
    fits = Fits(
        [Work({tag.area_key: tag.weight for tag in proposal.areas}, text)],
        [Knowledge(reviewer.areas, reviewer.expertise) for reviewer in reviewers],
        {area.key: area.parent_key for area in taxonomy},
    )
    requests, askers = _requests(session, proposal.id)
    waived: defaultdict[int, list[WaivedConflict]] = defaultdict(list)
    for waiver in session.scalars(
        sa.select(WaivedConflict).where(WaivedConflict.proposal_id == proposal.id)
    ):
        waived[waiver.person_id].append(waiver)
    away = away_today(session, proposal.round_id, now().date())
    delegates = {
        person.id: person.name
        for person in session.scalars(
            sa.select(Person).where(Person.id.in_([a.delegate_id for a in away.values()]))
        )
    }
    made = []
    for number, reviewer in enumerate(reviewers):
        person = reviewer.person_id
        kinds = found.of(proposal.id, person)
        made.append(
            Candidate(
                reviewer,
                reviewer.person.name,
                float(fits.of[0, number]),
                told(fits.why(0, number, names).kept),
                load.get(person, 0),
                in_words(kinds),
                bool(kinds) and DECLARED not in kinds,
                requests.get(person),
                askers.get(person),
                waived[person],
                delegates.get(away[person].delegate_id) if person in away else None,
            )
        )
    return sorted(made, key=lambda c: (not c.is_free, -round(c.fit, 4), c.name))


def _requests(
    session: Session, proposal_id: int
) -> tuple[dict[int, WaiverRequest], dict[int, str]]:
    requests, askers = {}, {}
    for request, name in session.execute(
        sa.select(WaiverRequest, Person.name)
        .join(Person, Person.id == WaiverRequest.asked_by_id)
        .where(WaiverRequest.proposal_id == proposal_id)
        .order_by(WaiverRequest.id)
    ):
        requests[request.person_id], askers[request.person_id] = request, name
    return requests, askers


# -- a suggestion -------------------------------------------------------------------------------


@dataclass(frozen=True)
class PairRow:
    """A suggested pair, why this one in the reader's language, and `choices`: the people it can
    be given to, each with the fit."""

    pair: SuggestedPair
    why: str
    choices: list[tuple[int, str]]


@dataclass(frozen=True)
class SuggestedProposal:
    id: int
    key: str
    title: str
    pairs: list[PairRow]


def list_pairs(
    session: Session, by: Actor, suggestion: ReviewSuggestion, listing: Listing
) -> tuple[Listing, list[SuggestedProposal]]:
    """One page of the proposals that a suggestion names; four queries."""
    pairs_there = sa.exists().where(
        SuggestedPair.suggestion_id == suggestion.id, SuggestedPair.proposal_id == Proposal.id
    )
    query = visible_proposals(by, "review.assign").where(
        Proposal.round_id == suggestion.round_id, pairs_there
    )
    if "q" in listing.args:
        words = listing.args["q"]
        query = query.where(
            sa.or_(
                Proposal.key.icontains(words, autoescape=True),
                Proposal.title.icontains(words, autoescape=True),
            )
        )
    listing = listing.counting(session.scalar(query.with_only_columns(sa.func.count())) or 0)
    proposals = session.scalars(
        query.order_by(Proposal.key, Proposal.id).limit(listing.per_page).offset(listing.offset)
    ).all()
    pairs = session.scalars(
        sa.select(SuggestedPair)
        .where(
            SuggestedPair.suggestion_id == suggestion.id,
            SuggestedPair.proposal_id.in_([p.id for p in proposals]),
        )
        .order_by(SuggestedPair.fit.desc(), SuggestedPair.id)
    ).all()
    people = {pair.person_id for pair in pairs}
    people |= {other[0] for pair in pairs for other in pair.others}
    names = dict(
        session.execute(sa.select(Person.id, Person.name).where(Person.id.in_(people))).all()
    )
    rows: defaultdict[int, list[PairRow]] = defaultdict(list)
    for pair in pairs:
        own = [(pair.person_id, pair.fit), *((o[0], o[1]) for o in pair.others)]
        rows[pair.proposal_id].append(
            PairRow(
                pair,
                said_again(pair.reason, pair.says),
                [
                    (id, _("%(names)s, fit %(round)s", names=names[id], round=round(fit * 100)))
                    for id, fit in own
                ],
            )
        )
    return listing, [SuggestedProposal(p.id, p.key, p.title, rows[p.id]) for p in proposals]
