"""Overlaps of a round: candidates by text, a pair side by side, the officer's verdict."""

from __future__ import annotations

from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.exports.csv_files import csv_text
from funding.forms import share_text
from funding.language import capital
from funding.models import Overlap, Round
from funding.overlap.methods import NOTICEABLE
from funding.permissions import fetch, visible_overlaps
from funding.reports import overlaps as report
from funding.routes.context import actor, config, in_transaction, reading, say
from funding.routes.overlaps.asked import listing_asked, round_asked
from funding.routes.overlaps.blueprints import bp
from funding.routes.overlaps.verdicts import CHOICES, answer_verdict, typed_verdict, verdict_values
from funding.routes.results import download
from funding.routes.round_tabs import may_in
from funding.routes.security import permission
from funding.routes.submitting import submit, typed_form
from funding.services.overlaps import counting, deciding, introducing, searching
from funding.services.overlaps.reading import side_by_side
from funding.services.overlaps.upkeep import standing


def _overlap(overlap_id: int) -> Overlap:
    return fetch(reading(), visible_overlaps(actor()), overlap_id, "overlap")


@bp.get("/rounds/<int:round_id>/overlaps")
@permission("overlap.read")
def index(round_id: int) -> ResponseReturnValue:
    return _list(round_asked(round_id), {"values": {}, "errors": {}})


def _list(round_: Round, form: dict[str, Any]) -> str:
    session, by = reading(), actor()
    listing, rows = report.list_pairs(
        session, by, round_.id, listing_asked(report.SORTABLE, report.FILTERS)
    )
    shown = {"round": round_, "listing": listing, "rows": rows, "words": report.VERDICT_WORDS}
    if request.headers.get("HX-Request"):
        return render_template("overlaps/_rows.html", **shown)
    search = searching.last_search(session, round_.id)
    counts = report.counts_by_verdict(session, by, round_.id)
    return render_template(
        "overlaps/index.html",
        **shown,
        form=form,
        search=search,
        is_searching=search is not None and search.state in ("queued", "running"),
        index=standing(config()),
        least=searching.LEAST,
        nearest=searching.NEAREST,
        closest=searching.CLOSEST,
        alike=NOTICEABLE[config().overlap_method],
        choices=CHOICES,
        verdicts=[
            (verdict, f"{capital(words)} ({counts.get(verdict, 0)})")
            for verdict, words in report.VERDICT_WORDS.items()
        ],
        may_decide=may_in(by, round_, "overlap.decide"),
        may_set=round_.owner_id in by.where("round.manage"),
        counting={
            "values": {
                "counts": round_.overlaps_count,
                "probable_from": share_text(round_.probable_from),
                **form["values"],
            },
            "errors": form["errors"],
        },
    )


@bp.get("/rounds/<int:round_id>/overlaps.csv")
@permission("overlap.read")
def index_csv(round_id: int) -> ResponseReturnValue:
    """All pairs under the filters of the list."""
    round_ = round_asked(round_id)
    _, rows = report.list_pairs(
        reading(), actor(), round_id, listing_asked(report.SORTABLE, report.FILTERS), is_whole=True
    )
    text = csv_text(report.CSV_HEAD, report.csv_rows(rows))
    return download(text, f"{round_.key}-overlaps.csv", "text/csv")


@bp.post("/rounds/<int:round_id>/overlaps/counting")
@permission("round.manage")
def set_counting(round_id: int) -> ResponseReturnValue:
    """Which overlaps count in a plan."""
    round_asked(round_id)
    typed = typed_form()
    values = {
        "version": typed.whole("version", 0, 10**9, "The form is incomplete.") or 0,
        "counts": typed.text("counts"),
        "probable_from": typed.share("probable_from"),
        "faults": tuple(typed.faults),
    }

    def done(_round: Round) -> ResponseReturnValue:
        say("Plans solved from now on heed these overlaps.")
        return redirect(url_for("overlaps.index", round_id=round_id), 303)

    return submit(
        lambda: in_transaction(counting.set_counting, round_id=round_id, **values),
        done,
        lambda errors, _is_stale: _list(
            round_asked(round_id), {"values": typed.values, "errors": errors}
        ),
    )


@bp.post("/rounds/<int:round_id>/overlaps/search")
@permission("overlap.decide")
def search(round_id: int) -> ResponseReturnValue:
    in_transaction(searching.start_search, round_id=round_id)
    return redirect(url_for("overlaps.index", round_id=round_id))


@bp.get("/rounds/<int:round_id>/overlaps/searching")
@permission("overlap.read")
def search_progress(round_id: int) -> ResponseReturnValue:
    """Asked again and again while texts are compared; then the list is drawn anew."""
    round_asked(round_id)
    search = searching.last_search(reading(), round_id)
    if search is not None and search.state in ("queued", "running"):
        return "", 204
    answer = make_response("", 200)
    answer.headers["HX-Redirect"] = url_for("overlaps.index", round_id=round_id)
    return answer


@bp.post("/rounds/<int:round_id>/overlaps")
@permission("overlap.decide")
def mark(round_id: int) -> ResponseReturnValue:
    """A pair by hand."""
    typed = typed_form()
    verdict = typed_verdict(typed)

    def done(marked: Overlap) -> ResponseReturnValue:
        say("The pair is marked.")
        return redirect(url_for("overlaps.show", overlap_id=marked.id))

    return submit(
        lambda: in_transaction(
            deciding.mark_overlap,
            round_id=round_id,
            first_key=typed.text("first"),
            second_key=typed.text("second"),
            **verdict,
        ),
        done,
        lambda errors, _is_stale: _list(
            round_asked(round_id), {"values": typed.values, "errors": errors}
        ),
    )


@bp.get("/overlaps/<int:overlap_id>")
@permission("overlap.read")
def show(overlap_id: int) -> ResponseReturnValue:
    overlap = _overlap(overlap_id)
    return _pair(overlap, {"values": verdict_values(overlap), "errors": {}}, overlap.version, None)


def _pair(overlap: Overlap, form: dict[str, Any], version: int, changes: list[Any] | None) -> str:
    session = reading()
    sides = []
    passages = side_by_side(config(), overlap.first.abstract, overlap.second.abstract)
    for proposal, parts in zip((overlap.first, overlap.second), passages, strict=True):
        sides.append(
            {
                "title": proposal.title,
                "short": proposal.key,
                "url": url_for("proposals.show", proposal_id=proposal.id),
                "proposal": proposal,
                "meta": report.institution_name(session, proposal),
                "passages": parts,
            }
        )
    return render_template(
        "overlaps/show.html",
        overlap=overlap,
        round=session.get_one(Round, overlap.round_id),
        sides=sides,
        facts=report.facts_of(session, overlap.first, overlap.second),
        shared=sum(1 for part in passages[0] if part.match),
        spoken=report.spoken(overlap),
        introduction=introducing.introduction_of(session, overlap.id),
        form=form,
        version=version,
        changes=changes,
        choices=CHOICES,
        words=report.VERDICT_WORDS,
        decided_by=report.decided_by(session, overlap),
        may_decide=may_in(actor(), session.get_one(Round, overlap.round_id), "overlap.decide"),
    )


@bp.post("/overlaps/<int:overlap_id>/introduction")
@permission("overlap.decide")
def introduce(overlap_id: int) -> ResponseReturnValue:
    """Ask both teams whether they would meet."""
    overlap = _overlap(overlap_id)

    def done(_introduction: object) -> ResponseReturnValue:
        say("Both teams are asked by mail.")
        return redirect(url_for("overlaps.show", overlap_id=overlap_id), 303)

    return submit(
        lambda: in_transaction(
            introducing.offer_introduction,
            overlap_id=overlap_id,
            words=request.form.get("words", ""),
            public_url=config().public_url,
        ),
        done,
        lambda errors, _is_stale: _pair(
            overlap, {"values": verdict_values(overlap), "errors": errors}, overlap.version, None
        ),
    )


@bp.post("/overlaps/<int:overlap_id>")
@permission("overlap.decide")
def decide(overlap_id: int) -> ResponseReturnValue:
    return answer_verdict(
        overlap_id,
        _overlap,
        deciding.decide_overlap,
        _pair,
        lambda round_id: url_for("overlaps.index", round_id=round_id),
    )
