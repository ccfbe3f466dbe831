"""Awards as IATI activities, version 2.03: a map from our terms to the standard's.

One activity an award. Its money: an outgoing commitment on the day of the award, less what was
given up; a disbursement for each payment; what came back as a disbursement below zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from xml.etree import ElementTree

from funding.exports.amounts import decimal_amount
from funding.places import region_in_english
from funding.reports.public.payments import Freed, PublicPayment
from funding.reports.public.register import PublicAward

VERSION = "2.03"
OWN_VOCABULARY = "99"
OUTGOING_COMMITMENT, DISBURSEMENT = "2", "3"
FUNDING, IMPLEMENTING = "1", "4"
STATUS = {"accepted": "2", "active": "2", "completed": "4", "terminated": "5"}
"""Our states -> IATI's activity status: implementation, closed, cancelled."""
PLANNED_START, ACTUAL_START, PLANNED_END, ACTUAL_END = "1", "2", "3", "4"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
OTHER_KIND = "90"
"""Organisation type of whoever reports: other; a committee of funders is none of the rest."""


@dataclass(frozen=True)
class Reporter:
    """Who reports: an IATI organisation identifier and a name; the licence of the file."""

    ref: str
    name: str
    licence: str


def activities(
    awards: Iterable[PublicAward],
    payments: Mapping[int, Sequence[PublicPayment]],
    freed: Mapping[int, Freed],
    reporter: Reporter,
    address: Callable[[int], str],
    title_of: Callable[[PublicAward], str],
    made_at: datetime,
) -> bytes:
    """The file; `title_of` says what stands where a title is withheld."""
    root = ElementTree.Element(
        "iati-activities",
        {"version": VERSION, "generated-datetime": made_at.isoformat(timespec="seconds")},
    )
    root.append(ElementTree.Comment(f" Licence: {reporter.licence} "))
    for award in awards:
        _activity(
            root,
            award,
            payments.get(award.id, ()),
            freed.get(award.id),
            reporter,
            address(award.id),
            title_of(award),
        )
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _activity(
    root: ElementTree.Element,
    award: PublicAward,
    payments: Sequence[PublicPayment],
    freed: Freed | None,
    reporter: Reporter,
    url: str,
    title: str,
) -> None:
    """The standard fixes the order of what follows."""
    activity = ElementTree.SubElement(
        root,
        "iati-activity",
        {"default-currency": award.currency, LANG: "en", "humanitarian": "0"},
    )
    _text(activity, "iati-identifier", f"{reporter.ref}-{award.id}")
    _named(activity, "reporting-org", reporter.name, ref=reporter.ref, type=OTHER_KIND)
    _named(activity, "title", title)
    _named(activity, "description", award.abstract or title, type="1")
    _named(activity, "participating-org", award.funder, role=FUNDING, **_ror(award.funder_ror))
    if award.recipient:
        _named(
            activity,
            "participating-org",
            award.recipient,
            role=IMPLEMENTING,
            **_ror(award.recipient_ror),
        )
    ElementTree.SubElement(activity, "activity-status", {"code": STATUS[award.state]})
    has_begun = award.state != "accepted"
    has_ended = award.state in ("completed", "terminated")
    kind = ACTUAL_START if has_begun and award.starts_on else PLANNED_START
    _date(activity, kind, award.starts_on or award.awarded_on)  # one date there must be
    if award.ends_on:
        _date(activity, ACTUAL_END if has_ended else PLANNED_END, award.ends_on)
    if award.country:
        ElementTree.SubElement(activity, "recipient-country", {"code": award.country})
    elif award.region:
        _named(
            activity,
            "recipient-region",
            region_in_english(award.region),
            code=award.region,
            vocabulary=OWN_VOCABULARY,
            **{"vocabulary-uri": f"{url}#regions"},
        )
    for (key, name, _), share in zip(award.areas, _percentages(award), strict=True):
        _named(
            activity,
            "sector",
            name,
            vocabulary=OWN_VOCABULARY,
            code=key,
            percentage=share,
            **{"vocabulary-uri": f"{url}#areas"},
        )
    _transactions(activity, award, payments, freed)
    link = ElementTree.SubElement(activity, "document-link", {"format": "text/html", "url": url})
    _named(link, "title", title)
    ElementTree.SubElement(link, "category", {"code": "A12"})


def _transactions(
    activity: ElementTree.Element,
    award: PublicAward,
    payments: Sequence[PublicPayment],
    freed: Freed | None,
) -> None:
    def add(kind: str, on: date, minor: int, ref: str) -> None:
        transaction = ElementTree.SubElement(
            activity, "transaction", {"ref": f"{award.id}-{ref}", "humanitarian": "0"}
        )
        ElementTree.SubElement(transaction, "transaction-type", {"code": kind})
        ElementTree.SubElement(transaction, "transaction-date", {"iso-date": on.isoformat()})
        value = _text(transaction, "value", str(decimal_amount(minor, award.currency)))
        value.attrib.update({"currency": award.currency, "value-date": on.isoformat()})

    add(OUTGOING_COMMITMENT, award.awarded_on, award.money.promised, "award")
    if freed:
        add(OUTGOING_COMMITMENT, freed.on, -freed.amount, "given-up")
    for payment in payments:
        if payment.paid_on:
            add(DISBURSEMENT, payment.paid_on, payment.amount, str(payment.number))
        if payment.returned and payment.returned_on:
            ref = f"{payment.number}-returned"
            add(DISBURSEMENT, payment.returned_on, -payment.returned, ref)


def _percentages(award: PublicAward) -> list[str]:
    """Shares in hundredths of a per cent that add up to 100; the largest takes what is left."""
    whole = sum(share for _, _, share in award.areas) or 1.0
    parts = [int(share / whole * 10_000) for _, _, share in award.areas]
    if parts:
        parts[0] += 10_000 - sum(parts)
    return [f"{part / 100:.2f}" for part in parts]


def _text(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, name)
    made.text = "".join(c for c in text if c in "\t\n" or c >= " ")
    return made


def _named(
    parent: ElementTree.Element, name: str, narrative: str, **attributes: str
) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, name, attributes)
    _text(made, "narrative", narrative)
    return made


def _date(activity: ElementTree.Element, kind: str, day: date) -> None:
    ElementTree.SubElement(activity, "activity-date", {"iso-date": day.isoformat(), "type": kind})


def _ror(ror: str) -> dict[str, str]:
    return {"ref": f"XI-ROR-{ror.rpartition('/')[2]}"} if ror else {}
