"""What a commitment owes to earlier awards is kept out of every line of the round.

The account is locked while a promise is compared with it, so that a line reserved at the same
moment waits and then sees the promise.
"""

from __future__ import annotations

from funding.models.triggers.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "earlier_promises_come_first",
        "before update of balance",
        "account",
        "this money is kept for earlier awards, which are paid first",
        when="new.kind = 'available' and new.balance < old.balance and new.balance <"
        " (select sum(earlier_promise.amount) from earlier_promise"
        " where earlier_promise.commitment_id = new.commitment_id)",
    ),
    *(
        Rule(
            f"earlier_promise_is_there_{moment}",
            f"before {act}",
            "earlier_promise",
            "no more can be kept for earlier awards than is available",
            when="new.amount + coalesce((select sum(other.amount) from earlier_promise other"
            " where other.commitment_id = new.commitment_id and other.year <> new.year"
            f"{but}), 0) > coalesce((select account.balance from account"
            " where account.commitment_id = new.commitment_id"
            " and account.kind = 'available'{locked}), 0)",
        )
        for moment, act, but in (
            ("made", "insert", ""),
            ("changed", "update of amount, commitment_id, year", " and other.id <> old.id"),
        )
    ),
)
