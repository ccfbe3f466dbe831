"""Which scenarios, plans, lines, awards and tranches are there for whom."""

from __future__ import annotations

import sqlalchemy as sa

from funding.models import (
    Award,
    AwardState,
    Commitment,
    CompensatingReview,
    LiveSession,
    Offer,
    Pack,
    PlanLine,
    PlanPutForward,
    Proposal,
    Role,
    Round,
    Run,
    Scenario,
    Study,
    Tranche,
)
from funding.permissions.acts import READERS, Actor
from funding.permissions.rounds import own_proposals, participants, without_conflict


def visible_scenarios(by: Actor) -> sa.Select[tuple[Scenario]]:
    return (
        sa.select(Scenario)
        .join(Round, Round.id == Scenario.round_id)
        .where(participants(by.where("scenario.read")))
    )


def visible_runs(by: Actor) -> sa.Select[tuple[Run]]:
    return (
        sa.select(Run)
        .join(Scenario, Scenario.id == Run.scenario_id)
        .join(Round, Round.id == Scenario.round_id)
        .where(participants(by.where("scenario.read")))
    )


def visible_studies(by: Actor) -> sa.Select[tuple[Study]]:
    runs = visible_runs(by).with_only_columns(Run.id)
    return sa.select(Study).where(Study.run_id.in_(runs))


def visible_plans(by: Actor) -> sa.Select[tuple[PlanPutForward]]:
    return (
        sa.select(PlanPutForward)
        .join(Round, Round.id == PlanPutForward.round_id)
        .where(participants(by.where("plan.read")))
    )


def visible_packs(by: Actor) -> sa.Select[tuple[Pack]]:
    """Decision packs of rounds the person takes part in; what is in conflict is left out of what
    they read (`funding.reports.discretion`)."""
    return (
        sa.select(Pack)
        .join(PlanPutForward, PlanPutForward.id == Pack.plan_id)
        .join(Round, Round.id == PlanPutForward.round_id)
        .where(participants(by.where("pack.read")))
    )


def visible_live_sessions(by: Actor) -> sa.Select[tuple[LiveSession]]:
    return (
        sa.select(LiveSession)
        .join(Round, Round.id == LiveSession.round_id)
        .where(participants(by.where("pack.read")))
    )


def visible_lines(by: Actor) -> sa.Select[tuple[PlanLine]]:
    """Lines of plans the person may read, less those on proposals in conflict."""
    return (
        sa.select(PlanLine)
        .join(PlanPutForward, PlanPutForward.id == PlanLine.plan_id)
        .join(Round, Round.id == PlanPutForward.round_id)
        .join(Proposal, Proposal.id == PlanLine.proposal_id)
        .where(participants(by.where("plan.read")), without_conflict(by))
    )


def visible_awards(by: Actor) -> sa.Select[tuple[Award]]:
    """Awards of own money, of rounds one takes part in (less conflicts), and to own proposals."""
    return (
        sa.select(Award)
        .join(Proposal, Proposal.id == Award.proposal_id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .join(Round, Round.id == Proposal.round_id)
        .where(
            sa.or_(
                sa.and_(
                    sa.or_(
                        Commitment.funder_id.in_(
                            [o for o, role in by.bindings if role is Role.FINANCE_OFFICER]
                        ),
                        participants(o for o, role in by.bindings if role in READERS),
                    ),
                    without_conflict(by),
                ),
                sa.and_(
                    Proposal.id.in_(own_proposals(by).with_only_columns(Proposal.id)),
                    # applicants hear of an award by its offer
                    Award.state != AwardState.TO_BE_OFFERED,
                ),
            )
        )
    )


def visible_tranches(by: Actor) -> sa.Select[tuple[Tranche]]:
    awards = visible_awards(by).with_only_columns(Award.id)
    return sa.select(Tranche).where(Tranche.award_id.in_(awards))


def visible_offers(by: Actor) -> sa.Select[tuple[Offer]]:
    """Letters of one's own funder, less conflicts, and those to own proposals; other funders of
    the round see the award without them."""
    awards = visible_awards(by).with_only_columns(Award.id)
    own = own_proposals(by).with_only_columns(Proposal.id)
    return (
        sa.select(Offer)
        .join(Award, Award.id == Offer.award_id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .where(
            Award.id.in_(awards),
            sa.or_(
                Commitment.funder_id.in_(list(by.where("terms.read"))),
                Award.proposal_id.in_(own),
            ),
        )
    )


def visible_compensating(by: Actor) -> sa.Select[tuple[CompensatingReview]]:
    """Compensating reviews of own funders and of rounds one's organisation owns, less conflicts."""
    of_line = (
        sa.select(PlanLine.proposal_id)
        .where(PlanLine.id == CompensatingReview.plan_line_id)
        .scalar_subquery()
    )
    of_tranche = (
        sa.select(Award.proposal_id)
        .join(Tranche, Tranche.award_id == Award.id)
        .where(Tranche.id == CompensatingReview.tranche_id)
        .scalar_subquery()
    )
    own = list(by.where("compensating.read"))
    return (
        sa.select(CompensatingReview)
        .select_from(CompensatingReview)
        .join(Proposal, Proposal.id == sa.func.coalesce(of_line, of_tranche))
        .join(Round, Round.id == Proposal.round_id)
        .where(
            sa.or_(CompensatingReview.funder_id.in_(own), Round.owner_id.in_(own)),
            without_conflict(by),
        )
    )


def judges_compensating(by: Actor, review: CompensatingReview, owner_id: int) -> bool:
    """Whether this person may look at it: of the funder's administration or audit, or of the
    round's owner; never who asked for it or put the amount forward."""
    at_funder = {role for at, role in by.bindings if at == review.funder_id}
    put_forward = review.line.recommended_by_id if review.line else None
    return by.person_id not in (review.asked_by_id, put_forward) and bool(
        at_funder & {Role.FUNDER_ADMIN, Role.AUDITOR} or by.may("compensating.judge", owner_id)
    )
