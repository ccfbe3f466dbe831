"""Payment files against the standard's own schema, against a file written by hand, and as CSV."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files
from xml.etree import ElementTree

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from funding.errors import RuleBroken
from funding.exports.payment_files import (
    NAMESPACE,
    AccountAt,
    CreditTransfer,
    PaymentFile,
    pain_001,
    payments_csv,
    plain_latin,
)

SCHEMA = xmlschema.XMLSchema(str(files("sepaxml") / "schemas" / "pain.001.001.09.xsd"))
"""That of the registration authority, as a library for such files carries it."""
GERMAN = AccountAt("Stiftung Öffnung", "DE89370400440532013000", "", "", "COBADEFFXXX", "DE")
BRITISH = AccountAt("Høgvik Institute & Sons", "GB82WEST12345698765432", "", "", "", "GB")
KENYAN = AccountAt("Mawingu Trust", "", "0012345678", "01-100", "", "KE")
EXPECTED = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">
  <CstmrCdtTrfInitn>
    <GrpHdr>
      <MsgId>TRB-1</MsgId>
      <CreDtTm>2026-10-01T08:30:00Z</CreDtTm>
      <NbOfTxs>1</NbOfTxs>
      <CtrlSum>4000.50</CtrlSum>
      <InitgPty>
        <Nm>Stiftung Offnung</Nm>
      </InitgPty>
    </GrpHdr>
    <PmtInf>
      <PmtInfId>TRB-1</PmtInfId>
      <PmtMtd>TRF</PmtMtd>
      <BtchBookg>false</BtchBookg>
      <NbOfTxs>1</NbOfTxs>
      <CtrlSum>4000.50</CtrlSum>
      <PmtTpInf>
        <SvcLvl>
          <Cd>SEPA</Cd>
        </SvcLvl>
      </PmtTpInf>
      <ReqdExctnDt>
        <Dt>2026-10-05</Dt>
      </ReqdExctnDt>
      <Dbtr>
        <Nm>Stiftung Offnung</Nm>
        <PstlAdr>
          <Ctry>DE</Ctry>
        </PstlAdr>
      </Dbtr>
      <DbtrAcct>
        <Id>
          <IBAN>DE89370400440532013000</IBAN>
        </Id>
        <Ccy>EUR</Ccy>
      </DbtrAcct>
      <DbtrAgt>
        <FinInstnId>
          <BICFI>COBADEFFXXX</BICFI>
        </FinInstnId>
      </DbtrAgt>
      <ChrgBr>SLEV</ChrgBr>
      <CdtTrfTxInf>
        <PmtId>
          <InstrId>TRB1-7</InstrId>
          <EndToEndId>TRB1-7</EndToEndId>
        </PmtId>
        <Amt>
          <InstdAmt Ccy="EUR">4000.50</InstdAmt>
        </Amt>
        <CdtrAgt>
          <FinInstnId>
            <Othr>
              <Id>NOTPROVIDED</Id>
            </Othr>
          </FinInstnId>
        </CdtrAgt>
        <Cdtr>
          <Nm>Hogvik Institute + Sons</Nm>
          <PstlAdr>
            <Ctry>GB</Ctry>
          </PstlAdr>
        </Cdtr>
        <CdtrAcct>
          <Id>
            <IBAN>GB82WEST12345698765432</IBAN>
          </Id>
        </CdtrAcct>
        <RmtInf>
          <Ustrd>TRB1-7 C01 grant</Ustrd>
        </RmtInf>
      </CdtTrfTxInf>
    </PmtInf>
  </CstmrCdtTrfInitn>
</Document>
"""


def file_of(*transfers: CreditTransfer, currency: str = "EUR") -> PaymentFile:
    made_at = datetime(2026, 10, 1, 8, 30, tzinfo=UTC)
    return PaymentFile("TRB-1", made_at, GERMAN, currency, date(2026, 10, 5), transfers)


def test_a_file_is_what_was_written_by_hand_and_keeps_to_the_schema() -> None:
    made = pain_001(file_of(CreditTransfer("TRB1-7", 400_050, BRITISH, "TRB1-7 C01 grant")))
    assert made.decode() == EXPECTED
    SCHEMA.validate(made.decode())


transfers = st.builds(
    CreditTransfer,
    st.from_regex(r"TRB[0-9]{1,9}-[0-9]{1,9}", fullmatch=True),
    st.integers(min_value=1, max_value=10**15),
    st.sampled_from((GERMAN, BRITISH, KENYAN)),
    st.text(max_size=300).map(lambda text: f"grant {text}"),
)


@given(st.lists(transfers, min_size=1, max_size=6), st.sampled_from(("EUR", "USD", "JPY", "BHD")))
def test_every_file_keeps_to_the_schema_and_its_control_sums(
    made: list[CreditTransfer], currency: str
) -> None:
    file = file_of(*made, currency=currency)
    text = pain_001(file).decode()
    SCHEMA.validate(text)
    root = ElementTree.fromstring(text)
    names = {"p": NAMESPACE}
    amounts = [Decimal(node.text or "") for node in root.iterfind(".//p:InstdAmt", names)]
    for node in root.iterfind(".//p:CtrlSum", names):
        assert Decimal(node.text or "") == sum(amounts)
    for node in root.iterfind(".//p:NbOfTxs", names):
        assert int(node.text or "") == len(made)
    scale = {"EUR": 2, "USD": 2, "JPY": 0, "BHD": 3}[currency]
    assert sum(amounts).scaleb(scale) == sum(t.amount for t in made)


def test_an_account_without_an_iban_goes_by_its_number_and_bank() -> None:
    text = pain_001(file_of(CreditTransfer("TRB1-8", 100, KENYAN, "x"), currency="KES")).decode()
    SCHEMA.validate(text)
    assert "<MmbId>01-100</MmbId>" in text
    assert "<Id>0012345678</Id>" in text
    assert "SEPA" not in text
    assert "<ChrgBr>SHAR</ChrgBr>" in text


def test_the_csv_has_the_same_amounts_and_ends_with_the_control_sums() -> None:
    file = file_of(
        CreditTransfer("TRB1-7", 400_050, BRITISH, "=cmd()"),
        CreditTransfer("TRB1-8", 1, KENYAN, "x"),
    )
    rows = list(csv.reader(io.StringIO(payments_csv(file).lstrip("\ufeff"))))
    assert [row[8] for row in rows] == ["amount", "4000.50", "0.01", "4000.51"]
    assert rows[1][10] == "'=cmd()"
    assert rows[3][0] == "control sums: 2 payments"


def test_names_are_written_in_letters_that_every_bank_takes() -> None:
    assert plain_latin("Łódź – Straße, Åbo", 70) == "Lodz - Strasse, Abo"
    assert plain_latin("x" * 200, 70) == "x" * 70
    with pytest.raises(RuleBroken, match="no letter that banks take"):
        plain_latin("東京", 70)
