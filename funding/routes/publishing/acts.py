"""Publishing a round after a preview, taking it down, and its embargo."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.db import now
from funding.errors import NotFound
from funding.language import gettext
from funding.listing import Listing
from funding.models import Round, RoundState
from funding.permissions import Scope, fetch, working_rounds
from funding.reports import publishing as report
from funding.reports.public import award as award_report
from funding.reports.public import datasets, fields, words
from funding.routes.context import actor, in_serializable_transaction, in_transaction, reading, say
from funding.routes.public.answering import in_public
from funding.routes.public.data import table_file
from funding.routes.public.pages import round_values
from funding.routes.publishing.blueprints import bp
from funding.routes.rounds import own_round
from funding.routes.security import permission
from funding.routes.submitting import submit, typed_form
from funding.services.publishing import acts as service


@bp.get("/")
@permission("dashboard.read")
def show(round_id: int) -> ResponseReturnValue:
    return _page(_round(round_id), {}, {})


def _round(round_id: int) -> Round:
    round_: Round = fetch(reading(), working_rounds(actor(), "dashboard.read"), round_id, "round")
    return round_


def _page(round_: Round, values: dict[str, Any], errors: dict[str, str]) -> str:
    listing, rows = report.kept_rows(
        reading(),
        actor(),
        round_,
        Listing.parse(
            request.path,
            request.args,
            sortable=tuple(report.SORTABLE),
            filters=report.FILTERS,
            default_sort="proposal",
        ),
    )
    standing = report.standing_of(reading(), round_, now().date())
    until = standing.publication.embargo_until if standing.publication else None
    return render_template(
        "publishing/show.html",
        round=round_,
        standing=standing,
        listing=listing,
        rows=rows,
        is_owner=actor().may("round.manage", round_.owner_id),
        is_closed=round_.state == RoundState.CLOSED,
        form={"values": {"until": until.isoformat() if until else "", **values}, "errors": errors},
        today=now().date(),
        words=words,
    )


# -- preview --------------------------------------------------------------------------------------


def _scope(round_: Round) -> Scope:
    """The public's view of the round on the day it would come out: today, or after its embargo."""
    found = service.publication_of(reading(), round_.id)
    until = found.embargo_until if found else None
    return Scope(max(now().date(), until or date.min), as_if=round_.id)


def _closed(round_id: int) -> Round:
    round_ = own_round(round_id)
    if round_.state != RoundState.CLOSED:
        raise NotFound("preview before the round is closed")
    return round_


@bp.get("/preview")
@permission("round.manage")
def preview(round_id: int) -> ResponseReturnValue:
    round_ = _closed(round_id)
    scope = _scope(round_)
    page = in_public(
        "publishing/preview.html",
        **{
            **round_values(round_.key, scope),
            "seen": datasets.digest_of(reading(), round_, scope.today),
            "scope": scope,
            "now_day": now().date(),
            "standing": report.standing_of(reading(), round_, now().date()),
            "files": tuple(table for table in fields.FIELDS if table != "rounds"),
            "award_url": lambda id_: url_for(
                "publishing.preview_award", round_id=round_id, award_id=id_
            ),
        },
    )
    return _never_kept(page)


@bp.get("/preview/awards/<int:award_id>")
@permission("round.manage")
def preview_award(round_id: int, award_id: int) -> ResponseReturnValue:
    round_ = _closed(round_id)
    found = award_report.award_page(reading(), _scope(round_), award_id)
    page = in_public(
        "publishing/preview_award.html",
        found=found,
        round=round_,
        award_url=lambda id_: url_for("publishing.preview_award", round_id=round_id, award_id=id_),
    )
    return _never_kept(page)


@bp.get("/preview/<table>.csv")
@permission("round.manage")
def preview_table(round_id: int, table: str) -> ResponseReturnValue:
    round_ = _closed(round_id)
    if table not in fields.FIELDS:
        raise NotFound("file")
    return table_file(table, "csv", _scope(round_), {})


def _never_kept(text: str) -> Response:
    answer = Response(text)
    answer.headers["Cache-Control"] = "no-store"
    return answer


# -- acts -----------------------------------------------------------------------------------------


@bp.post("/publish")
@permission("round.manage")
def publish(round_id: int) -> ResponseReturnValue:
    round_ = own_round(round_id)
    today = _scope(round_).today
    return submit(
        lambda: in_serializable_transaction(
            service.publish,
            round_id=round_id,
            seen=request.form.get("seen", ""),
            digest=lambda session, round_: datasets.digest_of(session, round_, today),
        ),
        done=lambda _: _to(
            round_id, gettext("Published. Copies of earlier pages are gone in minutes.")
        ),
        again=lambda errors, is_stale: _page(own_round(round_id), {}, errors),
    )


@bp.post("/take-down")
@permission("round.manage")
def take_down(round_id: int) -> ResponseReturnValue:
    own_round(round_id)
    typed = typed_form()
    return submit(
        lambda: in_transaction(service.take_down, round_id=round_id, reason=typed.text("reason")),
        done=lambda _: _to(
            round_id, gettext("Taken down. Copies of its pages are gone in minutes.")
        ),
        again=lambda errors, is_stale: _page(own_round(round_id), typed.values, errors),
    )


@bp.post("/embargo")
@permission("round.manage")
def embargo(round_id: int) -> ResponseReturnValue:
    own_round(round_id)
    typed = typed_form()
    until = typed.day("until")
    if typed.faults:
        errors = {fault.field: fault.rule for fault in typed.faults}
        return _page(own_round(round_id), typed.values, errors), 422
    return submit(
        lambda: in_transaction(service.set_embargo, round_id=round_id, until=until),
        done=lambda _: _to(
            round_id, gettext("The day is set.") if until else gettext("There is no embargo now.")
        ),
        again=lambda errors, is_stale: _page(own_round(round_id), typed.values, errors),
    )


def _to(round_id: int, message: str) -> ResponseReturnValue:
    say(message)
    return redirect(url_for("publishing.show", round_id=round_id))
