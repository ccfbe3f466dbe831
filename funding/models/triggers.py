"""What the database itself refuses, as triggers for SQLite and PostgreSQL.

Balances move only by inserting transfers; ledger and log only grow; states begin at the beginning
and move only along `allowed_move`; a line is approved by enough people, none of whom recommended
it or is in conflict. Every message begins with `tributary: `, which `funding.db` turns into a
RuleBroken. `funding.schema` sets the rules anew with every migration.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from funding.models.states import MOVES

APPEND_ONLY = ("transfer", "event", "transition", "approval", "allowed_move", "round_extension")
BEGINNINGS = {"plan_line": "recommended", "award": "offered", "tranche": "scheduled"}
"""The state that a row of these is made in: further on, it would skip what comes before."""


@dataclass(frozen=True)
class Rule:
    """One trigger: the statement's moment, when it applies, and what it then does.

    `when` and `body` are SQL that both engines read; `body` is a list of statements, or a
    refusal's message where `refuses`.
    """

    name: str
    moment: str
    table: str
    body: str
    when: str = ""
    refuses: bool = True


def _rules() -> list[Rule]:
    rules = [
        Rule(
            "transfer_moves_balances",
            "after insert",
            "transfer",
            # in id order, so that two transfers the other way round cannot lock each other out
            "update account set balance = balance"
            " + case when id = new.credit_id then new.amount else -new.amount end,"
            " last_transfer_id = new.id"
            " where id = case when new.debit_id < new.credit_id"
            " then new.debit_id else new.credit_id end;"
            "update account set balance = balance"
            " + case when id = new.credit_id then new.amount else -new.amount end,"
            " last_transfer_id = new.id"
            " where id = case when new.debit_id < new.credit_id"
            " then new.credit_id else new.debit_id end;",
            refuses=False,
        ),
        Rule(
            "account_starts_empty",
            "before insert",
            "account",
            "an account starts at zero",
            when="new.balance <> 0",
        ),
        Rule(
            "account_moves_by_transfer",
            "before update of balance, last_transfer_id",
            "account",
            "a balance moves only by a transfer",
            when="new.balance - old.balance <> coalesce((select case"
            " when transfer.credit_id = old.id then transfer.amount"
            " when transfer.debit_id = old.id then -transfer.amount else 0 end"
            " from transfer where transfer.id = new.last_transfer_id), 0)"
            " or new.last_transfer_id is null"
            " or {counted_before}",
        ),
        Rule(
            "account_stays_itself",
            "before update of kind, funder_id, currency, commitment_id, award_id, tranche_id,"
            " may_be_negative",
            "account",
            "an account cannot become another",
        ),
        Rule("account_is_kept", "before delete", "account", "accounts are never deleted"),
        Rule(
            "reversal_goes_back",
            "before insert",
            "transfer",
            "a reversal names the accounts of what it undoes, the other way, and no more",
            when="new.reverses_id is not null and not exists (select 1 from transfer undone"
            " where undone.id = new.reverses_id and undone.debit_id = new.credit_id"
            " and undone.credit_id = new.debit_id and undone.amount >= new.amount)",
        ),
        Rule(
            "approval_by_another",
            "before insert",
            "approval",
            "nobody approves what they put forward",
            when="exists (select 1 from plan_line where plan_line.id = new.plan_line_id"
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
            " and approval.person_id <> new.recommended_by_id) < new.approvals_needed",
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
            " and (new.released_by_id is null or new.released_by_id = new.prepared_by_id)",
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
    ]
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


RULES = _rules()

_OWN_WORDS = {
    "sqlite": {
        "{now}": "strftime('%Y-%m-%d %H:%M:%f', 'now')",
        # one writer at a time, so that a transfer not counted yet has the highest number
        "{counted_before}": "new.last_transfer_id <= coalesce(old.last_transfer_id, 0)",
    },
    "postgresql": {
        "{now}": "clock_timestamp()",
        # numbers are drawn before locks are waited for: what counts is that a transfer moves it
        "{counted_before}": "pg_trigger_depth() < 2"
        " or new.last_transfer_id = coalesce(old.last_transfer_id, 0)",
    },
}


def _sqlite(rule: Rule) -> list[str]:
    body = f"select raise(abort, 'tributary: {rule.body}');" if rule.refuses else rule.body
    when = f" when {rule.when}" if rule.when else ""
    return [
        f"create trigger {rule.name} {rule.moment} on {rule.table} for each row{when}"
        f" begin {body} end"
    ]


def _postgresql(rule: Rule) -> list[str]:
    """PostgreSQL's WHEN knows no subqueries, so the condition stands in the function."""
    act = f"raise exception 'tributary: {rule.body}';" if rule.refuses else rule.body
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


def create_statements(dialect: str) -> list[str]:
    """The DDL of every trigger, for 'sqlite' or 'postgresql'."""
    make = _sqlite if dialect == "sqlite" else _postgresql
    statements = [statement for rule in RULES for statement in make(rule)]
    for word, meaning in _OWN_WORDS[dialect].items():
        statements = [statement.replace(word, meaning) for statement in statements]
    return statements


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
    for statement in create_statements(connection.dialect.name):
        connection.exec_driver_sql(statement)


def lift_rules(connection: sa.Connection) -> None:
    """Drop every trigger there is, of whatever version; until `set_rules`, all is allowed."""
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
