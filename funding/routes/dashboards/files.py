"""A figure of a dashboard as CSV, XLSX, SVG or PNG, and a whole dashboard as PDF."""

from __future__ import annotations

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from funding.errors import NotFound, RuleBroken
from funding.exports import pdf, pictures, workbooks
from funding.exports.csv_files import csv_text
from funding.reports.dashboards.model import Asked, Figure
from funding.routes.dashboards.blueprints import bp
from funding.routes.dashboards.pages import dashboard_of
from funding.routes.security import permission
from funding.services.dashboard_notes import notes_on

ON_PAPER = 40
"""Rows of a table in a PDF; the figure's own files have all of them."""


@bp.get("/rounds/<int:round_id>/dashboard/<question>/<figure>.<form>")
@permission("dashboard.read")
def figure(round_id: int, question: str, figure: str, form: str) -> ResponseReturnValue:
    """One figure's table or picture, under the filters in the address."""
    page, dashboard = dashboard_of(round_id, question)
    found = next((each for each in dashboard.figures if each.id == figure), None)
    if found is None:
        raise NotFound("figure")
    name = f"{page.asked.round.key}-{question}-{figure}"
    if form in ("csv", "xlsx"):
        return table_file([h.label for h in found.heads], values_of(found), name, form)
    if form in pictures.TYPES and found.drawing:
        made = picture_of(found, form)
        return attachment(made, f"{name}.{form}", pictures.TYPES[form])
    raise NotFound("file of this figure")


def values_of(found: Figure) -> list[list[object]]:
    """A figure's rows as files hold them: amounts as numbers, what is not known left empty.

    The line of totals is left out: a file is summed by whoever reads it.
    """
    return [[cell.value for cell in row] for row in found.rows]


def picture_of(found: Figure, form: str) -> bytes:
    return pictures.picture(found.drawing or "", title=found.finding, unit=found.unit, kind=form)


def table_file(heads: list[str], rows: list[list[object]], name: str, form: str) -> Response:
    """A table as a file to keep, as CSV or XLSX."""
    if form == "xlsx":
        made = workbooks.workbook(name, heads, rows)
        return attachment(made, f"{name}.xlsx", workbooks.TYPE)
    text = csv_text(heads, [["" if cell is None else cell for cell in row] for row in rows])
    return attachment(text.encode(), f"{name}.csv", "text/csv")


def attachment(content: bytes, name: str, type_: str) -> Response:
    return Response(
        content,
        mimetype=type_,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@bp.get("/rounds/<int:round_id>/dashboard/<question>/page.pdf")
@permission("dashboard.read")
def paper(round_id: int, question: str) -> ResponseReturnValue:
    """The dashboard on paper: its figures as pictures, its tables below them."""
    page, dashboard = dashboard_of(round_id, question)
    drawn = {
        f"{figure.id}.svg": picture_of(figure, "svg")
        for figure in dashboard.figures
        if figure.drawing
    }
    html = render_template(
        "dashboards/paper.html",
        asked=page.asked,
        dashboard=dashboard,
        most=ON_PAPER,
        filters=filters_in_words(page.asked),
        notes=notes_on(page.asked.session, round_id, question),
    )
    try:
        made = pdf.pdf_of(html, pdf.page_style(), drawn)
    except pdf.NoPdf as reason:
        raise RuleBroken(str(reason)) from reason
    return attachment(made, f"{page.asked.round.key}-{question}.pdf", pdf.TYPE)


def filters_in_words(asked: Asked) -> list[str]:
    """What the page was narrowed to, by names."""
    filters = asked.filters
    said = []
    if filters.funder_id is not None:
        said.append(asked.funder(filters.funder_id) or str(filters.funder_id))
    if filters.area:
        said.append(asked.area(filters.area))
    if filters.region:
        said.append(filters.region)
    if filters.year is not None:
        said.append(str(filters.year))
    return said
