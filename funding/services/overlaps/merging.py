"""Two proposals become one: one team offers, the other agrees, one proposal goes on with both."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Fault, InvalidInput, NotFound, RuleBroken
from funding.formatting import format_number
from funding.language import gettext
from funding.models import (
    UNDECIDED,
    Merger,
    PlanLine,
    PlanPutForward,
    Proposal,
    ProposalState,
    TeamMember,
)
from funding.permissions import Actor
from funding.services.applicants import hold_as_lead, record_act
from funding.services.form_fields import MOST_MEMBERS
from funding.services.mail import Written, paragraphs, post_mail
from funding.services.overlaps.introducing import LONGEST_WORDS, own_side

JOINED = "Co-applicant, of a merged proposal"
_MAY_MERGE = (ProposalState.DRAFT, ProposalState.SUBMITTED, ProposalState.IN_REVIEW)


def offer_merger(
    session: Session,
    *,
    by: Actor,
    introduction_id: int,
    keeps_own: bool,
    words: str,
    public_url: str,
) -> Merger:
    """Offer the other team to go on with one proposal: one's own (`keeps_own`) or theirs.

    Raises NotFound, NotPermitted for a co-applicant, InvalidInput, and RuleBroken where the teams
    have not both agreed to meet, an offer is open, or a proposal is decided or in a plan.
    """
    introduction, own, other = own_side(session, by, introduction_id)
    hold_as_lead(session, by, own.id)
    words = words.strip()
    if len(words) > LONGEST_WORDS:
        raise InvalidInput(
            Fault(
                "words",
                gettext(
                    "At most %(longest_words)s characters.",
                    longest_words=format_number(LONGEST_WORDS),
                ),
            )
        )
    if not introduction.is_agreed:
        raise RuleBroken("Both teams have to agree to meet first.")
    if open_merger(session, introduction_id) is not None:
        raise RuleBroken("An offer to merge waits for its answer already.")
    kept, gone = (own, other) if keeps_own else (other, own)
    _require_undecided(session, kept, gone)
    merger = Merger(
        introduction_id=introduction_id,
        kept_id=kept.id,
        gone_id=gone.id,
        words=words,
        offered_by_id=by.person_id,
    )
    session.add(merger)
    session.flush()
    record_act(session, by, "merger offered", own, merger=merger.id, kept=kept.id, gone=gone.id)
    link = f"{public_url}/introductions/{introduction_id}"
    post_mail(
        session,
        other.lead,
        lambda: _offered(merger, own.lead.name, link),
        key=f"merger {merger.id} offered",
        proposal_id=other.id,
    )
    return merger


def open_merger(session: Session, introduction_id: int) -> Merger | None:
    """The offer to merge that waits for its answer."""
    return session.scalars(
        sa.select(Merger).where(Merger.introduction_id == introduction_id, Merger.agrees.is_(None))
    ).one_or_none()


def answer_merger(session: Session, *, by: Actor, introduction_id: int, agrees: bool) -> Merger:
    """The other lead's answer. Where it is yes, one proposal is withdrawn and its team joins.

    Raises NotFound, NotPermitted, RuleBroken for one's own offer or a proposal decided meanwhile.
    """
    _, own, other = own_side(session, by, introduction_id)
    hold_as_lead(session, by, own.id)
    merger = open_merger(session, introduction_id)
    if merger is None:
        raise NotFound("offer to merge")
    if merger.offered_by_id == by.person_id:
        raise RuleBroken("The other team has to answer this.")
    merger.agrees, merger.answered_by_id = agrees, by.person_id
    merger.answered_at = now()
    if agrees:
        _merge(session, by, merger.kept, merger.gone)
    record_act(session, by, "merger answered", own, merger=merger.id, agrees=agrees)
    post_mail(
        session,
        other.lead,
        lambda: _answered(merger, own.lead.name),
        key=f"merger {merger.id} answered",
        proposal_id=other.id,
    )
    return merger


def _offered(merger: Merger, name: str, link: str) -> Written:
    kept, gone = merger.kept, merger.gone
    return (
        gettext("%(name)s offers to merge your proposals", name=name),
        paragraphs(
            gettext(
                "%(name)s offers to go on together with %(kept)s, %(title)s. If you agree, "
                "%(gone)s is withdrawn, and its team joins %(kept)s.",
                name=name,
                kept=kept.key,
                title=kept.title,
                gone=gone.key,
            ),
            gettext("They write:") + f"\n{merger.words}" if merger.words else "",
            gettext("Answer here:") + f"\n{link}",
        ),
    )


def _answered(merger: Merger, name: str) -> Written:
    if not merger.agrees:
        return (
            gettext("%(name)s does not agree to merge", name=name),
            gettext("Both proposals go on as they are."),
        )
    return (
        gettext("%(name)s agrees to merge", name=name),
        gettext(
            "%(gone)s is withdrawn, and its team has joined %(kept)s.",
            gone=merger.gone.key,
            kept=merger.kept.key,
        ),
    )


def _require_undecided(session: Session, *proposals: Proposal) -> None:
    for proposal in proposals:
        if proposal.state not in _MAY_MERGE:
            raise RuleBroken(
                gettext(
                    "%(key)s is %(state)s; it cannot be merged any more.",
                    key=proposal.key,
                    state=proposal.state,
                )
            )
        line = session.scalar(
            sa.select(PlanLine.id)
            .join(PlanPutForward, PlanPutForward.id == PlanLine.plan_id)
            .where(
                PlanLine.proposal_id == proposal.id,
                PlanPutForward.is_current,
                PlanLine.state.in_(UNDECIDED),
            )
            .limit(1)
        )
        if line is not None:
            raise RuleBroken(
                gettext("%(key)s is in the plan before the funders now.", key=proposal.key)
            )


def _merge(session: Session, by: Actor, kept: Proposal, gone: Proposal) -> None:
    _require_undecided(session, kept, gone)
    there = {kept.lead_id} | {member.person_id for member in kept.team if member.person_id}
    lead = gone.lead
    joining = [TeamMember(name=lead.name, role=JOINED, email=lead.email, orcid=lead.orcid)]
    joining[0].person_id = lead.id
    for member in gone.team:
        columns = ("name", "role", "email", "orcid", "person_id")
        joining.append(TeamMember(**{name: getattr(member, name) for name in columns}))
    for member in joining:
        if member.person_id in there:
            continue
        if len(kept.team) >= MOST_MEMBERS:
            raise RuleBroken(
                gettext(
                    "Together the teams have more than %(most_members)s people.",
                    most_members=MOST_MEMBERS,
                )
            )
        member.position = len(kept.team)
        kept.team.append(member)
        there |= {member.person_id} - {None}
    gone.state = ProposalState.WITHDRAWN
    gone.withdrawal_reason = f"Merged into {kept.key}."
    record_act(session, by, "proposal withdrawn", gone, merged_into=kept.id)
    record_act(session, by, "proposal joined by another team", kept, merged=gone.id)


def last_merger(session: Session, introduction_id: int) -> Merger | None:
    """The last offer to merge that was answered."""
    return session.scalars(
        sa.select(Merger)
        .where(Merger.introduction_id == introduction_id, Merger.agrees.is_not(None))
        .order_by(Merger.id.desc())
        .limit(1)
    ).one_or_none()
