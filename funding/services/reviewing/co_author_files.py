"""Importing co-authors of a round's reviewers from a table, for the conflicts found by themselves.

A row names a reviewer, a co-author, and the year or the DOI of joint work. All rows are taken, or
none; the same table again changes nothing. What is there is never made earlier or taken out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Fault, InvalidInput
from funding.language import gettext
from funding.models import CoAuthor, Person, Round, RoundReviewer
from funding.permissions import Actor, fetch, working_rounds
from funding.services.identifiers import clean_orcid
from funding.services.log import record
from funding.services.named_tables import MOST_FAULTS, NamedRow, read_named
from funding.services.reporting.addresses import clean_doi
from funding.services.reviewing.co_authors import EARLIEST_YEAR, LONGEST_NAME, is_year

_HEADINGS = {
    "reviewer": ("reviewer", "person", "person name", "reviewer name", "name"),
    "reviewer orcid": ("reviewer orcid", "person orcid", "orcid"),
    "co-author": ("co-author", "coauthor", "co-author name", "coauthor name"),
    "co-author orcid": ("co-author orcid", "coauthor orcid"),
    "year": ("year", "year of the last joint work", "last year"),
    "doi": ("doi", "work", "publication"),
}

Key = tuple[int, str]
"""(person id, the co-author's name)."""


@dataclass(frozen=True)
class Joint:
    """What a table says of one reviewer and one co-author: the latest of its rows.

    `last_on` is none where only a DOI is given: then the work counts as of the year it is imported.
    """

    row: int
    reviewer: str
    co_author: str
    orcid: str | None
    last_on: date | None
    doi: str | None


@dataclass(frozen=True)
class Planned:
    """What taking the table in does: rows of it by what becomes of them; `read` rows in all."""

    read: int
    new: list[tuple[Key, Joint]]
    changed: list[tuple[Key, Joint]]
    same: int


def read_co_author_file(content: bytes, filename: str) -> tuple[NamedRow, ...]:
    """The rows of a CSV or XLSX file. Raises InvalidInput (field `file`) where it is no such
    table."""
    return read_named(content, filename, _HEADINGS, frozenset({"reviewer", "co-author"}))


def plan_import(
    session: Session, *, by: Actor, round_id: int, rows: tuple[NamedRow, ...]
) -> Planned:
    """What an import would do, with nothing written. Raises as `import_co_authors`."""
    round_: Round = fetch(session, working_rounds(by, "review.assign"), round_id, "round")
    wanted = _checked(rows, _reviewers(session, round_.id))
    people = {person for person, _ in wanted}
    there = {
        (found.person_id, found.name): found
        for found in session.scalars(sa.select(CoAuthor).where(CoAuthor.person_id.in_(people)))
    }
    new, changed = [], []
    for key, joint in wanted.items():
        found = there.get(key)
        if found is None:
            new.append((key, joint))
        elif found.imported_by_id is None or _merged(found, joint) != (
            found.last_on,
            found.orcid,
            found.doi,
        ):
            changed.append((key, joint))
    return Planned(len(rows), new, changed, len(wanted) - len(new) - len(changed))


def import_co_authors(
    session: Session, *, by: Actor, round_id: int, rows: tuple[NamedRow, ...]
) -> Planned:
    """Take in the co-authors of a table: new ones are added, later years and ORCID iDs noted.

    Raises NotFound, and InvalidInput with a fault for each row and field that is wrong; then
    nothing is written.
    """
    planned = plan_import(session, by=by, round_id=round_id, rows=rows)
    for (person_id, name), joint in planned.new:
        session.add(
            CoAuthor(
                person_id=person_id,
                name=name,
                orcid=joint.orcid,
                last_on=joint.last_on or _end_of_this_year(),
                doi=joint.doi,
                imported_by_id=by.person_id,
            )
        )
    for (person_id, name), joint in planned.changed:
        found = session.scalars(
            sa.select(CoAuthor).where(CoAuthor.person_id == person_id, CoAuthor.name == name)
        ).one()
        found.last_on, found.orcid, found.doi = _merged(found, joint)
        found.imported_by_id = by.person_id
    record(
        session,
        by,
        "co-authors imported",
        session.get_one(Round, round_id),
        round_id=round_id,
        read=planned.read,
        new=len(planned.new),
        changed=len(planned.changed),
    )
    return planned


def _merged(found: CoAuthor, joint: Joint) -> tuple[date, str | None, str | None]:
    return (
        max(found.last_on, joint.last_on or found.last_on),
        found.orcid or joint.orcid,
        joint.doi or found.doi,
    )


def _end_of_this_year() -> date:
    return date(now().year, 12, 31)


class _Reviewers:
    """The reviewers of a round, found by ORCID iD, e-mail address or name."""

    def __init__(self, people: list[Person]) -> None:
        self.by_orcid = {person.orcid: person for person in people if person.orcid}
        self.by_words: defaultdict[str, list[Person]] = defaultdict(list)
        for person in people:
            for words in {person.email.casefold(), person.name.casefold()}:
                self.by_words[words].append(person)

    def find(self, row: NamedRow, fault: Callable[[str, str], None]) -> Person | None:
        """The reviewer that a row names; what is wrong goes to `fault`."""
        try:
            orcid = clean_orcid(row.cells["reviewer orcid"])
        except ValueError as refusal:
            fault("reviewer orcid", str(refusal))
            return None
        if orcid in self.by_orcid:
            return self.by_orcid[orcid]
        found = self.by_words.get(" ".join(row.cells["reviewer"].split()).casefold(), [])
        if len(found) == 1 and not (orcid and found[0].orcid):
            return found[0]
        if len(found) > 1:
            fault("reviewer", "several reviewers have this name; write the e-mail address")
        elif found:
            fault(
                "reviewer orcid", gettext("%(name)s has another ORCID iD here", name=found[0].name)
            )
        else:
            fault("reviewer", "no reviewer of this round")
        return None


def _reviewers(session: Session, round_id: int) -> _Reviewers:
    return _Reviewers(
        list(
            session.scalars(
                sa.select(Person)
                .join(RoundReviewer, RoundReviewer.person_id == Person.id)
                .where(RoundReviewer.round_id == round_id)
            )
        )
    )


def _checked(rows: tuple[NamedRow, ...], reviewers: _Reviewers) -> dict[Key, Joint]:
    """By reviewer and co-author, the latest joint work; raises InvalidInput with every fault."""
    faults: list[Fault] = []
    wanted: dict[Key, Joint] = {}
    for row in rows:
        before = len(faults)

        def fault(column: str, rule: str, row: NamedRow = row) -> None:
            faults.append(row.fault(column, rule))

        person = reviewers.find(row, fault)
        joint = _joint(row, person.name if person else "", fault)
        if person is None or len(faults) > before:
            continue
        key = (person.id, joint.co_author)
        earlier = wanted.get(key)
        if earlier is None or (joint.last_on or date.max) > (earlier.last_on or date.max):
            wanted[key] = joint
    if faults:
        raise InvalidInput(*faults[:MOST_FAULTS])
    return wanted


def _joint(row: NamedRow, reviewer: str, fault: Callable[[str, str], None]) -> Joint:
    name = " ".join(row.cells["co-author"].split())
    year, doi, orcid = row.cells["year"], "", ""
    if not name or len(name) > LONGEST_NAME:
        fault(
            "co-author",
            gettext(
                "a name of at most %(longest_name)s characters, please", longest_name=LONGEST_NAME
            ),
        )
    if year and not is_year(year):
        fault(
            "year",
            gettext(
                "the year of the last joint work, from %(earliest_year)s to this one",
                earliest_year=EARLIEST_YEAR,
            ),
        )
    if not year and not row.cells["doi"]:
        fault("year", "write the year of joint work, or its DOI")
    try:
        orcid = clean_orcid(row.cells["co-author orcid"])
    except ValueError as refusal:
        fault("co-author orcid", str(refusal))
    try:
        doi = clean_doi(row.cells["doi"]) if row.cells["doi"] else ""
    except ValueError as refusal:
        fault("doi", str(refusal))
    last_on = date(int(year), 12, 31) if is_year(year) else None
    return Joint(row.row, reviewer, name, orcid or None, last_on, doi or None)
