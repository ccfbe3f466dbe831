"""What applicants see of their own proposals: where each stands, what comes next, the outcome.

Never a reviewer's name, a score or a rank.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.formatting import format_date, format_when
from funding.language import gettext as _
from funding.models import (
    Award,
    Commitment,
    DeclineLetter,
    PlanPutForward,
    Proposal,
    ProposalState,
    Round,
    RoundExtension,
    RoundState,
    Run,
    RunProposal,
    RunState,
    Scenario,
)
from funding.permissions import Actor, own_proposals, visible_awards
from funding.reports.timetable import left_in_words
from funding.reports.why import applicant_sentences
from funding.services.clock import database_now
from funding.services.questions import confirmed_of, deciding_run
from funding.services.run_words import told


@dataclass(frozen=True)
class Standing:
    """Where a proposal stands and what comes next, in a sentence each."""

    now: str
    next: str
    is_late: bool = False


@dataclass(frozen=True)
class OwnProposal:
    """A row of 'My proposals'."""

    proposal: Proposal
    until: datetime
    standing: Standing
    is_led: bool


def time_left(until: datetime, moment: datetime) -> str:
    """'3 days left', '5 hours left', '20 minutes left'; 'closed' afterwards."""
    if until <= moment:
        return _("closed")
    return left_in_words(until - moment)


def deadlines(session: Session, proposals: Iterable[Proposal]) -> dict[int, datetime]:
    """Until when each of these could be handed in, extensions counted: proposal id -> moment."""
    proposals = list(proposals)
    extensions = session.scalars(
        sa.select(RoundExtension).where(
            RoundExtension.round_id.in_({proposal.round_id for proposal in proposals})
        )
    ).all()
    return {
        proposal.id: max(
            (
                extension.to_at
                for extension in extensions
                if extension.round_id == proposal.round_id
                and extension.proposal_id in (None, proposal.id)
            ),
            default=proposal.round.closes_at,
        )
        for proposal in proposals
    }


def standing_of(proposal: Proposal, until: datetime, moment: datetime) -> Standing:
    """In words: where it stands, and what comes next."""
    round_ = proposal.round
    closes = format_when(until, round_.timezone)
    is_open = round_.state == RoundState.OPEN and moment <= until
    decided = (
        _(" Decisions are expected by %(decides_on)s.", decides_on=format_date(round_.decides_on))
        if (round_.decides_on)
        else ""
    )
    match proposal.state:
        case ProposalState.DRAFT if is_open:
            return Standing(
                "A draft: only its applicants can read it.",
                _(
                    "Hand it in by %(closes)s: %(time_left)s.",
                    closes=closes,
                    time_left=time_left(until, moment),
                ),
            )
        case ProposalState.DRAFT:
            return Standing(
                "A draft that was not handed in.",
                _(
                    "The round took proposals until %(closes)s. Your text stays here.",
                    closes=closes,
                ),
                is_late=True,
            )
        case ProposalState.SUBMITTED if is_open:
            return Standing(
                "Handed in.",
                _(
                    "Until %(closes)s the lead applicant can take it back to change it. Then "
                    "reviewers read it.%(decided)s",
                    closes=closes,
                    decided=decided,
                ),
            )
        case ProposalState.SUBMITTED | ProposalState.IN_REVIEW:
            return Standing(*_in_the_round(round_, decided))
        case ProposalState.FUNDED:
            return Standing(
                "Funded.", "Each funder that pays a part sends its offer; accept it to begin."
            )
        case ProposalState.NOT_FUNDED:
            return Standing("Not funded in this round.", "What decided it:")
        case _:
            return Standing(
                "Withdrawn: it takes no part in the round.",
                _("Until %(closes)s it can be taken up again as a draft.", closes=closes)
                if is_open
                else "Nothing more happens with it in this round.",
            )


def _in_the_round(round_: Round, decided: str) -> tuple[str, str]:
    match round_.state:
        case RoundState.OPEN | RoundState.IN_REVIEW:
            return "With the reviewers.", _(
                "They read and score it.%(decided)s Nothing is needed now.", decided=decided
            )
        case RoundState.ALLOCATING:
            return (
                "Reviewed.",
                _(
                    "The funders now compare plans for the whole round.%(decided)s Nothing is "
                    "needed now.",
                    decided=decided,
                ),
            )
        case RoundState.DECIDING:
            return (
                "Being decided.",
                _(
                    "Each funder decides on the part that its own money would pay.%(decided)s",
                    decided=decided,
                ),
            )
        case _:
            return "The round is closed.", "Its officers enter the last decisions."


def mine(session: Session, by: Actor) -> list[OwnProposal]:
    """The person's own proposals, drafts first, then newest first."""
    proposals = session.scalars(
        own_proposals(by)
        .options(joinedload(Proposal.round), joinedload(Proposal.lead))
        .order_by(Proposal.id.desc())
    ).all()
    until, moment = deadlines(session, proposals), database_now(session)
    rows = [
        OwnProposal(
            proposal,
            until[proposal.id],
            standing_of(proposal, until[proposal.id], moment),
            proposal.lead_id == by.person_id,
        )
        for proposal in proposals
    ]
    return sorted(rows, key=lambda row: row.proposal.state != ProposalState.DRAFT)


@dataclass(frozen=True)
class OpenRound:
    """A round that takes proposals now."""

    round: Round
    until: datetime
    left: str


def open_rounds(session: Session) -> list[OpenRound]:
    """Rounds that take proposals now, the one that closes first at the top."""
    moment = database_now(session)
    rounds = session.scalars(
        sa.select(Round).where(Round.state == RoundState.OPEN, Round.opens_at <= moment)
    ).all()
    extended = dict(
        session.execute(
            sa.select(RoundExtension.round_id, sa.func.max(RoundExtension.to_at))
            .where(RoundExtension.proposal_id.is_(None))
            .group_by(RoundExtension.round_id)
        ).all()
    )
    found = [
        OpenRound(round_, until, time_left(until, moment))
        for round_ in rounds
        if (until := extended.get(round_.id, round_.closes_at)) >= moment
    ]
    return sorted(found, key=lambda each: each.until)


@dataclass(frozen=True)
class Outcome:
    """What came of a decided proposal: awards where it is funded, else the reason in words."""

    awards: list[Award]
    reasons: list[str]
    letter: str = ""
    """What the applicants were sent, where that was done."""


def outcome(session: Session, by: Actor, proposal: Proposal) -> Outcome | None:
    """The result for its own applicants; None until it is decided.

    The reason speaks of ask, least amount and eligibility only: it is the part of a run's answer
    that was written for applicants, and what was confirmed of these three.
    """
    if proposal.state not in (ProposalState.FUNDED, ProposalState.NOT_FUNDED):
        return None
    awards = session.scalars(
        visible_awards(by)
        .where(Award.proposal_id == proposal.id)
        .options(joinedload(Award.commitment).joinedload(Commitment.funder))
        .order_by(Award.id)
    ).all()
    if proposal.state == ProposalState.FUNDED:
        return Outcome(list(awards), [])
    letter = session.scalar(
        sa.select(DeclineLetter.body).where(
            DeclineLetter.proposal_id == proposal.id, DeclineLetter.sent_at.is_not(None)
        )
    )
    return Outcome([], reasons_for_applicant(session, proposal), letter or "")


def reasons_in_round(session: Session, round_: Round) -> dict[int, list[str]]:
    """What `reasons_for_applicant` says, for the proposals that one run speaks of, in few queries.

    The run is the one that decides the round. Left out are proposals whose reasons were confirmed
    one by one: they are few, and each has more to say.
    """
    run_id = session.scalar(
        sa.select(Run.id)
        .join(Scenario, Scenario.id == Run.scenario_id)
        .outerjoin(
            PlanPutForward, sa.and_(PlanPutForward.run_id == Run.id, PlanPutForward.is_current)
        )
        .where(
            Scenario.round_id == round_.id,
            Run.state == RunState.DONE,
            sa.exists().where(RunProposal.run_id == Run.id),
        )
        .order_by(PlanPutForward.id.is_(None), Run.id.desc())
        .limit(1)
    )
    if run_id is None:
        return {}
    confirmed = confirmed_of(session, run_id)
    rows = session.execute(
        sa.select(Proposal.id, Proposal.key, RunProposal.detail["applicant"])
        .join(Proposal, Proposal.id == RunProposal.proposal_id)
        .where(RunProposal.run_id == run_id)
    )
    return {
        proposal_id: [told(said)] if isinstance(said, str) else [t for t in said or [] if t]
        for proposal_id, key, said in rows
        if key not in confirmed
    }


def reasons_for_applicant(session: Session, proposal: Proposal) -> list[str]:
    """What the decided plan's run (else the round's last finished one) says to the applicant."""
    found = session.execute(
        sa.select(RunProposal.detail, Run)
        .join(Run, Run.id == RunProposal.run_id)
        .where(RunProposal.proposal_id == proposal.id, Run.id == deciding_run(proposal))
    ).one_or_none()
    if found is None:
        return []
    detail, run = found
    said = detail.get("applicant")
    if isinstance(said, str):
        return [told(said), *applicant_sentences(session, run, proposal)]
    return [text for text in said or [] if isinstance(text, str)]
