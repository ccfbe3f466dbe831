"""Which column holds which field."""

from __future__ import annotations

import pytest

from funding.imports.fields import FIELDS
from funding.imports.headings import normal, with_currency
from funding.imports.reading import read_records
from tests.imports.files import fault_lines, only_record, read_history


def fields_of(reading_columns: tuple) -> dict[str, tuple[str, str]]:
    return {
        column.field: (column.heading, column.how) for column in reading_columns if column.field
    }


@pytest.mark.parametrize(
    "spellings",
    [
        ("Recipient Org:Name", "Recipient Org:0:Name", "recipientOrganization:0:name"),
        ("recipient_organisation_name", "Recipient Organization Name", "recipient org name"),
        ("Amount Awarded", "amountAwarded", "AMOUNT_AWARDED", "Amount-Awarded "),
        ("Grant Programme:Title", "grantProgramme:0:title", "Grant program title"),
    ],
)
def test_spellings_of_one_heading_are_the_same(spellings: tuple[str, ...]) -> None:
    assert len({normal(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("heading", "currency"),
    [
        ("amount_usd", "USD"),
        ("Amount (£)", "GBP"),
        ("Amount awarded in EUR", "EUR"),
        ("JPY amount", "JPY"),
        ("Amount", ""),
        ("Amount all years", ""),
    ],
)
def test_headings_name_their_currency(heading: str, currency: str) -> None:
    assert with_currency(heading).currency == currency


def test_360giving_spreadsheet_headings_are_recognised() -> None:
    headings = (
        "Identifier,Title,Description,Currency,Amount Awarded,Award Date,Recipient Org:Name,"
        "Funding Org:Name,Grant Programme:Title,Data Source,Recipient Org:Identifier"
    )
    row = "360G-x-1,A title,Why,GBP,5,2020-01-01,B,A,Science,https://a.example/grants,org-1"
    reading = read_history(row, headings=headings)
    record = only_record(reading)
    assert (record.external_id, record.funder, record.recipient) == ("360G-x-1", "A", "B")
    assert (record.area, record.source_url) == ("Science", "https://a.example/grants")
    assert record.recipient_ref == "org-1"
    assert reading.unused_columns() == ()


def test_a_grant_to_a_person_has_that_person_as_recipient() -> None:
    headings = "Funding Org:Name,Recipient Org:Name,Recipient Ind:Name,Amount (£)"
    reading = read_history("A,B,,5", "A,,Somebody,5", headings=headings)
    assert [record.recipient for record in reading.records] == ["B", "Somebody"]


def test_nearly_right_headings_are_taken_and_said_to_be_guesses() -> None:
    reading = read_history("A,B,5,USD", headings="Fundder,Recipiant,Amuont Awarded,Curency")
    assert fields_of(reading.columns) == {
        "funder": ("Fundder", "similar"),
        "recipient": ("Recipiant", "similar"),
        "amount": ("Amuont Awarded", "similar"),
        "currency": ("Curency", "similar"),
    }
    assert 'Column "Fundder" was taken for “Funder”, by likeness: check.' in reading.notes


def test_headings_that_only_resemble_a_field_a_little_are_left_alone() -> None:
    headings = "funder,recipient,amount_usd,funder id,recipient city,amount disbursed,dated by"
    reading = read_history("A,B,5,1,2,3,4", headings=headings)
    assert reading.unused_columns() == (
        "funder id",
        "recipient city",
        "amount disbursed",
        "dated by",
    )


def test_a_mapping_overrides_what_was_recognised() -> None:
    reading = read_history(
        "A,B,5,9,USD",
        headings="funder,recipient,amount,Paid in full,currency",
        mapping={"paid in full": "amount"},
    )
    assert only_record(reading).amount == 900
    assert fields_of(reading.columns)["amount"] == ("Paid in full", "mapped")
    assert "amount" in reading.unused_columns()


def test_a_mapping_can_leave_a_column_out() -> None:
    reading = read_history(
        "A,B,5,nowhere",
        headings="funder,recipient,amount_usd,source_url",
        mapping={"source_url": "-"},
    )
    assert only_record(reading).source_url == ""


def test_a_mapping_alone_finds_headings_that_nobody_would_recognise() -> None:
    data = b"Unser Bericht\n\nWer,Wem,Wieviel\nA,B,5\n"
    mapping = {"Wer": "funder", "Wem": "recipient", "Wieviel": "amount"}
    reading = read_records(data, "history", mapping=mapping, defaults={"currency": "EUR"})
    assert only_record(reading).amount == 500
    assert reading.header_row == 3


@pytest.mark.parametrize(
    ("mapping", "line"),
    [
        (
            {"Nowhere": "amount"},
            'file, amount: "Nowhere": is no column; the columns are: funder, recipient',
        ),
        (
            {"date": "price"},
            'file: "price": is no field; the fields are: funder, recipient, amount',
        ),
        (
            {"date": "title", "currency": "title"},
            'file, title: "date": only one column can hold a field',
        ),
    ],
)
def test_a_wrong_mapping_is_a_fault_and_nothing_is_read(mapping: dict, line: str) -> None:
    reading = read_history("A,B,1,USD,2020", mapping=mapping)
    assert fault_lines(reading)[0].startswith(line)
    assert not reading.entries


def test_missing_required_columns_are_each_named_with_what_there_is() -> None:
    assert fault_lines(read_history("A,2020", headings="funder,date")) == [
        "file, recipient: no column was recognised; the columns are: funder, date",
        "file, amount: no column was recognised; the columns are: funder, date",
    ]


def test_a_value_for_all_rows_stands_in_for_a_missing_column() -> None:
    reading = read_history(
        "B,5", headings="grantee,amount", defaults={"funder": "Our Fund", "currency": "CHF"}
    )
    assert (only_record(reading).funder, only_record(reading).currency) == ("Our Fund", "CHF")


def test_values_for_all_rows_are_checked_once() -> None:
    lines = fault_lines(
        read_history("A,B,1,USD,2020", defaults={"currency": "XYZ", "colour": "red"})
    )
    assert lines[0].startswith('file, colour: "red": is no field')
    assert lines[1] == 'file, currency: "XYZ": is no currency code of ISO 4217, such as USD'


@pytest.mark.parametrize("kind", sorted(FIELDS))
def test_every_field_is_recognised_by_its_own_name_and_label(kind: str) -> None:
    for headings in (
        [field.name for field in FIELDS[kind]],
        [field.label for field in FIELDS[kind]],
    ):
        data = ("\t".join(headings) + "\n" + "\t".join(headings)).encode()
        reading = read_records(data, kind)
        assert {column.field for column in reading.columns} == {f.name for f in FIELDS[kind]}


@pytest.mark.parametrize("kind", sorted(FIELDS))
def test_no_alias_belongs_to_two_fields(kind: str) -> None:
    seen: dict[str, str] = {}
    for field in FIELDS[kind]:
        for alias in {normal(a) for a in (field.name, *field.aliases, *field.stand_ins)}:
            assert seen.setdefault(alias, field.name) == field.name


def test_a_wide_file_is_recognised() -> None:
    extra = ",".join(f"column {number}" for number in range(400))
    reading = read_history("A,B,5" + "," * 400, headings=f"funder,recipient,amount_usd,{extra}")
    assert len(reading.unused_columns()) == 400
    assert len(reading.records) == 1


def test_a_file_of_absurd_width_is_refused() -> None:
    headings = "funder,recipient,amount_usd" + ",x" * 100_000
    (fault,) = read_history("A,B,5", headings=headings).faults
    assert "No row of column headings" in fault.rule
