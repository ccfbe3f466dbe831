"""Who pays together: the flow from funders over areas to proposals, and pairs of funders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from itertools import combinations

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


Sums = dict[tuple[int, int], dict[str, int]]


def money_together(ground: Ground, filters: Filters) -> Sums:
    """(proposal, funder) -> what it pays to each area of the proposal. One query."""
    sums: Sums = {}
    for funder, _stage, _year, proposal, share, amount in ground.amounts(ground.positions, filters):
        if proposal is None:
            continue
        areas = sums.setdefault((proposal, funder), {})
        for area, part in share.parts(amount):
            if not filters.area or area == filters.area:
                areas[area] = areas.get(area, 0) + part
    return {pair: areas for pair, areas in sums.items() if areas}


def seen_of(ground: Ground, sums: Sums) -> Sums:
    """Of these, the money of proposals that the person may hear of. One query."""
    hidden = _hidden(ground)
    return {pair: areas for pair, areas in sums.items() if pair[0] not in hidden}


def _hidden(ground: Ground) -> set[int]:
    return set(
        ground.session.scalars(
            sa.select(Proposal.id).where(
                Proposal.round_id == ground.round.id, ~without_conflict(ground.by)
            )
        )
    )


def flow(ground: Ground, sums: Sums) -> Flow:
    """The money that has a proposal and an area; two queries, whatever there is."""
    hidden = _hidden(ground)
    totals: dict[int, int] = {}
    parts: list[tuple[int, str, int, int]] = []
    for (proposal, funder), areas in sums.items():
        end = 0 if proposal in hidden else proposal
        for area, amount in areas.items():
            if area:
                totals[end] = totals.get(end, 0) + amount
                parts.append((funder, area, end, amount))
    drawn = sorted(totals, key=lambda end: (-totals[end], end))[:MOST_PROPOSALS]
    titles = dict(
        ground.session.execute(
            sa.select(Proposal.id, Proposal.title).where(Proposal.id.in_(drawn))
        ).all()
    )
    titles = {end: titles.get(end, WITHHELD) for end in drawn}
    bands: dict[tuple[int, str, int], int] = {}
    for funder, area, end, amount in parts:
        band = (funder, area, end if end in titles else -1)
        bands[band] = bands.get(band, 0) + amount
    return Flow(
        [
            Band(funder, area, "" if end == -1 else str(end), titles.get(end, ""), amount)
            for (funder, area, end), amount in sorted(bands.items())
            if amount
        ],
        len(totals) - len(drawn),
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


def pairs(sums: Sums) -> list[Pair]:
    """Every pair of funders with a proposal in common, most proposals first, then most money."""
    payers = _payers(sums)
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for paid in payers.values():
        for first, second in combinations(sorted(paid), 2):
            number, amount = found.get((first, second), (0, 0))
            found[first, second] = (number + 1, amount + paid[first] + paid[second])
    made = [Pair(a, b, number, amount) for (a, b), (number, amount) in found.items()]
    return sorted(
        made, key=lambda pair: (-pair.proposals, -pair.amount, pair.first_id, pair.second_id)
    )


def co_funded(sums: Sums) -> tuple[int, int]:
    """(proposals paid by more than one funder, all proposals with money)."""
    payers = _payers(sums)
    return sum(len(paid) > 1 for paid in payers.values()), len(payers)


def _payers(sums: Sums) -> dict[int, dict[int, int]]:
    payers: dict[int, dict[int, int]] = {}
    for (proposal, funder), areas in sums.items():
        payers.setdefault(proposal, {})[funder] = sum(areas.values())
    return payers


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
