"""XLSX as people really save it, and as attackers do."""

from __future__ import annotations

import datetime
import io
import zipfile
from typing import Any

import pytest

from funding.imports.limits import Limits
from tests.imports.files import (
    fault_lines,
    only_record,
    read_book,
    with_part,
    with_shared_texts,
    workbook,
)

HEADINGS = ["Funder", "Recipient", "Amount", "Currency", "Award date"]
GRANT = ["Northlight", "Larkspur Lab", 1200.5, "USD", datetime.date(2020, 3, 1)]
SHEET = "xl/worksheets/sheet1.xml"


def test_numbers_and_real_dates_are_read() -> None:
    record = only_record(read_book(workbook([HEADINGS, GRANT])))
    assert (record.amount, record.currency) == (120_050, "USD")
    assert (record.awarded_on, record.date_precision) == (datetime.date(2020, 3, 1), "day")


def test_numbers_kept_as_text_are_read_too() -> None:
    grant = ["Northlight", 9001, "1,200.50", "usd", "01/03/2020"]
    record = only_record(read_book(workbook([HEADINGS, grant])))
    assert (record.recipient, record.amount) == ("9001", 120_050)


def test_texts_in_a_part_of_their_own_are_read_without_their_phonetics() -> None:
    record = only_record(read_book(with_shared_texts(workbook([HEADINGS, GRANT]))))
    assert (record.funder, record.recipient) == ("Northlight", "Larkspur Lab")


def test_a_text_that_the_workbook_does_not_hold_is_a_fault() -> None:
    data = with_part(
        with_shared_texts(workbook([HEADINGS, GRANT])),
        SHEET,
        lambda xml: xml.replace(b"<v>6</v>", b"<v>99</v>"),
    )
    assert fault_lines(read_book(data)) == [
        'row 2, recipient: "99": refers to a text that the workbook does not hold'
    ]


def test_titles_and_empty_rows_keep_the_row_numbers_right() -> None:
    rows = [["Our grants 2020"], [], HEADINGS, [], GRANT, [], [*GRANT[:2], "five", *GRANT[3:]]]
    reading = read_book(workbook(rows))
    assert [entry.row for entry in reading.entries] == [5]
    assert fault_lines(reading) == [
        'row 7, amount: "five": must be an amount in digits, such as 1200.50'
    ]


def test_a_cell_merged_downwards_counts_for_each_of_its_rows() -> None:
    def merge(book: Any) -> None:
        book.active.merge_cells("A2:A4")

    rows = [HEADINGS, GRANT, [None, "B", 5, "USD"], [None, "C", 6, "USD"]]
    reading = read_book(workbook(rows, merge))
    assert not reading.faults
    assert [record.funder for record in reading.records] == ["Northlight"] * 3


def test_a_merged_amount_is_never_counted_twice() -> None:
    def merge(book: Any) -> None:
        book.active.merge_cells("C2:C3")

    rows = [HEADINGS, GRANT, ["Northlight", "B", None, "USD"]]
    assert fault_lines(read_book(workbook(rows, merge))) == [
        'row 3, amount: "1200.5": is merged with row 2; give each row its own amount'
    ]


def test_rows_merged_as_a_whole_are_one_grant() -> None:
    def merge(book: Any) -> None:
        for column in "ABCDE":
            book.active.merge_cells(f"{column}2:{column}3")

    assert len(read_book(workbook([HEADINGS, GRANT, []], merge)).records) == 1


def test_headings_merged_over_two_rows_are_read() -> None:
    def merge(book: Any) -> None:
        for column in "ABDE":
            book.active.merge_cells(f"{column}1:{column}2")

    rows = [["Funder", "Recipient", "Money", "Currency", "Date"], [None, None, "Amount"], GRANT]
    assert only_record(read_book(workbook(rows, merge))).amount == 120_050


def test_the_sheet_whose_headings_are_recognised_is_read_and_others_named() -> None:
    def add(book: Any) -> None:
        book.active.title = "About"
        sheet = book.create_sheet("Grants")
        for row in (HEADINGS, GRANT):
            sheet.append(row)

    reading = read_book(workbook([["Contact", "Amount"], ["Somebody", 3]], add))
    assert reading.sheet == "Grants"
    assert len(reading.records) == 1
    assert "Sheets that were not read: About." in reading.notes


def test_a_sheet_can_be_chosen_by_name() -> None:
    def add(book: Any) -> None:
        book.create_sheet("2021").append(HEADINGS)
        book["2021"].append(["Corvane", *GRANT[1:]])

    data = workbook([HEADINGS, GRANT], add)
    assert only_record(read_book(data, sheet="2021")).funder == "Corvane"
    (fault,) = read_book(data, sheet="2022").faults
    assert fault.rule == 'There is no sheet named "2022"; the file has: Sheet, 2021.'


def test_hidden_sheets_are_not_read() -> None:
    def hide(book: Any) -> None:
        book.create_sheet("Old").append(HEADINGS)
        book["Old"].sheet_state = "hidden"
        book["Old"].append(["Hidden", *GRANT[1:]])

    assert only_record(read_book(workbook([HEADINGS, GRANT], hide))).funder == "Northlight"


def test_a_formula_without_a_stored_value_is_a_fault() -> None:
    rows = [HEADINGS, ["Northlight", "B", "=600*2", "USD", None]]
    assert fault_lines(read_book(workbook(rows))) == [
        'row 2, amount: "=…": is a formula without a stored value; paste its value instead'
    ]


def test_a_formula_with_a_stored_value_is_that_value() -> None:
    data = workbook([HEADINGS, ["Northlight", "B", "=600*2", "USD", None]])
    data = with_part(
        data,
        SHEET,
        lambda xml: xml.replace(b"<v />", b"<v>1200</v>").replace(b"<v></v>", b"<v>1200</v>"),
    )
    assert only_record(read_book(data)).amount == 120_000


def test_an_error_of_the_spreadsheet_is_a_fault() -> None:
    def spoil(book: Any) -> None:
        book.active["C2"] = "#N/A"
        book.active["C2"].data_type = "e"

    assert fault_lines(read_book(workbook([HEADINGS, GRANT], spoil))) == [
        'row 2, amount: "#N/A": is an error of the spreadsheet'
    ]


def test_dates_of_the_1904_calendar_are_right() -> None:
    def old_mac(book: Any) -> None:
        book.epoch = datetime.datetime(1904, 1, 1)

    record = only_record(read_book(workbook([HEADINGS, GRANT], old_mac)))
    assert record.awarded_on == datetime.date(2020, 3, 1)


def test_a_document_type_with_entities_is_refused_before_any_is_expanded() -> None:
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(
            b'<!ENTITY %c "%s">' % (98 + level, b"&%c;" % (97 + level) * 10) for level in range(9)
        )
        + b"]>"
    )

    def add_bomb(xml: bytes) -> bytes:
        _, _, rest = xml.rpartition(b"?>")
        return bomb + rest.replace(b"<v>", b"<v>&j;", 1)

    for part in (SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"):
        data = with_part(with_shared_texts(workbook([HEADINGS, GRANT])), part, add_bomb)
        (fault,) = read_book(data).faults
        assert "XML document type" in fault.rule, part


def test_an_external_entity_is_refused() -> None:
    attack = b'<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
    data = with_part(workbook([HEADINGS, GRANT]), SHEET, lambda xml: attack + xml)
    (fault,) = read_book(data).faults
    assert "XML document type" in fault.rule


def test_a_zip_bomb_is_refused_without_unpacking_it() -> None:
    data = with_part(workbook([HEADINGS, GRANT]), SHEET, lambda xml: xml + b" " * 40_000_000)
    assert len(data) < 100_000
    (fault,) = read_book(data).faults
    assert fault.rule == "The workbook unpacks to far more than a table of grants would."


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(rows=5), "at most 5 rows"),
        (Limits(cells=20), "20 cells"),
        (Limits(columns=3), "At most 3 columns"),
        (Limits(parts=3), "far more than a table"),
        (Limits(unpacked_bytes=2000), "far more than a table"),
    ],
)
def test_limits_of_workbooks_are_named(limits: Limits, words: str) -> None:
    (fault,) = read_book(workbook([HEADINGS, *[GRANT] * 10]), limits=limits).faults
    assert words in fault.rule


@pytest.mark.parametrize("number", [b"999999999999", b"0", b"-1", b"x"])
def test_rows_numbered_out_of_all_reason_are_refused(number: bytes) -> None:
    data = with_part(
        workbook([HEADINGS, GRANT]),
        SHEET,
        lambda xml: xml.replace(b'<row r="2"', b'<row r="%s"' % number),
    )
    (fault,) = read_book(data).faults
    assert "numbers its rows" in fault.rule


def test_every_way_of_cutting_a_workbook_short_is_a_refusal_and_never_a_crash() -> None:
    data = workbook([HEADINGS, GRANT])
    for length in range(4, len(data), 97):
        reading = read_book(data[:length])
        assert reading.faults
        assert not reading.entries


def test_a_damaged_sheet_is_a_refusal() -> None:
    data = with_part(workbook([HEADINGS, GRANT]), SHEET, lambda xml: xml[:-40])
    (fault,) = read_book(data).faults
    assert fault.rule == "The workbook is damaged or was cut short."


def test_a_workbook_without_its_sheets_is_a_refusal() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    (fault,) = read_book(stream.getvalue()).faults
    assert fault.rule == "The workbook has no worksheet."
