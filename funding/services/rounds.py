"""Rounds: made, edited, moved from stage to stage, and the policy their allocation keeps to."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import available_timezones

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, RuleBroken
from funding.forms import without_repeats
from funding.language import gettext as _
from funding.models import (
    CANDIDATE_STATES,
    Account,
    AccountKind,
    Commitment,
    LineState,
    PlanLine,
    PlanPutForward,
    Proposal,
    ProposalState,
    Round,
    RoundState,
)
from funding.models.states import MOVES
from funding.permissions import Actor, fetch, owned_rounds, require
from funding.services.areas import add_shipped_taxonomy, slug, unused
from funding.services.deadlines import last_deadline
from funding.services.declines import send_letters
from funding.services.log import record

LONGEST_NAME = 120
LONGEST_KEPT = 50
MAY_JOIN = ("invited", "any funder")

FIRST_POLICY: dict[str, Any] = {"overlap_weight": 1.0, "floor_penalty": 10.0}
"""What a new round starts with: the optimizer's own defaults, written down."""


@dataclass(frozen=True)
class RoundDetails:
    """What a round's owners write about it. Moments are in UTC; None where unreadable."""

    name: str
    summary: str
    eligibility: str
    timezone: str
    opens_at: datetime | None
    closes_at: datetime | None
    decides_on: date | None
    may_join: str
    keep_years: int | None = 7

    @classmethod
    def of(cls, round_: Round) -> RoundDetails:
        return cls(**{name: getattr(round_, name) for name in cls.__dataclass_fields__})


def create_round(
    session: Session,
    *,
    by: Actor,
    owner_id: int,
    base_currency: str,
    details: RoundDetails,
    faults: tuple[Fault, ...] = (),
) -> Round:
    """Make a draft with the shipped areas.

    `faults`: what could not be read in the form, named together with the rules broken. Raises
    NotFound for another's organisation, NotPermitted, InvalidInput.
    """
    require(by, "round.create", owner_id)
    found = without_repeats(faults, _faults_of(details, None))
    if found:
        raise InvalidInput(*found)
    round_ = Round(
        key=unused(slug(details.name) or "round", set(session.scalars(sa.select(Round.key)))),
        owner_id=owner_id,
        base_currency=base_currency,
        policy=dict(FIRST_POLICY),
        **asdict(details),
    )
    session.add(round_)
    session.flush()
    add_shipped_taxonomy(session, round_)
    record(session, by, "round created", round_, organisation_id=owner_id, round_id=round_.id)
    return round_


def edit_round(
    session: Session,
    *,
    by: Actor,
    round_id: int,
    version: int,
    details: RoundDetails,
    faults: tuple[Fault, ...] = (),
) -> Round:
    """Change what is written about a round.

    Once a round has been opened its dates of submission stay: deadlines are extended on record
    instead. Raises NotFound, Conflict for a stale version, InvalidInput.
    """
    round_ = fetch_version(session, by, round_id, version)
    if round_.state != RoundState.DRAFT:
        # what the form could not show for editing is as it was
        details = replace(details, opens_at=round_.opens_at, closes_at=round_.closes_at)
    found = without_repeats(faults, _faults_of(details, round_))
    if found:
        raise InvalidInput(*found)
    before = RoundDetails.of(round_)
    changed = [name for name, value in asdict(details).items() if getattr(before, name) != value]
    for name in changed:
        setattr(round_, name, getattr(details, name))
    record(
        session,
        by,
        "round edited",
        round_,
        organisation_id=round_.owner_id,
        round_id=round_.id,
        changed=changed,
    )
    return round_


def fetch_version(session: Session, by: Actor, round_id: int, version: int) -> Round:
    """A round of the person's own, as they last saw it; raises NotFound, Conflict, RuleBroken."""
    round_ = _own_version(session, by, round_id, version)
    if round_.state == RoundState.CLOSED:
        raise RuleBroken("A closed round stays as it is.")
    return round_


def _own_version(session: Session, by: Actor, round_id: int, version: int) -> Round:
    round_: Round = fetch(session, owned_rounds(by), round_id, "round")
    if round_.version != version:
        raise Conflict("Somebody else changed this round meanwhile.")
    return round_


def _faults_of(details: RoundDetails, round_: Round | None) -> list[Fault]:
    faults = []
    if not details.name:
        faults.append(Fault("name", "Give the round a name."))
    elif len(details.name) > LONGEST_NAME:
        faults.append(
            Fault("name", _("At most %(longest_name)s characters.", longest_name=LONGEST_NAME))
        )
    if details.timezone not in available_timezones():
        faults.append(Fault("timezone", "Choose the time zone that deadlines are given in."))
    if details.keep_years is None or not 1 <= details.keep_years <= LONGEST_KEPT:
        faults.append(
            Fault(
                "keep_years",
                _("A whole number from 1 to %(longest_kept)s.", longest_kept=LONGEST_KEPT),
            )
        )
    if details.may_join not in MAY_JOIN:
        faults.append(Fault("may_join", "Choose who may join."))
    opens, closes = details.opens_at, details.closes_at
    if opens is None:
        faults.append(Fault("opens_at", "Say when the round opens."))
    if closes is None:
        faults.append(Fault("closes_at", "Say when the round closes for proposals."))
    elif opens is not None and closes <= opens:
        faults.append(Fault("closes_at", "The deadline must be after the opening."))
    elif round_ is None and closes <= now():
        faults.append(Fault("closes_at", "The deadline must lie ahead."))
    if details.decides_on and closes and details.decides_on < closes.date():
        faults.append(Fault("decides_on", "The decision comes after the deadline."))
    return faults


def move_round(
    session: Session, *, by: Actor, round_id: int, to: str, version: int, reason: str = ""
) -> Round:
    """Move a round to its next stage, or back (which needs a reason).

    A closed round with money that came back can allocate again; what it did not fund is then
    before it once more. Reads, then decides: run it in a serializable transaction. Raises
    RuleBroken with everything that stands in the way, each in a sentence.
    """
    round_ = _own_version(session, by, round_id, version)
    if to not in MOVES["round"][round_.state]:
        raise RuleBroken(
            _("A round cannot go from %(state)s to %(to)s.", state=round_.state, to=to)
        )
    is_back = is_step_back(round_.state, to)
    if is_back and not reason.strip():
        raise InvalidInput(Fault("reason", "Say why the round goes back; it stays on record."))
    obstacles = _obstacles(session, round_, to)
    if obstacles:
        raise RuleBroken(" ".join(obstacles))
    before, round_.state = round_.state, to
    if to == RoundState.IN_REVIEW and before == RoundState.OPEN:
        _move_proposals(session, round_, [ProposalState.SUBMITTED], ProposalState.IN_REVIEW)
    if to == RoundState.CLOSED:
        _move_proposals(session, round_, list(CANDIDATE_STATES), ProposalState.NOT_FUNDED)
        session.flush()
        send_letters(session, by, round_)
    if before == RoundState.CLOSED:
        _move_proposals(session, round_, [ProposalState.NOT_FUNDED], ProposalState.IN_REVIEW)
    record(
        session,
        by,
        "round moved",
        round_,
        organisation_id=round_.owner_id,
        round_id=round_.id,
        before=before,
        to=to,
        reason=reason.strip(),
    )
    return round_


def is_step_back(state: str, to: str) -> bool:
    stages = list(MOVES["round"])
    return stages.index(to) < stages.index(state)


def _obstacles(session: Session, round_: Round, to: str) -> list[str]:
    """What stands in the way of this stage, in sentences."""
    if round_.state == RoundState.DRAFT and to == RoundState.OPEN:
        wanting = []
        if not round_.summary.strip():
            wanting.append("Say first what the round is for.")
        if not round_.eligibility.strip():
            wanting.append("Say first who may apply.")
        if round_.closes_at <= now():
            wanting.append("The deadline has passed already: set a later one.")
        return wanting
    begun = sa.select(Proposal.id).where(Proposal.round_id == round_.id).limit(1)
    if to == RoundState.DRAFT and session.scalar(begun) is not None:
        return ["Proposals have been begun: the round can no longer go back to a draft."]
    is_closing = round_.state == RoundState.OPEN and to == RoundState.IN_REVIEW
    if is_closing and last_deadline(session, round_) > now():
        return ["The deadline, or an extension of it, is still ahead. Applicants rely on it."]
    if round_.state == RoundState.CLOSED:
        free = session.scalar(
            sa.select(sa.func.max(Account.balance))
            .join(Commitment, Commitment.id == Account.commitment_id)
            .where(Commitment.round_id == round_.id, Account.kind == AccountKind.AVAILABLE)
        )
        return [] if free else ["No money of this round is free: there is nothing to allocate."]
    if to == RoundState.CLOSED:
        waiting = session.scalar(
            sa.select(sa.func.count())
            .select_from(PlanLine)
            .join(PlanPutForward, PlanPutForward.id == PlanLine.plan_id)
            .where(
                PlanPutForward.round_id == round_.id,
                PlanPutForward.is_current,
                PlanLine.state.in_([LineState.RECOMMENDED, LineState.AMENDED]),
            )
        )
        if waiting:
            lines = "1 line waits" if waiting == 1 else f"{waiting} lines wait"
            return [f"{lines} for a funder's decision."]
    return []


def _move_proposals(session: Session, round_: Round, states: list[str], to: str) -> None:
    """One by one, each with its version: an applicant's open form then notices."""
    for proposal in session.scalars(
        sa.select(Proposal).where(Proposal.round_id == round_.id, Proposal.state.in_(states))
    ):
        proposal.state = to


def set_policy(
    session: Session,
    *,
    by: Actor,
    round_id: int,
    version: int,
    policy: dict[str, Any],
    faults: tuple[Fault, ...] = (),
) -> Round:
    """Set the round's policy: FORMAT's keys, money in base minor units, shares as fractions."""
    round_ = fetch_version(session, by, round_id, version)
    found = without_repeats(faults, _policy_faults(policy))
    if found:
        raise InvalidInput(*found)
    round_.policy = policy
    record(
        session,
        by,
        "round policy set",
        round_,
        organisation_id=round_.owner_id,
        round_id=round_.id,
        policy=policy,
    )
    return round_


def _policy_faults(policy: dict[str, Any]) -> list[Fault]:
    least = policy.get("region_least", {})
    if sum(least.values()) > 1:
        region = max(least, key=lambda key: least[key])
        return [
            Fault(
                f"region_least.{region}",
                "The regions' shares add up to more than 100%.",
            )
        ]
    return []
