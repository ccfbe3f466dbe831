"""The same rules as the DDL of SQLite and of PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable

from funding.models.triggers.reviews import RECENT
from funding.models.triggers.rule import Rule

_OWN_WORDS = {
    "sqlite": {
        "{locked}": "",
        "{now}": "strftime('%Y-%m-%d %H:%M:%f', 'now')",
        # one writer at a time, so that a transfer not counted yet has the highest number
        "{counted_before}": "new.last_transfer_id <= coalesce(old.last_transfer_id, 0)",
        **RECENT["sqlite"],
    },
    "postgresql": {
        "{locked}": " for update",
        "{now}": "clock_timestamp()",
        # numbers are drawn before locks are waited for: what counts is that a transfer moves it
        "{counted_before}": "pg_trigger_depth() < 2"
        " or new.last_transfer_id = coalesce(old.last_transfer_id, 0)",
        **RECENT["postgresql"],
    },
}


def _message(rule: Rule) -> str:
    said = rule.body.replace("'", "''")
    return f"'tributary: {said}'"


def _sqlite(rule: Rule) -> list[str]:
    body = f"select raise(abort, {_message(rule)});" if rule.refuses else rule.body
    when = f" when {rule.when}" if rule.when else ""
    return [
        f"create trigger {rule.name} {rule.moment} on {rule.table} for each row{when}"
        f" begin {body} end"
    ]


def _postgresql(rule: Rule) -> list[str]:
    """PostgreSQL's WHEN knows no subqueries, so the condition stands in the function."""
    act = f"raise exception {_message(rule)};" if rule.refuses else rule.body
    guarded = f"if {rule.when} then {act} end if;" if rule.when else act
    returned = "old" if "delete" in rule.moment else "new"
    statements = [
        f"create function {rule.name}() returns trigger language plpgsql as"
        f" $$ begin {guarded} return {returned}; end $$",
        f"create trigger {rule.name} {rule.moment} on {rule.table}"
        f" for each row execute function {rule.name}()",
    ]
    if rule.name.endswith("_no_delete") or rule.name == "account_is_kept":
        # TRUNCATE passes row triggers by
        statements.append(
            f"create trigger {rule.name}_all before truncate on {rule.table}"
            f" for each statement execute function {rule.name}()"
        )
    return statements


def create_statements(rules: Iterable[Rule], dialect: str) -> list[str]:
    """The DDL of these triggers, for 'sqlite' or 'postgresql'."""
    make = _sqlite if dialect == "sqlite" else _postgresql
    statements = [statement for rule in rules for statement in make(rule)]
    for word, meaning in _OWN_WORDS[dialect].items():
        statements = [statement.replace(word, meaning) for statement in statements]
    return statements
