"""Replay in the browser: a spreadsheet in, a result that only the same organisation opens."""

from __future__ import annotations

import io
import json
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from funding.models import HistoricGrant, Import, Role
from funding.tasks import TASKS
from funding.worker import Worker
from tests.builders import make_organisation, make_person
from tests.conftest import SignIn
from tests.plain_words import plain
from tests.replay.lists import HEAD, TWO_FUNDERS


def add_person(site: Flask, role: Role = Role.PROGRAM_OFFICER, kind: str = "funder") -> str:
    def add(session) -> str:
        return make_person(session, make_organisation(session, kind), role).email

    return site.extensions["database"].in_transaction(add)


@pytest.fixture
def client(site: Flask, sign_in: SignIn) -> FlaskClient:
    return sign_in(site, add_person(site))


def upload(client: FlaskClient, text: str, **form: str) -> TestResponse:
    file = (io.BytesIO(text.encode()), "folder/our grants.csv")
    return client.post("/replay", data={"file": file, **form})


def work(site: Flask) -> None:
    worker = Worker(site.extensions["database"], site.extensions["config"], TASKS)
    while worker.run_one():
        pass


def made_list(client: FlaskClient) -> str:
    answer = upload(client, f"{HEAD}\n{TWO_FUNDERS}")
    assert answer.status_code == 302, answer.text
    return answer.location


def made_result(site: Flask, client: FlaskClient, **form: str) -> str:
    address = made_list(client)
    answer = client.post(address, data={"pool": "year:2022", **form})
    assert answer.status_code == 302, answer.text
    work(site)
    return answer.location


def test_a_spreadsheet_becomes_a_result_in_three_steps(site: Flask, client: FlaskClient) -> None:
    address = made_list(client)
    page = client.get(address).text
    assert "our grants.csv" in page
    assert "5 grants with an amount, in USD" in page
    run = client.post(address, data={"pool": "year:2022"}).location
    assert "Waiting for a worker" in client.get(run).text
    assert "hx-get" in client.get(f"{run}/progress").text
    work(site)
    assert client.get(f"{run}/progress").headers["HX-Redirect"] == run
    page = client.get(run).text
    assert "Replay of 2022" in page
    assert "What cannot be concluded" in page
    assert "1 of 2 recipients had more than one funder" in page
    assert "Xylem" in page


def test_recipients_are_those_of_a_span_in_the_readers_language(
    site: Flask, client: FlaskClient
) -> None:
    run = made_result(site, client)
    page = plain(client.get(f"{run}/recipients?language=fr").text)
    assert "2021–2022" in page
    assert "2021 to 2022" not in page


def test_changed_assumptions_are_kept_shown_and_offered_again(
    site: Flask, client: FlaskClient
) -> None:
    run = made_result(site, client, merit="equal", ask_factor="1.5")
    assert json.loads(client.get(f"{run}/result.json").data)["changed"] == {
        "merit": "equal",
        "ask_factor": 1.5,
    }
    base, _, run_id = run.rpartition("/")
    form = client.get(f"{base}?like={run_id}").text
    assert '<option value="equal" selected>' in form
    assert 'value="1.5"' in form


def test_wrong_assumptions_come_back_with_what_was_typed(client: FlaskClient) -> None:
    address = made_list(client)
    answer = client.post(
        address, data={"pool": "year:1999", "ask_factor": "many", "merit": "equal"}
    )
    assert answer.status_code == 422
    assert "Choose a year or a round of the list." in answer.text
    assert "“many” must be a number" in answer.text
    assert 'value="many"' in answer.text
    assert '<option value="equal" selected>' in answer.text


def test_a_bad_file_is_refused_with_rows_and_fields_and_nothing_is_kept(
    site: Flask, client: FlaskClient
) -> None:
    answer = upload(client, f"{HEAD}\nAlder,Wren,x,2022,,\n,Wren,5,2022,,\n", columns="a=b=c")
    assert answer.status_code == 422
    answer = upload(client, f"{HEAD}\nAlder,Wren,x,2022,,\n,Wren,5,2022,,\n")
    assert answer.status_code == 422
    assert "row 2, amount" in answer.text
    assert "row 3, funder" in answer.text
    assert not (site.extensions["config"].data / "replays").exists()
    assert client.post("/replay", data={}).status_code == 422
    assert upload(client, "a=1", columns="no sign").status_code == 422


def test_the_faults_of_a_bad_file_are_said_in_the_readers_language(client: FlaskClient) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "ar"
    page = plain(upload(client, f"{HEAD}\nAlder,Wren,x,2022,,\n,Wren,5,2022,,\n").text)
    assert "الصف 2، amount: &#34;x&#34;: " in page
    assert "row 2" not in page
    assert "must be" not in page


def test_columns_with_names_of_their_own_can_be_said(client: FlaskClient) -> None:
    text = "who,whom,how much (USD),when\nAlder,Wren,5,2022\n"
    columns = "who=funder\nwhom=recipient\nhow much (USD)=amount\nwhen=awarded_on"
    assert upload(client, text, columns=columns).status_code == 302


def test_only_the_same_organisation_opens_a_replay(
    site: Flask, client: FlaskClient, sign_in: SignIn
) -> None:
    run = made_result(site, client)
    address = run.rpartition("/")[0]
    stranger = sign_in(site, add_person(site))
    missing = stranger.get(f"/replay/{'0' * 24}")
    for path in (address, run, f"{run}/recipients", f"{run}/areas.csv", f"{run}/result.json"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.text) == (404, missing.text)
    for path in (address, f"{address}/delete", f"{run}/cancel"):
        assert stranger.post(path, data={"pool": "year:2022"}).status_code == 404
    assert client.get(run).status_code == 200
    assert "our grants.csv" not in stranger.get("/replay").text


def test_a_colleague_opens_the_link_but_has_no_list_of_it(
    site: Flask, client: FlaskClient, sign_in: SignIn
) -> None:
    database = site.extensions["database"]

    def add(session) -> list[str]:
        funder = make_organisation(session)
        return [make_person(session, funder, Role.PROGRAM_OFFICER).email,
                make_person(session, funder, Role.AUDITOR).email]  # fmt: skip

    first, second = database.in_transaction(add)
    run = made_result(site, sign_in(site, first))
    colleague = sign_in(site, second)
    assert colleague.get(run).status_code == 200
    assert "our grants.csv" not in colleague.get("/replay").text


def test_researchers_have_no_replay(site: Flask, sign_in: SignIn) -> None:
    client = sign_in(site, add_person(site, Role.RESEARCHER, "institution"))
    assert client.get("/replay").status_code == 403
    assert client.post("/replay").status_code == 403


def test_a_name_that_is_no_id_leads_nowhere(client: FlaskClient) -> None:
    for name in ("..", "x", "0" * 23, "A" * 24):
        assert client.get(f"/replay/{name}").status_code == 404
    assert client.get(f"{made_list(client)}/{'0' * 24}").status_code == 404


def test_a_run_can_be_stopped_and_asked_again(site: Flask, client: FlaskClient) -> None:
    address = made_list(client)
    run = client.post(address, data={"pool": "year:2022"}).location
    client.post(f"{run}/cancel")
    assert "Stopping" in client.get(run).text
    work(site)
    assert "It was stopped" in client.get(run).text
    assert client.get(f"{run}/result.json").status_code == 404


def test_a_list_can_be_deleted_with_all_its_results(site: Flask, client: FlaskClient) -> None:
    run = made_result(site, client)
    address = run.rpartition("/")[0]
    client.post(f"{address}/delete")
    assert client.get(run).status_code == 404
    assert list((site.extensions["config"].data / "replays").iterdir()) == []


def test_a_list_deleted_while_its_run_waits_is_no_fault(site: Flask, client: FlaskClient) -> None:
    address = made_list(client)
    client.post(address, data={"pool": "year:2022"})
    client.post(f"{address}/delete")
    work(site)
    assert client.get(address).status_code == 404


def test_imported_history_can_be_replayed(site: Flask, sign_in: SignIn) -> None:
    def add(session) -> str:
        funder = make_organisation(session)
        person = make_person(session, funder, Role.PROGRAM_OFFICER)
        batch = Import(kind="history", organisation_id=funder.id, filename="x", sha256="0",
                       state="done")  # fmt: skip
        session.add(batch)
        session.flush()
        for number, (giver, to) in enumerate([("Alder", "Wren"), ("Birch", "Wren")]):
            session.add(
                HistoricGrant(
                    import_id=batch.id, organisation_id=funder.id, funder=giver, recipient=to,
                    amount=500, currency="USD", awarded_on=date(2022, 1, 1),
                    date_precision="year", fingerprint=str(number),
                )
            )  # fmt: skip
        return person.email

    client = sign_in(site, site.extensions["database"].in_transaction(add))
    assert "2 past grants" in client.get("/replay").text
    address = client.post("/replay", data={"source": "history"}).location
    assert "Imported history" in client.get(address).text


def test_the_list_of_recipients_sorts_filters_and_explains(
    site: Flask, client: FlaskClient
) -> None:
    run = made_result(site, client, need_weight="0", restrictions="any")
    page = client.get(f"{run}/recipients?sort=name").text
    assert page.index("Xylem") < page.index("Yarrow") < page.index("Zinnia")
    assert "the most in one year, 2022" in page
    only = client.get(f"{run}/recipients?fares=new").text
    assert "Zinnia" in only
    assert "Yarrow" not in only
    assert "No recipient matches" in client.get(f"{run}/recipients?q=nobody").text


def test_every_table_can_be_taken_along_and_no_cell_is_a_formula(
    site: Flask, client: FlaskClient
) -> None:
    rows = TWO_FUNDERS.replace("Xylem", "@Xylem")
    address = upload(client, f"{HEAD}\n{rows}").location
    run = client.post(address, data={"pool": "year:2022"}).location
    work(site)
    for table in ("recipients", "agreements", "areas", "funders", "variations"):
        answer = client.get(f"{run}/{table}.csv")
        assert answer.mimetype == "text/csv"
        assert len(answer.text.splitlines()) > 1
        assert not any(cell.startswith("@") for line in answer.text.splitlines()
                       for cell in line.split(","))  # fmt: skip
    assert client.get(f"{run}/secrets.csv").status_code == 404


def test_markup_in_a_name_stays_text(site: Flask, client: FlaskClient) -> None:
    rows = TWO_FUNDERS.replace("Xylem", "<img src=x onerror=alert(1)>")
    address = upload(client, f"{HEAD}\n{rows}").location
    run = client.post(address, data={"pool": "year:2022"}).location
    work(site)
    page = client.get(run).text
    assert "<img src=x" not in page
    assert "onerror=alert(1)&gt;" in page
