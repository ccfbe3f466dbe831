"""What is off plan? Tranches, milestones, reports and spend that are not where they should be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from funding.formatting import format_number, format_short
from funding.language import gettext as _
from funding.language import ngettext
from funding.listing import Listing
from funding.models import Commitment, Organisation, Proposal
from funding.permissions import without_conflict
from funding.reports import breakdowns, figures
from funding.reports.dashboards.model import (
    Asked,
    Dashboard,
    Entry,
    Figure,
    Head,
    Stat,
    count,
    day,
    money,
    numeric,
    words,
)
from funding.reports.ground import WITHHELD
from funding.reports.ground import deviations as kinds

SHOWN = 15
"""Rows on the dashboard; the page of rows has them all."""


def kind_name(kind: str) -> str:
    return {
        kinds.TRANCHE: _("Tranche past its day"),
        kinds.MILESTONE: _("Milestone missed"),
        kinds.REPORT: _("Report overdue"),
        kinds.OVERSPENT: _("Budget line overspent"),
        kinds.BEHIND: _("Spend behind plan"),
        kinds.RETURN: _("Return overdue"),
        kinds.ENDED: _("Award ended early"),
        kinds.ASKED: _("Change asked for"),
        kinds.CHANGED: _("Award changed"),
    }[kind]


def meaning(kind: str) -> str:
    """How it is told that something is of this kind."""
    return {
        kinds.TRANCHE: _("scheduled, due before today and not paid"),
        kinds.MILESTONE: _(
            "the day it was expected by is past, and nobody has said it was reached"
        ),
        kinds.REPORT: _("due before today and not handed in"),
        kinds.OVERSPENT: _("more spent than budgeted, by the newest accepted report"),
        kinds.BEHIND: _(
            "less than half spent of what an even spend would be, by the newest accepted report"
        ),
        kinds.RETURN: _("asked back, and not returned by its day"),
        kinds.ENDED: _("terminated; the amount went back to its commitment"),
        kinds.ASKED: _("more time, or another budget; not decided yet"),
        kinds.CHANGED: _("more time, or another budget, was approved"),
    }[kind]


@dataclass(frozen=True)
class Deviation:
    """One thing off plan. `base` in the page's minor units; `days` since it was due."""

    kind: str
    day: date
    days: int
    detail: str
    award_id: int | None
    proposal: str
    funder: str
    commitment: str
    currency: str
    amount: int
    base: int


@dataclass(frozen=True)
class Sum:
    number: int
    amount: int


def off_plan(asked: Asked) -> Dashboard:
    sums = _sums(asked)
    rows = deviation_rows(asked, None, None, SHOWN)
    number = sum(of.number for of in sums.values())
    late = sums.get(kinds.TRANCHE, Sum(0, 0)).amount + sums.get(kinds.MILESTONE, Sum(0, 0)).amount
    return Dashboard(
        "off-plan",
        _("What is off plan?"),
        _("Everything is as planned.")
        if not number
        else ngettext(
            "%(num)d thing is off plan; %(late)s that was scheduled is past its day.",
            "%(num)d things are off plan; %(late)s that was scheduled is past its day.",
            number,
            late=format_short(late, asked.currency),
        ),
        [
            Stat(
                kind_name(kind),
                format_number(sums[kind].number) if kind in sums else "0",
                sums[kind].number if kind in sums else 0,
                format_short(sums[kind].amount, asked.currency)
                if kind in sums and sums[kind].amount
                else "",
                asked.links.off_plan(kind=kind) if kind in sums else None,
                _("Rows"),
            )
            for kind in kinds.KINDS
        ],
        [figure for figure in (_by_kind(asked, sums), _rows(asked, rows, number)) if figure],
    )


def _sums(asked: Asked) -> dict[str, Sum]:
    """By kind: how many, and how much under the filters. Two queries."""
    of, filters = asked.ground.deviations, asked.filters
    amounts = breakdowns.summed(asked.ground.cells(of, filters), lambda cell: cell.stage)
    numbers = asked.session.execute(
        sa.select(of.c.stage, sa.func.count())
        .select_from(of)
        .join(Proposal, Proposal.id == of.c.proposal_id)
        .where(*asked.ground.conditions(of, filters))
        .group_by(of.c.stage)
    )
    return {kind: Sum(int(number), amounts.get(kind, 0)) for kind, number in numbers}


def deviations_count(asked: Asked, kind: str | None) -> int:
    sums = _sums(asked)
    return sum(of.number for key, of in sums.items() if kind in (None, key))


def deviation_rows(
    asked: Asked, kind: str | None, listing: Listing | None, most: int | None = None
) -> list[Deviation]:
    """What is off plan, longest off first; a page of it, the first `most`, or all."""
    of = asked.ground.deviations
    rows = asked.ground.row_by_row(of, asked.filters, kind)
    is_open = sa.case((without_conflict(asked.by), 1), else_=0)
    query = (
        sa.select(
            rows,
            Organisation.name.label("funder"),
            Commitment.name.label("commitment"),
            Proposal.title.label("title"),
            is_open.label("is_open"),
        )
        .join(Commitment, Commitment.id == rows.c.commitment_id)
        .join(Organisation, Organisation.id == rows.c.funder_id)
        .join(Proposal, Proposal.id == rows.c.proposal_id)
        .order_by(rows.c.day, rows.c.award_id, rows.c.stage, rows.c.detail)
    )
    if listing is not None:
        query = query.limit(listing.per_page).offset(listing.offset)
    elif most is not None:
        query = query.limit(most)
    return [
        Deviation(
            row.stage,
            row.day,
            max(0, (asked.ground.on - row.day).days),
            row.detail if row.is_open else "",
            row.award_id if row.is_open else None,
            row.title if row.is_open else WITHHELD,
            row.funder,
            row.commitment,
            row.currency,
            int(row.amount),
            int(row.part),
        )
        for row in asked.session.execute(query)
    ]


def _by_kind(asked: Asked, sums: dict[str, Sum]) -> Figure | None:
    found = [kind for kind in kinds.KINDS if kind in sums]
    if not found:
        return None
    worst = max(found, key=lambda kind: (sums[kind].number, -found.index(kind)))
    currency = asked.currency
    return Figure(
        id="by-kind",
        finding=_(
            "Most often: %(what)s, %(number)s times",
            what=kind_name(worst).lower(),
            number=format_number(sums[worst].number),
        ),
        unit=_("how many; amounts in %(currency)s", currency=currency),
        heads=[
            Head(_("What")),
            *numeric(_("How many"), _("Amount")),
            Head(_("How it is told"), wide=True),
        ],
        rows=[
            [
                words(kind_name(kind), asked.links.off_plan(kind=kind)),
                count(sums[kind].number),
                money(sums[kind].amount or None, currency),
                words(meaning(kind)),
            ]
            for kind in found
        ],
        drawing=figures.lying(
            [kind_name(kind) for kind in found],
            [
                figures.Series(
                    _("How many"), "var(--chart-4)", [sums[kind].number for kind in found]
                )
            ],
            None,
            [asked.links.off_plan(kind=kind) for kind in found],
        ),
        rows_url=asked.links.off_plan(),
        source=_("ledger, schedules, reports and requests"),
        open=True,
        wide=True,
    )


def table_of(rows: list[Deviation], asked: Asked) -> tuple[list[Head], list[list[Entry]]]:
    """Heads and rows of a table of deviations, for pages and files."""
    heads = [
        Head(_("Award")),
        Head(_("What")),
        Head(_("Funder")),
        Head(_("Since")),
        *numeric(_("Days"), _("Amount")),
        Head(_("Detail")),
    ]
    return heads, [
        [
            words(row.proposal, asked.links.award(row.award_id) if row.award_id else None),
            words(kind_name(row.kind)),
            words(row.funder),
            day(row.day),
            count(row.days),
            money(row.base or None, asked.currency),
            words(row.detail),
        ]
        for row in rows
    ]


def _rows(asked: Asked, rows: list[Deviation], number: int) -> Figure | None:
    if not rows:
        return None
    heads, table = table_of(rows, asked)
    return Figure(
        id="longest-off",
        finding=_("Longest off plan: “%(title)s”", title=rows[0].proposal)
        if len(rows) == number
        else _("The %(few)s longest off plan, of %(all)s", few=len(rows), all=number),
        unit=asked.currency,
        heads=heads,
        rows=table,
        rows_url=asked.links.off_plan(),
        rows_label=_("All rows"),
        source=_("ledger, schedules, reports and requests"),
        open=True,
        wide=True,
    )
