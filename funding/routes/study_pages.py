"""What the page of each kind of study shows: its document, read with discretion, as values.

A page's function takes the run, the study and the document; its template is
`scenarios/studies/<kind>.html`, which extends `scenarios/studies/_frame.html`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from funding.models import Run, Study
from funding.reports import pooling
from funding.routes.context import reading
from funding.services.run_words import names_of

Page = Callable[[Run, Study, dict[str, Any]], dict[str, Any]]


def _frontier(run: Run, _study: Study, found: dict[str, Any]) -> dict[str, Any]:
    return {"points": found["points"]}


def _pooling(run: Run, _study: Study, found: dict[str, Any]) -> dict[str, Any]:
    round_ = run.scenario.round
    names = names_of(reading(), round_)
    return {"pooling": pooling.view(found, names, round_.base_currency, (run.plan or {})["value"])}


PAGES: dict[str, Page] = {"frontier": _frontier, "pooling": _pooling}
"""By kind."""
