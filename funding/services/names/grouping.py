"""From lines between names to entities: reckoned anew from the lines, never moved step by step."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from funding.errors import RuleBroken
from funding.language import gettext as _
from funding.models import KnownName, MergeState, NameMerge, NameSearch, Relation
from funding.overlap.entities import Groups
from funding.services.import_plan import in_parts


def lock(session: Session, organisation_id: int) -> NameSearch:
    """Queue on the organisation's names, so that two who decide do not pass each other by."""
    return session.scalars(
        sa.select(NameSearch)
        .where(NameSearch.organisation_id == organisation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def groups_of(session: Session, organisation_id: int, kind: str) -> Groups[int]:
    """The names that merged lines hold together, and what was said to be two, by id."""
    lines: dict[str, list[tuple[int, int]]] = {state: [] for state in MergeState}
    for state, first, second in session.execute(
        sa.select(NameMerge.state, NameMerge.first_id, NameMerge.second_id)
        .where(
            NameMerge.organisation_id == organisation_id,
            NameMerge.kind == kind,
            sa.or_(
                NameMerge.state == MergeState.REJECTED,
                sa.and_(NameMerge.state == MergeState.MERGED, NameMerge.relation == Relation.SAME),
            ),
        )
        .order_by(NameMerge.id)
    ):
        lines[state].append((first, second))
    return Groups.of(lines[MergeState.MERGED], lines[MergeState.REJECTED])


def refuse_what_was_said_apart(
    session: Session, groups: Groups[int], first_id: int, second_id: int
) -> None:
    """Raise RuleBroken where one entity would hold two names that somebody said are two."""
    apart = groups.said_apart(first_id, second_id)
    if apart is None:
        return
    one, other = (session.get_one(KnownName, id).spelling for id in apart)
    raise RuleBroken(
        _(
            "This would make one of “%(one)s” and “%(other)s”, which somebody said are "
            "two. Undo that first, if they are one.",
            one=one,
            other=other,
        )
    )


def set_entities(
    session: Session, organisation_id: int, kind: str, of: Collection[int] | None = None
) -> None:
    """Reckon which name stands for which: for all, or for those in `of` and what is one with them.

    The name with most grants stands for the others; of equals, the one that sorts first.
    """
    session.flush()
    groups = groups_of(session, organisation_id, kind)
    columns = (
        KnownName.id,
        KnownName.grants,
        KnownName.spelling,
        KnownName.reference,
        KnownName.entity_id,
    )
    names = sa.select(*columns).where(
        KnownName.organisation_id == organisation_id, KnownName.kind == kind
    )
    if of is not None:
        wanted = {member for id in of for member in groups.members(id)}
        names = names.where(KnownName.id.in_(wanted))
    found = {row.id: row for row in session.execute(names)}
    chosen: dict[int, int] = {}
    for row in found.values():
        top = groups.top(row.id)
        best = chosen.get(top)
        if best is None or _rank(row) < _rank(found[best]):
            chosen[top] = row.id
    moved = [
        {"id": row.id, "entity_id": chosen[groups.top(row.id)]}
        for row in found.values()
        if row.entity_id != chosen[groups.top(row.id)]
    ]
    for part in in_parts(moved):
        session.execute(sa.update(KnownName), list(part))
    _set_open(session, organisation_id, kind, None if of is None else list(found))
    session.expire_all()


def _set_open(
    session: Session, organisation_id: int, kind: str, of: Collection[int] | None
) -> None:
    """Of the suggestions between two entities only the likeliest waits for a person, and none
    where they are one already or something was decided of them."""
    first, second = aliased(KnownName), aliased(KnownName)
    query = (
        sa.select(
            NameMerge.id,
            NameMerge.state,
            NameMerge.is_open,
            first.entity_id.label("one"),
            second.entity_id.label("other"),
        )
        .join(first, first.id == NameMerge.first_id)
        .join(second, second.id == NameMerge.second_id)
        .where(NameMerge.organisation_id == organisation_id, NameMerge.kind == kind)
        .order_by(NameMerge.probability.desc().nulls_last(), NameMerge.id)
    )
    if of is not None:
        query = query.where(sa.or_(NameMerge.first_id.in_(of), NameMerge.second_id.in_(of)))
    lines = session.execute(query).all()
    settled = {
        frozenset((line.one, line.other)) for line in lines if line.state != MergeState.SUGGESTED
    }
    moved = []
    for line in lines:
        pair = frozenset((line.one, line.other))
        is_open = line.state == MergeState.SUGGESTED and len(pair) == 2 and pair not in settled
        if is_open:
            settled.add(pair)
        if line.is_open != is_open:
            moved.append({"line": line.id, "open": is_open})
    # not through the mapper: what is reckoned is nobody's edit, and makes no form stale
    table = NameMerge.__table__
    statement = (
        sa.update(table)
        .where(table.c.id == sa.bindparam("line"))
        .values(is_open=sa.bindparam("open"))
    )
    for part in in_parts(moved):
        session.connection().execute(statement, list(part))


def _rank(row: sa.Row[tuple[int, int, str, str, int | None]]) -> tuple[int, str, str, int]:
    return (-row.grants, row.spelling, row.reference, row.id)
