"""The committee votes on the plan before the funders; its result and minutes stay on record.

Members are those with the committee's role at the round's owner. Whoever is in conflict with a
proposal of the plan does not vote and is not counted. The database counts again when a vote is
closed (`funding.models.triggers.committee`).
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.errors import Conflict, Fault, InvalidInput, NotPermitted, RuleBroken
from funding.formatting import format_number
from funding.language import gettext as _
from funding.models import (
    DEFAULT_QUORUM,
    Binding,
    Choice,
    CommitteeRule,
    ConflictOfInterest,
    Endorsement,
    Majority,
    Person,
    PlanLine,
    PlanPutForward,
    Proposal,
    Role,
    Round,
    RoundState,
    TeamMember,
    Vote,
)
from funding.permissions import Actor, fetch, owned_rounds, require, visible_plans
from funding.services.log import record
from optimizer.sentences import marked

LONGEST = 5_000

MAJORITIES = {
    Majority.SIMPLE: "more votes for than against",
    Majority.TWO_THIRDS: "two thirds of the votes for or against",
    Majority.ABSOLUTE: "more than half of the members who count",
}


@dataclass(frozen=True)
class Rule:
    """How a round's committee votes; `version` 0 where nobody has set it."""

    quorum_percent: int = DEFAULT_QUORUM
    majority: str = Majority.SIMPLE
    must_endorse: bool = False
    version: int = 0

    @property
    def says(self) -> str:
        return _(
            "At least %(quorum)s%% of the members without a conflict have to vote; a plan is "
            "endorsed by %(majority)s.",
            quorum=self.quorum_percent,
            majority=MAJORITIES[Majority(self.majority)],
        )


def rule_of(session: Session, round_id: int) -> Rule:
    stored = session.get(CommitteeRule, round_id)
    if stored is None:
        return Rule()
    return Rule(stored.quorum_percent, stored.majority, stored.must_endorse, stored.version)


def set_rule(
    session: Session,
    *,
    by: Actor,
    round_id: int,
    version: int,
    quorum_percent: int | None,
    majority: str,
    must_endorse: bool,
) -> CommitteeRule:
    """Set quorum, majority, and whether lines wait for the committee's endorsement.

    Raises NotFound, InvalidInput, Conflict for a stale version, RuleBroken once the committee
    votes on the plan before the funders.
    """
    round_: Round = fetch(session, owned_rounds(by), round_id, "round")
    if round_.state == RoundState.CLOSED:
        raise RuleBroken("A closed round stays as it is.")
    faults = []
    if quorum_percent is None or not 1 <= quorum_percent <= 100:
        faults.append(Fault("quorum_percent", "a whole number from 1 to 100, please"))
    if majority not in set(Majority):
        faults.append(Fault("majority", "choose one of them"))
    if faults:
        raise InvalidInput(*faults)
    rule = session.get(CommitteeRule, round_id)
    if (rule.version if rule else 0) != version:
        raise Conflict("Somebody else changed the committee's rule meanwhile.")
    if rule is None:
        rule = CommitteeRule(round_id=round_id)
        session.add(rule)
    rule.quorum_percent, rule.majority = quorum_percent, majority
    rule.must_endorse = must_endorse
    session.flush()
    record(
        session,
        by,
        "committee rule set",
        round_,
        organisation_id=round_.owner_id,
        round_id=round_id,
        quorum_percent=quorum_percent,
        majority=majority,
        must_endorse=must_endorse,
    )
    return rule


@dataclass(frozen=True)
class Members:
    """The committee of a plan: who counts, and who is in conflict with a proposal of it."""

    counted: list[Person]
    in_conflict: list[Person]

    def counts(self, person_id: int) -> bool:
        return any(person.id == person_id for person in self.counted)


def members_of(session: Session, plan: PlanPutForward) -> Members:
    """The active members of the round's committee, by name."""
    of_plan = (
        sa.select(Proposal.id)
        .join(PlanLine, PlanLine.proposal_id == Proposal.id)
        .where(PlanLine.plan_id == plan.id)
    )
    institutions = sa.select(Proposal.institution_id).where(Proposal.id.in_(of_plan))
    conflicted = Person.id.in_(
        sa.union_all(
            sa.select(Proposal.lead_id).where(Proposal.id.in_(of_plan)),
            sa.select(ConflictOfInterest.person_id).where(
                ConflictOfInterest.proposal_id.in_(of_plan)
            ),
            sa.select(TeamMember.person_id).where(
                TeamMember.proposal_id.in_(of_plan), TeamMember.person_id.is_not(None)
            ),
            sa.select(Binding.person_id).where(Binding.organisation_id.in_(institutions)),
        )
    )
    found = session.execute(
        sa.select(Person, conflicted)
        .where(
            Person.is_active,
            Person.id.in_(
                sa.select(Binding.person_id).where(
                    Binding.organisation_id == plan.round.owner_id,
                    Binding.role == Role.COMMITTEE,
                )
            ),
        )
        .order_by(Person.name, Person.id)
    ).all()
    return Members(
        [person for person, is_out in found if not is_out],
        [person for person, is_out in found if is_out],
    )


def votes_on(session: Session, plan: PlanPutForward) -> list[Vote]:
    return list(
        session.scalars(
            sa.select(Vote)
            .options(joinedload(Vote.person))
            .where(Vote.plan_id == plan.id)
            .order_by(Vote.id)
        )
    )


def endorsement_of(session: Session, plan: PlanPutForward) -> Endorsement | None:
    return session.scalars(
        sa.select(Endorsement).where(Endorsement.plan_id == plan.id)
    ).one_or_none()


def cast_vote(
    session: Session,
    *,
    by: Actor,
    round_id: int,
    plan_id: int | None,
    choice: str,
    words: str,
    declares_no_conflict: bool,
) -> Vote:
    """Vote on the plan before the funders, once. Run it in a serializable transaction.

    Raises NotFound, NotPermitted for who is no member or in conflict, Conflict where another plan
    was put forward meanwhile, InvalidInput, RuleBroken for a second vote or a closed one.
    """
    plan = _plan_voted_on(session, by, round_id, plan_id)
    require(by, "vote.cast", plan.round.owner_id)
    if not members_of(session, plan).counts(by.person_id):
        raise NotPermitted("Who is in conflict with a proposal of the plan does not vote on it.")
    if any(vote.person_id == by.person_id for vote in votes_on(session, plan)):
        raise RuleBroken("You have voted on this plan already; a vote is not changed.")
    faults = []
    if choice not in set(Choice):
        faults.append(Fault("choice", "choose how you vote"))
    if choice == Choice.AGAINST and not words.strip():
        faults.append(Fault("words", "please say why; your dissent goes on record in your words"))
    elif len(words) > LONGEST:
        faults.append(
            Fault("words", _("at most %(longest)s characters", longest=format_number(LONGEST)))
        )
    if not declares_no_conflict:
        faults.append(
            Fault("declares_no_conflict", "only who declares to be in no conflict can vote")
        )
    if faults:
        raise InvalidInput(*faults)
    vote = Vote(
        plan_id=plan.id,
        person_id=by.person_id,
        choice=choice,
        words=words.strip(),
        declares_no_conflict=True,
    )
    session.add(vote)
    session.flush()
    record(
        session,
        by,
        "vote cast",
        plan,
        organisation_id=plan.round.owner_id,
        round_id=round_id,
        choice=choice,
    )
    return vote


def close_vote(
    session: Session, *, by: Actor, round_id: int, plan_id: int | None, minutes: str
) -> Endorsement:
    """Count the votes and put the result on record. Run it in a serializable transaction.

    Raises NotFound, NotPermitted, Conflict, InvalidInput, RuleBroken below the quorum.
    """
    plan = _plan_voted_on(session, by, round_id, plan_id)
    require(by, "vote.close", plan.round.owner_id)
    rule, members = rule_of(session, round_id), members_of(session, plan)
    # who declared a conflict since, or left, counts no more
    votes = [vote for vote in votes_on(session, plan) if members.counts(vote.person_id)]
    for_, against, abstained = (
        sum(vote.choice == choice for vote in votes)
        for choice in (Choice.FOR, Choice.AGAINST, Choice.ABSTAIN)
    )
    needed = quorum(rule, members)
    if not members.counted or len(votes) < needed:
        raise RuleBroken(
            _(
                "%(votes)s of %(members)s members have voted; the quorum is %(needed)s.",
                votes=len(votes),
                members=len(members.counted),
                needed=max(1, needed),
            )
        )
    if len(minutes) > LONGEST:
        raise InvalidInput(
            Fault("minutes", _("at most %(longest)s characters", longest=format_number(LONGEST)))
        )
    endorsed = {
        Majority.SIMPLE: for_ > against,
        Majority.TWO_THIRDS: for_ > 0 and for_ * 3 >= (for_ + against) * 2,
        Majority.ABSOLUTE: for_ * 2 > len(members.counted),
    }[Majority(rule.majority)]
    result = Endorsement(
        plan_id=plan.id,
        result="endorsed" if endorsed else "not endorsed",
        members=len(members.counted),
        in_conflict=len(members.in_conflict),
        quorum_percent=rule.quorum_percent,
        majority=rule.majority,
        votes_for=for_,
        votes_against=against,
        abstentions=abstained,
        minutes=minutes.strip(),
        closed_by_id=by.person_id,
    )
    session.add(result)
    session.flush()
    record(
        session,
        by,
        marked("plan endorsed") if result.result == "endorsed" else marked("plan not endorsed"),
        plan,
        organisation_id=plan.round.owner_id,
        round_id=round_id,
        votes_for=for_,
        votes_against=against,
        abstentions=abstained,
        members=result.members,
        in_conflict=result.in_conflict,
    )
    # here, since packs are about a committee's vote
    from funding.services.packs.sealing import seal

    seal(session, by, plan, result, votes_on(session, plan))
    return result


def quorum(rule: Rule, members: Members) -> int:
    """How many members have to vote."""
    return max(1, -(-rule.quorum_percent * len(members.counted) // 100))


def _plan_voted_on(
    session: Session, by: Actor, round_id: int, plan_id: int | None
) -> PlanPutForward:
    plan = session.scalars(
        visible_plans(by).where(PlanPutForward.round_id == round_id, PlanPutForward.is_current)
    ).one_or_none()
    if plan is None:
        raise RuleBroken("No plan is before the funders of this round.")
    if plan.id != plan_id:
        raise Conflict("Another plan has been put forward since. Please look at it first.")
    if endorsement_of(session, plan) is not None:
        raise RuleBroken("This vote is closed; its result is on record.")
    return plan
