"""Open data hold to the standards they name, and read back to the same amounts."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from funding.formatting import minor_units
from funding.imports.fields import HISTORY
from funding.imports.reading import read_records
from funding.models import Award, Commitment, Proposal
from funding.reports.public.fields import FIELDS
from tests.conftest import SHARED
from tests.public_scene import make_public_scene

STANDARDS = SHARED / "standards"
needs_standards = pytest.mark.skipif(
    not STANDARDS.is_dir(), reason="the schemas of the standards lie outside of this checkout"
)


@pytest.fixture
def client(site: Flask) -> FlaskClient:
    """A visitor to a site with one public round in four currencies."""
    site.extensions["database"].in_transaction(make_public_scene)
    return site.test_client()


def promised(site: Flask) -> Counter[str]:
    """What the database says was awarded, by currency."""
    with site.extensions["database"].reading() as session:
        rows = session.execute(
            sa.select(Commitment.currency, sa.func.sum(Award.amount))
            .join(Commitment, Commitment.id == Award.commitment_id)
            .group_by(Commitment.currency)
        )
        return Counter({currency: int(amount) for currency, amount in rows})


def minor(amount: Any, currency: str) -> int:
    return int(Decimal(str(amount)).scaleb(minor_units(currency)))


@needs_standards
def test_the_360giving_package_keeps_to_its_schema(client: FlaskClient) -> None:
    from jsonschema import Draft202012Validator, FormatChecker
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    folder = STANDARDS / "360giving"
    grant, whole = (
        json.loads((folder / name).read_text(encoding="utf-8"))
        for name in ("360-giving-schema.json", "360-giving-package-schema.json")
    )
    asked = whole["properties"]["grants"]["items"]["$ref"]
    registry = Registry().with_resource(asked, DRAFT202012.create_resource(grant))
    package = client.get("/public/data/360giving.json").json
    checks = Draft202012Validator(whole, registry=registry, format_checker=FormatChecker())
    assert "date-time" in checks.format_checker.checkers  # else wrong dates would pass
    assert [error.message for error in checks.iter_errors(package)] == []
    assert list(checks.iter_errors({"grants": [{"id": "x"}]}))


@needs_standards
def test_the_iati_activities_keep_to_their_schema(client: FlaskClient) -> None:
    import xmlschema

    schema = xmlschema.XMLSchema(
        STANDARDS / "iati" / "iati-activities-schema.xsd",
        locations={"http://www.w3.org/XML/1998/namespace": str(STANDARDS / "iati" / "xml.xsd")},
    )
    text = client.get("/public/data/iati.xml").text
    assert [str(error) for error in schema.iter_errors(text)] == []
    wrong = text.replace("<activity-status", "<no-such-element", 1)
    assert list(schema.iter_errors(wrong))


def test_iati_transactions_add_up_to_the_ledger(site: Flask, client: FlaskClient) -> None:
    root = ElementTree.fromstring(client.get("/public/data/iati.xml").data)
    committed: Counter[str] = Counter()
    rows = {row["award"]: row for row in client.get("/public/data/awards.json").json["rows"]}
    for activity in root.iter("iati-activity"):
        sums = {"2": 0, "3": 0}
        for transaction in activity.iter("transaction"):
            value = transaction.find("value")
            currency = value.get("currency")
            kind = transaction.find("transaction-type").get("code")
            sums[kind] += minor(value.text, currency)
        committed[currency] += sums["2"]
        number = int(activity.findtext("iati-identifier").rpartition("-")[2])
        row = rows[number]
        kept = minor(row["paid"], currency) - minor(row["returned"], currency)
        assert sums["3"] == kept
    assert committed == promised(site)


def test_what_goes_out_as_360giving_comes_in_again_with_the_same_amounts(
    site: Flask, client: FlaskClient
) -> None:
    reading = read_records(client.get("/public/data/360giving.json").data, HISTORY)
    assert not reading.faults
    sums: Counter[str] = Counter()
    for record in reading.records:
        sums[record.currency] += record.amount
    assert sums == promised(site)


def test_every_table_has_its_columns_in_every_format(client: FlaskClient) -> None:
    from openpyxl import load_workbook

    for table, columns in FIELDS.items():
        text = client.get(f"/public/data/{table}.csv").text.removeprefix("\ufeff")
        lines = list(csv.reader(io.StringIO(text)))
        assert lines[0] == list(columns)
        document = client.get(f"/public/data/{table}.json").json
        assert document["licence"]
        assert set(document["fields"]) == set(columns)
        book = load_workbook(io.BytesIO(client.get(f"/public/data/{table}.xlsx").data))
        rows = list(book.active.values)
        assert rows[0] == tuple(columns)
        assert len(rows) == len(lines) == len(document["rows"]) + 1
        assert table == "outputs" or len(lines) > 1
    for wrong in ("awards.ods", "people.csv", "awards.json.csv"):
        assert client.get(f"/public/data/{wrong}").status_code == 404


def test_csv_and_json_have_the_ledgers_amounts(site: Flask, client: FlaskClient) -> None:
    text = client.get("/public/data/awards.csv").text.removeprefix("\ufeff")
    sums: Counter[str] = Counter()
    for row in csv.DictReader(io.StringIO(text)):
        sums[row["currency"]] += minor(row["promised"], row["currency"])
    assert sums == promised(site)
    sums.clear()
    for row in client.get("/public/data/awards.json").json["rows"]:
        sums[row["currency"]] += minor(row["promised"], row["currency"])
    assert sums == promised(site)


def test_a_title_that_is_a_formula_is_text_in_files(site: Flask, client: FlaskClient) -> None:
    def change(session: Any) -> None:
        for proposal in session.scalars(sa.select(Proposal)):
            proposal.title = '=HYPERLINK("http://x.example")'

    site.extensions["database"].in_transaction(change)
    text = client.get("/public/data/awards.csv").text
    assert "'=HYPERLINK" in text
    assert ",=HYPERLINK" not in text
