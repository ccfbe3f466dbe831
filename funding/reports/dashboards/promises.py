"""Are promises kept? What funders promised, what is there by now, and what was paid."""

from __future__ import annotations

from dataclasses import replace

from funding.formatting import format_percent, format_short
from funding.language import gettext as _
from funding.reports import breakdowns, figures
from funding.reports.dashboards.model import (
    Asked,
    Dashboard,
    Figure,
    Head,
    Stat,
    Strip,
    Strips,
    money,
    numeric,
    percent,
    words,
)
from funding.reports.dashboards.over_years import over_years, years_of
from funding.reports.ground import Cell, Filters, Stage

REGISTERED, INCREASED = "commitment registered", "commitment increased"
REDUCED, EXPIRED = "commitment reduced", "commitment expired"
_PLACED = (Stage.AWARDED, Stage.SCHEDULED, Stage.PAID)


def promises(asked: Asked) -> Dashboard:
    """A promise has no area and no region: it is told of whole funders, or of one."""
    funder_id = asked.filters.funder_id
    ground, year = asked.ground, asked.ground.on.year
    now = ground.totals(ground.positions, funder_id)
    promised = ground.totals(ground.promised, funder_id)
    released = ground.totals(ground.released, funder_id)
    late = ground.totals(ground.late, funder_id)
    due = [cell for cell in released if cell.year is not None and cell.year <= year]
    sums = breakdowns.by_stage(now)
    there = sum(_there(due, now).values())
    notes = [
        _(
            "Money of a commitment without a release schedule counts as there from the year it"
            " begins."
        )
    ]
    if asked.filters != Filters(funder_id=funder_id):
        notes.append(
            _("A promise has no area, region or year: those filters are left out of this page.")
        )
    return Dashboard(
        "promises",
        _("Are promises kept?"),
        _answer(asked, sums, there),
        _stats(asked, promised, sums, there, sum(cell.amount for cell in late)),
        [
            figure
            for figure in (
                _by_funder(asked, promised, due, now, late),
                _by_year(asked, released, now),
                _funders_over_years(asked, released, now),
            )
            if figure
        ],
        notes,
    )


def _answer(asked: Asked, sums: dict[Stage, int], there: int) -> str:
    currency, year = asked.currency, str(asked.ground.on.year)
    if not sum(sums.values()):
        return _("Nothing has been promised yet.")
    if not there:
        return _("Nothing of what is promised has to be there by the end of %(year)s.", year=year)
    return _(
        "By the end of %(year)s %(there)s is to be there; %(awarded)s is awarded and %(paid)s"
        " paid (%(share)s).",
        year=year,
        there=format_short(there, currency),
        awarded=format_short(sum(sums[stage] for stage in _PLACED), currency),
        paid=format_short(sums[Stage.PAID], currency),
        share=format_percent(sums[Stage.PAID] / there),
    )


def _there(due: list[Cell], now: list[Cell]) -> dict[str, int]:
    """By funder, what has to be there by now: what expired or was reduced is not due any more."""
    held = breakdowns.summed(now, breakdowns.by_funder)
    released = breakdowns.summed(due, breakdowns.by_funder)
    return {funder: min(amount, held.get(funder, 0)) for funder, amount in released.items()}


def _of(cells: list[Cell], *events: str) -> int:
    return sum(cell.amount for cell in cells if cell.stage in events)


def _stats(
    asked: Asked, promised: list[Cell], sums: dict[Stage, int], there: int, late: int
) -> list[Stat]:
    currency = asked.currency
    figures_ = (
        (_("Promised at first"), _of(promised, REGISTERED), ""),
        (_("Added or taken back since"), _of(promised, INCREASED, REDUCED), ""),
        (_("Expired unused"), -_of(promised, EXPIRED), ""),
        (_("Promised now"), sum(cell.amount for cell in promised), ""),
        (_("To be there by the end of this year"), there, _("by the release schedules")),
        (_("Awarded"), sum(sums[stage] for stage in _PLACED), _("paid or still to be")),
        (_("Paid"), sums[Stage.PAID], _("less what was returned")),
        (_("Late"), late, _("scheduled, and past its day")),
    )
    return [
        Stat(label, format_short(amount, currency), amount, note)
        for label, amount, note in figures_
    ]


def _by_funder(
    asked: Asked, promised: list[Cell], due: list[Cell], now: list[Cell], late: list[Cell]
) -> Figure | None:
    key, currency = breakdowns.by_funder, asked.currency
    of = {
        "first": breakdowns.summed([c for c in promised if c.stage == REGISTERED], key),
        "changed": breakdowns.summed([c for c in promised if c.stage in (INCREASED, REDUCED)], key),
        "expired": breakdowns.summed([c for c in promised if c.stage == EXPIRED], key),
        "now": breakdowns.summed(now, key),
        "due": _there(due, now),
        "awarded": breakdowns.summed([c for c in now if c.stage in _PLACED], key),
        "paid": breakdowns.summed([c for c in now if c.stage == Stage.PAID], key),
        "late": breakdowns.summed(late, key),
    }
    order = sorted(of["first"], key=lambda f: (-of["now"].get(f, 0), asked.funder(int(f))))
    if not order:
        return None
    then = None
    if asked.other is not None:
        other = asked.other
        cells = other.ground.totals(other.ground.positions, asked.filters.funder_id)
        then = breakdowns.summed([c for c in cells if c.stage == Stage.PAID], key)

    def line(amounts: list[int], due_: int, paid: int, before: int) -> list:
        row = [*(money(amount, currency) for amount in amounts)]
        row.insert(7, percent(paid / due_ if due_ else None))
        return [*row, money(before, currency)] if then is not None else row

    columns = ("first", "changed", "expired", "now", "due", "awarded", "paid", "late")
    heads = [
        Head(_("Funder")),
        *numeric(
            _("Promised at first"),
            _("Changed since"),
            _("Expired"),
            _("Promised now"),
            _("To be there by now"),
            _("Awarded"),
            _("Paid"),
            _("Paid, of what is to be there"),
            _("Late"),
        ),
    ]
    if then is not None and asked.other is not None:
        heads += numeric(_("Paid in %(round)s", round=asked.other.round.name))
    rows = [
        [
            words(asked.funder(int(f)), asked.links.rows(funder=f)),
            *line(
                [of[c].get(f, 0) for c in columns],
                of["due"].get(f, 0),
                of["paid"].get(f, 0),
                (then or {}).get(f, 0),
            ),
        ]
        for f in order
    ]
    totals = [sum(of[c].values()) for c in columns]
    behind = [f for f in order if of["paid"].get(f, 0) < of["due"].get(f, 0)]
    labels = [asked.funder(int(f)) for f in order]
    return Figure(
        id="promised-and-paid",
        finding=_(
            "%(few)s of %(all)s funders have paid all that is to be there by now",
            few=len(order) - len(behind),
            all=len(order),
        ),
        unit=currency,
        heads=heads,
        rows=rows,
        total=[
            words(_("All")),
            *line(totals, totals[4], totals[6], sum((then or {}).values())),
        ],
        drawing=figures.lying(
            labels,
            [
                figures.Series(
                    _("To be there by now"),
                    "var(--chart-8)",
                    [of["due"].get(f, 0) for f in order],
                ),
                figures.Series(
                    _("Awarded"), "var(--chart-2)", [of["awarded"].get(f, 0) for f in order]
                ),
                figures.Series(_("Paid"), "var(--chart-1)", [of["paid"].get(f, 0) for f in order]),
            ],
            currency,
            [asked.links.rows(funder=f) for f in order],
            grouped=True,
        ),
        rows_url=asked.links.commitments,
        rows_label=_("The commitments"),
        source=_("ledger and release schedules"),
        wide=True,
    )


def _by_year(asked: Asked, released: list[Cell], now: list[Cell]) -> Figure | None:
    key, currency = breakdowns.by_year, asked.currency
    released, now = ([c for c in cells if c.year is not None] for cells in (released, now))
    series = [
        (_("Promised for the year"), "var(--chart-8)", breakdowns.summed(released, key)),
        *(
            (label, colour, breakdowns.summed([c for c in now if c.stage == stage], key))
            for label, colour, stage in (
                (_("Awarded, not scheduled"), "var(--chart-2)", Stage.AWARDED),
                (_("Due in tranches"), "var(--chart-1-soft)", Stage.SCHEDULED),
                (_("Paid"), "var(--chart-1)", Stage.PAID),
            )
        ),
    ]
    years = years_of(series)
    if not years:
        return None
    first = years[0]
    return over_years(
        asked,
        series,
        id="promises-by-year",
        finding=_(
            "%(amount)s was promised for %(year)s, the first year",
            amount=format_short(series[0][2].get(first, 0), currency),
            year=first,
        ),
        source=_("release schedules and ledger"),
        wide=True,
    )


def _funders_over_years(asked: Asked, released: list[Cell], now: list[Cell]) -> Figure | None:
    """A small chart of each funder: promised for each year, and paid of it in front."""
    paid = [cell for cell in now if cell.stage == Stage.PAID]
    years = sorted({c.year for c in (*released, *paid) if c.year is not None})
    if len(years) < 2:
        return None
    currency = asked.currency

    def table(cells: list[Cell]) -> dict[int, dict[int, int]]:
        found: dict[int, dict[int, int]] = {}
        for cell in cells:
            if cell.year is not None:
                of = found.setdefault(cell.funder_id, {})
                of[cell.year] = of.get(cell.year, 0) + cell.amount
        return found

    promised, given = table(released), table(paid)
    order = sorted(promised, key=lambda f: (-sum(promised[f].values()), asked.funder(f)))
    rows, strips = [], []
    for funder in order:
        of, got = promised[funder], given.get(funder, {})
        rows.append(
            [
                words(asked.funder(funder), asked.links.rows(funder=funder)),
                *(money(amounts.get(year, 0), currency) for year in years for amounts in (of, got)),
            ]
        )
        strip = Strip(
            asked.funder(funder),
            format_short(sum(got.values()), currency),
            tuple(got.get(year, 0) for year in years),
            tuple(
                _(
                    "%(year)s: %(paid)s paid of %(promised)s",
                    year=str(year),
                    paid=format_short(got.get(year, 0), currency),
                    promised=format_short(of.get(year, 0), currency),
                )
                for year in years
            ),
            asked.links.rows(funder=funder),
        )
        strips.append(replace(strip, behind=tuple(of.get(year, 0) for year in years)))
    return Figure(
        id="funders-over-years",
        finding=_("What each funder promised for a year, and paid in it"),
        unit=_("%(currency)s paid, in front of what was promised", currency=currency),
        heads=[
            Head(_("Funder")),
            *numeric(
                *(
                    name
                    for year in years
                    for name in (
                        _("%(year)s, promised", year=str(year)),
                        _("%(year)s, paid", year=str(year)),
                    )
                )
            ),
        ],
        rows=rows,
        drawing=figures.squares(
            [asked.funder(f) for f in order],
            [str(year) for year in years],
            [[given.get(f, {}).get(year, 0) for year in years] for f in order],
            currency,
        )
        if given
        else None,
        strips=Strips(tuple(str(year) for year in years), tuple(strips)),
        source=_("release schedules and ledger"),
        wide=True,
    )
