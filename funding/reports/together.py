"""Who pays together: the flow from funders over areas to proposals, and pairs of funders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go
import plotly.io
import sqlalchemy as sa

from funding.formatting import format_short, shortened
from funding.models import Proposal
from funding.permissions import without_conflict
from funding.reports.figures import in_major
from funding.reports.ground import Filters, Ground
from funding.reports.ground.values import WITHHELD

MOST_PROPOSALS = 24
"""Drawn by themselves in a flow; the others are put together by area."""
MOST_FUNDERS = 30
"""In the map of pairs."""


@dataclass(frozen=True)
class Band:
    """Money of a funder for an area, and for a proposal of it or all others together."""

    funder_id: int
    area: str
    proposal: str
    title: str
    amount: int


@dataclass(frozen=True)
class Flow:
    """`bands` of the drawing, and how many proposals they put together with others."""

    bands: list[Band]
    together: int


def flow(ground: Ground, filters: Filters) -> Flow:
    """The money that has a proposal and an area; three queries, few rows."""
    of = ground.positions
    is_open = sa.case((without_conflict(ground.by), 1), else_=0)
    split = ground.parts(
        of,
        filters,
        of.c.funder_id,
        ground.effects.c.area,
        sa.case((is_open == 1, of.c.proposal_id), else_=0).label("proposal_id"),
    ).where(ground.effects.c.area.is_not(None), of.c.proposal_id.is_not(None))
    rows = split.subquery()
    by_proposal = (
        sa.select(rows.c.proposal_id, sa.func.sum(rows.c.part).label("total"))
        .group_by(rows.c.proposal_id)
        .subquery()
    )
    drawn = ground.session.execute(
        sa.select(by_proposal.c.proposal_id, Proposal.title)
        .outerjoin(Proposal, Proposal.id == by_proposal.c.proposal_id)
        .order_by(by_proposal.c.total.desc(), by_proposal.c.proposal_id)
        .limit(MOST_PROPOSALS)
    ).all()
    titles = {id_: title if id_ else WITHHELD for id_, title in drawn}
    one = sa.case((rows.c.proposal_id.in_([*titles]), rows.c.proposal_id), else_=-1)
    bands = ground.session.execute(
        sa.select(rows.c.funder_id, rows.c.area, one, sa.func.sum(rows.c.part))
        .group_by(rows.c.funder_id, rows.c.area, one)
        .order_by(rows.c.funder_id, rows.c.area, one)
    )
    number = ground.session.scalar(sa.select(sa.func.count()).select_from(by_proposal)) or 0
    return Flow(
        [
            Band(funder, area, "" if id_ == -1 else str(id_), titles.get(id_, ""), int(amount))
            for funder, area, id_, amount in bands
            if amount
        ],
        number - len(titles),
    )


def flow_drawing(
    made: Flow,
    areas: Mapping[str, str],
    funders: Mapping[int, str],
    others_in: Mapping[str, str],
    currency: str,
) -> str:
    """Funder to area to proposal, as Plotly's JSON; `others_in` names the rest of each area."""
    labels: dict[str, str] = {}
    links: dict[tuple[str, str], int] = {}
    for band in made.bands:
        node = f"p:{band.proposal}" if band.proposal else f"p:others in {band.area}"
        labels[node] = band.title if band.proposal else others_in.get(band.area, band.area)
        labels[f"a:{band.area}"] = areas.get(band.area, band.area)
        labels[f"f:{band.funder_id}"] = funders.get(band.funder_id, "")
        for link in (
            (f"f:{band.funder_id}", f"a:{band.area}"),
            (f"a:{band.area}", node),
        ):
            links[link] = links.get(link, 0) + band.amount
    nodes = sorted({end for link in links for end in link})
    index = {node: number for number, node in enumerate(nodes)}
    colours = {"f": "var(--chart-1)", "a": "var(--chart-2)", "p": "var(--chart-8)"}
    figure = go.Figure(
        go.Sankey(
            arrangement="snap",
            node={
                "label": [escape(shortened(labels[node], 44)) for node in nodes],
                "color": [colours[node[0]] for node in nodes],
                "pad": 8,
                "thickness": 12,
                "line": {"width": 0},
            },
            link={
                "source": [index[a] for a, _ in links],
                "target": [index[b] for _, b in links],
                "value": [in_major(amount, currency) for amount in links.values()],
                "customdata": [format_short(amount, currency) for amount in links.values()],
                "color": [
                    "var(--chart-1-soft)" if a[0] == "f" else "var(--chart-2-soft)"
                    for a, _ in links
                ],
                "hovertemplate": "%{source.label} → %{target.label}: %{customdata}<extra></extra>",
            },
        )
    )
    figure.update_layout(height=820, margin={"l": 8, "r": 8, "t": 12, "b": 12})
    return str(plotly.io.to_json(figure, validate=False))


@dataclass(frozen=True)
class Pair:
    """Proposals that two funders both pay, and the money both put into them."""

    first_id: int
    second_id: int
    proposals: int
    amount: int


def pairs(ground: Ground, filters: Filters) -> list[Pair]:
    """Every pair of funders with a proposal in common that the person may see, most money first."""
    paid = _by_proposal_and_funder(ground, filters)
    first, second = paid.alias(), paid.alias()
    rows = ground.session.execute(
        sa.select(
            first.c.funder_id,
            second.c.funder_id,
            sa.func.count(),
            sa.func.sum(first.c.total + second.c.total),
        )
        .join(
            second,
            sa.and_(
                second.c.proposal_id == first.c.proposal_id,
                second.c.funder_id > first.c.funder_id,
            ),
        )
        .group_by(first.c.funder_id, second.c.funder_id)
    )
    found = [Pair(a, b, int(count), int(amount)) for a, b, count, amount in rows]
    return sorted(found, key=lambda pair: (-pair.amount, pair.first_id, pair.second_id))


def co_funded(ground: Ground, filters: Filters) -> tuple[int, int]:
    """(proposals paid by more than one funder, all proposals with money) that may be seen."""
    paid = _by_proposal_and_funder(ground, filters)
    funders = (
        sa.select(sa.func.count().label("funders")).group_by(paid.c.proposal_id).select_from(paid)
    ).subquery()
    several, every = ground.session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(sa.case((funders.c.funders > 1, 1), else_=0)), 0),
            sa.func.count(),
        ).select_from(funders)
    ).one()
    return int(several), int(every)


def _by_proposal_and_funder(ground: Ground, filters: Filters) -> Any:
    of = ground.positions
    rows = (
        ground.parts(of, filters, of.c.proposal_id, of.c.funder_id)
        .where(of.c.proposal_id.is_not(None), without_conflict(ground.by))
        .subquery()
    )
    total = sa.cast(sa.func.sum(rows.c.part), sa.BigInteger).label("total")
    return (
        sa.select(rows.c.proposal_id, rows.c.funder_id, total)
        .group_by(rows.c.proposal_id, rows.c.funder_id)
        .cte("paid")
    )


def pairs_drawing(found: list[Pair], funders: Mapping[int, str], words: list[str]) -> str:
    """How many proposals each two funders pay together; `words` said of each pair."""
    ids = sorted({id_ for pair in found for id_ in (pair.first_id, pair.second_id)})
    ids = sorted(ids, key=lambda id_: (funders.get(id_, ""), id_))[:MOST_FUNDERS]
    index = {id_: number for number, id_ in enumerate(ids)}
    counts: list[list[int | None]] = [[None] * len(ids) for _ in ids]
    said = [[""] * len(ids) for _ in ids]
    for pair, text in zip(found, words, strict=True):
        if pair.first_id in index and pair.second_id in index:
            a, b = index[pair.first_id], index[pair.second_id]
            # the lower triangle only: the upper would say the same again
            counts[max(a, b)][min(a, b)] = pair.proposals
            said[max(a, b)][min(a, b)] = escape(text)
    labels = [escape(shortened(funders.get(id_, ""), 30)) for id_ in ids]
    figure = go.Figure(
        go.Heatmap(
            x=labels,
            y=labels,
            z=counts,
            customdata=said,
            texttemplate="%{z}",
            colorscale=[[0, "var(--seq-1)"], [1, "var(--seq-4)"]],
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{customdata}<extra></extra>",
            hoverongaps=False,
        )
    )
    figure.update_layout(
        height=120 + 34 * len(ids),
        margin={"l": 8, "r": 8, "t": 12, "b": 8},
        xaxis={"automargin": True, "tickangle": -40, "showgrid": False},
        yaxis={"automargin": True, "autorange": "reversed", "showgrid": False},
    )
    return str(plotly.io.to_json(figure, validate=False))
