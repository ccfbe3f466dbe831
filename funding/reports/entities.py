"""One recipient or funder with all its spellings; and the entities of grants in a list."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import plotly.io
import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, selectinload

from funding.formatting import format_amount, format_short, minor_units
from funding.language import gettext
from funding.models import Event, HistoricGrant, KnownName, MergeState, NameKind, NameMerge
from funding.permissions import Actor, fetch, visible_names
from funding.reports.figures import amount_ticks
from funding.reports.names import GrantsOf, grants_of, has_name, history_of

MOST_NAMES = 100
MOST_LINES = 200


@dataclass(frozen=True)
class Entity:
    """A recipient or funder. `name` stands for all `names`; `lines` are those between any of its
    names and any other; `wholes` and `parts` come from those that were said to be such."""

    name: KnownName
    names: list[KnownName]
    grants: dict[int, GrantsOf]
    lines: list[NameMerge]
    wholes: list[KnownName]
    parts: list[KnownName]
    history: list[Event]

    @property
    def references(self) -> list[str]:
        return sorted({name.reference for name in self.names if name.reference})

    @property
    def total(self) -> GrantsOf:
        """Of all its names together."""
        every = list(self.grants.values())
        sums: Counter[str] = Counter()
        for each in every:
            sums.update(each.sums)
        return GrantsOf(
            grants=sum(each.grants for each in every),
            unknown=sum(each.unknown for each in every),
            first=min((each.first for each in every if each.first), default=None),
            last=max((each.last for each in every if each.last), default=None),
            sums=dict(sums.most_common()),
        )


def entity_of(session: Session, by: Actor, name_id: int) -> Entity:
    """The entity that a name belongs to, whichever of its names is asked for. Raises NotFound."""
    asked: KnownName = fetch(session, visible_names(by), name_id, "name")
    names = list(
        session.scalars(
            sa.select(KnownName)
            .where(KnownName.entity_id == (asked.entity_id or 0))
            .order_by(KnownName.grants.desc(), KnownName.spelling, KnownName.id)
            .limit(MOST_NAMES)
        )
    ) or [asked]
    ids = [name.id for name in names]
    lines = list(
        session.scalars(
            sa.select(NameMerge)
            .where(sa.or_(NameMerge.first_id.in_(ids), NameMerge.second_id.in_(ids)))
            .options(selectinload(NameMerge.first), selectinload(NameMerge.second))
            .order_by(
                NameMerge.is_open.desc(),
                NameMerge.state,
                NameMerge.probability.desc().nulls_last(),
                NameMerge.id,
            )
            .limit(MOST_LINES)
        )
    )
    wholes, parts = _hierarchy(session, lines, set(ids))
    lead = next((name for name in names if name.id == asked.entity_id), asked)
    return Entity(
        lead,
        names,
        grants_of(session, names),
        lines,
        wholes,
        parts,
        history_of(session, [line.id for line in lines]),
    )


def _hierarchy(
    session: Session, lines: list[NameMerge], ids: set[int]
) -> tuple[list[KnownName], list[KnownName]]:
    """What it is a part of, and what is a part of it, each under the name that stands for it."""
    wholes: set[int] = set()
    parts: set[int] = set()
    for line in lines:
        if line.state != MergeState.MERGED or line.relation == "same":
            continue
        part, whole = line.first, line.second
        if line.relation == "whole":
            part, whole = whole, part
        if part.id in ids and whole.entity_id is not None:
            wholes.add(whole.entity_id)
        elif part.entity_id is not None:
            parts.add(part.entity_id)
    found = {
        name.id: name
        for name in session.scalars(
            sa.select(KnownName).where(KnownName.id.in_(wholes | parts)).order_by(KnownName.id)
        )
    }
    return [found[id] for id in sorted(wholes)], [found[id] for id in sorted(parts)]


def by_year(session: Session, names: Collection[KnownName]) -> dict[str, Any] | None:
    """Money by year in the currency that most of its grants are in; None where no grant has both
    a date and an amount."""
    year = sa.extract("year", HistoricGrant.awarded_on)
    rows = session.execute(
        sa.select(
            HistoricGrant.currency,
            year,
            sa.func.sum(HistoricGrant.amount),
            sa.func.count(),
        )
        .where(
            has_name(names),
            HistoricGrant.awarded_on.is_not(None),
            HistoricGrant.amount.is_not(None),
        )
        .group_by(HistoricGrant.currency, year)
        .order_by(year)
    ).all()
    if not rows:
        return None
    counted: Counter[str] = Counter()
    for currency, _, _, grants in rows:
        counted[currency] += grants
    chosen = counted.most_common(1)[0][0]
    of = [
        (int(y), int(amount), grants) for currency, y, amount, grants in rows if currency == chosen
    ]
    best = max(of, key=lambda row: row[1])
    least = min(0, *(amount for _, amount, _ in of))
    figure = go.Figure()
    figure.update_layout(
        height=260,
        margin={"l": 8, "r": 16, "t": 16, "b": 32},
        yaxis={"automargin": True, "rangemode": "tozero", **amount_ticks(least, best[1], chosen)},
        xaxis={"type": "category"},
    )
    figure.add_bar(
        x=[str(y) for y, _, _ in of],
        y=[amount / 10 ** minor_units(chosen) for _, amount, _ in of],
        marker_color="var(--chart-1)",
        customdata=[format_short(amount, chosen) for _, amount, _ in of],
        hovertemplate="%{x}: %{customdata}<extra></extra>",
    )
    return {
        "currency": chosen,
        "finding": gettext(
            "Most money was in %(best)s: %(best2)s",
            best=best[0],
            best2=format_short(best[1], chosen),
        ),
        "figure_json": plotly.io.to_json(figure, validate=False),
        "rows": [[str(y), str(grants), format_amount(amount, chosen)] for y, amount, grants in of],
        "other_grants": sum(counted.values()) - counted[chosen],
    }


# -- grants in a list -----------------------------------------------------------------------------


def entities_of_grants(
    session: Session, by: Actor, grants: Collection[HistoricGrant]
) -> dict[tuple[int, str], KnownName]:
    """(id of a grant, `recipient` or `funder`) -> the name that stands for it, where that is spelt
    otherwise than in the grant: one query."""
    wanted: dict[tuple[int, str, str, str], list[int]] = defaultdict(list)
    for grant in grants:
        holder = grant.organisation_id
        wanted[holder, NameKind.RECIPIENT, grant.recipient, grant.recipient_ref].append(grant.id)
        wanted[holder, NameKind.FUNDER, grant.funder, grant.funder_ref].append(grant.id)
    if not wanted:
        return {}
    lead = aliased(KnownName)
    rows = session.execute(
        visible_names(by)
        .with_only_columns(
            KnownName.organisation_id,
            KnownName.kind,
            KnownName.spelling,
            KnownName.reference,
            lead,
        )
        .join(lead, lead.id == KnownName.entity_id)
        .where(
            KnownName.organisation_id.in_({key[0] for key in wanted}),
            KnownName.spelling.in_({key[2] for key in wanted}),
            lead.id != KnownName.id,
            lead.spelling != KnownName.spelling,
        )
    )
    return {
        (id, kind): name
        for holder, kind, spelling, reference, name in rows
        for id in wanted.get((holder, kind, spelling, reference), ())
    }


def spelt_as(by: Actor, kind: str, words: str) -> sa.ColumnElement[bool]:
    """Grants whose recipient (or funder) holds these words, in any spelling of the entity."""
    column = HistoricGrant.recipient if kind == NameKind.RECIPIENT else HistoricGrant.funder
    other = aliased(KnownName)
    also = (
        visible_names(by)
        .with_only_columns(KnownName.organisation_id, KnownName.spelling)
        .join(other, other.entity_id == KnownName.entity_id)
        .where(KnownName.kind == kind, other.spelling.icontains(words, autoescape=True))
    )
    return sa.or_(
        column.icontains(words, autoescape=True),
        sa.tuple_(HistoricGrant.organisation_id, column).in_(also),
    )
