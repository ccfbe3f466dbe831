"""The list of past grants: whose they are, filters, totals, export, many rows."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from funding.db import Database, now
from funding.imports.reading import read_records
from funding.models import HistoricGrant, Import, Organisation, Role, RoundFunder
from tests.builders import make_organisation, make_person, make_round
from tests.conftest import SignIn
from tests.queries import count_queries


@dataclass
class World:
    """Two funders of one round, a third that is not in it, each with a history; the platform's."""

    officer: str
    finance: str
    stranger: str
    researcher: str
    ids: dict[str, int]


def add_grants(
    session, organisation: Organisation, grants: list[dict], *, is_public: bool = False
) -> int:
    batch = Import(
        is_public=is_public,
        kind="history",
        organisation_id=organisation.id,
        filename=f"{organisation.key}.csv",
        sha256="",
        state="done",
    )
    session.add(batch)
    session.flush()
    for number, grant in enumerate(grants):
        values = {"funder": organisation.name, "recipient": "Larkspur", "amount": 500}
        session.add(
            HistoricGrant(
                import_id=batch.id,
                organisation_id=organisation.id,
                fingerprint=f"{organisation.key}-{number}",
                **{**values, "currency": "USD", "awarded_on": date(2020, 5, 6), **grant},
            )
        )
    return batch.id


@pytest.fixture
def world(site: Flask) -> World:
    def make(session):
        alder = make_organisation(session, key="alder", name="Alder Fund")
        birch = make_organisation(session, key="birch", name="Birch Trust")
        cedar = make_organisation(session, key="cedar", name="Cedar Foundation")
        platform = make_organisation(session, "platform", key="platform", name="This platform")
        round_ = make_round(session)
        for funder in (alder, birch):
            round_.participants.append(RoundFunder(funder=funder, joined_at=now()))
        ids = {
            "alder": add_grants(
                session,
                alder,
                [
                    {"recipient": "Sorrel Group", "amount": 1_000, "area_key": "evaluations"},
                    {"amount": -300, "awarded_on": date(2021, 1, 1), "date_precision": "year"},
                    {"amount": 900, "currency": "JPY", "purpose": "=a purpose of its own"},
                    {"amount": None, "currency": None, "awarded_on": None},
                ],
            ),
            "birch": add_grants(session, birch, [{}], is_public=True),
            "cedar": add_grants(session, cedar, [{}]),
            "platform": add_grants(session, platform, [{"funder": "Public Record"}]),
        }
        return World(
            make_person(session, alder).email,
            make_person(session, alder, Role.FINANCE_OFFICER).email,
            make_person(session, cedar).email,
            make_person(session, make_organisation(session, "institution"), Role.RESEARCHER).email,
            ids,
        )

    return database(site).in_transaction(make)


def database(site: Flask) -> Database:
    return site.extensions["database"]


def test_one_sees_ones_own_grants_the_platforms_and_what_others_published(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    finance = sign_in(site, world.finance)
    page = finance.get("/history").text
    for name in ("Alder Fund", "Birch Trust", "Public Record"):
        assert name in page
    assert "Cedar Foundation" not in page

    def withhold(session):
        session.get_one(Import, world.ids["birch"]).is_public = False

    database(site).in_transaction(withhold)
    assert "Birch Trust" not in finance.get("/history").text
    page = sign_in(site, world.stranger).get("/history").text
    assert "Cedar Foundation" in page
    assert "Public Record" in page
    assert "Alder Fund" not in page
    assert sign_in(site, world.researcher).get("/history").status_code == 403


def test_totals_are_by_currency_with_money_returned_subtracted(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    page = sign_in(site, world.officer).get(f"/history?import={world.ids['alder']}").text
    assert 'title="USD\u00a07"' in page  # 10 less 3
    assert 'title="JPY\u00a0900"' in page
    assert "Amount not known" in page
    assert "Past grants of alder.csv" in page


@pytest.mark.parametrize(
    ("query", "grants"),
    [
        ("funder=alder", 4),
        ("recipient=SORREL", 1),
        ("q=purpose", 1),
        ("q=100%25", 0),
        ("year=2021", 1),
        ("year=undated", 1),
        ("year=0000", 6),
        ("area=evaluations", 1),
        ("area=none", 5),
        ("funder=alder&year=2020", 2),
        ("import=999999999999", 6),
    ],
)
def test_the_filters_find_what_they_say(
    site: Flask, sign_in: SignIn, world: World, query: str, grants: int
) -> None:
    page = sign_in(site, world.officer).get(f"/history?{query}").text
    noun = "grant" if grants == 1 else "grants"
    assert (f"{grants} {noun}" if grants else "No grants") in page


def test_an_import_of_others_cannot_be_asked_for(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    client = sign_in(site, world.officer)
    assert client.get(f"/history?import={world.ids['cedar']}").status_code == 404
    assert client.get("/history?import=987654").status_code == 404


def test_the_export_is_safe_for_spreadsheets_and_can_be_read_again(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    answer = sign_in(site, world.officer).get("/history.csv?funder=alder&sort=recipient")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="past-grants.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == 4
    assert sorted(row["amount"] for row in rows) == ["", "-3.00", "10.00", "900"]
    assert {row["purpose"] for row in rows} == {"", "'=a purpose of its own"}
    reading = read_records(answer.data, "history")
    assert not reading.faults
    assert {(r.recipient, r.amount, r.currency, r.awarded_on) for r in reading.records} == {
        ("Sorrel Group", 1_000, "USD", date(2020, 5, 6)),
        ("Larkspur", -300, "USD", date(2021, 1, 1)),
        ("Larkspur", 900, "JPY", date(2020, 5, 6)),
        ("Larkspur", None, None, None),
    }
    assert "=a purpose of its own" in {record.purpose for record in reading.records}


def test_many_grants_page_on_the_server_with_few_queries(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    def fill(session):
        session.execute(
            sa.insert(HistoricGrant),
            [
                {
                    "import_id": world.ids["alder"],
                    "organisation_id": session.get_one(Import, world.ids["alder"]).organisation_id,
                    "funder": f"Funder {number % 90}",
                    "recipient": f"Recipient {number}",
                    "amount": number,
                    "currency": "USD",
                    "awarded_on": date(2000, 1, 1) + timedelta(days=number % 9000),
                    "area_key": "evaluations",
                    "fingerprint": f"many-{number}",
                    "occurrence": 0,
                }
                for number in range(10_000)
            ],
        )

    database(site).in_transaction(fill)
    client = sign_in(site, world.officer)
    for address in ("/history", "/history?page=150&sort=-amount", "/history?q=recipient"):
        with count_queries(database(site)) as queries:
            page = client.get(address).text
        assert page.count("<tr>") == 51
        assert len(queries) <= 11, queries
    assert len(client.get("/history.csv").text.splitlines()) == 10_007


@pytest.mark.parametrize("key", ["date", "funder", "recipient", "amount"])
def test_every_order_puts_the_unknown_last(
    site: Flask, sign_in: SignIn, world: World, key: str
) -> None:
    client = sign_in(site, world.officer)
    for sort in (key, f"-{key}"):
        rows = client.get(f"/history.csv?funder=alder&sort={sort}").text.splitlines()[1:]
        assert len(rows) == 4
        if key in ("date", "amount"):
            assert rows[-1].startswith("Alder Fund,Larkspur,,,,")
