"""Money by calendar year, several kinds of it side by side: the chart, its table and its total."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from funding.language import gettext as _
from funding.reports import figures
from funding.reports.dashboards.model import Asked, Figure, Head, money, numeric, words

Series = tuple[str, str, dict[str, int]]
"""A kind of money: its name, its colour, minor units by year (`breakdowns.by_year`)."""


def years_of(series: Sequence[Series]) -> list[str]:
    """Every year that any of them has money in, in order."""
    return sorted({year for _name, _colour, sums in series for year in sums if year})


def over_years(asked: Asked, series: Sequence[Series], **told: Any) -> Figure:
    """The figure; `told`: its id, finding, source and whatever else a figure says of itself."""
    years, currency = years_of(series), asked.currency
    return Figure(
        unit=currency,
        heads=[Head(_("Year")), *numeric(*(name for name, _colour, _sums in series))],
        rows=[
            [
                words(year, asked.links.rows(year=year)),
                *(money(sums.get(year, 0), currency) for _name, _colour, sums in series),
            ]
            for year in years
        ],
        total=[
            words(_("All")),
            *(money(sum(sums.values()), currency) for _name, _colour, sums in series),
        ],
        drawing=figures.standing(
            years,
            [
                figures.Series(name, colour, [sums.get(year, 0) for year in years])
                for name, colour, sums in series
            ],
            currency,
        ),
        **told,
    )
