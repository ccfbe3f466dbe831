"""CSV and its relatives: any common encoding, any common separator, gzipped or not."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from funding.formatting import format_number
from funding.imports.faults import FileRefused
from funding.imports.limits import MIB
from funding.imports.sources import Source
from funding.imports.tables import SourceRow, Table, View
from funding.language import gettext as _
from funding.sayings import as_written, number, sentence

_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}

# The longer mark first: a UTF-32 file begins with the mark of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)

_TEXT_CONTROLS = frozenset(b"\t\n\r\x0b\x0c\x1a\x1b")


@dataclass(frozen=True)
class Encoding:
    """How the bytes become text: Python's codec, its name in words, and what to say about it."""

    codec: str
    name: str
    note: str | None = None


def encoding_of(source: Source, head: bytes) -> Encoding:
    """The encoding, from its mark, its pattern of zero bytes, or by trying the whole file.

    Raises FileRefused where the bytes are no text at all.
    """
    for mark, codec, name in _MARKS:
        if head.startswith(mark):
            return Encoding(codec, name)
    if b"\0" in head:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        for few, many, codec in ((even, odd, "utf-16-le"), (odd, even, "utf-16-be")):
            if many > len(head) // 6 and few < many // 20:
                return Encoding(codec, "UTF-16")
    controls = sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in head)
    if controls > len(head) // 50:
        raise FileRefused(
            "The file holds no readable text. Needed is a CSV or XLSX file, or JSON in the "
            "360Giving form."
        )
    line = _first_line_not_utf8(source)
    if line is None:
        return Encoding("utf-8", "UTF-8")
    return Encoding(
        "cp1252",
        "Windows-1252",
        sentence(
            "The file is not valid UTF-8 (line %(line)s), so it was read as "
            "Windows-1252: check accented letters in the sample.",
            line=number(line),
        ),
    )


def _first_line_not_utf8(source: Source) -> int | None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    with source.open() as stream:
        while True:
            chunk = stream.read(MIB)
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return lines + error.object[: error.start].count(b"\n")
            if not chunk:
                return None
            lines += chunk.count(b"\n")


def decode_whole(source: Source, encoding: Encoding) -> str:
    """The whole file as one text, for JSON. Raises FileRefused where it is too large."""
    limit = source.limits.json_bytes
    with source.open() as raw, io.BufferedReader(raw) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise FileRefused(
            _(
                "A JSON file may have at most %(mib)s MB; split it, or use CSV.",
                mib=f"{limit / MIB:,.0f}",
            )
        )
    return data.decode(encoding.codec, errors="replace")


def read_text_table(source: Source, encoding: Encoding) -> Table:
    """The file as a table, with one view for each separator that occurs near its start."""
    sample = source.head().decode(encoding.codec, errors="replace")
    present = [separator for separator in _SEPARATORS if separator in sample] or [","]
    views = [
        View(_SEPARATORS[separator], lambda separator=separator: _rows(source, encoding, separator))
        for separator in present
    ]
    notes = [encoding.note] if encoding.note else []
    name = as_written(encoding.name)
    return Table(
        sentence("CSV in %(name)s, gzipped", name=name)
        if source.is_gzip
        else sentence("CSV in %(name)s", name=name),
        views,
        notes,
        has_even_rows=True,
    )


def _rows(source: Source, encoding: Encoding, separator: str) -> Iterator[SourceRow]:
    place = 0
    with source.open() as raw:
        buffered = io.BufferedReader(raw, MIB)
        # An undefined byte becomes U+FFFD, which the rows' checks then report.
        text = io.TextIOWrapper(buffered, encoding.codec, errors="replace", newline="")
        lines = csv.reader(text, delimiter=separator, strict=True)
        while True:
            place += 1
            try:
                cells = next(lines)
            except StopIteration:
                return
            except csv.Error as error:
                raise FileRefused(_csv_rule(str(error)), place) from error
            if place > source.limits.rows:
                raise FileRefused(
                    _(
                        "At most %(rows)s rows are read; split the file.",
                        rows=format_number(source.limits.rows),
                    )
                )
            yield SourceRow(place, cells, raw.share())


def _csv_rule(message: str) -> str:
    if "field limit" in message:
        return "a cell is longer than 131,072 characters: is a quotation mark never closed?"
    if "end of data" in message:
        return "a quotation mark opened in this row is never closed"
    return "a quotation mark stands in the middle of a cell; write it twice or leave it out"
