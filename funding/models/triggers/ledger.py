"""Balances move only by inserting transfers; accounts stay what they are."""

from __future__ import annotations

from funding.models.triggers.rule import Rule

RULES: tuple[Rule, ...] = (
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
)
