"""The form of a report as text: its fields by name, and what they say once read.

Names: `progress`, `difficulties`, `plans`, `spend_note`; `output_2_title` (`_kind`, `_address`,
`_licence`); `value_7` for the indicator with that id; `spent_31` for that budget line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from funding.errors import Fault, InvalidInput
from funding.formatting import (
    AmountRefused,
    format_amount,
    format_amount_number,
    format_number,
    parse_amount,
)
from funding.forms import Typed
from funding.language import gettext, ngettext
from funding.models import AwardBudgetLine, HandedIn, Indicator, OutputKind
from funding.services.reporting.addresses import clean_address

TEXT_LIMIT = 10_000
TITLE_LIMIT = 300
LICENCE_LIMIT = 80
MOST_OUTPUTS = 40
MOST_CHARACTERS = 200_000
LARGEST_VALUE = 10**12
OUTPUT_PARTS = ("kind", "title", "address", "licence")
TEXTS = {
    "progress": "What was done",
    "difficulties": "What went otherwise than planned",
    "plans": "What comes next",
    "spend_note": "On the spend",
}

Fields = dict[str, str]

_OUTPUT = re.compile(rf"output_(\d{{1,2}})_({'|'.join(OUTPUT_PARTS)})")
_KNOWN = re.compile(rf"{'|'.join(TEXTS)}|{_OUTPUT.pattern}|(value|spent)_[1-9]\d{{0,8}}")
_VALUE = re.compile(r"[0-9]{1,13}(\.[0-9]{1,6})?")


@dataclass(frozen=True)
class Purse:
    """One award's money in a report, all in minor units of `currency`.

    paid: what was paid and kept; before: by line, what the report before this one said.
    """

    award_id: int
    funder: str
    currency: str
    paid: int
    lines: Sequence[AwardBudgetLine]
    before: Mapping[int, int] = field(default_factory=dict)


@dataclass
class Entries:
    """What the form says, in the types of the tables; spend by budget line, in minor units."""

    progress: str = ""
    difficulties: str = ""
    plans: str = ""
    spend_note: str = ""
    outputs: list[dict[str, str]] = field(default_factory=list)
    values: dict[int, float] = field(default_factory=dict)
    spend: dict[int, int] = field(default_factory=dict)


def typed_fields(form: Mapping[str, str]) -> Fields:
    """What a form sent, as typed: the fields this form has, and nothing else that was sent along.

    Raises InvalidInput beyond 200,000 characters in all.
    """
    fields = {
        name: text.replace("\r\n", "\n").replace("\0", "")
        for name, text in form.items()
        if _KNOWN.fullmatch(name)
    }
    if sum(map(len, fields.values())) > MOST_CHARACTERS:
        raise InvalidInput(
            Fault(
                "",
                gettext(
                    "The form takes at most %(most_characters)s characters in all.",
                    most_characters=format_number(MOST_CHARACTERS),
                ),
            )
        )
    return fields


def output_rows(fields: Mapping[str, str]) -> list[tuple[int, Fields]]:
    """The rows of outputs that hold anything, with their numbers in the form."""
    rows: dict[int, Fields] = {}
    for name, text in fields.items():
        if match := _OUTPUT.fullmatch(name):
            rows.setdefault(int(match[1]), {})[match[2]] = text.strip()
    return [(number, row) for number, row in sorted(rows.items()) if any(row.values())]


def rows_shown(fields: Mapping[str, str]) -> int:
    """How many rows of outputs the form shows: those in use and one to go on with."""
    last = max((number for number, _ in output_rows(fields)), default=0)
    return min(max(2, last + 1), MOST_OUTPUTS)


def label_of(name: str, purses: Sequence[Purse], indicators: Sequence[Indicator]) -> str:
    """The words beside a field."""
    if name in TEXTS:
        return TEXTS[name]
    if match := _OUTPUT.fullmatch(name):
        return f"Output {match[1]}, {match[2]}"
    kind, _, number = name.partition("_")
    if kind == "value":
        return next((i.name for i in indicators if str(i.id) == number), "Indicator")
    for purse in purses:
        for line in purse.lines:
            if str(line.id) == number:
                return f"Spent of {purse.funder}'s money on: {line.name}"
    return "Spent"


class Reader:
    """Reads one form; `faults` grows by what cannot be stored."""

    def __init__(
        self, fields: Fields, purses: Sequence[Purse], indicators: Sequence[Indicator]
    ) -> None:
        self.fields, self.purses, self.indicators = fields, purses, indicators
        self.typed = Typed(dict(fields))
        self.faults: list[Fault] = self.typed.faults

    def read(self) -> Entries:
        entries = Entries(
            **{name: self.typed.text(name, longest=TEXT_LIMIT) for name in TEXTS},
            outputs=self._outputs(),
        )
        for indicator in self.indicators:
            if text := self.typed.text(f"value_{indicator.id}"):
                value = self._value(f"value_{indicator.id}", text)
                if value is not None:
                    entries.values[indicator.id] = value
        for purse in self.purses:
            for line in purse.lines:
                name = f"spent_{line.id}"
                text = self.typed.text(name)
                if not text:
                    continue
                try:
                    entries.spend[line.id] = parse_amount(text, purse.currency)
                except AmountRefused as refusal:
                    self.typed.refuse(name, str(refusal))
        return entries

    def _value(self, name: str, text: str) -> float | None:
        plain = re.sub(r"(?<=[0-9])[, ](?=[0-9]{3}(\D|$))", "", text)
        if not _VALUE.fullmatch(plain) or float(plain) > LARGEST_VALUE:
            self.typed.refuse(name, "Write a number with digits, such as 1200 or 12.5.")
            return None
        return float(plain)

    def _outputs(self) -> list[dict[str, str]]:
        found = []
        for number, row in output_rows(self.fields):
            prefix = f"output_{number}_"
            kind = row.get("kind", "")
            if kind not in set(OutputKind):
                self.typed.refuse(f"{prefix}kind", "Choose what it is.")
                continue
            title = self.typed.text(
                f"{prefix}title", "Give its title, or what it is called.", TITLE_LIMIT
            )
            licence = self.typed.text(f"{prefix}licence", longest=LICENCE_LIMIT)
            try:
                address = clean_address(kind, row.get("address", ""))
            except ValueError as refusal:
                self.typed.refuse(f"{prefix}address", str(refusal))
                continue
            found.append({"kind": kind, "title": title, "address": address, "licence": licence})
        return found


def missing(entries: Entries, purses: Sequence[Purse]) -> list[Fault]:
    """What has to be there before the report can be handed in."""
    found = []
    if not entries.progress:
        found.append(Fault("progress", "Say what was done since the work began, or the last time."))
    found += [
        Fault(f"spent_{line.id}", "Say what was spent so far; 0 where it was nothing.")
        for purse in purses
        for line in purse.lines
        if line.id not in entries.spend
    ]
    return found


def flags_of(spend: Mapping[int, int], purse: Purse) -> list[str]:
    """What an officer should look at, each in a sentence; none of it is refused."""
    found = []
    over = [line for line in purse.lines if spend.get(line.id, 0) > line.amount]
    if over:
        names = ", ".join(line.name for line in over)
        found.append(
            ngettext(
                "%(num)s line is above the budget: %(names)s.",
                "%(num)s lines are above the budget: %(names)s.",
                len(over),
                names=names,
            )
        )
    total = sum(spend.get(line.id, 0) for line in purse.lines)
    if total > purse.paid:
        more = format_amount(total - purse.paid, purse.currency)
        found.append(gettext("%(more)s more is spent than has been paid.", more=more))
    less = [
        line
        for line in purse.lines
        if line.id in spend and spend[line.id] < purse.before.get(line.id, 0)
    ]
    if less:
        names = ", ".join(line.name for line in less)
        found.append(gettext("Less than the last report said: %(names)s.", names=names))
    return found


def sums_in_words(spend: Mapping[int, int], purse: Purse) -> str:
    """How an award's spend adds up, with what stands out."""
    budget = sum(line.amount for line in purse.lines)
    total = sum(spend.get(line.id, 0) for line in purse.lines)
    spent, planned, paid = (format_amount(x, purse.currency) for x in (total, budget, purse.paid))
    said = gettext(
        "%(spent)s spent, of %(planned)s in the budget; %(paid)s paid.",
        spent=spent,
        planned=planned,
        paid=paid,
    )
    return " ".join([said, *flags_of(spend, purse)])


def first_fields(purses: Sequence[Purse]) -> Fields:
    """A form that nobody has written into: what was spent is at least what was said before."""
    return {
        f"spent_{line_id}": format_amount_number(amount, purse.currency)
        for purse in purses
        for line_id, amount in purse.before.items()
        if amount
    }


def fields_of(handed_in: HandedIn, purses: Sequence[Purse]) -> Fields:
    """A version that was handed in, as the form shows it."""
    fields = {name: str(getattr(handed_in, name)) for name in TEXTS}
    for number, output in enumerate(handed_in.outputs, 1):
        for part in OUTPUT_PARTS:
            fields[f"output_{number}_{part}"] = str(getattr(output, part))
    for value in handed_in.values:
        fields[f"value_{value.indicator_id}"] = f"{value.value:g}"
    currencies = {line.id: purse.currency for purse in purses for line in purse.lines}
    for spend in handed_in.spend:
        if spend.budget_line_id in currencies:
            fields[f"spent_{spend.budget_line_id}"] = format_amount_number(
                spend.amount, currencies[spend.budget_line_id]
            )
    return fields
