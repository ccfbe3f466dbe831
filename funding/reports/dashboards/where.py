"""Where is every unit of money now? From commitment to payment, with what is spent and late."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from funding.formatting import format_percent, format_short
from funding.language import gettext as _
from funding.language import ngettext
from funding.models import TO_BE_WRITTEN, Award, Commitment, Proposal, Report
from funding.places import region_name
from funding.reports import breakdowns, figures
from funding.reports.breakdowns import Breakdown, Key
from funding.reports.dashboards.model import (
    Asked,
    Dashboard,
    Entry,
    Figure,
    Head,
    Stat,
    Strip,
    Strips,
    money,
    numeric,
    words,
)
from funding.reports.dashboards.over_years import over_years, years_of
from funding.reports.ground import STAGES, Cell, Stage

COLOURS = {
    Stage.AVAILABLE: "var(--chart-8-soft)",
    Stage.RESERVED: "var(--chart-2-soft)",
    Stage.AWARDED: "var(--chart-2)",
    Stage.SCHEDULED: "var(--chart-1-soft)",
    Stage.PAID: "var(--chart-1)",
}


def stage_name(stage: str) -> str:
    return {
        Stage.AVAILABLE: _("Available"),
        Stage.RESERVED: _("Reserved"),
        Stage.AWARDED: _("Awarded"),
        Stage.SCHEDULED: _("Scheduled"),
        Stage.PAID: _("Paid"),
    }[Stage(stage)]


def where(asked: Asked) -> Dashboard:
    ground, filters = asked.ground, asked.filters
    now = ground.cells(ground.positions, filters)
    beside = {
        of: ground.cells(getattr(ground, of), filters) for of in ("spent", "returned", "late")
    }
    before = _of_other(asked)
    sums = breakdowns.by_stage(now)
    return Dashboard(
        "where",
        _("Where is every unit of money now?"),
        _answer(sums, asked.currency),
        _stats(asked, sums, beside, before),
        [
            figure
            for figure in (
                _figure(asked, "by-funder", "funder", now, beside, before),
                _figure(asked, "by-area", "area", now, beside, before),
                _figure(asked, "by-region", "region", now, beside, before),
                _years(asked, now, beside),
                _areas_over_years(asked, now),
            )
            if figure
        ],
    )


def _of_other(asked: Asked) -> list[Cell] | None:
    """The money of the round compared with, under the same filters."""
    if asked.other is None:
        return None
    ground = asked.other.ground
    return ground.cells(ground.positions, asked.other.filters)


def _answer(sums: dict[Stage, int], currency: str) -> str:
    total = sum(sums.values())
    if not total:
        return _("No money here yet.")
    return _(
        "%(placed)s of %(all)s has a proposal, %(paid)s is paid.",
        placed=format_percent((total - sums[Stage.AVAILABLE]) / total),
        all=format_short(total, currency),
        paid=format_percent(sums[Stage.PAID] / total),
    )


def _stats(
    asked: Asked,
    sums: dict[Stage, int],
    beside: dict[str, list[Cell]],
    before: list[Cell] | None,
) -> list[Stat]:
    currency, links = asked.currency, asked.links
    then = breakdowns.by_stage(before) if before is not None else None

    def note(amount: int | None) -> str:
        if amount is None or asked.other is None:
            return ""
        return f"{asked.other.round.name}: {format_short(amount, currency)}"

    total = sum(sums.values())
    stats = [
        Stat(
            _("Committed"),
            format_short(total, currency),
            total,
            note(sum(then.values()) if then else None),
            links.rows(),
            _("Rows"),
        )
    ]
    for stage in STAGES:
        stats.append(
            Stat(
                stage_name(stage),
                format_short(sums[stage], currency),
                sums[stage],
                note(then[stage] if then else None),
                links.rows(stage=stage.value),
                _("Rows"),
            )
        )
    spent, returned, late = (
        sum(cell.amount for cell in beside[of]) for of in ("spent", "returned", "late")
    )
    overdue = overdue_reports(asked)
    return [
        *stats,
        Stat(
            _("Spent, as accepted in reports"),
            format_short(spent, currency),
            spent,
            _("a part of what is paid") if spent else "",
        ),
        Stat(
            _("Returned by grantees"),
            format_short(returned, currency),
            returned,
            _("available again") if returned else "",
            links.changes(kind="money returned") if returned else None,
            _("Rows"),
        ),
        Stat(
            _("Late"),
            format_short(late, currency),
            late,
            ngettext("%(num)d report overdue", "%(num)d reports overdue", overdue),
            links.off_plan(),
            _("Rows"),
        ),
    ]


def overdue_reports(asked: Asked) -> int:
    """Reports that are due, not handed in, and whose day is past, under the filters."""
    filters, ground = asked.filters, asked.ground
    query = (
        sa.select(sa.func.count(sa.distinct(Report.id)))
        .join(Award, Award.id == Report.award_id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .join(Proposal, Proposal.id == Award.proposal_id)
        .where(
            Commitment.round_id == asked.round.id,
            Report.state.in_(TO_BE_WRITTEN),
            Report.due_on < ground.on,
            Award.state.not_in(("terminated", "completed")),
        )
    )
    if filters.funder_id is not None:
        query = query.where(Commitment.funder_id == filters.funder_id)
    if filters.region:
        query = query.where(Proposal.region == filters.region)
    if filters.year is not None:
        query = query.where(sa.extract("year", Report.due_on) == filters.year)
    if filters.area:
        effects = ground.effects
        query = query.join(effects, effects.c.proposal_id == Proposal.id).where(
            effects.c.area == filters.area
        )
    return asked.session.scalar(query) or 0


def _kinds(asked: Asked) -> dict[str, tuple[Key, Callable[[str], str], str]]:
    return {
        "funder": (breakdowns.by_funder, lambda key: asked.funder(int(key)), _("Funder")),
        "area": (
            breakdowns.by_area,
            lambda key: asked.area(key) if key else _("No area given"),
            _("Area"),
        ),
        "region": (
            breakdowns.by_region,
            lambda key: region_name(key) or _("No region given"),
            _("Region"),
        ),
    }


def _figure(
    asked: Asked,
    id_: str,
    kind: str,
    now: list[Cell],
    beside: dict[str, list[Cell]],
    before: list[Cell] | None,
) -> Figure | None:
    """Money by funder, area or region and stage; what has no proposal has no area or region."""
    key, label, head = _kinds(asked)[kind]
    if kind != "funder":
        now = [cell for cell in now if cell.has_proposal]
        before = before and [cell for cell in before if cell.has_proposal]
    currency = asked.currency
    extra = {of: breakdowns.summed(cells, key) for of, cells in beside.items()}
    then = breakdowns.summed(before, key) if before is not None else {}
    rows = breakdowns.breakdown(
        now, key, label, also={*then, *(k for of in extra.values() for k in of)}
    )
    if not rows.total:
        return None
    addresses = [asked.links.rows(**{kind: row.key}) for row in rows.rows]
    heads = [
        Head(head),
        *numeric(*(stage_name(stage) for stage in STAGES), _("Total")),
        *numeric(_("Spent"), _("Returned"), _("Late")),
    ]
    if asked.other is not None:
        heads += numeric(asked.other.round.name)
    table = []
    for row, address in zip(rows.rows, addresses, strict=True):
        amounts = [*(row.by_stage[stage] for stage in STAGES), row.total]
        amounts += [extra[of].get(row.key, 0) for of in ("spent", "returned", "late")]
        if asked.other is not None:
            amounts.append(then.get(row.key, 0))
        table.append([words(row.label, address), *(money(a, currency) for a in amounts)])
    totals = [*(rows.of(stage) for stage in STAGES), rows.total]
    totals += [sum(extra[of].values()) for of in ("spent", "returned", "late")]
    if asked.other is not None:
        totals.append(sum(then.values()))
    return Figure(
        id=id_,
        finding=_finding(kind, rows, currency),
        unit=currency,
        heads=heads,
        rows=table,
        total=[words(_("All")), *(money(amount, currency) for amount in totals)],
        drawing=figures.lying(
            [row.label for row in rows.rows],
            [
                figures.Series(
                    stage_name(stage),
                    COLOURS[stage],
                    [row.by_stage[stage] for row in rows.rows],
                )
                for stage in STAGES
            ],
            currency,
            addresses,
        ),
        rows_url=asked.links.rows(),
        source=_("ledger, the plan's lines and accepted reports"),
    )


def _finding(kind: str, rows: Breakdown, currency: str) -> str:
    top, total = rows.rows[0], rows.total
    share = format_percent(top.total / total)
    if kind == "funder":
        return _(
            "%(name)s brings %(share)s of %(all)s",
            name=top.label,
            share=share,
            all=format_short(total, currency),
        )
    return _(
        "%(name)s takes %(share)s of the money that has a proposal", name=top.label, share=share
    )


def _years(asked: Asked, now: list[Cell], beside: dict[str, list[Cell]]) -> Figure | None:
    """Releases belong to commitments: under an area, region or year they are left out."""
    filters, currency = asked.filters, asked.currency
    dated = [cell for cell in now if cell.year is not None]
    by_stage: dict[str, dict[str, int]] = {
        stage.value: breakdowns.summed(
            [cell for cell in dated if cell.stage == stage], breakdowns.by_year
        )
        for stage in (Stage.AWARDED, Stage.SCHEDULED, Stage.PAID)
    }
    extra = {of: breakdowns.summed(beside[of], breakdowns.by_year) for of in ("spent", "returned")}
    series = [
        (_("Awarded, not scheduled"), "var(--chart-2)", by_stage[Stage.AWARDED]),
        (_("Due in tranches"), "var(--chart-1-soft)", by_stage[Stage.SCHEDULED]),
        (_("Paid"), "var(--chart-1)", by_stage[Stage.PAID]),
        (_("Spent, as accepted"), "var(--chart-3)", extra["spent"]),
    ]
    if not (filters.area or filters.region or filters.year is not None):
        released = asked.ground.cells(asked.ground.released, filters)
        series.insert(
            0,
            (
                _("Released by commitments"),
                "var(--chart-8)",
                breakdowns.summed(released, breakdowns.by_year),
            ),
        )
    if not years_of(series):
        return None
    return over_years(
        asked,
        series,
        id="years",
        finding=_finding_of_years(by_stage, currency),
        rows_url=asked.links.commitments,
        rows_label=_("The commitments' release schedules"),
        source=_("release schedules, ledger and accepted reports"),
    )


def _finding_of_years(by_stage: dict[str, dict[str, int]], currency: str) -> str:
    paid, due, awarded = (
        sum(by_stage[stage].values()) for stage in (Stage.PAID, Stage.SCHEDULED, Stage.AWARDED)
    )
    if paid or due:
        return _(
            "%(paid)s is paid and %(due)s is due",
            paid=format_short(paid, currency),
            due=format_short(due, currency),
        )
    if awarded:
        return _(
            "%(awarded)s is awarded; nothing is due or paid yet",
            awarded=format_short(awarded, currency),
        )
    return _("Money is released year by year; nothing is due or paid yet")


def _areas_over_years(asked: Asked, now: list[Cell]) -> Figure | None:
    """A small chart of each area: what of its money is paid or falls due in which year."""
    dated = [cell for cell in now if cell.year is not None and cell.area]
    years = [str(year) for year in sorted({cell.year for cell in dated if cell.year is not None})]
    if len(years) < 2:
        return None
    sums: dict[str, dict[str, int]] = {}
    for cell in dated:
        of = sums.setdefault(cell.area, {})
        of[str(cell.year)] = of.get(str(cell.year), 0) + cell.amount
    order = sorted(sums, key=lambda key: (-sum(sums[key].values()), asked.area(key)))
    currency = asked.currency
    amounts = {key: [sums[key].get(year, 0) for year in years] for key in order}
    columns = [sum(column) for column in zip(*amounts.values(), strict=True)]
    latest = max(range(len(years)), key=lambda n: (columns[n], -n))
    table: list[list[Entry]] = [
        [
            words(asked.area(key), asked.links.rows(area=key)),
            *(money(a, currency) for a in amounts[key]),
            money(sum(amounts[key]), currency),
        ]
        for key in order
    ]
    return Figure(
        id="areas-over-years",
        finding=_(
            "Most awarded money falls into %(year)s: %(amount)s",
            year=years[latest],
            amount=format_short(columns[latest], currency),
        ),
        unit=_("%(currency)s awarded, due or paid in each year", currency=currency),
        heads=[Head(_("Area")), *numeric(*years, _("Total"))],
        rows=table,
        total=[
            words(_("All")),
            *(money(amount, currency) for amount in columns),
            money(sum(columns), currency),
        ],
        drawing=figures.squares(
            [asked.area(key) for key in order], years, [amounts[key] for key in order], currency
        ),
        strips=Strips(
            tuple(years),
            tuple(
                Strip(
                    asked.area(key),
                    format_short(sum(amounts[key]), currency),
                    tuple(amounts[key]),
                    tuple(
                        f"{year}: {format_short(amount, currency)}"
                        for year, amount in zip(years, amounts[key], strict=True)
                    ),
                    asked.links.rows(area=key),
                )
                for key in order
            ),
        ),
        rows_url=asked.links.rows(),
        source=_("ledger"),
        wide=True,
    )
