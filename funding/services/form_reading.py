"""Reading the application form: text as typed becomes values, or faults that name each field.

Only what cannot be stored is a fault here (a share that is no number, a least amount above the
ask); whether the proposal is complete is asked on handing in (`funding.services.completeness`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from funding.errors import Fault
from funding.forms import Typed
from funding.imports.known import REGIONS
from funding.language import gettext
from funding.models import FormQuestion, RiskTier
from funding.places import COUNTRIES
from funding.services import risk
from funding.services.form_fields import (
    ABSTRACT_LIMIT,
    ANSWER_LIMIT,
    LINE_LIMIT,
    TITLE_LIMIT,
    Fields,
    rows_of,
)
from funding.services.identifiers import clean_orcid, clean_ror

_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


@dataclass(frozen=True)
class Member:
    """A row of the team; `id` is that of the row it was made from, if any."""

    id: int | None
    name: str
    role: str
    email: str | None
    orcid: str | None


@dataclass
class Entries:
    """What the form says, in the types of the tables; money in minor units, shares from 0 to 1."""

    title: str = ""
    abstract: str = ""
    ask: int = 0
    minimum: int = 0
    institution_id: int | None = None
    ror: str = ""
    country: str | None = None
    region: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    risk_tier: str | None = None
    risk_answers: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    areas: dict[str, float] = field(default_factory=dict)
    budget: list[tuple[str, int]] = field(default_factory=list)
    years: dict[int, int] = field(default_factory=dict)
    team: list[Member] = field(default_factory=list)


@dataclass(frozen=True)
class Scope:
    """What a form may name: its round's currency, areas and questions, the lead's institutions."""

    currency: str
    areas: Collection[str]
    questions: Collection[FormQuestion]
    institutions: Collection[int]


class FormReader:
    """Reads one form; `faults` grows by what cannot be stored."""

    def __init__(self, fields: Fields, scope: Scope) -> None:
        self.fields, self.scope = fields, scope
        self.typed = Typed(dict(fields))
        self.faults: list[Fault] = self.typed.faults

    def read(self) -> Entries:
        currency = self.scope.currency
        entries = Entries(
            title=self.typed.text("title", longest=TITLE_LIMIT),
            abstract=self.typed.text("abstract", longest=ABSTRACT_LIMIT),
            ask=self.typed.amount("ask", currency) or 0,
            minimum=self.typed.amount("minimum", currency) or 0,
            institution_id=self._institution(),
            ror=self._identifier("ror", clean_ror),
            country=self._choice("country", COUNTRIES),
            region=self._choice("region", REGIONS),
            starts_on=self._day("starts_on"),
            ends_on=self._day("ends_on"),
            risk_tier=self._choice("risk_tier", list(RiskTier)),
            risk_answers=dict(self._risk_answers()),
            answers=dict(self._answers()),
            areas=self._areas(),
            budget=self._budget(),
            years=self._years(),
            team=self._team(),
        )
        is_readable = all(fault.field not in ("ask", "minimum") for fault in self.faults)
        if is_readable and entries.minimum > entries.ask:
            self._fault("minimum", "The least viable amount cannot be more than what you ask for.")
        if entries.starts_on and entries.ends_on and entries.starts_on > entries.ends_on:
            self._fault("ends_on", "The last day cannot be before the first.")
        return entries

    def _fault(self, name: str, rule: str) -> None:
        self.typed.refuse(name, rule)

    def _choice(self, name: str, known: Collection[str]) -> str | None:
        text = self.typed.text(name)
        if text and text not in known:
            self._fault(name, "Choose one from the list.")
            return None
        return text or None

    def _identifier(self, name: str, clean: Callable[[str], str]) -> str:
        try:
            return clean(self.typed.text(name))
        except ValueError as refusal:
            self._fault(name, str(refusal))
            return ""

    def _institution(self) -> int | None:
        text = self.typed.text("institution")
        if not text:
            return None
        if _row_id(text) not in self.scope.institutions:
            self._fault("institution", "Choose an institution of the lead applicant.")
            return None
        return _row_id(text)

    def _day(self, name: str) -> date | None:
        day = self.typed.day(name)
        if day is not None and not 2000 <= day.year <= 2100:
            self._fault(name, "The year must be between 2000 and 2100.")
        return day

    def _risk_answers(self) -> Iterator[tuple[str, str]]:
        for question in risk.QUESTIONS:
            answer = self._choice(f"risk_{question.key}", [key for key, _ in risk.ANSWERS])
            if answer:
                yield question.key, answer
        reason = self.typed.text("risk_reason", longest=ANSWER_LIMIT)
        if reason:
            yield "reason", reason

    def _answers(self) -> Iterator[tuple[str, str]]:
        for question in self.scope.questions:
            name = f"question_{question.key}"
            text = self.typed.text(name, longest=ANSWER_LIMIT)
            if not text:
                continue
            if question.kind == "choice" and text not in question.choices:
                self._fault(name, "Choose one from the list.")
            elif question.kind == "number" and not _is_number(text):
                self._fault(name, "Write a number with digits, such as 1200 or 12.5.")
            yield question.key, text

    def _areas(self) -> dict[str, float]:
        tags: dict[str, float] = {}
        for number, row in rows_of(self.fields, "areas"):
            key, share = row.get("area", ""), self.typed.share(f"share_{number}")
            if not row.get("share"):
                self._fault(f"share_{number}", "Say how much of the work this is, in percent.")
            if not key:
                self._fault(f"area_{number}", "Choose the area that this share belongs to.")
            elif key not in self.scope.areas:
                self._fault(f"area_{number}", "This area is not in the round any more.")
            elif key in tags:
                self._fault(f"area_{number}", "This area is there twice; add the shares up.")
            tags[key] = share or 0.0
        return tags

    def _budget(self) -> list[tuple[str, int]]:
        currency = self.scope.currency
        return [
            (
                self.typed.text(f"line_{number}", longest=LINE_LIMIT),
                self.typed.amount(f"amount_{number}", currency) or 0,
            )
            for number, _ in rows_of(self.fields, "budget")
        ]

    def _years(self) -> dict[int, int]:
        """Year -> minor units; a year whose amount is still missing counts 0."""
        years: dict[int, int] = {}
        for number, row in rows_of(self.fields, "years"):
            year = self.typed.whole(f"year_{number}", 2000, 2100, "Write a year, such as 2027.")
            amount = self.typed.amount(f"part_{number}", self.scope.currency)
            if not row.get("year"):
                self._fault(f"year_{number}", "Write the year of this amount.")
            elif year in years:
                self._fault(
                    f"year_{number}",
                    gettext("%(year)s is there twice; add the amounts up.", year=year),
                )
            elif year is not None:
                years[year] = amount or 0
        return years

    def _team(self) -> list[Member]:
        members = []
        for number, row in rows_of(self.fields, "team"):
            prefix = f"member_{number}"
            email = self.typed.text(f"{prefix}_email", longest=254).lower()
            if email and not _EMAIL.fullmatch(email):
                self._fault(f"{prefix}_email", "This is not an e-mail address.")
            members.append(
                Member(
                    id=_row_id(row.get("id", "")),
                    name=self.typed.text(f"{prefix}_name", longest=LINE_LIMIT),
                    role=self.typed.text(f"{prefix}_role", longest=LINE_LIMIT),
                    email=email or None,
                    orcid=self._identifier(f"{prefix}_orcid", clean_orcid) or None,
                )
            )
        return members


def _row_id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


def _is_number(text: str) -> bool:
    try:
        return Decimal(text.replace(",", "").replace(" ", "")).is_finite()
    except InvalidOperation:
        return False
