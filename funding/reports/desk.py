"""The first page after signing in: what waits for this person, and the rounds they work in."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.models import (
    UNDECIDED,
    Award,
    AwardState,
    Commitment,
    Overlap,
    PlanLine,
    PlanPutForward,
    Proposal,
    ProposalState,
    Round,
    RoundFunder,
    Tranche,
    TrancheState,
)
from funding.permissions import (
    Actor,
    own_proposals,
    visible_awards,
    visible_lines,
    visible_rounds,
    visible_tranches,
    working_rounds,
)
from funding.reports.compensating import to_judge


@dataclass(frozen=True)
class Waiting:
    """Some work of one kind: how many, in words, and the endpoint that leads there."""

    count: int
    one: str
    many: str
    endpoint: str
    arguments: dict[str, int | str]

    @property
    def text(self) -> str:
        return self.one if self.count == 1 else self.many


def waiting_for(session: Session, by: Actor) -> list[Waiting]:
    """What this person can do now, most pressing first; nothing that others have to do."""
    found = [
        *_lines(session, by),
        *_invitations(session, by),
        *_tranches(session, by),
        *_compensating(session, by),
        *_offers(session, by),
        *_drafts(session, by),
        *_overlaps(session, by),
    ]
    return [work for work in found if work.count]


def _lines(session: Session, by: Actor) -> list[Waiting]:
    rows = session.execute(
        visible_lines(by)
        .join(Commitment, Commitment.id == PlanLine.commitment_id)
        .where(
            PlanLine.state.in_(UNDECIDED),
            PlanPutForward.is_current,
            PlanLine.recommended_by_id != by.person_id,
            Commitment.funder_id.in_(list(by.where("line.decide"))),
        )
        .with_only_columns(Round.id, Round.name, sa.func.count(PlanLine.id))
        .group_by(Round.id, Round.name)
        .order_by(Round.id)
    )
    return [
        Waiting(
            count,
            f"line of your funder to decide in {name}",
            f"lines of your funder to decide in {name}",
            "plans.show",
            {"round_id": round_id, "state": "undecided", "funder": "own"},
        )
        for round_id, name, count in rows
    ]


def _invitations(session: Session, by: Actor) -> list[Waiting]:
    rows = session.execute(
        sa.select(Round.id, Round.name)
        .join(RoundFunder, RoundFunder.round_id == Round.id)
        .where(
            RoundFunder.joined_at.is_(None),
            RoundFunder.funder_id.in_(list(by.where("round.join"))),
        )
        .order_by(Round.id)
    )
    return [
        Waiting(1, f"invitation to join {name}", "", "joining.join", {"round_id": round_id})
        for round_id, name in rows
    ]


def _tranches(session: Session, by: Actor) -> list[Waiting]:
    rows = session.execute(
        visible_tranches(by)
        .join(Award, Award.id == Tranche.award_id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .where(
            Tranche.state.in_((TrancheState.SCHEDULED, TrancheState.DUE)),
            Tranche.prepared_by_id != by.person_id,
            Commitment.funder_id.in_(list(by.where("tranche.release"))),
        )
        .with_only_columns(Tranche.award_id)
        .order_by(Tranche.due_on)
    ).all()
    if not rows:
        return []
    return [
        Waiting(
            len(rows),
            "tranche to release",
            "tranches to release, the first due first",
            "awards.show",
            {"award_id": rows[0][0]},
        )
    ]


def _compensating(session: Session, by: Actor) -> list[Waiting]:
    count = to_judge(session, by) if by.may("compensating.judge") else 0
    one = "compensating review to do"
    many = "compensating reviews to do"
    return [Waiting(count, one, many, "compensating.index", {})]


def _offers(session: Session, by: Actor) -> list[Waiting]:
    awards = session.scalars(
        visible_awards(by)
        .where(Award.state == AwardState.OFFERED, Proposal.lead_id == by.person_id)
        .with_only_columns(Award.id)
        .order_by(Award.id)
    ).all()
    if not awards:
        return []
    arguments: dict[str, int | str] = {"award_id": awards[0]}
    return [Waiting(len(awards), "offer to accept", "offers to accept", "awards.show", arguments)]


def _drafts(session: Session, by: Actor) -> list[Waiting]:
    count = len(
        session.scalars(
            own_proposals(by)
            .where(Proposal.state == ProposalState.DRAFT)
            .with_only_columns(Proposal.id)
        ).all()
    )
    return [
        Waiting(
            count,
            "proposal not handed in yet",
            "proposals not handed in yet",
            "applications.index",
            {},
        )
    ]


def _overlaps(session: Session, by: Actor) -> list[Waiting]:
    rows = session.execute(
        working_rounds(by, "overlap.decide")
        .join(Overlap, Overlap.round_id == Round.id)
        .where(Overlap.verdict == "candidate")
        .with_only_columns(Round.id, Round.name, sa.func.count(Overlap.id))
        .group_by(Round.id, Round.name)
        .order_by(Round.id)
    )
    return [
        Waiting(
            count,
            f"possible overlap to judge in {name}",
            f"possible overlaps to judge in {name}",
            "overlaps.index",
            {"round_id": round_id},
        )
        for round_id, name, count in rows
    ]


def rounds_for(session: Session, by: Actor | None) -> list[Round]:
    """The rounds a reader may look at, the newest first."""
    query = visible_rounds(by).options(joinedload(Round.owner)).order_by(Round.closes_at.desc())
    return list(session.scalars(query))
