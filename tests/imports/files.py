"""Files for the import tests: small tables as CSV bytes and as real workbooks."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from funding.imports.reading import FileReading, Kind, read_records

SHARED = Path(__file__).parents[2].parent / "shared"

needs_shared = pytest.mark.skipif(
    not (SHARED / "data").is_dir(), reason="the folder with real public records is not here"
)

HISTORY_HEADINGS = "funder,recipient,amount,currency,date"


def history_csv(*rows: str, headings: str = HISTORY_HEADINGS) -> bytes:
    """A history file with one line for each row."""
    return "\n".join([headings, *rows, ""]).encode()


def read_history(*rows: str, headings: str = HISTORY_HEADINGS, **options: Any) -> FileReading:
    """The reading of such a file."""
    return read_records(history_csv(*rows, headings=headings), "history", **options)


def only_record(reading: FileReading) -> Any:
    """The one record of a reading that has no fault."""
    assert not reading.faults, [str(fault) for fault in reading.faults]
    (record,) = reading.records
    return record


def fault_lines(reading: FileReading) -> list[str]:
    """The faults as they are printed."""
    return [str(fault) for fault in reading.faults]


def workbook(rows: Iterable[Iterable[Any]], arrange: Callable[[Any], None] | None = None) -> bytes:
    """A workbook with these rows on its first sheet; `arrange` may work on the open book."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    if arrange is not None:
        arrange(book)
    stream = io.BytesIO()
    book.save(stream)
    book.close()
    return stream.getvalue()


def with_part(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one of its parts changed."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as before,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        assert name in before.namelist()
        for part in before.namelist():
            content = before.read(part)
            after.writestr(part, change(content) if part == name else content)
    return stream.getvalue()


def with_shared_texts(data: bytes) -> bytes:
    """The workbook with its texts in a part of their own, as Excel keeps them.

    Each is in two runs of rich text, with a phonetic reading that is no part of it.
    """
    texts: list[str] = []

    def share(match: re.Match[str]) -> str:
        texts.append(match[2])
        return f'<c{match[1]} t="s"><v>{len(texts) - 1}</v></c>'

    def move(xml: bytes) -> bytes:
        pattern = r'<c([^>]*?) t="inlineStr"><is><t>([^<]*)</t></is></c>'
        return re.sub(pattern, share, xml.decode()).encode()

    moved = with_part(data, "xl/worksheets/sheet1.xml", move)
    items = "".join(
        f"<si><r><t>{text[:2]}</t></r><r><t>{text[2:]}</t></r>"
        "<rPh sb='0' eb='1'><t>reading</t></rPh></si>"
        for text in texts
    )
    stream = io.BytesIO(moved)
    with zipfile.ZipFile(stream, "a") as archive:
        namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{namespace}">{items}</sst>')
    assert texts
    return stream.getvalue()


def read_book(data: bytes, kind: Kind = "history", **options: Any) -> FileReading:
    """The reading of a workbook."""
    return read_records(data, kind, filename="grants.xlsx", **options)
