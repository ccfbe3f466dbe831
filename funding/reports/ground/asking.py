"""A round's money as one person asks for it: sums that the database makes, and rows behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.listing import Listing
from funding.models import (
    Commitment,
    Organisation,
    PlanPutForward,
    Proposal,
    Round,
    Run,
    RunState,
    Scenario,
)
from funding.permissions import Actor, without_conflict
from funding.reports.conversion import Conversion, Factor, conversion_of
from funding.reports.ground import areas, deviations, moves, sources
from funding.reports.ground.shares import NOWHERE, Share, shares_of
from funding.reports.ground.values import WITHHELD, Cell, Filters, Position, Stage
from funding.reports.sql import share_of


@dataclass(frozen=True)
class Ground:
    """`is_suggested`: no plan is before the funders; `reserved` is then what the newest run
    suggests, and is taken out of `available`. What is late is late on the day `on`."""

    session: Session
    by: Actor
    round: Round
    conversion: Conversion
    run: Run | None
    is_suggested: bool
    on: date

    @property
    def currency(self) -> str:
        """What every figure is in."""
        return self.conversion.currency

    @cached_property
    def positions(self) -> sa.CTE:
        suggested_by = self.run.id if self.is_suggested and self.run else None
        return sources.positions(self.round.id, suggested_by)

    @cached_property
    def spent(self) -> sa.CTE:
        return sources.spent(self.round.id)

    @cached_property
    def returned(self) -> sa.CTE:
        return sources.returned(self.round.id)

    @cached_property
    def late(self) -> sa.CTE:
        return sources.late(self.round.id, self.on)

    @cached_property
    def promised(self) -> sa.CTE:
        return moves.promised(self.round.id)

    @cached_property
    def released(self) -> sa.CTE:
        return moves.released(self.round.id)

    @cached_property
    def deviations(self) -> sa.CTE:
        return deviations.deviations(self.round.id, self.on)

    def moves(self, since: datetime) -> sa.CTE:
        """Every transfer since a moment."""
        return moves.moves(self.round.id, since)

    def declined(self, since: datetime) -> sa.CTE:
        """Lines that were declined since a moment."""
        return sources.declined(self.round.id, since)

    @cached_property
    def effects(self) -> sa.CTE:
        return areas.effects(self.round)

    def base(self, of: Any) -> sa.ColumnElement[int]:
        """An amount in the page's currency, each row by itself."""
        return self.conversion.in_sql(of.c.amount, of.c.currency)

    def parts(self, of: Any, filters: Filters, *columns: Any) -> sa.Select[Any]:
        """`columns` of every row under the filters, split by area, with its `part` last."""
        base, effects = self.base(of), self.effects
        part = sa.case(
            (sa.or_(effects.c.sign.is_(None), effects.c.sign == 0), base),
            else_=effects.c.sign * share_of(base, effects.c.weight, effects.c.whole),
        )
        return (
            sa.select(*columns, part.label("part"))
            .select_from(of)
            .outerjoin(Proposal, Proposal.id == of.c.proposal_id)
            .outerjoin(effects, effects.c.proposal_id == of.c.proposal_id)
            .where(*_conditions(of, filters, effects.c.area))
        )

    @cached_property
    def _shares(self) -> dict[int, Share]:
        return shares_of(self.session, self.round)

    @cached_property
    def _known(self) -> dict[tuple[sa.CTE, Filters], list[Cell]]:
        return {}

    def cells(self, of: sa.CTE, filters: Filters) -> list[Cell]:
        """Sums by everything that a dashboard tells apart; asked once for each filter.

        The database says what lies where; each amount is converted and split here, as `parts`
        does it there: in memory that takes a third of the time.
        """
        key = (of, filters)
        if key not in self._known:
            self._known[key] = self._cells(of, filters)
        return self._known[key]

    def _cells(self, of: sa.CTE, filters: Filters) -> list[Cell]:
        sums: dict[tuple[int, str, int | None, str, str, bool], int] = {}
        for funder, stage, year, proposal, share, amount in self.amounts(of, filters):
            for area, part in share.parts(amount):
                if not filters.area or area == filters.area:
                    cell = (funder, stage, year, share.region, area, proposal is not None)
                    sums[cell] = sums.get(cell, 0) + part
        return [
            Cell(funder, stage, year, region, area, amount, has_proposal)
            for (funder, stage, year, region, area, has_proposal), amount in sums.items()
        ]

    def totals(self, of: sa.CTE, funder_id: int | None = None) -> list[Cell]:
        """Sums by funder, stage and year alone, of one funder or all: the database makes them, in
        half the time of `cells`; these have no region and no area."""
        columns = (of.c.funder_id, of.c.stage, of.c.year)
        rows = self.session.execute(
            sa.select(*columns, sa.cast(sa.func.sum(self.base(of)), sa.BigInteger))
            .where(*_conditions(of, Filters(funder_id=funder_id), None))
            .group_by(*columns)
        )
        return [
            Cell(funder, stage, year, "", "", int(amount), has_proposal=False)
            for funder, stage, year, amount in rows
        ]

    def amounts(
        self, of: sa.CTE, filters: Filters
    ) -> Iterator[tuple[int, str, int | None, int | None, Share, int]]:
        """(funder, stage, year, proposal, its share, amount) of every row, in the page's currency;
        under every filter but that of an area, by which whoever asks splits the amount."""
        columns = (of.c.funder_id, of.c.stage, of.c.year, of.c.proposal_id)
        rows = self.session.execute(
            sa.select(of.c.currency, of.c.amount, *columns).where(
                *_conditions(of, replace(filters, region=None), None)
            )
        )
        factors = {code: Factor.of(rate) for code, rate in self.conversion.rates.items()}
        for currency, amount, funder, stage, year, proposal in rows:
            share = self._shares.get(proposal, NOWHERE) if proposal is not None else NOWHERE
            if not filters.region or share.region == filters.region:
                yield funder, stage, year, proposal, share, factors[currency].convert(amount)

    def rows(self, filters: Filters, listing: Listing | None = None) -> list[Position]:
        """The positions behind the sums; one page of them where a listing says which."""
        by_row = self._by_row(filters)
        is_open = sa.case((without_conflict(self.by), 1), else_=0)
        title = sa.case((Proposal.id.is_(None), ""), (is_open == 1, Proposal.title), else_=WITHHELD)
        query = (
            sa.select(
                by_row,
                Organisation.name,
                Commitment.name,
                sa.case((is_open == 1, Proposal.id), else_=None),
                title,
                sa.func.coalesce(Proposal.region, ""),
            )
            .join(Commitment, Commitment.id == by_row.c.commitment_id)
            .join(Organisation, Organisation.id == by_row.c.funder_id)
            .outerjoin(Proposal, Proposal.id == by_row.c.proposal_id)
            .order_by(*_order(listing, by_row, title), by_row.c.commitment_id, by_row.c.place)
        )
        if listing is not None:
            query = query.limit(listing.per_page).offset(listing.offset)
        found = self.session.execute(query).all()
        tagged = self._areas({row.proposal_id for row in found} if listing else None)
        return [
            Position(
                funder_id=row.funder_id,
                funder=row[-5],
                commitment_id=row.commitment_id,
                commitment=row[-4],
                currency=row.currency,
                stage=Stage(row.stage),
                amount=int(row.amount),
                base=int(row.part),
                proposal_id=row[-3],
                proposal=row[-2],
                region=row[-1],
                award_id=row.award_id,
                year=row.year,
                areas=tagged.get(row.proposal_id, ()),
            )
            for row in found
        ]

    def _areas(self, proposals: set[int] | None) -> dict[int, tuple[str, ...]]:
        """The top areas of these proposals, or of all, the largest first."""
        effects = self.effects
        query = (
            sa.select(effects.c.proposal_id, effects.c.area)
            .where(effects.c.sign >= 0)
            .order_by(effects.c.proposal_id, effects.c.sign, effects.c.weight.desc())
        )
        if proposals is not None:
            query = query.where(effects.c.proposal_id.in_(proposals))
        found: dict[int, tuple[str, ...]] = {}
        for proposal_id, area in self.session.execute(query):
            found[proposal_id] = (*found.get(proposal_id, ()), area)
        return found

    def count(self, filters: Filters) -> tuple[int, int]:
        """How many rows there are, and what they add up to."""
        by_row = self._by_row(filters)
        number, total = self.session.execute(
            sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(by_row.c.part), 0)).select_from(
                by_row
            )
        ).one()
        return int(number), int(total)

    def _by_row(self, filters: Filters) -> sa.Subquery:
        """One row for each position, with what counts of it under the filters."""
        of = self.positions
        numbered = sa.select(
            of,
            sa.func.row_number()
            .over(
                order_by=(
                    of.c.commitment_id,
                    of.c.proposal_id,
                    of.c.award_id,
                    of.c.stage,
                    of.c.year,
                    of.c.amount,
                )
            )
            .label("place"),
        ).cte("numbered")
        return self.row_by_row(numbered, filters)

    def row_by_row(self, of: sa.CTE, filters: Filters, stage: str | None = None) -> sa.Subquery:
        """Every row under the filters, with what counts of it under an area as its `part`."""
        narrowed = replace(filters, stage=stage) if stage else filters
        if not filters.area:
            return (
                sa.select(of, self.base(of).label("part"))
                .outerjoin(Proposal, Proposal.id == of.c.proposal_id)
                .where(*_conditions(of, narrowed, None))
                .subquery()
            )
        split = self.parts(of, narrowed, *of.c).subquery()
        *keys, part = split.c
        return (
            sa.select(*keys, sa.cast(sa.func.sum(part), sa.BigInteger).label("part"))
            .group_by(*keys)
            .subquery()
        )

    def conditions(self, of: sa.CTE, filters: Filters) -> list[sa.ColumnElement[bool]]:
        """The filters on rows that are joined to their proposals; of an area, those with a part."""
        found = _conditions(of, filters, None)
        if filters.area:
            effects = self.effects
            tagged = sa.select(effects.c.proposal_id).where(effects.c.area == filters.area)
            found.append(of.c.proposal_id.in_(tagged))
        return found

    def years(self) -> list[int]:
        """The years that awards, due days and payments of the round fall into."""
        of = self.positions
        if (of, Filters()) in self._known:
            found = {cell.year for cell in self._known[of, Filters()]}
        else:
            found = set(self.session.scalars(sa.select(of.c.year).distinct()))
        return sorted(year for year in found if year)


def _conditions(of: Any, filters: Filters, area: Any) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if filters.funder_id is not None:
        found.append(of.c.funder_id == filters.funder_id)
    if filters.area and area is not None:
        found.append(area == filters.area)
    if filters.region:
        found.append(Proposal.region == filters.region)
    if filters.stage:
        found.append(of.c.stage == filters.stage)
    if filters.year is not None:
        found.append(of.c.year == filters.year)
    return found


def _order(listing: Listing | None, by_row: sa.Subquery, title: Any) -> tuple[Any, ...]:
    if listing is None:
        return ()
    places = {stage.value: number for number, stage in enumerate(Stage)}
    column: Any = {
        "base": by_row.c.part,
        "funder": sa.func.lower(Organisation.name),
        "proposal": sa.func.lower(title),
        "stage": sa.case(places, value=by_row.c.stage),
    }[listing.sort_key]
    return (column.desc() if listing.is_descending else column,)


def ground_of(
    session: Session,
    by: Actor,
    round_: Round,
    currency: str | None = None,
    on: date | None = None,
) -> Ground:
    """The round's money for this person, in `currency` (the round's own where none is given)."""
    has_plan = bool(
        session.scalar(
            sa.select(sa.func.count())
            .select_from(PlanPutForward)
            .where(PlanPutForward.round_id == round_.id)
        )
    )
    run = _newest_run(session, round_)
    return Ground(
        session,
        by,
        round_,
        conversion_of(session, round_, run, currency),
        run,
        run is not None and not has_plan,
        on or now().date(),
    )


def _newest_run(session: Session, round_: Round) -> Run | None:
    """The run of the plan before the funders, else the newest that came to a plan."""
    run_id = session.scalar(
        sa.select(PlanPutForward.run_id)
        .where(PlanPutForward.round_id == round_.id)
        .order_by(PlanPutForward.is_current.desc(), PlanPutForward.id.desc())
        .limit(1)
    ) or session.scalar(
        sa.select(sa.func.max(Run.id))
        .join(Scenario, Scenario.id == Run.scenario_id)
        .where(Scenario.round_id == round_.id, Run.state == RunState.DONE)
    )
    return session.get(Run, run_id) if run_id else None


def funders_of(session: Session, round_: Round) -> list[tuple[int, str]]:
    """(id, name) of each funder with a commitment, by name."""
    rows = session.execute(
        sa.select(Organisation.id, Organisation.name)
        .join(Commitment, Commitment.funder_id == Organisation.id)
        .where(Commitment.round_id == round_.id)
        .distinct()
        .order_by(Organisation.name)
    )
    return [(id_, name) for id_, name in rows]
