"""What importing a file would do here: what is new, what is there, what stands against it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import Fault as FormFault
from funding.errors import InvalidInput, NotFound, RuleBroken
from funding.imports.faults import Fault
from funding.imports.reading import FileReading
from funding.language import gettext
from funding.models import (
    Import,
    ImportedItem,
    ImportKind,
    Organisation,
    OrganisationKind,
    Round,
    RoundState,
)
from funding.permissions import Actor, fetch, require, visible_rounds, working_rounds
from funding.sayings import Sentence, number, one_by_one, sentence

T = TypeVar("T")

AT_ONCE = 5_000
"""Rows to one statement: fewer cost time, more than 30,000 values are refused."""

_MOST_NAMED = 12

Told = Callable[[int, int], None]
"""Called with the rows written so far and how many there are; may raise to stop."""


@dataclass(frozen=True)
class Scope:
    """Where the records of a file go, and who puts them there.

    `round` is None only for history. `by` is None for whoever runs the machine, who may do all.
    """

    kind: str
    organisation: Organisation
    round: Round | None
    by: Actor | None

    @property
    def into(self) -> Round:
        """The round, for kinds that go into one."""
        if self.round is None:
            raise LookupError("this kind of import needs a round")
        return self.round


def open_scope(
    session: Session, by: Actor | None, kind: str, organisation_id: int, round_id: int | None
) -> Scope:
    """Check that the person may import this here. Raises NotFound, NotPermitted, RuleBroken."""
    if by is not None:
        require(by, f"import.{kind}", organisation_id)
    round_ = round_of(session, by, kind, round_id) if round_id is not None else None
    if kind != ImportKind.HISTORY and round_ is None:
        raise InvalidInput(FormFault("round_id", "Choose the round."))
    return Scope(kind, session.get_one(Organisation, organisation_id), round_, by)


def round_of(session: Session, by: Actor | None, kind: str, round_id: int) -> Round:
    """The round, if it takes imports of this kind from this person."""
    if by is None:
        found = session.get(Round, round_id)
    elif kind == ImportKind.PROPOSALS:
        found = fetch(session, working_rounds(by, "import.proposals"), round_id, "round")
    else:
        found = fetch(session, visible_rounds(by), round_id, "round")
    if found is None:
        raise NotFound("round")
    if kind != ImportKind.HISTORY and found.state == RoundState.CLOSED:
        raise RuleBroken(
            gettext("%(name)s is closed; it takes no more %(kind)s.", name=found.name, kind=kind)
        )
    return found


class Printed(NamedTuple):
    """A record with the row it came from and its fingerprint."""

    row: int
    record: Any
    fingerprint: str


def printed(reading: FileReading) -> list[Printed]:
    """The good rows of a file, with their fingerprints."""
    return [Printed(row, record, record.fingerprint()) for row, record in reading.entries]


@dataclass(frozen=True)
class Outcome:
    """What an import would do.

    `new`: what is to be written, as the kind's own `write` takes it. `same`: rows that are here
    already. `faults`: what the database has against other rows. `effects`: sentences on what
    comes with it, such as institutions that are not here yet.
    """

    new: Sequence[Any]
    same: int
    faults: tuple[Fault, ...] = ()
    effects: tuple[str, ...] = ()


def in_parts(values: Sequence[T], size: int = AT_ONCE) -> Iterator[Sequence[T]]:
    """The values in parts of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


# -- finding organisations by what a file calls them ----------------------------------------------


def plain(name: str) -> str:
    """A name so that case and spaces make no difference."""
    return " ".join(name.split()).casefold()


class Directory:
    """Organisations of one kind, found by key or by name."""

    def __init__(self, session: Session, kind: OrganisationKind) -> None:
        self.kind = kind
        self._by_word: dict[str, Organisation] = {}
        self._names: dict[str, str] = {}
        found = session.scalars(
            sa.select(Organisation).where(Organisation.kind == kind).order_by(Organisation.id)
        ).all()
        for organisation in found:
            self._by_word.setdefault(plain(organisation.name), organisation)
            self._names[plain(organisation.name)] = organisation.name
        for organisation in found:  # a key is never taken for another's name
            self._by_word[plain(organisation.key)] = organisation

    def find(self, word: str) -> Organisation | None:
        return self._by_word.get(plain(word))

    def unknown(self, word: str) -> str:
        """The rule that an unknown name breaks, with known names close to it."""
        close = get_close_matches(plain(word), self._by_word, n=3, cutoff=0.6)
        names = dict.fromkeys(self._by_word[each].name for each in close)
        if names:
            return gettext(
                "there is no such %(kind)s; close to it: %(names)s",
                kind=self.kind,
                names=one_by_one(*names),
            )
        known = sorted(self._names.values())[:_MOST_NAMED]
        if not known:
            return gettext("there is no %(kind)s here yet", kind=self.kind)
        more = ["..."] if len(self._names) > len(known) else []
        return gettext(
            "there is no such %(kind)s; known are: %(names)s",
            kind=self.kind,
            names=one_by_one(*known, *more),
        )


# -- what was imported into a round before --------------------------------------------------------


class Before:
    """What earlier imports of this kind brought into the round."""

    def __init__(self, session: Session, scope: Scope, keys: Iterable[str]) -> None:
        """`keys`: of all commitments or proposals of the round, imported or not."""
        rows = session.execute(
            sa.select(ImportedItem.fingerprint, ImportedItem.external_id).where(
                ImportedItem.round_id == scope.into.id, ImportedItem.kind == scope.kind
            )
        ).all()
        self._fingerprints = {fingerprint for fingerprint, _ in rows}
        self._identifiers = {identifier for _, identifier in rows if identifier}
        self._keys = set(keys)

    def holds(self, entry: Printed) -> bool:
        """Whether this very row was imported before."""
        return entry.fingerprint in self._fingerprints

    def against(self, entry: Printed, noun: str) -> Fault | None:
        """Why a row that is not here yet cannot be taken as a new one."""
        identifier = entry.record.external_id
        if identifier and identifier in self._identifiers:
            rule = gettext(
                "changed in the file since it was imported; change the %(noun)s on its own page",
                noun=noun,
            )
            return Fault(entry.row, "external_id", identifier, rule)
        if identifier and identifier in self._keys:
            rule = gettext(
                "a %(noun)s of this round has this identifier, and no import brought it here",
                noun=noun,
            )
            return Fault(entry.row, "external_id", identifier, rule)
        if entry.record.occurrence > 1:
            rule = gettext("is equal to an earlier row; a %(noun)s is imported once", noun=noun)
            return Fault(entry.row, None, None, rule)
        return None


def lock(session: Session, scope: Scope) -> None:
    """Let no other import to the same place come between the plan and the writing."""
    place: Any = Organisation if scope.kind == ImportKind.HISTORY else Round
    id = scope.organisation.id if scope.kind == ImportKind.HISTORY else scope.into.id
    session.execute(sa.select(place.id).where(place.id == id).with_for_update(key_share=True))


def add_item(session: Session, batch: Import, entry: Printed, **subject: int) -> None:
    """Note what a row became: `commitment_id` or `proposal_id`."""
    session.add(
        ImportedItem(
            import_id=batch.id,
            round_id=batch.round_id,
            kind=batch.kind,
            external_id=entry.record.external_id or None,
            fingerprint=entry.fingerprint,
            **subject,
        )
    )


def some_of(names: Mapping[str, Any] | Sequence[str]) -> Sentence:
    """`A, B, C`, cut after a dozen."""
    listed = list(names)
    first = one_by_one(*listed[:_MOST_NAMED])
    if len(listed) <= _MOST_NAMED:
        return first
    more = number(len(listed) - _MOST_NAMED)
    return sentence("%(names)s and %(more)s more", names=first, more=more)
