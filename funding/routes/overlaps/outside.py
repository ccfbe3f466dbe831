"""Overlaps of a round with work outside of it: the list, one of them, its verdict, its showing."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.exports.csv_files import csv_text
from funding.language import capital
from funding.models import OutsideOverlap, Round
from funding.permissions import fetch, visible_outside
from funding.reports import outside_overlaps as report
from funding.reports.overlaps import VERDICT_WORDS, decided_by, spoken
from funding.routes.context import actor, config, in_transaction, reading, say
from funding.routes.overlaps.asked import listing_asked, round_asked
from funding.routes.overlaps.blueprints import bp
from funding.routes.overlaps.verdicts import CHOICES, answer_verdict, verdict_values
from funding.routes.results import download
from funding.routes.round_tabs import may_in
from funding.routes.security import permission
from funding.routes.submitting import submit, typed_form
from funding.services.overlaps import deciding, disclosing
from funding.services.overlaps.reading import side_by_side


def _overlap(overlap_id: int) -> OutsideOverlap:
    return fetch(reading(), visible_outside(actor()), overlap_id, "overlap")


@bp.get("/rounds/<int:round_id>/overlaps/outside")
@permission("overlap.read")
def outside(round_id: int) -> ResponseReturnValue:
    round_ = round_asked(round_id)
    listing, rows = report.list_outside(
        reading(), actor(), round_id, listing_asked(report.SORTABLE, report.FILTERS)
    )
    is_partial = bool(request.headers.get("HX-Request"))
    return render_template(
        "overlaps/_outside_rows.html" if is_partial else "overlaps/outside.html",
        round=round_,
        listing=listing,
        rows=rows,
        words=VERDICT_WORDS,
        verdicts=[(verdict, capital(words)) for verdict, words in VERDICT_WORDS.items()],
    )


@bp.get("/rounds/<int:round_id>/overlaps/outside.csv")
@permission("overlap.read")
def outside_csv(round_id: int) -> ResponseReturnValue:
    """All of them under the filters of the list, with what the reader may see."""
    round_ = round_asked(round_id)
    _, rows = report.list_outside(
        reading(), actor(), round_id, listing_asked(report.SORTABLE, report.FILTERS), is_whole=True
    )
    text = csv_text(report.CSV_HEAD, report.csv_rows(rows))
    return download(text, f"{round_.key}-overlaps-outside.csv", "text/csv")


@bp.get("/overlaps/outside/<int:outside_id>")
@permission("overlap.read")
def show_outside(outside_id: int) -> ResponseReturnValue:
    overlap = _overlap(outside_id)
    form = {"values": verdict_values(overlap), "errors": {}}
    return _page(overlap, form, overlap.version, None)


def _page(
    overlap: OutsideOverlap, form: dict[str, Any], version: int, changes: list[Any] | None
) -> str:
    session, by = reading(), actor()
    round_ = session.get_one(Round, overlap.round_id)
    inside, elsewhere = report.both_sides(session, by, overlap)
    sides, facts, shared = [], [], 0
    if inside and elsewhere:
        passages = side_by_side(config(), inside.text, elsewhere.text)
        shared = sum(1 for part in passages[0] if part.match)
        facts = report.facts_of(session, overlap, inside, elsewhere)
    else:
        passages = tuple(
            side_by_side(config(), side.text if side else "", "")[0] for side in (inside, elsewhere)
        )
    for side, parts in zip((inside, elsewhere), passages, strict=True):
        if side is not None:
            sides.append({"title": side.title, "meta": side.paid_by, "passages": parts})
    return render_template(
        "overlaps/show_outside.html",
        overlap=overlap,
        round=round_,
        takes_part=may_in(by, round_, "overlap.read"),
        inside=inside,
        outside=elsewhere,
        sides=sides,
        facts=facts,
        shared=shared,
        spoken=spoken(overlap) if inside and elsewhere else [],
        parties=disclosing.parties(session, by, overlap),
        given=disclosing.words_given(session, overlap),
        form=form,
        version=version,
        changes=changes,
        choices=CHOICES,
        words=VERDICT_WORDS,
        decided_by=decided_by(session, overlap),
        may_decide=bool(inside and elsewhere) and may_in(by, round_, "overlap.decide"),
    )


@bp.post("/overlaps/outside/<int:outside_id>")
@permission("overlap.decide")
def decide_outside(outside_id: int) -> ResponseReturnValue:
    return answer_verdict(
        outside_id,
        _overlap,
        deciding.decide_outside,
        _page,
        lambda round_id: url_for("overlaps.outside", round_id=round_id),
    )


@bp.post("/overlaps/outside/<int:outside_id>/show")
@permission("overlap.decide")
def agree_to_show(outside_id: int) -> ResponseReturnValue:
    """An organisation's word that the two sides may see each other."""
    overlap = _overlap(outside_id)
    organisation_id = typed_form().whole("organisation", 1, 2**31 - 1, "Choose one.") or 0

    def done(_overlap: OutsideOverlap) -> ResponseReturnValue:
        say("Your organisation's word is on record.")
        return redirect(url_for("overlaps.show_outside", outside_id=outside_id), 303)

    return submit(
        lambda: in_transaction(
            disclosing.agree_to_show,
            overlap_id=outside_id,
            organisation_id=organisation_id,
            public_url=config().public_url,
        ),
        done,
        lambda errors, _is_stale: _page(
            overlap, {"values": verdict_values(overlap), "errors": errors}, overlap.version, None
        ),
    )
