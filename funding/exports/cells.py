"""Cells of exported tables, made safe for the spreadsheet programs that will open them."""

from __future__ import annotations

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(text: str | None) -> str:
    """The text so that no spreadsheet program takes it for a formula; None becomes "".

    A leading apostrophe marks it as text, as OWASP advises against CSV injection. Give numbers to
    the writer as numbers: a negative one written as text would be marked too.
    """
    if text is None:
        return ""
    is_formula = text.startswith(_STARTS) or text.lstrip().startswith(_STARTS)
    return f"'{text}" if is_formula else text
