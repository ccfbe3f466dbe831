"""Reading bank statements: camt.053 and CSV, whole or not at all, with every fault by its row."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funding.imports.bank.camt import is_xml, read_camt
from funding.imports.bank.lines import StatementLine, StatementRefused
from funding.imports.bank.table import read_table
from tests.payments.bank_files import entry, statement
from tests.payments.scene import OWN_IBAN, csv_of

FULL = statement(
    entry("4000.00", end_to_end="TRB1-7", ref="B1", party="Høgvik", text="TRB1-7 grant"),
    entry("12.50", ref="B2", text="fees"),
    entry("99.00", ref="B3", status="PDNG"),
    entry("4000.00", is_out=False, end_to_end="TRB1-7", ref="B4", code="AC04"),
)


def refused(content: bytes, currency: str | None = None) -> str:
    with pytest.raises(StatementRefused) as refusal:
        read_camt(content) if currency is None else read_table(content, currency)
    return str(refusal.value)


def test_a_statement_is_read_booking_by_booking() -> None:
    (read,) = read_camt(FULL)
    assert (read.account, read.currency, read.reference) == (OWN_IBAN, "EUR", "2026-10")
    assert (read.opening, read.closing) == (2_000_000, 1_998_750)
    assert (read.from_on, read.to_on) == (date(2026, 10, 1), date(2026, 10, 31))
    told = [(x.row, x.amount, x.is_out, x.end_to_end_id, x.return_code) for x in read.lines]
    assert told == [
        (1, 400_000, True, "TRB1-7", ""),
        (2, 1_250, True, "", ""),
        (4, 400_000, False, "TRB1-7", "AC04"),
    ]
    assert (read.lines[0].party, read.lines[0].reference) == ("Høgvik", "TRB1-7 grant")
    assert len({line.key for line in read.lines}) == 3


def test_older_versions_are_read_too() -> None:
    old = FULL.replace(b"camt.053.001.08", b"camt.053.001.02").replace(
        b"<Sts><Cd>BOOK</Cd></Sts>", b"<Sts>BOOK</Sts>"
    )
    assert [x.amount for x in read_camt(old)[0].lines] == [400_000, 1_250, 400_000]


def test_a_booking_of_several_payments_becomes_a_line_for_each() -> None:
    parts = "".join(
        f"<TxDtls><Refs><EndToEndId>E{n}</EndToEndId></Refs><Amt Ccy='EUR'>{amount}</Amt>"
        "<CdtDbtInd>DBIT</CdtDbtInd></TxDtls>"
        for n, amount in ((1, "10.00"), (2, "20.00"))
    )
    whole = entry("30.00")
    head, _, tail = whole.partition("<NtryDtls>")
    many = f"{head}<NtryDtls>{parts}</NtryDtls>{tail.partition('</NtryDtls>')[2]}"
    content = statement(many)
    (read,) = read_camt(content)
    assert [(x.end_to_end_id, x.amount) for x in read.lines] == [("E1", 1_000), ("E2", 2_000)]
    assert "do not add up" in refused(content.replace(b">20.00<", b">21.00<"))


WRONG_XML: tuple[tuple[bytes, str], ...] = (
    (FULL.replace(b">12.50<", b">12.5x<"), "row 2, amount"),
    (FULL.replace(b">12.50<", b">1e309<"), "row 2, amount"),
    (FULL.replace(b">12.50<", b">NaN<"), "row 2, amount"),
    (FULL.replace(b">12.50<", b">-12.50<"), "above 0"),
    (FULL.replace(b">12.50<", b">12.505<"), "more decimals"),
    (FULL.replace(b'"EUR">12.50<', b'"USD">12.50<'), "must be in EUR"),
    (FULL.replace(b"2026-10-05", b"2026-02-30"), "row 1, booking date"),
    (FULL.replace(b"<CdtDbtInd>CRDT</CdtDbtInd>\n        <Sts>", b"<Sts>"), "DBIT or CRDT"),
    (FULL.replace(b">19987.50<", b">19987.49<"), "-0.01 EUR are missing"),
    (b"<Document", "no readable XML"),
    (b"<html></html>", "no camt.053"),
    (FULL.replace(b"<Stmt>", b"<Other>").replace(b"</Stmt>", b"</Other>"), "no statement"),
)


@pytest.mark.parametrize(("content", "told"), WRONG_XML, ids=[told for _, told in WRONG_XML])
def test_what_is_wrong_in_xml_is_named(content: bytes, told: str) -> None:
    assert told in refused(content)


def test_entities_and_document_types_stop_the_reading() -> None:
    bomb = b'<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    outside = b'<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    for kind in (bomb, outside, b"<!DOCTYPE d>"):
        with_type = FULL.replace(b"?>\n", b"?>\n" + kind, 1).replace(b">fees<", b">&a;<")
        assert "no document type" in refused(with_type)


def test_a_csv_is_read_with_the_headings_of_many_banks() -> None:
    read = read_table(
        csv_of(
            '2026-10-05,"-4,000.00",EUR,TRB1-7,grant,Høgvik,B1',
            "05.10.2026,12.50,EUR,,refund,Somebody,B2",
        ),
        "EUR",
    )
    assert [(x.row, x.amount, x.is_out) for x in read.lines] == [
        (2, 400_000, True),
        (3, 1_250, False),
    ]
    assert read.lines[0].booked_on == date(2026, 10, 5)
    other = "Booking date;Paid out;Paid in;Narrative\n2026-10-05;7.00;;rent\n2026-10-06;;8.00;\n"
    read = read_table(other.encode("cp1252"), "EUR")
    assert [(x.amount, x.is_out, x.reference) for x in read.lines] == [
        (700, True, "rent"),
        (800, False, ""),
    ]


def test_every_fault_of_a_csv_is_named_by_its_row() -> None:
    told = refused(
        csv_of(
            "2026-02-30,1.00,EUR,,,,",
            "2026-10-05,1.005,EUR,,,,",
            "2026-10-05,0,EUR,,,,",
            "2026-10-05,1.00,USD,,,,",
            "2026-10-05,9999999999999999999,EUR,,,,",
        ),
        "EUR",
    )
    for part in ("row 2, date", "row 3, amount", "row 4, amount", "row 5, currency", "row 6"):
        assert part in told
    assert "headings" in refused(b"What,When\n1,2\n", "EUR")
    assert "neither CSV nor camt" in refused(b"PK\x03\x04\0\0", "EUR")
    assert "no booking" in refused(b"date,amount\n", "EUR")


def test_the_same_bookings_keep_their_keys_in_another_statement() -> None:
    twice = csv_of("2026-10-05,-1.00,EUR,,rent,,", "2026-10-05,-1.00,EUR,,rent,,")
    first = read_table(twice, "EUR").lines
    assert len({line.key for line in first}) == 2
    later = csv_of(
        "2026-10-05,-1.00,EUR,,rent,,",
        "2026-10-05,-1.00,EUR,,rent,,",
        "2026-10-06,-1.00,EUR,,rent,,",
    )
    assert [x.key for x in read_table(later, "EUR").lines[:2]] == [x.key for x in first]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_by_name(content: bytes) -> None:
    faults = ()
    try:
        lines = read_camt(content) if is_xml(content) else [read_table(content, "EUR")]
    except StatementRefused as refusal:
        lines, faults = [], refusal.faults
    assert bool(lines) != bool(faults)


def test_a_line_is_stored_and_read_back_as_it_was() -> None:
    (read,) = read_camt(FULL)
    assert [StatementLine.of(line.stored()) for line in read.lines] == list(read.lines)
