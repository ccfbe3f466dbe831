"""Comparing the names of an organisation's past grants, by a worker, after each import.

The names are read and compared outside of any transaction; one transaction then keeps what was
found, so that a search that is left or dies leaves all as it was. Names that were compared before
are compared with new ones only.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.config import Config
from funding.db import Database, now
from funding.errors import RuleBroken
from funding.models import (
    HistoricGrant,
    KnownName,
    MergeState,
    NameKind,
    NameMerge,
    NameSearch,
    Organisation,
    SearchState,
)
from funding.overlap.entities import Suggestion, join_by_themselves, suggest
from funding.overlap.name_index import NameIndex
from funding.overlap.name_pairs import Mention
from funding.overlap.names import read_name
from funding.permissions import Actor, require
from funding.sayings import kept
from funding.services.import_plan import in_parts
from funding.services.jobs import enqueue
from funding.services.log import record
from funding.services.names.grouping import groups_of, lock, set_entities

TASK = "find_names"
UNDER_WAY = (SearchState.WAITING, SearchState.RUNNING)
EVERY = 0.4
"""Seconds between two looks at whether to stop, and two writes of the progress."""
_EVENTS_OF = 500

Key = tuple[str, str]
"""(spelling, reference)"""


class Stopped(Exception):
    """Somebody left the search, or asked for it anew."""


# -- asking ---------------------------------------------------------------------------------------


def ask_for_search(session: Session, organisation_id: int) -> None:
    """Have the names compared once this transaction is done; a search that waits is enough."""
    search = session.get(NameSearch, organisation_id, with_for_update=True)
    if search is None:
        search = NameSearch(organisation_id=organisation_id, attempt=0)
        session.add(search)
    elif search.state == SearchState.WAITING:
        return
    search.state, search.attempt = SearchState.WAITING, search.attempt + 1
    search.stage, search.progress = "Waiting for its turn", None
    search.asked_at, search.finished_at = now(), None
    session.flush()
    enqueue(session, TASK, organisation_id=organisation_id, attempt=search.attempt)


def start_search(session: Session, *, by: Actor, organisation_id: int) -> None:
    """Ask for it by hand. Raises NotFound, NotPermitted, RuleBroken while one is under way."""
    require(by, "names.decide", organisation_id)
    search = session.get(NameSearch, organisation_id)
    if search is not None and search.state in UNDER_WAY:
        raise RuleBroken("The names are being compared already.")
    ask_for_search(session, organisation_id)
    record(
        session,
        by,
        "names search asked for",
        session.get_one(Organisation, organisation_id),
        organisation_id=organisation_id,
    )


def cancel_search(session: Session, *, by: Actor, organisation_id: int) -> None:
    """Leave it; nothing of it is kept. Raises NotFound, NotPermitted, RuleBroken where it is
    over."""
    require(by, "names.decide", organisation_id)
    search = session.get(NameSearch, organisation_id, with_for_update=True)
    if search is None or search.state not in UNDER_WAY:
        raise RuleBroken("No names are being compared.")
    search.state, search.finished_at, search.progress = SearchState.CANCELLED, now(), None
    record(
        session,
        by,
        "names search cancelled",
        session.get_one(Organisation, organisation_id),
        organisation_id=organisation_id,
    )


# -- the task -------------------------------------------------------------------------------------


@dataclass
class _Watch:
    """Writes down how far the job is, and raises Stopped once the search has moved on."""

    database: Database
    organisation_id: int
    attempt: int
    _looked: float = field(default=0.0)

    def move(self, session: Session, state: str, **values: object) -> None:
        moved = session.execute(
            sa.update(NameSearch)
            .where(
                NameSearch.organisation_id == self.organisation_id,
                NameSearch.attempt == self.attempt,
                NameSearch.state.in_(UNDER_WAY),
            )
            .values(state=state, **values)
        )
        if moved.rowcount == 0:
            raise Stopped

    def tell(self, stage: str, share: float | None) -> None:
        """News while no transaction is open."""
        if time.monotonic() - self._looked < EVERY:
            return
        self._looked = time.monotonic()
        self.database.in_transaction(self.move, SearchState.RUNNING, stage=stage, progress=share)


@dataclass
class _Found:
    """What one kind of names came to: the ids by number, and what was found between them."""

    kind: str
    index: NameIndex
    ids: list[int]
    compared: list[int]
    suggestions: list[Suggestion]


def find_names(database: Database, config: Config, organisation_id: int, attempt: int) -> None:
    """Compare the names of an organisation's past grants that were not compared yet."""
    watch = _Watch(database, organisation_id, attempt)
    try:
        watch.tell("Reading the names", None)
        with database.reading() as session:
            read = _names_in_grants(session, organisation_id)
        database.in_transaction(_keep_names, organisation_id=organisation_id, read=read)
        found = [_compare(database, organisation_id, kind, read[kind], watch) for kind in NameKind]
        watch.tell("Keeping what was found", 1.0)
        database.in_transaction(_keep, watch=watch, found=found)
    except Stopped:
        return
    except Exception:
        database.in_transaction(_fail, watch=watch)
        raise


def _fail(session: Session, *, watch: _Watch) -> None:
    try:
        watch.move(session, SearchState.FAILED, finished_at=now(), progress=None)
    except Stopped:
        return


@dataclass
class _Around:
    """What the grants say of a name: how many, with whom, in which areas."""

    grants: int = 0
    partners: set[str] = field(default_factory=set)
    areas: set[str] = field(default_factory=set)


def _names_in_grants(session: Session, organisation_id: int) -> dict[str, dict[Key, _Around]]:
    read: dict[str, dict[Key, _Around]] = {kind: defaultdict(_Around) for kind in NameKind}
    grants = session.execute(
        sa.select(
            HistoricGrant.recipient,
            HistoricGrant.recipient_ref,
            HistoricGrant.funder,
            HistoricGrant.funder_ref,
            sa.func.coalesce(HistoricGrant.area_key, HistoricGrant.area_text, ""),
            sa.func.count(),
        )
        .where(HistoricGrant.organisation_id == organisation_id)
        .group_by(sa.text("1, 2, 3, 4, 5"))
        .execution_options(yield_per=2_000)
    )
    for recipient, recipient_ref, funder, funder_ref, area, count in grants:
        for kind, key, partner in (
            (NameKind.RECIPIENT, (recipient, recipient_ref), funder),
            (NameKind.FUNDER, (funder, funder_ref), recipient),
        ):
            around = read[kind][key]
            around.grants += count
            around.partners.add(partner)
            if area:
                around.areas.add(area)
    return read


def _keep_names(
    session: Session, *, organisation_id: int, read: dict[str, dict[Key, _Around]]
) -> None:
    """Names that are new join; how many grants each has is brought up to date."""
    lock(session, organisation_id)
    for kind, names in read.items():
        known = {
            (row.spelling, row.reference): row
            for row in session.execute(
                sa.select(
                    KnownName.id, KnownName.spelling, KnownName.reference, KnownName.grants
                ).where(KnownName.organisation_id == organisation_id, KnownName.kind == kind)
            )
        }
        new = [
            {
                "organisation_id": organisation_id,
                "kind": kind,
                "spelling": key[0],
                "reference": key[1],
                "grants": around.grants,
                "is_compared": False,
            }
            for key, around in names.items()
            if key not in known
        ]
        changed = [
            {"id": row.id, "grants": names[key].grants if key in names else 0}
            for key, row in known.items()
            if row.grants != (names[key].grants if key in names else 0)
        ]
        for part in in_parts(new):
            session.execute(sa.insert(KnownName), list(part))
        for part in in_parts(changed):
            session.execute(sa.update(KnownName), list(part))


def _compare(
    database: Database,
    organisation_id: int,
    kind: str,
    read: dict[Key, _Around],
    watch: _Watch,
) -> _Found:
    with database.reading() as session:
        names = session.execute(
            sa.select(KnownName.id, KnownName.spelling, KnownName.reference, KnownName.is_compared)
            .where(KnownName.organisation_id == organisation_id, KnownName.kind == kind)
            .order_by(KnownName.id)
        ).all()
    index = NameIndex(_mention((n.spelling, n.reference), read) for n in names)
    new = [number for number, name in enumerate(names) if not name.is_compared]

    def told(done: int, total: int) -> None:
        watch.tell(f"Comparing {kind}s: {done:,} of {total:,} names", done / max(1, total))

    suggestions = suggest(index, None if len(new) == len(names) else new, told)
    ids = [name.id for name in names]
    return _Found(kind, index, ids, [ids[number] for number in new], suggestions)


def _mention(key: Key, read: dict[Key, _Around]) -> Mention:
    around = read.get(key, _Around())
    return Mention(
        read_name(key[0]),
        key[1],
        frozenset(around.partners),
        frozenset(around.areas),
        around.grants,
    )


def _keep(session: Session, *, watch: _Watch, found: Sequence[_Found]) -> None:
    """All that was found, in one transaction; what people said meanwhile stays."""
    organisation_id = watch.organisation_id
    lock(session, organisation_id)
    watch.move(session, SearchState.DONE, finished_at=now(), progress=None, stage="")
    counts = {"names": 0, "suggested": 0, "merged": 0}
    for each in found:
        suggested, merged = _keep_lines(session, organisation_id, each)
        counts["names"] += len(each.compared)
        counts["suggested"] += suggested
        counts["merged"] += len(merged)
        for part in in_parts(each.compared):
            session.execute(
                sa.update(KnownName).where(KnownName.id.in_(part)).values(is_compared=True)
            )
        set_entities(session, organisation_id, each.kind)
        for part in in_parts(merged, _EVENTS_OF):
            record(
                session,
                None,
                "names merged by themselves",
                organisation_id=organisation_id,
                kind=each.kind,
                merges=list(part),
            )
    record(
        session,
        None,
        "names compared",
        session.get_one(Organisation, organisation_id),
        organisation_id=organisation_id,
        **counts,
    )


def _keep_lines(session: Session, organisation_id: int, found: _Found) -> tuple[int, list[int]]:
    """(how many suggestions are new, ids of the lines that were drawn)."""
    there = {
        tuple(pair)
        for pair in session.execute(
            sa.select(NameMerge.first_id, NameMerge.second_id).where(
                NameMerge.organisation_id == organisation_id, NameMerge.kind == found.kind
            )
        )
    }
    number_of = {id: number for number, id in enumerate(found.ids)}
    known = groups_of(session, organisation_id, found.kind).with_other_names(number_of)
    new = [s for s in found.suggestions if _ids(found, s) not in there]
    drawn = {_ids(found, s) for s in join_by_themselves(found.index, new, known)}
    lines = []
    for suggestion in new:
        first, second = _ids(found, suggestion)
        lines.append(
            NameMerge(
                organisation_id=organisation_id,
                kind=found.kind,
                first_id=first,
                second_id=second,
                relation=suggestion.relation,
                suggested_as=suggestion.relation,
                probability=suggestion.probability,
                reasons=[kept(reason) for reason in suggestion.reasons],
            )
        )
    session.add_all(lines)
    session.flush()
    merged = [line for line in lines if (line.first_id, line.second_id) in drawn]
    for line in merged:
        line.state, line.is_automatic = MergeState.MERGED, True
    session.flush()
    return len(lines), [line.id for line in merged]


def _ids(found: _Found, suggestion: Suggestion) -> tuple[int, int]:
    """The lower id first; an index holds its names in the order of their ids."""
    return found.ids[suggestion.first], found.ids[suggestion.second]
