"""Deciding the lines of a plan: each funder approves, amends or declines its own.

Money is awarded when a line is approved; the database refuses what a commitment does not hold, a
second decision, and an approval by whoever put the line forward (`funding.models.triggers`).
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, RuleBroken
from funding.formatting import format_amount, format_percent
from funding.language import gettext as _
from funding.models import (
    UNDECIDED,
    Approval,
    Award,
    AwardState,
    LineState,
    PlanLine,
    PlanPutForward,
    Proposal,
    ProposalState,
    Role,
    Verdict,
)
from funding.permissions import (
    Actor,
    fetch,
    require,
    visible_lines,
)
from funding.services import ledger
from funding.services.allocation import clauses_of
from funding.services.compensating import NEEDS_ONE, has_colleague, needed_for_line, review_of_line
from funding.services.decided_lines import kept_after_end, was_terminated
from funding.services.funder_terms import first_state
from funding.services.idempotency import Answer, once
from funding.services.log import record
from funding.services.rates import Rate, stored_rate


def _line_to_decide(session: Session, by: Actor, line_id: int, version: int | None) -> PlanLine:
    """The line, held for this transaction; raises NotFound, NotPermitted, Conflict, RuleBroken."""
    line = fetch(
        session,
        visible_lines(by)
        .with_for_update(of=PlanLine, key_share=True)
        .execution_options(populate_existing=True),
        line_id,
        "line",
    )
    require(by, "line.decide", line.commitment.funder_id)
    if version is not None and line.version != version:
        raise Conflict("This line was changed meanwhile. Look at it again before you decide.")
    if line.state not in UNDECIDED:
        raise RuleBroken(_("This line is %(state)s already.", state=line.state))
    if not line.plan.is_current:
        raise RuleBroken("Another plan has been put forward since.")
    return line


def approve_lines(session: Session, *, by: Actor, lines: dict[int, int | None], key: str) -> Answer:
    """Approve lines of one's own funder, all of them or none; answers {"approved", "waiting"}.

    `lines`: line id -> the version that was looked at. A line above its commitment's threshold
    waits until a second person approves it too. Raises NotFound, NotPermitted, Conflict, and
    RuleBroken where the person put the line forward or has approved it before.
    """

    def act() -> Answer:
        states = [_approve(session, by, line_id, lines[line_id]) for line_id in sorted(lines)]
        approved = states.count(LineState.APPROVED)
        return {"approved": approved, "waiting": len(states) - approved}

    request = {"approve": {str(line): version for line, version in lines.items()}}
    return once(session, by, key, request, act)


def approve_alone(
    session: Session,
    *,
    by: Actor,
    line_id: int,
    version: int | None,
    alone_because: str,
    key: str,
) -> Answer:
    """Approve what one put forward oneself, with a compensating review; answers as above.

    Only where nobody else of the funder can approve. The review is asked for now unless it was
    before, and is open until another person has looked. Raises also InvalidInput.
    """

    def act() -> Answer:
        state = _approve(session, by, line_id, version, alone_because)
        approved = int(state == LineState.APPROVED)
        return {"approved": approved, "waiting": 1 - approved}

    return once(session, by, key, {"approve alone": line_id, "because": alone_because}, act)


def _approve(
    session: Session,
    by: Actor,
    line_id: int,
    version: int | None,
    alone_because: str | None = None,
) -> str:
    line = _line_to_decide(session, by, line_id, version)
    if line.proposal.state == ProposalState.WITHDRAWN:
        raise RuleBroken("The applicants have withdrawn this proposal; decline its lines.")
    is_own = line.recommended_by_id == by.person_id
    if is_own and alone_because is None:
        if is_alone(session, by, line):
            raise RuleBroken(NEEDS_ONE)
        raise RuleBroken("Nobody approves what they put forward; a colleague has to.")
    if any(a.person_id == by.person_id and a.amount == line.amount for a in line.approvals):
        raise RuleBroken("You have approved this line already; a second person has to.")
    review = needed_for_line(session, by, line, alone_because or "") if is_own else None
    line.approvals.append(
        Approval(
            person_id=by.person_id,
            amount=line.amount,
            put_forward_by_id=line.recommended_by_id,
            compensating_review_id=review.id if review else None,
        )
    )
    session.flush()
    given = approvals_given(session, line)
    if given >= line.approvals_needed:
        _award(session, by, line)
    elif is_alone(session, by, line):
        raise RuleBroken(
            "The amount is above the threshold and nobody else can approve it: a compensating "
            "review has to be done first. Ask for it on the line's page."
        )
    record(
        session,
        by,
        "line approved",
        line,
        organisation_id=line.commitment.funder_id,
        round_id=line.plan.round_id,
        amount=line.amount,
        given=given,
        needed=line.approvals_needed,
        **({"compensating_review": review.id} if review else {}),
    )
    return line.state


def approvals_given(session: Session, line: PlanLine) -> int:
    """How many people stand behind the line's amount, as the database counts them.

    Above the threshold, a compensating review that agreed stands for the second person.
    """
    given = {
        a.person_id
        for a in line.approvals
        if a.amount == line.amount
        and (a.person_id != line.recommended_by_id or a.compensating_review_id is not None)
    }
    review = review_of_line(session, line) if line.approvals_needed > 1 else None
    return len(given) + (review is not None and review.verdict == Verdict.AGREED)


def is_alone(session: Session, by: Actor, line: PlanLine) -> bool:
    """Whether nobody else of the funder could approve this line."""
    return not has_colleague(
        session,
        Role.PROGRAM_OFFICER,
        funder_id=line.commitment.funder_id,
        people={by.person_id, line.recommended_by_id},
        proposal_id=line.proposal_id,
    )


def _award(session: Session, by: Actor, line: PlanLine) -> None:
    line.state = LineState.APPROVED
    line.decided_by_id, line.decided_at = by.person_id, now()
    session.flush()
    made = Award(
        plan_line_id=line.id,
        commitment=line.commitment,
        proposal_id=line.proposal_id,
        amount=line.amount,
        base_amount=line.base_amount,
        state=first_state(session, line.commitment.funder_id),
    )
    session.add(made)
    session.flush()
    ledger.award(session, by, made)
    _settle_proposal(session, line)


def _settle_proposal(session: Session, line: PlanLine) -> None:
    """A proposal is funded once nothing of it waits and its awards reach its least amount."""
    waiting = session.scalar(
        sa.select(sa.func.count())
        .select_from(PlanLine)
        .where(
            PlanLine.plan_id == line.plan_id,
            PlanLine.proposal_id == line.proposal_id,
            PlanLine.state.in_(UNDECIDED),
        )
    )
    if waiting:
        return
    proposal = session.get_one(Proposal, line.proposal_id)
    awarded = session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(Award.base_amount), 0)).where(
            Award.proposal_id == proposal.id, Award.state != AwardState.TERMINATED
        )
    )
    awarded += kept_after_end(session, proposal.round_id).get(proposal.id, 0)
    if awarded >= _least_in_full(proposal) and proposal.state in (
        ProposalState.SUBMITTED,
        ProposalState.IN_REVIEW,
    ):
        proposal.state = ProposalState.FUNDED


def _least_in_full(proposal: Proposal) -> int:
    """The least amount less what rounding between currencies may lose: a unit a hundred."""
    return proposal.minimum - proposal.minimum // 100


def decline_line(
    session: Session, *, by: Actor, line_id: int, version: int | None, reason: str, key: str
) -> Answer:
    """Decline a line of one's own funder, with a reason; its money is free again."""

    def act() -> Answer:
        line = _line_to_decide(session, by, line_id, version)
        if not reason.strip():
            raise InvalidInput(Fault("reason", "please say why; the others of the round read it"))
        ledger.release(session, by, line, "line declined")
        line.state = LineState.DECLINED
        line.decided_by_id, line.decided_at = by.person_id, now()
        line.decision_reason = reason.strip()
        session.flush()
        _settle_proposal(session, line)
        record(
            session,
            by,
            "line declined",
            line,
            organisation_id=line.commitment.funder_id,
            round_id=line.plan.round_id,
            amount=line.amount,
        )
        return {"plan_id": line.plan_id}

    return once(session, by, key, {"decline": line_id, "reason": reason}, act)


def amend_line(
    session: Session,
    *,
    by: Actor,
    line_id: int,
    version: int | None,
    amount: int,
    reason: str,
    key: str,
) -> Answer:
    """Change a line's amount (minor units of the commitment); a colleague has to approve it.

    Whoever amends has put the new amount forward. Raises InvalidInput where the amount breaks the
    ask, the commitment's caps or its smallest ticket, and Overcommitted.
    """

    def act() -> Answer:
        line = _line_to_decide(session, by, line_id, version)
        base_amount = rate_of_line(line).to_base(amount)
        faults = _faults_of_amount(session, line, amount, base_amount)
        if not reason.strip():
            faults.append(Fault("reason", "please say why; the others of the round read it"))
        if faults:
            raise InvalidInput(*faults)
        before = line.amount
        ledger.release(session, by, line, "line amended")
        line.amount, line.base_amount = amount, base_amount
        line.recommended_by_id = by.person_id
        line.approvals_needed = line.commitment.approvals_needed(amount)
        line.decision_reason = reason.strip()
        line.state = LineState.AMENDED
        session.flush()
        ledger.reserve(session, by, line)
        record(
            session,
            by,
            "line amended",
            line,
            organisation_id=line.commitment.funder_id,
            round_id=line.plan.round_id,
            before=before,
            amount=amount,
        )
        return {"plan_id": line.plan_id}

    return once(session, by, key, {"amend": line_id, "amount": amount, "reason": reason}, act)


def rate_of_line(line: PlanLine) -> Rate:
    """The exchange rate that the line's run recorded."""
    base, currency = line.plan.round.base_currency, line.commitment.currency
    return stored_rate(currency, base, line.plan.run.rates[currency])


def _faults_of_amount(
    session: Session, line: PlanLine, amount: int, base_amount: int
) -> list[Fault]:
    commitment, proposal = line.commitment, line.proposal
    currency = commitment.currency
    base = line.plan.round.base_currency
    faults: list[Fault] = []
    if amount <= 0:
        return [Fault("amount", "more than zero, please; to pay nothing, decline the line")]
    if commitment.cap_per_proposal is not None and amount > commitment.cap_per_proposal:
        most = format_amount(commitment.cap_per_proposal, currency)
        faults.append(
            Fault(
                "amount",
                _(
                    "%(name)s pays at most %(most)s to one proposal",
                    name=commitment.name,
                    most=most,
                ),
            )
        )
    if base_amount > proposal.ask * commitment.cap_share_of_ask:
        share = format_percent(commitment.cap_share_of_ask)
        faults.append(
            Fault(
                "amount",
                _("%(name)s pays at most %(share)s of an ask", name=commitment.name, share=share),
            )
        )
    if amount < commitment.ticket:
        least = format_amount(commitment.ticket, currency)
        faults.append(
            Fault(
                "amount",
                _(
                    "%(name)s pays at least %(least)s to a proposal",
                    name=commitment.name,
                    least=least,
                ),
            )
        )
    others = session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(PlanLine.base_amount), 0))
        .join(PlanPutForward, PlanPutForward.id == PlanLine.plan_id)
        .where(
            PlanLine.proposal_id == proposal.id,
            PlanLine.id != line.id,
            PlanPutForward.round_id == line.plan.round_id,
            PlanLine.state.in_((*UNDECIDED, LineState.APPROVED)),
            ~was_terminated(),
        )
    )
    others += kept_after_end(session, line.plan.round_id).get(proposal.id, 0)
    if others + base_amount > proposal.ask:
        room = format_amount(max(0, proposal.ask - others), base)
        faults.append(
            Fault("amount", _("only %(room)s of this ask is not covered by others", room=room))
        )
    elsewhere = _most_from_others(line)
    if elsewhere is not None and elsewhere + base_amount < proposal.minimum:
        needed, reach = (format_amount(x, base) for x in (proposal.minimum, elsewhere))
        words = f"with this the proposal cannot reach the {needed} that it needs at least"
        advice = f"other money may give it {reach} at most; give more, or decline the line"
        faults.append(Fault("amount", f"{words}: {advice}"))
    return faults


def _most_from_others(line: PlanLine) -> int | None:
    """The most that the round's other commitments may pay the line's proposal, base minor units.

    None for a plan that was agreed by hand: it has no round as the optimizer knows one.
    """
    if line.plan.run.problem is None:
        return None
    return sum(
        clause.most
        for clause in clauses_of(line.plan.run.problem, line.proposal.key, {})
        if clause.refusal is None and clause.commitment != line.commitment.key
    )
