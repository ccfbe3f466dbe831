"""Tables of co-authors: all rows or none, once, and they find the conflicts they should."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.errors import InvalidInput, NotFound, RuleBroken
from funding.models import CoAuthor, Event, Person, RoundReviewer, TeamMember
from funding.permissions import Actor
from funding.services.reviewing import co_author_files, co_authors
from funding.services.reviewing.found_conflicts import CO_AUTHOR, conflicts_among, kinds_of_pair
from tests.builders import make_actor, make_organisation
from tests.review_scene import assign, make_scene

ORCID, OTHER = "0009-9999-9900-0018", "0009-9999-9900-0026"


@dataclass(frozen=True)
class Desk:
    """A round whose two reviewers are Ada Quill (with an ORCID iD) and Ben Ott."""

    officer: Actor
    stranger: Actor
    round_id: int
    ada: int
    ben: int
    ben_email: str
    proposal: int
    ada_reviewer: int


@pytest.fixture
def desk(each_database: Database) -> Desk:
    def make(session: Session) -> Desk:
        scene = make_scene(session)
        ada, ben = scene.reviewers
        ada.name, ada.orcid, ben.name = "Ada Quill", ORCID, "Ben Ott"
        proposal = scene.proposals[0]
        proposal.team.append(TeamMember(position=3, name="Cleo Marsh", orcid=OTHER))
        session.flush()
        reviewer = session.scalars(
            sa.select(RoundReviewer).where(RoundReviewer.person_id == ada.id)
        ).one()
        return Desk(
            scene.officer,
            make_actor(session, make_organisation(session)),
            scene.round.id,
            ada.id,
            ben.id,
            ben.email,
            proposal.id,
            reviewer.id,
        )

    return each_database.in_transaction(make)


def take_in(
    database: Database, desk: Desk, *rows: str, by: Actor | None = None
) -> co_author_files.Planned:
    heads = "reviewer,reviewer orcid,co-author,co-author orcid,year,doi"
    table = co_author_files.read_co_author_file("\n".join([heads, *rows]).encode(), "")
    return database.in_transaction(
        co_author_files.import_co_authors, by=by or desk.officer, round_id=desk.round_id, rows=table
    )


def stored(database: Database) -> dict[tuple[int, str], CoAuthor]:
    with database.reading() as session:
        return {(row.person_id, row.name): row for row in session.scalars(sa.select(CoAuthor))}


def kinds(database: Database, desk: Desk, person: int) -> set[str]:
    """As the database's own rule has it, and the index that is built for many: the same."""
    with database.reading() as session:
        one = kinds_of_pair(session, desk.proposal, person)
        assert one == conflicts_among(session, desk.round_id, [person]).of(desk.proposal, person)
        return one


def test_imported_co_authors_are_found_as_conflicts_by_name_or_orcid(
    each_database: Database, desk: Desk
) -> None:
    year = now().year
    planned = take_in(
        each_database,
        desk,
        f"Somebody Else,{ORCID},Cleo Marsh,,{year - 1},",
        f"{desk.ben_email.upper()},,C. Marsh,{OTHER},{year - 1},https://doi.org/10.1234/abcd",
        f"ben ott,,Dana Lind,,{year - 9},",
    )
    assert (planned.read, len(planned.new), planned.same) == (3, 3, 0)
    assert kinds(each_database, desk, desk.ada) == {CO_AUTHOR}
    assert kinds(each_database, desk, desk.ben) == {CO_AUTHOR}
    rows = stored(each_database)
    assert rows[desk.ben, "C. Marsh"].doi == "https://doi.org/10.1234/abcd"
    assert rows[desk.ben, "C. Marsh"].last_on == date(year - 1, 12, 31)
    with each_database.reading() as session:
        event = session.scalars(sa.select(Event).where(Event.action == "co-authors imported")).one()
        assert event.detail["new"] == 3

    def assigned(session: Session) -> None:
        scene = make_scene(session)
        scene.reviewers[0] = session.get_one(Person, desk.ada)
        session.add(RoundReviewer(round_id=scene.round.id, person_id=desk.ada))
        scene.proposals[0].team.append(TeamMember(position=3, name="cleo marsh"))
        session.flush()
        assign(session, scene)

    with pytest.raises(RuleBroken, match="Ada Quill published together with somebody of the team"):
        each_database.in_transaction(assigned)


def test_a_table_is_taken_whole_or_not_at_all_and_names_each_fault_by_its_row(
    each_database: Database, desk: Desk
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        take_in(
            each_database,
            desk,
            "Ada Quill,,Cleo Marsh,,2025,",
            "Nobody Known,,Cleo Marsh,,2025,",
            "Ben Ott,,,,2025,",
            "Ben Ott,,Dana Lind,,1e9,",
            "Ben Ott,,Dana Lind,,,",
            "Ben Ott,,Dana Lind,,,not a doi",
            "Ben Ott,,Dana Lind,0009-9999-9900-0019,2025,",
            f"Ada Quill,{OTHER},Dana Lind,,2025,",
        )
    assert [(fault.field, fault.rule.partition(":")[0]) for fault in refusal.value.faults] == [
        ("row 3, reviewer", "“Nobody Known”"),
        ("row 4, co-author", "a name of at most 200 characters, please"),
        ("row 5, year", "“1e9”"),
        ("row 6, year", "write the year of joint work, or its DOI"),
        ("row 7, doi", "“not a doi”"),
        ("row 8, co-author orcid", "“0009-9999-9900-0019”"),
        ("row 9, reviewer orcid", f"“{OTHER}”"),
    ]
    assert stored(each_database) == {}
    for content in (b"", b"reviewer,year\nAda,2025\n", b"reviewer,co-author,year\n"):
        with pytest.raises(InvalidInput) as refusal:
            co_author_files.read_co_author_file(content, "")
        assert refusal.value.faults[0].field == "file"


def test_the_same_table_again_changes_nothing_and_a_later_year_does(
    each_database: Database, desk: Desk
) -> None:
    rows = ("Ada Quill,,Cleo Marsh,,2024,", "Ada Quill,,Cleo Marsh,,2022,")
    assert len(take_in(each_database, desk, *rows).new) == 1
    first = stored(each_database)[desk.ada, "Cleo Marsh"]
    assert first.last_on == date(2024, 12, 31)
    again = take_in(each_database, desk, *rows)
    assert (again.new, again.changed, again.same) == ([], [], 1)
    earlier = take_in(each_database, desk, "Ada Quill,,Cleo Marsh,,2020,")
    assert (earlier.changed, earlier.same) == ([], 1)
    later = take_in(each_database, desk, f"Ada Quill,,Cleo Marsh,{OTHER},2025,10.1234/abcd")
    assert len(later.changed) == 1
    row = stored(each_database)[desk.ada, "Cleo Marsh"]
    assert (row.last_on, row.orcid) == (date(2025, 12, 31), OTHER)


def test_work_known_by_its_doi_alone_counts_as_of_this_year(
    each_database: Database, desk: Desk
) -> None:
    row = "Ada Quill,,Cleo Marsh,,,doi:10.1234/abcd"
    take_in(each_database, desk, row)
    assert stored(each_database)[desk.ada, "Cleo Marsh"].last_on == date(now().year, 12, 31)
    assert take_in(each_database, desk, row).same == 1


def test_a_reviewer_does_not_take_out_what_an_officer_imported(
    each_database: Database, desk: Desk
) -> None:
    year = now().year
    take_in(each_database, desk, f"Ada Quill,,Cleo Marsh,,{year - 1},")
    with each_database.reading() as session:
        ada = Actor.of(session.get_one(Person, desk.ada))
    state = {"by": ada, "reviewer_id": desk.ada_reviewer}
    each_database.in_transaction(
        co_authors.state_co_authors, table=f"Eva Rost,{year}\nCleo Marsh,{year - 8}", **state
    )
    each_database.in_transaction(co_authors.state_co_authors, table="", **state)
    assert stored(each_database).keys() == {(desk.ada, "Cleo Marsh")}
    assert kinds(each_database, desk, desk.ada) == {CO_AUTHOR}
    remove = {"reviewer_id": desk.ada_reviewer, "name": "Cleo Marsh"}
    for by in (ada, desk.stranger):
        with pytest.raises(NotFound):
            each_database.in_transaction(co_authors.remove_imported, by=by, **remove)
    each_database.in_transaction(co_authors.remove_imported, by=desk.officer, **remove)
    assert kinds(each_database, desk, desk.ada) == set()


def test_only_officers_of_the_round_import(each_database: Database, desk: Desk) -> None:
    with pytest.raises(NotFound):
        take_in(each_database, desk, "Ada Quill,,Cleo Marsh,,2025,", by=desk.stranger)
