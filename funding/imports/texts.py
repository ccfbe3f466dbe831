"""Texts, names, addresses and yes-or-no answers from cells; what must not be in them."""

from __future__ import annotations

import datetime
import re
import unicodedata
from decimal import Decimal
from functools import cache

import pycountry
from stdnum.iso7064 import mod_11_2

from funding.formatting import format_number
from funding.imports.faults import BadValue
from funding.imports.tables import Cell, Trouble
from funding.language import gettext as _

_FORMULA = re.compile(r"=\s*[A-Za-z0-9(+\-@\"'#{]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_EMAIL = re.compile(r"[^@\s<>,;\"]+@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)+")
_C1 = re.compile("[\x80-\x9f]")
_WINDOWS_LETTERS = {
    code: letter
    for code in range(0x80, 0xA0)
    if (letter := bytes([code]).decode("cp1252", "ignore"))
}
_ORCID = re.compile("[0-9]{15}[0-9X]")
_WEB = re.compile(r"https?://[^\s/<>\"]+[^\s<>\"]*", re.IGNORECASE)
_YES = frozenset({"yes", "y", "true", "1"})
_NO = frozenset({"no", "n", "false", "0"})


def read_text(cell: Cell, most: int, *, is_long: bool = False) -> str:
    """The text of a cell, at most `most` characters, "" where it is blank. Raises BadValue.

    White space at the ends goes; within a short text every run of it becomes one space, a long
    text keeps its lines. Letters are composed (NFC), so that the same name is the same text.
    """
    text = _as_text(cell)
    if text.isascii() and text.isprintable():
        text = text.strip()
        if not is_long and "  " in text:
            text = " ".join(text.split())
    else:
        text = _composed(text, is_long)
    if len(text) > most:
        raise BadValue(
            _(
                "at most %(most)s characters; this has %(text)s",
                most=format_number(most),
                text=format_number(len(text)),
            )
        )
    if text.startswith("="):
        if _FORMULA.match(text):
            raise BadValue("begins like a formula; give its value instead")
    elif text.startswith("'") and text[1:2] in ("=", "+", "-", "@"):
        return text[1:]  # as `exports.cells.safe_cell` wrote it
    return text


def _as_text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, Trouble):
        raise BadValue(cell.rule)
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, Decimal):
        is_short = cell.is_finite() and abs(cell.adjusted()) < 30
        is_whole = is_short and cell == cell.to_integral_value()
        return str(int(cell)) if is_whole else str(cell)
    if isinstance(cell, datetime.date):
        return cell.isoformat()
    raise BadValue("is a list or a group of fields, not a text")


def _composed(text: str, is_long: bool) -> str:
    text = mended(text)
    if control := _CONTROL.search(text):
        raise BadValue(_("holds a control character (U+%(ord)s)", ord=f"{ord(control[0]):04X}"))
    text = unicodedata.normalize("NFC", text.replace("\ufeff", ""))
    if is_long:
        return "\n".join(line.rstrip() for line in text.splitlines()).strip()
    return " ".join(text.split())


def mended(text: str) -> str:
    """The text with the letters that Windows-1252 has where Unicode has control characters.

    They come from a Windows-1252 text that was once taken for Latin-1: `Children\x92s`.
    """
    return text.translate(_WINDOWS_LETTERS) if _C1.search(text) else text


def read_web_address(cell: Cell, most: int = 2000) -> str:
    """An http or https address. Raises BadValue."""
    text = read_text(cell, most)
    if text and not _WEB.fullmatch(text):
        raise BadValue("must be a web address that begins with http:// or https://")
    return text


def read_email(cell: Cell) -> str:
    """An e-mail address in lower case. Raises BadValue."""
    text = read_text(cell, 254).lower()
    if text and not _EMAIL.fullmatch(text):
        raise BadValue("must be an e-mail address")
    return text


def read_orcid(cell: Cell) -> str:
    """An ORCID iD with a right check digit (ISO 7064), in groups of four. Raises BadValue."""
    text = read_text(cell, 60)
    digits = text.removeprefix("https://orcid.org/").replace("-", "").upper()
    if text and not (_ORCID.fullmatch(digits) and mod_11_2.is_valid(digits)):
        raise BadValue("is no ORCID iD: sixteen digits, the last of them a check digit")
    return "-".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def read_yes_or_no(cell: Cell) -> bool:
    """A yes or no in any of its usual spellings. Raises BadValue."""
    if isinstance(cell, bool):
        return cell
    word = read_text(cell, 20).lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise BadValue("must be yes or no")


@cache
def country_code(text: str) -> str:
    """The ISO 3166 code of two letters, from a code or an English name. Raises BadValue."""
    code = "GB" if text.upper() == "UK" else text
    for key in ("alpha_2", "alpha_3", "name", "common_name", "official_name"):
        found = pycountry.countries.get(**{key: code})
        if found is not None:
            return found.alpha_2
    raise BadValue("is no country of ISO 3166, by code (GB) or English name")
