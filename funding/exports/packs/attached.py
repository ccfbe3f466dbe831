"""The files that a PDF of ours carries, read from its bytes.

WeasyPrint writes each as a stream of the type EmbeddedFile; nothing else of the PDF is looked at.
"""

from __future__ import annotations

import re
import zlib

_FILE = re.compile(rb"<<[^>]*/Type /EmbeddedFile.*?>>\s*stream\r?\n", re.DOTALL)
_LENGTH = re.compile(rb"/Length (\d+)")


class Unreadable(Exception):
    """The file is no PDF of ours, or what it carries is damaged; the message says what."""


def attached(pdf: bytes) -> list[bytes]:
    """The contents, in order. Raises Unreadable."""
    if not pdf.startswith(b"%PDF-"):
        raise Unreadable("this is not a PDF")
    found = []
    for match in _FILE.finditer(pdf):
        lengths = _LENGTH.findall(match.group())
        if not lengths:
            raise Unreadable("an attached file has no length")
        stream = pdf[match.end() : match.end() + int(lengths[-1])]
        try:
            found.append(zlib.decompress(stream) if b"/FlateDecode" in match.group() else stream)
        except zlib.error as error:
            raise Unreadable(f"an attached file cannot be unpacked ({error})") from error
    return found
