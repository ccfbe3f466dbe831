"""A note on a dashboard stays as it was written; withdrawn it stays so."""

from __future__ import annotations

from funding.models.triggers.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "dashboard_note_as_written",
        "before update of round_id, dashboard, figure, words, written_by_id, written_at",
        "dashboard_note",
        "a note on a dashboard stays as it was written",
    ),
    Rule(
        "dashboard_note_withdrawn_once",
        "before update of withdrawn_at",
        "dashboard_note",
        "a note that was withdrawn stays so",
        when="old.withdrawn_at is not null",
    ),
    Rule(
        "dashboard_note_is_kept",
        "before delete",
        "dashboard_note",
        "a note on a dashboard stays on record",
    ),
)
