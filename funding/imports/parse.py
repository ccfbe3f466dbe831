"""From a row to a record of each kind; what every field of it must keep to."""

from __future__ import annotations

from collections.abc import Callable

from funding.imports.amounts import (
    read_count,
    read_number,
    read_ratio,
    read_share,
    written,
)
from funding.imports.areas import Breadth, match_area
from funding.imports.dates import MULTI_YEAR, YEAR, coarser, read_precision, start_of_period
from funding.imports.faults import BadValue
from funding.imports.fields import COMMITMENTS, HISTORY, PROPOSALS
from funding.imports.lists import (
    read_budget,
    read_dues,
    read_names,
    read_team,
    read_weights,
    read_years,
)
from funding.imports.records import CommitmentRecord, HistoryRecord, ImportedRecord, ProposalRecord
from funding.imports.rows import Row
from funding.imports.tables import Cell
from funding.imports.texts import (
    country_code,
    read_email,
    read_text,
    read_web_address,
    read_yes_or_no,
)
from funding.language import gettext

NAME, TITLE, LONG_TEXT = 200, 500, 20_000
"""The most characters of a name, a title and a text of several lines."""


def read_history(row: Row) -> HistoryRecord | None:
    """A grant. Amount and date may be unknown; an amount may be 0, or negative: money returned."""
    row.refuse_merged("amount")
    currency = row.currency("amount")
    amount = row.amount("amount", currency, may_be_zero=True, may_be_negative=True)
    awarded = row.date("awarded_on")
    stated = row.read("date_precision", read_precision, None)
    if stated == MULTI_YEAR:
        stated = YEAR
        row.tally["several_years"] += 1
    precision = coarser(awarded.precision, stated or awarded.precision) if awarded else None
    record = HistoryRecord(
        funder=row.text("funder", NAME, is_required=True),
        recipient=row.text("recipient", NAME, is_required=True),
        amount=amount,
        currency=currency if amount is not None else None,
        awarded_on=start_of_period(awarded.date, precision) if awarded and precision else None,
        date_precision=precision,
        area=row.text("area", TITLE),
        purpose=row.text("purpose", LONG_TEXT, is_long=True),
        source_url=_first_address(row),
        external_id=row.text("external_id", NAME),
        title=row.text("title", TITLE),
        round=row.text("round", NAME),
        funder_ref=row.text("funder_ref", NAME),
        recipient_ref=row.text("recipient_ref", NAME),
    )
    if row.faults:
        return None
    row.tally["no_amount"] += record.amount is None
    row.tally["zero_amount"] += record.amount == 0
    row.tally["returned"] += record.amount is not None and record.amount < 0
    row.tally["no_date"] += record.awarded_on is None
    if record.area:
        breadth = match_area(record.area, row.known).breadth
        row.tally["whole_field"] += breadth is Breadth.WHOLE_FIELD
        row.tally["other_fields"] += breadth is Breadth.ELSEWHERE
    return record


def read_commitment(row: Row) -> CommitmentRecord | None:
    """A commitment, with its restrictions; blank ones restrict nothing."""
    row.refuse_merged("amount", "cap_per_proposal", "ticket")
    currency = row.currency("amount")
    amount = _positive(row, "amount", currency)
    cap = row.amount("cap_per_proposal", currency)
    ticket = row.amount("ticket", currency, may_be_zero=True) or 0
    if cap is not None and currency and ticket > cap:
        rule = gettext(
            "must not be more than the most to one proposal, %(written)s",
            written=written(cap, currency),
        )
        row.fault("ticket", row.cell("ticket"), rule)
    known = row.known
    starts, ends = row.period()
    releases: tuple[tuple[int, int], ...] = ()
    if amount and currency:
        releases = row.read("releases", lambda cell: read_years(cell, amount, currency), ())

    def money(name: str) -> int:
        return row.amount(name, currency, may_be_zero=True) or 0

    record = CommitmentRecord(
        external_id=row.text("external_id", NAME),
        funder=row.text("funder", NAME, is_required=True),
        name=row.text("name", NAME),
        amount=amount or 0,
        currency=currency or "",
        areas=row.read("areas", lambda cell: read_names(cell, known.area), ()) or None,
        least_share=row.read("least_share", read_share, 0.5),
        pays_share_only=row.read("pays_share_only", read_yes_or_no, False),
        regions=row.read("regions", lambda cell: read_names(cell, known.region), ()) or None,
        risk_tiers=row.read("risk_tiers", lambda cell: read_names(cell, known.risk_tier), ())
        or None,
        excludes=row.read("excludes", lambda cell: read_names(cell, commas=False), ()),
        cap_per_proposal=cap,
        cap_share_of_ask=row.read("cap_share_of_ask", read_share, 1.0),
        ticket=ticket,
        match_ratio=row.read("match_ratio", read_ratio, 0.0),
        match_up_to=row.amount("match_up_to", currency),
        only_if_funders=row.read("only_if_funders", read_count, 0),
        only_if_least=money("only_if_least"),
        only_if_total=money("only_if_total"),
        joins_if_funders=row.read("joins_if_funders", read_count, 0),
        joins_if_least=money("joins_if_least"),
        joins_if_total=money("joins_if_total"),
        starts=starts,
        ends=ends,
        releases=releases,
        promised=row.read("promised", lambda cell: read_dues(cell, currency), ())
        if currency
        else (),
        note=row.text("note", LONG_TEXT, is_long=True),
    )
    return None if row.faults else record


def read_proposal(row: Row) -> ProposalRecord | None:
    """A proposal; its budget, where given, sums to the ask."""
    row.refuse_merged("ask", "minimum")
    currency = row.currency("ask")
    ask = _positive(row, "ask", currency)
    minimum = row.amount("minimum", currency)
    if ask and minimum and currency and minimum > ask:
        rule = gettext("must not be more than the ask, %(written)s", written=written(ask, currency))
        row.fault("minimum", row.cell("minimum"), rule)
    budget = row.read("budget", lambda cell: read_budget(cell, currency), ()) if currency else ()
    total = sum(line.amount for line in budget)
    if ask and currency and budget and total != ask:
        rule = gettext(
            "must sum to the ask, %(written)s, not %(written2)s",
            written=written(ask, currency),
            written2=written(total, currency),
        )
        row.fault("budget", None, rule)
    years: tuple[tuple[int, int], ...] = ()
    if ask and currency:
        years = row.read("years", lambda cell: read_years(cell, ask, currency, "ask"), ())
    if row.cell("areas") is None:
        row.fault("areas", None, "is missing")
    starts, ends = row.period()
    outside = [y for y, _ in years if (starts and y < starts.year) or (ends and y > ends.year)]
    if outside:
        row.fault("years", str(outside[0]), "lies outside the period of the work")
    known = row.known
    record = ProposalRecord(
        external_id=row.text("external_id", NAME),
        title=row.text("title", TITLE, is_required=True),
        abstract=row.text("abstract", LONG_TEXT, is_long=True),
        areas=row.read("areas", lambda cell: read_weights(cell, known.area), ()),
        ask=ask or 0,
        minimum=minimum or ask or 0,
        currency=currency or "",
        institution=row.text("institution", NAME, is_required=True),
        lead=row.read("lead", read_email, ""),
        team=row.read("team", read_team, ()),
        country=row.read("country", lambda cell: country_code(read_text(cell, NAME)), ""),
        region=row.read("region", lambda cell: known.region(read_text(cell, NAME)), None),
        risk_tier=row.read("risk_tier", lambda cell: known.risk_tier(read_text(cell, NAME)), None),
        starts=starts,
        ends=ends,
        budget=budget,
        years=tuple((year, part) for year, part in years if part),
        keywords=row.read("keywords", read_names, ()),
        score=row.read("score", _read_score, None),
    )
    return None if row.faults else record


READERS: dict[str, Callable[[Row], ImportedRecord | None]] = {
    HISTORY: read_history,
    COMMITMENTS: read_commitment,
    PROPOSALS: read_proposal,
}
"""The reader of each kind: a record, or None with what is wrong in `row.faults`."""


def _first_address(row: Row) -> str:
    """The first of the addresses in `source_url`; all of them have to be addresses."""
    texts = row.text("source_url", LONG_TEXT).split()
    row.tally["several_addresses"] += len(texts) > 1
    try:
        addresses = [read_web_address(text) for text in texts]
    except BadValue as error:
        row.fault("source_url", row.cell("source_url"), error.rule)
        return ""
    return addresses[0] if addresses else ""


def _positive(row: Row, name: str, currency: str | None) -> int | None:
    amount = row.amount(name, currency)
    if amount is None and not any(fault.field in (name, "currency") for fault in row.faults):
        row.fault(name, None, "is missing")
    return amount


def _read_score(cell: Cell) -> float:
    number = read_number(cell)
    if number.symbol or not 0 <= number.value <= 100:
        raise BadValue("must be a score between 0 and 100")
    return float(number.value)
