"""The pages of names: the list, two side by side, one with all its spellings; who may decide."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from funding.db import Database
from funding.models import HistoricGrant, Import, KnownName, NameMerge, Role
from funding.services.names import searching
from tests.builders import make_organisation, make_person
from tests.conftest import SignIn, make_config
from tests.pages import undo_of
from tests.queries import count_queries
from tests.routes.test_history import add_grants

OBSERVATORY = "Larkspur Meteorological Observatory"
HOSTILE = "<b>Heron</b> & \u202eמכון 🦆 Trust"


@dataclass
class World:
    funder_id: int
    people: dict[Role, str]
    stranger: str


def database(site: Flask) -> Database:
    return site.extensions["database"]


@pytest.fixture
def world(site: Flask, tmp_path) -> World:
    def make(session: Session) -> World:
        funder = make_organisation(session, name="Alder Fund")
        grants = [
            {"recipient": OBSERVATORY, "amount": 100_00},
            {"recipient": OBSERVATORY, "amount": 200_00, "awarded_on": date(2022, 1, 1)},
            {"recipient": f"The {OBSERVATORY}, Inc.", "amount": 400_00, "funder": "Birch Trust"},
            {"recipient": "MIRI", "amount": 7_00, "currency": "EUR"},
            {
                "recipient": "Machine Intelligence Research Institute",
                "amount": None,
                "currency": None,
                "awarded_on": None,
            },
            {"recipient": HOSTILE},
            {"recipient": HOSTILE.replace("Trust", "Trust, Ltd")},
        ]
        add_grants(session, funder, grants)
        searching.ask_for_search(session, funder.id)
        people = {role: make_person(session, funder, role).email for role in Role}
        stranger = make_person(session, make_organisation(session)).email
        return World(funder.id, people, stranger)

    made = database(site).in_transaction(make)
    config = make_config(tmp_path, "sqlite://")
    searching.find_names(database(site), config, made.funder_id, 1)
    return made


def merge_between(site: Flask, one: str, other: str) -> NameMerge:
    with database(site).reading() as session:
        ids = dict(session.execute(sa.select(KnownName.spelling, KnownName.id)).all())
        first, second = sorted((ids[one], ids[other]))
        return session.scalars(
            sa.select(NameMerge).where(NameMerge.first_id == first, NameMerge.second_id == second)
        ).one()


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("", 1),
        ("state=every", 3),
        ("state=every&q=larkspur", 1),
        ("state=every&q=100%25", 0),
        ("state=automatic", 2),
        ("state=suggested", 1),
        ("state=nonsense", 1),
        ("state=every&kind=funder", 0),
        ("state=every&least=98", 2),
        ("relation=part", 0),
        ("state=every&sort=name&least=50", 3),
        ("state=every&sort=-grants", 3),
    ],
)
def test_the_filters_find_what_they_say(
    site: Flask, sign_in: SignIn, world: World, query: str, pairs: int
) -> None:
    page = sign_in(site, world.people[Role.PROGRAM_OFFICER]).get(f"/history/names?{query}").text
    assert (f"{pairs} pair" if pairs else "No pairs") in page


def test_hostile_names_are_shown_as_text(site: Flask, sign_in: SignIn, world: World) -> None:
    client = sign_in(site, world.people[Role.PROGRAM_OFFICER])
    merge = merge_between(site, HOSTILE, HOSTILE.replace("Trust", "Trust, Ltd"))
    for address in (
        "/history/names?state=every",
        f"/history/names/merges/{merge.id}",
        f"/history/names/{merge.first_id}",
        f"/history?entity={merge.first_id}",
    ):
        page = client.get(address).text
        assert "<b>Heron</b>" not in page
        assert "&lt;b&gt;Heron&lt;/b&gt;" in page


def test_two_names_are_decided_on_and_undone(site: Flask, sign_in: SignIn, world: World) -> None:
    merge = merge_between(site, "MIRI", "Machine Intelligence Research Institute")
    client = sign_in(site, world.people[Role.COMMITTEE])
    address = f"/history/names/merges/{merge.id}"
    page = client.get(address).text
    assert "fits the initials" in page
    assert "EUR" in page
    assert "1 grant of unknown amount" in page
    assert client.post(address, data={"version": merge.version}).status_code == 422
    answer = client.post(address, data={"version": merge.version, "verdict": "same"})
    assert answer.status_code == 302
    decided = client.get(address).text
    assert "The two are one now." in decided
    stale = client.post(address, data={"version": merge.version, "verdict": "apart"})
    assert stale.status_code == 409
    assert "Somebody else decided on these names meanwhile." in stale.text
    shown = client.get(f"/history/names/{merge.second_id}").text
    assert "spelt in 2 ways" in shown
    assert "Person" in shown  # who merged them
    undo = undo_of(decided)
    assert undo is not None
    undone = client.post(undo[0], data=undo[1])
    assert undone.status_code == 302
    assert "spelt in" not in client.get(f"/history/names/{merge.second_id}").text


def test_past_grants_are_filtered_by_entity_and_keep_their_spelling(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    merge = merge_between(site, OBSERVATORY, f"The {OBSERVATORY}, Inc.")
    client = sign_in(site, world.people[Role.FINANCE_OFFICER])
    for name_id in (merge.first_id, merge.second_id):
        page = client.get(f"/history?entity={name_id}").text
        assert "3 grants" in page
        assert 'title="USD\u00a0700"' in page
        assert f"The {OBSERVATORY}, Inc." in page
        assert page.count("counted as") == 1
        assert f"Past grants of {OBSERVATORY}" in page
        assert len(client.get(f"/history.csv?entity={name_id}").text.splitlines()) == 4
    assert "3 grants" in client.get("/history?recipient=the+larkspur").text
    assert client.get("/history?entity=98765").status_code == 404


def test_an_entity_shows_its_money_by_year_and_takes_another_name_by_hand(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    merge = merge_between(site, OBSERVATORY, f"The {OBSERVATORY}, Inc.")
    client = sign_in(site, world.people[Role.PROGRAM_OFFICER])
    address = f"/history/names/{merge.first_id}"
    page = client.get(address).text
    assert "Most money was in 2020: USD\u00a0500" in page
    assert "Birch Trust" in page
    wrong = client.post(f"{address}/merges", data={"spelling": "Nobody", "verdict": "same"})
    assert wrong.status_code == 422
    assert "No recipient of these past grants is spelt like this." in wrong.text
    made = client.post(f"{address}/merges", data={"spelling": "MIRI", "verdict": "whole"})
    assert made.status_code == 302
    assert "Parts of it, counted by themselves" in client.get(address).text
    assert client.post(f"/history/names/{merge.second_id}/take-out").status_code == 302
    assert "spelt in" not in client.get(address).text


@pytest.mark.parametrize(
    ("role", "reads", "decides"),
    [
        (Role.PROGRAM_OFFICER, True, True),
        (Role.COMMITTEE, True, True),
        (Role.PLATFORM_ADMIN, True, True),
        (Role.FINANCE_OFFICER, True, False),
        (Role.AUDITOR, True, False),
        (Role.FUNDER_ADMIN, True, False),
        (Role.RESEARCHER, False, False),
        (Role.REVIEWER, False, False),
    ],
)
def test_who_reads_names_and_who_decides(
    site: Flask, sign_in: SignIn, world: World, role: Role, reads: bool, decides: bool
) -> None:
    merge = merge_between(site, "MIRI", "Machine Intelligence Research Institute")
    client = sign_in(site, world.people[role])
    address = f"/history/names/merges/{merge.id}"
    page = client.get(address)
    assert page.status_code == (200 if reads else 403)
    assert ("Your decision" in page.text) == decides
    answer = client.post(address, data={"version": merge.version, "verdict": "apart"})
    assert answer.status_code == (302 if decides else 403)
    assert ("Compare again" in client.get("/history/names").text) == decides


def test_names_of_others_are_not_there(site: Flask, sign_in: SignIn, world: World) -> None:
    merge = merge_between(site, "MIRI", "Machine Intelligence Research Institute")
    client = sign_in(site, world.stranger)
    assert client.get(f"/history/names/merges/{merge.id}").status_code == 404
    assert client.get(f"/history/names/{merge.first_id}").status_code == 404
    assert client.get(f"/history?entity={merge.first_id}").status_code == 404
    assert "No names to look at" in client.get("/history/names").text


def test_of_published_grants_of_others_no_unpublished_name_is_shown(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    """The name that stands for a recipient may come from grants that are not published."""

    def publish(session: Session) -> None:
        batch = Import(
            kind="history",
            organisation_id=world.funder_id,
            filename="open.csv",
            sha256="",
            state="done",
            is_public=True,
        )
        session.add(batch)
        session.flush()
        session.add(
            HistoricGrant(
                import_id=batch.id,
                organisation_id=world.funder_id,
                funder="Alder Fund",
                recipient=f"The {OBSERVATORY}, Inc.",
                fingerprint="open",
            )
        )

    database(site).in_transaction(publish)
    merge = merge_between(site, OBSERVATORY, f"The {OBSERVATORY}, Inc.")
    own = sign_in(site, world.people[Role.PROGRAM_OFFICER]).get("/history").text
    assert "counted as" in own
    client = sign_in(site, world.stranger)
    page = client.get("/history").text
    assert f"The {OBSERVATORY}, Inc." in page
    assert "counted as" not in page
    for query in (f"entity={merge.first_id}", "recipient=larkspur+meteorological+observatory+x"):
        rows = client.get(f"/history.csv?{query}").text.splitlines()
        assert len(rows) == 1


def test_the_comparing_is_followed_and_left(site: Flask, sign_in: SignIn, world: World) -> None:
    client = sign_in(site, world.people[Role.PROGRAM_OFFICER])
    base = f"/history/names/{world.funder_id}"
    assert client.get(f"{base}/comparing").headers["HX-Redirect"] == "/history/names"
    assert client.post(f"{base}/compare").status_code == 302
    assert client.post(f"{base}/compare").status_code == 409
    assert "Comparing the names of Alder Fund" in client.get("/history/names").text
    assert "Waiting for its turn" in client.get(f"{base}/comparing").text
    assert client.post(f"{base}/compare/cancel").status_code == 302
    assert "was left" in client.get("/history/names").text
    assert client.get("/history/names/98765/comparing").status_code == 404


def test_ten_thousand_suggestions_stay_paged_with_few_queries(
    site: Flask, sign_in: SignIn, world: World
) -> None:
    def fill(session: Session) -> None:
        session.execute(
            sa.insert(KnownName),
            [
                {
                    "organisation_id": world.funder_id,
                    "kind": "recipient",
                    "spelling": f"Recipient {number}",
                    "reference": "",
                    "grants": number % 7,
                    "is_compared": True,
                }
                for number in range(10_001)
            ],
        )
        ids = list(
            session.scalars(
                sa.select(KnownName.id)
                .where(KnownName.spelling.startswith("Recipient "))
                .order_by(KnownName.id)
            )
        )
        session.execute(sa.update(KnownName).values(entity_id=KnownName.id))
        session.execute(
            sa.insert(NameMerge),
            [
                {
                    "organisation_id": world.funder_id,
                    "kind": "recipient",
                    "first_id": first,
                    "second_id": second,
                    "relation": "same",
                    "suggested_as": "same",
                    "probability": 0.5,
                    "reasons": ["Both are made up."],
                    "state": "suggested",
                    "is_automatic": False,
                    "is_open": True,
                    "version": 1,
                }
                for first, second in pairwise(ids)
            ],
        )

    database(site).in_transaction(fill)
    client = sign_in(site, world.people[Role.PROGRAM_OFFICER])
    for address in (
        "/history/names",
        "/history/names?page=150&sort=-grants",
        "/history/names?q=recipient&state=suggested",
    ):
        with count_queries(database(site)) as queries:
            page = client.get(address).text
        assert page.count("<tr>") == 51
        assert len(queries) <= 10, queries
    rows = list(csv.reader(io.StringIO(client.get("/history/names.csv?state=every").text)))
    assert len(rows) == 10_004
    with database(site).reading() as session:
        some = session.scalars(sa.select(NameMerge).order_by(NameMerge.id.desc())).first()
    for address in (f"/history/names/merges/{some.id}", f"/history/names/{some.first_id}"):
        with count_queries(database(site)) as queries:
            assert client.get(address).status_code == 200
        assert len(queries) <= 16, queries


def test_a_history_without_names_says_so(site: Flask, sign_in: SignIn) -> None:
    def make(session: Session) -> str:
        funder = make_organisation(session)
        add_grants(session, funder, [{}])
        return make_person(session, funder).email

    page = sign_in(site, database(site).in_transaction(make)).get("/history/names").text
    assert "have not been compared yet" in page
    assert "Compare the names" in page
