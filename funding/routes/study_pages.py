"""What the page of each kind of study shows: its document, read with discretion, as values.

A page's function takes the run, the study and the document; its template is
`scenarios/studies/<kind>.html`, which extends `scenarios/studies/_frame.html`. Each chart of it has
its figures as a table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import request, url_for

from funding.listing import Listing
from funding.models import Commitment, Run, Study
from funding.reports import arrival, frontier, pooling, portfolios, rules, study_csv, sureness
from funding.routes.context import actor, reading
from funding.routes.results import discretion_of
from funding.services.overlaps.stepping_back import noted_for
from funding.services.run_words import names_of

Page = Callable[[Run, Study, dict[str, Any]], dict[str, Any]]
Table = Callable[[Run, dict[str, Any], str], study_csv.Table]


def _alternatives(run: Run, _study: Study, found: dict[str, Any]) -> dict[str, Any]:
    shown = portfolios.portfolios(reading(), actor(), run, found, discretion_of(run))
    return {
        "portfolios": shown,
        "finding": portfolios.finding(shown, found["tolerance"]),
        "tolerance": found["tolerance"],
    }


def _sure(run: Run, found: dict[str, Any]) -> list[sureness.Sure]:
    seen = portfolios.shown_proposals(reading(), actor(), run)
    return sureness.rows(found, (run.plan or {})["totals"], seen)


def _sureness(run: Run, _study: Study, found: dict[str, Any]) -> dict[str, Any]:
    shown = _sure(run, found)
    listing = Listing.parse(
        request.path,
        request.args,
        sortable=sureness.SORTABLE,
        filters=sureness.FILTERS,
        default_sort="-often",
    )
    listing, rows = sureness.page(shown, listing)
    return {
        "figure": sureness.strip(
            shown, lambda id_: url_for("results.proposal", run_id=run.id, proposal_id=id_)
        ),
        "finding": sureness.finding(shown),
        "counts": sureness.counts(shown),
        "standings": sureness.STANDINGS,
        "regret": sureness.regret(found),
        "samples": found["samples"],
        "tolerance": found["tolerance"],
        "gap": found["resampled"]["gap"],
        "listing": listing,
        "rows": rows,
    }


def _frontier(run: Run, _study: Study, found: dict[str, Any]) -> dict[str, Any]:
    shown = frontier.points(found)
    here = url_for("studies.show", run_id=run.id, kind="frontier")
    currency = run.scenario.round.base_currency
    return {
        "points": shown,
        "finding": frontier.finding(shown),
        "figure": frontier.chart(shown, currency, lambda number: f"{here}#point-{number}"),
        "gap": found["gap"],
        "missing": found.get("missing", 0),
    }


def _pooled(run: Run, found: dict[str, Any]) -> pooling.Pooling:
    round_ = run.scenario.round
    names = names_of(reading(), round_)
    return pooling.view(found, names, round_.base_currency, (run.plan or {})["value"])


def _pooling(run: Run, _study: Study, found: dict[str, Any]) -> dict[str, Any]:
    return {"pooling": _pooled(run, found)}


def _rules(run: Run, _study: Study, found: dict[str, Any]) -> dict[str, Any]:
    names = names_of(reading(), run.scenario.round)
    charts = (rules.gain_chart(found, names), rules.cover_chart(found))
    return {
        "rows": rules.rule_rows(found, run.scenario.rule, names, run.scenario.round.base_currency),
        "figures": [chart for chart in charts if chart],
        "agreed": rules.agreed(found, portfolios.shown_proposals(reading(), actor(), run)),
    }


def _arrival(run: Run, _study: Study, found: dict[str, Any]) -> dict[str, Any]:
    round_ = run.scenario.round
    names = names_of(reading(), round_)
    key = found["commitment"]
    commitment = (
        reading()
        .scalars(
            sa.select(Commitment).where(Commitment.round_id == round_.id, Commitment.key == key)
        )
        .one()
    )
    return {
        "arrival": arrival.view(found, names, round_.base_currency),
        "commitment": commitment,
        "noted": noted_for(reading(), actor(), commitment.id),
    }


PAGES: dict[str, Page] = {
    "alternatives": _alternatives,
    "sureness": _sureness,
    "frontier": _frontier,
    "pooling": _pooling,
    "rules": _rules,
    "arrival": _arrival,
}
"""By kind."""

Fields = Callable[[Run], dict[str, Any]]


def _arrival_fields(run: Run) -> dict[str, Any]:
    names = names_of(reading(), run.scenario.round)
    keys = [commitment["id"] for commitment in (run.problem or {})["commitments"]]
    return {"commitments": [(key, names.get(key, key)) for key in keys]}


FIELDS: dict[str, Fields] = {"arrival": _arrival_fields}
"""By kind, what its fields offer to choose from."""

TABLES: dict[tuple[str, str], Table] = {
    ("sureness", "strip"): lambda run, found, currency: study_csv.how_sure(
        _sure(run, found), currency
    ),
    ("frontier", "frontier"): lambda _run, found, currency: study_csv.trade_offs(
        frontier.points(found), currency
    ),
    ("pooling", "pooling-gain"): lambda run, found, currency: study_csv.pooled(
        _pooled(run, found).rows, currency
    ),
    ("rules", "gains"): lambda run, found, _currency: study_csv.gains(
        found, names_of(reading(), run.scenario.round)
    ),
    ("rules", "covered"): lambda _run, found, _currency: study_csv.covered(found),
}
"""By kind and the chart's id: the run, the document read with discretion, the base currency."""
