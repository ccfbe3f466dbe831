"""Commitments imported: whose they are, what they may pay, and their money on the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from funding.db import Database, now
from funding.errors import NotFound, NotPermitted, RuleBroken
from funding.models import (
    Account,
    AccountKind,
    Commitment,
    ImportedItem,
    Organisation,
    Role,
    Round,
    RoundFunder,
)
from funding.services.import_reading import Choices
from funding.services.run_words import told
from tests.builders import make_actor, make_commitment, make_organisation, make_round
from tests.services.importing import Desk, lines

HEADINGS = (
    "id,funder,name,amount,currency,areas,regions,excludes,cap_per_proposal,ticket,starts,ends,"
    "releases\n"
)


@dataclass
class Scene:
    """A round that the Alder Fund is invited to; desks of its people."""

    desk: Desk
    finance: Desk
    round_id: int
    alder_id: int


@pytest.fixture
def scene(each_database: Database, tmp_path: Path) -> Scene:
    def make(session):
        alder = make_organisation(session, key="alder", name="Alder Fund")
        make_organisation(session, key="birch", name="Birch Trust")
        make_organisation(session, "institution", key="larkspur", name="Larkspur Lab")
        round_ = make_round(session)
        round_.participants.append(RoundFunder(funder=alder))
        session.flush()
        people = [make_actor(session, alder, r) for r in (Role.FUNDER_ADMIN, Role.FINANCE_OFFICER)]
        return alder.id, round_.id, people

    alder_id, round_id, people = each_database.in_transaction(make)
    admin, finance = (Desk(each_database, tmp_path, by, alder_id, round_id) for by in people)
    return Scene(admin, finance, round_id, alder_id)


def table(*rows: str) -> bytes:
    return (HEADINGS + "".join(f"{row}\n" for row in rows)).encode()


OPEN = 'a1,alder,Open,"1,000,000.50",USD,,,,,,,,'
CLOSE = (
    "a2,ALDER  fund,Close,90000,USD,Interpretability,south-asia|africa,larkspur,20000,1000,"
    "2026-01-01,2027-12-31,2026:60%|2027:40%"
)


def commitments(database: Database) -> list[Commitment]:
    with database.reading() as session:
        found = session.scalars(sa.select(Commitment).order_by(Commitment.id)).all()
        for each in found:
            assert each.releases is not None
            assert each.excluded is not None
        return list(found)


def test_commitments_come_in_with_their_restrictions(scene: Scene) -> None:
    batch = scene.desk.bring_in("commitments", table(OPEN, CLOSE))
    assert batch.counts["new"] == 2
    free, close = commitments(scene.desk.database)
    assert (free.key, free.name, free.amount, free.areas) == ("a1", "Open", 100_000_050, None)
    assert (close.areas, close.regions) == (["interpretability"], ["south-asia", "africa"])
    assert (close.cap_per_proposal, close.ticket) == (2_000_000, 100_000)
    assert (close.starts_on, close.ends_on) == (date(2026, 1, 1), date(2027, 12, 31))
    assert [(r.year, r.amount) for r in close.releases] == [(2026, 5_400_000), (2027, 3_600_000)]
    assert len(close.excluded) == 1
    assert {c.created_by_id for c in (free, close)} == {scene.desk.by.person_id}


def test_the_money_is_on_the_ledger_and_the_funder_has_joined(scene: Scene) -> None:
    batch = scene.desk.look("commitments", table(OPEN))
    assert list(map(told, batch.preview["effects"])) == ["1 funder joins the round: Alder Fund."]
    scene.desk.write(scene.desk.confirm(batch))
    with scene.desk.database.reading() as session:
        held = session.scalar(
            sa.select(Account.balance).where(Account.kind == AccountKind.AVAILABLE)
        )
        joined = session.scalar(
            sa.select(RoundFunder.joined_at).where(RoundFunder.funder_id == scene.alder_id)
        )
    assert held == 100_000_050
    assert joined is not None


def test_a_funders_own_list_need_not_name_the_funder(scene: Scene) -> None:
    scene.desk.bring_in("commitments", b"name,amount,currency\nOpen,5,USD\n")
    (made,) = commitments(scene.desk.database)
    assert (made.funder_id, made.name) == (scene.alder_id, "Open")


def test_the_same_file_again_adds_nothing(scene: Scene) -> None:
    scene.desk.bring_in("commitments", table(OPEN, CLOSE))
    again = scene.desk.bring_in("commitments", table(CLOSE, OPEN))
    assert (again.counts["new"], again.counts["same"]) == (0, 2)
    assert len(commitments(scene.desk.database)) == 2


def test_a_row_changed_since_is_a_fault_and_overwrites_nothing(scene: Scene) -> None:
    scene.desk.bring_in("commitments", table(OPEN))
    batch = scene.desk.look("commitments", table(OPEN.replace("1,000,000.50", "2")))
    assert lines(batch) == [
        "2, external_id: a1: changed in the file since it was imported; change the commitment on "
        "its own page"
    ]
    assert [c.amount for c in commitments(scene.desk.database)] == [100_000_050]


def test_an_identifier_entered_by_hand_is_not_taken_over(scene: Scene) -> None:
    def enter(session):
        alder = session.get_one(Organisation, scene.alder_id)
        make_commitment(session, session.get_one(Round, scene.round_id), alder, key="a1")

    scene.desk.database.in_transaction(enter)
    assert "no import brought it here" in lines(scene.desk.look("commitments", table(OPEN)))[0]


def test_every_fault_of_every_row_is_named(scene: Scene) -> None:
    batch = scene.desk.look(
        "commitments",
        table(
            "b1,Aldr Fund,One,5,USD,,,,,,,,",
            "b2,alder,Two,5,USD,,,Larkspur Labs,,,,,",
            "b3,alder,Three,5,USD,,,,,9,,,",
            "b4,birch,Four,5,USD,,,,,,,,",
            "b5,alder,Five,5,KES,,,,,,,,",
            OPEN,
        ),
    )
    assert lines(batch) == [
        "2, funder: Aldr Fund: there is no such funder; close to it: Alder Fund",
        "3, excludes: Larkspur Labs: there is no such institution; close to it: Larkspur Lab",
        "4, ticket: None: The smallest grant cannot be more than the commitment.",
        "5, funder: birch: is not a funder whose commitments you may register",
        "6, currency: None: no reference rate is published for it; register one commitment in it "
        "by hand first, with the rate that counts",
    ]
    assert batch.counts == {"read": 6, "new": 1, "same": 0, "refused": 5, "faults": 5}
    assert commitments(scene.desk.database) == []


def test_a_rate_that_a_funder_has_stated_counts_for_the_others(scene: Scene) -> None:
    def state(session):
        make_commitment(
            session,
            session.get_one(Round, scene.round_id),
            session.get_one(Organisation, scene.alder_id),
            currency="KES",
            own_rate="0.0077",
            own_rate_on=date(2026, 1, 2),
        )

    scene.desk.database.in_transaction(state)
    scene.desk.bring_in("commitments", table("b5,alder,Five,5,KES,,,,,,,,"))
    made = commitments(scene.desk.database)[-1]
    assert (Decimal(made.own_rate), made.own_rate_on) == (Decimal("0.0077"), date(2026, 1, 2))


def test_equal_rows_are_one_commitment_and_a_fault(scene: Scene) -> None:
    row = ",alder,Open,5,USD,,,,,,,,"
    (fault,) = lines(scene.desk.look("commitments", table(row, row)))
    assert fault == "3, None: None: is equal to an earlier row; a commitment is imported once"


def test_a_finance_officer_imports_only_once_the_funder_has_joined(scene: Scene) -> None:
    (fault,) = lines(scene.finance.look("commitments", table(OPEN)))
    assert fault.endswith("has not joined the round; its administrator joins first")

    def join(session):
        part = session.scalars(
            sa.select(RoundFunder).where(RoundFunder.funder_id == scene.alder_id)
        ).one()
        part.joined_at = now()

    scene.desk.database.in_transaction(join)
    assert scene.finance.bring_in("commitments", table(OPEN)).counts["new"] == 1


def test_a_round_that_does_not_invite_the_funder_takes_nothing_of_it(scene: Scene) -> None:
    def leave(session):
        session.delete(
            session.scalars(
                sa.select(RoundFunder).where(RoundFunder.funder_id == scene.alder_id)
            ).one()
        )

    scene.desk.database.in_transaction(leave)
    (fault,) = lines(scene.desk.look("commitments", table(OPEN)))
    assert "is not invited to Round" in fault


def test_a_round_closed_since_the_preview_takes_nothing(scene: Scene) -> None:
    batch = scene.desk.confirm(scene.desk.look("commitments", table(OPEN)))

    def close(session):
        round_ = session.get_one(Round, scene.round_id)
        for state in ("deciding", "closed"):
            round_.state = state
            session.flush()

    scene.desk.database.in_transaction(close)
    written = scene.desk.write(batch)
    assert written.state == "refused"
    assert "is closed; it takes no more commitments" in written.faults[0]["rule"]
    assert commitments(scene.desk.database) == []
    with pytest.raises(RuleBroken):
        scene.desk.put_in("commitments", table(OPEN))


def test_what_changed_since_the_preview_is_seen_before_writing(scene: Scene) -> None:
    batch = scene.desk.confirm(scene.desk.look("commitments", table(OPEN, CLOSE)))

    def enter(session):
        alder = session.get_one(Organisation, scene.alder_id)
        make_commitment(session, session.get_one(Round, scene.round_id), alder, key="a2")

    scene.desk.database.in_transaction(enter)
    written = scene.desk.write(batch)
    assert (written.state, len(written.faults)) == ("refused", 1)
    assert [c.key for c in commitments(scene.desk.database)] == ["a2"]


def test_columns_can_be_said_where_they_are_not_recognised(scene: Scene) -> None:
    batch = scene.desk.look("commitments", b"name,how much,in\nOpen,5,USD\n")
    assert batch.state == "refused"
    mapping = {"how much": "amount", "in": "currency"}
    chosen = scene.desk.read(scene.desk.choose(batch, Choices(mapping)))
    assert (chosen.state, chosen.counts["new"]) == ("preview", 1)


@pytest.mark.parametrize(
    ("role", "refusal"), [(Role.PROGRAM_OFFICER, NotPermitted), (None, NotFound)]
)
def test_only_the_funders_own_money_people_import(
    scene: Scene, role: Role | None, refusal: type[Exception]
) -> None:
    def make(session):
        alder = session.get_one(Organisation, scene.alder_id)
        other = alder if role else make_organisation(session)
        return make_actor(session, other, role or Role.FUNDER_ADMIN)

    desk = scene.desk
    by = desk.database.in_transaction(make)
    with pytest.raises(refusal):
        Desk(desk.database, desk.data, by, scene.alder_id, scene.round_id).put_in(
            "commitments", table(OPEN)
        )


def test_each_row_is_remembered_with_what_it_became(scene: Scene) -> None:
    batch = scene.desk.bring_in("commitments", table(OPEN, CLOSE))
    with scene.desk.database.reading() as session:
        items = session.scalars(sa.select(ImportedItem).order_by(ImportedItem.id)).all()
    made = [c.id for c in commitments(scene.desk.database)]
    assert [(i.external_id, i.commitment_id, i.import_id) for i in items] == [
        ("a1", made[0], batch.id),
        ("a2", made[1], batch.id),
    ]
