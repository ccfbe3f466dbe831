"""Studies of a result through the pages: empty, asked for, under way, done; and kept from whom."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy.orm import Session

from funding.models import ConflictOfInterest, Person, Proposal, Role, Run, Study
from funding.permissions import Actor
from funding.reports.discretion import Discretion
from funding.services.run_words import names_of
from tests.builders import make_person
from tests.conftest import SignIn
from tests.runs import small_round, solve, work


@pytest.fixture
def scene(site: Flask, tmp_path: Path) -> tuple[Flask, Actor, int]:
    database = site.extensions["database"]
    by, scenario_id = database.in_transaction(small_round)
    return site, by, solve(database, tmp_path, by, scenario_id).id


def email_of(site: Flask, by: Actor) -> str:
    with site.extensions["database"].reading() as session:
        return session.get_one(Person, by.person_id).email


def test_an_officer_asks_for_a_study_watches_it_and_reads_it(
    scene: tuple[Flask, Actor, int], sign_in: SignIn, tmp_path: Path
) -> None:
    site, by, run_id = scene
    officer = sign_in(site, email_of(site, by))
    address = f"/runs/{run_id}/studies/frontier"
    first = f"/runs/{run_id}/studies/alternatives"
    assert first in officer.get(f"/runs/{run_id}").text  # the tab
    assert address in officer.get(first).text
    empty = officer.get(address).text
    assert "Work it out" in empty
    assert officer.post(address).headers["Location"] == address
    waiting = officer.get(address).text
    assert "Waiting for a worker" in waiting
    assert '<meta http-equiv="refresh"' in waiting  # for browsers without scripts
    assert "being worked out already" in officer.post(address).text
    with site.extensions["database"].reading() as session:
        study_id = session.scalars(sa.select(Study.id)).one()
    assert f"/studies/{study_id}/cancel" in officer.get(f"/studies/{study_id}/progress").text
    work(site.extensions["database"], tmp_path)
    answer = officer.get(f"/studies/{study_id}/progress")
    assert answer.headers["HX-Redirect"] == address
    done = officer.get(address).text
    assert "Work it out" not in done
    assert "Needs covered" in done


def test_the_study_of_pooling_names_funders_and_says_how_groups_were_looked_for(
    scene: tuple[Flask, Actor, int], sign_in: SignIn, tmp_path: Path
) -> None:
    site, by, run_id = scene
    officer = sign_in(site, email_of(site, by))
    address = f"/runs/{run_id}/studies/pooling"
    assert address in officer.get(f"/runs/{run_id}/funders").text
    officer.post(address)
    work(site.extensions["database"], tmp_path)
    page = officer.get(address).text
    with site.extensions["database"].reading() as session:
        run = session.get_one(Run, run_id)
        study = session.scalars(sa.select(Study)).one()
        names = names_of(session, run.scenario.round)
        keys = sorted(study.result["funders"])
    assert len(keys) == 2
    assert all(names[key] in page for key in keys)
    assert "There are 2 groups of some but not all of the 2 funders" in page


@pytest.mark.parametrize(
    ("kind", "chart", "head"),
    [
        ("frontier", "frontier", "Plan,"),
        ("sureness", "strip", "Proposal,"),
        ("pooling", "pooling-gain", "Funder,"),
    ],
)
def test_each_chart_has_its_figures_as_a_file_and_leads_to_its_rows(
    scene: tuple[Flask, Actor, int],
    sign_in: SignIn,
    tmp_path: Path,
    kind: str,
    chart: str,
    head: str,
) -> None:
    site, by, run_id = scene
    officer = sign_in(site, email_of(site, by))
    address = f"/runs/{run_id}/studies/{kind}"
    assert officer.get(f"{address}/{chart}.csv").status_code == 404  # not worked out yet
    officer.post(address)
    work(site.extensions["database"], tmp_path)
    page = BeautifulSoup(officer.get(address).text, "html.parser")
    figure = page.select_one(f"figure#{chart}")
    assert figure is not None
    to_rows, to_file = figure.select(".figure-foot a")
    rows = page.select_one(str(to_rows["href"]))
    assert rows is not None
    lines = officer.get(str(to_file["href"])).text.lstrip("\ufeff").splitlines()
    assert lines[0].startswith(head)
    assert len(lines) - 1 == len(rows.select("tbody tr"))
    assert officer.get(f"{address}/other.csv").status_code == 404


def test_a_cancelled_study_offers_to_go_on(
    scene: tuple[Flask, Actor, int], sign_in: SignIn
) -> None:
    site, by, run_id = scene
    officer = sign_in(site, email_of(site, by))
    address = f"/runs/{run_id}/studies/frontier"
    officer.post(address)
    with site.extensions["database"].reading() as session:
        study_id = session.scalars(sa.select(Study.id)).one()
    assert officer.post(f"/studies/{study_id}/cancel").headers["Location"] == address
    page = officer.get(address).text
    assert "It was stopped" in page
    assert "Go on" in page


def test_a_reader_without_the_right_to_run_sees_no_button(
    scene: tuple[Flask, Actor, int], sign_in: SignIn
) -> None:
    site, by, run_id = scene

    def auditor(session: Session) -> str:
        person = session.get_one(Person, by.person_id)
        return make_person(session, person.bindings[0].organisation, Role.AUDITOR).email

    client = sign_in(site, site.extensions["database"].in_transaction(auditor))
    page = client.get(f"/runs/{run_id}/studies/frontier")
    assert page.status_code == 200
    assert "Work it out" not in page.text
    assert client.post(f"/runs/{run_id}/studies/frontier").status_code == 403


def test_there_is_no_study_of_an_unknown_kind(
    scene: tuple[Flask, Actor, int], sign_in: SignIn
) -> None:
    site, by, run_id = scene
    officer = sign_in(site, email_of(site, by))
    assert officer.get(f"/runs/{run_id}/studies/horoscope").status_code == 404
    assert officer.post(f"/runs/{run_id}/studies/horoscope").status_code == 404


def test_what_a_person_may_not_hear_of_is_taken_out_of_a_document(
    scene: tuple[Flask, Actor, int],
) -> None:
    site, by, run_id = scene

    def conflict(session: Session) -> None:
        hidden = session.scalars(sa.select(Proposal).where(Proposal.key == "A")).one()
        session.add(
            ConflictOfInterest(
                proposal_id=hidden.id,
                person_id=by.person_id,
                reason="kin",
                declared_by_id=by.person_id,
            )
        )

    database = site.extensions["database"]
    database.in_transaction(conflict)
    with database.reading() as session:
        round_id = session.get_one(Run, run_id).scenario.round_id
        discretion = Discretion.of(session, by, round_id)
    document = {
        "totals": {"A": 5, "B": 6},
        "rows": [{"proposal": "A", "amount": 5}, {"proposal": "B", "amount": 6}],
        "listed": ["A", "B"],
        "nested": [{"kept": {"others": ["A"], "first": "A", "words": "Beside “Title A” (A)."}}],
        "figure": 5,
    }
    assert discretion.document(document) == {
        "totals": {"B": 6},
        "rows": [{"proposal": "B", "amount": 6}],
        "listed": ["B"],
        "nested": [{"kept": {"others": [], "first": None, "words": "Beside another proposal."}}],
        "figure": 5,
    }


def test_a_results_proposals_are_filtered_by_how_sure_they_are_once_that_is_known(
    scene: tuple[Flask, Actor, int], sign_in: SignIn
) -> None:
    site, by, run_id = scene
    database = site.extensions["database"]
    officer = sign_in(site, email_of(site, by))
    address = f"/runs/{run_id}"

    def rows(sureness: str) -> set[str]:
        page = BeautifulSoup(officer.get(f"{address}?sureness={sureness}").text, "html.parser")
        shown = {link["href"].rsplit("/", 1)[1] for link in page.select("#results tbody th a")}
        return {keys[int(each)] for each in shown}

    with database.reading() as session:
        keys = dict(session.execute(sa.select(Proposal.id, Proposal.key)).all())
    every = sorted(keys.values())
    assert "How sure" not in officer.get(address).text
    assert rows("always") == set()
    assert rows("open") == set(every)  # nothing is known yet

    def study(session: Session) -> None:
        standings = {every[0]: {"standing": "always"}, every[1]: {"standing": "open"}}
        result = {"standings": standings}
        session.add(Study(run_id=run_id, kind="sureness", state="done", result=result))

    database.in_transaction(study)
    assert "How sure" in officer.get(address).text
    assert rows("always") == {every[0]}
    assert rows("never") == set()
    assert rows("open") == set(every[1:])
    assert rows("nonsense") == set(every)
    table = officer.get(f"{address}/proposals.csv?sureness=always").text
    assert len(table.splitlines()) == 2
