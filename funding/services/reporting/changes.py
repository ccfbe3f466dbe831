"""More time at no cost, or another budget: asked by the researchers, approved by every funder
concerned. What was asked and what was said to it stays on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotFound, RuleBroken
from funding.formatting import format_amount, format_date, format_number
from funding.forms import without_repeats
from funding.language import gettext as _
from funding.models import (
    Award,
    AwardBudgetLine,
    AwardPeriod,
    ChangeConcern,
    ChangeRequest,
    Proposal,
    RequestKind,
    RequestState,
)
from funding.permissions import Actor, fetch, own_proposals, visible_awards, visible_requests
from funding.services.applicants import hold
from funding.services.reporting.change_mail import answered, asked
from funding.services.reporting.fetching import applicants, award_of, officers, record_on, tell
from funding.services.reporting.schedule import RUNNING, add_months, extend

LONGEST_REASON = 2_000
MOST_MONTHS = 36
"""How much longer an extension may make a project."""


def running_awards(session: Session, proposal_id: int) -> list[Award]:
    """Awards to a proposal that are under way and have their period."""
    return list(
        session.scalars(
            sa.select(Award)
            .join(AwardPeriod, AwardPeriod.award_id == Award.id)
            .where(Award.proposal_id == proposal_id, Award.state.in_(RUNNING))
            .order_by(Award.id)
        )
    )


def end_of(session: Session, awards: Sequence[Award]) -> date:
    """The last day of the work that these awards pay."""
    ends = session.scalars(
        sa.select(AwardPeriod.ends_on).where(AwardPeriod.award_id.in_([a.id for a in awards]))
    )
    return max(ends)


def budget_of(session: Session, award_id: int) -> list[AwardBudgetLine]:
    return list(
        session.scalars(
            sa.select(AwardBudgetLine)
            .where(AwardBudgetLine.award_id == award_id)
            .order_by(AwardBudgetLine.position)
        )
    )


def _reason_faults(reason: str) -> list[Fault]:
    if not reason:
        return [Fault("reason", "Say why; every funder concerned reads it.")]
    if len(reason) > LONGEST_REASON:
        return [
            Fault(
                "reason",
                _(
                    "At most %(longest_reason)s characters.",
                    longest_reason=format_number(LONGEST_REASON),
                ),
            )
        ]
    return []


def _refuse_a_second(session: Session, kind: RequestKind, awards: Sequence[Award]) -> None:
    open_ = session.scalars(
        sa.select(ChangeRequest.id)
        .join(ChangeConcern, ChangeConcern.request_id == ChangeRequest.id)
        .where(
            ChangeRequest.kind == kind,
            ChangeRequest.state == RequestState.ASKED,
            ChangeConcern.award_id.in_([award.id for award in awards]),
        )
    ).first()
    if open_ is not None:
        raise RuleBroken("A request of this kind waits already; withdraw it to ask anew.")


def ask_extension(
    session: Session,
    *,
    by: Actor,
    proposal_id: int,
    ends_on: date | None,
    reason: str,
    public_url: str,
    faults: tuple[Fault, ...] = (),
) -> ChangeRequest:
    """Ask for more time at no cost, for every running award of the proposal.

    Raises NotFound, RuleBroken without a running award or while another such request waits, and
    InvalidInput.
    """
    proposal = hold(session, by, proposal_id)
    awards = running_awards(session, proposal_id)
    if not awards:
        raise RuleBroken("No award of this proposal is under way.")
    reason, before = reason.strip(), end_of(session, awards)
    ruled = _reason_faults(reason)
    if ends_on is None:
        ruled.append(Fault("ends_on", "Say until when."))
    elif ends_on <= before:
        ruled.append(
            Fault(
                "ends_on", _("Later than %(before)s, when it ends now.", before=format_date(before))
            )
        )
    elif ends_on > add_months(before, MOST_MONTHS):
        ruled.append(
            Fault(
                "ends_on",
                _("At most %(most_months)s months later than now.", most_months=MOST_MONTHS),
            )
        )
    found = without_repeats(faults, ruled)
    if found or ends_on is None:
        raise InvalidInput(*found)
    _refuse_a_second(session, RequestKind.EXTENSION, awards)
    request = ChangeRequest(
        proposal_id=proposal_id,
        kind=RequestKind.EXTENSION,
        reason=reason,
        from_ends_on=before,
        ends_on=ends_on,
        asked_by_id=by.person_id,
    )
    return _ask(session, by, proposal, request, awards, public_url)


def ask_budget_change(
    session: Session,
    *,
    by: Actor,
    award_id: int,
    amounts: Mapping[int, int],
    reason: str,
    public_url: str,
    faults: tuple[Fault, ...] = (),
) -> ChangeRequest:
    """Ask to move money between the lines of one award; the sum stays.

    `amounts`: id of each line -> minor units. Raises NotFound, RuleBroken, InvalidInput.
    """
    award: Award = fetch(session, visible_awards(by), award_id, "award")
    proposal = hold(session, by, award.proposal_id)
    if award.state not in RUNNING:
        raise RuleBroken(
            _("The budget of an award that is %(state)s stays as it is.", state=award.state)
        )
    lines, reason = budget_of(session, award_id), reason.strip()
    ruled = _reason_faults(reason)
    ruled += [
        Fault(f"line_{line.id}", "Give the amount of this line; 0 for nothing.")
        for line in lines
        if line.id not in amounts
    ]
    currency = award.commitment.currency
    if not ruled and not faults and {*amounts} == {line.id for line in lines}:
        off = sum(amounts.values()) - award.amount
        if off:
            way = "more" if off > 0 else "less"
            by_how_much = format_amount(abs(off), currency)
            whole = format_amount(award.amount, currency)
            ruled.append(
                Fault(
                    "",
                    _(
                        "The lines add up to %(by_how_much)s %(way)s than %(whole)s.",
                        by_how_much=by_how_much,
                        way=way,
                        whole=whole,
                    ),
                )
            )
        elif all(amounts[line.id] == line.amount for line in lines):
            ruled.append(Fault("", "Nothing is moved yet."))
    found = without_repeats(faults, ruled)
    if found:
        raise InvalidInput(*found)
    _refuse_a_second(session, RequestKind.BUDGET, [award])
    request = ChangeRequest(
        proposal_id=proposal.id,
        kind=RequestKind.BUDGET,
        reason=reason,
        amounts_before={str(line.id): line.amount for line in lines},
        amounts={str(line.id): amounts[line.id] for line in lines},
        asked_by_id=by.person_id,
    )
    return _ask(session, by, proposal, request, [award], public_url)


def _ask(
    session: Session,
    by: Actor,
    proposal: Proposal,
    request: ChangeRequest,
    awards: Sequence[Award],
    public_url: str,
) -> ChangeRequest:
    session.add(request)
    session.flush()
    is_extension = request.kind == RequestKind.EXTENSION
    for award in awards:
        request.concerns.append(ChangeConcern(award_id=award.id))
        session.flush()
        act = "asked for more time" if is_extension else "asked for another budget"
        record_on(session, by, act, request, award)
        for person in officers(session, award):
            tell(session, person, award, lambda: asked(request, proposal, public_url))
    return request


def withdraw(session: Session, *, by: Actor, request_id: int, version: int) -> ChangeRequest:
    """The applicants take a request back; raises NotFound, Conflict, RuleBroken."""
    mine = own_proposals(by).with_only_columns(Proposal.id)
    query = sa.select(ChangeRequest).where(ChangeRequest.proposal_id.in_(mine))
    request: ChangeRequest = fetch(session, query, request_id, "request")
    hold(session, by, request.proposal_id)
    _refuse_stale(session, request, version)
    request.state, request.settled_at = RequestState.WITHDRAWN, now()
    session.flush()
    record_on(session, by, "request withdrawn", request, request.concerns[0].award)
    return request


def _refuse_stale(session: Session, request: ChangeRequest, version: int) -> None:
    session.refresh(request, with_for_update={"key_share": True})
    if request.version != version:
        raise Conflict("This request was changed meanwhile. Please look at it again.")
    if request.state != RequestState.ASKED:
        raise RuleBroken(_("This request is %(state)s already.", state=request.state))


def decide(
    session: Session,
    *,
    by: Actor,
    request_id: int,
    award_id: int,
    version: int,
    is_approved: bool,
    reason: str,
    public_url: str,
) -> ChangeRequest:
    """A program officer answers a request for one award of their funder.

    The last approval makes it take effect; one that declines (with a reason) ends it. Raises
    NotFound, NotPermitted, Conflict, RuleBroken, InvalidInput.
    """
    request: ChangeRequest = fetch(session, visible_requests(by), request_id, "request")
    concern = next((c for c in request.concerns if c.award_id == award_id), None)
    if concern is None:
        raise NotFound("request")
    award = award_of(session, by, "report.decide", award_id)
    _refuse_stale(session, request, version)
    session.refresh(concern)
    reason = reason.strip()
    if concern.verdict is not None:
        raise RuleBroken("Your funder has answered this request already.")
    if not is_approved and not reason:
        raise InvalidInput(Fault("reason", "Say why not; the researchers read it."))
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(
            Fault(
                "reason",
                _(
                    "At most %(longest_reason)s characters.",
                    longest_reason=format_number(LONGEST_REASON),
                ),
            )
        )
    concern.verdict = RequestState.APPROVED if is_approved else RequestState.DECLINED
    concern.reason, concern.decided_by_id, concern.decided_at = reason, by.person_id, now()
    session.flush()
    record_on(session, by, f"request {concern.verdict}", request, award)
    if not is_approved:
        request.state = RequestState.DECLINED
    elif all(each.verdict == RequestState.APPROVED for each in request.concerns):
        request.state = RequestState.APPROVED
        _take_effect(session, request)
    if request.state != RequestState.ASKED:
        request.settled_at = now()
        session.flush()
        for person in applicants(session, request.proposal):
            award = request.concerns[0].award
            tell(session, person, award, lambda: answered(request, public_url))
    return request


def _take_effect(session: Session, request: ChangeRequest) -> None:
    if request.kind == RequestKind.EXTENSION and request.ends_on is not None:
        for concern in request.concerns:
            extend(session, concern.award, request.ends_on)
        return
    before, after = request.amounts_before or {}, request.amounts or {}
    for line in budget_of(session, request.concerns[0].award_id):
        if line.amount != before.get(str(line.id)):
            raise RuleBroken("The budget has changed since this was asked; it is to be asked anew.")
        line.amount = after[str(line.id)]
