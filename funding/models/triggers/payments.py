"""Who prepares, releases, pays and reconciles a tranche are different people; amounts stay.

`_decided(person)` is true for whoever recommended or approved the award. What only a compensating
review lifts is marked by `_ALONE`: all else holds for every funder.
"""

from __future__ import annotations

from funding.models.triggers.rule import Rule

_ALONE = " and new.compensating_review_id is null"


def _decided(person: str, award: str = "new.award_id") -> str:
    return (
        "exists (select 1 from award join plan_line on plan_line.id = award.plan_line_id"
        f" where award.id = {award} and (plan_line.recommended_by_id = {person}"
        " or exists (select 1 from approval where approval.plan_line_id = plan_line.id"
        f" and approval.person_id = {person})))"
    )


def _newest(details: str) -> str:
    """Whether no later version of these bank details has been entered."""
    return (
        "not exists (select 1 from bank_details later"
        f" where later.funder_id = {details}.funder_id"
        f" and later.organisation_id = {details}.organisation_id"
        f" and later.currency = {details}.currency and later.number > {details}.number)"
    )


TRANCHES: tuple[Rule, ...] = (
    Rule(
        "moved_back_by_nobody_who_is_paid",
        "before insert",
        "transfer",
        "who is paid has no say in money that goes back",
        when="new.event in ('money returned', 'award terminated') and exists (select 1 from account"
        " join award on award.id = account.award_id"
        " join proposal on proposal.id = award.proposal_id where account.id = new.debit_id"
        " and (proposal.lead_id = new.posted_by_id"
        " or exists (select 1 from team_member where team_member.proposal_id = proposal.id"
        " and team_member.person_id = new.posted_by_id)"
        " or exists (select 1 from binding where binding.person_id = new.posted_by_id"
        " and binding.organisation_id = proposal.institution_id)))",
    ),
    Rule(
        "tranche_amount_is_fixed",
        "before update of amount, award_id, prepared_by_id, milestone",
        "tranche",
        "a tranche is not changed; it is cancelled, and scheduled anew",
    ),
    Rule(
        "milestone_is_told_once",
        "before update of milestone_evidence, milestone_reached_on, milestone_reached_by_id",
        "tranche",
        "a milestone is said to be reached once, while its tranche is scheduled",
        when="old.milestone_reached_by_id is not null or old.milestone = ''"
        " or old.state <> 'scheduled'",
    ),
    Rule(
        "due_by_milestone",
        "before update of state",
        "tranche",
        "an officer has to say, with evidence, that the milestone was reached",
        when="new.state = 'due' and new.milestone <> '' and (new.milestone_reached_by_id is null"
        " or new.milestone_reached_on is null or new.milestone_evidence = '')",
    ),
    Rule(
        "released_when_due",
        "before update of state",
        "tranche",
        "a tranche falls due before it is released",
        when="new.state = 'released' and old.state = 'scheduled'",
    ),
    Rule(
        "paid_after_release",
        "before update of state",
        "tranche",
        "a payment is released by another person than the one who prepared it",
        when="new.state in ('released', 'paid') and (new.released_by_id is null"
        f" or (new.released_by_id = new.prepared_by_id{_ALONE}))",
    ),
    Rule(
        "released_by_nobody_who_decided",
        "before update of state, released_by_id",
        "tranche",
        "who recommended or approved an award, or said its milestone was reached, does not"
        " release its money",
        when="new.state = 'released' and (new.released_by_id = new.milestone_reached_by_id"
        f" or {_decided('new.released_by_id')}){_ALONE}",
    ),
    Rule(
        "paid_by_somebody",
        "before update of state, paid_by_id",
        "tranche",
        "a payment names who paid it, and on which day",
        when="new.state = 'paid' and (new.paid_by_id is null or new.paid_on is null)",
    ),
    Rule(
        "paid_by_nobody_who_decided",
        "before update of state, paid_by_id",
        "tranche",
        "who recommended or approved an award does not pay it",
        when=f"new.state = 'paid' and {_decided('new.paid_by_id')}{_ALONE}",
    ),
    Rule(
        "paid_from_its_batch",
        "before update of state, paid_by_id",
        "tranche",
        "a tranche in a payment file is paid by whoever approved that file",
        when="new.state = 'paid' and exists (select 1 from payment"
        " join payment_batch on payment_batch.id = payment.batch_id"
        " where payment.tranche_id = new.id and payment.is_live"
        " and (payment_batch.approved_by_id is null"
        " or payment_batch.approved_by_id <> new.paid_by_id))",
    ),
    Rule(
        "paid_by_another_than_who_changed_the_bank_details",
        "before update of state, paid_by_id",
        "tranche",
        "who entered bank details does not pay to them",
        when="new.state = 'paid' and (exists (select 1 from payment"
        " join bank_details on bank_details.id = payment.details_id"
        " where payment.tranche_id = new.id and payment.is_live"
        " and bank_details.entered_by_id = new.paid_by_id)"
        " or (not exists (select 1 from payment where payment.tranche_id = new.id"
        " and payment.is_live) and exists (select 1 from bank_details"
        " join award on award.id = new.award_id"
        " join commitment on commitment.id = award.commitment_id"
        " join proposal on proposal.id = award.proposal_id"
        " where bank_details.funder_id = commitment.funder_id"
        " and bank_details.currency = commitment.currency"
        " and bank_details.organisation_id = proposal.institution_id"
        f" and bank_details.entered_by_id = new.paid_by_id and {_newest('bank_details')})))",
    ),
    Rule(
        "paid_again_only_if_it_came_back",
        "before update of state",
        "tranche",
        "a payment is made again only after it was undone on the ledger, and returned money"
        " stays returned unless that was undone",
        when="(old.state = 'paid' and new.state = 'released' and exists (select 1 from account"
        " where account.tranche_id = new.id and account.kind = 'paid' and account.balance > 0))"
        " or (old.state = 'returned' and new.state = 'paid' and not exists (select 1 from account"
        " where account.tranche_id = new.id and account.kind = 'paid' and account.balance > 0))",
    ),
)

FILES: tuple[Rule, ...] = (
    Rule(
        "bank_details_in_order",
        "before insert",
        "bank_details",
        "the versions of bank details are numbered in order",
        when="new.number <> 1 + coalesce((select max(before.number) from bank_details before"
        " where before.funder_id = new.funder_id"
        " and before.organisation_id = new.organisation_id"
        " and before.currency = new.currency), 0)",
    ),
    Rule(
        "batch_from_own_account",
        "before insert",
        "payment_batch",
        "a payment file is paid from an account of its funder in its currency",
        when="not exists (select 1 from bank_details where bank_details.id = new.details_id"
        " and bank_details.funder_id = new.funder_id"
        " and bank_details.organisation_id = new.funder_id"
        " and bank_details.currency = new.currency)",
    ),
    Rule(
        "batch_is_fixed",
        "before update of funder_id, currency, execution_on, details_id, message_id, count, total,"
        " made_by_id",
        "payment_batch",
        "a payment file is not changed; it is cancelled, and made anew",
    ),
    Rule(
        "batch_approved_by_another",
        "before update of state, approved_by_id",
        "payment_batch",
        "a payment file is approved by another person than the one who made it",
        when="new.state in ('approved', 'settled')"
        " and (new.approved_by_id is null or new.approved_by_id = new.made_by_id)",
    ),
    Rule(
        "batch_approval_stays",
        "before update of approved_by_id, approved_at",
        "payment_batch",
        "who approved a payment file stays on record",
        when="old.approved_by_id is not null",
    ),
    Rule(
        "batch_to_details_of_another",
        "before update of state",
        "payment_batch",
        "who entered bank details does not pay to them",
        when="new.state = 'approved' and (exists (select 1 from payment"
        " join bank_details on bank_details.id = payment.details_id"
        " where payment.batch_id = new.id and bank_details.entered_by_id = new.approved_by_id)"
        " or exists (select 1 from bank_details where bank_details.id = new.details_id"
        " and bank_details.entered_by_id = new.approved_by_id))",
    ),
    Rule(
        "batch_to_details_of_today",
        "before update of state",
        "payment_batch",
        "bank details have changed since this payment file was made",
        when="new.state = 'approved' and exists (select 1 from bank_details"
        " where (bank_details.id = new.details_id or bank_details.id in"
        " (select payment.details_id from payment where payment.batch_id = new.id))"
        f" and not {_newest('bank_details')})",
    ),
    Rule(
        "batch_sums_up",
        "before update of state",
        "payment_batch",
        "the control sums of a payment file are those of its payments",
        when="new.state = 'approved' and (new.count <> (select count(*) from payment"
        " where payment.batch_id = new.id) or new.total <> (select coalesce(sum(payment.amount), 0)"
        " from payment where payment.batch_id = new.id))",
    ),
    Rule(
        "batch_of_nobody_who_decided",
        "before update of state",
        "payment_batch",
        "who recommended or approved an award does not pay it",
        when="new.state = 'approved' and exists (select 1 from payment"
        " join tranche on tranche.id = payment.tranche_id where payment.batch_id = new.id"
        f" and {_decided('new.approved_by_id', 'tranche.award_id')})",
    ),
    Rule(
        "batch_is_not_cancelled_after_payment",
        "before update of state",
        "payment_batch",
        "some of this payment file is paid already",
        when="new.state = 'cancelled' and exists (select 1 from payment"
        " join tranche on tranche.id = payment.tranche_id"
        " where payment.batch_id = new.id and payment.is_live and tranche.state <> 'released')",
    ),
    Rule(
        "batch_settled_when_all_is_paid",
        "before update of state",
        "payment_batch",
        "some of this payment file is not paid yet",
        when="new.state = 'settled' and exists (select 1 from payment"
        " join tranche on tranche.id = payment.tranche_id"
        " where payment.batch_id = new.id and payment.is_live and tranche.state = 'released')",
    ),
    Rule(
        "payment_of_released_tranche",
        "before insert",
        "payment",
        "a payment file holds released tranches of its own funder and currency, in full",
        when="not exists (select 1 from tranche join award on award.id = tranche.award_id"
        " join commitment on commitment.id = award.commitment_id"
        " join payment_batch on payment_batch.id = new.batch_id"
        " where tranche.id = new.tranche_id and tranche.state = 'released'"
        " and tranche.amount = new.amount and payment_batch.state = 'made'"
        " and payment_batch.funder_id = commitment.funder_id"
        " and payment_batch.currency = commitment.currency)",
    ),
    Rule(
        "payment_to_its_payee",
        "before insert",
        "payment",
        "a payment goes to the newest bank details of the institution that applied",
        when="not exists (select 1 from tranche join award on award.id = tranche.award_id"
        " join commitment on commitment.id = award.commitment_id"
        " join proposal on proposal.id = award.proposal_id"
        " join bank_details on bank_details.id = new.details_id"
        " where tranche.id = new.tranche_id and bank_details.funder_id = commitment.funder_id"
        " and bank_details.currency = commitment.currency"
        " and bank_details.organisation_id = proposal.institution_id"
        f" and {_newest('bank_details')})",
    ),
    Rule(
        "payment_is_fixed",
        "before update of batch_id, tranche_id, details_id, amount, end_to_end_id",
        "payment",
        "a payment of a file is not changed",
    ),
    Rule(
        "payment_stays_live",
        "before update of is_live",
        "payment",
        "a payment is live until its file is cancelled or the bank sends it back",
        when="(new.is_live and not old.is_live) or (old.is_live and not new.is_live"
        " and not exists (select 1 from payment_batch where payment_batch.id = new.batch_id"
        " and payment_batch.state = 'cancelled')"
        " and not exists (select 1 from transfer join account on account.id = transfer.debit_id"
        " where account.tranche_id = new.tranche_id and account.kind = 'paid'"
        " and transfer.reverses_id is not null and account.balance = 0))",
    ),
    *(
        Rule(f"{table}_is_kept", "before delete", table, "what was paid stays on record")
        for table in ("payment", "payment_batch", "reversal", "bank_line", "bank_statement")
    ),
)

REVERSALS: tuple[Rule, ...] = (
    Rule(
        "reversal_is_fixed",
        "before update of transfer_id, reason, bank_line_id, asked_by_id, asked_at",
        "reversal",
        "what a reversal undoes, and why, is not changed",
    ),
    Rule(
        "reversal_by_another",
        "before update of state, decided_by_id",
        "reversal",
        "who asks for a reversal does not approve it",
        when="new.state = 'approved'"
        " and (new.decided_by_id is null or new.decided_by_id = new.asked_by_id)",
    ),
    Rule(
        "reversal_with_two_people",
        "before insert",
        "transfer",
        "a transfer is undone after one person has asked and another has approved",
        when="new.reverses_id is not null and not exists (select 1 from reversal"
        " where reversal.transfer_id = new.reverses_id and reversal.state = 'approved'"
        " and reversal.decided_by_id = new.posted_by_id"
        " and reversal.asked_by_id <> new.posted_by_id)",
    ),
)

STATEMENTS: tuple[Rule, ...] = (
    Rule(
        "statement_is_fixed",
        "before update of funder_id, details_id, account, currency, sha256, reference, opening,"
        " closing, uploaded_by_id",
        "bank_statement",
        "a bank statement is not changed",
    ),
    Rule(
        "bank_line_with_its_statement",
        "before insert",
        "bank_line",
        "bookings are taken in with their statement, all of them at once",
        when="not exists (select 1 from bank_statement where bank_statement.id = new.statement_id"
        " and bank_statement.state = 'preview' and bank_statement.funder_id = new.funder_id"
        " and bank_statement.account = new.account and bank_statement.currency = new.currency)",
    ),
    Rule(
        "bank_line_is_fixed",
        "before update of statement_id, funder_id, account, line_key, row, booked_on, amount,"
        " currency, is_out, end_to_end_id, reference, party, return_code",
        "bank_line",
        "what the bank booked is not changed",
    ),
    Rule(
        "bank_line_stays_matched",
        "before update of state, tranche_id, transfer_id, decided_by_id",
        "bank_line",
        "a reconciled booking stays so; a wrong transfer is undone on the ledger",
        when="old.state = 'matched'",
    ),
    Rule(
        "reconciled_by_another",
        "before update of state, decided_by_id",
        "bank_line",
        "who paid, or decided on the award, does not reconcile",
        when="new.state = 'matched' and exists (select 1 from tranche"
        " where tranche.id = new.tranche_id and (tranche.paid_by_id = new.decided_by_id"
        f" or {_decided('new.decided_by_id', 'tranche.award_id')}))",
    ),
    Rule(
        "matched_to_what_it_is",
        "before update of state, transfer_id, tranche_id",
        "bank_line",
        "a booking confirms a transfer of its own amount, funder, currency and tranche",
        when="new.state = 'matched' and not exists (select 1 from transfer join account"
        " on account.id = case when new.is_out then transfer.credit_id else transfer.debit_id end"
        " where transfer.id = new.transfer_id and transfer.amount = new.amount"
        " and transfer.funder_id = new.funder_id and transfer.currency = new.currency"
        " and account.kind = 'paid' and account.tranche_id = new.tranche_id)",
    ),
)

RULES: tuple[Rule, ...] = (*TRANCHES, *FILES, *REVERSALS, *STATEMENTS)
