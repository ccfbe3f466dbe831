"""Who prepares a tranche does not release it, and its amount stays."""

from __future__ import annotations

from funding.models.triggers.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "tranche_amount_is_fixed",
        "before update of amount, award_id, prepared_by_id",
        "tranche",
        "a tranche is not changed; it is cancelled, and scheduled anew",
    ),
    Rule(
        "paid_after_release",
        "before update of state",
        "tranche",
        "a payment is released by another person than the one who prepared it",
        when="new.state in ('released', 'paid')"
        " and (new.released_by_id is null or (new.released_by_id = new.prepared_by_id"
        " and new.compensating_review_id is null))",
    ),
)
