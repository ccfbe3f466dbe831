"""Which reader a file needs, decided by what is in it and never by its name."""

from __future__ import annotations

from pathlib import PurePath

from funding.imports.faults import FileRefused
from funding.imports.json_lists import read_json
from funding.imports.sources import GZIP_MAGIC, Source
from funding.imports.tables import Table
from funding.imports.text_tables import decode_whole, encoding_of, read_text_table
from funding.language import gettext as _
from funding.sayings import as_written, sentence

_WANTED = "Needed is a CSV or XLSX file, or JSON in the 360Giving form."

_NOT_TABLES = (
    (b"%PDF", "This is a PDF document, not a table."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel file (.xls) or a workbook with a password."),
    (b"\x89PNG", "This is a picture, not a table."),
    (b"\xff\xd8\xff", "This is a picture, not a table."),
    (b"GIF8", "This is a picture, not a table."),
    (b"PAR1", "This is a Parquet file."),
    (b"SQLite format 3", "This is a database file."),
    (b"7z\xbc\xaf", "This is a 7z archive; unpack it first."),
    (b"Rar!", "This is a RAR archive; unpack it first."),
    (b"BZh", "This is a bzip2 archive; unpack it first."),
    (b"\xfd7zXZ", "This is an xz archive; unpack it first."),
    (b"{\\rtf", "This is a text document (RTF), not a table."),
)

_NAMED = {
    ".xlsx": "workbook",
    ".csv": "text",
    ".tsv": "text",
    ".txt": "text",
    ".json": "json",
    ".xls": "workbook",
}

_IN_WORDS = {"workbook": "an XLSX workbook", "text": "a plain text table", "json": "JSON"}


def open_table(source: Source) -> Table:
    """The file as a table. Raises FileRefused, with what it is and what is needed."""
    head = source.head()
    if not head.strip():
        raise FileRefused("The file is empty.")
    for magic, what in _NOT_TABLES:
        if head.startswith(magic):
            raise FileRefused(_("%(what)s %(wanted)s", what=_(what), wanted=_(_WANTED)))
    if source.is_gzip and head.startswith((GZIP_MAGIC, b"PK")):
        raise FileRefused(
            _("The gzip file holds another archive; unpack it first. %(wanted)s", wanted=_(_WANTED))
        )

    if head.startswith(b"PK"):
        # here, since it takes as long to load as the rest of the site's imports together
        from funding.imports.workbooks import read_workbook

        holds, table = "workbook", read_workbook(source)
    else:
        encoding = encoding_of(source, head)
        start = head.decode(encoding.codec, errors="replace").lstrip("\ufeff \t\r\n")
        if start.startswith(("{", "[")):
            holds, table = "json", read_json(source, decode_whole(source, encoding))
        elif start[:400].lower().startswith(("<!doctype", "<html", "<?xml")):
            raise FileRefused(
                _("This is a web page or an XML file, not a table. %(wanted)s", wanted=_(_WANTED))
            )
        else:
            holds, table = "text", read_text_table(source, encoding)

    name = PurePath(source.filename.removesuffix(".gz"))
    if _NAMED.get(name.suffix.lower(), holds) != holds:
        table.notes.append(
            sentence(
                "The name ends in %(suffix)s, but the file holds %(in_words)s and was read "
                "as such.",
                suffix=as_written(name.suffix),
                in_words=_IN_WORDS[holds],
            )
        )
    return table
