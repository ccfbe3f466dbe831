"""Names in past grants: which may be one, two side by side, one with all its spellings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import (
    Blueprint,
    Response,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue

from funding.errors import NotFound
from funding.exports.csv_files import csv_parts
from funding.language import capital, gettext
from funding.listing import Listing
from funding.models import MergeState, NameMerge
from funding.permissions import fetch, visible_merges
from funding.reports import entities as entity_report
from funding.reports import names as report
from funding.routes.context import Undo, actor, in_transaction, reading, say
from funding.routes.security import permission
from funding.routes.submitting import submit, typed_form
from funding.services.names import deciding, searching
from funding.services.run_words import told

bp = Blueprint("names", __name__)

VERDICTS = [
    ("same", "One and the same", "Their grants count as one body's."),
    ("part", "The first is a part of the second", "A department, a branch or a project of it."),
    ("whole", "The second is a part of the first", "The other way round."),
    ("apart", "Two different ones", "They are never merged by themselves."),
]
BY_HAND = [
    ("same", "It is one and the same", "Their grants count as one body's."),
    ("part", "It is a part of the other", "A department, a branch or a project of it."),
    ("whole", "The other is a part of it", "The other way round."),
    ("apart", "They are two", "They are never merged by themselves."),
]
DONE = {
    "same": "The two are one now.",
    "part": "The first is a part of the second now.",
    "whole": "The second is a part of the first now.",
    "apart": "The two stay two.",
}


def _listing() -> Listing:
    return Listing.parse(
        url_for("names.index"),
        request.args,
        sortable=report.SORTABLE,
        filters=report.FILTERS,
        default_sort="-chance",
    )


@bp.get("/history/names")
@permission("names.read")
def index() -> ResponseReturnValue:
    session, by = reading(), actor()
    rows, listing = report.merge_rows(session, by, _listing())
    counts = report.counts_by_state(session, by)
    return render_template(
        "names/index.html",
        rows=rows,
        listing=listing,
        counts=counts,
        searches=report.searches(session, by),
        views=_views(listing, counts),
        kinds=[(key, capital(words)) for key, words in report.KIND_WORDS.items()],
        least=[(key, gettext("at least %(key)s%%", key=key)) for key in report.LEAST],
        csv_url=listing.page_url(1).replace("/names", "/names.csv", 1),
        **_words(),
    )


def _views(listing: Listing, counts: dict[str, int]) -> list[dict[str, Any]]:
    """The list by state, each keeping the other filters."""
    shown = report.view_of(listing)
    totals = {**counts, report.EVERY: sum(counts.values())}
    words = {**report.STATE_WORDS, report.EVERY: "all"}
    return [
        {
            "label": f"{capital(words[key])} ({totals.get(key, 0):,})",
            "url": replace(listing, args={**listing.args, "state": key}).page_url(1),
            "current": key == shown,
        }
        for key in (*report.VIEWS, report.EVERY)
    ]


def _words() -> dict[str, Any]:
    return {
        "state_of": report.state_of,
        "state_words": report.STATE_WORDS,
        "kind_words": report.KIND_WORDS,
        "relation_words": report.RELATION_WORDS,
        "told": told,
    }


@bp.get("/history/names.csv")
@permission("names.read")
def csv_file() -> ResponseReturnValue:
    rows = report.csv_rows(reading(), actor(), _listing())
    return Response(
        stream_with_context(csv_parts(report.CSV_HEADS, rows)),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="names.csv"'},
    )


# -- comparing ------------------------------------------------------------------------------------


@bp.post("/history/names/<int:holder_id>/compare")
@permission("names.decide")
def compare(holder_id: int) -> ResponseReturnValue:
    in_transaction(searching.start_search, organisation_id=holder_id)
    return redirect(url_for("names.index"))


@bp.post("/history/names/<int:holder_id>/compare/cancel")
@permission("names.decide")
def cancel(holder_id: int) -> ResponseReturnValue:
    in_transaction(searching.cancel_search, organisation_id=holder_id)
    say("The comparing was left; nothing of it is kept.")
    return redirect(url_for("names.index"))


@bp.get("/history/names/<int:holder_id>/comparing")
@permission("names.decide")
def comparing(holder_id: int) -> ResponseReturnValue:
    """Asked again and again while names are compared; then the list is drawn anew."""
    found = [s for s in report.searches(reading(), actor()) if s.organisation.id == holder_id]
    if not found:
        raise NotFound("search")
    if found[0].is_under_way:
        return render_template("names/_progress.html", each=found[0])
    answer = Response("", 200)
    answer.headers["HX-Redirect"] = url_for("names.index")
    return answer


# -- two names ------------------------------------------------------------------------------------


def _merge(merge_id: int) -> NameMerge:
    return fetch(reading(), visible_merges(actor()), merge_id, "merge")


@bp.get("/history/names/merges/<int:merge_id>")
@permission("names.read")
def merge(merge_id: int) -> ResponseReturnValue:
    return _pair(merge_id, {"values": {}, "errors": {}})


def _pair(merge_id: int, form: dict[str, Any]) -> str:
    session, found = reading(), _merge(merge_id)
    names = (found.first, found.second)
    grants = report.grants_of(session, names)
    if "verdict" not in form["values"]:
        form["values"]["verdict"] = found.suggested_as
    return render_template(
        "names/merge.html",
        merge=found,
        sides=[(name, grants[name.id]) for name in names],
        form=form,
        verdicts=VERDICTS,
        history=report.history_of(session, [found.id]),
        may_decide=actor().may("names.decide", found.organisation_id),
        is_open=found.state == MergeState.SUGGESTED,
        **_words(),
    )


@bp.post("/history/names/merges/<int:merge_id>")
@permission("names.decide")
def decide(merge_id: int) -> ResponseReturnValue:
    _merge(merge_id)
    typed = typed_form()
    version = typed.whole("version", 0, 10**9, "The form is incomplete.") or 0
    verdict = typed.text("verdict")

    def done(decided: NameMerge) -> ResponseReturnValue:
        address = url_for("names.undo", merge_id=merge_id)
        say(DONE[verdict], Undo(address, {"version": decided.version}))
        return redirect(url_for("names.merge", merge_id=merge_id))

    return submit(
        lambda: in_transaction(
            deciding.decide_merge, merge_id=merge_id, version=version, verdict=verdict
        ),
        done,
        lambda errors, _is_stale: _pair(merge_id, {"values": typed.values, "errors": errors}),
    )


@bp.post("/history/names/merges/<int:merge_id>/undo")
@permission("names.decide")
def undo(merge_id: int) -> ResponseReturnValue:
    _merge(merge_id)
    typed = typed_form()
    version = typed.whole("version", 0, 10**9, "The form is incomplete.") or 0

    def done(_: NameMerge) -> ResponseReturnValue:
        say("Undone: the names are as if this had never been decided.")
        return redirect(url_for("names.merge", merge_id=merge_id))

    return submit(
        lambda: in_transaction(deciding.undo_merge, merge_id=merge_id, version=version),
        done,
        lambda errors, _is_stale: _pair(merge_id, {"values": {}, "errors": errors}),
    )


# -- one recipient or funder ----------------------------------------------------------------------


@bp.get("/history/names/<int:name_id>")
@permission("names.read")
def show(name_id: int) -> ResponseReturnValue:
    return _entity(name_id, {"values": {}, "errors": {}})


def _entity(name_id: int, form: dict[str, Any]) -> str:
    session, by = reading(), actor()
    entity = entity_report.entity_of(session, by, name_id)
    return render_template(
        "names/show.html",
        entity=entity,
        year_figure=entity_report.by_year(session, entity.names),
        form=form,
        asked_id=name_id,
        by_hand=BY_HAND,
        may_decide=by.may("names.decide", entity.name.organisation_id),
        may_read_grants=by.may("import.read"),
        **_words(),
    )


@bp.post("/history/names/<int:name_id>/merges")
@permission("names.decide")
def merge_by_hand(name_id: int) -> ResponseReturnValue:
    typed = typed_form()
    verdict = typed.text("verdict")

    def done(made: NameMerge) -> ResponseReturnValue:
        say("Your decision is saved.")
        return redirect(url_for("names.merge", merge_id=made.id))

    return submit(
        lambda: in_transaction(
            deciding.merge_by_hand,
            name_id=name_id,
            spelling=typed.text("spelling"),
            verdict=verdict,
        ),
        done,
        lambda errors, _is_stale: _entity(name_id, {"values": typed.values, "errors": errors}),
    )


@bp.post("/history/names/<int:name_id>/take-out")
@permission("names.decide")
def take_out(name_id: int) -> ResponseReturnValue:
    def done(_: Any) -> ResponseReturnValue:
        say("The spelling stands for itself again.")
        return redirect(url_for("names.show", name_id=name_id))

    return submit(
        lambda: in_transaction(deciding.take_out, name_id=name_id),
        done,
        lambda errors, _is_stale: _entity(name_id, {"values": {}, "errors": errors}),
    )
