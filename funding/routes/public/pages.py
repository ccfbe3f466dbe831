"""Public pages: rounds, areas, funders, and how to read all of it."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from funding.listing import Listing
from funding.models import Award
from funding.permissions import PUBLIC, Scope
from funding.reports.public import areas as area_report
from funding.reports.public import fields, funders, register, rounds
from funding.reports.public import outputs as output_report
from funding.reports.public import voices as voice_report
from funding.routes.context import reading
from funding.routes.public.answering import page, today
from funding.routes.public.blueprints import bp
from funding.routes.security import permission

FIRST_AWARDS = 25
FEW_WORDS = 6


@bp.get("/")
@permission(PUBLIC)
def index() -> ResponseReturnValue:
    return page(
        "public/index.html",
        rounds=rounds.rounds_of(reading(), today()),
        heard=voice_report.heard_rounds_of(reading(), today()),
    )


@bp.get("/rounds/<key>")
@permission(PUBLIC)
def round(key: str) -> ResponseReturnValue:
    return page("public/round.html", **round_values(key))


def round_values(key: str, scope: Scope | None = None) -> dict[str, object]:
    """What the page of a round shows, in public or, under a scope of its own, in a preview."""
    session, scope = reading(), scope or today()
    found = rounds.round_of(session, scope, key)
    largest = Listing(path="", args={"round": key}, sort="-amount", per_page=FIRST_AWARDS)
    _, awards = register.page_of(session, scope, largest)
    return {
        "found": found,
        "round": found.round,
        "awards": awards,
        "voices": voice_report.newest_words(session, found.round, FEW_WORDS),
        "area_names": {area.key: area.name for area in found.round.taxonomy.areas},
        "outputs": output_report.all_of(session, scope, {"round": key})[:FIRST_AWARDS],
        "today": scope.today,
    }


@bp.get("/funders/<key>")
@permission(PUBLIC)
def funder(key: str) -> ResponseReturnValue:
    return page("public/funder.html", found=funders.funder_of(reading(), today(), key))


@bp.get("/areas/<key>")
@permission(PUBLIC)
def area(key: str) -> ResponseReturnValue:
    scope = today()
    largest = Listing(path="", args={"area": key}, sort="-amount", per_page=FIRST_AWARDS)
    listing, awards = register.page_of(reading(), scope, largest)
    found = area_report.area_of(
        reading(),
        scope,
        key,
        lambda in_round: register.filtered(scope, {"round": in_round}).with_only_columns(Award.id),
    )
    return page("public/area.html", found=found, total=listing.total, awards=awards)


@bp.get("/how-to-read")
@permission(PUBLIC)
def how_to_read() -> ResponseReturnValue:
    return page("public/reading.html", fields=fields)
