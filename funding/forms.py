"""What people typed, read into values: every fault is kept, and so is what was typed.

Pure: a route gives the typed fields, gets values for a service, and hands the faults along, so
that a refused form names everything at once and comes back as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from funding.errors import Fault
from funding.formatting import (
    AmountRefused,
    UnknownCurrency,
    format_amount_number,
    format_number,
    minor_units,
    parse_amount,
)
from funding.language import gettext as _

YES_OR_NO = {"yes": True, "no": False}
"""What a button or a choice of two sends; anything else is no answer."""

_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


@dataclass
class Typed:
    """The fields of one form: `values` as typed (text, or a list of texts), `faults` so far."""

    values: dict[str, Any]
    faults: list[Fault] = field(default_factory=list)

    @classmethod
    def of(cls, fields: Mapping[str, Sequence[str]], lists: Iterable[str] = ()) -> Typed:
        """From lists by name, as a browser sends them; those in `lists` stay lists."""
        lists = set(lists)
        values: dict[str, Any] = {
            name: list(texts) if name in lists else (texts[-1] if texts else "")
            for name, texts in fields.items()
        }
        return cls({**{name: [] for name in lists}, **values})

    def refuse(self, name: str, rule: str) -> None:
        self.faults.append(Fault(name, rule))

    def text(self, name: str, needed: str = "", longest: int = 10_000) -> str:
        """Words, without spaces around them; `needed` is what to say where there are none."""
        words = str(self.values.get(name, "")).replace("\r\n", "\n").replace("\0", "").strip()
        if needed and not words:
            self.refuse(name, needed)
        if len(words) > longest:
            self.refuse(
                name,
                _(
                    "At most %(longest)s characters; these are %(words)s.",
                    longest=format_number(longest),
                    words=format_number(len(words)),
                ),
            )
        return words

    def choice(self, name: str, known: Iterable[str], needed: str) -> str:
        word = self.text(name)
        if word not in set(known):
            self.refuse(name, needed)
        return word

    def ticked(self, name: str) -> bool:
        return bool(self.text(name))

    def many(self, name: str, known: Iterable[str]) -> list[str]:
        """The ticked ones, in the order of `known`; any other is a fault."""
        ticked = set(self.values.get(name) or [])
        known = list(known)
        for stranger in sorted(ticked - set(known)):
            self.refuse(name, _("“%(stranger)s” is not on the list.", stranger=stranger[:60]))
        return [key for key in known if key in ticked]

    def amount(self, name: str, currency: str, needed: str = "") -> int | None:
        """Minor units of `currency`; None where nothing was typed, or something wrong."""
        typed = self.text(name, needed)
        if not typed:
            return None
        try:
            return parse_amount(typed, currency)
        except (AmountRefused, UnknownCurrency) as refusal:
            self.refuse(name, str(refusal))
            return None

    def currency(self, name: str) -> str:
        """An ISO 4217 code; empty where it is none."""
        code = self.text(name).upper()
        try:
            minor_units(code)
        except UnknownCurrency:
            self.refuse(name, "Choose a currency by its ISO 4217 code, such as EUR or KES.")
            return ""
        return code

    def number(
        self, name: str, least: float, most: float, rule: str, otherwise: float | None = None
    ) -> float | None:
        """A plain number within bounds; `otherwise` where nothing was typed."""
        typed = self.text(name)
        if not typed:
            return otherwise
        if not _NUMBER.fullmatch(typed) or not least <= float(typed) <= most:
            self.refuse(name, rule)
            return otherwise
        return float(typed)

    def whole(self, name: str, least: int, most: int, rule: str) -> int | None:
        number = self.number(name, least, most, rule)
        if number is not None and number != int(number):
            self.refuse(name, rule)
            return None
        return None if number is None else int(number)

    def share(self, name: str, otherwise: float | None = None) -> float | None:
        """A percentage above 0 and up to 100, as a fraction: 40 is 0.4, exactly as written."""
        typed = self.text(name).removesuffix("%").strip()
        if not typed:
            return otherwise
        if not _NUMBER.fullmatch(typed) or not 0 < Decimal(typed) <= 100:
            self.refuse(name, "Write a percentage above 0 and up to 100, such as 40.")
            return otherwise
        return float(Decimal(typed) / 100)

    def day(self, name: str, needed: str = "") -> date | None:
        typed = self.text(name, needed)
        if not typed:
            return None
        try:
            return date.fromisoformat(typed)
        except ValueError:
            self.refuse(name, "Write a day that exists, as 2027-03-31.")
            return None

    def moment(self, name: str, zone: str, needed: str = "") -> datetime | None:
        """A local day and time in `zone`, in UTC.

        An hour that the clocks skip is refused; of one that they repeat, the later is meant.
        """
        typed = self.text(name, needed)
        if not typed:
            return None
        try:
            local = datetime.fromisoformat(typed)
        except ValueError:
            local = None
        if local is None or local.tzinfo is not None:
            self.refuse(name, "Write a day and a time that exist, as 2027-03-31T17:00.")
            return None
        there = local.replace(tzinfo=ZoneInfo(zone), fold=1)
        moment = there.astimezone(UTC)
        if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local:
            self.refuse(
                name, "This time does not exist there: the clocks go forward. Choose another."
            )
            return None
        return moment


def as_errors(faults: Iterable[Fault]) -> dict[str, str]:
    """The first rule broken of each field, as templates/macros/forms.html shows them."""
    errors: dict[str, str] = {}
    for fault in faults:
        errors.setdefault(fault.field, fault.rule)
    return errors


def without_repeats(read: Sequence[Fault], ruled: Iterable[Fault]) -> list[Fault]:
    """Faults of reading and then of rules, less rules on what could not be read anyway."""
    named = {fault.field for fault in read}
    return [*read, *(fault for fault in ruled if fault.field not in named)]


def amount_text(minor: int | None, currency: str) -> str:
    """An amount as its field shows it: 1,234.50; empty for none."""
    return "" if minor is None else format_amount_number(minor, currency)


def share_text(share: float | None) -> str:
    """A fraction as its field shows it: 0.4 is 40, 0.333 is 33.3; empty for none."""
    if share is None:
        return ""
    text = f"{Decimal(repr(share)) * 100:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment_text(moment: datetime | None, zone: str) -> str:
    """A moment as its field shows it, in local time: 2027-03-31T17:00."""
    return "" if moment is None else f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"
