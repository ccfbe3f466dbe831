"""What an address asks of a dashboard: filters, currency, since when, beside which other round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from flask import request, url_for

from funding.listing import whole_number
from funding.models import Round, RoundState
from funding.permissions import fetch, working_rounds
from funding.reports.conversion import choices
from funding.reports.dashboards.changes import changes, last_meeting
from funding.reports.dashboards.gaps import gaps
from funding.reports.dashboards.model import Asked, Dashboard, Links
from funding.reports.dashboards.off_plan import off_plan
from funding.reports.dashboards.pooled import pooled
from funding.reports.dashboards.promises import promises
from funding.reports.dashboards.where import where
from funding.reports.ground import Filters, funders_of, ground_of
from funding.routes.context import actor, reading

FILTERS = ("funder", "area", "region", "year", "currency", "since", "with")
"""What the address may say; rows can be narrowed to a stage or a kind as well."""
NONE = "none"
"""In `with`: beside no other round."""

QUESTIONS: dict[str, Callable[[Asked], Dashboard]] = {
    "where": where,
    "gaps": gaps,
    "pooling": pooled,
    "promises": promises,
    "off-plan": off_plan,
    "changes": changes,
}


@dataclass(frozen=True)
class Page:
    """An address, understood: what is asked, and what else could be."""

    asked: Asked
    rounds: list[tuple[str, str]]
    currencies: list[str]
    since_meeting: bool


def kept_filters(*also: str) -> dict[str, str]:
    """The filters in the address, for links to other views under the same ones."""
    return {k: v for k, v in request.args.items() if k in (*FILTERS, *also) and v}


def round_of(round_id: int) -> Round:
    return fetch(reading(), working_rounds(actor(), "dashboard.read"), round_id, "round")


def filters_of_address() -> Filters:
    """The filters in the address; what cannot be understood is left out."""
    return Filters(
        funder_id=whole_number(request.args.get("funder")),
        area=request.args.get("area") or None,
        region=request.args.get("region") or None,
        stage=request.args.get("stage") or None,
        year=whole_number(request.args.get("year")),
    )


def page_of(round_id: int) -> Page:
    """What the address asks of a round that the person may see the inside of."""
    round_, session, by = round_of(round_id), reading(), actor()
    currencies = choices(session, round_)
    wanted = request.args.get("currency", "").upper()
    currency = wanted if wanted in currencies else None
    meeting, has_met = last_meeting(session, round_)
    others = _others(round_)
    other = _other(round_, others)
    ground = ground_of(session, by, round_, currency)
    funders = dict(funders_of(session, round_))
    beside = None
    if other is not None and ground.currency in choices(session, other):
        beside = Asked(
            ground=ground_of(session, by, other, ground.currency),
            filters=filters_of_address(),
            links=_links(other),
            since=meeting,
            area_names=_area_names(other),
            funder_names=dict(funders_of(session, other)),
        )
        funders = {**beside.funder_names, **funders}
    names = _area_names(round_)
    asked = Asked(
        ground=ground,
        filters=filters_of_address(),
        links=_links(round_),
        since=_since() or meeting,
        area_names={**beside.area_names, **names} if beside else names,
        funder_names=funders,
        other=beside,
    )
    return Page(
        asked,
        [(str(r.id), r.name) for r in others],
        currencies,
        has_met and _since() is None,
    )


def _area_names(round_: Round) -> dict[str, str]:
    return {a.key: a.name for a in round_.taxonomy.areas if a.parent_key is None}


def _since() -> datetime | None:
    try:
        day = date.fromisoformat(request.args.get("since", ""))
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _others(round_: Round) -> list[Round]:
    """Other rounds with something to compare, the one before this first."""
    found = reading().scalars(
        working_rounds(actor(), "dashboard.read")
        .where(Round.id != round_.id, Round.state != RoundState.DRAFT)
        .order_by(Round.closes_at.desc(), Round.id.desc())
    )
    rows = list(found)
    before = [r for r in rows if _is_before(r, round_)]
    return [*before, *(r for r in rows if r not in before)]


def _is_before(one: Round, other: Round) -> bool:
    return (
        one.owner_id == other.owner_id
        and one.closes_at is not None
        and other.closes_at is not None
        and one.closes_at < other.closes_at
    )


def _other(round_: Round, others: list[Round]) -> Round | None:
    """The round that the address names, else the last before this one; none where so wished."""
    wanted = request.args.get("with", "")
    number = whole_number(wanted)
    if wanted == NONE or number is not None:
        return next((r for r in others if r.id == number), None)
    return next((r for r in others if _is_before(r, round_)), None)


def _links(round_: Round) -> Links:
    """Addresses of rows and things, under the filters in force."""
    id_ = round_.id

    def to(endpoint: str) -> Callable[..., str]:
        return lambda **wanted: url_for(endpoint, round_id=id_, **{**kept_filters(), **wanted})

    def one(endpoint: str, name: str) -> Callable[[int], str]:
        return lambda number: url_for(endpoint, **{name: number})

    return Links(
        rows=to("dashboards.rows"),
        changes=to("dashboards.changes"),
        off_plan=to("dashboards.off_plan"),
        award=one("awards.show", "award_id"),
        run=one("results.show", "run_id"),
        overlap=one("overlaps.show", "overlap_id"),
        study=lambda number: url_for("studies.show", run_id=number, kind="pooling"),
        commitments=url_for("commitments.index", round_id=id_),
        needs=url_for("areas.index", round_id=id_),
        scenarios=url_for("scenarios.index", round_id=id_),
        overlaps=url_for("overlaps.index", round_id=id_),
    )


def choices_of(page: Page) -> dict[str, Any]:
    """What the filter bar offers."""
    asked = page.asked
    return {
        "funders": funders_of(asked.session, asked.round),
        "areas": sorted(_area_names(asked.round).items(), key=lambda item: item[1]),
        "years": [(year, str(year)) for year in asked.ground.years()],
        "rounds": page.rounds,
        "currencies": [(code, code) for code in page.currencies],
    }
