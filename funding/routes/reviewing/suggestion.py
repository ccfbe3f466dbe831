"""A suggested assignment: asked for, looked through, changed, taken."""

from __future__ import annotations

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import RuleBroken
from funding.formatting import plural
from funding.language import gettext as _
from funding.listing import Listing, whole_number
from funding.reports import review_candidates
from funding.routes.context import actor, config, in_transaction, reading, say, warn
from funding.routes.reviewing.blueprints import bp, parts_of, review_round
from funding.routes.security import permission
from funding.services.reviewing import suggesting, taking
from funding.services.reviewing.settings import settings_of

MOST_LEFT_SAID = 5


def _back(round_id: int) -> ResponseReturnValue:
    query = request.query_string.decode()
    address = url_for("reviewing.suggestion", round_id=round_id)
    return redirect(f"{address}?{query}" if query else address, 303)


@bp.get("/rounds/<int:round_id>/reviews/suggestion")
@permission("review.assign")
def suggestion(round_id: int) -> ResponseReturnValue:
    round_ = review_round(round_id, "review.assign")
    listing = Listing.parse(request.path, request.args, sortable=(), filters=("q",), per_page=25)
    last = suggesting.last_suggestion(reading(), round_id)
    rows = []
    if last is not None and last.state == "done":
        listing, rows = review_candidates.list_pairs(reading(), actor(), last, listing)
    return render_template(
        "reviewing/suggestion.html",
        round=round_,
        parts=parts_of(round_),
        last=last,
        listing=listing,
        rows=rows,
        settings=settings_of(reading(), round_id),
    )


@bp.post("/rounds/<int:round_id>/reviews/suggestion")
@permission("review.assign")
def ask_suggestion(round_id: int) -> ResponseReturnValue:
    try:
        in_transaction(suggesting.ask_suggestion, round_id=round_id)
    except RuleBroken as refusal:
        warn(str(refusal))
    return _back(round_id)


@bp.get("/rounds/<int:round_id>/reviews/suggestion/working")
@permission("review.assign")
def suggestion_working(round_id: int) -> ResponseReturnValue:
    """Asked again and again while the assignment is worked out; then the page is drawn anew."""
    review_round(round_id, "review.assign")
    last = suggesting.last_suggestion(reading(), round_id)
    if last is not None and last.state == "queued":
        return "", 204
    answer = make_response("", 200)
    answer.headers["HX-Redirect"] = url_for("reviewing.suggestion", round_id=round_id)
    return answer


@bp.post("/rounds/<int:round_id>/reviews/suggestion/pairs")
@permission("review.assign")
def change_suggestion(round_id: int) -> ResponseReturnValue:
    """Keep, change or drop the pairs of the page shown; with `act` take, then take all."""
    review_round(round_id, "review.assign")
    people = {}
    for name, text in request.form.items():
        pair, person = whole_number(name.removeprefix("person_")), whole_number(text)
        if name.startswith("person_") and pair and person:
            people[pair] = person
    kept = {n for n in map(whole_number, request.form.getlist("keep")) if n}
    try:
        changed = in_transaction(
            taking.change_pairs,
            round_id=round_id,
            people=people,
            dropped=set(people) - kept,
        )
        if request.form.get("act") != "take":
            say(_("%(changed)s kept. Nothing is assigned yet.", changed=plural(changed, "change")))
            return _back(round_id)
        taken = in_transaction(
            taking.take_suggestion, round_id=round_id, public_url=config().public_url
        )
    except RuleBroken as refusal:
        warn(str(refusal))
        return _back(round_id)
    say(_("%(made)s assigned; the reviewers are told by mail.", made=plural(taken.made, "review")))
    for sentence in taken.left[:MOST_LEFT_SAID]:
        warn(sentence)
    if len(taken.left) > MOST_LEFT_SAID:
        warn(_("And %(taken)s more could not be assigned.", taken=len(taken.left) - MOST_LEFT_SAID))
    return redirect(url_for("reviewing.index", round_id=round_id), 303)
