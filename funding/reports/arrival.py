"""What the study of an arrival found: who steps back, where, and where that money goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go
import plotly.io
from sqlalchemy.orm import Session

from funding.formatting import format_short, minor_units
from funding.language import gettext as _
from funding.models import Run, RunState, Scenario
from funding.permissions import Actor, visible_runs
from funding.reports.figures import amount_ticks

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """Another commitment that pays a proposal less, minor units of the round's base currency."""

    commitment: str
    proposal: str
    before: int
    after: int
    freed: int

    @property
    def less(self) -> int:
        return self.before - self.after

    @property
    def unspent(self) -> int:
        return self.less - self.freed


@dataclass(frozen=True)
class Arrival:
    """`pays`: what the commitment pays in the plan; `figure` is empty where nobody steps back."""

    name: str
    pays: int
    steps: tuple[Step, ...]
    finding: str
    figure: str

    @property
    def less(self) -> int:
        return sum(step.less for step in self.steps)

    @property
    def unspent(self) -> int:
        return sum(step.unspent for step in self.steps)


def view(found: Document, names: Mapping[str, str], currency: str) -> Arrival:
    """The study's document, in words."""
    steps = tuple(
        Step(
            names.get(step["commitment"], step["commitment"]),
            names.get(step["proposal"], step["proposal"]),
            *(step[key] for key in ("before", "after", "freed")),
        )
        for step in found["steps"]
    )
    name = names.get(found["commitment"], found["commitment"])
    pays = sum(found["paid"].values())
    return Arrival(
        name, pays, steps, _finding(name, pays, steps, currency), _figure(steps, currency)
    )


def _finding(name: str, pays: int, steps: Sequence[Step], currency: str) -> str:
    if not pays:
        return _("%(name)s pays nothing in this plan, so nobody steps back", name=name)
    if not steps:
        return _(
            "Nobody steps back: all that %(name)s pays is new money for what it pays", name=name
        )
    less, unspent = sum(s.less for s in steps), sum(s.unspent for s in steps)
    rest = (
        "all of which goes to other proposals"
        if not unspent
        else _("%(unspent)s of which stays unspent", unspent=format_short(unspent, currency))
    )
    return _(
        "%(name)s pays %(pays)s; others pay %(less)s less to the same proposals, %(rest)s",
        name=name,
        pays=format_short(pays, currency),
        less=format_short(less, currency),
        rest=rest,
    )


def _figure(steps: Sequence[Step], currency: str) -> str:
    """A bar for each commitment that steps back: what it pays elsewhere, what it keeps."""
    if not steps:
        return ""
    by_name: dict[str, tuple[int, int]] = {}
    for step in steps:
        freed, unspent = by_name.get(step.commitment, (0, 0))
        by_name[step.commitment] = (freed + step.freed, unspent + step.unspent)
    scale = 10 ** minor_units(currency)
    most = max(freed + unspent for freed, unspent in by_name.values())
    figure = go.Figure()
    for part, label, colour in (
        (0, _("Goes to other proposals"), "var(--chart-1)"),
        (1, _("Stays unspent"), "var(--chart-4)"),
    ):
        amounts = [parts[part] for parts in by_name.values()]
        figure.add_bar(
            name=label,
            orientation="h",
            y=[escape(name) for name in by_name],
            x=[amount / scale for amount in amounts],
            marker_color=colour,
            customdata=[["#steps", format_short(amount, currency)] for amount in amounts],
            hovertemplate=f"%{{y}}: %{{customdata[1]}} {label.lower()}<extra></extra>",
        )
    figure.update_layout(
        barmode="stack",
        height=100 + 34 * len(by_name),
        bargap=0.3,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
        margin={"l": 8, "r": 16, "t": 36, "b": 32},
        xaxis={"rangemode": "tozero", **amount_ticks(0, most, currency)},
        yaxis={"automargin": True, "autorange": "reversed"},
    )
    return str(plotly.io.to_json(figure))


def last_run(session: Session, by: Actor, round_id: int) -> Run | None:
    """The newest result of the round that the person may see: what an arrival is held against."""
    return session.scalars(
        visible_runs(by)
        .where(Scenario.round_id == round_id, Run.state == RunState.DONE)
        .order_by(Run.id.desc())
        .limit(1)
    ).first()


CSV_HEAD = ("steps back", "proposal", "without it", "with it", "to other proposals", "unspent")


def csv_rows(arrival: Arrival) -> Iterable[Sequence[object]]:
    return (
        (s.commitment, s.proposal, s.before, s.after, s.freed, s.unspent) for s in arrival.steps
    )
