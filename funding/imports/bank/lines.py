"""What a bank statement holds, whatever file it came in."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from funding.formatting import LARGEST_AMOUNT, UnknownCurrency, minor_units
from funding.imports.faults import Fault
from funding.language import gettext as _

MOST_LINES = 100_000
MOST_BYTES = 20 * 1024 * 1024
LONGEST_TEXT = 500


class StatementRefused(Exception):
    """The file cannot be taken: every fault by its row."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class StatementLine:
    """One booking. `amount` in minor units, positive; `is_out`: it left the account.

    `row` counts as a spreadsheet does, or bookings of camt.053 from 1; `bank_ref` is the bank's own
    name of the booking. `key` tells the booking from all others of the account.
    """

    row: int
    booked_on: date
    amount: int
    is_out: bool
    end_to_end_id: str = ""
    reference: str = ""
    party: str = ""
    bank_ref: str = ""
    return_code: str = ""
    key: str = ""

    def stored(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {**asdict(self), "booked_on": self.booked_on.isoformat()}

    @classmethod
    def of(cls, stored: dict[str, Any]) -> StatementLine:
        """The inverse of `stored`."""
        return cls(**{**stored, "booked_on": date.fromisoformat(stored["booked_on"])})


@dataclass(frozen=True)
class Statement:
    """Bookings of one account. Balances in minor units, below zero where overdrawn; None: unsaid.

    `account` is "" where the file does not name it.
    """

    format: str
    currency: str
    lines: tuple[StatementLine, ...]
    account: str = ""
    reference: str = ""
    from_on: date | None = None
    to_on: date | None = None
    opening: int | None = None
    closing: int | None = None

    def checked(self) -> Statement:
        """The same with a key for each line; raises StatementRefused where sums contradict."""
        moved = sum(-line.amount if line.is_out else line.amount for line in self.lines)
        if self.opening is not None and self.closing is not None:
            missing = self.closing - self.opening - moved
            if missing:
                digits = minor_units(self.currency)
                raise StatementRefused(
                    Fault(
                        None,
                        "closing balance",
                        None,
                        _(
                            "is not the opening balance and all bookings together: %(scaleb)s "
                            "%(currency)s are missing",
                            scaleb=f"{Decimal(missing).scaleb(-digits):f}",
                            currency=self.currency,
                        ),
                    )
                )
        return replace(self, lines=tuple(_keyed(self.lines)))


def _keyed(lines: Iterable[StatementLine]) -> Iterable[StatementLine]:
    """The bank's own name of a booking, else a digest of all of it; equal ones are counted."""
    seen: Counter[str] = Counter()
    for line in lines:
        sign = "-" if line.is_out else "+"
        told = line.bank_ref or "|".join(
            (line.end_to_end_id, line.reference, line.party, line.return_code)
        )
        parts = (line.booked_on.isoformat(), f"{sign}{line.amount}", told)
        stem = hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]
        seen[stem] += 1
        yield replace(line, key=f"{stem}-{seen[stem]}")


def amount_of(text: str, currency: str) -> int:
    """Minor units of a plain decimal number, a minus kept; raises ValueError with the rule."""
    try:
        number = Decimal(text.strip())
        digits = minor_units(currency)
    except (InvalidOperation, UnknownCurrency):
        raise ValueError("must be an amount, such as 1234.50") from None
    if not number.is_finite():
        raise ValueError("must be an amount, such as 1234.50")
    if abs(number) > LARGEST_AMOUNT:
        raise ValueError("is larger than any amount can be")
    minor = number.scaleb(digits)
    if minor != minor.to_integral_value():
        raise ValueError(f"has more decimals than {currency} has")
    if abs(minor) > LARGEST_AMOUNT:
        raise ValueError("is larger than any amount can be")
    return int(minor)


def plain(text: str | None) -> str:
    """One line of printable text, cut where no bank writes that much."""
    words = " ".join((text or "").split())
    return "".join(letter for letter in words if letter.isprintable())[:LONGEST_TEXT]
