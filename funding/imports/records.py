"""What a row becomes once it is read: three kinds of record, frozen, with a fingerprint each.

Money is in integer minor units of the record's currency. A text that was not given is "", a date,
amount or list of choices that was not given is None. `occurrence` counts identical rows of one
file from 1, so that two equal grants stay two while the same file read twice adds nothing.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import astuple, dataclass, field, fields
from typing import Any, ClassVar

_CAME_LATER = {"came_later": True}


@dataclass(frozen=True, slots=True)
class ImportedRecord:
    """What all records share."""

    KIND: ClassVar[str]

    def fingerprint(self) -> str:
        """SHA-256 of all that the record says: equal rows, whatever their file, have it equal.

        Fields that came later count only where they say something, so that rows imported before
        stay the same rows; those that are not compared say who is meant and count not at all.
        """
        values: list[Any] = []
        for each in fields(self):
            if not each.compare:
                continue
            value = getattr(self, each.name)
            if not each.metadata.get("came_later"):
                values.append(value)
            elif value != each.default:
                values.append([each.name, value])
        content = json.dumps([self.KIND, 1, *values], default=_plain, ensure_ascii=True)
        return hashlib.sha256(content.encode("ascii")).hexdigest()


def _plain(value: Any) -> object:
    return value.isoformat() if isinstance(value, datetime.date) else astuple(value)


@dataclass(frozen=True, slots=True)
class HistoryRecord(ImportedRecord):
    """A grant that somebody made.

    | field | unit | meaning |
    |---|---|---|
    | amount | minor units or None | below 0: money returned; None: not known, with no currency |
    | awarded_on | date or None | the first day of its period where `date_precision` is coarser |
    | date_precision | day, month, quarter, year or None | None exactly when there is no date |
    | area | text | the cause area as given; `areas.match_area` finds ours |
    | external_id | text | the publisher's own identifier |
    | round | text | the funding round, as given |
    | funder_ref, recipient_ref | text | their numbers in a register (`GB-CHC-1164883`), or a ROR |
    """

    KIND: ClassVar[str] = "history"

    funder: str
    recipient: str
    amount: int | None
    currency: str | None
    awarded_on: datetime.date | None
    date_precision: str | None
    area: str = ""
    purpose: str = ""
    source_url: str = ""
    external_id: str = ""
    title: str = ""
    round: str = ""
    funder_ref: str = field(default="", compare=False)
    recipient_ref: str = field(default="", compare=False)
    occurrence: int = 1


@dataclass(frozen=True, slots=True)
class CommitmentRecord(ImportedRecord):
    """Money that a funder firmly promises to a round, with its restrictions.

    | field | unit | meaning |
    |---|---|---|
    | external_id | text | the file's own id of the commitment |
    | funder | text | id or name of the organisation |
    | areas, regions, risk_tiers | ids or None | only these; None: any |
    | least_share | share | least weight of a proposal's tags that must lie in `areas` |
    | pays_share_only | | pays at most that share of the ask |
    | excludes | ids or names | institutions it never pays |
    | cap_per_proposal | minor units or None | the most it pays to one proposal |
    | cap_share_of_ask | share | the most it pays of one ask |
    | ticket | minor units | pays a proposal nothing or at least this |
    | match_ratio | | pays at most so many times what other funders pay a proposal; 0: no match |
    | match_up_to | minor units or None | and at most this |
    | only_if_*, joins_if_* | counts, minor units | others it waits for; 0 asks nothing |
    | releases | (year, minor units) | what each year adds; sums to `amount`, or is empty |
    | promised | (year, minor units) | owed to awards made before, by the year it falls due |
    """

    KIND: ClassVar[str] = "commitments"

    external_id: str
    funder: str
    name: str
    amount: int
    currency: str
    areas: tuple[str, ...] | None = None
    least_share: float = 0.5
    pays_share_only: bool = False
    regions: tuple[str, ...] | None = None
    risk_tiers: tuple[str, ...] | None = None
    excludes: tuple[str, ...] = ()
    cap_per_proposal: int | None = None
    cap_share_of_ask: float = 1.0
    ticket: int = 0
    match_ratio: float = 0.0
    match_up_to: int | None = None
    only_if_funders: int = 0
    only_if_least: int = 0
    only_if_total: int = 0
    joins_if_funders: int = 0
    joins_if_least: int = 0
    joins_if_total: int = 0
    starts: datetime.date | None = None
    ends: datetime.date | None = None
    releases: tuple[tuple[int, int], ...] = ()
    promised: tuple[tuple[int, int], ...] = field(default=(), metadata=_CAME_LATER)
    note: str = ""
    occurrence: int = 1


@dataclass(frozen=True, slots=True)
class TeamMember:
    """A person named in a proposal."""

    name: str
    role: str = ""
    orcid: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One line of a budget; `amount` in minor units of the proposal's currency."""

    line: str
    amount: int


@dataclass(frozen=True, slots=True)
class ProposalRecord(ImportedRecord):
    """What an applicant requests.

    | field | unit | meaning |
    |---|---|---|
    | areas | (area id, weight) | weights sum to 1 |
    | ask, minimum | minor units | 0 < minimum <= ask; the minimum is the ask where not given |
    | institution | text | id or name of the organisation |
    | lead | text | e-mail address of who leads |
    | country | ISO 3166, two letters | |
    | budget | | sums to the ask, or is empty |
    | years | (year, minor units) | what is needed in each year; sums to the ask, or is empty |
    | score | 0 to 100 or None | merit entered with the proposal |
    """

    KIND: ClassVar[str] = "proposals"

    external_id: str
    title: str
    abstract: str
    areas: tuple[tuple[str, float], ...]
    ask: int
    minimum: int
    currency: str
    institution: str
    lead: str = ""
    team: tuple[TeamMember, ...] = ()
    country: str = ""
    region: str | None = None
    risk_tier: str | None = None
    starts: datetime.date | None = None
    ends: datetime.date | None = None
    budget: tuple[BudgetLine, ...] = ()
    years: tuple[tuple[int, int], ...] = field(default=(), metadata=_CAME_LATER)
    keywords: tuple[str, ...] = ()
    score: float | None = None
    occurrence: int = 1
