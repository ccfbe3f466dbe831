"""Bank statements as CSV, with the headings that banks use for a date, an amount and its texts."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, datetime

from funding.formatting import format_number
from funding.imports.bank.lines import (
    MOST_LINES,
    Statement,
    StatementLine,
    StatementRefused,
    amount_of,
    plain,
)
from funding.imports.faults import Fault, shown
from funding.language import gettext as _

HEADINGS: dict[str, tuple[str, ...]] = {
    "date": ("date", "booking date", "booked on", "posting date", "transaction date"),
    "amount": ("amount", "value", "transaction amount"),
    "out": ("debit", "paid out", "money out", "withdrawal"),
    "in": ("credit", "paid in", "money in", "deposit"),
    "currency": ("currency", "ccy"),
    "end-to-end id": ("end-to-end id", "end to end id", "endtoendid", "end_to_end_id"),
    "reference": ("reference", "remittance information", "purpose", "details", "narrative"),
    "name": ("name", "payee", "counterparty", "payer or payee", "beneficiary"),
    "bank reference": ("bank reference", "transaction id", "bank_ref", "booking id"),
}
"""Field -> the headings it goes by, in any case."""

_SEPARATORS = ",;\t"
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:[, ][0-9]{3})+(?:\.[0-9]+)?")


def read_table(content: bytes, currency: str) -> Statement:
    """The bookings of an account in this currency; raises StatementRefused naming each fault.

    A date as YYYY-MM-DD or DD.MM.YYYY; an amount with a point before decimals and a minus for what
    left the account, or in columns of their own for what left and what came in.
    """
    text = _decoded(content)
    head = text.split("\n", 1)[0]
    separator = max(_SEPARATORS, key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise StatementRefused(
            Fault(None, None, None, _("is no readable CSV: %(error)s", error=error))
        ) from None
    columns = _columns(rows[0] if rows else [])
    if len(rows) - 1 > MOST_LINES:
        raise StatementRefused(
            Fault(
                None,
                None,
                None,
                _("holds more than %(most_lines)s bookings", most_lines=format_number(MOST_LINES)),
            )
        )
    lines: list[StatementLine] = []
    faults: list[Fault] = []
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        cells = {
            name: row[place].strip() if place < len(row) else "" for name, place in columns.items()
        }
        found = _faults(cells, number, currency)
        faults += found
        if not found:
            lines.append(_line(cells, number, currency))
    if faults:
        raise StatementRefused(*faults)
    if not lines:
        raise StatementRefused(Fault(None, None, None, "holds no booking"))
    return Statement(
        format="CSV",
        currency=currency,
        from_on=min(line.booked_on for line in lines),
        to_on=max(line.booked_on for line in lines),
        lines=tuple(lines),
    ).checked()


def _decoded(content: bytes) -> str:
    if b"\0" in content[:4096]:
        raise StatementRefused(Fault(None, None, None, "is neither CSV nor camt.053"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _columns(heads: list[str]) -> dict[str, int]:
    names = {name: field for field, names in HEADINGS.items() for name in names}
    columns: dict[str, int] = {}
    for place, head in enumerate(heads):
        field = names.get(" ".join(head.split()).lower())
        if field is not None:
            columns.setdefault(field, place)
    if "date" not in columns or not ("amount" in columns or {"out", "in"} <= columns.keys()):
        raise StatementRefused(
            Fault(
                1,
                "headings",
                None,
                "must name a date and an amount (or a debit and a credit)",
            )
        )
    return columns


def _faults(cells: dict[str, str], number: int, currency: str) -> list[Fault]:
    faults = []
    try:
        _day(cells["date"])
    except ValueError:
        rule = "must be a day that exists, as 2027-03-31 or 31.03.2027"
        faults.append(Fault(number, "date", shown(cells["date"]), rule))
    if cells.get("currency") and cells["currency"].upper() != currency:
        rule = _("must be %(currency)s, the currency of the account", currency=currency)
        faults.append(Fault(number, "currency", shown(cells["currency"]), rule))
    try:
        if not _moved(cells, currency):
            faults.append(Fault(number, "amount", None, "must not be 0"))
    except ValueError as error:
        told = cells.get("amount") or cells.get("out") or cells.get("in") or ""
        faults.append(Fault(number, "amount", shown(told), str(error)))
    return faults


def _moved(cells: dict[str, str], currency: str) -> int:
    """Minor units, below zero for what left the account."""
    if cells.get("amount"):
        return amount_of(_ungrouped(cells["amount"]), currency)
    out, into = cells.get("out", ""), cells.get("in", "")
    if bool(out) == bool(into):
        raise ValueError("must stand in one of the columns for what left and what came in")
    amount = amount_of(_ungrouped(out or into), currency)
    return -abs(amount) if out else amount


def _ungrouped(text: str) -> str:
    """1,234.50 as 1234.50, and a true minus as a hyphen."""
    text = text.replace("\N{MINUS SIGN}", "-").replace("\N{NO-BREAK SPACE}", " ")
    return re.sub("[, ]", "", text) if _GROUPED.fullmatch(text) else text


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return datetime.strptime(text, "%d.%m.%Y").date()


def _line(cells: dict[str, str], number: int, currency: str) -> StatementLine:
    moved = _moved(cells, currency)
    return StatementLine(
        row=number,
        booked_on=_day(cells["date"]),
        amount=abs(moved),
        is_out=moved < 0,
        end_to_end_id=plain(cells.get("end-to-end id")),
        reference=plain(cells.get("reference")),
        party=plain(cells.get("name")),
        bank_ref=plain(cells.get("bank reference")),
    )
