"""Names in past grants on both databases: searched, merged, told apart, and undone exactly."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.models import (
    Event,
    HistoricGrant,
    Import,
    Job,
    KnownName,
    NameMerge,
    NameSearch,
    Role,
)
from funding.permissions import Actor
from funding.services.log import first_broken_link
from funding.services.names import searching
from funding.services.names.deciding import decide_merge, merge_by_hand, take_out, undo_merge
from tests.builders import make_actor, make_organisation
from tests.conftest import make_config

OBSERVATORY = [
    "Larkspur Meteorological Observatory",
    "The Larkspur Meteorological Observatory",
    "Larkspur Meteorological Observatory, Inc.",
    "Larkspur Meteorological Observatory Ltd",
]
OTHERS = [
    "Larkspur Meteorologcal Observatory",
    "Larkspur Meteorological Observatory, Department of Clouds",
    "Machine Intelligence Research Institute",
    "MIRI",
    "School 12 of Heronbridge",
    "School 21 of Heronbridge",
    "Wren & Heron Conservation Society",
    "Wren and Heron Conservation Society",
]


@dataclass
class World:
    database: Database
    organisation_id: int
    officer: Actor
    people: dict[Role, Actor]
    stranger: Actor


@pytest.fixture
def world(each_database: Database) -> World:
    def make(session: Session) -> World:
        funder = make_organisation(session)
        people = {role: make_actor(session, funder, role) for role in Role}
        stranger = make_actor(session, make_organisation(session))
        return World(each_database, funder.id, people[Role.PROGRAM_OFFICER], people, stranger)

    return each_database.in_transaction(make)


def add_grants(world: World, recipients: list[str], *, funder: str = "Alder Fund") -> None:
    """One grant to each, and a search asked for, as an import does it."""

    def add(session: Session) -> None:
        batch = Import(
            kind="history",
            organisation_id=world.organisation_id,
            filename="a.csv",
            sha256="",
            state="done",
        )
        session.add(batch)
        session.flush()
        for recipient in recipients:
            name, _, reference = recipient.partition("|")
            session.add(
                HistoricGrant(
                    import_id=batch.id,
                    organisation_id=world.organisation_id,
                    funder=funder,
                    recipient=name,
                    recipient_ref=reference,
                    amount=500,
                    currency="USD",
                    awarded_on=date(2020, 5, 6),
                    fingerprint=f"{batch.id}-{recipient}",
                )
            )
        session.flush()
        searching.ask_for_search(session, world.organisation_id)

    world.database.in_transaction(add)


def search(world: World, tmp_path: Path) -> None:
    """What a worker does with the newest job."""
    with world.database.reading() as session:
        attempt = session.get_one(NameSearch, world.organisation_id).attempt
    config = make_config(tmp_path, "sqlite://")
    searching.find_names(world.database, config, world.organisation_id, attempt)


def entities(world: World) -> dict[str, str]:
    """Spelling -> the spelling that stands for it."""
    with world.database.reading() as session:
        rows = session.scalars(sa.select(KnownName)).all()
        spelling = {row.id: f"{row.spelling}|{row.reference}".rstrip("|") for row in rows}
        return {spelling[row.id]: spelling[row.entity_id] for row in rows if row.entity_id}


def open_lines(world: World) -> set[int]:
    with world.database.reading() as session:
        return set(session.scalars(sa.select(NameMerge.id).where(NameMerge.is_open)))


def between(world: World, one: str, other: str) -> NameMerge | None:
    with world.database.reading() as session:
        ids = dict(session.execute(sa.select(KnownName.spelling, KnownName.id)).all())
        first, second = sorted((ids[one], ids[other]))
        return session.scalars(
            sa.select(NameMerge).where(NameMerge.first_id == first, NameMerge.second_id == second)
        ).one_or_none()


def act(world: World, service, by: Actor | None = None, **values):
    return world.database.in_transaction(service, by=by or world.officer, **values)


def decide(world: World, merge: NameMerge, verdict: str, by: Actor | None = None) -> NameMerge:
    return act(world, decide_merge, by, merge_id=merge.id, version=merge.version, verdict=verdict)


def fresh(world: World, merge: NameMerge) -> NameMerge:
    with world.database.reading() as session:
        return session.get_one(NameMerge, merge.id)


def undo(world: World, merge: NameMerge) -> NameMerge:
    now = fresh(world, merge)
    return act(world, undo_merge, merge_id=now.id, version=now.version)


def test_a_search_merges_what_is_sure_suggests_the_rest_and_changes_no_name(
    world: World, tmp_path: Path
) -> None:
    add_grants(world, [*OBSERVATORY, *OTHERS])
    search(world, tmp_path)
    found = entities(world)
    assert {found[name] for name in OBSERVATORY} == {OBSERVATORY[0]}
    assert (
        found["Wren & Heron Conservation Society"] == found["Wren and Heron Conservation Society"]
    )
    assert found["MIRI"] == "MIRI"
    assert between(world, "School 12 of Heronbridge", "School 21 of Heronbridge") is None
    initials = between(world, "MIRI", "Machine Intelligence Research Institute")
    assert initials is not None
    assert (initials.state, initials.is_automatic) == ("suggested", False)
    assert initials.probability is not None
    assert initials.probability > 0.8
    part = between(world, OBSERVATORY[0], OTHERS[1])
    assert part is not None
    assert (part.relation, part.state) == ("whole", "suggested")
    with world.database.reading() as session:
        names = set(session.scalars(sa.select(HistoricGrant.recipient)))
        assert names == {*OBSERVATORY, *OTHERS}
        assert session.get_one(NameSearch, world.organisation_id).state == "done"
        event = session.scalars(
            sa.select(Event).where(Event.action == "names merged by themselves")
        ).first()
        assert event is not None
        assert event.detail["merges"]
        assert first_broken_link(session) is None


def test_searching_again_changes_nothing(world: World, tmp_path: Path) -> None:
    add_grants(world, [*OBSERVATORY, *OTHERS])
    search(world, tmp_path)
    before = entities(world)
    with world.database.reading() as session:
        lines = session.scalar(sa.select(sa.func.count()).select_from(NameMerge))
    world.database.in_transaction(searching.ask_for_search, world.organisation_id)
    search(world, tmp_path)
    assert entities(world) == before
    with world.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(NameMerge)) == lines


def test_a_new_file_adds_only_what_is_new_and_leaves_what_people_said(
    world: World, tmp_path: Path
) -> None:
    add_grants(world, OBSERVATORY[:2])
    search(world, tmp_path)
    merge = between(world, *OBSERVATORY[:2])
    assert merge is not None
    act(world, undo_merge, merge_id=merge.id, version=merge.version)
    merge = fresh(world, merge)
    decide(world, merge, "apart")
    add_grants(world, [OBSERVATORY[2], "MIRI"], funder="Birch Trust")
    search(world, tmp_path)
    found = entities(world)
    assert found[OBSERVATORY[0]] != found[OBSERVATORY[1]]
    assert found[OBSERVATORY[2]] in (found[OBSERVATORY[0]], found[OBSERVATORY[1]])
    assert fresh(world, merge).state == "rejected"


def test_what_was_undone_is_not_merged_again_by_itself(world: World, tmp_path: Path) -> None:
    add_grants(world, OBSERVATORY[:2])
    search(world, tmp_path)
    merge = between(world, *OBSERVATORY[:2])
    assert merge is not None
    undo(world, merge)
    add_grants(world, ["Heron"])
    search(world, tmp_path)
    assert entities(world)[OBSERVATORY[1]] == OBSERVATORY[1]
    assert fresh(world, merge).state == "suggested"


@pytest.mark.parametrize("seed", range(6))
def test_undoing_in_any_order_brings_back_exactly_what_was(
    world: World, tmp_path: Path, seed: int
) -> None:
    add_grants(world, [*OBSERVATORY, *OTHERS])
    search(world, tmp_path)
    before, waiting = entities(world), open_lines(world)
    turns = random.Random(seed)
    with world.database.reading() as session:
        open_ = list(session.scalars(sa.select(NameMerge).where(NameMerge.state == "suggested")))
    done = []
    for merge in turns.sample(open_, len(open_)):
        try:
            decide(world, merge, turns.choice(["same", "same", "part", "apart"]))
            done.append(merge)
        except RuleBroken:
            continue
    assert entities(world) != before
    for merge in turns.sample(done, len(done)):
        undo(world, merge)
    assert entities(world) == before
    assert open_lines(world) == waiting
    for merge in done:
        now = fresh(world, merge)
        assert (now.state, now.relation) == ("suggested", merge.relation)


def test_what_somebody_said_is_two_is_not_joined_through_a_third(
    world: World, tmp_path: Path
) -> None:
    add_grants(world, ["Heron House", "Herons House", "Heron Houses"])
    search(world, tmp_path)
    first = act_by_hand(world, "Heron House", "Herons House", "apart")
    act_by_hand(world, "Heron House", "Heron Houses", "same")
    with pytest.raises(RuleBroken, match="which somebody said are two"):
        act_by_hand(world, "Heron Houses", "Herons House", "same")
    undo(world, first)
    act_by_hand(world, "Heron Houses", "Herons House", "same")
    assert set(entities(world).values()) >= {"Heron House"}
    assert len({entities(world)[name] for name in ("Heron House", "Herons House")}) == 1


def act_by_hand(world: World, one: str, other: str, verdict: str) -> NameMerge:
    with world.database.reading() as session:
        name = session.scalars(sa.select(KnownName).where(KnownName.spelling == one)).one()
    return act(world, merge_by_hand, name_id=name.id, spelling=other, verdict=verdict)


def test_of_suggestions_between_two_entities_one_waits_and_none_once_it_is_decided(
    world: World, tmp_path: Path
) -> None:
    add_grants(world, [*OBSERVATORY, OTHERS[1]])
    search(world, tmp_path)

    def waiting() -> list[NameMerge]:
        with world.database.reading() as session:
            return list(session.scalars(sa.select(NameMerge).where(NameMerge.is_open)))

    (part,) = waiting()
    assert part.suggested_as != "same"
    decide(world, part, part.suggested_as)
    assert waiting() == []
    undo(world, part)
    assert [line.id for line in waiting()] == [part.id]
    merge = between(world, *OBSERVATORY[:2])
    assert merge is not None
    undo(world, merge)  # the two are still one, through the other spellings
    with pytest.raises(RuleBroken, match="one already, through other merges"):
        decide(world, fresh(world, merge), "apart")


def test_one_spelling_is_taken_out_of_what_it_was_merged_into(world: World, tmp_path: Path) -> None:
    add_grants(world, OBSERVATORY)
    search(world, tmp_path)
    with world.database.reading() as session:
        name = session.scalars(
            sa.select(KnownName).where(KnownName.spelling == OBSERVATORY[2])
        ).one()
    act(world, take_out, name_id=name.id)
    found = entities(world)
    assert found[OBSERVATORY[2]] == OBSERVATORY[2]
    assert found[OBSERVATORY[1]] == found[OBSERVATORY[0]] == found[OBSERVATORY[3]]
    with pytest.raises(RuleBroken, match="one with no other"):
        act(world, take_out, name_id=name.id)


def test_one_spelling_with_two_register_numbers_is_two_names(world: World, tmp_path: Path) -> None:
    add_grants(
        world, ["Larkspur Meteorological Trust|GB-CHC-1", "Larkspur Meteorological Trust|GB-CHC-2"]
    )
    search(world, tmp_path)
    assert len(set(entities(world).values())) == 3  # and their funder


@pytest.mark.parametrize("role", list(Role))
def test_who_may_import_history_decides_and_nobody_else(
    world: World, tmp_path: Path, role: Role
) -> None:
    add_grants(world, ["MIRI", "Machine Intelligence Research Institute"])
    search(world, tmp_path)
    merge = between(world, "MIRI", "Machine Intelligence Research Institute")
    assert merge is not None
    by = world.people[role]
    if role in (Role.PROGRAM_OFFICER, Role.COMMITTEE, Role.PLATFORM_ADMIN):
        assert decide(world, merge, "same", by).state == "merged"
        return
    reads = role in (Role.FUNDER_ADMIN, Role.FINANCE_OFFICER, Role.AUDITOR)
    with pytest.raises(NotPermitted if reads else NotFound):
        decide(world, merge, "same", by)


def test_others_names_are_not_there(world: World, tmp_path: Path) -> None:
    add_grants(world, OBSERVATORY[:2])
    search(world, tmp_path)
    merge = between(world, *OBSERVATORY[:2])
    assert merge is not None
    with pytest.raises(NotFound):
        act(world, undo_merge, world.stranger, merge_id=merge.id, version=merge.version)
    with pytest.raises(NotFound):
        act(world, searching.start_search, world.stranger, organisation_id=world.organisation_id)


def test_a_stale_or_senseless_decision_is_refused(world: World, tmp_path: Path) -> None:
    add_grants(world, ["MIRI", "Machine Intelligence Research Institute"])
    search(world, tmp_path)
    merge = between(world, "MIRI", "Machine Intelligence Research Institute")
    assert merge is not None
    with pytest.raises(InvalidInput):
        decide(world, merge, "perhaps")
    decide(world, merge, "apart")
    with pytest.raises(Conflict):
        decide(world, merge, "same")
    with pytest.raises(RuleBroken, match="decided already"):
        decide(world, fresh(world, merge), "same")
    undo(world, merge)
    with pytest.raises(RuleBroken, match="Nothing was decided"):
        undo(world, merge)
    with pytest.raises(InvalidInput):
        act_by_hand(world, "MIRI", "Nobody knows this one", "same")


def test_a_search_that_is_left_keeps_nothing(world: World, tmp_path: Path) -> None:
    add_grants(world, OBSERVATORY)
    act(world, searching.cancel_search, organisation_id=world.organisation_id)
    search(world, tmp_path)
    with world.database.reading() as session:
        assert session.get_one(NameSearch, world.organisation_id).state == "cancelled"
        assert session.scalar(sa.select(sa.func.count()).select_from(NameMerge)) == 0
    with pytest.raises(RuleBroken):
        act(world, searching.cancel_search, organisation_id=world.organisation_id)
    act(world, searching.start_search, organisation_id=world.organisation_id)
    with pytest.raises(RuleBroken, match="already"):
        act(world, searching.start_search, organisation_id=world.organisation_id)
    search(world, tmp_path)
    assert entities(world)[OBSERVATORY[1]] == OBSERVATORY[0]


def test_a_search_that_waits_is_asked_for_once(world: World) -> None:
    add_grants(world, ["Heron"])
    add_grants(world, ["Wren"])
    with world.database.reading() as session:
        jobs = sa.select(sa.func.count()).select_from(Job).where(Job.task == searching.TASK)
        assert session.scalar(jobs) == 1


def test_an_older_job_finds_out_that_it_is_stale(world: World, tmp_path: Path) -> None:
    add_grants(world, OBSERVATORY)
    config = make_config(tmp_path, "sqlite://")
    searching.find_names(world.database, config, world.organisation_id, attempt=99)
    assert entities(world) == {}


def test_the_database_itself_refuses_what_makes_no_sense(world: World, tmp_path: Path) -> None:
    add_grants(world, OBSERVATORY[:2])
    search(world, tmp_path)
    merge = between(world, *OBSERVATORY[:2])
    assert merge is not None

    def run(statement: str, **values: object) -> None:
        world.database.in_transaction(lambda s: s.execute(sa.text(statement), values))

    undo(world, merge)
    decide(world, fresh(world, merge), "apart")
    with pytest.raises(RuleBroken, match="cannot move"):
        run("update name_merge set state = 'merged' where id = :id", id=merge.id)
    with world.database.reading() as session:
        funder = session.scalars(sa.select(KnownName).where(KnownName.kind == "funder")).one()
    insert = (
        "insert into name_merge (organisation_id, kind, first_id, second_id, relation,"
        " suggested_as, reasons, state, is_automatic, is_open, version) values"
        " (:o, 'recipient', :one, :other, 'same', 'same', '[]', :state, false, false, 1)"
    )
    one, other = sorted((merge.first_id, funder.id))
    with pytest.raises(RuleBroken):
        run(insert, o=world.organisation_id, one=one, other=other, state="suggested")
    with pytest.raises(RuleBroken, match="begins as suggested"):
        run(insert, o=world.organisation_id, one=1, other=2, state="merged")
