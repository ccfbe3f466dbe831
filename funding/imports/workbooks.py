"""XLSX: worksheets as tables, read in a stream, with what spreadsheets do to data undone.

Parsed with expat directly: the row numbers, merged ranges and formulas without a stored value are
needed, and a document type (hence any entity) must stop the reading at once. Dates and number
formats are openpyxl's.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Callable, Iterator
from xml.parsers import expat

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

from funding.imports.faults import FileRefused
from funding.imports.limits import RATIO_COUNTS_FROM, Limits
from funding.imports.sheets import Sheet, Survey
from funding.imports.sources import Source
from funding.imports.tables import SourceRow, Table, View

_CHUNK = 256 * 1024
_DAMAGED = "The workbook is damaged or was cut short."

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]


def read_workbook(source: Source) -> Table:
    """The worksheets of the file, the visible ones, one view each.

    Raises FileRefused for other archives, damaged ones, and any with a document type or sizes
    that no table of grants has.
    """
    book = Workbook(source)
    views = [View(name, book.sheet_rows(path)) for name, path in book.sheets]
    return Table("XLSX workbook", views, are_sheets=True)


class Workbook:
    """An XLSX archive: its `sheets` (name, path inside), shared texts and date styles."""

    def __init__(self, source: Source) -> None:
        self.source = source
        try:
            with source.open_packed() as stream, zipfile.ZipFile(stream) as archive:
                _refuse_bombs(archive, source.limits)
                self._names = set(archive.namelist())
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise FileRefused(_DAMAGED) from error
        if "xl/workbook.xml" not in self._names:
            raise FileRefused(_what_archive(self._names))
        self._epoch = WINDOWS_EPOCH
        self.sheets = self._read_sheets()
        self._date_styles = self._read_date_styles()
        self._texts = self._read_texts()

    def sheet_rows(self, path: str) -> Callable[[], Iterator[SourceRow]]:
        """A function that reads the rows of the worksheet at `path` anew at each call."""
        survey: Survey | None = None

        def rows() -> Iterator[SourceRow]:
            nonlocal survey
            if survey is None:
                survey = Survey(self.source.limits)
                for _ in self._parse(path, survey.start):
                    pass
            sheet = Sheet(survey, self._texts, self._date_styles, self._epoch)
            for _ in self._parse(path, sheet.start, sheet.end, sheet.text):
                yield from sheet.take_rows()

        return rows

    def _read_sheets(self) -> list[tuple[str, str]]:
        targets: dict[str, str] = {}
        listed: list[tuple[str, str, bool]] = []

        def relation(tag: str, attributes: dict[str, str]) -> None:
            if tag == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
                target = attributes.get("Target", "")
                path = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
                targets[attributes.get("Id", "")] = path

        def sheet(tag: str, attributes: dict[str, str]) -> None:
            if tag == "sheet":
                hidden = attributes.get("state", "visible") != "visible"
                listed.append((attributes.get("name", ""), attributes.get("id", ""), hidden))
            elif tag == "workbookPr" and attributes.get("date1904") in ("1", "true"):
                self._epoch = MAC_EPOCH

        self._parse_whole("xl/_rels/workbook.xml.rels", relation)
        self._parse_whole("xl/workbook.xml", sheet)
        found = [
            (name, targets[key], hidden)
            for name, key, hidden in listed
            if targets.get(key) in self._names
        ]
        visible = [(name, path) for name, path, hidden in found if not hidden]
        if not found:
            raise FileRefused("The workbook has no worksheet.")
        return visible or [(name, path) for name, path, _ in found]

    def _read_date_styles(self) -> frozenset[int]:
        formats = dict(BUILTIN_FORMATS)
        styles: list[int] = []
        inside = False

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal inside
            if tag == "numFmt":
                formats[_whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
            elif tag == "cellXfs":
                inside = True
            elif tag == "xf" and inside:
                styles.append(_whole(attributes.get("numFmtId")))

        def end(tag: str) -> None:
            nonlocal inside
            inside = inside and tag != "cellXfs"

        self._parse_whole("xl/styles.xml", start, end)
        return frozenset(
            index for index, number in enumerate(styles) if is_date_format(formats.get(number))
        )

    def _read_texts(self) -> list[str]:
        texts: list[str] = []
        parts: list[str] = []
        is_text = is_phonetic = False

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal is_text, is_phonetic
            if tag == "t":
                is_text = not is_phonetic
            elif tag == "rPh":
                is_phonetic = True

        def end(tag: str) -> None:
            nonlocal is_text, is_phonetic
            is_text = False
            if tag == "rPh":
                is_phonetic = False
            elif tag == "si":
                texts.append("".join(parts))
                parts.clear()

        def text(data: str) -> None:
            if is_text:
                parts.append(data)

        self._parse_whole("xl/sharedStrings.xml", start, end, text)
        return texts

    def _parse_whole(
        self,
        path: str,
        start: Start,
        end: End | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        if path in self._names:
            for _ in self._parse(path, start, end, text):
                pass

    def _parse(
        self,
        path: str,
        start: Start,
        end: End | None = None,
        text: Callable[[str], None] | None = None,
    ) -> Iterator[None]:
        """Feed one part to the handlers, pausing after every chunk."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        local: dict[str, str] = {}

        def name_of(tag: str) -> str:
            if tag not in local:
                local[tag] = tag.rpartition(" ")[2]
            return local[tag]

        def on_start(tag: str, attributes: dict[str, str]) -> None:
            if any(" " in key for key in attributes):
                attributes = {name_of(key): value for key, value in attributes.items()}
            start(name_of(tag), attributes)

        parser.StartElementHandler = on_start
        parser.StartDoctypeDeclHandler = _refuse_document_type
        if end is not None:
            parser.EndElementHandler = lambda tag: end(name_of(tag))
        if text is not None:
            parser.CharacterDataHandler = text
        try:
            with (
                self.source.open_packed() as packed,
                zipfile.ZipFile(packed) as archive,
                archive.open(path) as stream,
            ):
                while chunk := stream.read(_CHUNK):
                    parser.Parse(chunk)
                    yield
                parser.Parse(b"", True)
                yield
        except (
            zipfile.BadZipFile,
            zlib.error,
            expat.ExpatError,
            EOFError,
            OSError,
            NotImplementedError,
            ValueError,
            RuntimeError,
        ) as error:
            raise FileRefused(_DAMAGED) from error


def _refuse_document_type(*_: object) -> None:
    raise FileRefused(
        "The workbook carries an XML document type, which no spreadsheet program writes; it is "
        "not read, for safety."
    )


def _refuse_bombs(archive: zipfile.ZipFile, limits: Limits) -> None:
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    suspicious = any(
        part.file_size > RATIO_COUNTS_FROM
        and part.file_size > limits.ratio * max(part.compress_size, 1)
        for part in parts
    )
    if len(parts) > limits.parts or unpacked > limits.unpacked_bytes or suspicious:
        raise FileRefused("The workbook unpacks to far more than a table of grants would.")


def _what_archive(names: set[str]) -> str:
    if "xl/workbook.bin" in names:
        return "This is a binary Excel workbook (.xlsb). Save it as .xlsx or CSV."
    if "content.xml" in names:
        return "This is an OpenDocument file. Save it as .xlsx or CSV."
    if "word/document.xml" in names or "ppt/presentation.xml" in names:
        return "This is a text document or a presentation, not a table."
    return "This is an archive of files, not a workbook. Unpack it and import the table in it."


def _whole(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError:
        return 0
