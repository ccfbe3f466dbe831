"""Who may score, and until when a proposal may be submitted."""

from __future__ import annotations

from funding.models.triggers.rule import Rule

RULES: tuple[Rule, ...] = (
    *(
        Rule(
            f"score_without_conflict_{moment}",
            f"before {act}",
            "score",
            "a person in conflict does not score",
            when="exists (select 1 from conflict_of_interest"
            " where conflict_of_interest.proposal_id = new.proposal_id"
            " and conflict_of_interest.person_id = new.entered_by_id)",
        )
        for moment, act in (
            ("made", "insert"),
            ("changed", "update of score, entered_by_id, proposal_id"),
        )
    ),
    Rule(
        "submitted_in_time",
        "before update of state",
        "proposal",
        "the deadline has passed",
        when="new.state = 'submitted' and old.state = 'draft' and {now} > coalesce("
        "(select max(round_extension.to_at) from round_extension"
        " where round_extension.round_id = new.round_id and"
        " (round_extension.proposal_id is null or round_extension.proposal_id = new.id)),"
        " (select round.closes_at from round where round.id = new.round_id))",
    ),
)
