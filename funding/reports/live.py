"""A live session for its reader: the step shown, what moved, the history, the votes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, undefer

from funding.db import now
from funding.formatting import format_figure, format_short
from funding.language import gettext as _
from funding.models import (
    Commitment,
    LiveRemark,
    LiveSession,
    LiveStep,
    LiveVote,
    PlanPutForward,
    Round,
    Run,
    Scenario,
    StepState,
)
from funding.permissions import Actor
from funding.reports.portfolios import Shown, shown_proposals
from funding.reports.results import latest_runs
from funding.services.run_words import said_again

Document = Mapping[str, Any]
TRIFLE = 0.0005
"""Of the money: an area whose share changes less is not marked."""


@dataclass(frozen=True)
class Moved:
    """A proposal whose money differs from the step before: in, out, more or less."""

    id: int
    title: str
    kind: str
    before: int
    after: int


@dataclass(frozen=True)
class AreaMoved:
    """An area's money, its change, and what its need still lacks; minor units. `part`: the change
    as a share of the largest."""

    name: str
    amount: int
    change: int
    part: float
    open: int


@dataclass(frozen=True)
class StepView:
    """A step in the history: what was changed in it, in words."""

    number: int
    words: str
    state: str
    message: str
    seconds: float | None
    parent: int | None
    asked_at: datetime


@dataclass(frozen=True)
class Now:
    """What the room looks at. `hidden`: moves of proposals that the reader may not see."""

    step: StepView
    given: int
    funded: int
    worth: float
    gap: float
    moved_share: float
    moved: tuple[Moved, ...]
    hidden: int
    areas: tuple[AreaMoved, ...]
    against: int | None

    def of_kind(self, kind: str) -> list[Moved]:
        return [move for move in self.moved if move.kind == kind]


@dataclass(frozen=True)
class Names:
    """Names by key; proposals only where the reader may see them."""

    proposals: Mapping[str, Shown]
    areas: Mapping[str, str]
    commitments: Mapping[str, str]
    currency: str

    @classmethod
    def of(cls, session: Session, by: Actor, live: LiveSession) -> Names:
        round_: Round = live.round
        commitments = session.execute(
            sa.select(Commitment.key, Commitment.name).where(Commitment.round_id == round_.id)
        )
        return cls(
            shown_proposals(session, by, live.run),
            {area.key: area.name for area in round_.taxonomy.areas},
            dict(commitments.all()),
            round_.base_currency,
        )

    def words(self, what: Document) -> str:
        """One change in a sentence; of the first step, that it is the run's plan."""
        if not what:
            return _("The plan as it was solved")
        kind, where, value = what["kind"], what["where"], what["value"]
        if kind == "pins":
            seen = self.proposals.get(where)
            name = seen.title if seen else _("another proposal")
            if value is None:
                return _("“%(proposal)s” is free again", proposal=name)
            return (
                _("“%(proposal)s” is pinned in", proposal=name)
                if value
                else _("“%(proposal)s” is pinned out", proposal=name)
            )
        if kind == "amounts":
            name = self.commitments.get(where, where)
            if value is None:
                return _("%(commitment)s gives what it promised", commitment=name)
            return _("%(commitment)s gives %(amount)s", commitment=name, amount=self._money(value))
        name = self.areas.get(where, where)
        if kind == "weights":
            if value is None:
                return _("%(area)s weighs as in the round", area=name)
            return _(
                "%(area)s weighs %(times)s times as much", area=name, times=format_figure(value)
            )
        if kind == "floors":
            if value is None:
                return _("The floor of %(area)s is the round’s", area=name)
            return _("%(area)s gets at least %(amount)s", area=name, amount=self._money(value))
        if value is None:
            return _("%(area)s has no cap", area=name)
        return _("%(area)s gets at most %(amount)s", area=name, amount=self._money(value))

    def _money(self, amount: int) -> str:
        return format_short(amount, self.currency)


def now_of(names: Names, live: LiveSession, steps: Mapping[int, LiveStep], number: int) -> Now:
    """A step that was solved, beside the one that it follows (step 0 stands alone)."""
    step = steps[number]
    plan: Document = step.result or {}
    base = steps.get(step.parent) if step.parent is not None else None
    before: Document = (base.result or {}) if base is not None else plan
    start: Document = steps[0].result or {}
    money = max(1, sum(before["totals"].values()))
    moves, hidden = _moves(names, before["totals"], plan["totals"])
    apart = sum(
        abs(plan["totals"].get(key, 0) - before["totals"].get(key, 0))
        for key in {*plan["totals"], *before["totals"]}
    )
    return Now(
        step=_view(names, step),
        given=sum(plan["totals"].values()),
        funded=sum(1 for total in plan["totals"].values() if total),
        worth=plan["value"] / start["value"] if start["value"] else 1.0,
        gap=plan["gap"],
        moved_share=apart / 2 / money,
        moved=tuple(moves),
        hidden=hidden,
        areas=tuple(_areas(names, live.run.problem or {}, before, plan, money)),
        against=step.parent,
    )


def _moves(
    names: Names, before: Mapping[str, int], after: Mapping[str, int]
) -> tuple[list[Moved], int]:
    found, hidden = [], 0
    for key in sorted({*before, *after}):
        then, now_ = before.get(key, 0), after.get(key, 0)
        if then == now_:
            continue
        seen = names.proposals.get(key)
        if seen is None:
            hidden += 1
            continue
        kind = "in" if not then else "out" if not now_ else "more" if now_ > then else "less"
        found.append(Moved(seen.id, seen.title, kind, then, now_))
    return sorted(found, key=lambda m: (-abs(m.after - m.before), m.title)), hidden


def _areas(
    names: Names, problem: Document, before: Document, plan: Document, money: int
) -> list[AreaMoved]:
    rows = []
    for area in problem["areas"]:
        key = area["id"]
        amount = plan["areas"][key]["amount"]
        change = amount - before["areas"][key]["amount"]
        need = sum(part["width"] for part in area.get("steps") or ())
        open_ = max(0, need - area.get("spent", 0) - amount) if need else 0
        rows.append((names.areas.get(key, key), amount, change, open_))
    largest = max((abs(change) for _name, _amount, change, _open in rows), default=0) or 1
    return [
        AreaMoved(
            name,
            amount,
            change if abs(change) >= TRIFLE * money else 0,
            change / largest if abs(change) >= TRIFLE * money else 0.0,
            open_,
        )
        for name, amount, change, open_ in rows
    ]


def _view(names: Names, step: LiveStep) -> StepView:
    return StepView(
        step.number,
        names.words(step.what),
        step.state,
        said_again(step.message, step.says),
        step.seconds,
        step.parent,
        step.asked_at,
    )


def history(names: Names, steps: Mapping[int, LiveStep]) -> list[StepView]:
    """Every step, the newest first."""
    return [_view(names, steps[number]) for number in sorted(steps, reverse=True)]


def steps_of(session: Session, live: LiveSession, wanted: int) -> dict[int, LiveStep]:
    """All steps by number; plans are loaded of the first, the wanted one and the one before it."""
    steps = {
        step.number: step
        for step in session.scalars(sa.select(LiveStep).where(LiveStep.session_id == live.id))
    }
    if wanted in steps:
        numbers = {0, wanted, steps[wanted].parent or 0}
        ids = [steps[number].id for number in numbers]
        loaded = sa.select(LiveStep).options(undefer(LiveStep.result))
        session.scalars(
            loaded.where(LiveStep.id.in_(ids)).execution_options(populate_existing=True)
        ).all()
    return steps


def is_held(live: LiveSession) -> bool:
    """Whether some process keeps the round warm now."""
    return live.held_until is not None and live.held_until >= now()


def tag_of(session: Session, live: LiveSession, viewer: int) -> str:
    """Changes whenever the room has something new to see. Two queries."""
    of_session = LiveStep.session_id == live.id
    votes = sa.select(
        sa.func.count(LiveVote.id), sa.func.max(LiveVote.given_at), sa.func.max(LiveVote.id)
    )
    row = session.execute(
        sa.select(
            sa.select(sa.func.max(LiveStep.id)).where(of_session).scalar_subquery(),
            sa.select(sa.func.count(LiveStep.id))
            .where(of_session, LiveStep.state == StepState.WAITING)
            .scalar_subquery(),
            sa.select(sa.func.max(LiveRemark.id))
            .join(LiveStep, LiveStep.id == LiveRemark.step_id)
            .where(of_session)
            .scalar_subquery(),
        )
    ).one()
    voted = session.execute(
        votes.join(LiveStep, LiveStep.id == LiveVote.step_id).where(of_session)
    ).one()
    held = is_held(live) or not row[1]
    parts = (live.id, live.current, live.is_voting_open, live.closed_at, held, viewer, *row, *voted)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


def sessions_of(session: Session, round_id: int) -> list[LiveSession]:
    """The sessions of a round, the newest first."""
    return list(
        session.scalars(
            sa.select(LiveSession)
            .options(joinedload(LiveSession.opened_by))
            .where(LiveSession.round_id == round_id)
            .order_by(LiveSession.id.desc())
            .limit(50)
        )
    )


def runs_for(session: Session, round_id: int) -> list[tuple[Run, bool]]:
    """The newest finished run of each scenario, and whether it is the plan put forward, that one
    first."""
    scenarios = session.scalars(
        sa.select(Scenario).where(Scenario.round_id == round_id, Scenario.rule == "welfare")
    ).all()
    before_funders = session.scalar(
        sa.select(PlanPutForward.run_id).where(
            PlanPutForward.round_id == round_id, PlanPutForward.is_current
        )
    )
    runs = latest_runs(session, list(scenarios)).values()
    found = [(run, run.id == before_funders) for run in runs]
    return sorted(found, key=lambda pair: (not pair[1], -pair[0].id))
