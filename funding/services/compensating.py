"""Compensating reviews: a small funder's second look, asked for, shown until done, on record.

Where a funder has nobody else who could approve a line or release a tranche, the one who put it
forward may do both; another person looks at it, before or afterwards. The database refuses it
where a colleague is there (`funding.models.triggers.compensating`).
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotPermitted, RuleBroken
from funding.formatting import format_amount, format_number
from funding.language import gettext as _
from funding.models import (
    UNDECIDED,
    Award,
    Binding,
    CompensatingReview,
    ConflictOfInterest,
    Person,
    PlanLine,
    Proposal,
    Role,
    Tranche,
    TrancheState,
    Verdict,
)
from funding.permissions import (
    Actor,
    fetch,
    judges_compensating,
    require,
    visible_compensating,
    visible_lines,
    visible_tranches,
)
from funding.services.log import record
from funding.services.mail import Written, paragraphs, post_mail

LONGEST_REASON = 2_000
NEEDS_ONE = "Nobody else of your funder can do this: do it with a compensating review."


def has_colleague(
    session: Session, role: Role, *, funder_id: int, people: set[int], proposal_id: int
) -> bool:
    """Whether somebody of the funder beside `people` could act: active, in this role, not in
    conflict."""
    return bool(
        session.scalar(
            sa.select(
                sa.exists().where(
                    Binding.organisation_id == funder_id,
                    Binding.role == role,
                    Binding.person_id.not_in(people),
                    Person.id == Binding.person_id,
                    Person.is_active,
                    ~sa.exists().where(
                        ConflictOfInterest.proposal_id == proposal_id,
                        ConflictOfInterest.person_id == Person.id,
                    ),
                )
            )
        )
    )


def review_of_line(session: Session, line: PlanLine) -> CompensatingReview | None:
    """The compensating review of the line's amount as it stands."""
    return session.scalars(
        sa.select(CompensatingReview).where(
            CompensatingReview.plan_line_id == line.id, CompensatingReview.amount == line.amount
        )
    ).one_or_none()


def review_of_tranche(session: Session, tranche: Tranche) -> CompensatingReview | None:
    return session.scalars(
        sa.select(CompensatingReview).where(CompensatingReview.tranche_id == tranche.id)
    ).one_or_none()


def ask_for_line(session: Session, *, by: Actor, line_id: int, reason: str) -> CompensatingReview:
    """Ask for the review before approving; raises NotFound, NotPermitted, InvalidInput, RuleBroken
    where a colleague can act."""
    line = fetch(session, visible_lines(by), line_id, "line")
    require(by, "line.decide", line.commitment.funder_id)
    if line.state not in UNDECIDED:
        raise RuleBroken(_("This line is %(state)s already.", state=line.state))
    return needed_for_line(session, by, line, reason)


def needed_for_line(session: Session, by: Actor, line: PlanLine, reason: str) -> CompensatingReview:
    """The line's review, asked for now where there is none; refuses after an objection."""
    there = review_of_line(session, line)
    if there is not None:
        _refuse_objected(there)
        return there
    return _ask(session, by, line.commitment.funder_id, line.proposal, reason, line=line)


def ask_for_tranche(
    session: Session, *, by: Actor, tranche_id: int, reason: str
) -> CompensatingReview:
    """Ask for the review before releasing; raises as `ask_for_line`."""
    tranche = fetch(session, visible_tranches(by), tranche_id, "tranche")
    require(by, "tranche.release", tranche.award.commitment.funder_id)
    if tranche.state not in (TrancheState.SCHEDULED, TrancheState.DUE):
        raise RuleBroken(_("This tranche is %(state)s already.", state=tranche.state))
    return needed_for_tranche(session, by, tranche, reason)


def needed_for_tranche(
    session: Session, by: Actor, tranche: Tranche, reason: str
) -> CompensatingReview:
    there = review_of_tranche(session, tranche)
    if there is not None:
        _refuse_objected(there)
        return there
    award = tranche.award
    return _ask(session, by, award.commitment.funder_id, award.proposal, reason, tranche=tranche)


def releasable_alone(session: Session, by: Actor, award: Award) -> set[int]:
    """Ids of the tranches that the person prepared and, with a review, may release as well."""
    own = {
        tranche.id
        for tranche in award.tranches
        if tranche.state in (TrancheState.SCHEDULED, TrancheState.DUE)
        and tranche.prepared_by_id == by.person_id
    }
    funder_id = award.commitment.funder_id
    if (
        not own
        or not by.may("tranche.release", funder_id)
        or has_colleague(
            session,
            Role.FINANCE_OFFICER,
            funder_id=funder_id,
            people={by.person_id},
            proposal_id=award.proposal_id,
        )
    ):
        return set()
    return own


def _refuse_objected(review: CompensatingReview) -> None:
    if review.verdict == Verdict.OBJECTED:
        raise RuleBroken("The compensating review objected to this; it cannot go on as it is.")


def _ask(
    session: Session,
    by: Actor,
    funder_id: int,
    proposal: Proposal,
    reason: str,
    *,
    line: PlanLine | None = None,
    tranche: Tranche | None = None,
) -> CompensatingReview:
    role = Role.PROGRAM_OFFICER if line else Role.FINANCE_OFFICER
    people = {by.person_id, line.recommended_by_id} if line else {by.person_id}
    if has_colleague(session, role, funder_id=funder_id, people=people, proposal_id=proposal.id):
        raise RuleBroken("A colleague of yours can do this; no review takes their place.")
    if tranche is not None and tranche.prepared_by_id != by.person_id:
        raise RuleBroken("A colleague prepared this payment: you release it without a review.")
    reason = reason.strip()
    if not reason:
        raise InvalidInput(Fault("alone_because", "please say why nobody else can do it"))
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(
            Fault(
                "alone_because",
                _(
                    "at most %(longest_reason)s characters",
                    longest_reason=format_number(LONGEST_REASON),
                ),
            )
        )
    thing = line or tranche
    assert thing is not None
    review = CompensatingReview(
        funder_id=funder_id,
        plan_line_id=line.id if line else None,
        tranche_id=tranche.id if tranche else None,
        amount=thing.amount,
        reason=reason,
        asked_by_id=by.person_id,
    )
    session.add(review)
    session.flush()
    currency = (line or tranche.award).commitment.currency  # type: ignore[union-attr]
    _tell_reviewers(session, review, proposal, thing.amount, currency)
    record(
        session,
        by,
        "compensating review asked for",
        thing,
        organisation_id=funder_id,
        round_id=proposal.round_id,
        review=review.id,
        amount=thing.amount,
    )
    return review


def _tell_reviewers(
    session: Session, review: CompensatingReview, proposal: Proposal, minor: int, currency: str
) -> None:
    """Those of the funder who may look at it; where there are none, the round's owner's."""
    for organisation_id, roles in (
        (review.funder_id, (Role.FUNDER_ADMIN, Role.AUDITOR)),
        (proposal.round.owner_id, (Role.COMMITTEE, Role.PROGRAM_OFFICER, Role.AUDITOR)),
    ):
        people = session.scalars(
            sa.select(Person)
            .join(Binding, Binding.person_id == Person.id)
            .where(
                Binding.organisation_id == organisation_id,
                Binding.role.in_(roles),
                Person.is_active,
                Person.id != review.asked_by_id,
            )
            .distinct()
            .order_by(Person.id)
        ).all()
        for person in people:
            post_mail(session, person, lambda: _waits(review, proposal, minor, currency))
        if people:
            return


def _waits(review: CompensatingReview, proposal: Proposal, minor: int, currency: str) -> Written:
    amount = format_amount(minor, currency)
    alone = (
        _(
            "%(amount)s to “%(title)s”: one person of a funder without a second one approves it "
            "alone.",
            amount=amount,
            title=proposal.title,
        )
        if review.plan_line_id
        else _(
            "%(amount)s to “%(title)s”: one person of a funder without a second one pays it alone.",
            amount=amount,
            title=proposal.title,
        )
    )
    return (
        _("A compensating review waits: %(amount)s", amount=amount),
        paragraphs(
            alone,
            _(
                "Please look at it; it stays open until somebody has. You find it on your first "
                "page after signing in, under compensating reviews."
            ),
        ),
    )


def give_verdict(
    session: Session, *, by: Actor, review_id: int, version: int, verdict: str, finding: str
) -> CompensatingReview:
    """Look at what one person did alone, and say what was found. It is not changed afterwards.

    Raises NotFound, NotPermitted, Conflict, InvalidInput, RuleBroken where it is done.
    """
    review = fetch(
        session,
        visible_compensating(by)
        .with_for_update(of=CompensatingReview, key_share=True)
        .execution_options(populate_existing=True),
        review_id,
        "review",
    )
    proposal = proposal_of(session, review)
    if not judges_compensating(by, review, proposal.round.owner_id):
        raise NotPermitted(
            "Another person of the funder looks at this (an administrator or auditor), or one of "
            "the round's owner; never who asked for it or put the amount forward."
        )
    if not review.is_open:
        raise RuleBroken("This review is done already.")
    if review.version != version:
        raise Conflict("This review was changed meanwhile. Please look at it again.")
    faults = []
    if verdict not in (Verdict.AGREED, Verdict.OBJECTED):
        faults.append(Fault("verdict", "choose one of the two"))
    if not finding.strip():
        faults.append(Fault("finding", "please say what you looked at and what you found"))
    elif len(finding) > LONGEST_REASON:
        faults.append(
            Fault(
                "finding",
                _(
                    "at most %(longest_reason)s characters",
                    longest_reason=format_number(LONGEST_REASON),
                ),
            )
        )
    if faults:
        raise InvalidInput(*faults)
    review.verdict, review.finding = verdict, finding.strip()
    review.reviewed_by_id, review.reviewed_at = by.person_id, now()
    session.flush()
    record(
        session,
        by,
        f"compensating review: {verdict}",
        review.line or review.tranche,
        organisation_id=review.funder_id,
        round_id=proposal.round_id,
        review=review.id,
        amount=review.amount,
    )
    post_mail(session, review.asked_by, lambda: _looked_at(review, proposal, by.name))
    return review


def _looked_at(review: CompensatingReview, proposal: Proposal, name: str) -> Written:
    title, finding = proposal.title, review.finding
    if review.verdict == Verdict.AGREED:
        return (
            _("Compensating review agreed: %(title)s", title=title),
            _("%(name)s has looked at it and agreed: %(finding)s", name=name, finding=finding),
        )
    return (
        _("Compensating review objected: %(title)s", title=title),
        _("%(name)s has looked at it and objected: %(finding)s", name=name, finding=finding),
    )


def proposal_of(session: Session, review: CompensatingReview) -> Proposal:
    """The proposal that the reviewed money is for."""
    if review.line is not None:
        return review.line.proposal
    return session.scalars(
        sa.select(Proposal)
        .join(Award, Award.proposal_id == Proposal.id)
        .join(Tranche, Tranche.award_id == Award.id)
        .where(Tranche.id == review.tranche_id)
    ).one()
