"""The reviewers of a round: what they know, how many reviews they take, their co-authors."""

from __future__ import annotations

import csv
import io
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotFound, RuleBroken
from funding.forms import without_repeats
from funding.models import (
    COUNTED_STATES,
    Binding,
    CoAuthor,
    Person,
    Proposal,
    ReviewAssignment,
    Role,
    Round,
    RoundReviewer,
)
from funding.permissions import Actor, fetch, visible_reviewers, working_rounds
from funding.services.identifiers import clean_orcid
from funding.services.log import record
from funding.services.mail import post_mail

MOST_REVIEWS = 8
LONGEST_EXPERTISE = 4_000
LONGEST_NAME = 200
MOST_CO_AUTHORS = 1_000
EARLIEST_YEAR = 1950


def candidates(session: Session, round_id: int, q: str = "", *, most: int = 100) -> list[Person]:
    """People who hold the role of a reviewer and are not yet reviewers of the round, by name."""
    there = sa.select(RoundReviewer.person_id).where(RoundReviewer.round_id == round_id)
    query = sa.select(Person).where(
        Person.is_active,
        Person.id.not_in(there),
        sa.exists().where(Binding.person_id == Person.id, Binding.role == Role.REVIEWER),
    )
    if q:
        query = query.where(
            sa.or_(
                Person.name.icontains(q, autoescape=True),
                Person.email.icontains(q, autoescape=True),
            )
        )
    return list(session.scalars(query.order_by(Person.name, Person.id).limit(most)))


def add_reviewers(
    session: Session, *, by: Actor, round_id: int, person_ids: list[int], public_url: str
) -> int:
    """Make people reviewers of a round, and tell them. Answers how many were added.

    Raises NotFound for a round or a person that is not there for the officer, InvalidInput where
    nobody was chosen.
    """
    round_: Round = fetch(session, working_rounds(by, "review.assign"), round_id, "round")
    if not person_ids:
        raise InvalidInput(Fault("person", "Choose at least one person."))
    able = {
        person.id: person
        for person in session.scalars(
            sa.select(Person).where(
                Person.id.in_(person_ids),
                Person.is_active,
                sa.exists().where(Binding.person_id == Person.id, Binding.role == Role.REVIEWER),
            )
        )
    }
    if set(person_ids) - able.keys():
        raise NotFound("reviewer")
    there = set(
        session.scalars(
            sa.select(RoundReviewer.person_id).where(RoundReviewer.round_id == round_.id)
        )
    )
    added = 0
    for person_id in sorted(set(person_ids) - there):
        # what a person has said of themselves in an earlier round is where this one starts
        earlier = session.scalars(
            sa.select(RoundReviewer)
            .where(RoundReviewer.person_id == person_id)
            .order_by(RoundReviewer.id.desc())
            .limit(1)
        ).one_or_none()
        keys = {area.key for area in round_.taxonomy.areas}
        session.add(
            RoundReviewer(
                round_id=round_.id,
                person_id=person_id,
                areas=[key for key in earlier.areas if key in keys] if earlier else [],
                expertise=earlier.expertise if earlier else "",
                most=earlier.most if earlier else MOST_REVIEWS,
                added_by_id=by.person_id,
            )
        )
        post_mail(
            session,
            able[person_id].email,
            f"You are asked to review in {round_.name}",
            f"{round_.owner.name} asks you to review proposals in {round_.name}.\n\n"
            "Say what you know best and how many reviews you can take, so that the right "
            f"proposals reach you:\n{public_url}/reviews\n",
        )
        added += 1
    record(session, by, "reviewers added", round_, round_id=round_.id, people=sorted(able))
    return added


def set_expertise(
    session: Session,
    *,
    by: Actor,
    reviewer_id: int,
    version: int,
    areas: list[str],
    expertise: str,
    most: int | None,
    faults: tuple[Fault, ...] = (),
) -> RoundReviewer:
    """Say what a reviewer knows and how many reviews are taken: by themselves or by an officer.

    Raises NotFound, Conflict for a stale version, InvalidInput.
    """
    reviewer = find_reviewer(session, by, reviewer_id)
    if reviewer.version != version:
        raise Conflict("Somebody else changed this meanwhile.")
    ruled = []
    if most is None or not 0 <= most <= 1_000:
        ruled.append(Fault("most", "Write how many reviews, from 0 to 1,000."))
    if len(expertise) > LONGEST_EXPERTISE:
        ruled.append(Fault("expertise", f"At most {LONGEST_EXPERTISE:,} characters."))
    known = {area.key for area in reviewer.round.taxonomy.areas}
    if not set(areas) <= known:
        ruled.append(Fault("areas", "Choose areas of the round."))
    wrong = without_repeats(faults, ruled)
    if wrong:
        raise InvalidInput(*wrong)
    reviewer.areas, reviewer.expertise, reviewer.most = areas, expertise.strip(), most or 0
    record(
        session,
        by,
        "expertise set",
        reviewer,
        round_id=reviewer.round_id,
        person=reviewer.person_id,
        areas=areas,
        most=most,
    )
    return reviewer


def find_reviewer(session: Session, by: Actor, reviewer_id: int) -> RoundReviewer:
    """A reviewer of a round, as far as it is oneself or an officer may assign there."""
    own = sa.select(RoundReviewer.id).where(RoundReviewer.person_id == by.person_id)
    managed = visible_reviewers(by, "review.assign").with_only_columns(RoundReviewer.id)
    query = sa.select(RoundReviewer).where(
        sa.or_(RoundReviewer.id.in_(own), RoundReviewer.id.in_(managed))
    )
    found: RoundReviewer = fetch(session, query, reviewer_id, "reviewer")
    return found


def remove_reviewer(session: Session, *, by: Actor, reviewer_id: int) -> RoundReviewer:
    """Take somebody off a round's reviewers, where nothing is assigned or handed in by them.

    Raises NotFound and RuleBroken.
    """
    query = visible_reviewers(by, "review.assign")
    reviewer: RoundReviewer = fetch(session, query, reviewer_id, "reviewer")
    assigned = session.scalar(
        sa.select(sa.func.count())
        .select_from(ReviewAssignment)
        .join(Proposal, Proposal.id == ReviewAssignment.proposal_id)
        .where(
            Proposal.round_id == reviewer.round_id,
            ReviewAssignment.person_id == reviewer.person_id,
            ReviewAssignment.state.in_(COUNTED_STATES),
        )
    )
    if assigned:
        raise RuleBroken("This person has reviews in the round; reassign or withdraw them first.")
    record(
        session,
        by,
        "reviewer removed",
        reviewer,
        round_id=reviewer.round_id,
        person=reviewer.person_id,
    )
    session.delete(reviewer)
    return reviewer


# -- co-authors ---------------------------------------------------------------------------------


def state_co_authors(session: Session, *, by: Actor, reviewer_id: int, table: str) -> int:
    """Set the list of a reviewer's co-authors: a name, a year and, if known, an ORCID iD a line.

    The whole list is taken, or none of it. Answers how many there are. Raises NotFound and
    InvalidInput naming lines.
    """
    reviewer = find_reviewer(session, by, reviewer_id)
    stated = read_co_authors(table)
    known = {
        row.name: row
        for row in session.scalars(
            sa.select(CoAuthor).where(CoAuthor.person_id == reviewer.person_id)
        )
    }
    for name in known.keys() - stated.keys():
        session.delete(known[name])
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
            faults.append(Fault("table", f"Line {number}: write a name, then a comma and a year."))
        elif not (year.isascii() and year.isdigit() and len(year) == 4) or not (
            EARLIEST_YEAR <= int(year) <= now().date().year
        ):
            faults.append(
                Fault("table", f"Line {number}: write the year of the last joint work, as 2025.")
            )
        elif orcid is None:
            faults.append(Fault("table", f"Line {number}: this is not an ORCID iD."))
        else:
            found[name] = (date(int(year), 12, 31), orcid or None)
    if len(found) > MOST_CO_AUTHORS:
        faults.append(Fault("table", f"At most {MOST_CO_AUTHORS:,} co-authors."))
    if faults:
        raise InvalidInput(*faults[:5])
    return found


def _orcid(text: str) -> str | None:
    try:
        return clean_orcid(text)
    except ValueError:
        return None


def co_authors_text(session: Session, person_id: int) -> str:
    """The list as its field shows it."""
    rows = session.scalars(
        sa.select(CoAuthor).where(CoAuthor.person_id == person_id).order_by(CoAuthor.name)
    )
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        writer.writerow([row.name, row.last_on.year, *([row.orcid] if row.orcid else [])])
    return out.getvalue()
