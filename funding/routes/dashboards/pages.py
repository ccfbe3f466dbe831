"""The dashboards themselves: one page a question, and the way from one to the next."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import NotFound
from funding.language import gettext as _
from funding.listing import Listing
from funding.models import Round, RoundState
from funding.permissions import working_rounds
from funding.reports.dashboards.model import Dashboard, Figure
from funding.routes.choices import REGION_CHOICES
from funding.routes.context import actor, reading
from funding.routes.dashboards.asking import (
    FILTERS,
    QUESTIONS,
    Page,
    choices_of,
    kept_filters,
    page_of,
)
from funding.routes.dashboards.blueprints import bp
from funding.routes.security import permission
from funding.services.dashboard_notes import notes_on

SHOWN = 60
"""Rows of a table on the page; its files have all of them."""
FORMS = (("csv", "CSV"), ("xlsx", "XLSX"), ("svg", "SVG"), ("png", "PNG"))


@bp.get("/dashboard")
@permission("dashboard.read")
def latest() -> ResponseReturnValue:
    """The dashboard of the round that is decided now, else of the newest one."""
    rounds = reading().scalars(
        working_rounds(actor(), "dashboard.read")
        .where(Round.state != RoundState.DRAFT)
        .order_by(Round.id.desc())
    )
    order = (RoundState.DECIDING, RoundState.ALLOCATING)
    best = min(rounds, key=lambda r: (r.state not in order, -r.id), default=None)
    if best is None:
        raise NotFound("round with a dashboard yet")
    return redirect(url_for("dashboards.show", round_id=best.id))


@bp.get("/rounds/<int:round_id>/dashboard")
@permission("dashboard.read")
def show(round_id: int) -> ResponseReturnValue:
    return page_of_question(round_id, "where")


@bp.get("/rounds/<int:round_id>/dashboard/<question>")
@permission("dashboard.read")
def question(round_id: int, question: str) -> ResponseReturnValue:
    if question == "where":
        return redirect(url_for("dashboards.show", round_id=round_id, **kept_filters()))
    return page_of_question(round_id, question)


def page_of_question(
    round_id: int,
    key: str,
    form: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> str:
    """The page; `form` and `errors` of a note that was refused."""
    if key not in QUESTIONS:
        raise NotFound("dashboard")
    page = page_of(round_id)
    dashboard = QUESTIONS[key](page.asked)
    notes = notes_on(reading(), round_id, key)
    return render_template(
        "dashboards/show.html",
        round=page.asked.round,
        page=page,
        asked=page.asked,
        dashboard=dashboard,
        figures=[(figure, as_charts_take(figure, key, round_id)) for figure in dashboard.figures],
        questions=questions(round_id, key),
        listing=Listing.parse(request.path, request.args, sortable=(), filters=FILTERS),
        regions=REGION_CHOICES,
        notes=notes,
        figure_choices=[(figure.id, figure.finding) for figure in dashboard.figures],
        form={"values": form or {}, "errors": errors or {}},
        pdf_url=url_for("dashboards.paper", round_id=round_id, question=key, **kept_filters()),
        **choices_of(page),
    )


def questions(round_id: int, current: str) -> list[dict[str, Any]]:
    """The way to the other dashboards, under the same filters."""
    labels = {
        "where": _("Where the money is"),
        "gaps": _("Open gaps"),
        "pooling": _("Gains of pooling"),
        "promises": _("Promises"),
        "off-plan": _("Off plan"),
        "changes": _("Since the last meeting"),
    }
    return [
        {
            "label": labels[key],
            "url": address_of(round_id, key),
            "current": key == current,
        }
        for key in QUESTIONS
    ]


def address_of(round_id: int, key: str) -> str:
    if key == "where":
        return url_for("dashboards.show", round_id=round_id, **kept_filters())
    return url_for("dashboards.question", round_id=round_id, question=key, **kept_filters())


def as_charts_take(figure: Figure, key: str, round_id: int) -> dict[str, Any]:
    """A figure as templates/macros/charts.html draws it."""
    forms = [form for form in FORMS if figure.drawing or form[0] in ("csv", "xlsx")]
    return {
        "id": figure.id,
        "finding": figure.finding,
        "unit": figure.unit,
        "figure_json": None if figure.strips else figure.drawing,
        "headers": [
            {"label": head.label, "numeric": head.numeric, "wide": head.wide}
            for head in figure.heads
        ],
        "rows": [
            [{"text": cell.text, "url": cell.url} for cell in row] for row in figure.rows[:SHOWN]
        ],
        "total": [cell.text for cell in figure.total],
        "files": [
            (
                label,
                url_for(
                    "dashboards.figure",
                    round_id=round_id,
                    question=key,
                    figure=figure.id,
                    form=form,
                    **kept_filters(),
                ),
            )
            for form, label in forms
        ],
        "note": _notes(figure),
        "rows_url": figure.rows_url,
        "rows_label": figure.rows_label or _("Rows behind this"),
        "source": figure.source,
        "size": figure.size,
        "wide": figure.wide,
        "table_open": figure.open,
    }


def _notes(figure: Figure) -> str | None:
    if len(figure.rows) <= SHOWN:
        return figure.note
    cut = _(
        "The table shows the first %(few)s of %(all)s rows; its files have all of them.",
        few=SHOWN,
        all=len(figure.rows),
    )
    return f"{figure.note} {cut}" if figure.note else cut


def dashboard_of(round_id: int, key: str) -> tuple[Page, Dashboard]:
    """A dashboard as the address asks for it; raises NotFound for a question nobody asks."""
    if key not in QUESTIONS:
        raise NotFound("dashboard")
    page = page_of(round_id)
    return page, QUESTIONS[key](page.asked)
