"""Reports on awards as lists and pages: what is due, late, handed in; a version with its spend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload

from funding.language import gettext as _
from funding.listing import Listing, whole_number
from funding.models import (
    TO_BE_WRITTEN,
    Award,
    Commitment,
    HandedIn,
    Indicator,
    Organisation,
    Proposal,
    Report,
    ReportFile,
    ReportState,
    Round,
)
from funding.permissions import Actor, own_reports, visible_awards, visible_reports
from funding.services.reporting.form import Purse, flags_of
from funding.services.reporting.schedule import RUNNING
from funding.services.reporting.writing import covered, purses_of, whole

SORTABLE = {
    "due": Report.due_on,
    "proposal": Proposal.title,
    "funder": Organisation.name,
    "state": Report.state,
}
FILTERS = ("q", "state", "kind", "round", "whose")
STATES = (
    ("late", "Late"),
    ("waiting", "To be written"),
    ("submitted", "Handed in, not decided"),
    ("sent back", "Sent back"),
    ("accepted", "Accepted"),
)


def _filtered(
    query: sa.Select[tuple[Report]], by: Actor, args: dict[str, str], today: date
) -> sa.Select[tuple[Report]]:
    if text := args.get("q"):
        query = query.where(
            sa.or_(
                Proposal.title.icontains(text, autoescape=True),
                Organisation.name.icontains(text, autoescape=True),
            )
        )
    if args.get("state") == "late":
        query = query.where(Report.state.in_(TO_BE_WRITTEN), Report.due_on < today)
    elif args.get("state") == "waiting":
        query = query.where(Report.state.in_(TO_BE_WRITTEN))
    elif state := args.get("state"):
        query = query.where(Report.state == state)
    if kind := args.get("kind"):
        query = query.where(Report.kind == kind)
    if (round_id := whole_number(args.get("round"))) is not None:
        query = query.where(Proposal.round_id == round_id)
    if args.get("whose") == "own":
        query = query.where(Commitment.funder_id.in_(list(by.where("report.read"))))
    elif args.get("whose") == "mine":
        query = query.where(Report.id.in_(own_reports(by).with_only_columns(Report.id)))
    return query


def _joined(query: sa.Select[tuple[Report]]) -> sa.Select[tuple[Report]]:
    """With all that lists sort and filter by; nobody writes on an award that is not under way."""
    return (
        query.join(Award, Award.id == Report.award_id)
        .join(Proposal, Proposal.id == Award.proposal_id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .join(Organisation, Organisation.id == Commitment.funder_id)
        .where(sa.or_(Report.state.not_in(TO_BE_WRITTEN), Award.state.in_(RUNNING)))
    )


def reports(
    session: Session, by: Actor, listing: Listing, today: date
) -> tuple[Listing, list[Report]]:
    """One page of the reports the person may see, under the listing's filters."""
    query = _filtered(_joined(visible_reports(by)), by, dict(listing.args), today)
    total = session.scalar(query.with_only_columns(sa.func.count(Report.id)))
    listing = listing.counting(total or 0)
    column = SORTABLE[listing.sort_key]
    rows = session.scalars(
        query.options(
            contains_eager(Report.award).contains_eager(Award.proposal),
            contains_eager(Report.award)
            .contains_eager(Award.commitment)
            .contains_eager(Commitment.funder),
        )
        .order_by(column.desc() if listing.is_descending else column, Report.id)
        .limit(listing.per_page)
        .offset(listing.offset)
    ).all()
    return listing, list(rows)


@dataclass(frozen=True)
class Counts:
    """How many reports are late, still to be written, and wait to be decided."""

    late: int
    waiting: int
    submitted: int


def counts(session: Session, by: Actor, whose: str, today: date) -> Counts:
    """Of the person's own funder ('own'), or of their own proposals ('mine')."""
    to_write = Report.state.in_(TO_BE_WRITTEN)

    def number(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    query = _filtered(_joined(visible_reports(by)), by, {"whose": whose}, today)
    late, waiting, submitted = session.execute(
        query.with_only_columns(
            number(sa.and_(to_write, Report.due_on < today)),
            number(to_write),
            number(Report.state == ReportState.SUBMITTED),
        )
    ).one()
    return Counts(int(late), int(waiting), int(submitted))


def rounds_with_reports(session: Session, by: Actor) -> list[tuple[int, str]]:
    """(id, name) of each round of these reports, for the filter."""
    rows = session.execute(
        _joined(visible_reports(by))
        .join(Round, Round.id == Proposal.round_id)
        .with_only_columns(Round.id, Round.name)
        .distinct()
        .order_by(Round.name)
    )
    return [(round_id, name) for round_id, name in rows]


# -- one report -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class SpendRow:
    """A line of an award's budget: planned, spent as reported, spent as reported before."""

    name: str
    budget: int
    spent: int | None
    before: int | None

    @property
    def is_over(self) -> bool:
        return self.spent is not None and self.spent > self.budget


@dataclass(frozen=True)
class SpendTable:
    """One award's spend in a version, in minor units of its currency, and what stands out."""

    purse: Purse
    rows: list[SpendRow]
    flags: list[str]
    is_own: bool

    @property
    def budget(self) -> int:
        return sum(row.budget for row in self.rows)

    @property
    def spent(self) -> int:
        return sum(row.spent or 0 for row in self.rows)


def version_of(session: Session, report: Report, number: int | None) -> HandedIn | None:
    """A version of the narrative that was handed in; the one before this funder by default."""
    if report.narrative_id is None:
        return None
    query = whole(sa.select(HandedIn))
    if number is None:
        return session.scalars(query.where(HandedIn.id == report.handed_in_id)).unique().first()
    return (
        session.scalars(
            query.where(HandedIn.narrative_id == report.narrative_id, HandedIn.number == number)
        )
        .unique()
        .first()
    )


def versions_of(session: Session, report: Report) -> list[HandedIn]:
    """Every version of the narrative, newest first."""
    if report.narrative_id is None:
        return []
    return list(
        session.scalars(
            sa.select(HandedIn)
            .options(joinedload(HandedIn.handed_in_by))
            .where(HandedIn.narrative_id == report.narrative_id)
            .order_by(HandedIn.number.desc())
        )
    )


def spend_of(session: Session, by: Actor, report: Report, shown: HandedIn) -> list[SpendTable]:
    """The spend of each award that the version tells of and the reader may see, own one first."""
    there = set(session.scalars(visible_awards(by).with_only_columns(Award.id)))
    spend = {each.budget_line_id: each.amount for each in shown.spend}
    tables = []
    for purse in purses_of(session, covered(session, report)):
        if purse.award_id not in there:
            continue
        rows = [
            SpendRow(line.name, line.amount, spend.get(line.id), purse.before.get(line.id))
            for line in purse.lines
        ]
        if any(row.spent is not None for row in rows):
            is_own = purse.award_id == report.award_id
            tables.append(SpendTable(purse, rows, flags_of(spend, purse), is_own))
    return sorted(tables, key=lambda table: not table.is_own)


def values_of(session: Session, shown: HandedIn) -> list[tuple[Indicator, float]]:
    """The indicators of a version with their values, by name."""
    known = {
        indicator.id: indicator
        for indicator in session.scalars(
            sa.select(Indicator).where(Indicator.id.in_([v.indicator_id for v in shown.values]))
        )
    }
    found = [(known[value.indicator_id], value.value) for value in shown.values]
    return sorted(found, key=lambda pair: pair[0].name)


def files_of(session: Session, shown: HandedIn) -> list[ReportFile]:
    """The files that were handed in with a version."""
    return list(
        session.scalars(
            sa.select(ReportFile).where(ReportFile.id.in_(shown.files)).order_by(ReportFile.id)
        )
    )


def names_of(reports: Sequence[Report]) -> dict[int, str]:
    """By id, what to call each of an award's reports: 'Progress report 2', 'Final report'."""
    progress = sorted(
        (report for report in reports if report.kind != "final"), key=lambda r: (r.due_on, r.id)
    )
    names = {report.id: _("Final report") for report in reports if report.kind == "final"}
    for number, report in enumerate(progress, 1):
        names[report.id] = (
            _("Progress report %(number)s", number=number)
            if len(progress) > 1
            else _("Progress report")
        )
    return names


def others_of(session: Session, by: Actor, report: Report) -> list[Report]:
    """The reports that are written as one with this, and that the reader may see."""
    there = set(
        session.scalars(
            visible_reports(by)
            .where(Report.id.in_([other.id for other in covered(session, report)]))
            .with_only_columns(Report.id)
        )
    )
    return [
        other for other in covered(session, report) if other.id in there and other.id != report.id
    ]


def is_late(report: Report, today: date) -> bool:
    return report.state in TO_BE_WRITTEN and report.due_on < today
