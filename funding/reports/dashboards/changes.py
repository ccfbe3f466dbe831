"""What changed since the last meeting? Money that moved, and what was decided beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.formatting import format_short
from funding.language import capital
from funding.language import gettext as _
from funding.models import (
    Award,
    Commitment,
    Endorsement,
    Pack,
    PackSeal,
    PlanPutForward,
    Proposal,
    Report,
    ReportState,
    Round,
)
from funding.reports import breakdowns, figures
from funding.reports.dashboards.model import (
    Asked,
    Dashboard,
    Figure,
    Head,
    Stat,
    count,
    money,
    numeric,
    words,
)
from funding.reports.ground import Cell, Filters

WITHOUT_A_MEETING = timedelta(days=90)
COMMITMENTS = (
    "commitment registered",
    "commitment increased",
    "commitment reduced",
    "commitment expired",
)
AWARDED, PAID, RETURNED = "line approved", "tranche paid", "money returned"


def last_meeting(session: Session, round_: Round) -> tuple[datetime, bool]:
    """When the committee last closed a vote on a plan of the round or sealed its pack, else 90
    days ago; and whether it did."""
    voted = (
        sa.select(Endorsement.closed_at.label("at"))
        .join(PlanPutForward, PlanPutForward.id == Endorsement.plan_id)
        .where(PlanPutForward.round_id == round_.id)
    )
    sealed = (
        sa.select(PackSeal.sealed_at.label("at"))
        .join(Pack, Pack.id == PackSeal.pack_id)
        .join(PlanPutForward, PlanPutForward.id == Pack.plan_id)
        .where(PlanPutForward.round_id == round_.id)
    )
    met = session.scalar(sa.select(sa.func.max(sa.union_all(voted, sealed).subquery().c.at)))
    if met is not None:
        return met.replace(tzinfo=UTC) if met.tzinfo is None else met, True
    day = (now() - WITHOUT_A_MEETING).date()
    return datetime(day.year, day.month, day.day, tzinfo=UTC), False


def event_name(event: str) -> str:
    """A transfer's event as people say it; one that is not known as the ledger has it."""
    said = {
        "commitment registered": _("New commitments"),
        "commitment increased": _("Commitments increased"),
        "commitment reduced": _("Commitments reduced"),
        "commitment expired": _("Commitments expired"),
        "line put forward": _("Lines put forward"),
        "line released": _("Lines declined, amended or withdrawn"),
        "line approved": _("Lines approved: awards"),
        "award refused": _("Offers refused"),
        "offer lapsed": _("Offers that lapsed"),
        "award terminated": _("Awards terminated"),
        "award completed": _("Awards completed, never paid"),
        "tranche scheduled": _("Tranches scheduled"),
        "tranche cancelled": _("Tranches cancelled"),
        "tranche paid": _("Tranches paid"),
        "payment sent back": _("Payments sent back"),
        "money returned": _("Money returned by grantees"),
        "return undone": _("Returns undone"),
    }
    return said.get(event, capital(event))


def changes(asked: Asked) -> Dashboard:
    ground, filters = asked.ground, without_year(asked.filters)
    moves = ground.moves(asked.since)
    cells = ground.cells(moves, filters)
    numbers = _numbers(asked, moves, filters)
    beside = _beside_money(asked)
    notes = []
    if filters.area or filters.region:
        notes.append(
            _("Under an area or region only money of awards is told: a commitment has neither.")
        )
    by_event = breakdowns.summed(cells, lambda cell: cell.stage)
    return Dashboard(
        "changes",
        _("What changed since the last meeting?"),
        _answer(asked, by_event),
        _stats(asked, by_event, beside),
        [
            figure
            for figure in (
                _by_event(asked, by_event, numbers),
                _by_funder(asked, cells),
                _decisions(asked, beside),
            )
            if figure
        ],
        notes,
    )


def without_year(filters: Filters) -> Filters:
    return Filters(filters.funder_id, filters.area, filters.region)


def _numbers(asked: Asked, moves: sa.CTE, filters: Filters) -> dict[str, int]:
    """How many transfers of each event."""
    query = (
        sa.select(moves.c.stage, sa.func.count())
        .select_from(moves)
        .outerjoin(Proposal, Proposal.id == moves.c.proposal_id)
        .group_by(moves.c.stage)
    )
    if filters.funder_id is not None:
        query = query.where(moves.c.funder_id == filters.funder_id)
    return dict(asked.session.execute(_of_proposals(query, filters, asked)).all())


def _answer(asked: Asked, by_event: dict[str, int]) -> str:
    if not by_event:
        return _("No money has moved since.")
    currency = asked.currency
    return _(
        "%(awarded)s was awarded and %(paid)s paid; %(promised)s was newly promised.",
        awarded=format_short(by_event.get(AWARDED, 0), currency),
        paid=format_short(by_event.get(PAID, 0), currency),
        promised=format_short(
            by_event.get(COMMITMENTS[0], 0) + by_event.get(COMMITMENTS[1], 0), currency
        ),
    )


@dataclass(frozen=True)
class Beside:
    """A decision that moves no money by itself, or not alone: how many, and how much is in them."""

    kind: str
    label: str
    number: int
    amount: int


def _beside_money(asked: Asked) -> list[Beside]:
    """Lines declined and reports accepted since, under the filters. Two queries."""
    filters, ground = without_year(asked.filters), asked.ground
    of = ground.declined(asked.since)
    lines = ground.parts(of, filters, of.c.id).subquery()
    declined, amount = asked.session.execute(
        sa.select(
            sa.func.count(sa.distinct(lines.c.id)), sa.func.coalesce(sa.func.sum(lines.c.part), 0)
        )
    ).one()
    decided = asked.session.execute(
        _narrowed(
            sa.select(Report.state, sa.func.count(sa.distinct(Report.id)))
            .join(Award, Award.id == Report.award_id)
            .join(Commitment, Commitment.id == Award.commitment_id)
            .join(Proposal, Proposal.id == Award.proposal_id)
            .where(
                Commitment.round_id == asked.round.id,
                Report.state.in_((ReportState.ACCEPTED, ReportState.SENT_BACK)),
                Report.decided_at >= asked.since,
            )
            .group_by(Report.state),
            filters,
            asked,
        )
    )
    reports = dict(decided.all())
    return [
        Beside("declined", _("Lines declined"), int(declined), int(amount)),
        Beside("accepted", _("Reports accepted"), int(reports.get(ReportState.ACCEPTED, 0)), 0),
        Beside("sent back", _("Reports sent back"), int(reports.get(ReportState.SENT_BACK, 0)), 0),
    ]


def _narrowed(query: sa.Select, filters: Filters, asked: Asked) -> sa.Select:
    if filters.funder_id is not None:
        query = query.where(Commitment.funder_id == filters.funder_id)
    return _of_proposals(query, filters, asked)


def _of_proposals(query: sa.Select, filters: Filters, asked: Asked) -> sa.Select:
    if filters.region:
        query = query.where(Proposal.region == filters.region)
    if filters.area:
        effects = asked.ground.effects
        tagged = sa.select(effects.c.proposal_id).where(effects.c.area == filters.area)
        query = query.where(Proposal.id.in_(tagged))
    return query


def _stats(asked: Asked, by_event: dict[str, int], beside: Iterable[Beside]) -> list[Stat]:
    currency = asked.currency
    freed = sum(by_event.get(e, 0) for e in ("award refused", "offer lapsed", "award terminated"))
    of = {each.kind: each for each in beside}
    shown = (
        (_("New promises"), sum(by_event.get(e, 0) for e in COMMITMENTS[:2]), COMMITMENTS[0]),
        (_("Awarded"), by_event.get(AWARDED, 0), AWARDED),
        (_("Paid"), by_event.get(PAID, 0), PAID),
        (_("Returned"), by_event.get(RETURNED, 0), RETURNED),
        (_("Freed by awards that ended"), freed, "award terminated"),
    )
    return [
        *(
            Stat(
                label,
                format_short(amount, currency),
                amount,
                url=asked.links.changes(kind=event) if amount else None,
                url_label=_("Rows"),
            )
            for label, amount, event in shown
        ),
        Stat(
            _("Lines declined"),
            format_short(of["declined"].amount, currency),
            of["declined"].amount,
        ),
        Stat(_("Reports accepted"), str(of["accepted"].number), of["accepted"].number),
    ]


def _by_event(asked: Asked, by_event: dict[str, int], numbers: dict[str, int]) -> Figure | None:
    if not by_event:
        return None
    order = sorted(by_event, key=lambda event: (-by_event[event], event))
    currency = asked.currency
    addresses = [asked.links.changes(kind=event) for event in order]
    return Figure(
        id="moved",
        finding=_(
            "Most money moved by this: %(what)s, %(amount)s",
            what=event_name(order[0]).lower(),
            amount=format_short(by_event[order[0]], currency),
        ),
        unit=currency,
        heads=[Head(_("What happened")), *numeric(_("How often"), _("Amount"))],
        rows=[
            [
                words(event_name(event), address),
                count(numbers.get(event, 0)),
                money(by_event[event], currency),
            ]
            for event, address in zip(order, addresses, strict=True)
        ],
        drawing=figures.lying(
            [event_name(event) for event in order],
            [figures.Series(_("Amount"), "var(--chart-1)", [by_event[e] for e in order])],
            currency,
            addresses,
        ),
        rows_url=asked.links.changes(),
        source=_("ledger"),
        open=True,
    )


def _by_funder(asked: Asked, cells: list[Cell]) -> Figure | None:
    key, currency = breakdowns.by_funder, asked.currency
    columns = (
        (_("Newly promised"), COMMITMENTS[:2]),
        (_("Taken back or expired"), COMMITMENTS[2:]),
        (_("Put forward"), ("line put forward",)),
        (_("Awarded"), (AWARDED,)),
        (_("Paid"), (PAID,)),
        (_("Returned"), (RETURNED,)),
    )
    sums = [
        breakdowns.summed([cell for cell in cells if cell.stage in events], key)
        for _label, events in columns
    ]
    funders = sorted(
        {funder for of in sums for funder in of},
        key=lambda f: (-sum(of.get(f, 0) for of in sums), asked.funder(int(f))),
    )
    if not funders:
        return None
    return Figure(
        id="changes-by-funder",
        finding=_("What each funder's money did"),
        unit=currency,
        heads=[Head(_("Funder")), *numeric(*(label for label, _events in columns))],
        rows=[
            [
                words(asked.funder(int(f)), asked.links.changes(funder=f)),
                *(money(of.get(f, 0), currency) for of in sums),
            ]
            for f in funders
        ],
        total=[words(_("All")), *(money(sum(of.values()), currency) for of in sums)],
        drawing=figures.lying(
            [asked.funder(int(f)) for f in funders],
            [
                figures.Series(label, colour, [of.get(f, 0) for f in funders])
                for (label, _events), colour, of in zip(
                    columns[3:5],
                    ("var(--chart-2)", "var(--chart-1)"),
                    sums[3:5],
                    strict=True,
                )
            ],
            currency,
            [asked.links.changes(funder=f) for f in funders],
            grouped=True,
        )
        if any(sums[3].values()) or any(sums[4].values())
        else None,
        rows_url=asked.links.changes(),
        source=_("ledger"),
    )


def _decisions(asked: Asked, beside: list[Beside]) -> Figure | None:
    if not any(each.number for each in beside):
        return None
    return Figure(
        id="decisions",
        finding=_("What was decided beside the money"),
        unit=asked.currency,
        heads=[Head(_("Decision")), *numeric(_("How often"), _("Amount"))],
        rows=[
            [
                words(each.label),
                count(each.number),
                money(each.amount or None, asked.currency),
            ]
            for each in beside
        ],
        source=_("decisions on lines and reports"),
        open=True,
    )
