"""Before an offer the checklist, before an agreement both signatures, never after the deadline."""

from __future__ import annotations

from funding.models.triggers.rule import Rule

_FUNDER = "(select commitment.funder_id from commitment where commitment.id = new.commitment_id)"
_BY_LETTER = (
    "(exists (select 1 from diligence_item where diligence_item.is_used"
    f" and diligence_item.funder_id = {_FUNDER})"
    " or exists (select 1 from funder_terms where funder_terms.by_letter"
    f" and funder_terms.funder_id = {_FUNDER}))"
)


def _kept(table: str, what: str) -> Rule:
    return Rule(f"{table}_is_kept", "before delete", table, f"{what} are never deleted")


RULES: tuple[Rule, ...] = (
    Rule(
        "award_begins",
        "before insert",
        "award",
        "an award begins as offered, or as to be offered where its funder offers by letter",
        when=f"new.state <> (case when {_BY_LETTER} then 'to be offered' else 'offered' end)",
    ),
    Rule(
        "award_has_its_checklist",
        "after insert",
        "award",
        "insert into diligence_check (award_id, item_id, position, title, asks, evidence, version)"
        " select new.id, diligence_item.id, diligence_item.position, diligence_item.title,"
        " diligence_item.asks, '', 1 from diligence_item where diligence_item.is_used"
        f" and diligence_item.funder_id = {_FUNDER};",
        refuses=False,
    ),
    Rule(
        "offer_after_due_diligence",
        "before insert",
        "offer",
        "the due diligence of this award is not done",
        when="exists (select 1 from diligence_check"
        " where diligence_check.award_id = new.award_id and diligence_check.outcome is null)",
    ),
    Rule(
        "offer_of_waiting_award",
        "before insert",
        "offer",
        "only an award that waits for its offer, or for an answer, is offered",
        when="new.state <> 'open' or not exists (select 1 from award"
        " where award.id = new.award_id and award.state in ('to be offered', 'offered'))",
    ),
    Rule(
        "award_offered_by_letter",
        "before update of state",
        "award",
        "this award is offered by letter, after its due diligence",
        when="old.state = 'to be offered' and new.state = 'offered' and (exists (select 1"
        " from diligence_check where diligence_check.award_id = new.id"
        " and diligence_check.outcome is null) or not exists (select 1 from offer"
        " where offer.award_id = new.id and offer.state = 'open'))",
    ),
    Rule(
        "award_accepted_with_signatures",
        "before update of state",
        "award",
        "an offer made by letter is accepted with the signatures of both sides",
        when="new.state = 'accepted' and old.state = 'offered'"
        " and exists (select 1 from offer where offer.award_id = new.id)"
        " and not exists (select 1 from offer where offer.award_id = new.id"
        " and offer.state in ('open', 'accepted')"
        " and (select count(*) from signature where signature.offer_id = offer.id) = 2)",
    ),
    Rule(
        "diligence_check_is_fixed",
        "before update of award_id, item_id, position, title, asks",
        "diligence_check",
        "what was to be checked stays as it was asked",
    ),
    Rule(
        "diligence_check_before_offer",
        "before update",
        "diligence_check",
        "the offer is made: its due diligence stays as it was",
        when="not exists (select 1 from award where award.id = new.award_id"
        " and award.state = 'to be offered')",
    ),
    _kept("diligence_check", "checks of an award"),
    _kept("diligence_item", "items of a checklist"),
    Rule(
        "offer_is_fixed",
        "before update of award_id, language, letter, letter_template, agreement,"
        " agreement_template, agreement_html, agreement_sha256, sent_by_id, sent_at, expires_at",
        "offer",
        "an offer that was made is not changed",
    ),
    Rule(
        "offer_pdf_once",
        "before update of pdf_sha256, signed_pdf_sha256",
        "offer",
        "the PDF of an agreement is made once",
        when="(old.pdf_sha256 is not null and new.pdf_sha256 <> old.pdf_sha256)"
        " or (old.signed_pdf_sha256 is not null"
        " and new.signed_pdf_sha256 <> old.signed_pdf_sha256)",
    ),
    Rule(
        "offer_ends_once",
        "before update of state",
        "offer",
        "this offer has ended",
        when="old.state <> 'open' and new.state <> old.state",
    ),
    Rule(
        "offer_lapses_after_deadline",
        "before update of state",
        "offer",
        "an offer lapses only after its deadline",
        when="new.state = 'lapsed' and old.state = 'open' and {now} <= old.expires_at",
    ),
    Rule(
        "offer_accepted_with_signatures",
        "before update of state",
        "offer",
        "an offer is accepted with the signatures of both sides",
        when="new.state = 'accepted' and (select count(*) from signature"
        " where signature.offer_id = new.id) <> 2",
    ),
    _kept("offer", "offers"),
    Rule(
        "signature_of_this_document",
        "before insert",
        "signature",
        "a signature is of the agreement as it was offered, while the offer is open",
        when="not exists (select 1 from offer where offer.id = new.offer_id"
        " and offer.state = 'open' and offer.agreement_sha256 = new.document_sha256)",
    ),
    Rule(
        "signature_in_time",
        "before insert",
        "signature",
        "the offer's deadline has passed",
        when="exists (select 1 from offer where offer.id = new.offer_id"
        " and offer.expires_at < {now})",
    ),
    Rule(
        "signature_by_its_side",
        "before insert",
        "signature",
        "the lead signs for the applicants, a program officer for the funder",
        when="(new.side = 'applicant' and not exists (select 1 from offer"
        " join award on award.id = offer.award_id join proposal on proposal.id = award.proposal_id"
        " where offer.id = new.offer_id and proposal.lead_id = new.person_id))"
        " or (new.side = 'funder' and not exists (select 1 from offer"
        " join award on award.id = offer.award_id"
        " join commitment on commitment.id = award.commitment_id"
        " join binding on binding.organisation_id = commitment.funder_id"
        " where offer.id = new.offer_id and binding.person_id = new.person_id"
        " and binding.role = 'program_officer'))",
    ),
    Rule(
        "decline_letter_sent_once",
        "before update",
        "decline_letter",
        "a letter that was sent is not changed",
        when="old.sent_at is not null",
    ),
)
