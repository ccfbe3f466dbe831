"""ISO 20022 camt.053 (BankToCustomerStatement), versions 02 and later.

Read by local names, so that one reader does for every version. A document type stops the reading,
and with it every entity. Only booked entries count; an entry of several transactions becomes a
line for each, which have to add up to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

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

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."
_UNSAID = ("NOTPROVIDED", "NOT PROVIDED")


def is_xml(content: bytes) -> bool:
    """Whether the file is meant as XML, whatever it is called."""
    return content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def read_camt(content: bytes) -> list[Statement]:
    """Every statement of the file, checked; raises StatementRefused naming each fault."""
    try:
        root = fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise _refused("must hold no document type and no entities") from None
    except (ParseError, ValueError, LookupError) as error:
        raise _refused(_("is no readable XML: %(error)s", error=shown(error))) from None
    if not root.tag.startswith(f"{{{NAMESPACE}"):
        raise _refused("is no camt.053 bank statement")
    found = list(_walk(root, "BkToCstmrStmt", "Stmt"))
    if not found:
        raise _refused("holds no statement")
    statements = []
    faults: list[Fault] = []
    for node in found:
        try:
            statements.append(_statement(node))
        except StatementRefused as refusal:
            faults += refusal.faults
    if faults:
        raise StatementRefused(*faults)
    return statements


def _refused(rule: str) -> StatementRefused:
    return StatementRefused(Fault(None, None, None, rule))


def _walk(node: Element, *path: str) -> Iterator[Element]:
    """Every element at the end of this path of local names."""
    if not path:
        yield node
        return
    for child in node:
        if child.tag.rpartition("}")[2] == path[0]:
            yield from _walk(child, *path[1:])


def _text(node: Element, *paths: tuple[str, ...]) -> str:
    """The first text found along one of these paths."""
    for path in paths:
        for found in _walk(node, *path):
            if found.text and found.text.strip():
                return plain(found.text)
    return ""


def _statement(node: Element) -> Statement:
    account = _text(node, ("Acct", "Id", "IBAN"), ("Acct", "Id", "Othr", "Id")).replace(" ", "")
    entries = list(_walk(node, "Ntry"))
    currency = _text(node, ("Acct", "Ccy")) or next(
        (amount.get("Ccy", "") for part in ("Bal", "Ntry") for amount in _walk(node, part, "Amt")),
        "",
    )
    if not account or not currency:
        raise _refused("must name its account and currency")
    if len(entries) > MOST_LINES:
        raise _refused(
            _("holds more than %(most_lines)s bookings", most_lines=format_number(MOST_LINES))
        )
    faults: list[Fault] = []
    lines: list[StatementLine] = []
    for number, entry in enumerate(entries, 1):
        try:
            lines += _lines(entry, number, currency)
        except StatementRefused as refusal:
            faults += refusal.faults
    balances = _balances(node, currency, faults)
    if faults:
        raise StatementRefused(*faults)
    days = [_day_of(_text(node, ("FrToDt", name))) for name in ("FrDtTm", "ToDtTm")]
    return Statement(
        format="camt.053",
        currency=currency,
        account=account.upper(),
        reference=_text(node, ("Id",)),
        from_on=days[0] or min((line.booked_on for line in lines), default=None),
        to_on=days[1] or max((line.booked_on for line in lines), default=None),
        opening=balances.get("OPBD", balances.get("PRCD")),
        closing=balances.get("CLBD"),
        lines=tuple(lines),
    ).checked()


def _balances(node: Element, currency: str, faults: list[Fault]) -> dict[str, int]:
    """Balances by code; the first of each opens, the last closes."""
    found: dict[str, int] = {}
    for balance in _walk(node, "Bal"):
        code = _text(balance, ("Tp", "CdOrPrtry", "Cd"))
        if code in found and code != "CLBD":
            continue
        try:
            amount = amount_of(_text(balance, ("Amt",)), currency)
        except ValueError as error:
            faults.append(Fault(None, f"balance {code}", None, str(error)))
            continue
        found[code] = -amount if _text(balance, ("CdtDbtInd",)) == "DBIT" else amount
    return found


def _lines(entry: Element, number: int, currency: str) -> list[StatementLine]:
    """The lines of one booked entry; none for one that is pending or for information."""
    status = _text(entry, ("Sts", "Cd"), ("Sts",)) or "BOOK"
    if status != "BOOK":
        return []
    is_out = _direction(entry, number)
    booked = _day_of(_text(entry, ("BookgDt", "Dt"), ("BookgDt", "DtTm"), ("ValDt", "Dt")))
    if booked is None:
        raise StatementRefused(Fault(number, "booking date", None, "must be a date"))
    total = _amount(entry, number, currency, ("Amt",))
    bank_ref = _text(entry, ("AcctSvcrRef",), ("NtryRef",))
    parts = list(_walk(entry, "NtryDtls", "TxDtls"))
    if len(parts) < 2:
        part = parts[0] if parts else entry
        return [_line(entry, part, number, booked, total, is_out, bank_ref)]
    lines = []
    for position, part in enumerate(parts, 1):
        amount = _amount(part, number, currency, ("Amt",), ("AmtDtls", "TxAmt", "Amt"))
        own_ref = _text(part, ("Refs", "AcctSvcrRef"), ("Refs", "TxId"))
        ref = own_ref or (f"{bank_ref}/{position}" if bank_ref else "")
        lines.append(_line(entry, part, number, booked, amount, is_out, ref))
    if sum(line.amount for line in lines) != total:
        raise StatementRefused(
            Fault(number, "amount", None, "its transactions do not add up to the booking")
        )
    return lines


def _direction(entry: Element, number: int) -> bool:
    """Whether money left the account; an entry that takes another back says so by itself."""
    word = _text(entry, ("CdtDbtInd",))
    if word not in ("DBIT", "CRDT"):
        raise StatementRefused(Fault(number, "CdtDbtInd", shown(word), "must be DBIT or CRDT"))
    return word == "DBIT"


def _amount(node: Element, number: int, currency: str, *paths: tuple[str, ...]) -> int:
    for path in paths:
        for found in _walk(node, *path):
            if found.get("Ccy", currency) != currency:
                rule = _("must be in %(currency)s, the currency of the account", currency=currency)
                raise StatementRefused(Fault(number, "amount", found.get("Ccy"), rule))
            try:
                amount = amount_of(found.text or "", currency)
            except ValueError as error:
                raise StatementRefused(
                    Fault(number, "amount", shown(found.text or ""), str(error))
                ) from None
            if amount <= 0:
                raise StatementRefused(
                    Fault(number, "amount", shown(found.text or ""), "must be above 0")
                )
            return amount
    raise StatementRefused(Fault(number, "amount", None, "is missing"))


def _line(
    entry: Element,
    part: Element,
    number: int,
    booked: date,
    amount: int,
    is_out: bool,
    bank_ref: str,
) -> StatementLine:
    side = "Cdtr" if is_out else "Dbtr"
    end_to_end = _text(part, ("Refs", "EndToEndId"))
    words = [plain(found.text) for found in _walk(part, "RmtInf", "Ustrd")]
    words += [_text(found, ("CdtrRefInf", "Ref")) for found in _walk(part, "RmtInf", "Strd")] or [
        _text(entry, ("AddtlNtryInf",))
    ]
    return StatementLine(
        row=number,
        booked_on=booked,
        amount=amount,
        is_out=is_out,
        end_to_end_id="" if end_to_end.upper() in _UNSAID else end_to_end,
        reference=plain(" ".join(word for word in words if word)),
        party=_text(
            part,
            ("RltdPties", side, "Pty", "Nm"),
            ("RltdPties", side, "Nm"),
        ),
        bank_ref=bank_ref,
        return_code=_text(part, ("RtrInf", "Rsn", "Cd"), ("RtrInf", "Rsn", "Prtry")),
    )


def _day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
