"""From a file to a list of grants in one currency; what is left out is said, never guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from funding.errors import InvalidInput
from funding.imports.amounts import read_currency
from funding.imports.faults import BadValue, Fault
from funding.imports.reading import Progress, read_records
from funding.imports.records import HistoryRecord
from funding.language import gettext
from funding.replay.columns import read_extra_columns, without_extra
from funding.replay.grants import GrantList, PastGrant
from funding.replay.names import merge_names
from funding.replay.returns import without_returns
from funding.sayings import number, one_by_one, sentence
from funding.services.rates import rate


class BadFile(Exception):
    """The file cannot be replayed; `faults` name the rows and fields, `str()` has one a line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


def read_grants(
    content: Path | str | bytes,
    *,
    filename: str | None = None,
    mapping: Mapping[str, str] | None = None,
    currency: str | None = None,
    sheet: str | None = None,
    progress: Progress | None = None,
) -> GrantList:
    """Every grant of a CSV, XLSX or 360Giving JSON file. Raises BadFile, with every fault.

    `mapping`: column -> field of a past grant, or ask, minimum, merit. `currency`: what to reckon
    in; where it is not given, the one that most grants are in.
    """
    mapping = dict(mapping or {})
    reading = read_records(
        content,
        "history",
        mapping=without_extra(mapping),
        filename=filename,
        sheet=sheet,
        progress=progress,
    )
    faults = list(reading.faults)
    if currency is not None:
        try:
            currency = read_currency(currency)
        except BadValue as error:
            faults.append(Fault(None, "currency", currency, error.rule))
    extra: dict[int, dict[str, Any]] = {}
    if not faults:
        extra, more = read_extra_columns(content, reading, mapping, filename=filename, sheet=sheet)
        faults += more
    if faults:
        raise BadFile(faults)
    name = filename or ("" if isinstance(content, bytes) else Path(content).name)
    rows = [(entry.row, entry.record) for entry in reading.entries]
    return grants_of_records(name, rows, currency=currency, extra=extra, notes=reading.notes)


def grants_of_records(
    name: str,
    rows: Iterable[tuple[int, HistoryRecord]],
    *,
    currency: str | None = None,
    extra: Mapping[int, Mapping[str, Any]] | None = None,
    notes: Iterable[str] = (),
) -> GrantList:
    """The list of grants from records with their row numbers. Raises BadFile where none is left.

    Amounts in another currency are converted at the European Central Bank's rate of their day.
    """
    rows, extra, said = list(rows), extra or {}, list(notes)
    usable = [(row, record) for row, record in rows if record.amount and record.currency]
    if len(usable) < len(rows):
        said.append(
            sentence(
                "Rows without an amount, or with 0, take no part in a replay: %(rows)s.",
                rows=number(len(rows) - len(usable)),
            )
        )
    if not usable:
        raise BadFile([Fault(None, "amount", None, "no row of the file has an amount")])
    counts = Counter(record.currency for _, record in usable)
    base = currency or min(counts, key=lambda code: (-counts[code], code or ""))
    grants, without_rate = [], []
    for row, record in usable:
        try:
            grants.append(_grant(row, record, base, extra.get(row, {})))
        except InvalidInput:
            without_rate.append(row)
    converted = sum(counts[code] for code in counts if code != base) - len(without_rate)
    if converted > 0:
        said.append(
            sentence(
                "Amounts in other currencies, converted to %(base)s at the European Central "
                "Bank's rate of their day: %(rows)s.",
                base=base,
                rows=number(converted),
            )
        )
    if without_rate:
        first = one_by_one(*map(str, without_rate[:5]), *["…"] * (len(without_rate) > 5))
        said.append(
            sentence(
                "Rows in a currency without a rate to %(base)s on their day, or with no day, left "
                "out: %(rows)s (row %(first)s).",
                base=base,
                rows=number(len(without_rate)),
                first=first,
            )
        )
    if not any(grant.amount > 0 for grant in grants):
        raise BadFile(
            [
                Fault(
                    None,
                    "amount",
                    None,
                    gettext("no row has an amount in %(base)s above 0", base=base),
                )
            ]
        )
    return list_of(name, base, grants, said)


def list_of(
    name: str, currency: str, grants: Iterable[PastGrant], notes: Iterable[str] = ()
) -> GrantList:
    """The list with different spellings of a name made one, and what came back taken off."""
    grants, said = tuple(grants), list(notes)
    funders = merge_names(grant.funder for grant in grants)
    recipients = merge_names(grant.recipient for grant in grants)
    written = [
        replace(
            grant,
            funder=funders.spelling[grant.funder],
            recipient=recipients.spelling[grant.recipient],
        )
        for grant in grants
    ]
    returns = [grant for grant in written if grant.amount < 0]
    kept, done, left = without_returns([one for one in written if one.amount > 0], returns)
    if done:
        said.append(
            sentence(
                "Returns taken off the grants that they belong to: %(rows)s.", rows=number(done)
            )
        )
    if left:
        said.append(
            sentence(
                "Returns for which the list has no grant, or one that is too small: %(rows)s.",
                rows=number(left),
            )
        )
    merged = (*recipients.merged, *funders.merged)
    return GrantList(name, currency, tuple(kept), tuple(said), merged)


def _grant(row: int, record: HistoryRecord, base: str, extra: Mapping[str, Any]) -> PastGrant:
    assert record.amount is not None
    assert record.currency is not None
    if record.currency == base:

        def convert(minor: int | None) -> int | None:
            return minor
    else:
        if record.awarded_on is None:
            raise InvalidInput  # no day, so no rate of its day
        at = rate(record.currency, base, record.awarded_on)

        def convert(minor: int | None) -> int | None:
            if minor is None:
                return None
            return max(1, at.to_base(minor)) if minor > 0 else at.to_base(minor)

    return PastGrant(
        row=row,
        funder=record.funder,
        recipient=record.recipient,
        amount=convert(record.amount) or record.amount,
        year=record.awarded_on.year if record.awarded_on else None,
        on=record.awarded_on.isoformat() if record.awarded_on else "",
        area=record.area,
        purpose=record.purpose,
        title=record.title,
        round=record.round,
        ask=convert(extra.get("ask")),
        minimum=convert(extra.get("minimum")),
        merit=extra.get("merit"),
    )
