"""Which names of past grants may be one: the list, its export, and two names side by side."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from funding.language import ENGLISH, using
from funding.listing import Listing
from funding.models import (
    Event,
    HistoricGrant,
    KnownName,
    MergeState,
    NameKind,
    NameMerge,
    NameSearch,
    Organisation,
)
from funding.permissions import Actor, visible_merges
from funding.services.run_words import told

FILTERS = ("q", "state", "kind", "relation", "least")
SORTABLE = ("chance", "name", "grants")

AUTOMATIC = "automatic"
COVERED = "covered"
EVERY = "every"
STATE_WORDS = {
    MergeState.SUGGESTED.value: "suggested",
    AUTOMATIC: "merged by itself",
    MergeState.MERGED.value: "merged by a person",
    MergeState.REJECTED.value: "said to be two",
    COVERED: "covered by another",
}
"""A suggestion is covered where its two entities are one already, or something was decided of
them, or another suggestion between them is likelier."""
VIEWS = (MergeState.SUGGESTED.value, AUTOMATIC, MergeState.MERGED.value, MergeState.REJECTED.value)
"""States that the list is looked at by; without one it holds what waits for a person."""
KIND_WORDS = {NameKind.RECIPIENT.value: "recipient", NameKind.FUNDER.value: "funder"}
RELATION_WORDS = {
    "same": "one and the same",
    "part": "the first is a part of the second",
    "whole": "the second is a part of the first",
}
LEAST = {"98": 0.98, "90": 0.9, "70": 0.7, "50": 0.5}
MOST_PARTNERS = 6

CSV_HEADS = (
    "kind",
    "first",
    "first_number",
    "first_grants",
    "second",
    "second_number",
    "second_grants",
    "relation",
    "chance",
    "state",
    "reasons",
    "history_of",
)

First, Second = aliased(KnownName), aliased(KnownName)


def state_of(merge: NameMerge) -> str:
    """The key of STATE_WORDS."""
    return _state(merge.state, merge.is_automatic, merge.is_open)


def _state(state: str, is_automatic: bool, is_open: bool) -> str:
    if state == MergeState.SUGGESTED and not is_open:
        return COVERED
    return AUTOMATIC if is_automatic else state


def view_of(listing: Listing) -> str:
    """The state that the list holds."""
    state = listing.args.get("state")
    return state if state in (*VIEWS, EVERY) else MergeState.SUGGESTED.value


def _filtered(by: Actor, listing: Listing) -> sa.Select[tuple[NameMerge]]:
    query = (
        visible_merges(by)
        .join(First, First.id == NameMerge.first_id)
        .join(Second, Second.id == NameMerge.second_id)
    )
    args = listing.args
    if words := args.get("q"):
        query = query.where(
            sa.or_(*(side.spelling.icontains(words, autoescape=True) for side in (First, Second)))
        )
    if (state := view_of(listing)) == AUTOMATIC:
        query = query.where(NameMerge.is_automatic)
    elif state == MergeState.SUGGESTED:
        query = query.where(NameMerge.is_open)
    elif state != EVERY:
        query = query.where(NameMerge.state == state, sa.not_(NameMerge.is_automatic))
    if (kind := args.get("kind")) in KIND_WORDS:
        query = query.where(NameMerge.kind == kind)
    if (relation := args.get("relation")) in ("same", "part"):
        is_same = NameMerge.relation == "same"
        query = query.where(is_same if relation == "same" else sa.not_(is_same))
    if (least := LEAST.get(args.get("least", ""))) is not None:
        query = query.where(NameMerge.probability >= least)
    return query


def _order(listing: Listing) -> list[Any]:
    columns = {
        "chance": NameMerge.probability,
        "name": sa.func.lower(First.spelling),
        "grants": First.grants + Second.grants,
    }
    column = columns[listing.sort_key]
    ordered = column.desc() if listing.is_descending else column.asc()
    return [ordered.nulls_last(), NameMerge.id]


def merge_rows(session: Session, by: Actor, listing: Listing) -> tuple[list[NameMerge], Listing]:
    """One page and the listing with its count: two queries."""
    query = _filtered(by, listing)
    total = session.scalar(query.with_only_columns(sa.func.count())) or 0
    listing = listing.counting(total)
    rows = session.scalars(
        query.options(
            contains_eager(NameMerge.first.of_type(First)),
            contains_eager(NameMerge.second.of_type(Second)),
        )
        .order_by(*_order(listing))
        .limit(listing.per_page)
        .offset(listing.offset)
    )
    return list(rows), listing


def csv_rows(session: Session, by: Actor, listing: Listing) -> Iterator[tuple[object, ...]]:
    """All rows under the filters, in order; read a thousand at a time."""
    query = (
        _filtered(by, listing)
        .join(Organisation, Organisation.id == NameMerge.organisation_id)
        .order_by(*_order(listing))
        .with_only_columns(
            NameMerge.kind,
            First.spelling,
            First.reference,
            First.grants,
            Second.spelling,
            Second.reference,
            Second.grants,
            NameMerge.relation,
            NameMerge.probability,
            NameMerge.state,
            NameMerge.is_automatic,
            NameMerge.is_open,
            NameMerge.reasons,
            Organisation.name,
        )
    )
    rows = session.execute(query, execution_options={"yield_per": 1_000})
    for *facts, relation, chance, state, is_automatic, is_open, reasons, holder in rows:
        words = STATE_WORDS[_state(state, is_automatic, is_open)]
        yield (*facts, RELATION_WORDS[relation], chance, words, _in_english(reasons), holder)


def _in_english(reasons: list[Any]) -> str:
    """As a file has it, whose words do not depend on who loads it."""
    with using(ENGLISH.tag):
        return " ".join(told(reason) for reason in reasons)


def counts_by_state(session: Session, by: Actor) -> dict[str, int]:
    """How many there are of each of STATE_WORDS: one query."""
    counted = session.execute(
        visible_merges(by)
        .with_only_columns(
            NameMerge.state, NameMerge.is_automatic, NameMerge.is_open, sa.func.count()
        )
        .group_by(NameMerge.state, NameMerge.is_automatic, NameMerge.is_open)
    )
    found: Counter[str] = Counter()
    for *state, count in counted:
        found[_state(*state)] += count
    return dict(found)


@dataclass(frozen=True)
class Searched:
    """How far the comparing of one's own organisation's names is; `search` None: never asked."""

    organisation: Organisation
    search: NameSearch | None

    @property
    def is_under_way(self) -> bool:
        return self.search is not None and self.search.state in ("waiting", "running")


def searches(session: Session, by: Actor) -> list[Searched]:
    """Of the organisations where the person may decide on names and there are past grants."""
    rows = session.execute(
        sa.select(Organisation, NameSearch)
        .outerjoin(NameSearch, NameSearch.organisation_id == Organisation.id)
        .where(
            Organisation.id.in_(list(by.where("names.decide"))),
            sa.exists().where(HistoricGrant.organisation_id == Organisation.id),
        )
        .order_by(Organisation.id)
    )
    return [Searched(organisation, search) for organisation, search in rows]


# -- names and their grants -----------------------------------------------------------------------


@dataclass
class GrantsOf:
    """What the grants of one name come to. `sums`: currency -> minor units of what is known."""

    grants: int = 0
    unknown: int = 0
    first: date | None = None
    last: date | None = None
    sums: dict[str, int] = field(default_factory=dict)
    partners: list[tuple[str, int]] = field(default_factory=list)
    further_partners: int = 0

    @property
    def years(self) -> str:
        if self.first is None or self.last is None:
            return ""
        one, other = self.first.year, self.last.year
        return str(one) if one == other else f"{one}–{other}"


def columns_of(kind: str) -> tuple[Any, Any, Any]:
    """The spelling, the number and the other side of a grant, for names of this kind."""
    if kind == NameKind.RECIPIENT:
        return HistoricGrant.recipient, HistoricGrant.recipient_ref, HistoricGrant.funder
    return HistoricGrant.funder, HistoricGrant.funder_ref, HistoricGrant.recipient


def has_name(names: Collection[KnownName]) -> sa.ColumnElement[bool]:
    """Grants of any of these names, which are of one list."""
    (kind,) = {name.kind for name in names}
    (holder,) = {name.organisation_id for name in names}
    spelling, reference, _ = columns_of(kind)
    pairs = [(name.spelling, name.reference) for name in names]
    return sa.and_(
        HistoricGrant.organisation_id == holder, sa.tuple_(spelling, reference).in_(pairs)
    )


def grants_of(session: Session, names: Collection[KnownName]) -> dict[int, GrantsOf]:
    """What the grants of each name come to, by the name's id: two queries."""
    (kind,) = {name.kind for name in names}
    spelling, reference, partner = columns_of(kind)
    ids = {(name.spelling, name.reference): name.id for name in names}
    found: dict[int, GrantsOf] = {id: GrantsOf() for id in ids.values()}
    count, least, most = (
        sa.func.count(),
        sa.func.min(HistoricGrant.awarded_on),
        sa.func.max(HistoricGrant.awarded_on),
    )
    for text, number, currency, amount, grants, first, last in session.execute(
        sa.select(
            spelling,
            reference,
            HistoricGrant.currency,
            sa.func.sum(HistoricGrant.amount),
            count,
            least,
            most,
        )
        .where(has_name(names))
        .group_by(spelling, reference, HistoricGrant.currency)
        .order_by(count.desc())
    ):
        of = found[ids[text, number]]
        of.grants += grants
        of.first = min(filter(None, (of.first, first)), default=None)
        of.last = max(filter(None, (of.last, last)), default=None)
        if currency is None:
            of.unknown += grants
        else:
            of.sums[currency] = int(amount)
    partners: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for text, number, other, grants in session.execute(
        sa.select(spelling, reference, partner, count)
        .where(has_name(names))
        .group_by(spelling, reference, partner)
        .order_by(count.desc(), partner)
    ):
        partners[ids[text, number]].append((other, grants))
    for id, of in found.items():
        of.partners = partners[id][:MOST_PARTNERS]
        of.further_partners = max(0, len(partners[id]) - MOST_PARTNERS)
    return found


def history_of(session: Session, merges: Collection[int], *, most: int = 50) -> list[Event]:
    """What people did to these merges, newest first."""
    return list(
        session.scalars(
            sa.select(Event)
            .options(joinedload(Event.actor))
            .where(Event.subject_type == NameMerge.__tablename__, Event.subject_id.in_(merges))
            .order_by(Event.seq.desc())
            .limit(most)
        )
    )
