"""What waits for officers and administrators before money is awarded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.language import gettext as _
from funding.models import (
    UNDECIDED,
    Commitment,
    Endorsement,
    Overlap,
    PlanLine,
    PlanPutForward,
    Round,
    RoundFunder,
    RoundState,
    Vote,
)
from funding.permissions import Actor, visible_lines, visible_plans, working_rounds
from funding.reports.compensating import to_judge
from funding.reports.inbox.entries import Arguments, Dated, Waiting
from funding.services.committee import members_of


def lines(session: Session, by: Actor) -> Iterator[Waiting]:
    """Lines of one's own funder that this person may decide, by round."""
    rows = session.execute(
        visible_lines(by)
        .join(Commitment, Commitment.id == PlanLine.commitment_id)
        .where(
            PlanLine.state.in_(UNDECIDED),
            PlanPutForward.is_current,
            PlanLine.recommended_by_id != by.person_id,
            Commitment.funder_id.in_(list(by.where("line.decide"))),
        )
        .with_only_columns(Round.id, Round.name, Round.decides_on, sa.func.count(PlanLine.id))
        .group_by(Round.id, Round.name, Round.decides_on)
        .order_by(Round.id)
    )
    for round_id, name, decides_on, count in rows:
        to: Arguments = {"round_id": round_id, "state": "undecided", "funder": "own"}
        yield Waiting(
            count,
            _("line of your funder to decide in %(name)s", name=name),
            _("lines of your funder to decide in %(name)s", name=name),
            "plans.show",
            to,
            _by_round(
                "decide", round_id, decides_on, _("Decide your lines in %(name)s", name=name), to
            ),
        )


def _by_round(
    kind: str, round_id: int, on: date | None, text: str, to: Arguments
) -> tuple[Dated, ...]:
    return (Dated(f"{kind}-{round_id}", on, text, "plans.show", to),) if on else ()


def invitations(session: Session, by: Actor) -> Iterator[Waiting]:
    """Rounds that a funder of this person is invited to join."""
    rows = session.execute(
        sa.select(Round.id, Round.name)
        .join(RoundFunder, RoundFunder.round_id == Round.id)
        .where(
            RoundFunder.joined_at.is_(None),
            RoundFunder.funder_id.in_(list(by.where("round.join"))),
        )
        .order_by(Round.id)
    )
    for round_id, name in rows:
        yield Waiting(
            1,
            _("invitation to join %(name)s", name=name),
            "",
            "joining.join",
            {"round_id": round_id},
        )


def votes(session: Session, by: Actor) -> Iterator[Waiting]:
    """Plans that this member of a committee has not voted on, without a conflict."""
    plans = session.scalars(
        visible_plans(by)
        .where(
            PlanPutForward.is_current,
            Round.owner_id.in_(list(by.where("vote.cast"))),
            Round.state == RoundState.DECIDING,
            ~sa.exists().where(Vote.plan_id == PlanPutForward.id, Vote.person_id == by.person_id),
            ~sa.exists().where(Endorsement.plan_id == PlanPutForward.id),
        )
        .options(joinedload(PlanPutForward.round))
        .order_by(PlanPutForward.id)
    )
    for plan in plans:
        if members_of(session, plan).counts(by.person_id):
            to: Arguments = {"round_id": plan.round_id}
            yield Waiting(
                1, _("plan to vote on: %(name)s", name=plan.round.name), "", "committee.show", to
            )


def compensating_reviews(session: Session, by: Actor) -> Iterator[Waiting]:
    """Acts of a small funder that another person has to look at."""
    count = to_judge(session, by) if by.may("compensating.judge") else 0
    one, many = "compensating review to do", "compensating reviews to do"
    yield Waiting(count, one, many, "compensating.index", {})


def overlaps(session: Session, by: Actor) -> Iterator[Waiting]:
    """Candidates that nobody has judged yet, by round."""
    rows = session.execute(
        working_rounds(by, "overlap.decide")
        .join(Overlap, Overlap.round_id == Round.id)
        .where(Overlap.verdict == "candidate")
        .with_only_columns(Round.id, Round.name, sa.func.count(Overlap.id))
        .group_by(Round.id, Round.name)
        .order_by(Round.id)
    )
    for round_id, name, count in rows:
        yield Waiting(
            count,
            _("possible overlap to judge in %(name)s", name=name),
            _("possible overlaps to judge in %(name)s", name=name),
            "overlaps.index",
            {"round_id": round_id},
        )
