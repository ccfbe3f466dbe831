"""Pictures of a round's overlaps: works by what they say, look-alikes, who pays whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import sqrt

import plotly.graph_objects as go
import plotly.io
import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, selectinload

from funding.formatting import format_short, plural
from funding.language import gettext
from funding.models import HistoricGrant, Overlap, OverlapMap, Proposal, Round
from funding.overlap.layout import groups_of
from funding.permissions import Actor, visible_history, visible_proposals, without_conflict
from funding.services.areas import top_areas
from funding.services.overlaps.mapping import MOST_LINKS, suggested
from funding.services.overlaps.works import given, in_currency

DRAWN_FROM = 0.5
"""Least probability of a pair that nobody has judged and that is drawn all the same."""
_COLOURS = 7
_OTHERS = "Other areas"
_LARGEST = 26.0
_SMALLEST = 6.0

Address = Callable[[int], str]


@dataclass(frozen=True)
class Place:
    """A work on the map: `kind` is proposal or grant, `money` in base minor units."""

    kind: str
    id: int
    title: str
    who: str
    area: str
    money: int | None
    x: float
    y: float


@dataclass(frozen=True)
class Tie:
    """A pair of proposals that is drawn: `probability` is None where an officer marked it."""

    id: int
    first: str
    second: str
    probability: float | None
    verdict: str


@dataclass(frozen=True)
class Group:
    """Proposals that hang together by pairs, by key, and the pairs between them."""

    members: tuple[tuple[int, str, str], ...]
    ties: tuple[Tie, ...]
    asked: int

    @property
    def keys(self) -> dict[str, str]:
        """The proposals' own keys by the ids of their works."""
        return {f"proposal:{id_}": key for id_, key, _ in self.members}


def drawn(session: Session, round_: Round) -> OverlapMap | None:
    """The map as a worker drew it last."""
    return session.get(OverlapMap, round_.id)


def places(session: Session, by: Actor, round_: Round, made: OverlapMap) -> list[Place]:
    """The works of the map that the person may see. Four queries."""
    tops = top_areas(round_)
    names = {area.key: area.name for area in round_.taxonomy.areas}
    found = []
    proposals = session.scalars(
        visible_proposals(by)
        .where(Proposal.round_id == round_.id)
        .options(selectinload(Proposal.areas), selectinload(Proposal.institution))
    ).unique()
    for p in proposals:
        at = made.works.get(f"proposal:{p.id}")
        if at:
            tag = max(p.areas, key=lambda tag: tag.weight, default=None)
            area = names.get(tops.get(tag.area_key, ""), "") if tag else ""
            who = p.institution.name if p.institution else ""
            found.append(Place("proposal", p.id, f"{p.key} {p.title}", who, area, p.ask, *at))
    numbers = [int(key.partition(":")[2]) for key in made.works if key.startswith("grant:")]
    for grant in session.scalars(visible_history(by).where(HistoricGrant.id.in_(numbers))):
        area = names.get(tops.get(grant.area_key or "", ""), "")
        found.append(
            Place(
                "grant",
                grant.id,
                grant.title or grant.purpose or grant.recipient,
                gettext(
                    "%(recipient)s, paid by %(funder)s",
                    recipient=grant.recipient,
                    funder=grant.funder,
                ),
                area,
                in_currency(grant, round_.base_currency),
                *made.works[f"grant:{grant.id}"],
            )
        )
    return found


def ties(session: Session, by: Actor, round_: Round) -> list[Tie]:
    """Pairs that officers called duplicates, and probable ones that nobody has judged."""
    first, second = aliased(Proposal), aliased(Proposal)
    rows = session.execute(
        sa.select(Overlap, first.id, second.id)
        .join(first, first.id == Overlap.first_id)
        .join(second, second.id == Overlap.second_id)
        .where(
            Overlap.round_id == round_.id,
            sa.or_(
                Overlap.verdict == "duplicate",
                sa.and_(
                    Overlap.verdict.in_(("candidate", "unsure")),
                    Overlap.probability >= DRAWN_FROM,
                ),
            ),
            without_conflict(by, first),
            without_conflict(by, second),
        )
        .order_by(Overlap.probability.desc().nulls_last(), Overlap.id)
    )
    return [
        Tie(o.id, f"proposal:{p}", f"proposal:{r}", o.probability, o.verdict) for o, p, r in rows
    ]


def groups(shown: Sequence[Place], pairs: Sequence[Tie]) -> list[Group]:
    """Look-alikes: proposals that hang together by the pairs drawn, the largest group first."""
    by_id = {f"{place.kind}:{place.id}": place for place in shown}
    known = [tie for tie in pairs if tie.first in by_id and tie.second in by_id]
    found = []
    for members in groups_of([(tie.first, tie.second) for tie in known]):
        inside = [by_id[member] for member in members]
        found.append(
            Group(
                tuple((p.id, *p.title.split(" ", 1)) for p in inside),
                tuple(tie for tie in known if tie.first in members),
                sum(p.money or 0 for p in inside),
            )
        )
    return found


def finding(shown: Sequence[Place], found: Sequence[Group]) -> str:
    works = plural(sum(place.kind == "proposal" for place in shown), "proposal")
    if not found:
        return gettext("%(works)s, and none looks like another", works=works)
    inside = sum(len(group.members) for group in found)
    return gettext(
        "Of %(works)s, %(inside)s look like another, in %(found)s",
        works=works,
        inside=inside,
        found=plural(len(found), "group"),
    )


def map_figure(
    shown: Sequence[Place],
    pairs: Sequence[Tie],
    currency: str,
    of_proposal: Address,
    of_pair: Address,
    of_recipient: Callable[[str], str],
) -> str:
    """Works as dots, by area and money; pairs as lines with a diamond to click. Plotly's JSON."""
    figure = go.Figure()
    at = {f"{place.kind}:{place.id}": place for place in shown}
    known = [tie for tie in pairs if tie.first in at and tie.second in at]
    lines: tuple[list[float | None], list[float | None]] = ([], [])
    for tie in known:
        for axis, name in zip(lines, ("x", "y"), strict=True):
            axis += [getattr(at[tie.first], name), getattr(at[tie.second], name), None]
    figure.add_scatter(
        x=lines[0],
        y=lines[1],
        mode="lines",
        line={"color": "var(--bad)", "width": 1},
        hoverinfo="skip",
        showlegend=False,
    )
    most = max((place.money or 0 for place in shown), default=0) or 1
    by_area: dict[str, list[Place]] = {}
    for place in shown:
        by_area.setdefault(place.area or "No area", []).append(place)
    ranked = sorted(by_area, key=lambda area: (-len(by_area[area]), area))
    if len(ranked) > _COLOURS + 1:  # the last colour is the grey of all others
        by_area[_OTHERS] = [place for area in ranked[_COLOURS:] for place in by_area[area]]
        ranked = [*ranked[:_COLOURS], _OTHERS]
    for number, area in enumerate(ranked):
        colour = f"var(--chart-{number + 1})"
        figure.add_scatter(
            name=gettext(area) if area == _OTHERS else area,
            mode="markers",
            x=[place.x for place in by_area[area]],
            y=[place.y for place in by_area[area]],
            marker={
                "color": colour,
                "opacity": 0.85,
                "symbol": [
                    "circle" if place.kind == "proposal" else "circle-open"
                    for place in by_area[area]
                ],
                "size": [
                    _SMALLEST + (_LARGEST - _SMALLEST) * sqrt((place.money or 0) / most)
                    for place in by_area[area]
                ],
            },
            customdata=[
                [
                    of_proposal(place.id)
                    if place.kind == "proposal"
                    else of_recipient(place.who.partition(",")[0]),
                    escape(place.title),
                    escape(place.who),
                    "" if place.money is None else format_short(place.money, currency),
                ]
                for place in by_area[area]
            ],
            hovertemplate="%{customdata[1]}<br>%{customdata[2]}<br>%{customdata[3]}<extra></extra>",
        )
    figure.add_scatter(
        name=gettext("A pair"),
        mode="markers",
        x=[(at[tie.first].x + at[tie.second].x) / 2 for tie in known],
        y=[(at[tie.first].y + at[tie.second].y) / 2 for tie in known],
        marker={"symbol": "diamond", "size": 9, "color": "var(--bad)"},
        customdata=[
            [
                of_pair(tie.id),
                escape(at[tie.first].title),
                gettext("and %(title)s", title=escape(at[tie.second].title)),
            ]
            for tie in known
        ],
        hovertemplate="%{customdata[1]}<br>%{customdata[2]}<extra></extra>",
    )
    return _on_a_plane(figure)


def _on_a_plane(figure: go.Figure) -> str:
    """Without axes, everything from 0 to 1 in sight; Plotly's JSON."""
    span = {"visible": False, "range": [-0.03, 1.03]}
    figure.update_layout(
        height=620,
        legend={"orientation": "h", "y": -0.04, "yanchor": "top", "x": 0},
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis=span,
        yaxis=span,
    )
    return str(plotly.io.to_json(figure))


# -- who pays whom --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Payment:
    """What a funder gave, or would give, to a recipient, in base minor units."""

    funder: str
    recipient: str
    amount: int


def payments(session: Session, by: Actor, round_: Round) -> list[Payment]:
    """What past grants that the person may see gave, and what the last result suggests."""
    currency = round_.base_currency
    totals = given(session, visible_history(by), currency)
    for funder, recipient, amount in suggested(session, round_.id):
        totals[funder, recipient] = totals.get((funder, recipient), 0) + amount
    made = [Payment(*pair, amount) for pair, amount in totals.items() if amount]
    return sorted(made, key=lambda p: (-p.amount, p.funder, p.recipient))[:MOST_LINKS]


def cofunded(shown: Iterable[Payment]) -> list[tuple[str, list[Payment]]]:
    """Recipients that more than one funder pays, those with most funders first."""
    by_recipient: dict[str, list[Payment]] = {}
    for payment in shown:
        by_recipient.setdefault(payment.recipient, []).append(payment)
    several = [(name, rows) for name, rows in by_recipient.items() if len(rows) > 1]
    return sorted(several, key=lambda e: (-len(e[1]), -sum(p.amount for p in e[1]), e[0]))


def network_finding(shown: Sequence[Payment]) -> str:
    recipients = {payment.recipient for payment in shown}
    several = cofunded(shown)
    return gettext(
        "%(several)s of %(recipients)s are paid by more than one funder",
        several=len(several),
        recipients=plural(len(recipients), "recipient"),
    )


def network_figure(
    shown: Sequence[Payment], made: OverlapMap, currency: str, of_name: Callable[[str], str]
) -> str:
    """Funders as squares, recipients as dots, money as lines between them; Plotly's JSON."""
    figure = go.Figure()
    totals: dict[str, int] = {}
    lines: tuple[list[float | None], list[float | None]] = ([], [])
    for payment in shown:
        ends = (f"funder:{payment.funder}", f"recipient:{payment.recipient}")
        for end in ends:
            totals[end] = totals.get(end, 0) + payment.amount
        if all(end in made.ends for end in ends):
            for axis, place in zip(lines, (0, 1), strict=True):
                axis += [made.ends[ends[0]][place], made.ends[ends[1]][place], None]
    figure.add_scatter(
        x=lines[0],
        y=lines[1],
        mode="lines",
        line={"color": "var(--chart-8-soft)", "width": 1},
        hoverinfo="skip",
        showlegend=False,
    )
    most = max(totals.values(), default=0) or 1
    for kind, label, symbol, colour in (
        ("recipient", gettext("Recipients"), "circle", "var(--chart-2)"),
        ("funder", gettext("Funders"), "square", "var(--chart-1)"),
    ):
        own = sorted(end for end in totals if end.startswith(f"{kind}:") and end in made.ends)
        names = [end.partition(":")[2] for end in own]
        figure.add_scatter(
            name=label,
            mode="markers",
            x=[made.ends[end][0] for end in own],
            y=[made.ends[end][1] for end in own],
            marker={
                "symbol": symbol,
                "color": colour,
                "size": [
                    _SMALLEST + (_LARGEST - _SMALLEST) * sqrt(totals[end] / most) for end in own
                ],
            },
            customdata=[
                [of_name(name), escape(name), format_short(totals[end], currency)]
                for name, end in zip(names, own, strict=True)
            ],
            hovertemplate="%{customdata[1]}<br>%{customdata[2]}<extra></extra>",
        )
    return _on_a_plane(figure)


CSV_HEAD = ("funder", "recipient", "amount")


def csv_rows(shown: Iterable[Payment]) -> Iterable[Sequence[object]]:
    return ((payment.funder, payment.recipient, payment.amount) for payment in shown)
