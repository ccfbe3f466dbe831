"""Past grants imported: what is stored, what is the same, what leaves nothing."""

from __future__ import annotations

import csv
import shutil
import threading
import time
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from funding.db import Database, now
from funding.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.models import Event, HistoricGrant, Import, Job, Organisation, Role, Scenario
from funding.paths import SEEDS
from funding.services import import_files, imports
from funding.services.import_now import Target, import_now
from funding.services.import_reading import Choices
from funding.services.round_document import build_problem
from funding.services.run_words import told
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_proposal,
    make_round,
)
from tests.services.importing import HISTORY, Desk, lines


@pytest.fixture
def desk(each_database: Database, tmp_path: Path) -> Desk:
    def make(session):
        funder = make_organisation(session)
        return make_actor(session, funder), funder.id

    by, funder_id = each_database.in_transaction(make)
    return Desk(each_database, tmp_path, by, funder_id)


def grants(database: Database) -> list[HistoricGrant]:
    with database.reading() as session:
        return list(session.scalars(sa.select(HistoricGrant).order_by(HistoricGrant.id)))


def test_a_file_is_looked_at_before_anything_is_stored(desk: Desk) -> None:
    batch = desk.look("history", HISTORY)
    assert batch.state == "preview"
    assert batch.counts == {"read": 3, "new": 3, "same": 0, "refused": 0, "faults": 0}
    assert batch.preview["totals"] == {"USD": 100_050}
    assert list(map(told, batch.notes)) == [
        "Rows without an amount, kept with the amount unknown: 1.",
        "Rows with an amount below 0: money returned, which totals subtract: 1.",
        "Rows whose area is AI safety as a whole, no part of it: 1.",
        "Rows whose area is none of ours: 1.",
        "Amounts below 0 are in row 3: if a minus is a slip, mend it first.",
    ]
    assert grants(desk.database) == []


def test_grants_are_stored_as_their_file_gave_them(desk: Desk) -> None:
    batch = desk.bring_in("history", HISTORY)
    assert (batch.state, batch.counts["new"]) == ("done", 3)
    first, returned, unknown = grants(desk.database)
    assert (first.funder, first.recipient) == ("Alder Fund", "Larkspur Lab")
    assert (first.amount, first.currency, first.area_key) == (120_050, "USD", "policy-institutions")
    assert (first.organisation_id, first.import_id) == (desk.organisation_id, batch.id)
    assert (returned.amount, returned.area_key, returned.area_text) == (-20_000, None, "Health")
    assert (unknown.amount, unknown.currency, unknown.area_key) == (None, None, None)
    assert (unknown.awarded_on, unknown.date_precision) == (date(2022, 1, 1), "year")


def test_the_same_file_again_adds_nothing(desk: Desk) -> None:
    desk.bring_in("history", HISTORY)
    again = desk.look("history", HISTORY)
    assert (again.counts["new"], again.counts["same"]) == (0, 3)
    done = desk.write(desk.confirm(again))
    assert (done.state, done.counts["new"], done.counts["same"]) == ("done", 0, 3)
    assert len(grants(desk.database)) == 3


def test_only_the_rows_that_are_new_are_added(desk: Desk) -> None:
    desk.bring_in("history", HISTORY)
    batch = desk.bring_in("history", HISTORY + b"Cedar,Tansy,5,2023-01-01,\n")
    assert (batch.counts["new"], batch.counts["same"]) == (1, 3)
    assert len(grants(desk.database)) == 4


def test_equal_rows_of_one_file_stay_as_many_grants(desk: Desk) -> None:
    twice = HISTORY + HISTORY.splitlines(keepends=True)[1]
    desk.bring_in("history", twice)
    assert [grant.occurrence for grant in grants(desk.database)] == [0, 0, 0, 1]
    assert desk.look("history", twice).counts["same"] == 4


def test_another_organisations_grants_are_not_here_already(desk: Desk) -> None:
    desk.bring_in("history", HISTORY)

    def make(session):
        other = make_organisation(session)
        return make_actor(session, other), other.id

    by, other_id = desk.database.in_transaction(make)
    other = Desk(desk.database, desk.data, by, other_id)
    assert other.bring_in("history", HISTORY).counts["new"] == 3
    assert len(grants(desk.database)) == 6


def test_one_faulty_row_keeps_all_others_out(desk: Desk) -> None:
    batch = desk.look("history", HISTORY + b"Cedar,,1.005,2023-02-30,\n")
    assert batch.state == "refused"
    assert batch.counts == {"read": 4, "new": 3, "same": 0, "refused": 1, "faults": 3}
    assert [line.split(":")[0] for line in lines(batch)] == [
        "5, amount",
        "5, awarded_on",
        "5, recipient",
    ]
    with pytest.raises(RuleBroken):
        desk.confirm(batch)
    assert grants(desk.database) == []


def test_a_file_that_is_no_table_says_what_it_is(desk: Desk) -> None:
    batch = desk.look("history", b"%PDF-1.7 and so on", "grants.csv")
    assert batch.state == "refused"
    assert batch.faults[0]["rule"].startswith("This is a PDF document, not a table.")


def test_a_file_whose_headings_mean_nothing_can_still_be_given_columns(desk: Desk) -> None:
    batch = desk.look("history", b"alpha,beta,gamma\nAlder,Larkspur,12\n")
    assert batch.state == "refused"
    assert [column["heading"] for column in batch.preview["columns"]] == ["alpha", "beta", "gamma"]
    mapping = {"alpha": "funder", "beta": "recipient", "gamma": "amount"}
    chosen = desk.read(desk.choose(batch, Choices(mapping, {"currency": "eur"})))
    assert chosen.state == "preview", chosen.faults
    desk.write(desk.confirm(chosen))
    (grant,) = grants(desk.database)
    assert (grant.funder, grant.amount, grant.currency) == ("Alder", 1_200, "EUR")


def test_a_late_answer_about_other_columns_changes_nothing(desk: Desk) -> None:
    batch = desk.put_in("history", HISTORY)
    desk.choose(batch, Choices({"cause_area": "-"}))
    assert desk.read(batch).state == "reading"  # the job of the first attempt
    assert desk.read(desk.now(batch)).state == "preview"


def test_a_preview_of_other_columns_cannot_be_confirmed(desk: Desk) -> None:
    seen = desk.look("history", HISTORY)
    desk.read(desk.choose(seen, Choices({"cause_area": "-"})))
    with pytest.raises(Conflict):
        desk.confirm(seen)


def test_pressing_twice_imports_once(desk: Desk) -> None:
    batch = desk.look("history", HISTORY)
    desk.confirm(batch)
    desk.confirm(batch)
    assert desk.write(batch).state == "done"
    assert desk.confirm(batch).state == "done"
    with desk.database.reading() as session:
        tasks = session.scalars(sa.select(Job.task).where(Job.task == imports.WRITE)).all()
    assert len(tasks) == 1
    assert len(grants(desk.database)) == 3


def test_a_job_begun_again_after_its_worker_died_writes_once(desk: Desk) -> None:
    batch = desk.confirm(desk.look("history", HISTORY))
    desk.write(batch)
    desk.write(batch)
    assert len(grants(desk.database)) == 3


def test_a_file_that_was_left_leaves_nothing(desk: Desk) -> None:
    batch = desk.confirm(desk.look("history", HISTORY))
    sha256 = desk.cancel(batch)
    assert desk.write(batch).state == "cancelled"
    assert grants(desk.database) == []
    with desk.database.reading() as session:
        import_files.forget(session, desk.data, sha256)
    assert not import_files.path_of(desk.data, sha256).exists()
    with pytest.raises(RuleBroken):
        desk.cancel(batch)


def test_cancelling_in_the_middle_of_the_work_leaves_nothing(desk: Desk) -> None:
    row = b"Alder Fund,Larkspur Lab %d,1200.50,2021-03-01,AI safety/governance\n"
    head = HISTORY.splitlines(keepends=True)[0]
    batch = desk.put_in("history", head + b"".join(row % number for number in range(60_000)))

    def is_under_way() -> bool:
        return desk.now(batch).stage.startswith("Reading the file: ")

    worker = threading.Thread(target=desk.read, args=(batch,))
    worker.start()
    while worker.is_alive() and not is_under_way():
        time.sleep(0.01)
    desk.cancel(batch)
    worker.join()
    left = desk.now(batch)
    assert (left.state, left.preview) == ("cancelled", {})
    assert grants(desk.database) == []


def test_a_file_is_forgotten_once_no_import_waits_for_it(desk: Desk) -> None:
    first, second = desk.look("history", HISTORY), desk.look("history", HISTORY)
    path = import_files.path_of(desk.data, first.sha256)
    desk.write(desk.confirm(first))
    assert path.exists()
    desk.write(desk.confirm(second))
    assert not path.exists()


def test_a_file_gone_meanwhile_is_asked_for_again(desk: Desk) -> None:
    batch = desk.put_in("history", HISTORY)
    import_files.path_of(desk.data, batch.sha256).unlink()
    read = desk.read(batch)
    assert read.state == "refused"
    assert "could not be opened" in read.faults[0]["rule"]


def test_only_who_put_a_file_in_goes_on_with_it(desk: Desk) -> None:
    batch = desk.look("history", HISTORY)

    def colleagues(session):

        own = session.get_one(Organisation, desk.organisation_id)
        return make_actor(session, own), make_actor(session, make_organisation(session))

    colleague, stranger = desk.database.in_transaction(colleagues)
    for other, refusal in ((colleague, NotPermitted), (stranger, NotFound)):
        at = Desk(desk.database, desk.data, other, desk.organisation_id)
        for act in (at.confirm, at.cancel, lambda b, at=at: at.choose(b, Choices())):
            with pytest.raises(refusal):
                act(batch)
    assert desk.now(batch).state == "preview"


@pytest.mark.parametrize(
    ("role", "refusal"),
    [(Role.FINANCE_OFFICER, NotPermitted), (Role.AUDITOR, NotPermitted), (None, NotFound)],
)
def test_only_officers_of_an_organisation_import_its_history(
    desk: Desk, role: Role | None, refusal: type[Exception]
) -> None:
    def make(session):

        own = session.get_one(Organisation, desk.organisation_id)
        return make_actor(
            session, own if role else make_organisation(session), role or Role.PROGRAM_OFFICER
        )

    other = Desk(desk.database, desk.data, desk.database.in_transaction(make), desk.organisation_id)
    with pytest.raises(refusal):
        other.put_in("history", HISTORY)


def test_an_empty_file_is_refused_at_once(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="The file is empty"):
        desk.put_in("history", b"")
    assert list((desk.data / "imports").iterdir()) == []


def test_an_area_with_only_money_returned_counts_as_unspent(desk: Desk) -> None:
    def make(session):
        owner = session.get_one(Organisation, desk.organisation_id)
        round_ = make_round(session, owner)
        make_commitment(session, round_)
        make_proposal(session, round_)
        scenario = Scenario(round=round_, name="Any", created_by_id=desk.by.person_id)
        session.add(scenario)
        session.flush()
        return scenario.id

    scenario_id = desk.database.in_transaction(make)
    today = now().date().isoformat()
    grant = f"funder,recipient,amount_usd,date,area\nA,B,-5,{today},evaluations\n"
    desk.bring_in("history", grant.encode())
    with desk.database.reading() as session:
        document = build_problem(session, session.get_one(Scenario, scenario_id)).document
    assert {area["id"]: area["spent"] for area in document["areas"]}["evaluations"] == 0


def test_the_demo_rounds_history_is_the_same_when_it_is_imported(
    demo_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "demo.sqlite3"
    shutil.copy(demo_file, path)
    database = Database(f"sqlite:///{path}")
    there = grants(database)
    loaded = [grant for grant in there if not grant.fingerprint.startswith("demo-")]
    with (SEEDS / "history.csv").open(encoding="utf-8", newline="") as file:
        assert [grant.area_key for grant in loaded] == [row["area"] for row in csv.DictReader(file)]
    found = import_now(
        database,
        SEEDS / "history.csv",
        Target("history", organisation_key="common-ground"),
        Choices(),
        is_dry=False,
        progress=lambda *_: None,
    )
    assert found.counts == {"read": len(loaded), "new": 0, "same": len(loaded), "refused": 0}
    assert len(grants(database)) == len(there)
    database.engine.dispose()


def test_every_step_is_in_the_log(desk: Desk) -> None:
    batch = desk.bring_in("history", HISTORY)
    with desk.database.reading() as session:
        events = session.scalars(
            sa.select(Event)
            .where(Event.subject_type == Import.__tablename__, Event.subject_id == batch.id)
            .order_by(Event.seq)
        ).all()
    assert [event.action for event in events] == [
        "file put in",
        "import confirmed",
        "history imported",
    ]
    assert events[-1].detail["new"] == 3
