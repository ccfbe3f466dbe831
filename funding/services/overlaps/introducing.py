"""Bringing two teams together whose work is close: an officer offers it, both teams say yes or no.

Neither team learns who the other is, or what it proposes, unless both agree.
"""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import Fault, InvalidInput, NotFound, RuleBroken
from funding.formatting import format_number
from funding.language import gettext as _
from funding.models import Introduction, IntroductionAnswer, Overlap, Proposal, Round
from funding.permissions import Actor, fetch, own_proposals, visible_overlaps
from funding.services.applicants import hold_as_lead, record_act
from funding.services.log import record
from funding.services.mail import Written, paragraphs, post_mail
from funding.services.overlaps.searching import round_to_decide_in

LONGEST_WORDS = 2_000


def offer_introduction(
    session: Session, *, by: Actor, overlap_id: int, words: str, public_url: str
) -> Introduction:
    """Ask both teams of a pair whether they would meet; `words` are sent to both.

    Raises NotFound, NotPermitted, InvalidInput, and RuleBroken where they were asked already, are
    one team, or one of the two is withdrawn.
    """
    overlap: Overlap = fetch(session, visible_overlaps(by), overlap_id, "overlap")
    round_ = round_to_decide_in(session, by, overlap.round_id)
    words = words.strip()
    if len(words) > LONGEST_WORDS:
        raise InvalidInput(
            Fault(
                "words",
                _(
                    "At most %(longest_words)s characters.",
                    longest_words=format_number(LONGEST_WORDS),
                ),
            )
        )
    if introduction_of(session, overlap.id) is not None:
        raise RuleBroken("The two teams have been asked already.")
    if overlap.first.lead_id == overlap.second.lead_id:
        raise RuleBroken("Both proposals have the same lead: there is nobody to introduce.")
    for proposal in (overlap.first, overlap.second):
        if proposal.state == "withdrawn":
            raise RuleBroken(_("%(key)s is withdrawn.", key=proposal.key))
    introduction = Introduction(
        overlap_id=overlap.id, words=words, offered_by_id=by.person_id, answers=[]
    )
    session.add(introduction)
    session.flush()
    record(session, by, "introduction offered", introduction, round_id=overlap.round_id)
    link = f"{public_url}/introductions/{introduction.id}"
    for proposal in (overlap.first, overlap.second):
        post_mail(
            session,
            proposal.lead,
            partial(_may_they_meet, round_, proposal, words, link),
            key=f"introduction {introduction.id} offered to {proposal.id}",
            proposal_id=proposal.id,
        )
    return introduction


def _may_they_meet(round_: Round, proposal: Proposal, words: str, link: str) -> Written:
    return (
        _("Another team works on something close to yours"),
        paragraphs(
            _(
                "Officers of %(round)s find that another proposal is close to yours, %(key)s, "
                "%(title)s. May they introduce you to each other? Neither of you is told who the "
                "other is unless both agree, and your answer changes nothing in how your proposal "
                "is judged.",
                round=round_.name,
                key=proposal.key,
                title=proposal.title,
            ),
            _("The officer writes:") + f"\n{words}" if words else "",
            _("Answer here:") + f"\n{link}",
        ),
    )


def introduction_of(session: Session, overlap_id: int) -> Introduction | None:
    """The introduction offered to the teams of a pair."""
    return session.scalars(
        sa.select(Introduction).where(Introduction.overlap_id == overlap_id)
    ).one_or_none()


def own_side(
    session: Session, by: Actor, introduction_id: int
) -> tuple[Introduction, Proposal, Proposal]:
    """An introduction offered to one of the person's own proposals: it, theirs, the other one.

    Raises NotFound for anybody else.
    """
    introduction = session.get(Introduction, introduction_id)
    if introduction is not None:
        overlap = introduction.overlap
        sides = ((overlap.first, overlap.second), (overlap.second, overlap.first))
        for own, other in sides:
            query = own_proposals(by).where(Proposal.id == own.id)
            if session.scalars(query).unique().one_or_none() is not None:
                return introduction, own, other
    raise NotFound("introduction")


def answer_introduction(
    session: Session, *, by: Actor, introduction_id: int, agrees: bool
) -> Introduction:
    """The lead's answer, once; where both agree, each is told who the other is.

    Raises NotFound, NotPermitted for a co-applicant, RuleBroken for a second answer.
    """
    introduction, own, other = own_side(session, by, introduction_id)
    hold_as_lead(session, by, own.id)
    if any(answer.proposal_id == own.id for answer in introduction.answers):
        raise RuleBroken("Your team has answered already.")
    introduction.answers.append(
        IntroductionAnswer(proposal_id=own.id, agrees=agrees, answered_by_id=by.person_id)
    )
    session.flush()
    record_act(
        session, by, "introduction answered", own, introduction=introduction.id, agrees=agrees
    )
    if introduction.is_agreed:
        _introduce(session, own, other)
        _introduce(session, other, own)
    return introduction


def _introduce(session: Session, to: Proposal, other: Proposal) -> None:
    post_mail(
        session,
        to.lead,
        lambda: _introduced(to, other),
        key=f"introduced {to.id} to {other.id}",
        proposal_id=to.id,
    )


def _introduced(to: Proposal, other: Proposal) -> Written:
    lead, institution = other.lead, other.institution
    return (
        _("You are introduced to %(name)s", name=lead.name),
        paragraphs(
            _(
                "Both teams agreed. The proposal close to your %(key)s is “%(title)s”, led by "
                "%(name)s; write to %(email)s.",
                key=to.key,
                title=other.title,
                name=f"{lead.name}, {institution.name}" if institution else lead.name,
                email=lead.email,
            ),
            _(
                "If you would rather go on together, either of you can offer to merge the two "
                "proposals into one on the page of the introduction."
            ),
        ),
    )
