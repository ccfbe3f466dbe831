"""Past grants as a list: filtered, ordered, paged and totalled by the database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.formatting import minor_units
from funding.imports.dates import written_date
from funding.listing import Listing, whole_number
from funding.models import Area, HistoricGrant, KnownName, NameKind
from funding.paths import SEEDS
from funding.permissions import Actor, visible_history, visible_names
from funding.reports.entities import spelt_as
from funding.reports.names import columns_of

FILTERS = ("q", "funder", "recipient", "year", "area", "import", "entity")
SORTABLE = ("date", "funder", "recipient", "amount")

UNDATED = "undated"
NO_AREA = "none"


@dataclass(frozen=True)
class Total:
    """Grants in one currency, None where the file names no amount; `amount` in minor units."""

    currency: str | None
    grants: int
    amount: int | None


def _filtered(by: Actor, listing: Listing) -> sa.Select[tuple[HistoricGrant]]:
    query, args = visible_history(by), listing.args
    for kind in NameKind:
        if words := args.get(kind):
            query = query.where(spelt_as(by, kind, words))
    if (entity := whole_number(args.get("entity"))) is not None:
        query = query.where(_of_entity(by, entity))
    if words := args.get("q"):
        texts = (
            HistoricGrant.title,
            HistoricGrant.purpose,
            HistoricGrant.area_text,
            HistoricGrant.round_name,
            HistoricGrant.funder,
            HistoricGrant.recipient,
        )
        query = query.where(sa.or_(*(text.icontains(words, autoescape=True) for text in texts)))
    if area := args.get("area"):
        column = HistoricGrant.area_key
        query = query.where(column.is_(None) if area == NO_AREA else column == area)
    if (year := args.get("year", "")) == UNDATED:
        query = query.where(HistoricGrant.awarded_on.is_(None))
    elif len(year) == 4 and year.isascii() and year.isdigit() and year != "0000":
        first, last = date(int(year), 1, 1), date(int(year), 12, 31)
        query = query.where(HistoricGrant.awarded_on.between(first, last))
    if (batch := whole_number(args.get("import"))) is not None:
        query = query.where(HistoricGrant.import_id == batch)
    return query


def _of_entity(by: Actor, name_id: int) -> sa.ColumnElement[bool]:
    """Grants of whoever this name belongs to, in any of its spellings."""
    asked = sa.select(KnownName.entity_id).where(KnownName.id == name_id).scalar_subquery()
    found = []
    for kind in NameKind:
        spelling, reference, _ = columns_of(kind)
        names = (
            visible_names(by)
            .with_only_columns(KnownName.organisation_id, KnownName.spelling, KnownName.reference)
            .where(KnownName.entity_id == asked, KnownName.kind == kind)
        )
        found.append(sa.tuple_(HistoricGrant.organisation_id, spelling, reference).in_(names))
    return sa.or_(*found)


def _order(listing: Listing) -> list[Any]:
    columns = {
        "date": HistoricGrant.awarded_on,
        "funder": HistoricGrant.funder,
        "recipient": HistoricGrant.recipient,
        "amount": HistoricGrant.amount,
    }
    column = columns[listing.sort_key]
    ordered = (column.desc() if listing.is_descending else column.asc()).nulls_last()
    # amounts of different currencies are not to be compared: each currency by itself
    first = [HistoricGrant.currency.nulls_last()] if listing.sort_key == "amount" else []
    return [*first, ordered, HistoricGrant.id]


def grant_rows(
    session: Session, by: Actor, listing: Listing
) -> tuple[list[HistoricGrant], list[Total], Listing]:
    """One page, the totals of all pages and the listing with its count: two queries."""
    query = _filtered(by, listing)
    totals = [
        Total(currency, grants, None if amount is None else int(amount))
        for currency, grants, amount in session.execute(
            query.with_only_columns(
                HistoricGrant.currency, sa.func.count(), sa.func.sum(HistoricGrant.amount)
            )
            .group_by(HistoricGrant.currency)
            .order_by(sa.func.count().desc())
        )
    ]
    listing = listing.counting(sum(total.grants for total in totals))
    rows = session.scalars(
        query.order_by(*_order(listing)).limit(listing.per_page).offset(listing.offset)
    )
    return list(rows), totals, listing


def year_choices(session: Session, by: Actor) -> list[tuple[str, str]]:
    """From the newest year to the first, and the undated: one query."""
    first, last = session.execute(
        visible_history(by).with_only_columns(
            sa.func.min(HistoricGrant.awarded_on), sa.func.max(HistoricGrant.awarded_on)
        )
    ).one()
    if first is None:
        return []
    years = [str(year) for year in range(last.year, first.year - 1, -1)]
    return [*((year, year) for year in years), (UNDATED, "no date")]


def area_choices(session: Session, by: Actor) -> list[tuple[str, str]]:
    """The areas that any visible grant is in, by name: two queries."""
    keys = session.scalars(
        visible_history(by)
        .with_only_columns(HistoricGrant.area_key)
        .where(HistoricGrant.area_key.is_not(None))
        .distinct()
    ).all()
    names = area_names(session)
    known = sorted(((key, names.get(key, key)) for key in keys), key=lambda pair: pair[1])
    return [*known, (NO_AREA, "none of ours")]


@cache
def _shipped_names() -> dict[str, str]:
    shipped = json.loads(Path(SEEDS / "taxonomy.json").read_text(encoding="utf-8"))
    return {
        area["id"]: area["name"]
        for top in shipped["areas"]
        for area in (top, *top.get("children", ()))
    }


def area_names(session: Session) -> dict[str, str]:
    """Names of areas by key, as the newest list that has one calls it; else as shipped."""
    newest = (
        sa.select(Area.key, sa.func.max(Area.taxonomy_id).label("taxonomy_id"))
        .group_by(Area.key)
        .subquery()
    )
    rows = session.execute(
        sa.select(Area.key, Area.name).join(
            newest, sa.and_(newest.c.key == Area.key, newest.c.taxonomy_id == Area.taxonomy_id)
        )
    )
    return {**_shipped_names(), **dict(rows.all())}


CSV_HEADS = (
    "funder",
    "recipient",
    "amount",
    "currency",
    "date",
    "date_precision",
    "area",
    "counted_as",
    "title",
    "purpose",
    "round",
    "source_url",
    "external_id",
    "funder_ref",
    "recipient_ref",
)
"""Headings that an import recognises again; `counted_as` is our area, `area` the file's words."""


def csv_rows(session: Session, by: Actor, listing: Listing) -> Iterator[tuple[object, ...]]:
    """All rows under the filters, in order, amounts in whole units; read a thousand at a time."""
    query = _filtered(by, listing).order_by(*_order(listing))
    grants = session.execute(
        query.with_only_columns(
            HistoricGrant.funder,
            HistoricGrant.recipient,
            HistoricGrant.amount,
            HistoricGrant.currency,
            HistoricGrant.awarded_on,
            HistoricGrant.date_precision,
            HistoricGrant.area_text,
            HistoricGrant.area_key,
            HistoricGrant.title,
            HistoricGrant.purpose,
            HistoricGrant.round_name,
            HistoricGrant.source_url,
            HistoricGrant.external_id,
            HistoricGrant.funder_ref,
            HistoricGrant.recipient_ref,
        ),
        execution_options={"yield_per": 1_000},
    )
    for funder, recipient, amount, currency, awarded_on, precision, *texts in grants:
        major = Decimal(amount).scaleb(-minor_units(currency)) if amount is not None else None
        day = awarded_on.isoformat() if awarded_on else None
        yield (funder, recipient, major, currency, day, precision, *texts)


def date_of(grant: HistoricGrant) -> str:
    """The date as exactly as it is known: 2014-06-05, 2014-06, 2014 Q2, 2014; "" for none."""
    if grant.awarded_on is None:
        return ""
    return written_date(grant.awarded_on, grant.date_precision or "day")
