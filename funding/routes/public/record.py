"""The public record: the register of awards, one award, and what came out of them."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from funding.listing import Listing
from funding.permissions import PUBLIC
from funding.reports.public import award as award_report
from funding.reports.public import outputs as output_report
from funding.reports.public import register
from funding.routes.context import reading
from funding.routes.public.answering import page, today
from funding.routes.public.blueprints import bp
from funding.routes.security import permission


@bp.get("/awards")
@permission(PUBLIC)
def awards() -> ResponseReturnValue:
    listing, rows = register.page_of(
        reading(),
        today(),
        Listing.parse(
            request.path,
            request.args,
            sortable=tuple(register.SORTABLE),
            filters=register.FILTERS,
            default_sort="-awarded",
        ),
    )
    return page(
        "public/awards.html",
        listing=listing,
        rows=rows,
        choices=register.choices(reading(), today()),
    )


@bp.get("/awards/<int:award_id>")
@permission(PUBLIC)
def award(award_id: int) -> ResponseReturnValue:
    return page("public/award.html", found=award_report.award_page(reading(), today(), award_id))


@bp.get("/outputs")
@permission(PUBLIC)
def outputs() -> ResponseReturnValue:
    listing, rows = output_report.page_of(
        reading(),
        today(),
        Listing.parse(
            request.path,
            request.args,
            sortable=tuple(output_report.SORTABLE),
            filters=output_report.FILTERS,
            default_sort="-on",
        ),
    )
    return page(
        "public/outputs.html",
        listing=listing,
        rows=rows,
        kinds=output_report.KINDS,
        rounds=register.choices(reading(), today()).rounds,
    )
