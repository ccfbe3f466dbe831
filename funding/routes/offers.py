"""Offers by letter: due diligence before, the letter and its agreement, and their documents."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Blueprint, Response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from funding.db import now
from funding.errors import Fault, InvalidInput, NotFound, NotPermitted
from funding.models import LANGUAGES, Award, DiligenceCheck, Offer
from funding.permissions import fetch, visible_awards, visible_offers
from funding.routes.award_page import to_award
from funding.routes.context import actor, config, in_transaction, reading, say
from funding.routes.files import sent_files
from funding.routes.security import permission
from funding.services import diligence, funder_terms, offering
from funding.services.letters import documents
from funding.services.letters.templates import name_in_words
from funding.services.open_offers import open_offer

bp = Blueprint("offers", __name__)


def _award(award_id: int) -> Award:
    award: Award = fetch(reading(), visible_awards(actor()), award_id, "award")
    if not actor().may("line.decide", award.commitment.funder_id):
        if award.commitment.funder_id in actor().organisations:
            raise NotPermitted("Your role does not include this.")
        raise NotFound("award")
    return award


def _deadline(award: Award) -> tuple[datetime | None, tuple[Fault, ...]]:
    """The end of the day that was typed, in the round's time."""
    zone = ZoneInfo(award.proposal.round.timezone)
    try:
        day = datetime.fromisoformat(request.values.get("expires_at", "")).date()
    except ValueError:
        return None, (Fault("expires_at", "a date as YYYY-MM-DD, please"),)
    return datetime.combine(day, time(23, 59), zone), ()


@bp.get("/awards/<int:award_id>/offer")
@permission("line.decide")
def prepare(award_id: int) -> ResponseReturnValue:
    """The offer as it would go out; `language` and `expires_at` change it."""
    return _prepare_page(award_id)


def _prepare_page(
    award_id: int, faults: tuple[Fault, ...] = (), status: int = 200
) -> ResponseReturnValue:
    award, session = _award(award_id), reading()
    terms = funder_terms.terms_of(session, award.commitment.funder_id)
    language = request.values.get("language", "")
    if language not in LANGUAGES:
        language = terms.language
    expires_at, _ = _deadline(award)
    if expires_at is None:
        zone = ZoneInfo(award.proposal.round.timezone)
        last = (now().astimezone(zone) + timedelta(days=terms.offer_days)).date()
        expires_at = datetime.combine(last, time(23, 59), zone)
    name = request.values.get("name", "").strip() or actor().name
    draft = offering.draft(session, award, officer=name, language=language, expires_at=expires_at)
    page = render_template(
        "offers/prepare.html",
        name_in_words=name_in_words,
        award=award,
        draft=draft,
        letter=documents.blocks_of(draft.letter),
        agreement=documents.blocks_of(draft.agreement),
        letter_languages=list(LANGUAGES.items()),
        expires_on=request.values.get("expires_at", "") or expires_at.date().isoformat(),
        name=name,
        waiting=open_offer(session, award),
        left=[c for c in diligence.checks_of(session, award) if c.outcome is None],
        form={"values": request.form, "errors": {f.field: f.rule for f in faults}},
    )
    return page, status


@bp.post("/awards/<int:award_id>/offer")
@permission("line.decide")
def send(award_id: int) -> ResponseReturnValue:
    expires_at, faults = _deadline(_award(award_id))
    try:
        in_transaction(
            offering.send_offer,
            award_id=award_id,
            version=request.form.get("version", default=0, type=int),
            language=request.form.get("language", ""),
            expires_at=expires_at,
            name=request.form.get("name", ""),
            faults=faults,
        )
    except InvalidInput as refusal:
        return _prepare_page(award_id, refusal.faults, 422)
    say("The offer is made; the letter goes out by mail.")
    return redirect(url_for("awards.show", award_id=award_id))


@bp.post("/awards/<int:award_id>/offer/withdraw")
@permission("line.decide")
def withdraw(award_id: int) -> ResponseReturnValue:
    _award(award_id)

    def act() -> None:
        in_transaction(
            offering.withdraw_offer,
            award_id=award_id,
            version=request.form.get("version", default=0, type=int),
            reason=request.form.get("withdraw_reason", ""),
        )

    return to_award(award_id, act, "The offer is taken back. Send another one, or end the award.")


def _award_of(check_id: int) -> int:
    check = fetch(reading(), sa.select(DiligenceCheck), check_id, "check")
    award: Award = fetch(reading(), visible_awards(actor()), check.award_id, "check")
    if not actor().may("diligence.do", award.commitment.funder_id):
        raise NotFound("check")
    return award.id


@bp.post("/checks/<int:check_id>")
@permission("diligence.do")
def finish_check(check_id: int) -> ResponseReturnValue:
    def act() -> None:
        in_transaction(
            diligence.finish_check,
            check_id=check_id,
            version=request.form.get("version", default=0, type=int),
            outcome=request.form.get("outcome", ""),
            evidence=request.form.get("evidence", ""),
            files=sent_files(),
        )

    return to_award(_award_of(check_id), act, "The item is noted.")


@bp.post("/checks/<int:check_id>/reopen")
@permission("diligence.do")
def reopen_check(check_id: int) -> ResponseReturnValue:
    def act() -> None:
        in_transaction(
            diligence.reopen_check,
            check_id=check_id,
            version=request.form.get("version", default=0, type=int),
        )

    return to_award(_award_of(check_id), act, "The item is open again.")


def _offer(offer_id: int) -> Offer:
    return fetch(reading(), visible_offers(actor()), offer_id, "offer")


@bp.get("/offers/<int:offer_id>")
@permission("award.read")
def show(offer_id: int) -> ResponseReturnValue:
    """The letter and the agreement as they were sent, with who signed."""
    offer = _offer(offer_id)
    award = offer.award
    return render_template(
        "offers/show.html",
        name_in_words=name_in_words,
        offer=offer,
        award=award,
        letter=documents.blocks_of(offer.letter),
        agreement=documents.blocks_of(offer.agreement),
        may_sign=award.proposal.lead_id == actor().person_id
        and award.state == "offered"
        and offer.state == "open"
        and offer.expires_at > now(),
    )


def _name_of(offer: Offer, ending: str) -> str:
    return f"agreement-{offer.award.proposal.key}-{offer.id}.{ending}"


@bp.get("/offers/<int:offer_id>/agreement.html")
@permission("award.read")
def html(offer_id: int) -> ResponseReturnValue:
    """The document that both sides sign, to be kept: its SHA-256 is the one signed."""
    offer = _offer(offer_id)
    answer = Response(offer.agreement_html.encode(), mimetype="text/html")
    answer.headers["Content-Disposition"] = f'attachment; filename="{_name_of(offer, "html")}"'
    return answer


@bp.get("/offers/<int:offer_id>/agreement.pdf")
@permission("award.read")
def pdf(offer_id: int) -> ResponseReturnValue:
    """The agreement as PDF, with the signatures once both are there; 404 until it is made."""
    offer = _offer(offer_id)
    name = offer.signed_pdf_sha256 or offer.pdf_sha256
    path = documents.folder_of(config().data) / (name or "none")
    if not path.is_file():
        raise NotFound("PDF")
    return send_file(
        path,
        mimetype="application/pdf",
        as_attachment=True,
        download_name=_name_of(offer, "pdf"),
    )
