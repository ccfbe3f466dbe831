"""The register of outputs, and the indicators that every award can report."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import NotFound
from funding.forms import Typed
from funding.language import gettext as _
from funding.language import lazy_capital
from funding.listing import Listing
from funding.models import Indicator, OutputKind
from funding.permissions import LAST_ID
from funding.reports import outputs as report
from funding.routes.context import actor, in_transaction, reading, say
from funding.routes.security import permission
from funding.routes.submitting import submit, typed_form
from funding.services.reporting import indicators as service

bp = Blueprint("outputs", __name__)

KINDS = [(kind.value, lazy_capital(kind)) for kind in OutputKind]


@bp.get("/outputs")
@permission("report.read")
def index() -> ResponseReturnValue:
    listing, rows = report.outputs(
        reading(),
        actor(),
        Listing.parse(
            request.path,
            request.args,
            sortable=tuple(report.SORTABLE),
            filters=report.FILTERS,
            default_sort="-on",
        ),
    )
    rounds, funders = report.choices(reading(), actor())
    return render_template(
        "reporting/outputs.html",
        listing=listing,
        rows=rows,
        kinds=KINDS,
        rounds=rounds,
        funders=funders,
    )


@bp.get("/indicators")
@permission("report.read")
def indicators() -> ResponseReturnValue:
    return render_template(
        "reporting/indicators.html",
        rows=report.indicators(reading(), actor()),
        directions=service.DIRECTIONS,
        may_define=service.owner_of(reading(), actor()) is not None,
    )


def _indicator(number: int) -> Indicator:
    found = reading().get(Indicator, number) if number <= LAST_ID else None
    if found is None:
        raise NotFound("indicator")
    return found


@bp.get("/indicators/<int:indicator>")
@permission("report.read")
def indicator(indicator: int) -> ResponseReturnValue:
    known = _indicator(indicator)
    listing, rows = report.values(
        reading(),
        actor(),
        known,
        Listing.parse(
            request.path,
            request.args,
            sortable=tuple(report.VALUES_SORTABLE),
            filters=("q", "round"),
            default_sort="-value",
        ),
    )
    return render_template(
        "reporting/indicator.html",
        indicator=known,
        listing=listing,
        rows=rows,
        directions=service.DIRECTIONS,
        rounds=report.choices(reading(), actor())[0],
        may_define=service.owner_of(reading(), actor()) is not None,
    )


@bp.get("/indicators/new")
@permission("indicator.define")
def ask_indicator() -> ResponseReturnValue:
    return _form_page(None, Typed({"direction": "up"}), {})


@bp.get("/indicators/<int:indicator>/edit")
@permission("indicator.define")
def edit_indicator(indicator: int) -> ResponseReturnValue:
    known = _indicator(indicator)
    names = ("name", "unit", "direction", "definition", "version")
    values = {name: getattr(known, name) for name in names}
    return _form_page(known, Typed({**values, "is_asked": "1" if known.is_asked else ""}), {})


def _form_page(known: Indicator | None, typed: Typed, errors: dict[str, str]) -> str:
    return render_template(
        "reporting/indicator_form.html",
        indicator=known,
        is_fixed=known is not None and service.is_reported(reading(), known.id),
        directions=list(service.DIRECTIONS.items()),
        form={"values": typed.values, "errors": errors},
    )


def _wanted(typed: Typed) -> service.Definition:
    return service.Definition(
        typed.text("name"), typed.text("unit"), typed.text("direction"), typed.text("definition")
    )


@bp.post("/indicators/new")
@permission("indicator.define")
def define_indicator() -> ResponseReturnValue:
    typed = typed_form()

    def done(made: Indicator) -> ResponseReturnValue:
        say(_("“%(name)s” is asked of every report from now on.", name=made.name))
        return redirect(url_for("outputs.indicators"), 303)

    return submit(
        lambda: in_transaction(service.define, wanted=_wanted(typed)),
        done,
        lambda errors, is_stale: _form_page(None, typed, errors),
    )


@bp.post("/indicators/<int:indicator>/edit")
@permission("indicator.define")
def change_indicator(indicator: int) -> ResponseReturnValue:
    _indicator(indicator)
    typed = typed_form()

    def done(made: Indicator) -> ResponseReturnValue:
        say("Saved.")
        return redirect(url_for("outputs.indicator", indicator=made.id), 303)

    return submit(
        lambda: in_transaction(
            service.change,
            indicator_id=indicator,
            version=typed.whole("version", 0, 10**9, "This form came without its version.") or 0,
            wanted=_wanted(typed),
            is_asked=typed.ticked("is_asked"),
        ),
        done,
        lambda errors, is_stale: _form_page(_indicator(indicator), typed, errors),
    )
