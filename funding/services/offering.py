"""Offers by letter: sent with an agreement and a deadline, lapsing by themselves.

The officer who sends an offer signs for the funder, the lead who accepts it for the applicants;
both sign the SHA-256 of the agreement's HTML. The letter goes out through the outbox, the PDF is
made by a worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from funding.config import Config
from funding.db import Database, now
from funding.errors import Fault, InvalidInput, RuleBroken
from funding.exports.pdf import NoPdf
from funding.language import gettext as _
from funding.models import (
    LANGUAGES,
    Award,
    AwardState,
    LetterKind,
    Offer,
    OfferState,
    Person,
)
from funding.permissions import Actor, require
from funding.services.awards import PDF, end_award
from funding.services.clock import database_now
from funding.services.diligence import checks_of
from funding.services.jobs import enqueue
from funding.services.letters import documents
from funding.services.letters.placeholders import fill
from funding.services.letters.templates import text_of
from funding.services.letters.values import moment_in, values_of
from funding.services.mail import Written, language_of, paragraphs, post_mail
from funding.services.open_offers import end_offer, open_offer, sign
from funding.services.payments.fetching import fetch_award, record_of_award
from funding.services.reporting.schedule import begin, days_of_reports

LAPSE = "lapse_offers"
LAPSE_EVERY = timedelta(minutes=5)

TITLES = {
    "en": "Grant agreement: {proposal}",
    "fr": "Convention de subvention : {proposal}",
    "es": "Convenio de subvención: {proposal}",
    "ar": "اتفاقية منحة: {proposal}",
}
SUBJECTS = {
    "en": "An offer for “{proposal}”",
    "fr": "Une offre pour « {proposal} »",
    "es": "Una oferta para «{proposal}»",
    "ar": "عرض لمقترح «{proposal}»",
}


@dataclass(frozen=True)
class Draft:
    """An offer as it would go out: its texts, what they were made from, and its deadline."""

    language: str
    letter: str
    letter_template: str
    agreement: str
    agreement_template: str
    html: str
    expires_at: datetime


def draft(
    session: Session, award: Award, *, officer: str, language: str, expires_at: datetime
) -> Draft:
    """The letter and the agreement filled in for this award."""
    funder_id = award.commitment.funder_id
    letter = text_of(session, funder_id, LetterKind.OFFER, language)
    agreement = text_of(session, funder_id, LetterKind.AGREEMENT, language)
    values = values_of(
        award,
        language,
        officer=officer,
        at=now(),
        expires_at=expires_at,
        reports=days_of_reports(session, award),
    )
    words = fill(agreement.body, values)
    title = TITLES[language].format(proposal=award.proposal.title)
    return Draft(
        language,
        fill(letter.body, values),
        letter.name,
        words,
        agreement.name,
        documents.html_of(title, words, language),
        expires_at,
    )


def send_offer(
    session: Session,
    *,
    by: Actor,
    award_id: int,
    version: int,
    language: str,
    expires_at: datetime | None,
    name: str,
    faults: tuple[Fault, ...] = (),
) -> Offer:
    """Offer an award by letter, signed for the funder with `name`; its due diligence is done.

    Raises NotFound, NotPermitted, Conflict, InvalidInput, and RuleBroken where an item is open,
    an offer waits for its answer, or the award is past being offered.
    """
    award = fetch_award(session, by, award_id, version)
    require(by, "line.decide", award.commitment.funder_id)
    if award.state not in (AwardState.TO_BE_OFFERED, AwardState.OFFERED):
        raise RuleBroken(_("This award is %(state)s already.", state=award.state))
    left = [check.title for check in checks_of(session, award) if check.outcome is None]
    if left:
        raise RuleBroken(_("The due diligence is not done: %(join)s.", join=", ".join(left)))
    if open_offer(session, award) is not None:
        raise RuleBroken("An offer waits for its answer; withdraw it before you send another.")
    found = list(faults)
    if language not in LANGUAGES:
        found.append(Fault("language", "choose one of them"))
    if expires_at is not None and expires_at < database_now(session) + timedelta(hours=1):
        found.append(Fault("expires_at", "the deadline has to lie ahead"))
    if not name.strip():
        found.append(Fault("name", "please write your name; it signs for the funder"))
    if found or expires_at is None:
        raise InvalidInput(*found)
    begin(session, by, award)  # the agreement names the days of the reports
    made = draft(session, award, officer=name.strip(), language=language, expires_at=expires_at)
    offer = Offer(
        award_id=award.id,
        language=language,
        letter=made.letter,
        letter_template=made.letter_template,
        agreement=made.agreement,
        agreement_template=made.agreement_template,
        agreement_html=made.html,
        agreement_sha256=documents.digest(made.html),
        sent_by_id=by.person_id,
        expires_at=expires_at,
    )
    session.add(offer)
    session.flush()
    sign(session, by, offer, "funder", name, offer.agreement_sha256)
    if award.state == AwardState.TO_BE_OFFERED:
        award.state = AwardState.OFFERED
    session.flush()
    post_mail(
        session,
        award.proposal.lead,
        lambda: (SUBJECTS[language].format(proposal=award.proposal.title), made.letter),
        language=language,
        key=f"offer {offer.id}",
        kind="offer",
        organisation_id=award.commitment.funder_id,
        proposal_id=award.proposal_id,
    )
    enqueue(session, PDF, offer_id=offer.id)
    record_of_award(
        session,
        by,
        "offer sent",
        award,
        award,
        offer=offer.id,
        agreement_sha256=offer.agreement_sha256,
        until=expires_at.isoformat(),
    )
    return offer


def withdraw_offer(
    session: Session, *, by: Actor, award_id: int, version: int, reason: str
) -> Offer:
    """Take an offer back that waits for its answer, to send another or to end the award.

    Raises NotFound, NotPermitted, Conflict, InvalidInput, RuleBroken where no offer waits.
    """
    award = fetch_award(session, by, award_id, version)
    require(by, "line.decide", award.commitment.funder_id)
    offer = open_offer(session, award)
    if offer is None:
        raise RuleBroken("No offer of this award waits for an answer.")
    if not reason.strip():
        raise InvalidInput(Fault("withdraw_reason", "please say why; the lead is told"))
    end_offer(session, offer, OfferState.WITHDRAWN)
    flag_modified(award, "state")  # a form that still shows the offer is stale now
    post_mail(
        session,
        award.proposal.lead,
        lambda: _taken_back(award, reason.strip()),
        language=language_of(award.proposal.lead, otherwise=offer.language),
        key=f"offer {offer.id} withdrawn",
        kind="offer",
        organisation_id=award.commitment.funder_id,
        proposal_id=award.proposal_id,
    )
    record_of_award(session, by, "offer withdrawn", award, award, offer=offer.id)
    return offer


def _taken_back(award: Award, reason: str) -> Written:
    return (
        _("The offer for “%(title)s” is taken back", title=award.proposal.title),
        paragraphs(
            _(
                "%(funder)s has taken back its offer: %(reason)s",
                funder=award.commitment.funder.name,
                reason=reason,
            ),
            _("If another one follows, you are told by mail."),
        ),
    )


def lapse_due(session: Session) -> int:
    """End every offer whose deadline has passed; the money is its commitment's again.

    Answers how many. Runs by itself; running it again changes nothing.
    """
    due = session.scalars(
        sa.select(Offer)
        .where(Offer.state == OfferState.OPEN, Offer.expires_at < database_now(session))
        .order_by(Offer.id)
        .with_for_update(skip_locked=True)
    ).all()
    for offer in due:
        award = session.scalars(
            sa.select(Award)
            .where(Award.id == offer.award_id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        ).one()
        end_offer(session, offer, OfferState.LAPSED)
        until = moment_in("en", offer.expires_at, award.proposal.round.timezone)
        end_award(session, None, award, "offer lapsed", f"Not accepted until {until}.")
        for person in (award.proposal.lead, offer.sent_by):
            _tell(session, offer, award, person)
    return len(due)


def _tell(session: Session, offer: Offer, award: Award, person: Person) -> None:
    post_mail(
        session,
        person,
        lambda: _lapsed(award, is_lead=person.id == award.proposal.lead_id),
        key=f"offer {offer.id} lapsed {person.id}",
        kind="offer",
        organisation_id=award.commitment.funder_id,
        proposal_id=award.proposal_id,
    )


def _lapsed(award: Award, *, is_lead: bool) -> Written:
    title, funder = award.proposal.title, award.commitment.funder.name
    text = (
        _(
            "The offer of %(funder)s for “%(title)s” was not accepted in time and has lapsed.",
            funder=funder,
            title=title,
        )
        if is_lead
        else _(
            "The offer of %(funder)s for “%(title)s” has lapsed; its money is free in the "
            "commitment again.",
            funder=funder,
            title=title,
        )
    )
    return _("The offer for “%(title)s” has lapsed", title=title), text


def lapse_offers(database: Database, config: Config) -> None:
    """The task that comes round by itself."""
    database.in_transaction(lapse_due)


def make_agreement(database: Database, config: Config, *, offer_id: int) -> None:
    """Make an offer's agreement as PDF, with the sheet of signatures once both have signed.

    Where this machine cannot, the offer says why; the HTML is there in any case.
    """
    with database.reading() as session:
        offer = session.get_one(Offer, offer_id)
        html, is_signed = offer.agreement_html, len(offer.signatures) == 2
        zone = offer.award.proposal.round.timezone
        signatures = [
            (s.side, s.name, moment_in(offer.language, s.signed_at, zone)) for s in offer.signatures
        ]
        language = offer.language
    if is_signed:
        html = documents.with_signatures(html, signatures, language)
    name, error = None, ""
    try:
        name = documents.store(config.data, documents.pdf_of(html))
    except NoPdf as reason:
        error = str(reason)
    database.in_transaction(
        _note_pdf, offer_id=offer_id, name=name, error=error, is_signed=is_signed
    )


def _note_pdf(
    session: Session, *, offer_id: int, name: str | None, error: str, is_signed: bool
) -> None:
    offer = session.get_one(Offer, offer_id)
    column = "signed_pdf_sha256" if is_signed else "pdf_sha256"
    if name and getattr(offer, column) is None:
        setattr(offer, column, name)
    offer.pdf_error = error
