"""A pack for its reader: the content with names, less what they may not hear of.

Pages and the printed document show the same view, so that they cannot differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go
import plotly.io

from funding.formatting import format_percent, format_share, minor_units, shortened
from funding.language import gettext as _
from funding.language import ngettext
from funding.reports.discretion import Discretion
from funding.reports.packs.canonical import MILLION

Document = dict[str, Any]
MOST_AREAS = 8
MOST_MARKS = 2
TELLING = 0.01
"""Of the plan's money: an area whose money changes less gives a portfolio no name."""
SURE = 0.95
TRIFLE = 0.005
"""Of the largest change."""
LONGEST = 30


@dataclass(frozen=True)
class Place:
    """An area or a funder in one portfolio; `part` is the change as a share of the largest."""

    key: str
    name: str
    amount: int
    change: int
    part: float
    need: int = 0
    open: int = 0
    short: int = 0

    @property
    def is_telling(self) -> bool:
        """Whether the change is worth a line: not what only rounding moves."""
        return abs(self.part) >= TRIFLE


@dataclass(frozen=True)
class MoveView:
    """A proposal that gets another amount than in the first portfolio: in, out, more or less."""

    key: str
    title: str
    kind: str
    before: int
    after: int


@dataclass(frozen=True)
class PortfolioView:
    """`worth` and shares are fractions; money in minor units."""

    number: int
    letter: str
    name: str
    worth: float
    given: int
    funded: int
    agreements: int
    moved: int
    moved_share: float
    nearest_share: float | None
    areas: tuple[Place, ...]
    funders: tuple[Place, ...]
    moves: tuple[MoveView, ...]

    def moves_of(self, kind: str) -> list[MoveView]:
        return [move for move in self.moves if move.kind == kind]


@dataclass(frozen=True)
class SureView:
    """A proposal: `often` is the share of resampled reviews in which it is funded."""

    key: str
    title: str
    amount: int
    often: float
    standing: str


@dataclass(frozen=True)
class PackView:
    """All that a page or a document shows of a pack."""

    content: Document
    currency: str
    hides_something: bool
    portfolios: tuple[PortfolioView, ...]
    sure: tuple[SureView, ...] | None
    finding: str
    figure: str
    figure_title: str
    sureness_finding: str

    @property
    def figures(self) -> Document:
        found: Document = self.content["figures"]
        return found

    @property
    def state(self) -> Document:
        found: Document = self.content["state"]
        return found

    def named(self, kind: str, key: str) -> str:
        """A name of the pack's own list (`areas`, `funders`, `commitments`, `proposals`)."""
        name: str = self.content["names"][kind].get(key, key)
        return name

    @property
    def missing(self) -> list[str]:
        """What the pack lacks, in sentences."""
        what = {
            "alternatives": _("No other portfolios were looked for."),
            "sureness": _("How sure each proposal's place is was not worked out."),
            "overrides": _("What the decisions taken beforehand cost was not worked out."),
        }
        return [words for kind, words in what.items() if kind in self.content["missing"]]


def view(text: str, discretion: Discretion) -> PackView:
    """The pack whose content this is, for somebody with this discretion."""
    content = _discreet(json.loads(text), discretion)
    names, made = content["names"], content["figures"]
    shown = tuple(_portfolios(made, names))
    sure = _sure(made, names)
    return PackView(
        content=content,
        currency=content["round"]["currency"],
        hides_something=discretion.hides_something,
        portfolios=shown,
        sure=sure,
        finding=_finding(shown, made),
        figure=_figure(shown, content["round"]["currency"]),
        figure_title=_figure_title(shown),
        sureness_finding=_sureness_finding(sure),
    )


def _discreet(content: Document, discretion: Discretion) -> Document:
    """Without what may not be heard of; of a pair, both or none."""
    found: Document = discretion.document(content)
    for pairs in (found["figures"]["overlaps"], found["state"]["open_overlaps"]):
        pairs[:] = [pair for pair in pairs if len(pair["proposals"]) == 2]
    return found


# -- portfolios -----------------------------------------------------------------------------------


def _portfolios(made: Document, names: Document) -> list[PortfolioView]:
    listed = made["portfolios"]
    largest = (
        max((abs(place["change"]) for one in listed for place in one["areas"]), default=0) or 1
    )
    paid = max((abs(place["change"]) for one in listed for place in one["funders"]), default=0) or 1
    money = max(1, listed[0]["given"])
    return [
        PortfolioView(
            number=number,
            letter=one["letter"],
            name=_name(one, names["areas"], money) if number else _("The plan put forward"),
            worth=one["worth"] / MILLION,
            given=one["given"],
            funded=one["funded"],
            agreements=one["agreements"],
            moved=one["moved"],
            moved_share=one["moved_share"] / MILLION,
            nearest_share=None if one["nearest_share"] is None else one["nearest_share"] / MILLION,
            areas=tuple(_places(one["areas"], "area", names["areas"], largest)),
            funders=tuple(_places(one["funders"], "funder", names["funders"], paid)),
            moves=tuple(
                MoveView(
                    move["proposal"],
                    names["proposals"].get(move["proposal"], move["proposal"]),
                    move["kind"],
                    move["before"],
                    move["after"],
                )
                for move in one["moves"]
            ),
        )
        for number, one in enumerate(listed)
    ]


def _places(
    rows: Sequence[Document], kind: str, names: Mapping[str, str], largest: int
) -> list[Place]:
    return [
        Place(
            key=row[kind],
            name=names.get(row[kind], row[kind]),
            amount=row["amount"],
            change=row["change"],
            part=row["change"] / largest,
            need=row.get("need", 0),
            open=row.get("open", 0),
            short=row.get("short", 0),
        )
        for row in rows
    ]


def _name(one: Document, areas: Mapping[str, str], money: int) -> str:
    """A portfolio by what it gives most more and less to."""
    telling = [a for a in one["areas"] if abs(a["change"]) >= TELLING * money]
    telling.sort(key=lambda a: -abs(a["change"]))
    said = [
        _("more %(area)s", area=areas.get(a["area"], a["area"]))
        if a["change"] > 0
        else _("less %(area)s", area=areas.get(a["area"], a["area"]))
        for a in sorted(telling[:MOST_MARKS], key=lambda a: a["change"] < 0)
    ]
    if not said:
        return _("The same areas, by other proposals")
    name = _("%(first)s, %(second)s", first=said[0], second=said[1]) if said[1:] else said[0]
    return name[:1].upper() + name[1:]


def _finding(shown: Sequence[PortfolioView], made: Document) -> str:
    """How much is open, in a sentence."""
    if made["tolerance"] is None:
        return _("No other portfolios were looked for.")
    others = shown[1:]
    if not others:
        return _(
            "There is no really different portfolio: whatever is nearly as good moves less than "
            "2% of the money."
        )
    most = max(one.moved_share for one in others)
    return _(
        "For at most %(tolerance)s of the value, %(share)s of the money could go to other "
        "proposals.",
        tolerance=format_share(made["tolerance"] / MILLION),
        share=format_percent(most),
    )


def _telling_areas(shown: Sequence[PortfolioView]) -> list[int]:
    """Which areas differ most between the portfolios, in their own order; all of one alone."""
    if len(shown) == 1:
        return list(range(len(shown[0].areas)))
    spread = [
        max(one.areas[k].amount for one in shown) - min(one.areas[k].amount for one in shown)
        for k in range(len(shown[0].areas))
    ]
    order = sorted(range(len(spread)), key=lambda k: (-spread[k], k))
    return sorted(order[:MOST_AREAS])


def _figure(shown: Sequence[PortfolioView], currency: str) -> str:
    """Bars of the money that areas get, by portfolio, in millions."""
    figure = go.Figure()
    rows = _telling_areas(shown)
    scale = 10 ** (minor_units(currency) + 6)
    for one in shown:
        figure.add_bar(
            orientation="h",
            name=one.letter,
            y=[escape(shortened(one.areas[k].name, LONGEST)) for k in rows],
            x=[one.areas[k].amount / scale for k in rows],
            marker_color=f"var(--chart-{one.number + 1})",
            hovertemplate=f"{one.letter}, %{{y}}: %{{x:,.2f}}<extra></extra>",
        )
    figure.update_layout(
        barmode="group",
        height=80 + len(rows) * (14 + 13 * len(shown)),
        bargap=0.25,
        margin={"l": 8, "r": 16, "t": 8, "b": 32},
        xaxis={"rangemode": "tozero", "nticks": 6, "tickangle": 0},
        yaxis={"automargin": True, "autorange": "reversed"},
    )
    return str(plotly.io.to_json(figure))


def _figure_title(shown: Sequence[PortfolioView]) -> str:
    if len(shown) == 1:
        return _("What the plan gives to each area")
    places = [
        (max(abs(one.areas[k].change) for one in shown), shown[0].areas[k].name)
        for k in range(len(shown[0].areas))
    ]
    most = max(places, key=lambda place: place[0])
    if not most[0]:
        return _("All portfolios give areas the same; other proposals do the work")
    return _("The portfolios differ most in %(area)s", area=most[1])


# -- proposals ------------------------------------------------------------------------------------


def _sure(made: Document, names: Document) -> tuple[SureView, ...] | None:
    if made["sureness"] is None:
        return None
    rows = [
        SureView(
            row["proposal"],
            names["proposals"].get(row["proposal"], row["proposal"]),
            row["amount"],
            row["often"] / MILLION,
            row["standing"],
        )
        for row in made["sureness"]
    ]
    return tuple(sorted(rows, key=lambda row: (-row.often, row.key)))


def _sureness_finding(sure: Sequence[SureView] | None) -> str:
    if sure is None:
        return ""
    firm = sum(1 for row in sure if row.amount and row.often >= SURE)
    open_ = sum(1 for row in sure if 1 - SURE < row.often < SURE)
    first = ngettext(
        "%(num)s proposal is funded whoever reviews.",
        "%(num)s proposals are funded whoever reviews.",
        firm,
    )
    second = ngettext("%(num)s depends on who reviews.", "%(num)s depend on who reviews.", open_)
    return f"{first} {second}"
