"""States begin at the beginning and move only along `allowed_move`; records only grow."""

from __future__ import annotations

from funding.models.states import MOVES
from funding.models.triggers import meetings, publishing, reporting
from funding.models.triggers.rule import Rule

APPEND_ONLY = (
    "transfer",
    "event",
    "transition",
    "approval",
    "allowed_move",
    "round_extension",
    "vote",
    "endorsement",
    "bank_details",
    *reporting.APPEND_ONLY,
    *meetings.APPEND_ONLY,
    "evidence_file",
    "letter_template",
    "signature",
    "review_declaration",
    "waived_conflict",
    "review_form",
    "review_criterion",
    *publishing.APPEND_ONLY,
)
BEGINNINGS = {
    "plan_line": "recommended",
    "tranche": "scheduled",
    "payment_batch": "made",
    "reversal": "asked",
    "bank_statement": "preview",
    "bank_line": "unmatched",
    **reporting.BEGINNINGS,
    "review_assignment": "assigned",
    "name_merge": "suggested",
    **publishing.BEGINNINGS,
}
"""The state that a row of these is made in: further on, it would skip what comes before."""


def _rules() -> list[Rule]:
    rules: list[Rule] = []
    for table, state in BEGINNINGS.items():
        rules.append(
            Rule(
                f"{table}_begins",
                "before insert",
                table,
                f"a {table.replace('_', ' ')} begins as {state}",
                when=f"new.state <> '{state}'",
            )
        )
    for table in APPEND_ONLY:
        for act in ("update", "delete"):
            rules.append(
                Rule(f"{table}_no_{act}", f"before {act}", table, f"{table} rows are never changed")
            )
    for kind in MOVES:
        rules.append(
            Rule(
                f"{kind}_legal_move",
                "before update of state",
                kind,
                f"a {kind.replace('_', ' ')} cannot move to that state from where it is",
                when="new.state <> old.state and not exists (select 1 from allowed_move"
                f" where kind = '{kind}' and from_state = old.state and to_state = new.state)",
            )
        )
        rules.append(
            Rule(
                f"{kind}_move_recorded",
                "after update of state",
                kind,
                "insert into transition (kind, subject_id, from_state, to_state)"
                f" values ('{kind}', new.id, old.state, new.state);",
                when="new.state <> old.state",
                refuses=False,
            )
        )
    return rules


RULES = tuple(_rules())
