"""CSV in all its encodings and separators; files that are not what they say."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from funding.imports.limits import Limits
from funding.imports.reading import read_records
from tests.imports.files import fault_lines, history_csv, only_record, read_history

ROW = "Fundação Água,Ōsaka Lab — Zürich,1200,EUR,2020-01-01"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_files_are_read_with_and_without_their_mark(codec: str) -> None:
    data = history_csv(ROW).decode().encode(codec)
    record = only_record(read_records(data, "history"))
    assert (record.funder, record.recipient) == ("Fundação Água", "Ōsaka Lab — Zürich")


def test_windows_1252_is_read_and_said_so() -> None:
    data = history_csv("Fundação,“Zürich” Lab – £,1200,EUR,2020").decode().encode("cp1252")
    reading = read_records(data, "history")
    assert only_record(reading).recipient == "“Zürich” Lab – £"
    assert reading.format == "CSV in Windows-1252"
    assert "not valid UTF-8 (line 2)" in reading.notes[0]


def test_windows_letters_astray_in_unicode_are_mended_and_said_so() -> None:
    reading = read_history("A,Children\x92s Lab,1,USD,2020")
    assert only_record(reading).recipient == "Children’s Lab"
    note = "Texts with letters of Windows-1252 astray in them, which were mended: 1."
    assert note in reading.notes


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_common_separator_is_found(separator: str) -> None:
    data = history_csv("A,B,1200,EUR,2020").replace(b",", separator.encode())
    assert only_record(read_records(data, "history")).amount == 120_000


def test_commas_in_a_semicolon_file_are_decimals() -> None:
    data = b"funder;recipient;amount;currency;date\nA, B and C;D;1.200,50;EUR;5.6.2014\n"
    assert only_record(read_records(data, "history")).amount == 120_050


def test_the_separator_line_of_excel_is_passed_over() -> None:
    data = b"sep=;\nfunder;recipient;amount_eur\nA;B;5\n"
    assert only_record(read_records(data, "history")).amount == 500


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_ending_is_read(end: str) -> None:
    data = history_csv("A,B,1,USD,2020", "A,C,1,USD,2020").decode().replace("\n", end)
    assert len(read_records(data.encode(), "history").records) == 2


def test_gzip_is_unpacked_whatever_the_name(tmp_path: Path) -> None:
    path = tmp_path / "grants.csv"
    path.write_bytes(gzip.compress(history_csv("A,B,1,USD,2020")))
    reading = read_records(path, "history")
    assert len(reading.records) == 1
    assert reading.format == "CSV in UTF-8, gzipped"


def test_rows_are_numbered_as_a_spreadsheet_numbers_them() -> None:
    data = b'Our grants\n\nfunder,recipient,amount_usd\nA,"B\nC",1\n\nA,D,1.005\n'
    reading = read_records(data, "history")
    assert [entry.row for entry in reading.entries] == [4]
    assert reading.records[0].recipient == "B C"
    assert fault_lines(reading) == ['row 6, amount: "1.005": at most 2 decimals in USD']
    assert "Rows above the headings that were passed over: 2." in reading.notes
    assert "Blank rows, which were passed over: 1." in reading.notes


def test_a_row_with_too_many_cells_is_a_fault() -> None:
    (line,) = fault_lines(read_history("A,B,1,200,USD,2020"))
    assert line.startswith("row 2: has 6 cells, the headings have 5")


def test_short_rows_are_read_and_counted() -> None:
    reading = read_history("A,B,1,USD")
    assert only_record(reading).awarded_on is None
    assert "Rows with fewer cells than there are headings: 1." in reading.notes


@pytest.mark.parametrize(
    ("line", "row", "words"),
    [
        ('A,"B,1,USD,2020', 2, "is never closed"),
        ('A,"B" Lab,1,USD,2020', 2, "in the middle of a cell"),
        (f"A,{'x' * 140_000},1,USD,2020", 2, "longer than 131,072"),
    ],
)
def test_quotation_marks_gone_wrong_swallow_no_rows_silently(
    line: str, row: int, words: str
) -> None:
    (fault,) = read_history(line, "A,C,1,USD,2020").faults
    assert fault.row == row
    assert words in fault.rule


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "No row of column headings"),
        (b"  \n\n", "is empty"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel file"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"PAR1....", "Parquet"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"<?xml version='1.0'?><a/>", "a web page or an XML file"),
        (b"{\\rtf1 text}", "RTF"),
        (b"PK\x03\x04 cut short", "damaged"),
        (b"\x1f\x8b\x08\x00 damaged", "damaged or was cut short"),
        (gzip.compress(b"PK\x03\x04", mtime=0), "holds another archive"),
        (gzip.compress(gzip.compress(b"a,b", mtime=0), mtime=0), "holds another archive"),
        (bytes(range(32)) * 40, "no readable text"),
        (b"\x00\x01\x02" * 400, "no readable text"),
        (b"dear all, please find attached", "No row of column headings"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_sentence(data: bytes, words: str) -> None:
    reading = read_records(data, "history", filename="grants.csv")
    (fault,) = reading.faults
    assert fault.row is None
    assert words in fault.rule
    assert not reading.entries


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("content.xml", "an OpenDocument file"),
        ("word/document.xml", "a text document"),
        ("xl/workbook.bin", "binary Excel workbook"),
        ("grants.csv", "an archive of files"),
    ],
)
def test_other_archives_are_named_for_what_they_are(inside: str, words: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(inside, "x")
    (fault,) = read_records(stream.getvalue(), "history", filename="grants.xlsx").faults
    assert words in fault.rule


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (fault,) = read_records(tmp_path / "none.csv", "history").faults
    assert fault.rule == "The file could not be opened: No such file or directory."


def test_a_name_that_does_not_fit_the_contents_is_said() -> None:
    reading = read_records(history_csv("A,B,1,USD,2020"), "history", filename="grants.xlsx")
    assert len(reading.records) == 1
    assert "The name ends in .xlsx, but the file holds a plain text table" in reading.notes[0]


def test_a_gzip_bomb_is_refused_without_unpacking_it() -> None:
    bomb = gzip.compress(history_csv() + b"a,b,1,USD,2020\n" * 3_000_000)
    (fault,) = read_records(bomb, "history").faults
    assert "unpacks to far more" in fault.rule


def test_limits_on_size_and_rows_are_named() -> None:
    data = history_csv(*["A,B,1,USD,2020"] * 20)
    (fault,) = read_records(data, "history", limits=Limits(file_bytes=100)).faults
    assert "Split it into several" in fault.rule
    (fault,) = read_records(data, "history", limits=Limits(rows=10)).faults
    assert fault.rule == "At most 10 rows are read; split the file."


@pytest.mark.parametrize(
    ("text", "code"), [("A\x00B", "U+0000"), ("A\x1fB", "U+001F"), ("A\x7fB", "U+007F")]
)
def test_control_characters_are_faults(text: str, code: str) -> None:
    (fault,) = read_history(f"A,{text},1,USD,2020").faults
    assert (fault.row, fault.field) == (2, "recipient")
    assert fault.rule == f"holds a control character ({code})"
    assert fault.value is not None
    assert fault.value.isprintable()


def test_a_formula_in_a_text_is_a_fault_and_a_dash_is_not() -> None:
    reading = read_history('A,"=HYPERLINK(""http://x.example"")",1,USD,2020', "A,- B,1,USD,2020")
    (fault,) = reading.faults
    assert (fault.field, fault.rule) == (
        "recipient",
        "begins like a formula; give its value instead",
    )
    assert reading.records[0].recipient == "- B"


def test_texts_that_are_too_long_are_faults() -> None:
    (fault,) = read_history(f"A,{'x' * 201},1,USD,2020").faults
    assert fault.rule == "at most 200 characters; this has 201"


def test_progress_is_told_and_ends_at_the_whole() -> None:
    told: list[tuple[int, float]] = []
    read_history(
        *["A,B,1,USD,2020"] * 2500, progress=lambda rows, share: told.append((rows, share))
    )
    assert [rows for rows, _ in told] == [1000, 2000, 2500]
    assert told[-1][1] == 1.0
    assert all(0 <= share <= 1 for _, share in told)
