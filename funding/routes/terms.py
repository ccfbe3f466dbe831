"""A funder's terms: how it offers, what it wants checked before, and the texts of its letters."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.db import now
from funding.errors import Fault, InvalidInput, NotFound
from funding.listing import whole_number
from funding.models import LANGUAGES, DiligenceItem, LetterKind, Organisation, OrganisationKind
from funding.permissions import fetch
from funding.routes.context import actor, in_transaction, reading, say
from funding.routes.security import permission
from funding.services import funder_terms
from funding.services.letters import templates
from funding.services.letters.documents import blocks_of
from funding.services.letters.placeholders import PLACEHOLDERS, faults_of, fill
from funding.services.letters.values import amount_in, day_in, days_in, moment_in

bp = Blueprint("terms", __name__)

KINDS = {LetterKind.OFFER: "Letter of offer", LetterKind.AGREEMENT: "Agreement"}


def _funder(funder_id: int) -> Organisation:
    if not actor().may("terms.read", funder_id):
        raise NotFound("funder")
    return reading().get_one(Organisation, funder_id)


@bp.get("/terms")
@permission("terms.read")
def mine() -> ResponseReturnValue:
    """The terms of the person's own funder; a list where they have several."""
    funders = reading().scalars(
        sa.select(Organisation)
        .where(
            Organisation.id.in_(list(actor().where("terms.read"))),
            Organisation.kind == OrganisationKind.FUNDER,
        )
        .order_by(Organisation.name)
    )
    found = list(funders)
    if len(found) == 1:
        return redirect(url_for("terms.show", funder_id=found[0].id))
    return render_template("terms/mine.html", funders=found)


@bp.get("/funders/<int:funder_id>/terms")
@permission("terms.read")
def show(funder_id: int) -> ResponseReturnValue:
    return _page(funder_id)


def _page(
    funder_id: int,
    faults: tuple[Fault, ...] = (),
    status: int = 200,
    *,
    refused: str = "",
) -> ResponseReturnValue:
    """`refused`: the form that was: "terms", "add", or an item's number."""
    funder, session = _funder(funder_id), reading()
    form = {"values": request.form, "errors": {f.field: f.rule for f in faults}}
    empty: dict[str, dict[str, str]] = {"values": {}, "errors": {}}
    page = render_template(
        "terms/show.html",
        funder=funder,
        terms=funder_terms.terms_of(session, funder_id),
        items=funder_terms.items_of(session, funder_id),
        kinds=KINDS,
        letter_languages=LANGUAGES,
        texts={
            (kind, language): templates.text_of(session, funder_id, kind, language)
            for kind in KINDS
            for language in LANGUAGES
        },
        may_edit=actor().may("terms.edit", funder_id),
        refused=refused,
        form=form,
        empty=empty,
    )
    return page, status


@bp.post("/funders/<int:funder_id>/terms")
@permission("terms.edit")
def set_terms(funder_id: int) -> ResponseReturnValue:
    _funder(funder_id)
    try:
        in_transaction(
            funder_terms.set_terms,
            funder_id=funder_id,
            version=request.form.get("version", default=0, type=int),
            by_letter=bool(request.form.get("by_letter")),
            offer_days=whole_number(request.form.get("offer_days")),
            language=request.form.get("language", ""),
        )
    except InvalidInput as refusal:
        return _page(funder_id, refusal.faults, 422, refused="terms")
    say("The terms are set. They hold for lines that are approved from now on.")
    return redirect(url_for("terms.show", funder_id=funder_id))


@bp.post("/funders/<int:funder_id>/checklist")
@permission("terms.edit")
def add_item(funder_id: int) -> ResponseReturnValue:
    _funder(funder_id)
    try:
        in_transaction(
            funder_terms.add_item,
            funder_id=funder_id,
            title=request.form.get("title", ""),
            asks=request.form.get("asks", ""),
        )
    except InvalidInput as refusal:
        return _page(funder_id, refusal.faults, 422, refused="add")
    say("The item is on the checklist of awards made from now on.")
    return redirect(url_for("terms.show", funder_id=funder_id) + "#checklist")


@bp.post("/checklist-items/<int:item_id>")
@permission("terms.edit")
def edit_item(item_id: int) -> ResponseReturnValue:
    item = fetch(reading(), sa.select(DiligenceItem), item_id, "item")
    funder_id = _funder(item.funder_id).id
    try:
        in_transaction(
            funder_terms.edit_item,
            item_id=item_id,
            version=request.form.get("version", default=0, type=int),
            title=request.form.get("title", ""),
            asks=request.form.get("asks", ""),
            position=whole_number(request.form.get("position")),
            is_used=bool(request.form.get("is_used")),
        )
    except InvalidInput as refusal:
        return _page(funder_id, refusal.faults, 422, refused=str(item_id))
    say("The item is changed. Awards made before keep it as it was.")
    return redirect(url_for("terms.show", funder_id=funder_id) + "#checklist")


@bp.get("/funders/<int:funder_id>/letters/<letter>/<language>")
@permission("terms.read")
def text(funder_id: int, letter: str, language: str) -> ResponseReturnValue:
    return _text_page(funder_id, letter, language)


def _text_page(
    funder_id: int,
    letter: str,
    language: str,
    faults: tuple[Fault, ...] = (),
    status: int = 200,
    *,
    typed: str | None = None,
) -> ResponseReturnValue:
    funder, session = _funder(funder_id), reading()
    templates.shipped(letter, language)  # another kind or language is not there
    there = templates.text_of(session, funder_id, letter, language)
    body = there.body if typed is None else typed
    page = render_template(
        "terms/text.html",
        funder=funder,
        letter=letter,
        letter_label=KINDS[LetterKind(letter)],
        letter_language=language,
        language_label=LANGUAGES[language],
        text=there,
        body=body,
        preview=None
        if faults_of(letter, body)
        else blocks_of(fill(body, _sample(funder, language))),
        placeholders=PLACEHOLDERS,
        versions=templates.versions_of(session, funder_id, letter, language),
        may_edit=actor().may("terms.edit", funder_id),
        form={
            "values": request.form,
            "errors": {"body": "; ".join(f.rule for f in faults)} if faults else {},
        },
    )
    return page, status


def _sample(funder: Organisation, language: str) -> dict[str, str]:
    """Made-up values, so that a preview reads like a letter."""
    today = now()
    return {
        "funder": funder.name,
        "commitment": "Example commitment",
        "applicant": "Example Institute",
        "lead": "Ada Example",
        "proposal": "An example of a proposal",
        "number": "P001",
        "round": "Example round",
        "amount": amount_in(language, 250_000_00, "EUR"),
        "starts": day_in(language, today.date()),
        "ends": day_in(language, (today + timedelta(days=730)).date()),
        "reports": days_in(language, [(today + timedelta(days=n)).date() for n in (365, 790)]),
        "deadline": moment_in(language, today + timedelta(days=21), "UTC"),
        "date": day_in(language, today.date()),
        "officer": actor().name,
    }


@bp.post("/funders/<int:funder_id>/letters/<letter>/<language>")
@permission("terms.edit")
def save_text(funder_id: int, letter: str, language: str) -> ResponseReturnValue:
    """Save the next version; with `act=preview`, show what was typed and save nothing."""
    _funder(funder_id)
    templates.shipped(letter, language)
    body = request.form.get("body", "")
    if request.form.get("act") == "preview":
        faults = tuple(faults_of(letter, body))
        return _text_page(funder_id, letter, language, faults, 422 if faults else 200, typed=body)
    try:
        in_transaction(
            templates.save_text,
            funder_id=funder_id,
            kind=letter,
            language=language,
            number=request.form.get("number", default=0, type=int),
            body=body,
        )
    except InvalidInput as refusal:
        return _text_page(funder_id, letter, language, refusal.faults, 422, typed=body)
    say("The text is saved as a new version. Offers made before keep theirs.")
    return redirect(url_for("terms.text", funder_id=funder_id, letter=letter, language=language))
