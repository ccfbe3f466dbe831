"""The tables of a result as (head, rows) for a CSV file; amounts as plain decimal numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from funding.formatting import minor_units
from funding.reports.comparison import ProposalChange
from funding.reports.counted_overlaps import OverlapView
from funding.reports.result_views import AreaView, FunderView
from funding.reports.results import ProposalRow

Table = tuple[Sequence[str], Iterable[Sequence[object]]]


def major(minor: float | None, currency: str) -> Decimal | None:
    """Minor units as a number of whole units; None stays None."""
    if minor is None:
        return None
    return Decimal(round(minor)).scaleb(-minor_units(currency))


def of_proposals(rows: list[ProposalRow], currency: str) -> Table:
    head = (
        "proposal",
        "title",
        "institution",
        "region",
        "rank",
        "merit",
        "areas",
        "currency",
        "ask",
        "minimum",
        "suggested",
        "paid by",
        "overlaps with",
        "reason",
    )
    return head, (
        (
            row.key,
            row.title,
            row.institution,
            row.region,
            row.rank,
            round(row.merit, 4) if row.is_scored else None,
            "; ".join(f"{name} {share:.0%}" for name, share in row.areas),
            currency,
            major(row.ask, currency),
            major(row.minimum, currency),
            major(row.amount, currency),
            "; ".join(
                f"{p.commitment} ({p.funder}): {p.currency} {major(p.amount, p.currency)}"
                for p in row.payers
            ),
            "; ".join(f"{o.key} ({o.degree:.0%})" for o in row.overlaps),
            row.reason,
        )
        for row in rows
    )


def of_funders(views: list[FunderView], currency: str) -> Table:
    """A row for each line of each funder."""
    head = (
        "funder",
        "commitment",
        "proposal",
        "title",
        "currency",
        "amount",
        f"amount in {currency}",
        f"ask in {currency}",
        f"all funders in {currency}",
        "reason",
    )
    return head, (
        (
            view.name,
            line.commitment,
            line.key,
            line.title,
            line.currency,
            major(line.amount, line.currency),
            major(line.base_amount, currency),
            major(line.ask, currency),
            major(line.total, currency),
            line.reason,
        )
        for view in views
        for line in view.lines
    )


def of_areas(views: list[AreaView], currency: str) -> Table:
    head = (
        "area",
        "currency",
        "need",
        "already spent by others",
        "this plan",
        "still open",
        "least wanted",
        "below the least",
        "most allowed",
    )
    return head, (
        (
            view.name,
            currency,
            major(view.need, currency),
            major(view.spent, currency),
            major(view.amount, currency),
            major(view.open, currency),
            major(view.floor, currency),
            major(view.shortfall, currency),
            major(view.cap, currency),
        )
        for view in views
    )


def of_overlaps(views: list[OverlapView], currency: str) -> Table:
    head = (
        "first",
        "first title",
        "second",
        "second title",
        "degree",
        "currency",
        "to the first",
        "to the second",
        "avoided",
        "cost counted",
        "saved",
        "note",
    )
    return head, (
        (
            view.first[1],
            view.first[2],
            view.second[1],
            view.second[2],
            view.degree,
            currency,
            major(view.first[3], currency),
            major(view.second[3], currency),
            "yes" if view.is_avoided else "no",
            Decimal(0) if view.is_avoided else major(view.cost, currency),
            major(view.saved, currency),
            view.note,
        )
        for view in views
    )


def of_changes(rows: list[ProposalChange], currency: str, left: str, right: str) -> Table:
    """Proposals whose amount differs between the scenarios called `left` and `right`."""
    head = (
        "proposal",
        "title",
        "institution",
        "currency",
        "ask",
        left,
        right,
        "change",
        f"why: {left}",
        f"why: {right}",
    )
    return head, (
        (
            row.key,
            row.title,
            row.institution,
            currency,
            major(row.ask, currency),
            major(row.left, currency),
            major(row.right, currency),
            major(row.change, currency),
            row.left_reason,
            row.right_reason,
        )
        for row in rows
    )
