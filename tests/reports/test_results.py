"""The reports on a result answer alike on SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from funding.db import Database
from funding.language import using
from funding.listing import Listing
from funding.models import Run
from funding.reports import comparison, counted_overlaps, overlaps, result_views, results, scenarios
from funding.reports.discretion import Discretion
from funding.reports.result_filters import FILTERS
from tests.runs import solve
from tests.services.test_runs import small_round


def listing(report, query: dict[str, str], filters: tuple[str, ...]) -> Listing:
    return Listing.parse("/", query, sortable=report.SORTABLE, filters=filters)


def test_every_view_of_a_result_is_read_on_each_database(
    each_database: Database, tmp_path: Path
) -> None:
    by, scenario_id = each_database.in_transaction(small_round)
    run_id = solve(each_database, tmp_path, by, scenario_id).id
    with each_database.reading() as session:
        run = session.get_one(Run, run_id)
        discretion = Discretion.of(session, by, run.scenario.round_id)
        for sort in results.SORTABLE:
            query = {
                "sort": f"-{sort}",
                "q": "title",
                "outcome": "funded",
                "area": "interpretability",
            }
            found, rows = results.list_rows(
                session, by, run, listing(results, query, FILTERS), discretion
            )
            assert found.total == len(rows) == 2
        figures = results.headline(session, run, by)
        assert (figures.candidates, figures.unscored, figures.funded) == (4, 1, 2)
        assert figures.available == 12_000_00 + run.problem["commitments"][1]["amount"]
        funders = result_views.funder_views(session, by, run, discretion)
        assert sum(f.spent for f in funders) == figures.allocated
        assert all(f.gain is not None for f in funders)
        assert sum(a.amount for a in result_views.area_views(run)) == figures.allocated
        (pair,) = counted_overlaps.overlap_views(session, by, run)
        assert pair.is_avoided
        limits = result_views.binding_limits(session, run, discretion)
        assert limits
        assert any("good work" in limit.worth for limit in limits)
        for tag in ("fr", "es", "ar"):
            with using(tag):
                said = result_views.binding_limits(session, run, discretion)
            assert not any("of " in f"{limit.words} {limit.worth}" for limit in said)
        assert len(results.institutions_of(session, by, run)) == 4
        _, pairs = overlaps.list_pairs(
            session,
            by,
            run.scenario.round_id,
            listing(overlaps, {"q": "title", "sort": "first"}, overlaps.FILTERS),
        )
        assert [p.first.key for p in pairs] == ["A"]
        (row,) = scenarios.scenario_rows(session, run.scenario.round, by)
        assert (row.funded, row.allocated) == (2, figures.allocated)


def test_a_run_compared_with_itself_shows_no_change(
    each_database: Database, tmp_path: Path
) -> None:
    by, scenario_id = each_database.in_transaction(small_round)
    run_id = solve(each_database, tmp_path, by, scenario_id).id
    with each_database.reading() as session:
        run = session.get_one(Run, run_id)
        discretion = Discretion.of(session, by, run.scenario.round_id)
        for sort in comparison.SORTABLE:
            found, _ = comparison.list_changes(
                session,
                by,
                run,
                run,
                listing(comparison, {"sort": sort}, comparison.FILTERS),
                discretion,
            )
            assert found.total == 0
        both = comparison.compare(session, by, run, run, discretion)
        assert both.value.change == 0
        assert {c.change for c in (*both.areas, *both.funders_value)} == {0}


def test_a_funders_gain_is_over_leaving() -> None:
    view = result_views.FunderView(1, "f", "F", 120.0, 80.0, 100.0, "leave", [], [])
    assert view.gain == pytest.approx(0.2)
    unknown = result_views.FunderView(1, "f", "F", 120.0, 80.0, None, "none", [], [])
    assert unknown.gain is None
