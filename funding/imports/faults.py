"""What can be wrong with a file, a row or a cell, in words that name the place and the rule."""

from __future__ import annotations

from dataclasses import dataclass

from funding.language import gettext as _
from funding.language import said

_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: `row` as a spreadsheet counts it (None: the file as a whole).

    `field` is the field's name (None: the row as a whole), `value` what stood there, ready to be
    shown (None: nothing stood there), `rule` what it must be.
    """

    row: int | None
    field: str | None
    value: str | None
    rule: str

    def __str__(self) -> str:
        """In one line, in the current language."""
        rule = said(self.rule)
        if self.value is None:
            return _("%(place)s: %(rule)s", place=self._place(), rule=rule)
        # within its marks a value is no word of ours, whatever it begins with
        value = f'"{self.value}"'
        return _("%(place)s: %(value)s: %(rule)s", place=self._place(), value=value, rule=rule)

    def _place(self) -> str:
        if self.field is None:
            return _("file") if self.row is None else _("row %(row)s", row=self.row)
        if self.row is None:
            return _("file, %(field)s", field=self.field)
        return _("row %(row)s, %(field)s", row=self.row, field=self.field)


class BadValue(ValueError):
    """A cell breaks a rule; `rule` is the rule in words."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class FileRefused(Exception):
    """The file cannot be read at all, or not past `row`; `str()` is the sentence people read."""

    def __init__(self, sentence: str, row: int | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence  # `str()` does not keep what it was made of
        self.row = row

    def as_fault(self) -> Fault:
        """The same as a fault, to stand in a list with others."""
        return Fault(self.row, None, None, self.sentence)


def shown(value: object) -> str:
    """A cell as it can stand in one line: control characters spelled out, long texts cut."""
    text = str(value)
    cut = text[:_LONGEST_SHOWN] + "…" if len(text) > _LONGEST_SHOWN else text
    if cut.isprintable():
        return cut
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in cut
    )
