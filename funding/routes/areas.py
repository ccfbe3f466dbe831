"""The areas of a round: definitions for all, their versions, and what each of them needs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.db import now
from funding.errors import NotFound
from funding.forms import Typed, amount_text
from funding.language import gettext
from funding.listing import Listing
from funding.models import Area, AreaNeed, Round, Taxonomy
from funding.permissions import PUBLIC, fetch, working_rounds
from funding.reports import areas as report
from funding.reports.public.voices import heard_in
from funding.routes.area_form import (
    MOST_RETIRED,
    SPARE_CHILDREN,
    SPARE_TOPS,
    entries_of,
    fields_of,
    labels_of,
)
from funding.routes.context import actor, actor_or_none, in_transaction, reading, say
from funding.routes.round_tabs import may_in
from funding.routes.rounds import own_round, visible_round
from funding.routes.security import permission
from funding.routes.submitting import differences, submit, typed_form
from funding.services import area_needs
from funding.services import areas as service
from funding.services.needs import MONTHS, counted_since

bp = Blueprint("areas", __name__, url_prefix="/rounds/<int:round_id>")


@bp.get("/areas")
@permission(PUBLIC)
def index(round_id: int) -> ResponseReturnValue:
    round_, by = visible_round(round_id), actor_or_none()
    is_reader = may_in(by, round_, "proposal.read")
    is_member = may_in(by, round_, "dashboard.read")
    return render_template(
        "areas/index.html",
        round=round_,
        taxonomy=round_.taxonomy,
        groups=report.groups_of(round_.taxonomy),
        tagged=report.tagged_by_area(reading(), round_, by) if by and is_reader else None,
        needs=report.needs_of(reading(), round_, now()) if is_member else None,
        heard=heard_in(reading(), round_) if is_member else None,
        months=MONTHS,
        since=counted_since(round_),
        is_owner=by is not None and by.may("round.manage", round_.owner_id),
    )


# -- the next version -----------------------------------------------------------------------------


@bp.get("/areas/edit")
@permission("round.manage")
def edit(round_id: int) -> ResponseReturnValue:
    round_ = own_round(round_id)
    return _form(round_, fields_of(round_.taxonomy), {})


@bp.post("/areas/edit")
@permission("round.manage")
def save(round_id: int) -> ResponseReturnValue:
    round_ = own_round(round_id)
    typed = typed_form()
    entries = entries_of(typed, round_.taxonomy)
    number = typed.whole("number", 1, 10**6, "This form came without its version.") or 0
    note = typed.text("note", longest=500)
    return submit(
        lambda: in_transaction(
            service.edit_areas,
            round_id=round_id,
            number=number,
            entries=entries,
            note=note,
            faults=tuple(typed.faults),
        ),
        done=lambda made: _to_areas(
            round_id, gettext("Version %(number)s of the areas is in force.", number=made.number)
        ),
        again=lambda errors, is_stale: _form(own_round(round_id), typed.values, errors, is_stale),
    )


def _to_areas(round_id: int, message: str, anchor: str = "") -> ResponseReturnValue:
    say(message)
    return redirect(url_for("areas.index", round_id=round_id) + anchor)


def _form(
    round_: Round, values: dict[str, Any], errors: dict[str, str], is_stale: bool = False
) -> str:
    taxonomy = round_.taxonomy
    changes = None
    if is_stale:
        changes = differences(labels_of(taxonomy), values, fields_of(taxonomy))
    return render_template(
        "areas/form.html",
        round=round_,
        taxonomy=taxonomy,
        groups=report.groups_of(taxonomy),
        form={"values": {**fields_of(taxonomy), **values}, "errors": errors},
        changes=changes,
        spare_children=range(SPARE_CHILDREN),
        spare_tops=range(SPARE_TOPS),
        retirements=range(MOST_RETIRED),
        places=[
            {
                "label": group.area.name,
                "options": [(a.key, a.name) for a in (group.area, *group.children)],
            }
            for group in report.groups_of(taxonomy)
        ],
    )


@bp.get("/areas/versions")
@permission(PUBLIC)
def versions(round_id: int) -> ResponseReturnValue:
    round_ = visible_round(round_id)
    newest = round_.taxonomy.number
    new = _version(round_, request.args.get("to"), newest)
    old = _version(round_, request.args.get("from"), max(1, new.number - 1))
    if old.number > new.number:
        old, new = new, old
    return render_template(
        "areas/versions.html",
        round=round_,
        rows=report.versions_of(reading(), round_),
        old=old,
        new=new,
        changes=report.compare_versions(round_, old, new),
        is_member=may_in(actor_or_none(), round_, "dashboard.read"),
    )


def _version(round_: Round, text: str | None, otherwise: int) -> Taxonomy:
    number = int(text) if text and text.isdecimal() and len(text) < 7 else otherwise
    for taxonomy in round_.taxonomies:
        if taxonomy.number == number:
            return taxonomy
    raise NotFound("version of the areas")


# -- needs ----------------------------------------------------------------------------------------


def _working_round(round_id: int) -> Round:
    return fetch(reading(), working_rounds(actor(), "dashboard.read"), round_id, "round")


def _top_area(round_: Round, key: str) -> Area:
    for area in round_.taxonomy.areas:
        if area.key == key and area.parent_key is None:
            return area
    raise NotFound("area")


@bp.get("/areas/<area_key>/grants")
@permission("dashboard.read")
def grants(round_id: int, area_key: str) -> ResponseReturnValue:
    """The earlier grants that count as spent already."""
    round_ = _working_round(round_id)
    area = _top_area(round_, area_key)
    listing = Listing.parse(
        request.path,
        request.args,
        sortable=("funder", "recipient", "date"),
        filters=("q",),
        default_sort="-date",
    )
    rows, listing = report.grants_behind(reading(), round_, area_key, listing)
    history = area_needs.spent_before(reading(), round_, now())
    return render_template(
        "areas/grants.html",
        round=round_,
        area=area,
        rows=rows,
        rates={
            code: rate
            for code, rate in history.rates.items()
            if code in {grant.currency for grant in rows}
        },
        total=history.by_area.get(area_key, 0),
        listing=listing,
        months=MONTHS,
        since=counted_since(round_),
    )


@bp.get("/areas/<area_key>/need")
@permission("round.manage")
def need(round_id: int, area_key: str) -> ResponseReturnValue:
    round_ = own_round(round_id)
    _top_area(round_, area_key)
    return _need_form(round_, area_key, _need_values(round_, area_key), {})


@bp.post("/areas/<area_key>/need")
@permission("round.manage")
def set_need(round_id: int, area_key: str) -> ResponseReturnValue:
    round_ = own_round(round_id)
    area = _top_area(round_, area_key)
    typed = typed_form()
    terms = _need_terms(typed, round_.base_currency)
    version = typed.whole("version", 0, 10**9, "This form came without its version.") or 0
    return submit(
        lambda: in_transaction(
            area_needs.set_need,
            round_id=round_id,
            area_key=area_key,
            version=version,
            terms=terms,
            faults=tuple(typed.faults),
        ),
        done=lambda _: _to_areas(
            round_id, gettext("The need in %(name)s is set.", name=area.name), "#needs"
        ),
        again=lambda errors, is_stale: _need_form(
            own_round(round_id), area_key, typed.values, errors, is_stale
        ),
    )


def _need_terms(typed: Typed, currency: str) -> area_needs.NeedTerms:
    """Steps keep their place in the form, so that a fault finds its row; empty ones are left out.

    Rows after an empty one move up: their faults are then named by the row they were typed in.
    """
    steps = []
    for place in range(area_needs.MOST_STEPS):
        width_field, weight_field = (
            f"width.{place}",
            f"weight.{place}",
        )
        if not typed.text(width_field) and not typed.text(weight_field):
            continue
        if place > len(steps):
            typed.refuse(width_field, "Leave no empty row before this one.")
        width = typed.amount(width_field, currency, "Write the amount of this step.")
        weight = typed.number(weight_field, 0, 1000, "Write a number from 0 to 1,000.")
        if weight is None and not any(f.field == weight_field for f in typed.faults):
            typed.refuse(weight_field, "Write what a unit of this step is worth.")
        steps.append((width or 0, weight or 0.0))
    spent_how = typed.choice(
        "spent_how", ("history", "entered"), "Choose where the money already spent is known from."
    )
    spent = typed.amount("spent", currency, "Write the amount." if spent_how == "entered" else "")
    return area_needs.NeedTerms(
        steps=tuple(steps),
        floor=typed.amount("floor", currency) or 0,
        cap=typed.amount("cap", currency),
        spent=spent if spent_how == "entered" else None,
        note=typed.text("note"),
    )


def _need_values(round_: Round, area_key: str) -> dict[str, Any]:
    stored = next((n for n in round_.needs if n.area_key == area_key), None)
    need = stored or AreaNeed(area_key=area_key, floor=0, steps=[], note="")
    currency = round_.base_currency
    values = {
        "floor": amount_text(need.floor or None, currency),
        "cap": amount_text(need.cap, currency),
        "spent_how": "history" if need.spent is None else "entered",
        "spent": amount_text(need.spent, currency),
        "note": need.note,
    }
    for place in range(area_needs.MOST_STEPS):
        width, weight = need.steps[place] if place < len(need.steps) else (None, None)
        values[f"width.{place}"] = amount_text(None if width is None else int(width), currency)
        values[f"weight.{place}"] = "" if weight is None else f"{weight:g}"
    return values


def _need_form(
    round_: Round,
    area_key: str,
    values: dict[str, Any],
    errors: dict[str, str],
    is_stale: bool = False,
) -> str:
    labels = {"floor": "Least wanted", "cap": "Most allowed", "spent": "Already spent"}
    labels |= {"spent_how": "Where that is known from", "note": "Note"}
    for place in range(area_needs.MOST_STEPS):
        labels[f"width.{place}"] = f"Step {place + 1}"
        labels[f"weight.{place}"] = gettext("Worth of step %(place)s", place=place + 1)
    stored = _need_values(round_, area_key)
    used = sum(1 for p in range(area_needs.MOST_STEPS) if values.get(f"width.{p}"))
    return render_template(
        "areas/need.html",
        round=round_,
        area=_top_area(round_, area_key),
        form={"values": values, "errors": errors},
        changes=differences(labels, values, stored) if is_stale else None,
        places=range(min(area_needs.MOST_STEPS, max(4, used + 1))),
        row=next(
            r for r in report.needs_of(reading(), round_, now()).rows if r.area.key == area_key
        ),
        months=MONTHS,
    )
