"""How far a round's reviews are, calibration, and the release to applicants."""

from __future__ import annotations

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import RuleBroken
from funding.exports.csv_files import csv_text
from funding.formatting import plural
from funding.language import gettext
from funding.listing import Listing, whole_number
from funding.models import Round
from funding.reports import review_progress, reviews
from funding.routes.context import actor, config, in_transaction, reading, say, warn
from funding.routes.reviewing.blueprints import bp, may_assign, parts_of, review_round
from funding.routes.security import permission
from funding.services.reviewing import after_review
from funding.services.reviewing.settings import form_of, settings_of


def _listing() -> Listing:
    return Listing.parse(
        request.path,
        request.args,
        sortable=review_progress.SORTABLE,
        filters=review_progress.FILTERS,
        default_sort="key",
    )


@bp.get("/rounds/<int:round_id>/reviews")
@permission("review.read")
def index(round_id: int) -> ResponseReturnValue:
    round_ = review_round(round_id)
    session, by = reading(), actor()
    settings = settings_of(session, round_.id)
    listing, rows = review_progress.list_progress(session, by, round_, _listing(), settings.least)
    shown = {
        "round": round_,
        "listing": listing,
        "rows": rows,
        "settings": settings,
        "may_assign": may_assign(round_),
    }
    if request.headers.get("HX-Request"):
        return render_template("reviewing/_progress.html", **shown)
    return render_template(
        "reviewing/index.html",
        **shown,
        parts=parts_of(round_),
        figures=review_progress.figures(session, by, round_, settings.least),
        standings=review_progress.STANDINGS,
        has_form=form_of(session, round_.id) is not None,
        waiting=reviews.unreleased(session, by, round_),
    )


@bp.get("/rounds/<int:round_id>/reviews.csv")
@permission("review.read")
def index_csv(round_id: int) -> ResponseReturnValue:
    """Every assignment under the filters of the list, one a line."""
    round_ = review_round(round_id)
    settings = settings_of(reading(), round_.id)
    _, rows = review_progress.list_progress(
        reading(), actor(), round_, _listing(), settings.least, whole=True
    )
    text = csv_text(review_progress.CSV_HEAD, review_progress.csv_rows(rows))
    answer = Response(text, mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{round_.key}-reviews.csv")
    return answer


@bp.get("/rounds/<int:round_id>/reviews/calibration")
@permission("review.read")
def calibration(round_id: int) -> ResponseReturnValue:
    round_ = review_round(round_id)
    listing = Listing.parse(
        request.path,
        request.args,
        sortable=reviews.CALIBRATION_SORTABLE,
        default_sort="-calibrated",
    )
    listing, rows = reviews.list_merits(reading(), actor(), round_, listing)
    return render_template(
        "reviewing/calibration.html",
        round=round_,
        parts=parts_of(round_),
        settings=settings_of(reading(), round_.id),
        effects=reviews.effects_of(reading(), round_),
        listing=listing,
        rows=rows,
    )


# -- release ------------------------------------------------------------------------------------


def _release_page(round_: Round) -> str:
    listing = Listing.parse(
        request.path, request.args, sortable=(), filters=reviews.RELEASE_FILTERS
    )
    listing, rows = reviews.list_releases(reading(), actor(), round_, listing)
    return render_template(
        "reviewing/release.html",
        round=round_,
        parts=parts_of(round_),
        listing=listing,
        rows=rows,
        waiting=reviews.unreleased(reading(), actor(), round_),
        may_release=may_assign(round_),
    )


@bp.get("/rounds/<int:round_id>/reviews/release")
@permission("review.read")
def releases(round_id: int) -> ResponseReturnValue:
    return _release_page(review_round(round_id))


@bp.post("/rounds/<int:round_id>/reviews/release")
@permission("review.assign")
def release(round_id: int) -> ResponseReturnValue:
    """Of the proposals picked, or of all that wait."""
    review_round(round_id, "review.assign")
    picked = [n for n in map(whole_number, request.form.getlist("picked")) if n]
    whole = request.form.get("act") == "all"
    if not whole and not picked:
        warn("Pick the proposals whose reviews are to be released, or release all of them.")
        return redirect(url_for("reviewing.releases", round_id=round_id), 303)
    try:
        count = in_transaction(
            after_review.release,
            round_id=round_id,
            proposal_ids=None if whole else picked,
            public_url=config().public_url,
        )
    except RuleBroken as refusal:
        warn(str(refusal))
    else:
        say(
            gettext(
                "%(count)s released; the applicants are told by mail.",
                count=plural(count, "review"),
            )
        )
    return redirect(url_for("reviewing.releases", round_id=round_id), 303)
