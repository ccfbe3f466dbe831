"""The auditor's view of the log: what is in it, filters, export, proof."""

from __future__ import annotations

import csv

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from funding.models import Event, Role
from funding.models.triggers import lift_rules
from tests.conftest import SignIn
from tests.pages import words_of
from tests.routes.world import Side, make_side


@pytest.fixture
def sides(site: Flask) -> tuple[Side, Side]:
    database = site.extensions["database"]
    return database.in_transaction(make_side), database.in_transaction(make_side)


@pytest.fixture
def auditor(site: Flask, sign_in: SignIn, sides: tuple[Side, Side]) -> FlaskClient:
    return sign_in(site, sides[0].people[Role.AUDITOR])


def exported(client: FlaskClient, query: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(client.get(f"/log.csv{query}").text.lstrip("\ufeff").splitlines()))


def test_an_auditor_reads_the_acts_of_the_own_organisation_and_its_rounds_only(
    auditor: FlaskClient, sides: tuple[Side, Side]
) -> None:
    own, foreign = sides
    rows = exported(auditor)
    assert {row["action"] for row in rows} >= {"plan put forward", "line approved", "signed in"}
    assert {row["round"] for row in rows} == {"", str(own.ids["round_id"])}
    assert str(foreign.ids["round_id"]) not in {row["round"] for row in rows}
    text = words_of(auditor.get("/log").text)
    assert "Plan put forward" in text
    assert f"plan line {int(own.ids['line_id']) + 1}" in text


def test_the_log_is_filtered_by_act_person_round_and_number(
    auditor: FlaskClient, sides: tuple[Side, Side]
) -> None:
    assert {row["action"] for row in exported(auditor, "?action=line+approved")} == {
        "line approved"
    }
    newest = max(int(row["number"]) for row in exported(auditor))
    assert [int(r["number"]) for r in exported(auditor, f"?since={newest - 1}")] == [newest]
    assert exported(auditor, f"?round={sides[1].ids['round_id']}") == []
    assert exported(auditor, "?q=nobody+at+all") == []
    assert exported(auditor, "?round=%C2%B2&since=x&sort=y") == exported(auditor)


def test_the_proof_shows_a_head_to_keep_and_knows_it_again(auditor: FlaskClient) -> None:
    page = auditor.get("/log/proof")
    assert "The log is whole" in page.text
    head = page.text.split('data-copy="')[1].split('"')[0]
    assert "still there" in auditor.get("/log/proof", query_string={"head": head}).text
    other = head[:-1] + ("0" if head[-1] != "0" else "1")
    assert "not there any more" in auditor.get("/log/proof", query_string={"head": other}).text
    assert "no head of a log" in auditor.get("/log/proof?head=7").text


def test_a_changed_row_is_named_on_the_page_of_the_proof(site: Flask, auditor: FlaskClient) -> None:
    def change(session) -> None:
        lift_rules(session.connection())
        session.execute(sa.update(Event).where(Event.seq == 2).values(action="something else"))

    site.extensions["database"].in_transaction(change)
    page = auditor.get("/log/proof").text
    assert "The log is broken" in page
    assert "Event 2 does not fit" in words_of(page)
