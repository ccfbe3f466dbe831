"""What the database refuses of reviews: none without a declaration, none with a conflict.

Conflicts are found from what is stored: same institution, named in the team, co-applicant or
co-author within three years. `FOUND` holds each as a condition that both engines read, so that a
trigger and a service ask the same question.
"""

from __future__ import annotations

from funding.models.triggers.rule import Rule

PEOPLE_VIEW = "proposal_person"
PEOPLE_OF_PROPOSALS = (
    "select proposal.id as proposal_id, person.id as person_id, person.orcid as orcid,"
    " lower(person.email) as email, lower(person.name) as name"
    " from proposal join person on person.id = proposal.lead_id"
    " union all"
    " select proposal_id, person_id, orcid, lower(email), lower(name) from team_member"
)
"""Everybody named in a proposal: its lead and its team, by whatever tells who they are."""

_IS_ME = (
    "(them.person_id = me.id or them.orcid = me.orcid or them.email = lower(me.email)"
    " or them.name = lower(me.name))"
)

FOUND: dict[str, str] = {
    "same institution": (
        "exists (select 1 from proposal join binding"
        " on binding.organisation_id = proposal.institution_id"
        " where proposal.id = {proposal} and binding.person_id = {person})"
    ),
    "named in the team": (
        "exists (select 1 from proposal_person them join person me on me.id = {person}"
        f" where them.proposal_id = {{proposal}} and {_IS_ME})"
    ),
    "co-applicant": (
        # everybody is looked through once, for where I am named; the rest goes by index
        "exists (select 1 from proposal other where other.id in"
        " (select them.proposal_id from person me, proposal_person them"
        f" where me.id = {{person}} and {_IS_ME})"
        " and other.id <> {proposal} and other.submitted_at >= {recent}"
        " and exists (select 1 from proposal_person there, proposal_person here"
        " where there.proposal_id = other.id and here.proposal_id = {proposal}"
        " and (here.person_id = there.person_id or here.orcid = there.orcid"
        " or here.email = there.email or here.name = there.name)))"
    ),
    "co-author": (
        "exists (select 1 from co_author join proposal_person them"
        " on (them.orcid = co_author.orcid or them.name = lower(co_author.name))"
        " where co_author.person_id = {person} and co_author.last_on >= {recent_day}"
        " and them.proposal_id = {proposal})"
    ),
}
"""Kind -> whether {person} has this conflict with {proposal}, as SQL."""

RECENT = {
    "sqlite": {
        "{recent}": "strftime('%Y-%m-%d %H:%M:%f', 'now', '-3 years')",
        "{recent_day}": "date('now', '-3 years')",
    },
    "postgresql": {
        "{recent}": "(clock_timestamp() - interval '3 years')",
        "{recent_day}": "(current_date - interval '3 years')::date",
    },
}

_DECLARED = (
    "exists (select 1 from conflict_of_interest"
    " where conflict_of_interest.proposal_id = new.proposal_id"
    " and conflict_of_interest.person_id = new.person_id)"
)


def _unwaived(kind: str) -> str:
    found = FOUND[kind].replace("{proposal}", "new.proposal_id")
    found = found.replace("{person}", "new.person_id")
    return (
        f"({found} and not exists (select 1 from waived_conflict"
        " where waived_conflict.proposal_id = new.proposal_id"
        f" and waived_conflict.person_id = new.person_id and waived_conflict.kind = '{kind}'))"
    )


_DECLARED_NONE = (
    "exists (select 1 from review_declaration"
    " where review_declaration.proposal_id = new.proposal_id"
    " and review_declaration.person_id = new.person_id"
    " and not review_declaration.has_conflict)"
)
_IN_CONFLICT = " or ".join([_DECLARED, *(_unwaived(kind) for kind in FOUND)])

_ROUND_IS_CLOSED = (
    "exists (select 1 from proposal join round on round.id = proposal.round_id"
    " where proposal.id = {row}.proposal_id and round.state = 'closed')"
)

RULES: tuple[Rule, ...] = (
    Rule(
        "review_after_declaration",
        "before insert",
        "review",
        "a reviewer declares before reviewing",
        when=f"not {_DECLARED_NONE}",
    ),
    Rule(
        "review_without_conflict",
        "before insert",
        "review",
        "a person in conflict does not review",
        when=_IN_CONFLICT,
    ),
    Rule(
        "review_of_accepted_assignment",
        "before insert",
        "review",
        "a review belongs to an assignment that was accepted",
        # one message at a time: without a declaration, that is what is said
        when=f"{_DECLARED_NONE} and not exists (select 1 from review_assignment"
        " where review_assignment.id = new.assignment_id"
        " and review_assignment.state = 'accepted')",
    ),
    Rule(
        "review_stays_as_handed_in",
        "before update of assignment_id, proposal_id, person_id, form_id, marks, score,"
        " for_committee, for_applicant, handed_in_at",
        "review",
        "a review stays as it was handed in",
        # its words alone go, once a closed round's own term is over
        when=f"not ({_ROUND_IS_CLOSED.replace('{row}', 'old')}"
        " and new.for_committee in (old.for_committee, '')"
        " and new.for_applicant in (old.for_applicant, '')"
        " and new.assignment_id = old.assignment_id and new.proposal_id = old.proposal_id"
        " and new.person_id = old.person_id and new.form_id = old.form_id"
        " and new.marks = old.marks and new.score = old.score"
        " and new.handed_in_at = old.handed_in_at)",
    ),
    Rule(
        "review_released_once",
        "before update of released_at, released_by_id",
        "review",
        "what was released stays released",
        when="old.released_at is not null",
    ),
    Rule(
        "released_review_is_kept",
        "before delete",
        "review",
        "a released review is kept",
        when="old.released_at is not null",
    ),
    Rule(
        "handed_in_with_a_review",
        "before update of state",
        "review_assignment",
        "a review is handed in with its marks",
        when="new.state = 'handed in' and old.state <> 'handed in' and not exists"
        " (select 1 from review where review.assignment_id = new.id)",
    ),
    Rule(
        "accepted_after_declaration",
        "before update of state",
        "review_assignment",
        "a reviewer declares before access",
        when="new.state = 'accepted' and old.state = 'assigned' and"
        f" ({_IN_CONFLICT} or not {_DECLARED_NONE})",
    ),
    Rule(
        "assignment_stays_itself",
        "before update of proposal_id, person_id, from_id",
        "review_assignment",
        "an assignment cannot become another",
    ),
    Rule("remark_stays", "before update", "review_remark", "a remark stays as it was made"),
    Rule(
        "remark_is_kept",
        "before delete",
        "review_remark",
        "a remark is kept as long as its round keeps what is personal",
        when=f"not {_ROUND_IS_CLOSED.replace('{row}', 'old')}",
    ),
    Rule(
        "remark_without_conflict",
        "before insert",
        "review_remark",
        "a person in conflict has no part in the discussion",
        when=_DECLARED,
    ),
    Rule(
        "remark_after_own_review",
        "before insert",
        "review_remark",
        "a reviewer hands in before joining the discussion",
        when="exists (select 1 from review_assignment"
        " where review_assignment.proposal_id = new.proposal_id"
        " and review_assignment.person_id = new.person_id"
        " and review_assignment.state in ('assigned', 'accepted'))",
    ),
    *(
        Rule(
            f"score_of_review_{moment}",
            f"before {act}",
            "score",
            "a score is what the review says",
            when="new.review_id is not null and not exists (select 1 from review"
            " where review.id = new.review_id and review.proposal_id = new.proposal_id"
            " and review.score = new.score)",
        )
        for moment, act in (("made", "insert"), ("changed", "update of score, review_id"))
    ),
)
