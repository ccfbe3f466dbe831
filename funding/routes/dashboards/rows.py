"""The rows behind the figures: positions of money, transfers, and what is off plan."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import NotFound
from funding.language import gettext as _
from funding.listing import Listing
from funding.places import region_name
from funding.reports.dashboards.change_rows import move_rows, moves_count
from funding.reports.dashboards.changes import event_name
from funding.reports.dashboards.model import major
from funding.reports.dashboards.off_plan import (
    deviation_rows,
    deviations_count,
    kind_name,
    table_of,
)
from funding.reports.dashboards.where import stage_name
from funding.reports.ground import SORTABLE, STAGES
from funding.reports.ground.deviations import KINDS
from funding.routes.choices import REGION_CHOICES
from funding.routes.dashboards.asking import (
    FILTERS,
    Page,
    choices_of,
    filters_of_address,
    kept_filters,
    page_of,
)
from funding.routes.dashboards.blueprints import bp
from funding.routes.dashboards.files import table_file
from funding.routes.dashboards.pages import address_of
from funding.routes.security import permission

FILES = ("csv", "xlsx")


def _files(endpoint: str, round_id: int, *also: str) -> list[tuple[str, str]]:
    return [
        (
            form.upper(),
            url_for(endpoint, round_id=round_id, form=form, **kept_filters(*also)),
        )
        for form in FILES
    ]


def _row_page(
    name: str, question: str, page: Page, listing: Listing, narrowed: str, **values: Any
) -> str:
    """The page of these rows, which leads back to its question; `narrowed`: its own filter."""
    round_ = page.asked.round
    return render_template(
        f"dashboards/{name}.html",
        round=round_,
        asked=page.asked,
        listing=listing,
        regions=REGION_CHOICES,
        files=_files(f"dashboards.{name}_file", round_.id, narrowed),
        back=address_of(round_.id, question),
        **choices_of(page),
        **values,
    )


def _checked(form: str) -> str:
    if form not in FILES:
        raise NotFound("file of these rows")
    return form


@bp.get("/rounds/<int:round_id>/money")
@permission("dashboard.read")
def rows(round_id: int) -> ResponseReturnValue:
    """Each commitment's money by proposal and stage."""
    page = page_of(round_id)
    ground, filters = page.asked.ground, filters_of_address()
    number, total = ground.count(filters)
    listing = Listing.parse(
        request.path,
        request.args,
        sortable=SORTABLE,
        filters=(*FILTERS, "stage"),
        default_sort="-base",
    ).counting(number)
    return _row_page(
        "rows",
        "where",
        page,
        listing,
        "stage",
        rows=ground.rows(filters, listing),
        total=total,
        stages=[(stage.value, stage_name(stage)) for stage in STAGES],
        stage_name=stage_name,
    )


@bp.get("/rounds/<int:round_id>/money.<form>")
@permission("dashboard.read")
def rows_file(round_id: int, form: str) -> ResponseReturnValue:
    asked = page_of(round_id).asked
    heads = [
        _("Funder"),
        _("Commitment"),
        _("Stage"),
        _("Proposal"),
        _("Region"),
        _("Areas"),
        _("Year"),
        _("Currency"),
        _("Amount"),
        _("Amount in %(currency)s", currency=asked.currency),
    ]
    found = [
        [
            p.funder,
            p.commitment,
            p.stage.value,
            p.proposal,
            region_name(p.region),
            "; ".join(asked.area(key) for key in p.areas),
            p.year,
            p.currency,
            major(p.amount, p.currency),
            major(p.base, asked.currency),
        ]
        for p in asked.ground.rows(filters_of_address())
    ]
    return table_file(heads, found, f"{asked.round.key}-money", _checked(form))


@bp.get("/rounds/<int:round_id>/changes")
@permission("dashboard.read")
def changes(round_id: int) -> ResponseReturnValue:
    """Every transfer of the round's money since the last meeting, or since a day."""
    page, kind = page_of(round_id), request.args.get("kind") or None
    number, total = moves_count(page.asked, kind)
    listing = Listing.parse(
        request.path, request.args, sortable=(), filters=(*FILTERS, "kind")
    ).counting(number)
    return _row_page(
        "changes",
        "changes",
        page,
        listing,
        "kind",
        rows=move_rows(page.asked, kind, listing),
        total=total,
        kind=event_name(kind) if kind else None,
        event_name=event_name,
    )


@bp.get("/rounds/<int:round_id>/changes.<form>")
@permission("dashboard.read")
def changes_file(round_id: int, form: str) -> ResponseReturnValue:
    asked = page_of(round_id).asked
    heads = [
        _("When"),
        _("Event"),
        _("Reason"),
        _("Funder"),
        _("Commitment"),
        _("Proposal"),
        _("From"),
        _("To"),
        _("Currency"),
        _("Amount"),
        _("Amount in %(currency)s", currency=asked.currency),
    ]
    found: list[list[Any]] = [
        [
            row.at,
            row.event,
            row.reason,
            row.funder,
            row.commitment,
            row.proposal,
            row.source,
            row.target,
            row.currency,
            major(row.amount, row.currency),
            major(row.base, asked.currency),
        ]
        for row in move_rows(asked, request.args.get("kind") or None, None)
    ]
    return table_file(heads, found, f"{asked.round.key}-changes", _checked(form))


@bp.get("/rounds/<int:round_id>/off-plan")
@permission("dashboard.read")
def off_plan(round_id: int) -> ResponseReturnValue:
    """Everything that is off plan, the longest off first."""
    page, kind = page_of(round_id), _kind()
    listing = Listing.parse(
        request.path, request.args, sortable=(), filters=(*FILTERS, "kind")
    ).counting(deviations_count(page.asked, kind))
    return _row_page(
        "off_plan",
        "off-plan",
        page,
        listing,
        "kind",
        rows=deviation_rows(page.asked, kind, listing),
        kind=kind_name(kind) if kind else None,
        kind_name=kind_name,
        kinds=[(key, kind_name(key)) for key in KINDS],
    )


@bp.get("/rounds/<int:round_id>/off-plan.<form>")
@permission("dashboard.read")
def off_plan_file(round_id: int, form: str) -> ResponseReturnValue:
    asked = page_of(round_id).asked
    heads, found = table_of(deviation_rows(asked, _kind(), None), asked)
    return table_file(
        [head.label for head in heads],
        [[cell.value if cell.value is not None else Decimal(0) for cell in row] for row in found],
        f"{asked.round.key}-off-plan",
        _checked(form),
    )


def _kind() -> str | None:
    kind = request.args.get("kind")
    return kind if kind in KINDS else None
