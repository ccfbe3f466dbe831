"""A payment file for the bank: ISO 20022 pain.001.001.09, or CSV. The same batch, the same bytes.

Texts are written in the letters that every bank takes (the Latin set of SEPA); names that have
none of them are refused. Amounts are plain decimals of their currency; the control sums are the
number of payments and their total.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from funding.errors import RuleBroken
from funding.exports.csv_files import csv_text
from funding.formatting import minor_units

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
CSV_HEADS = (
    "end-to-end id",
    "payee",
    "iban",
    "account",
    "bank code",
    "bic",
    "country",
    "currency",
    "amount",
    "execution date",
    "reference",
)

_SEPA = (
    "AD AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MT NL NO PL PT"
    " RO SE SI SK SM VA"
)
_KEPT = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ ")
_SPELLED = {
    "ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
    "þ": "th", "Þ": "Th", "ð": "d", "œ": "oe", "Œ": "OE", "ı": "i", "–": "-", "—": "-", "’": "'",
    "&": "+",
}  # fmt: skip


@dataclass(frozen=True)
class AccountAt:
    """An account and its bank; `country` where its holder is."""

    holder: str
    iban: str
    account: str
    bank_code: str
    bic: str
    country: str


@dataclass(frozen=True)
class CreditTransfer:
    """One payment; `amount` in minor units of the file's currency."""

    end_to_end_id: str
    amount: int
    to: AccountAt
    reference: str


@dataclass(frozen=True)
class PaymentFile:
    """Payments of one debtor in one currency on one day."""

    message_id: str
    made_at: datetime
    debtor: AccountAt
    currency: str
    execution_on: date
    transfers: tuple[CreditTransfer, ...]

    @property
    def total(self) -> int:
        return sum(transfer.amount for transfer in self.transfers)

    def decimal(self, minor: int) -> str:
        """An amount as both forms write it: 1234.50, whole for a currency without decimals."""
        return f"{Decimal(minor).scaleb(-minor_units(self.currency)):f}"


def plain_latin(text: str, most: int) -> str:
    """The text in the letters that every bank takes; raises RuleBroken where nothing is left."""
    spelled = "".join(_SPELLED.get(letter, letter) for letter in text)
    bare = (c for c in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(c))
    kept = " ".join("".join(c if c in _KEPT else " " for c in bare).split())[:most].strip()
    if not any(letter.isalnum() for letter in kept):
        raise RuleBroken(
            f"“{text[:60]}” has no letter that banks take: write the name as the bank spells it."
        )
    return kept


def pain_001(file: PaymentFile) -> bytes:
    """The file as pain.001.001.09, one payment instruction with a transfer for each payment."""
    document = Element("Document", xmlns=NAMESPACE)
    message = SubElement(document, "CstmrCdtTrfInitn")
    head = SubElement(message, "GrpHdr")
    _add(head, "MsgId", file.message_id)
    _add(head, "CreDtTm", file.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    _control_sums(head, file)
    _add(SubElement(head, "InitgPty"), "Nm", plain_latin(file.debtor.holder, 70))
    instruction = SubElement(message, "PmtInf")
    _add(instruction, "PmtInfId", file.message_id)
    _add(instruction, "PmtMtd", "TRF")
    # a booking for each payment, so that each comes back on the statement by its own id
    _add(instruction, "BtchBookg", "false")
    _control_sums(instruction, file)
    if is_sepa(file):
        _add(SubElement(SubElement(instruction, "PmtTpInf"), "SvcLvl"), "Cd", "SEPA")
    _add(SubElement(instruction, "ReqdExctnDt"), "Dt", file.execution_on.isoformat())
    _party(instruction, "Dbtr", file.debtor)
    account = _account(instruction, "DbtrAcct", file.debtor)
    _add(account, "Ccy", file.currency)
    _agent(instruction, "DbtrAgt", file.debtor)
    _add(instruction, "ChrgBr", "SLEV" if is_sepa(file) else "SHAR")
    for transfer in file.transfers:
        _transfer(instruction, file, transfer)
    indent(document)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(document) + b"\n"


def is_sepa(file: PaymentFile) -> bool:
    """Whether the whole file can go as SEPA credit transfers: euro, between IBANs of its area."""
    accounts = (file.debtor, *(transfer.to for transfer in file.transfers))
    return file.currency == "EUR" and all(a.iban and a.iban[:2] in _SEPA for a in accounts)


def _add(parent: Element, name: str, text: str) -> Element:
    child = SubElement(parent, name)
    child.text = text
    return child


def _control_sums(parent: Element, file: PaymentFile) -> None:
    _add(parent, "NbOfTxs", str(len(file.transfers)))
    _add(parent, "CtrlSum", file.decimal(file.total))


def _party(parent: Element, name: str, of: AccountAt) -> None:
    party = SubElement(parent, name)
    _add(party, "Nm", plain_latin(of.holder, 70))
    _add(SubElement(party, "PstlAdr"), "Ctry", of.country)


def _account(parent: Element, name: str, of: AccountAt) -> Element:
    account = SubElement(parent, name)
    id_ = SubElement(account, "Id")
    if of.iban:
        _add(id_, "IBAN", of.iban)
    else:
        _add(SubElement(id_, "Othr"), "Id", of.account)
    return account


def _agent(parent: Element, name: str, of: AccountAt) -> None:
    """The bank: by its BIC, its code, or not at all where the IBAN says it."""
    bank = SubElement(SubElement(parent, name), "FinInstnId")
    if of.bic:
        _add(bank, "BICFI", of.bic)
    if of.bank_code:
        _add(SubElement(bank, "ClrSysMmbId"), "MmbId", of.bank_code)
    if not of.bic and not of.bank_code:
        _add(SubElement(bank, "Othr"), "Id", "NOTPROVIDED")


def _transfer(parent: Element, file: PaymentFile, transfer: CreditTransfer) -> None:
    node = SubElement(parent, "CdtTrfTxInf")
    ids = SubElement(node, "PmtId")
    _add(ids, "InstrId", transfer.end_to_end_id)
    _add(ids, "EndToEndId", transfer.end_to_end_id)
    amount = _add(SubElement(node, "Amt"), "InstdAmt", file.decimal(transfer.amount))
    amount.set("Ccy", file.currency)
    _agent(node, "CdtrAgt", transfer.to)
    _party(node, "Cdtr", transfer.to)
    _account(node, "CdtrAcct", transfer.to)
    _add(SubElement(node, "RmtInf"), "Ustrd", plain_latin(transfer.reference, 140))


def payments_csv(file: PaymentFile) -> str:
    """A row a payment, and a last one with the control sums."""
    rows: list[Sequence[object]] = [
        (
            transfer.end_to_end_id,
            transfer.to.holder,
            transfer.to.iban,
            transfer.to.account,
            transfer.to.bank_code,
            transfer.to.bic,
            transfer.to.country,
            file.currency,
            Decimal(file.decimal(transfer.amount)),
            file.execution_on.isoformat(),
            transfer.reference,
        )
        for transfer in file.transfers
    ]
    count = f"control sums: {len(rows)} payments"
    sums = (count, "", "", "", "", "", "", file.currency, Decimal(file.decimal(file.total)), "", "")
    return csv_text(CSV_HEADS, [*rows, sums])
