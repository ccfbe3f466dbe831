"""Open data: every table as CSV, XLSX and JSON, and awards in two standards."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from funding.db import now
from funding.errors import NotFound
from funding.exports import iati, threesixty, workbooks
from funding.exports.csv_files import csv_text
from funding.listing import Listing
from funding.models import Award
from funding.permissions import PUBLIC, Scope
from funding.reports.public import datasets, fields, payments, register
from funding.reports.public.words import shown_title
from funding.routes.context import config, reading
from funding.routes.public.answering import kept, page, today
from funding.routes.public.blueprints import bp
from funding.routes.security import permission

CSV, JSON, XML = "text/csv; charset=utf-8", "application/json", "application/xml"
FORMATS = ("csv", "xlsx", "json")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""In place of the moment a file was made, so that the same awards have the same ETag."""


def address_of(award_id: int) -> str:
    """Where an award's page is, in full: a file is read far from this site."""
    path: str = url_for("public.award", award_id=award_id)
    return config().public_url + path


def narrowed() -> dict[str, str]:
    """The register's filters in the address."""
    return dict(Listing.parse("", request.args, sortable=(), filters=register.FILTERS).args)


@bp.get("/data")
@permission(PUBLIC)
def data() -> ResponseReturnValue:
    return page("public/data.html", fields=fields, formats=FORMATS)


@bp.get("/data/<table>.<format>")
@permission(PUBLIC)
def table(table: str, format: str) -> ResponseReturnValue:
    if table not in fields.FIELDS or format not in FORMATS:
        raise NotFound("file")
    return table_file(table, format, today(), narrowed())


def table_file(table: str, format: str, scope: Scope, args: dict[str, str]) -> ResponseReturnValue:
    rows = datasets.rows_of(table, reading(), scope, args, address_of)
    heads, name = list(fields.FIELDS[table]), f"tributary-{table}.{format}"
    if format == "csv":
        return kept(csv_text(heads, rows), CSV, name=name)
    if format == "xlsx":
        stamp = hashlib.sha256(csv_text(heads, rows).encode()).hexdigest()
        book = workbooks.workbook(table, heads, rows)
        return kept(book, workbooks.TYPE, same_as=stamp, name=name)
    content = {
        "licence": fields.LICENCE,
        "licence_url": fields.LICENCE_URL,
        "fields": {name: str(meaning) for name, meaning in fields.FIELDS[table].items()},
        "rows": datasets.as_json(table, rows),
    }
    return kept(_json(content), JSON)


@bp.get("/data/360giving.json")
@permission(PUBLIC)
def threesixtygiving() -> ResponseReturnValue:
    scope, args, settings = today(), narrowed(), config()
    awards = register.all_of(reading(), scope, args)
    ids = register.filtered(scope, args).with_only_columns(Award.id)
    publisher = threesixty.Publisher(
        settings.threesixty_prefix, "Tributary", settings.public_url, fields.LICENCE_URL
    )
    content = threesixty.package(
        awards,
        payments.payments_of(reading(), ids, scope.today),
        publisher,
        address_of,
        shown_title,
        now(),
    )
    lasting = _json({**content, "modified": ""})
    return kept(_json(content), JSON, same_as=lasting)


@bp.get("/data/iati.xml")
@permission(PUBLIC)
def iati_activities() -> ResponseReturnValue:
    scope, args = today(), narrowed()
    awards = register.all_of(reading(), scope, args)
    ids = register.filtered(scope, args).with_only_columns(Award.id)
    paid = payments.payments_of(reading(), ids, scope.today)
    freed = payments.freed_of(reading(), ids)
    reporter = iati.Reporter(config().iati_organisation, "Tributary", fields.LICENCE)

    def made(moment: datetime) -> bytes:
        return iati.activities(awards, paid, freed, reporter, address_of, shown_title, moment)

    return kept(made(now()), XML, same_as=made(_BEGINNING).decode())


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1)
