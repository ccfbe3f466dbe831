"""Co-authors of reviewers: stated by themselves or an officer, and those that officers imported."""

from __future__ import annotations

import csv
import io
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Fault, InvalidInput, NotFound, RuleBroken
from funding.formatting import format_number
from funding.language import gettext as _
from funding.models import CoAuthor, RoundReviewer
from funding.permissions import Actor, fetch, visible_reviewers
from funding.services.identifiers import clean_orcid
from funding.services.log import record
from funding.services.reviewing.people import find_reviewer

LONGEST_NAME = 200
MOST_CO_AUTHORS = 1_000
EARLIEST_YEAR = 1950


def state_co_authors(session: Session, *, by: Actor, reviewer_id: int, table: str) -> int:
    """Set the list of a reviewer's co-authors: a name, a year and, if known, an ORCID iD a line.

    The whole list is taken, or none of it. What officers imported stays; a later
    year stated counts there too.
    Answers how many there are. Raises NotFound and InvalidInput naming lines.
    """
    reviewer = find_reviewer(session, by, reviewer_id)
    stated = read_co_authors(table)
    known = {
        row.name: row
        for row in session.scalars(
            sa.select(CoAuthor).where(CoAuthor.person_id == reviewer.person_id)
        )
    }
    for name, row in known.items():
        if row.imported_by_id is not None:
            last_on, orcid = stated.get(name, (row.last_on, None))
            stated[name] = (max(last_on, row.last_on), row.orcid or orcid)
        elif name not in stated:
            session.delete(row)
    session.flush()
    for name, (last_on, orcid) in stated.items():
        row = known.get(name)
        if row is None:
            row = CoAuthor(person_id=reviewer.person_id, name=name)
            session.add(row)
        elif (row.last_on, row.orcid) == (last_on, orcid):
            continue
        row.last_on, row.orcid, row.stated_by_id = last_on, orcid, by.person_id
    record(
        session,
        by,
        "co-authors stated",
        reviewer,
        round_id=reviewer.round_id,
        person=reviewer.person_id,
        number=len(stated),
    )
    return len(stated)


def imported_of(session: Session, person_id: int) -> list[CoAuthor]:
    """What officers imported of a person's co-authors, by name."""
    return list(
        session.scalars(
            sa.select(CoAuthor)
            .where(CoAuthor.person_id == person_id, CoAuthor.imported_by_id.is_not(None))
            .order_by(CoAuthor.name)
        )
    )


def remove_imported(session: Session, *, by: Actor, reviewer_id: int, name: str) -> None:
    """Take out a co-author that was imported wrongly, but none of one's own.

    Raises NotFound and RuleBroken.
    """
    query = visible_reviewers(by, "review.assign")
    reviewer: RoundReviewer = fetch(session, query, reviewer_id, "reviewer")
    if reviewer.person_id == by.person_id:
        raise RuleBroken("Nobody takes out their own conflicts; another officer does.")
    row = next((r for r in imported_of(session, reviewer.person_id) if r.name == name), None)
    if row is None:
        raise NotFound("co-author")
    session.delete(row)
    record(
        session,
        by,
        "imported co-author removed",
        reviewer,
        round_id=reviewer.round_id,
        person=reviewer.person_id,
    )


def read_co_authors(table: str) -> dict[str, tuple[date, str | None]]:
    """name -> (last day of the year of the last joint work, ORCID iD); raises InvalidInput."""
    found: dict[str, tuple[date, str | None]] = {}
    faults = []
    delimiter = "\t" if "\t" in table else (";" if ";" in table else ",")
    for number, row in enumerate(csv.reader(io.StringIO(table), delimiter=delimiter), 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and cells[0].casefold() == "name"):
            continue
        name = " ".join(cells[0].split())
        year = cells[1] if len(cells) > 1 else ""
        orcid = _orcid(cells[2]) if len(cells) > 2 else ""
        if not name or len(name) > LONGEST_NAME:
            faults.append(
                Fault(
                    "table",
                    _("Line %(number)s: write a name, then a comma and a year.", number=number),
                )
            )
        elif not is_year(year):
            faults.append(
                Fault(
                    "table",
                    _(
                        "Line %(number)s: write the year of the last joint work, as 2025.",
                        number=number,
                    ),
                )
            )
        elif orcid is None:
            faults.append(
                Fault("table", _("Line %(number)s: this is not an ORCID iD.", number=number))
            )
        else:
            found[name] = (date(int(year), 12, 31), orcid or None)
    if len(found) > MOST_CO_AUTHORS:
        faults.append(
            Fault(
                "table",
                _(
                    "At most %(most_co_authors)s co-authors.",
                    most_co_authors=format_number(MOST_CO_AUTHORS),
                ),
            )
        )
    if faults:
        raise InvalidInput(*faults[:5])
    return found


def is_year(text: str) -> bool:
    """Whether it is a year of joint work, from 1950 to this one."""
    return (
        text.isascii()
        and text.isdigit()
        and len(text) == 4
        and EARLIEST_YEAR <= int(text) <= now().date().year
    )


def _orcid(text: str) -> str | None:
    try:
        return clean_orcid(text)
    except ValueError:
        return None


def co_authors_text(session: Session, person_id: int) -> str:
    """What was stated, as its field shows it."""
    rows = session.scalars(
        sa.select(CoAuthor)
        .where(CoAuthor.person_id == person_id, CoAuthor.imported_by_id.is_(None))
        .order_by(CoAuthor.name)
    )
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        writer.writerow([row.name, row.last_on.year, *([row.orcid] if row.orcid else [])])
    return out.getvalue()
