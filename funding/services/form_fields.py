"""The application form as text: its fields by name, a proposal's values as a person would type
them, and how two people's edits of the same form are brought together.

Names: `area_2` with `share_2`, `line_3` with `amount_3`, `year_1` with `part_1`, `member_1_name`
(`_role`, `_email`, `_orcid`, `_id`), `risk_KEY` and `question_KEY` for answers; all others stand
alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from funding.errors import Fault, InvalidInput
from funding.formatting import format_amount_number, format_number
from funding.forms import share_text
from funding.language import gettext
from funding.models import Proposal
from funding.services import risk

TITLE_LIMIT = 200
ABSTRACT_LEAST = 300
ABSTRACT_LIMIT = 3_000
ANSWER_LIMIT = 3_000
LINE_LIMIT = 200
MOST_AREAS = 5
MOST_LINES = 40
MOST_YEARS = 10
MOST_MEMBERS = 30
MOST_CHARACTERS = 200_000
MEMBER_PARTS = ("name", "role", "email", "orcid", "id")

Fields = dict[str, str]

_LABELS = {
    "title": "Title",
    "abstract": "Abstract",
    "ask": "How much you ask for",
    "minimum": "Least viable amount",
    "institution": "Institution",
    "ror": "ROR identifier",
    "country": "Country",
    "region": "Region",
    "starts_on": "First day",
    "ends_on": "Last day",
    "risk_tier": "Risk tier",
    "risk_reason": "Why a lower tier",
    "areas": "Areas",
    "budget": "Budget",
    "years": "By year",
    "team": "Team",
    "files": "Attachments",
}
_ROWS = (
    (re.compile(r"(area|share)_(\d{1,2})"), "areas"),
    (re.compile(r"(line|amount)_(\d{1,2})"), "budget"),
    (re.compile(r"(year|part)_(\d{1,2})"), "years"),
    (re.compile(rf"member_(\d{{1,2}})_({'|'.join(MEMBER_PARTS)})"), "team"),
)
ROWS = tuple(group for _, group in _ROWS)
"""Parts of the form that are made of rows."""

_ALONE = re.compile(
    r"title|abstract|ask|minimum|institution|ror|country|region|starts_on|ends_on|"
    r"risk_[a-z]+|question_[A-Za-z0-9_-]{1,60}"
)

_ROW_LABELS = {
    "area": "Area %(number)s",
    "share": "Share of area %(number)s",
    "line": "Budget line %(number)s",
    "amount": "Amount of budget line %(number)s",
    "year": "Year %(number)s",
    "part": "Amount of year %(number)s",
}
_PARTS_OF_A_MEMBER = {"orcid": "ORCID iD", "email": "e-mail address"}


def label_of(name: str, questions: Mapping[str, str] | None = None) -> str:
    """The words beside a field; `questions` has those of the round's own, by key."""
    if name in _LABELS:
        return _LABELS[name]
    for question in risk.QUESTIONS:
        if name == f"risk_{question.key}":
            return question.text
    if name.startswith("question_"):
        return (questions or {}).get(name.removeprefix("question_"), "Question of the round")
    number = "".join(re.findall(r"\d+", name))
    kind = name.split("_")[0]
    if kind == "member":
        part = name.split("_")[2]
        return gettext(
            "Team member %(number)s, %(part)s",
            number=number,
            part=_PARTS_OF_A_MEMBER.get(part, part),
        )
    return gettext(_ROW_LABELS[kind], number=number) if kind in _ROW_LABELS else name


def typed_fields(form: Mapping[str, str]) -> Fields:
    """What a form sent, as typed: the fields this form has, and nothing else that was sent along.

    Raises InvalidInput beyond 200,000 characters in all, which is many times a full form.
    """
    fields = {
        name: text.replace("\r\n", "\n").replace("\0", "")
        for name, text in form.items()
        if group_of(name) is not None
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


def group_of(name: str) -> str | None:
    """What a field is part of: its own name, or one of `ROWS`; None for no field here."""
    for pattern, group in _ROWS:
        if pattern.fullmatch(name):
            return group
    return name if _ALONE.fullmatch(name) else None


def fields_of(proposal: Proposal) -> Fields:
    """The proposal as saved, as the form shows it."""
    currency = proposal.round.base_currency

    def amount(minor: int) -> str:
        return format_amount_number(minor, currency) if minor else ""

    institution = proposal.institution
    fields = {
        "title": proposal.title,
        "abstract": proposal.abstract,
        "ask": amount(proposal.ask),
        "minimum": amount(proposal.minimum),
        "institution": str(proposal.institution_id or ""),
        "ror": (institution.ror or "") if institution else "",
        "country": proposal.country or "",
        "region": proposal.region or "",
        "starts_on": proposal.starts_on.isoformat() if proposal.starts_on else "",
        "ends_on": proposal.ends_on.isoformat() if proposal.ends_on else "",
        "risk_tier": proposal.risk_tier or "",
    }
    for key in (*(question.key for question in risk.QUESTIONS), "reason"):
        fields[f"risk_{key}"] = proposal.risk_answers.get(key, "")
    for question in proposal.round.questions:
        fields[f"question_{question.key}"] = str(proposal.answers.get(question.key, ""))
    for number, tag in enumerate(proposal.areas, 1):
        fields[f"area_{number}"] = tag.area_key
        fields[f"share_{number}"] = share_text(tag.weight)
    for number, line in enumerate(proposal.budget, 1):
        fields[f"line_{number}"] = line.name
        fields[f"amount_{number}"] = amount(line.amount)
    for number, needed in enumerate(proposal.years, 1):
        fields[f"year_{number}"] = str(needed.year)
        fields[f"part_{number}"] = amount(needed.amount)
    for number, member in enumerate(proposal.team, 1):
        for part in MEMBER_PARTS:
            fields[f"member_{number}_{part}"] = str(getattr(member, part) or "")
    return fields


def rows_of(fields: Mapping[str, str], group: str) -> list[tuple[int, Fields]]:
    """The rows of one of `ROWS` that hold anything, with their numbers in the form."""
    rows: dict[int, Fields] = {}
    pattern = next(pattern for pattern, name in _ROWS if name == group)
    for name, text in fields.items():
        match = pattern.fullmatch(name)
        if match is None:
            continue
        number, part = (int(p) if p.isdigit() else p for p in match.groups())
        if isinstance(part, int):
            number, part = part, number
        rows.setdefault(number, {})[part] = text.strip()
    return [
        (number, row)
        for number, row in sorted(rows.items())
        if any(text for part, text in row.items() if part != "id")
    ]


def rows_shown(fields: Mapping[str, str], group: str) -> int:
    """How many rows the form shows: those in use and a few to go on with."""
    last = max((number for number, _ in rows_of(fields, group)), default=0)
    least, spare, most = {
        "areas": (3, 1, MOST_AREAS),
        "budget": (4, 2, MOST_LINES),
        "years": (3, 1, MOST_YEARS),
        "team": (2, 1, MOST_MEMBERS),
    }[group]
    return min(max(least, last + spare), most)


# -- two people, one form -----------------------------------------------------------------------


def _content(fields: Mapping[str, str], group: str) -> str:
    """A group's text without what makes no difference: numbering, ids, blanks around."""
    if group in ROWS:
        rows = [
            sorted((part, text) for part, text in row.items() if part != "id" and text)
            for _, row in rows_of(fields, group)
        ]
        return json.dumps(rows)
    return fields.get(group, "").strip()


def _groups(*several: Mapping[str, str]) -> list[str]:
    found = {group_of(name): None for fields in several for name in fields}
    return [group for group in found if group is not None]


def marks_of(fields: Mapping[str, str]) -> str:
    """A short mark of every part of the form, to tell later which parts somebody changed."""
    return json.dumps(
        {
            group: hashlib.sha256(_content(fields, group).encode()).hexdigest()[:12]
            for group in _groups(fields)
            if _content(fields, group) not in ("", "[]")
        }
    )


@dataclass(frozen=True)
class Clash:
    """A part of the form that two people changed in different ways."""

    group: str
    mine: str
    theirs: str


@dataclass(frozen=True)
class Merged:
    """Two edits brought together: `fields` has mine wherever there is a clash."""

    fields: Fields
    clashes: tuple[Clash, ...]
    taken: tuple[str, ...]


def take_part(fields: Fields, source: Mapping[str, str], group: str) -> Fields:
    """`fields` with one part of the form replaced by that of `source`."""
    kept = {name: text for name, text in fields.items() if group_of(name) != group}
    return kept | {name: text for name, text in source.items() if group_of(name) == group}


def merge(mine: Fields, theirs: Fields, marks: str) -> Merged:
    """Bring my form and the saved proposal together.

    `marks` are those of the form as I opened it (`marks_of`): what I left alone is taken from
    theirs, what only I changed stays mine, and what both changed is a clash. Without usable marks
    every difference is one.
    """
    try:
        opened = json.loads(marks or "null")
    except ValueError:
        opened = None
    before = opened if isinstance(opened, dict) else None
    mine_now, theirs_now = json.loads(marks_of(mine)), json.loads(marks_of(theirs))
    merged, clashes, taken = dict(mine), [], []
    for group in _groups(mine, theirs):
        if mine_now.get(group) == theirs_now.get(group):
            continue
        if before is not None and mine_now.get(group) == before.get(group):
            merged = take_part(merged, theirs, group)
            taken.append(group)
        elif before is None or theirs_now.get(group) != before.get(group):
            clashes.append(Clash(group, part_text(mine, group), part_text(theirs, group)))
    return Merged(merged, tuple(clashes), tuple(taken))


def part_text(fields: Mapping[str, str], group: str) -> str:
    """One part of the form as lines of text, to lay two side by side."""
    rows = rows_of(fields, group) if group in ROWS else []
    if group == "areas":
        return "\n".join(f"{row.get('area', '')}: {row.get('share', '')}%" for _, row in rows)
    if group == "budget":
        return "\n".join(f"{row.get('line', '')}: {row.get('amount', '')}" for _, row in rows)
    if group == "years":
        return "\n".join(f"{row.get('year', '')}: {row.get('part', '')}" for _, row in rows)
    if group == "team":
        parts = ("name", "role", "email", "orcid")
        return "\n".join(", ".join(row[p] for p in parts if row.get(p)) for _, row in rows)
    return fields.get(group, "")
