"""Faults of a file, and how far its reading is, are said in each reader's language."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from funding.db import Database
from funding.language import keeping, using
from funding.models import Import, OrganisationKind
from funding.reports.imports import stage_in_words
from funding.sayings import kept
from funding.services.import_plan import Directory
from funding.services.run_words import told
from tests.conftest import SignIn
from tests.plain_words import plain
from tests.routes.test_imports import World, put_in, the_import, world  # noqa: F401 - a fixture

FAULTY = (
    b"Title,Recipient,Funder,Amount,Currency,Date\n"
    b"Study,Wren,Alder Fund,99999999999999999,USD,2020-01-02\n"
    b"Study,Wren,Alder Fund,5.125,USD,2020-01-02\n"
    b"Study,Wren,Alder Fund,x,USD,2020-01-02\n"
)


def test_a_fault_is_stored_in_english_with_what_it_was_made_of_and_said_again(
    site: Flask,
    sign_in: SignIn,
    world: World,  # noqa: F811 - the fixture
) -> None:
    client = sign_in(site, world.officer)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
    # small enough to be read at once, so by a request in French
    address = put_in(client, world, FAULTY).headers["Location"]
    rules = [fault["rule"] for fault in the_import(site).faults]
    assert rules[:2] == ["at most 10,000,000,000,000.00 USD", "at most 2 decimals in USD"]
    french = plain(client.get(f"{address}?language=fr").text)
    arabic = plain(client.get(f"{address}?language=ar").text)
    assert "au plus 10 000 000 000 000,00 USD" in french
    assert "au plus 2 décimales en USD" in french
    assert "at most" not in french + arabic
    assert "at most 2 decimals in USD" in client.get(f"{address}/faults.csv?language=fr").text

    def forget(session: Session) -> None:  # as an import from before
        faults = [{**f, "says": None} for f in the_import(site).faults]
        session.execute(sa.update(Import).values(faults=faults))

    site.extensions["database"].in_transaction(forget)
    assert "at most 2 decimals in USD" in client.get(f"{address}?language=fr").text


def test_a_rule_of_the_database_is_kept_with_names_and_words_of_ours(database: Database) -> None:
    with database.reading() as session, using("fr"), keeping():
        rule = Directory(session, OrganisationKind.FUNDER).unknown("Alder")
    assert rule == "there is no funder here yet"
    with using("ar"):
        assert plain(told(kept(rule))) == "لا يوجد هنا شيء بعد (جهة مانحة)"


def test_how_far_the_reading_is_is_said_from_what_the_worker_notes() -> None:
    assert stage_in_words("Reading the file: 1,234 rows") == "Reading the file: 1,234 rows"
    with using("fr"):
        assert plain(stage_in_words("Reading the file: 1,234 rows")).endswith(" : 1 234 lignes")
        assert "Waiting" not in stage_in_words("Waiting for its turn")
    with using("ar"):
        said = plain(stage_in_words("Writing: 3 rows"))
        assert said == "الكتابة: 3 صفوف"
