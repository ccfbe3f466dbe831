"""A line is approved by enough people of its funder; none put it forward or is in conflict."""

from __future__ import annotations

from funding.models.triggers.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "approval_by_another",
        "before insert",
        "approval",
        "nobody approves what they put forward without a compensating review",
        when="new.compensating_review_id is null and exists (select 1 from plan_line"
        " where plan_line.id = new.plan_line_id"
        " and plan_line.recommended_by_id = new.person_id)",
    ),
    Rule(
        "approval_of_this_amount",
        "before insert",
        "approval",
        "the amount of this line has changed",
        when="not exists (select 1 from plan_line where plan_line.id = new.plan_line_id"
        " and plan_line.amount = new.amount"
        " and plan_line.state in ('recommended', 'amended'))",
    ),
    Rule(
        "approval_without_conflict",
        "before insert",
        "approval",
        "a person in conflict does not decide",
        when="exists (select 1 from conflict_of_interest join plan_line"
        " on plan_line.proposal_id = conflict_of_interest.proposal_id"
        " where plan_line.id = new.plan_line_id"
        " and conflict_of_interest.person_id = new.person_id)",
    ),
    Rule(
        "approval_by_own_funder",
        "before insert",
        "approval",
        "only officers of the funder whose money it is approve a line",
        when="not exists (select 1 from plan_line"
        " join commitment on commitment.id = plan_line.commitment_id"
        " join binding on binding.organisation_id = commitment.funder_id"
        " where plan_line.id = new.plan_line_id and binding.person_id = new.person_id"
        " and binding.role = 'program_officer')",
    ),
    Rule(
        "line_has_its_approvals",
        "before update of state",
        "plan_line",
        "this line needs more approvals",
        when="new.state = 'approved' and old.state <> 'approved' and"
        " (select count(distinct approval.person_id) from approval"
        " where approval.plan_line_id = new.id and approval.amount = new.amount"
        " and (approval.person_id <> new.recommended_by_id"
        " or approval.compensating_review_id is not null))"
        # above the threshold a review that was done stands for the second person
        " + (select count(*) from compensating_review"
        " where compensating_review.plan_line_id = new.id and new.approvals_needed > 1"
        " and compensating_review.amount = new.amount"
        " and compensating_review.verdict = 'agreed') < new.approvals_needed",
    ),
    *(
        Rule(
            f"line_asks_for_enough_{moment}",
            f"before {act}",
            "plan_line",
            "this amount needs a second approval",
            when="new.approvals_needed < 1 + (select count(*) from commitment"
            " where commitment.id = new.commitment_id"
            " and new.amount > commitment.second_approval_above)",
        )
        for moment, act in (
            ("made", "insert"),
            ("changed", "update of approvals_needed, amount, commitment_id"),
        )
    ),
    Rule(
        "decided_line_is_fixed",
        "before update of amount, base_amount, commitment_id, proposal_id, plan_id",
        "plan_line",
        "a decided line is not changed",
        when="old.state in ('approved', 'declined', 'withdrawn')",
    ),
    Rule(
        "award_of_approved_line",
        "before insert",
        "award",
        "only an approved line becomes an award, for its own amount",
        when="not exists (select 1 from plan_line where plan_line.id = new.plan_line_id"
        " and plan_line.state = 'approved' and plan_line.amount = new.amount)",
    ),
    Rule(
        "award_amount_is_fixed",
        "before update of amount, commitment_id, proposal_id, plan_line_id",
        "award",
        "an award is not changed; it is terminated, and awarded anew",
    ),
)
