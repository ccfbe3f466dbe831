"""Bank statements as camt.053.001.08, built entry by entry."""

from __future__ import annotations

from decimal import Decimal

from tests.payments.scene import OWN_IBAN

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


def entry(
    amount: str,
    *,
    is_out: bool = True,
    end_to_end: str = "NOTPROVIDED",
    ref: str = "B1",
    text: str = "",
    party: str = "",
    day: str = "2026-10-05",
    status: str = "BOOK",
    code: str = "",
    currency: str = "EUR",
) -> str:
    side = "Cdtr" if is_out else "Dbtr"
    parties = f"<RltdPties><{side}><Pty><Nm>{party}</Nm></Pty></{side}></RltdPties>" * bool(party)
    words = f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf>" if text else ""
    returned = f"<RtrInf><Rsn><Cd>{code}</Cd></Rsn></RtrInf>" if code else ""
    return f"""
      <Ntry>
        <Amt Ccy="{currency}">{amount}</Amt>
        <CdtDbtInd>{"DBIT" if is_out else "CRDT"}</CdtDbtInd>
        <Sts><Cd>{status}</Cd></Sts>
        <BookgDt><Dt>{day}</Dt></BookgDt>
        <AcctSvcrRef>{ref}</AcctSvcrRef>
        <BkTxCd><Prtry><Cd>NTRF</Cd></Prtry></BkTxCd>
        <NtryDtls><TxDtls>
          <Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>
          {parties}{words}{returned}
        </TxDtls></NtryDtls>
      </Ntry>"""


def statement(
    *entries: str,
    opening: str = "20000.00",
    closing: str | None = None,
    iban: str = OWN_IBAN,
    reference: str = "2026-10",
    currency: str = "EUR",
) -> bytes:
    """A file of one statement; without `closing`, the one that its entries come to."""
    closing = closing if closing is not None else _closing(opening, entries)

    def balance(code: str, amount: str) -> str:
        indicator = "DBIT" if amount.startswith("-") else "CRDT"
        return f"""
      <Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>
        <Amt Ccy="{currency}">{amount.lstrip("-")}</Amt>
        <CdtDbtInd>{indicator}</CdtDbtInd><Dt><Dt>2026-10-31</Dt></Dt></Bal>"""

    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="{NAMESPACE}">
  <BkToCstmrStmt>
    <GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-01T06:00:00Z</CreDtTm></GrpHdr>
    <Stmt>
      <Id>{reference}</Id>
      <CreDtTm>2026-11-01T06:00:00Z</CreDtTm>
      <FrToDt><FrDtTm>2026-10-01T00:00:00Z</FrDtTm><ToDtTm>2026-10-31T23:59:59Z</ToDtTm></FrToDt>
      <Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>{currency}</Ccy></Acct>
      {balance("OPBD", opening)}{balance("CLBD", closing)}{"".join(entries)}
    </Stmt>
  </BkToCstmrStmt>
</Document>
""".encode()


def _closing(opening: str, entries: tuple[str, ...]) -> str:
    left = Decimal(opening)
    for text in entries:
        if "<Cd>BOOK</Cd>" in text:
            amount = Decimal(text.partition('EUR">')[2].partition("<")[0])
            left += -amount if "DBIT" in text else amount
    return f"{left:f}"
