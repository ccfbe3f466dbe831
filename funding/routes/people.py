"""People and their roles, organisations."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import InvalidInput
from funding.language import gettext as _
from funding.language import lazy_capital
from funding.listing import Listing
from funding.models import OrganisationKind, Role
from funding.places import country_name
from funding.reports import people as report
from funding.routes.context import actor, config, in_transaction, reading, say
from funding.routes.security import permission
from funding.services import identity, organisations

bp = Blueprint("people", __name__)

ROLES = [(role.value, lazy_capital(role.label)) for role in Role]
KINDS = [(kind.value, lazy_capital(kind.value)) for kind in OrganisationKind]


@bp.get("/people")
@permission("people.manage")
def index() -> ResponseReturnValue:
    return _people_page()


def _people_page(form: dict[str, Any] | None = None, status: int = 200) -> ResponseReturnValue:
    by, session = actor(), reading()
    listing, rows = report.bindings(
        session,
        by,
        Listing.parse(
            url_for("people.index"),
            request.args,
            sortable=tuple(report.SORTABLE),
            filters=report.FILTERS,
            default_sort="name",
        ),
    )
    managed = report.managed_organisations(session, by)
    page = render_template(
        "people/index.html",
        listing=listing,
        rows=rows,
        roles=ROLES,
        organisations=[(o.id, o.name) for o in managed],
        own_id=by.person_id,
        form=form,
    )
    return page, status


@bp.post("/people")
@permission("people.manage")
def invite() -> ResponseReturnValue:
    try:
        person = in_transaction(
            identity.invite,
            organisation_id=request.form.get("organisation", default=0, type=int),
            email=request.form.get("email", ""),
            name=request.form.get("name", ""),
            role=request.form.get("role", ""),
            public_url=config().public_url,
        )
    except InvalidInput as refusal:
        errors = {fault.field: fault.rule for fault in refusal.faults}
        return _people_page({"values": request.form, "errors": errors}, 422)
    say(_("%(name)s has the role now, and a mail that says so.", name=person.name))
    return redirect(url_for("people.index"))


@bp.post("/bindings/<int:binding_id>/withdraw")
@permission("people.manage")
def withdraw(binding_id: int) -> ResponseReturnValue:
    in_transaction(identity.withdraw_role, binding_id=binding_id)
    say("The role is withdrawn.")
    return redirect(url_for("people.index"))


@bp.get("/organisations")
@permission("organisations.manage")
def organisation_list() -> ResponseReturnValue:
    return _organisations_page()


def _organisations_page(
    form: dict[str, Any] | None = None, status: int = 200
) -> ResponseReturnValue:
    listing, rows = report.organisations(
        reading(),
        Listing.parse(
            url_for("people.organisation_list"),
            request.args,
            sortable=("name", "kind"),
            filters=("q", "kind"),
            default_sort="name",
        ),
    )
    page = render_template(
        "people/organisations.html",
        listing=listing,
        rows=rows,
        kinds=KINDS,
        country_name=country_name,
        form=form,
    )
    return page, status


@bp.post("/organisations")
@permission("organisations.manage")
def add_organisation() -> ResponseReturnValue:
    try:
        made = in_transaction(
            organisations.add_organisation,
            name=request.form.get("name", ""),
            kind=request.form.get("kind", ""),
            country=request.form.get("country", "").strip().upper(),
            website=request.form.get("website", "").strip(),
        )
    except InvalidInput as refusal:
        errors = {fault.field: fault.rule for fault in refusal.faults}
        return _organisations_page({"values": request.form, "errors": errors}, 422)
    say(_("%(name)s is added. Invite its people next.", name=made.name))
    return redirect(url_for("people.organisation_list"))
