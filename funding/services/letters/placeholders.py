"""What stands in braces in a template: which names there are, whether a text uses them rightly."""

from __future__ import annotations

import re
from collections.abc import Mapping

from funding.errors import Fault
from funding.models import LetterKind

PLACEHOLDERS: dict[str, str] = {
    "funder": "the funder's name",
    "commitment": "the commitment that pays",
    "applicant": "the applicants' institution, or the lead where there is none",
    "lead": "the lead applicant's name",
    "proposal": "the proposal's title",
    "number": "the proposal's number in the round",
    "round": "the round's name",
    "amount": "the award, with its currency",
    "starts": "the first day of the work",
    "ends": "the last day of the work",
    "reports": "the days on which reports are due",
    "deadline": "until when the offer can be accepted",
    "date": "the day the offer is made",
    "officer": "the officer who makes the offer",
}
"""Each name with what is put in its place."""

NEEDED: dict[str, tuple[str, ...]] = {
    LetterKind.OFFER: ("amount", "deadline"),
    LetterKind.AGREEMENT: ("funder", "applicant", "proposal", "amount"),
}
"""What a text of each kind must say to be one."""

LONGEST = 30_000
_BRACED = re.compile(r"\{([^{}]*)\}")


def faults_of(kind: str, body: str) -> list[Fault]:
    """What is wrong with a template, each in a sentence that names the place."""
    if not body.strip():
        return [Fault("body", "please write the text")]
    if len(body) > LONGEST:
        return [Fault("body", f"at most {LONGEST:,} characters")]
    found = []
    used = _BRACED.findall(body)
    unknown = sorted({name for name in used if name not in PLACEHOLDERS})
    for name in unknown[:5]:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        found.append(Fault("body", f"there is no {{{name}}}; there are {known}"))
    if set(_BRACED.sub("", body)) & {"{", "}"}:
        line = next(
            number
            for number, text in enumerate(body.splitlines(), 1)
            if set(_BRACED.sub("", text)) & {"{", "}"}
        )
        found.append(Fault("body", f"a brace without its partner in line {line}"))
    missing = [f"{{{name}}}" for name in NEEDED[kind] if name not in used]
    if missing:
        found.append(Fault("body", f"it has to say {', '.join(missing)}"))
    return found


def fill(body: str, values: Mapping[str, str]) -> str:
    """The text with every placeholder in its place; values are put in as they are."""
    return _BRACED.sub(lambda match: values[match.group(1)], body)
