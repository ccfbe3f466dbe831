"""Letters to applicants whose proposals are not funded: suggested, edited, sent on closing.

What is suggested comes from the optimizer's explanation for applicants: ask, least viable amount
and eligible money only, never scores or others.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotFound, RuleBroken
from funding.formatting import format_number
from funding.language import gettext as _
from funding.language import said, using
from funding.models import (
    CANDIDATE_STATES,
    UNDECIDED,
    DeclineLetter,
    LineState,
    PlanLine,
    PlanPutForward,
    Proposal,
    ProposalState,
    Round,
    RoundState,
)
from funding.permissions import Actor, fetch, owned_rounds, without_conflict
from funding.reports.applications import reasons_for_applicant, reasons_in_round
from funding.services.log import record
from funding.services.mail import Written, language_of, paragraphs, post_mail

LONGEST = 6_000
NO_REASON = (
    "The money of this round that may pay for such work was not enough for every proposal that "
    "could be paid from it."
)
WHAT_IT_SPEAKS_OF = (
    "This speaks of what you asked for, your least viable amount and which money may pay for such "
    "work. Scores and other proposals are not part of what applicants are told."
)


def concerned(round_: Round) -> sa.Select[tuple[Proposal]]:
    """Proposals that are not funded, or will not be when the round closes as it stands."""
    held = (
        sa.select(PlanLine.proposal_id)
        .join(PlanPutForward, PlanPutForward.id == PlanLine.plan_id)
        .where(
            PlanPutForward.round_id == round_.id,
            PlanLine.state.in_((*UNDECIDED, LineState.APPROVED)),
        )
    )
    return sa.select(Proposal).where(
        Proposal.round_id == round_.id,
        sa.or_(
            Proposal.state == ProposalState.NOT_FUNDED,
            sa.and_(Proposal.state.in_(CANDIDATE_STATES), Proposal.id.not_in(held)),
        ),
    )


def suggestion(reasons: list[str], proposal: Proposal) -> str:
    """The letter as the optimizer's explanation for applicants has it, in the current language."""
    return paragraphs(
        _("Dear applicants,"),
        _(
            "thank you for “%(title)s” (%(key)s), which you submitted to %(round)s. It is not "
            "funded in this round.",
            title=proposal.title,
            key=proposal.key,
            round=proposal.round.name,
        ),
        "\n".join(str(said(reason)) for reason in reasons or [NO_REASON]),
        str(said(WHAT_IT_SPEAKS_OF)),
        _("The same is on the page of your proposal."),
        proposal.round.owner.name,
    )


def write_letters(session: Session, *, by: Actor, round_id: int) -> int:
    """Write a letter for each proposal concerned that has none, and bring those up to date that
    nobody edited. Answers how many; raises NotFound, RuleBroken before there is a plan."""
    round_: Round = fetch(session, owned_rounds(by), round_id, "round")
    if round_.state not in (RoundState.DECIDING, RoundState.CLOSED):
        raise RuleBroken("Letters are written once a plan is before the funders.")
    proposals = session.scalars(concerned(round_).where(without_conflict(by)))
    count = _write(session, round_, proposals.unique())
    record(
        session,
        by,
        "letters of decline written",
        round_,
        organisation_id=round_.owner_id,
        round_id=round_.id,
        letters=count,
    )
    return count


def _write(session: Session, round_: Round, proposals: Iterable[Proposal]) -> int:
    there, reasons = _letters_of(session, round_), reasons_in_round(session, round_)
    count = 0
    for proposal in proposals:
        letter = there.get(proposal.id)
        if letter is not None and (letter.sent_at is not None or letter.edited_by_id is not None):
            continue
        why = reasons.get(proposal.id)
        with using(language_of(proposal.lead)):
            text = suggestion(
                reasons_for_applicant(session, proposal) if why is None else why, proposal
            )
        if letter is None:
            session.add(DeclineLetter(proposal_id=proposal.id, suggested=text, body=text))
        else:
            letter.suggested = letter.body = text
        count += 1
    session.flush()
    return count


def _letters_of(session: Session, round_: Round) -> dict[int, DeclineLetter]:
    """The round's letters by proposal."""
    letters = session.scalars(
        sa.select(DeclineLetter)
        .join(Proposal, Proposal.id == DeclineLetter.proposal_id)
        .where(Proposal.round_id == round_.id)
    )
    return {letter.proposal_id: letter for letter in letters}


def letter_of(session: Session, proposal_id: int) -> DeclineLetter | None:
    return session.scalars(
        sa.select(DeclineLetter)
        .options(joinedload(DeclineLetter.edited_by))
        .where(DeclineLetter.proposal_id == proposal_id)
    ).one_or_none()


def edit_letter(
    session: Session, *, by: Actor, proposal_id: int, version: int, body: str
) -> DeclineLetter:
    """Change a letter before it is sent; raises NotFound, Conflict, InvalidInput, RuleBroken."""
    proposal = session.scalars(
        sa.select(Proposal)
        .join(Round, Round.id == Proposal.round_id)
        .where(
            Proposal.id == proposal_id,
            Round.owner_id.in_(list(by.where("decline.edit"))),
            without_conflict(by),
        )
    ).one_or_none()
    letter = letter_of(session, proposal_id) if proposal else None
    if proposal is None or letter is None:
        raise NotFound("letter")
    if letter.sent_at is not None:
        raise RuleBroken("This letter is sent already.")
    if letter.version != version:
        raise Conflict("Somebody else changed this letter meanwhile.")
    body = body.replace("\r\n", "\n").strip()
    if not body:
        raise InvalidInput(Fault("body", "please write what the applicants are told"))
    if len(body) > LONGEST:
        raise InvalidInput(
            Fault("body", _("at most %(longest)s characters", longest=format_number(LONGEST)))
        )
    letter.body, letter.edited_by_id, letter.edited_at = body, by.person_id, now()
    session.flush()
    record(
        session,
        by,
        "letter of decline edited",
        proposal,
        organisation_id=proposal.round.owner_id,
        round_id=proposal.round_id,
    )
    return letter


def _decision(proposal: Proposal, body: str) -> Written:
    return (
        _(
            "%(round)s: the decision on “%(title)s”",
            round=proposal.round.name,
            title=proposal.title,
        ),
        body,
    )


def send_letters(session: Session, by: Actor, round_: Round) -> int:
    """Send a letter to each proposal that is not funded, once; called as the round closes.

    Those without a letter get the suggested one. Answers how many were sent.
    """
    proposals = (
        session.scalars(
            sa.select(Proposal)
            .where(Proposal.round_id == round_.id, Proposal.state == ProposalState.NOT_FUNDED)
            .options(joinedload(Proposal.lead))
            .order_by(Proposal.id)
        )
        .unique()
        .all()
    )
    _write(session, round_, proposals)
    letters, sent = _letters_of(session, round_), 0
    for proposal in proposals:
        letter = letters[proposal.id]
        if letter.sent_at is not None:
            continue
        post_mail(
            session,
            proposal.lead,
            partial(_decision, proposal, letter.body),
            key=f"decline {proposal.id}",
            kind="decline",
            organisation_id=round_.owner_id,
            proposal_id=proposal.id,
        )
        letter.sent_at = now()
        sent += 1
    session.flush()
    if sent:
        record(
            session,
            by,
            "letters of decline sent",
            round_,
            organisation_id=round_.owner_id,
            round_id=round_.id,
            letters=sent,
        )
    return sent
