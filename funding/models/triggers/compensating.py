"""A compensating review is for a funder that has nobody else, and is done by another person."""

from __future__ import annotations

from funding.models.triggers.rule import Rule


def _colleagues(role: str, people: str, funder: str, proposal: str) -> str:
    """Whether the funder has an active person in the role beside these, without a conflict."""
    return (
        "exists (select 1 from binding join person on person.id = binding.person_id"
        f" where binding.organisation_id = {funder} and binding.role = '{role}'"
        f" and person.is_active and person.id not in ({people})"
        " and not exists (select 1 from conflict_of_interest"
        f" where conflict_of_interest.proposal_id = {proposal}"
        " and conflict_of_interest.person_id = person.id))"
    )


def _holds(role: str, person: str, funder: str) -> str:
    return (
        f"exists (select 1 from binding where binding.organisation_id = {funder}"
        f" and binding.person_id = {person} and binding.role = '{role}')"
    )


_LINE_PROPOSAL = "(select plan_line.proposal_id from plan_line where plan_line.id = {line})"
_LINE_FUNDER = (
    "(select commitment.funder_id from plan_line join commitment"
    " on commitment.id = plan_line.commitment_id where plan_line.id = {line})"
)
_TRANCHE_PROPOSAL = (
    "(select award.proposal_id from tranche join award on award.id = tranche.award_id"
    " where tranche.id = {tranche})"
)
_TRANCHE_FUNDER = (
    "(select commitment.funder_id from tranche join award on award.id = tranche.award_id"
    " join commitment on commitment.id = award.commitment_id where tranche.id = {tranche})"
)
_REVIEWED_PROPOSAL = (
    f"coalesce({_LINE_PROPOSAL.format(line='new.plan_line_id')},"
    f" {_TRANCHE_PROPOSAL.format(tranche='new.tranche_id')})"
)

# who put a line forward cannot approve it either
_BOTH = (
    "new.asked_by_id, (select plan_line.recommended_by_id from plan_line"
    " where plan_line.id = new.plan_line_id)"
)

NO_COLLEAGUE = "a colleague can do this: no compensating review takes their place"

RULES: tuple[Rule, ...] = (
    Rule(
        "compensating_review_begins_open",
        "before insert",
        "compensating_review",
        "a compensating review begins open",
        when="new.verdict is not null",
    ),
    Rule(
        "compensating_review_of_line",
        "before insert",
        "compensating_review",
        "a compensating review is of an undecided line of the asker's own funder, for its amount",
        when="new.plan_line_id is not null and (not exists (select 1 from plan_line"
        " join commitment on commitment.id = plan_line.commitment_id"
        " where plan_line.id = new.plan_line_id and plan_line.amount = new.amount"
        " and commitment.funder_id = new.funder_id"
        " and plan_line.state in ('recommended', 'amended'))"
        f" or not {_holds('program_officer', 'new.asked_by_id', 'new.funder_id')})",
    ),
    Rule(
        "compensating_review_of_tranche",
        "before insert",
        "compensating_review",
        "a compensating review is of a tranche that the asker prepared and nobody has released",
        when="new.tranche_id is not null and (not exists (select 1 from tranche"
        " where tranche.id = new.tranche_id and tranche.amount = new.amount"
        " and tranche.prepared_by_id = new.asked_by_id"
        " and tranche.state in ('scheduled', 'due'))"
        f" or {_TRANCHE_FUNDER.format(tranche='new.tranche_id')} <> new.funder_id"
        f" or not {_holds('finance_officer', 'new.asked_by_id', 'new.funder_id')})",
    ),
    Rule(
        "compensating_review_where_nobody_else",
        "before insert",
        "compensating_review",
        NO_COLLEAGUE,
        when="(new.plan_line_id is not null and "
        + _colleagues("program_officer", _BOTH, "new.funder_id", _REVIEWED_PROPOSAL)
        + ") or (new.tranche_id is not null and "
        + _colleagues("finance_officer", "new.asked_by_id", "new.funder_id", _REVIEWED_PROPOSAL)
        + ")",
    ),
    Rule(
        "compensating_review_is_fixed",
        "before update of funder_id, plan_line_id, tranche_id, amount, reason, asked_by_id,"
        " asked_at",
        "compensating_review",
        "what a compensating review is of is not changed",
    ),
    Rule(
        "compensating_review_once",
        "before update of verdict, finding, reviewed_by_id, reviewed_at",
        "compensating_review",
        "a compensating review that is done is not changed",
        when="old.verdict is not null",
    ),
    Rule(
        "compensating_review_by_another",
        "before update of verdict, reviewed_by_id",
        "compensating_review",
        "an administrator or auditor of the funder reviews this, or a person of the round's owner;"
        " never who put the amount forward, nor a person in conflict",
        when="new.verdict is not null and (not exists (select 1 from binding"
        " where binding.person_id = new.reviewed_by_id and ((binding.organisation_id ="
        " new.funder_id and binding.role in ('funder_admin', 'auditor'))"
        " or (binding.role in ('committee', 'program_officer', 'auditor', 'funder_admin')"
        " and binding.organisation_id = (select round.owner_id from round"
        " join proposal on proposal.round_id = round.id"
        f" where proposal.id = {_REVIEWED_PROPOSAL}))))"
        " or exists (select 1 from plan_line where plan_line.id = new.plan_line_id"
        " and plan_line.recommended_by_id = new.reviewed_by_id)"
        " or exists (select 1 from conflict_of_interest"
        f" where conflict_of_interest.proposal_id = {_REVIEWED_PROPOSAL}"
        " and conflict_of_interest.person_id = new.reviewed_by_id))",
    ),
    Rule(
        "compensating_review_is_kept",
        "before delete",
        "compensating_review",
        "compensating reviews are never deleted",
    ),
    Rule(
        "approval_names_who_put_forward",
        "before insert",
        "approval",
        "an approval names who put the line forward",
        when="new.put_forward_by_id is null or not exists (select 1 from plan_line"
        " where plan_line.id = new.plan_line_id"
        " and plan_line.recommended_by_id = new.put_forward_by_id)",
    ),
    Rule(
        "approval_with_its_review",
        "before insert",
        "approval",
        "this compensating review is not of this approval, or was an objection",
        when="new.compensating_review_id is not null and not exists ("
        "select 1 from compensating_review where"
        " compensating_review.id = new.compensating_review_id"
        " and compensating_review.plan_line_id = new.plan_line_id"
        " and compensating_review.amount = new.amount"
        " and compensating_review.asked_by_id = new.person_id"
        " and coalesce(compensating_review.verdict, 'agreed') = 'agreed')",
    ),
    Rule(
        "approval_with_review_where_nobody_else",
        "before insert",
        "approval",
        NO_COLLEAGUE,
        when="new.compensating_review_id is not null and "
        + _colleagues(
            "program_officer",
            "new.person_id",
            _LINE_FUNDER.format(line="new.plan_line_id"),
            _LINE_PROPOSAL.format(line="new.plan_line_id"),
        ),
    ),
    Rule(
        "release_with_its_review",
        "before update of state, released_by_id, compensating_review_id",
        "tranche",
        "this compensating review is not of this release, or was an objection",
        when="new.compensating_review_id is not null and (not exists ("
        "select 1 from compensating_review where"
        " compensating_review.id = new.compensating_review_id"
        " and compensating_review.tranche_id = new.id"
        " and (new.released_by_id is null"
        " or compensating_review.asked_by_id = new.released_by_id)"
        # an objection that comes after the payment stands on record; it does not undo it
        " and (old.compensating_review_id is not null"
        " or coalesce(compensating_review.verdict, 'agreed') = 'agreed'))"
        " or (old.compensating_review_id is not null"
        " and new.compensating_review_id <> old.compensating_review_id))",
    ),
    Rule(
        "release_with_review_where_nobody_else",
        "before update of compensating_review_id",
        "tranche",
        NO_COLLEAGUE,
        when="new.compensating_review_id is not null and old.compensating_review_id is null and "
        + _colleagues(
            "finance_officer",
            "new.prepared_by_id",
            _TRANCHE_FUNDER.format(tranche="new.id"),
            _TRANCHE_PROPOSAL.format(tranche="new.id"),
        ),
    ),
)
