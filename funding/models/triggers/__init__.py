"""What the database itself refuses, as triggers for SQLite and PostgreSQL.

Balances move only by inserting transfers; ledger and log only grow; states begin at the beginning
and move only along `allowed_move`; a line is approved by enough people, none of whom recommended
it or is in conflict. Every message begins with `tributary: `, which `funding.db` turns into a
RuleBroken. `funding.schema` sets the rules anew with every migration.
"""

from __future__ import annotations

import sqlalchemy as sa

from funding.models.states import MOVES
from funding.models.triggers import (
    committee,
    compensating,
    dashboards,
    decisions,
    ledger,
    meetings,
    offers,
    payments,
    promises,
    proposals,
    publishing,
    reporting,
    reviews,
    states,
)
from funding.models.triggers.engines import create_statements
from funding.models.triggers.rule import Rule
from funding.models.triggers.states import APPEND_ONLY, BEGINNINGS

__all__ = ["APPEND_ONLY", "BEGINNINGS", "RULES", "Rule", "lift_rules", "set_rules"]

RULES: tuple[Rule, ...] = (
    *ledger.RULES,
    *promises.RULES,
    *dashboards.RULES,
    *decisions.RULES,
    *committee.RULES,
    *compensating.RULES,
    *meetings.RULES,
    *offers.RULES,
    *payments.RULES,
    *proposals.RULES,
    *publishing.RULES,
    *reporting.RULES,
    *reviews.RULES,
    *states.RULES,
)
VIEWS = {reviews.PEOPLE_VIEW: reviews.PEOPLE_OF_PROPOSALS}
"""What the rules read from, by name."""


def set_rules(connection: sa.Connection) -> None:
    """Make every trigger, and add the moves of state that the database does not know yet."""
    known = set(connection.execute(sa.text("select kind, from_state, to_state from allowed_move")))
    for kind, moves in MOVES.items():
        for state, targets in moves.items():
            for target in targets:
                if (kind, state, target) not in known:
                    connection.execute(
                        sa.text("insert into allowed_move values (:kind, :state, :target)"),
                        {"kind": kind, "state": state, "target": target},
                    )
    for name, query in VIEWS.items():
        connection.exec_driver_sql(f"create view {name} as {query}")
    for statement in create_statements(RULES, connection.dialect.name):
        connection.exec_driver_sql(statement)


def lift_rules(connection: sa.Connection) -> None:
    """Drop every trigger there is, of whatever version; until `set_rules`, all is allowed."""
    for name in VIEWS:
        connection.exec_driver_sql(f"drop view if exists {name}")
    if connection.dialect.name == "sqlite":
        names = connection.exec_driver_sql("select name from sqlite_master where type = 'trigger'")
        for (name,) in names.all():
            connection.exec_driver_sql(f'drop trigger "{name}"')
        return
    functions = connection.exec_driver_sql(
        "select distinct proname from pg_trigger join pg_proc on pg_proc.oid = tgfoid"
        " where not tgisinternal and pronamespace = current_schema()::regnamespace"
    )
    for (name,) in functions.all():
        connection.exec_driver_sql(f'drop function "{name}" cascade')
