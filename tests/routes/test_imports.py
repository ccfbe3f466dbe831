"""Imports in the browser: a file put in, its preview, columns, faults, going ahead, the list."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from funding.db import Database
from funding.models import Commitment, HistoricGrant, Import, Proposal, Role, RoundFunder
from funding.routes import imports as routes
from funding.tasks import TASKS
from funding.worker import Worker
from tests.builders import make_organisation, make_person, make_proposal, make_round
from tests.conftest import SignIn
from tests.queries import count_queries

TABLE = (
    b"funder,recipient,amount_usd,date\n"
    b"Alder Fund,Larkspur,5,2020-01-01\n"
    b"Birch,Sorrel,7,2021-02-02\n"
)


@dataclass
class World:
    """A funder with an officer, an administrator, an auditor; a committee's open round it joins."""

    officer: str
    admin: str
    auditor: str
    stranger: str
    committee_officer: str
    funder_id: int
    committee_id: int
    round_id: int


@pytest.fixture
def world(site: Flask) -> World:
    def make(session):
        funder = make_organisation(session, key="alder", name="Alder Fund")
        committee = make_organisation(session, "committee")
        round_ = make_round(session, committee, state="open")
        round_.participants.append(RoundFunder(funder=funder))
        session.flush()
        people = [
            make_person(session, funder, role).email
            for role in (Role.PROGRAM_OFFICER, Role.FUNDER_ADMIN, Role.AUDITOR)
        ]
        stranger = make_person(session, make_organisation(session)).email
        other = make_person(session, committee).email
        return World(*people, stranger, other, funder.id, committee.id, round_.id)

    return database(site).in_transaction(make)


def database(site: Flask) -> Database:
    return site.extensions["database"]


def count(site: Flask, model: type) -> int:
    with database(site).reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model))


def the_import(site: Flask) -> Import:
    with database(site).reading() as session:
        return session.scalars(sa.select(Import).order_by(Import.id.desc())).first()


def put_in(
    client: FlaskClient,
    world: World,
    content: bytes = TABLE,
    name: str = "grants.csv",
    kind: str = "history",
    **values: str,
) -> TestResponse:
    organisation = {"organisation_id": str(world.funder_id)}
    data = {"kind": kind, "file": (io.BytesIO(content), name), **organisation, **values}
    return client.post("/imports/new", data=data)


def work(site: Flask) -> None:
    """Let a worker do all that waits."""
    worker = Worker(database(site), site.extensions["config"], TASKS)
    while worker.run_one():
        pass


def test_a_small_file_is_put_in_looked_at_and_imported(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    client = sign_in(site, world.officer)
    answer = put_in(client, world)
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"]).text
    assert "New, to be imported: 2 past grants." in page
    assert "Alder Fund" in page
    assert "12" in page  # the total
    assert count(site, HistoricGrant) == 0
    batch = the_import(site)
    client.post(f"/imports/{batch.id}/confirm", data={"attempt": batch.attempt})
    page = client.get(f"/imports/{batch.id}").text
    assert ": 2 past grants." in page
    assert f"/history?import={batch.id}" in page
    assert count(site, HistoricGrant) == 2
    work(site)  # the jobs that waited all the same
    assert count(site, HistoricGrant) == 2


def test_a_large_file_is_read_and_written_by_the_worker(
    site: Flask, sign_in: SignIn, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "AT_ONCE", 10)
    client = sign_in(site, world.officer)
    address = put_in(client, world).headers["Location"]
    page = client.get(address).text
    assert f'hx-get="{address}"' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    part = client.get(address, headers={"HX-Request": "true"})
    assert "Reading the file" in part.text
    assert "<html" not in part.text
    work(site)
    assert client.get(address, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    batch = the_import(site)
    client.post(f"{address}/confirm", data={"attempt": batch.attempt})
    assert "Importing the file" in client.get(address).text
    work(site)
    assert ": 2 past grants." in client.get(address).text
    assert count(site, HistoricGrant) == 2


def test_a_running_import_can_be_cancelled(
    site: Flask, sign_in: SignIn, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "AT_ONCE", 10)
    client = sign_in(site, world.officer)
    address = put_in(client, world).headers["Location"]
    work(site)
    client.post(f"{address}/confirm", data={"attempt": "1"})
    page = client.post(f"{address}/cancel", follow_redirects=True).text
    assert "Nothing of it is stored" in page
    work(site)
    assert count(site, HistoricGrant) == 0
    assert client.post(f"{address}/cancel").status_code == 409


def test_what_is_here_already_is_said_before_anything_happens(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    client = sign_in(site, world.officer)
    for _ in range(2):
        address = put_in(client, world).headers["Location"]
        client.post(f"{address}/confirm", data={"attempt": "1"})
    address = put_in(client, world, TABLE + b"Cedar,Tansy,1,2022-01-01\n").headers["Location"]
    page = re.sub(r"\s+", " ", client.get(address).text)
    assert "New, to be imported: 1 past grant. 2 are here already and stay as they are." in page
    same = put_in(client, world).headers["Location"]
    page = client.get(same).text
    assert "Nothing in this file is new." in page
    assert "/confirm" not in page


def test_amounts_below_zero_are_pointed_out_by_row_before_anything_is_written(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    client = sign_in(site, world.officer)
    address = put_in(client, world, TABLE + b"Cedar,Tansy,-1,2022-01-01\n").headers["Location"]
    page = re.sub(r"\s+", " ", client.get(address).text)
    assert "Some amounts are below 0" in page
    assert "The first of them: row 4." in page
    address = put_in(client, world).headers["Location"]
    assert "below 0" not in client.get(address).text


def test_faults_are_listed_by_row_and_can_be_taken_along(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    client = sign_in(site, world.officer)
    bad = TABLE + b"".join(b"=cmd(%d),,1.005,2021-02-02\n" % n for n in range(60))
    address = put_in(client, world, bad).headers["Location"]
    page = re.sub(r"\s+", " ", client.get(address).text)
    assert "60 rows of 62 have faults." in page
    assert "180 faults" in page
    assert "at most 2 decimals in USD" in page
    assert "/confirm" not in page
    assert page.count('<th scope="row" class="fit"') >= 50
    assert "1 to 50 of 180 faults" in page
    assert "51 to 100 of 180 faults" in client.get(f"{address}?page=2").text
    table = client.get(f"{address}/faults.csv").text
    assert table.startswith("\ufeffrow,field,value,rule\r\n4,")
    assert "'=cmd(0)" in table
    assert len(table.splitlines()) == 181


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"%PDF-1.7", "grants.csv", "This is a PDF document, not a table."),
        (b"PK\x03\x04nonsense", "grants.xlsx", "damaged"),
        (b"alpha,beta\n1,2\n", "grants.csv", "No row of column headings was recognised."),
        (b"<html><body>no</body></html>", "grants.csv", "This is a web page"),
    ],
)
def test_files_that_are_not_what_they_say_are_answered_in_words(
    site: Flask, sign_in: SignIn, world: World, content: bytes, name: str, sentence: str
) -> None:
    client = sign_in(site, world.officer)
    page = client.get(put_in(client, world, content, name).headers["Location"]).text
    assert sentence in page
    assert "Corrected file" in page


def test_an_empty_upload_brings_the_form_back_as_it_was(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    client = sign_in(site, world.admin)
    answer = put_in(client, world, b"", kind="commitments", round_id=str(world.round_id))
    assert answer.status_code == 422
    assert "The file is empty." in answer.text
    assert f'<option value="{world.round_id}" selected>' in answer.text
    nothing = client.post("/imports/new", data={"kind": "commitments", "round_id": ""})
    assert nothing.status_code == 422
    assert "Choose the round." in nothing.text
    assert count(site, Import) == 0


def test_columns_are_chosen_by_menus_and_stay_chosen_for_a_corrected_file(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    client = sign_in(site, world.officer)
    table = b"given by,given to,sum of money,when\nAlder,Larkspur,5,05/06/2020\n"
    address = put_in(client, world, table).headers["Location"]
    page = client.get(address).text
    assert "No row of column headings was recognised." in page
    chosen = {
        "field.0": "funder",
        "field.1": "recipient",
        "field.2": "amount",
        "field.3": "awarded_on",
        "default.currency": "GBP",
        "month_first": "1",
    }
    client.post(f"{address}/columns", data=chosen)
    page = client.get(address).text
    assert "New, to be imported: 1 past grant." in page
    assert "2020-05-06" in page
    assert "5.00 GBP" in page
    more = table + b"Birch,Sorrel,7,01/02/2020\n"
    data = {"file": (io.BytesIO(more), "better.csv")}
    page = client.post(f"{address}/file", data=data, follow_redirects=True).text
    assert "better.csv" in page
    assert "New, to be imported: 2 past grants." in page


def test_a_field_given_to_another_column_leaves_the_first(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    client = sign_in(site, world.officer)
    table = b"funder,recipient,amount_usd,paid_usd\nAlder,Larkspur,5,3\n"
    address = put_in(client, world, table).headers["Location"]
    # both menus name the amount: the one that was changed counts
    client.post(f"{address}/columns", data={"field.2": "amount", "field.3": "amount"})
    assert the_import(site).preview["totals"] == {"USD": 300}
    client.post(f"{address}/columns", data={"field.2": "amount", "field.3": "amount"})
    assert the_import(site).preview["totals"] == {"USD": 500}


def test_another_sheet_can_be_read(site: Flask, sign_in: SignIn, world: World) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for title, amount in (("2020", 5), ("2021", 7)):
        sheet = book.create_sheet(title)
        sheet.append(["funder", "recipient", "amount_usd"])
        sheet.append(["Alder", "Larkspur", amount])
    stream = io.BytesIO()
    book.save(stream)
    client = sign_in(site, world.officer)
    address = put_in(client, world, stream.getvalue(), "grants.xlsx").headers["Location"]
    assert the_import(site).preview["totals"] == {"USD": 500}
    client.post(f"{address}/columns", data={"sheet": "2021"})
    assert the_import(site).preview["totals"] == {"USD": 700}


def test_commitments_come_in_through_the_browser(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    client = sign_in(site, world.admin)
    table = b"name,amount,currency\nOpen Window,1000,USD\n"
    answer = put_in(client, world, table, kind="commitments", round_id=str(world.round_id))
    page = client.get(answer.headers["Location"]).text
    assert "New, to be imported: 1 commitment." in page
    assert "1 funder joins the round: Alder Fund." in page
    client.post(f"{answer.headers['Location']}/confirm", data={"attempt": "1"})
    page = client.get(answer.headers["Location"]).text
    assert f"/rounds/{world.round_id}/commitments" in page
    assert count(site, Commitment) == 1


PROPOSAL = (
    b"title,areas,ask,institution,lead\n"
    b"Probing for deception,evaluations,5,Sorrel,ada@sorrel.example\n"
)


def test_the_cells_of_imported_proposals_are_seen_by_who_put_them_in(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    officer = sign_in(site, world.officer)
    answer = put_in(officer, world, PROPOSAL, kind="proposals", round_id=str(world.round_id))
    address = answer.headers["Location"]
    assert "Probing for deception" in officer.get(address).text
    for other in (world.admin, world.auditor):
        page = sign_in(site, other).get(address)
        assert page.status_code == 200
        assert "New, to be imported: 1 proposal." in page.text
        assert "Probing for deception" not in page.text
        assert "/confirm" not in page.text
    assert sign_in(site, world.stranger).get(address).status_code == 404
    officer.post(f"{address}/confirm", data={"attempt": "1"})
    assert count(site, Proposal) == 1


def test_an_auditor_reads_and_starts_nothing(site: Flask, sign_in: SignIn, world: World) -> None:
    auditor = sign_in(site, world.auditor)
    page = auditor.get("/imports")
    assert page.status_code == 200
    assert "/imports/new" not in page.text
    assert auditor.get("/imports/new").status_code == 403
    assert put_in(auditor, world).status_code == 403


def test_each_kind_is_offered_to_whom_it_is_for(site: Flask, sign_in: SignIn, world: World) -> None:
    officer = sign_in(site, world.officer).get("/imports/new").text
    assert "kind=proposals" in officer
    assert "kind=commitments" not in officer
    admin = sign_in(site, world.admin).get("/imports/new").text
    assert 'name="kind" value="commitments"' in admin
    assert put_in(sign_in(site, world.admin), world, kind="history").status_code == 422


def test_the_organisation_is_one_of_the_persons_own(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    client = sign_in(site, world.officer)
    answer = put_in(client, world, organisation_id=str(world.committee_id))
    assert answer.status_code == 404
    assert count(site, Import) == 0


def test_the_list_shows_ones_own_organisations_files_only(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    put_in(sign_in(site, world.officer), world, name="ours.csv")
    theirs = sign_in(site, world.committee_officer)
    put_in(theirs, world, name="theirs.csv", organisation_id=str(world.committee_id))
    assert "ours.csv" in sign_in(site, world.auditor).get("/imports").text
    page = theirs.get("/imports").text
    assert "theirs.csv" in page
    assert "ours.csv" not in page
    assert "theirs.csv" not in theirs.get("/imports?state=done").text
    assert "theirs.csv" in theirs.get("/imports?kind=history&q=THEIR").text


def test_a_list_of_many_files_takes_few_queries(site: Flask, sign_in: SignIn, world: World) -> None:
    def fill(session):
        session.add_all(
            Import(
                kind="history",
                organisation_id=world.funder_id,
                filename=f"file-{number}.csv",
                sha256="",
                state="done",
                preview={"columns": ["much"] * 100},
            )
            for number in range(300)
        )

    database(site).in_transaction(fill)
    client = sign_in(site, world.officer)
    with count_queries(database(site)) as queries:
        page = client.get("/imports?page=3").text
    assert "101 to 150 of 300 files" in page
    assert len(queries) <= 9, queries
    assert not any("import.preview" in query for query in queries)


def test_a_person_who_is_in_conflict_learns_nothing_from_an_import(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    """The page of an import names no proposal to anybody but who put the file in."""
    officer = sign_in(site, world.officer)
    answer = put_in(officer, world, PROPOSAL, kind="proposals", round_id=str(world.round_id))

    def colleague(session):
        from funding.models import Organisation, Round

        made = make_person(session, session.get_one(Organisation, world.funder_id))
        make_proposal(session, session.get_one(Round, world.round_id), lead=made)
        return made.email

    other = sign_in(site, database(site).in_transaction(colleague))
    page = other.get(answer.headers["Location"]).text
    assert "Probing" not in page
    assert "Sorrel" not in page
    assert "ada@" not in page
    assert other.get(f"{answer.headers['Location']}/faults.csv").status_code == 404
