"""Who may vote on a plan, what a vote comes to, and where lines wait for the committee."""

from __future__ import annotations

from funding.models.triggers.rule import Rule


def in_conflict(person: str, plan: str) -> str:
    """Whether the person is in conflict on a proposal of the plan, or an applicant of one."""
    return (
        "exists (select 1 from plan_line join proposal on proposal.id = plan_line.proposal_id"
        f" where plan_line.plan_id = {plan} and (proposal.lead_id = {person}"
        " or exists (select 1 from conflict_of_interest"
        " where conflict_of_interest.proposal_id = proposal.id"
        f" and conflict_of_interest.person_id = {person})"
        " or exists (select 1 from team_member where team_member.proposal_id = proposal.id"
        f" and team_member.person_id = {person})"
        " or exists (select 1 from binding where"
        f" binding.person_id = {person} and binding.organisation_id = proposal.institution_id)))"
    )


def _members(plan: str, condition: str) -> str:
    """How many active members of the committee of the plan's round meet a condition."""
    return (
        "(select count(distinct person.id) from person"
        " join binding on binding.person_id = person.id and binding.role = 'committee'"
        " join round on round.owner_id = binding.organisation_id"
        f" join plan on plan.round_id = round.id where plan.id = {plan}"
        f" and person.is_active and {condition})"
    )


def _votes(choice: str) -> str:
    """Votes of those who count now: who declared a conflict since, or left, counts no more."""
    return _members(
        "new.plan_id",
        f"not {in_conflict('person.id', 'new.plan_id')} and exists (select 1 from vote"
        " where vote.plan_id = new.plan_id and vote.person_id = person.id"
        f" and vote.choice = '{choice}')",
    )


_OPEN = (
    "exists (select 1 from plan where plan.id = {plan} and plan.is_current)"
    " and not exists (select 1 from endorsement where endorsement.plan_id = {plan})"
)

RULES: tuple[Rule, ...] = (
    Rule(
        "vote_by_member",
        "before insert",
        "vote",
        "only members of the round's committee vote",
        when=_members("new.plan_id", "person.id = new.person_id") + " = 0",
    ),
    Rule(
        "vote_without_conflict",
        "before insert",
        "vote",
        "a person in conflict does not vote",
        when=in_conflict("new.person_id", "new.plan_id"),
    ),
    Rule(
        "vote_while_open",
        "before insert",
        "vote",
        "this vote is closed",
        when=f"not ({_OPEN.format(plan='new.plan_id')})",
    ),
    Rule(
        "endorsement_as_counted",
        "before insert",
        "endorsement",
        "this is not what the votes come to",
        when=f"new.votes_for <> {_votes('for')} or new.votes_against <> {_votes('against')}"
        f" or new.abstentions <> {_votes('abstain')} or new.members < 1 or new.members <> "
        + _members("new.plan_id", f"not {in_conflict('person.id', 'new.plan_id')}")
        + " or new.quorum_percent <> coalesce((select committee_rule.quorum_percent"
        " from committee_rule join plan on plan.round_id = committee_rule.round_id"
        " where plan.id = new.plan_id), 50)"
        " or new.majority <> coalesce((select committee_rule.majority"
        " from committee_rule join plan on plan.round_id = committee_rule.round_id"
        " where plan.id = new.plan_id), 'simple')"
        " or new.result <> (case when (new.majority = 'simple'"
        " and new.votes_for > new.votes_against)"
        " or (new.majority = 'two thirds' and new.votes_for > 0"
        " and new.votes_for * 3 >= (new.votes_for + new.votes_against) * 2)"
        " or (new.majority = 'absolute' and new.votes_for * 2 > new.members)"
        " then 'endorsed' else 'not endorsed' end)",
    ),
    Rule(
        "endorsement_of_current_plan",
        "before insert",
        "endorsement",
        "only the plan before the funders is voted on",
        when="not exists (select 1 from plan where plan.id = new.plan_id and plan.is_current)",
    ),
    Rule(
        "committee_rule_before_votes",
        "before update",
        "committee_rule",
        "the committee is voting already: its rule stays until another plan is put forward",
        when="exists (select 1 from vote join plan on plan.id = vote.plan_id"
        " where plan.round_id = old.round_id and plan.is_current)",
    ),
    Rule(
        "committee_rule_before_first_votes",
        "before insert",
        "committee_rule",
        "the committee is voting already: its rule stays until another plan is put forward",
        when="exists (select 1 from vote join plan on plan.id = vote.plan_id"
        " where plan.round_id = new.round_id and plan.is_current)",
    ),
    Rule(
        "committee_rule_is_kept",
        "before delete",
        "committee_rule",
        "the committee's rule is changed, not deleted",
    ),
    Rule(
        "approval_after_endorsement",
        "before insert",
        "approval",
        "the committee has to endorse this plan first",
        when="exists (select 1 from plan_line join plan on plan.id = plan_line.plan_id"
        " join committee_rule on committee_rule.round_id = plan.round_id"
        " where plan_line.id = new.plan_line_id and committee_rule.must_endorse"
        " and not exists (select 1 from endorsement where endorsement.plan_id = plan.id"
        " and endorsement.result = 'endorsed'))",
    ),
)
