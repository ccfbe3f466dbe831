"""Which gaps stay open, and what would closing each cost?

Three answers stand side by side: the money that is missing; what one more unit for the area would
take from the rest of the plan, where the run priced its floor; and the most that any finished
scenario of the round gives the area. Where a run has no answer, it says so and how to get one.
"""

from __future__ import annotations

from dataclasses import dataclass

from funding.db import now
from funding.formatting import format_decimals, format_short
from funding.language import gettext as _
from funding.language import said
from funding.models import Run, RunState, Scenario
from funding.permissions import visible_runs
from funding.reports import breakdowns, figures
from funding.reports.areas import needs_of
from funding.reports.breakdowns import Gap
from funding.reports.dashboards.model import (
    Asked,
    Dashboard,
    Entry,
    Figure,
    Head,
    Stat,
    money,
    numeric,
    percent,
    words,
)
from funding.reports.ground import Filters
from funding.reports.result_views import prices_of

RUNS = 12
"""Finished runs that are looked at for the most that an area gets."""
LEAST = 0.005
"""A price below it is none: the plan holds that floor without giving anything up."""


@dataclass(frozen=True)
class Most:
    """The most that a finished run gives an area, in the page's minor units."""

    run_id: int
    scenario: str
    amount: int


@dataclass(frozen=True)
class Closing:
    """What is known of closing one gap. `price`: value lost elsewhere for one unit more."""

    gap: Gap
    price: float | None
    most: Most | None


def gaps(asked: Asked) -> Dashboard:
    """An area's need is of the whole round: filters of region and year are left out."""
    filters = Filters(funder_id=asked.filters.funder_id, area=asked.filters.area)
    found = _gaps(asked, filters)
    run = _run(asked)
    prices = prices_of(run, "area floor") if run is not None else {}
    prices = {area: abs(price) for area, price in prices.items() if abs(price) >= LEAST}
    most = _most(asked)
    closing = [Closing(gap, prices.get(gap.key), most.get(gap.key)) for gap in found]
    before = _gaps(asked.other, asked.other.filters) if asked.other is not None else None
    notes = [
        _(
            "The missing money is what closing costs where new money comes. Within the money that"
            " is there, each unit for an area is taken from other work: its price says what that"
            " is worth, at the margin; the further an area is raised, the dearer it gets."
        )
    ]
    if asked.filters.region or asked.filters.year is not None:
        notes.append(_("A need has no region or year: those filters are left out of this page."))
    return Dashboard(
        "gaps",
        _("Which gaps stay open, and what would closing each cost?"),
        _answer(asked, found),
        _stats(asked, found, before),
        [
            figure
            for figure in (_map(asked, found, before), _closing(asked, closing, run))
            if figure
        ],
        notes,
    )


def _gaps(asked: Asked, filters: Filters) -> list[Gap]:
    ground = asked.ground
    cells = ground.cells(ground.positions, Filters(filters.funder_id, filters.area))
    base = asked.round.base_currency
    rows = needs_of(asked.session, asked.round, now()).rows
    return breakdowns.gaps(
        [row for row in rows if not filters.area or row.area.key == filters.area],
        breakdowns.summed(cells, breakdowns.by_area),
        lambda amount: ground.conversion.convert(amount, base),
    )


def _run(asked: Asked) -> Run | None:
    """The run that the page rests on, where the person may read results."""
    if asked.ground.run is None:
        return None
    return asked.session.scalar(visible_runs(asked.by).where(Run.id == asked.ground.run.id))


def _most(asked: Asked) -> dict[str, Most]:
    """By area, the most of the newest finished runs that the person may see. One query."""
    base, convert = asked.round.base_currency, asked.ground.conversion.convert
    rows = asked.session.execute(
        visible_runs(asked.by)
        .where(
            Scenario.round_id == asked.round.id, Run.state == RunState.DONE, Run.plan.is_not(None)
        )
        .with_only_columns(Run.id, Scenario.name, Run.plan["areas"])
        .order_by(Run.id.desc())
        .limit(RUNS)
    )
    found: dict[str, Most] = {}
    for run_id, name, areas in rows:
        for key, area in (areas or {}).items():
            amount = convert(int(area["amount"]), base)
            if key not in found or amount > found[key].amount:
                found[key] = Most(run_id, name, amount)
    return found


def _answer(asked: Asked, found: list[Gap]) -> str:
    open_ = [gap for gap in found if gap.open]
    if not found:
        return _("No area of this round states a need.")
    if not open_:
        return _("Every area's need is met.")
    return _(
        "%(few)s of %(all)s areas stay open, %(amount)s together; %(widest)s keeps the widest gap.",
        few=len(open_),
        all=len(found),
        amount=format_short(sum(gap.open for gap in open_), asked.currency),
        widest=open_[0].name,
    )


def _stats(asked: Asked, found: list[Gap], before: list[Gap] | None) -> list[Stat]:
    currency = asked.currency

    def stat(label: str, of: str) -> Stat:
        amount = sum(getattr(gap, of) for gap in found)
        note = ""
        if before is not None and asked.other is not None:
            then = sum(getattr(gap, of) for gap in before)
            note = f"{asked.other.round.name}: {format_short(then, currency)}"
        return Stat(label, format_short(amount, currency), amount, note)

    return [
        stat(_("Needs"), "need"),
        stat(_("Funded by others"), "others"),
        stat(_("This round"), "pool"),
        stat(_("Still open"), "open"),
    ]


def _map(asked: Asked, found: list[Gap], before: list[Gap] | None) -> Figure | None:
    if not found:
        return None
    currency = asked.currency
    addresses = [asked.links.rows(area=gap.key) for gap in found]
    then = {gap.key: gap.open for gap in before or ()}
    heads = [
        Head(_("Area")),
        *numeric(_("Need"), _("Funded by others"), _("This round"), _("Still open"), _("Covered")),
    ]
    if asked.other is not None:
        heads += numeric(_("Open in %(round)s", round=asked.other.round.name))

    def line(name: Entry, parts: list[Gap], old: int) -> list[Entry]:
        need = sum(gap.need for gap in parts)
        row = [
            name,
            money(need, currency),
            money(sum(gap.others for gap in parts), currency),
            money(sum(gap.pool for gap in parts), currency),
            money(sum(gap.open for gap in parts), currency),
            percent(1 - sum(gap.open for gap in parts) / need if need else None),
        ]
        return [*row, money(old, currency)] if asked.other is not None else row

    open_ = sum(gap.open for gap in found)
    return Figure(
        id="gaps",
        finding=_(
            "%(name)s keeps the widest gap: %(amount)s of %(all)s still open",
            name=found[0].name,
            amount=format_short(found[0].open, currency),
            all=format_short(open_, currency),
        )
        if open_
        else _("Every area's need is met"),
        unit=currency,
        heads=heads,
        rows=[
            line(words(gap.name, address), [gap], then.get(gap.key, 0))
            for gap, address in zip(found, addresses, strict=True)
        ],
        total=line(words(_("All")), found, sum(then.values())),
        drawing=figures.lying(
            [gap.name for gap in found],
            [
                figures.Series(
                    _("Funded by others"), "var(--chart-8)", [gap.others for gap in found]
                ),
                figures.Series(_("This round"), "var(--chart-1)", [gap.pool for gap in found]),
                figures.Series(_("Still open"), "var(--chart-4-soft)", [gap.open for gap in found]),
            ],
            currency,
            addresses,
        ),
        rows_url=asked.links.needs,
        rows_label=_("Needs and the grants behind them"),
        source=_("stated needs, imported history, ledger"),
        wide=True,
    )


def _closing(asked: Asked, closing: list[Closing], run: Run | None) -> Figure | None:
    wide = [each for each in closing if each.gap.open]
    if not wide:
        return None
    currency = asked.currency
    priced = [each for each in wide if each.price is not None]
    rows = []
    for each in wide:
        gap, price, most = each.gap, each.price, each.most
        beyond = most.amount - gap.pool if most else 0
        rows.append(
            [
                words(gap.name),
                money(gap.open, currency),
                Entry("–") if price is None else Entry(format_decimals(price, 2), round(price, 4)),
                money(int(price * gap.open) if price else None, currency),
                words(_scenario(most.scenario), asked.links.run(most.run_id))
                if most
                else Entry("–"),
                money(most.amount if most else None, currency),
                Entry("–")
                if most is None or beyond * 200 < gap.open
                else percent(min(1.0, beyond / gap.open)),
                words(_how(each, run)),
            ]
        )
    return Figure(
        id="closing",
        finding=_(
            "Closing the widest gap takes %(amount)s of new money",
            amount=format_short(wide[0].gap.open, currency),
        )
        if not priced
        else _(
            "Raising %(name)s costs %(price)s of good work for each unit moved",
            name=priced[0].gap.name,
            price=format_decimals(priced[0].price, 2),
        ),
        unit=currency,
        heads=[
            Head(_("Area")),
            *numeric(_("Missing money"), _("Price of a unit moved"), _("So at least, for all")),
            Head(_("Most in a scenario")),
            *numeric(_("Amount there"), _("Closes of it")),
            Head(_("What is known, and how to learn more"), wide=True),
        ],
        rows=rows,
        rows_url=asked.links.scenarios,
        rows_label=_("Scenarios"),
        source=_("the plan's prices and finished scenarios"),
        open=True,
        wide=True,
    )


def _scenario(name: str) -> str:
    """The one that is there without being asked for has a name of ours."""
    return str(said(name))


def _how(each: Closing, run: Run | None) -> str:
    if run is None:
        return _("No result to read: whoever may see scenarios can solve one.")
    if each.price is not None:
        return _(
            "Priced in the run of “%(scenario)s” at its floor. To see all of it, solve a scenario"
            " with a higher floor.",
            scenario=_scenario(run.scenario.name),
        )
    return _(
        "No floor binds here in “%(scenario)s”, so nothing is priced: solve a scenario with a"
        " floor as high as wanted, and its result says what that takes elsewhere.",
        scenario=_scenario(run.scenario.name),
    )
