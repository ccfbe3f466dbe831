"""Importing the co-authors of a round's reviewers: the table, a preview, taking it in."""

from __future__ import annotations

import io
import re

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import Fault, InvalidInput
from funding.formatting import plural
from funding.language import gettext
from funding.routes.context import actor, config, in_transaction, reading, say
from funding.routes.files import sent_table
from funding.routes.reviewing.blueprints import bp, review_round
from funding.routes.security import permission
from funding.services import import_files
from funding.services.named_tables import MOST_FAULTS
from funding.services.reviewing import co_author_files, co_authors

MOST_SHOWN = 100


@bp.get("/rounds/<int:round_id>/co-authors")
@permission("review.assign")
def ask_co_authors(round_id: int) -> ResponseReturnValue:
    return render_template(
        "reviewing/co_authors.html",
        round=review_round(round_id, "review.assign"),
        faults=(),
        table="",
    )


@bp.post("/rounds/<int:round_id>/co-authors")
@permission("review.assign")
def look_at_co_authors(round_id: int) -> ResponseReturnValue:
    """What the table that was sent or pasted would bring; nothing is written."""
    round_ = review_round(round_id, "review.assign")
    try:
        content, name = sent_table()
        staged = import_files.stage(config().data, name or "table.csv", io.BytesIO(content))
        rows = co_author_files.read_co_author_file(content, name)
        planned = co_author_files.plan_import(reading(), by=actor(), round_id=round_id, rows=rows)
    except InvalidInput as refusal:
        return _refused(round_id, refusal)
    return render_template(
        "reviewing/co_authors_preview.html",
        round=round_,
        planned=planned,
        shown=[
            *((joint, "new") for _, joint in planned.new),
            *((joint, "changed") for _, joint in planned.changed),
        ][:MOST_SHOWN],
        staged=staged,
    )


@bp.post("/rounds/<int:round_id>/co-authors/take-in")
@permission("review.assign")
def import_co_authors(round_id: int) -> ResponseReturnValue:
    """Take in the table that was looked at; it is read and checked anew."""
    review_round(round_id, "review.assign")
    sha256 = request.form.get("sha256", "")
    try:
        rows = co_author_files.read_co_author_file(
            _staged(sha256), request.form.get("filename", "")
        )
        planned = in_transaction(co_author_files.import_co_authors, round_id=round_id, rows=rows)
    except InvalidInput as refusal:
        return _refused(round_id, refusal)
    import_files.forget(reading(), config().data, sha256)
    say(
        gettext(
            "%(read)s read: %(planned)s new, %(planned2)s changed, %(same)s the same as before.",
            read=plural(planned.read, "row"),
            planned=len(planned.new),
            planned2=len(planned.changed),
            same=planned.same,
        )
    )
    return redirect(url_for("reviewing.reviewers", round_id=round_id), 303)


def _staged(sha256: str) -> bytes:
    path = import_files.path_of(config().data, sha256)
    if not re.fullmatch(r"[0-9a-f]{64}", sha256) or not path.is_file():
        raise InvalidInput(Fault("file", "The table is not here any more; please send it again."))
    return path.read_bytes()


def _refused(round_id: int, refusal: InvalidInput) -> ResponseReturnValue:
    page = render_template(
        "reviewing/co_authors.html",
        round=review_round(round_id, "review.assign"),
        faults=refusal.faults,
        most=MOST_FAULTS,
        table=request.form.get("table", ""),
    )
    return page, 422


@bp.post("/reviewers/<int:reviewer_id>/co-authors/remove")
@permission("review.assign")
def remove_co_author(reviewer_id: int) -> ResponseReturnValue:
    name = request.form.get("name", "")
    in_transaction(co_authors.remove_imported, reviewer_id=reviewer_id, name=name)
    say("The co-author is taken off the list.")
    address = url_for("reviewing.reviewer", reviewer_id=reviewer_id, _anchor="co-authors")
    return redirect(address, 303)
