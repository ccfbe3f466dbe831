"""Reading a participatory budgeting election (Pabulib's `.pb` files) as a round of one funder.

The budget is the only commitment; a project's cost is both its ask and its minimum, in hundredths
of the currency; its merit is its approvals, or its points, over the largest such sum. The welfare
of a plan is then the votes (or points) that the money of the election follows.

Source of the format: Faliszewski et al., "Participatory Budgeting: Data, Tools, and Analysis"
(2023): three sections (META, PROJECTS, VOTES), each a title, a line of keys and rows of values,
separated by semicolons.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from decimal import Decimal
from io import StringIO
from itertools import zip_longest
from pathlib import Path

from optimizer.currencies import CURRENCIES
from optimizer.fields import LARGEST_MONEY, BadInput, load_text, shown
from optimizer.problem import ROUND_FORMATS, Problem
from optimizer.read import read_round

NO_CURRENCY = "XXX"  # ISO 4217's code for none
WITH_APPROVALS = ("approval", "choose-1")
WITH_POINTS = ("scoring", "cumulative")
SECTIONS = {"META": ("key", "value"), "PROJECTS": ("project_id", "cost"), "VOTES": ("vote",)}
AMOUNT = re.compile(r"(\d+)(?:[.,](\d{1,2})0*)?")
POINTS = re.compile(r"-?\d+(?:\.\d+)?")
LONGEST_NUMBER = 40  # digits; beyond any amount there is, and quick to refuse


@dataclass(frozen=True)
class Row:
    """One line of a section: its values by key, empty ones left out."""

    line: int
    values: dict[str, str]


@dataclass
class Election:
    """What a file holds, and every fault found in it so far, one line each."""

    path: Path
    faults: list[str] = field(default_factory=list)
    meta: dict[str, Row] = field(default_factory=dict)
    projects: dict[str, Row] = field(default_factory=dict)
    votes: list[Row] = field(default_factory=list)

    def fault(self, line: int, what: str, expected: str) -> None:
        self.faults.append(f"{self.path}: line {line}: {what}; expected {expected}")


def is_election(path: Path) -> bool:
    """Whether a file is one of Pabulib's, by its name."""
    return path.suffix.lower() == ".pb"


def read_election(path: Path | str) -> Problem:
    """The round of a Pabulib file. Raises BadInput with one line for each fault."""
    election = Election(Path(path))
    _sort_into(election, _sections(election, load_text(election.path)))
    _compare_counts(election)
    document = _round(election)
    if election.faults:
        raise BadInput(election.faults)
    return read_round(document)


# Sections and rows


def _sections(election: Election, text: str) -> dict[str, list[Row]]:
    """The rows of each section; a title must be there once, and its keys in the line below."""
    found: dict[str, list[Row]] = {}
    keys: list[str] | None = None
    section = ""
    reader = csv.reader(StringIO(text), delimiter=";")
    try:
        for cells in reader:
            row = [cell.strip() for cell in cells]
            if not any(row):
                continue
            title = row[0].upper()
            if title in SECTIONS and not any(row[1:]):
                if title in found:
                    election.fault(reader.line_num, f"{title} again", "each section once")
                section, keys = title, None
                found.setdefault(title, [])
            elif not section:
                election.fault(reader.line_num, shown(row[0]), "the title META first")
                break
            elif keys is None:
                keys = row
                for key in SECTIONS[section]:
                    if key not in keys:
                        what = f"{section} has no key {key}"
                        election.fault(reader.line_num, what, f"{key} among the keys")
            else:
                found[section].append(_row(election, reader.line_num, keys, row))
    except csv.Error as error:
        election.fault(reader.line_num, str(error), "values separated by semicolons")
    for title in SECTIONS:
        if title not in found:
            election.faults.append(
                f"{election.path}: no section {title}; expected META, PROJECTS and VOTES"
            )
    return found


def _row(election: Election, line: int, keys: list[str], cells: list[str]) -> Row:
    if len(cells) > len(keys) and any(cells[len(keys) :]):
        election.fault(line, f"{len(cells)} values", f"at most {len(keys)}, as there are keys")
    pairs = zip_longest(keys, cells[: len(keys)], fillvalue="")
    return Row(line, {key: value for key, value in pairs if value and value.lower() != "none"})


def _sort_into(election: Election, sections: dict[str, list[Row]]) -> None:
    """META by key, PROJECTS by id, VOTES as they are."""
    places = (("META", "key", election.meta), ("PROJECTS", "project_id", election.projects))
    for title, key, place in places:
        for row in sections.get(title, []):
            name = row.values.get(key)
            if name is None:
                if election.faults and not any(key in r.values for r in sections[title]):
                    continue  # the key itself is missing, which is said once
                election.fault(row.line, f"{key} is empty", "a name of its own")
            elif name in place:
                first = place[name].line
                election.fault(row.line, f"{shown(name)} again", f"it once (line {first} has it)")
            else:
                place[name] = row
    election.votes = sections.get("VOTES", [])


def _compare_counts(election: Election) -> None:
    """A file that states how much it holds must hold it: else it was cut short."""
    counts = {"num_projects": len(election.projects), "num_votes": len(election.votes)}
    if election.faults:
        return  # rows that could not be read would be missed here a second time
    for key, count in counts.items():
        row = election.meta.get(key)
        stated = None if row is None else row.values.get("value")
        if row is not None and stated != str(count):
            election.fault(row.line, f"{key} {stated or 'empty'}", f"{count}, the rows there are")


# The round


def _round(election: Election) -> dict[str, object]:
    budget = _stated(election, "budget")
    amount = 0 if budget is None else _hundredths(election, budget, "value", least=0)
    currency = election.meta.get("currency")
    code = NO_CURRENCY if currency is None else currency.values.get("value", NO_CURRENCY)
    if currency is not None and code not in CURRENCIES:
        election.fault(currency.line, f"currency {shown(code)}", "an ISO 4217 code such as EUR")
    merits = _merits(election)
    return {
        "format": ROUND_FORMATS[0],
        "currency": code,
        "commitments": [{"id": "budget", "funder": "budget", "amount": amount}],
        "areas": [{"id": "projects"}],
        "proposals": [
            {
                "id": name,
                "ask": _hundredths(election, row, "cost", least=1),
                "merit": merits[name],
                "areas": {"projects": 1},
            }
            for name, row in election.projects.items()
        ],
    }


def _stated(election: Election, key: str) -> Row | None:
    """The row of a key that META must have."""
    if key not in election.meta:
        election.faults.append(f"{election.path}: META has no {key}; expected a line {key};...")
        return None
    return election.meta[key]


def _hundredths(election: Election, row: Row, key: str, least: int) -> int:
    """An amount of the currency in hundredths; a comma is read as a point."""
    text = row.values.get(key, "")
    match = AMOUNT.fullmatch(text) if len(text) <= LONGEST_NUMBER else None
    amount = -1 if match is None else int(match[1] + (match[2] or "").ljust(2, "0"))
    if least <= amount <= LARGEST_MONEY:
        return amount
    least_shown, most_shown = Decimal(least) / 100, LARGEST_MONEY // 100
    what = f"{row.values.get('key', key)} {shown(text) if text else 'empty'}"
    election.fault(
        row.line, what, f"an amount from {least_shown} to {most_shown} with at most two decimals"
    )
    return least


def _merits(election: Election) -> dict[str, float]:
    """By project its approvals, or points, over the largest such sum; all 0 if that is 0."""
    row = _stated(election, "vote_type")
    kind = "" if row is None else row.values.get("value", "").lower()
    sums = dict.fromkeys(election.projects, Decimal(0))
    if row is not None and kind not in WITH_APPROVALS + WITH_POINTS:
        known = ", ".join(WITH_APPROVALS + WITH_POINTS)
        election.fault(row.line, f"vote_type {shown(kind)}", f"one of {known}")
        return dict.fromkeys(sums, 0.0)
    for vote in election.votes:
        for name, points in _ballot(election, vote, has_points=kind in WITH_POINTS):
            sums[name] += points
    for name, total in sums.items():
        if total < 0:
            line = election.projects[name].line
            election.fault(line, f"points of {shown(name)} add up to {total}", "0 or more")
    largest = max(sums.values(), default=Decimal(0))
    if largest <= 0:
        return dict.fromkeys(sums, 0.0)
    return {name: max(0.0, float(total / largest)) for name, total in sums.items()}


def _ballot(election: Election, vote: Row, *, has_points: bool) -> list[tuple[str, Decimal]]:
    """The projects of one ballot, each once, with the points it gives them (1 for an approval)."""
    names = [name.strip() for name in vote.values.get("vote", "").split(",") if name.strip()]
    given = [Decimal(1)] * len(names)
    if has_points:
        texts = [text.strip() for text in vote.values.get("points", "").split(",") if text.strip()]
        wrong = [t for t in texts if len(t) > LONGEST_NUMBER or not POINTS.fullmatch(t)]
        for text in wrong:
            election.fault(vote.line, f"points {shown(text)}", "a number")
        if len(texts) != len(names):
            what = f"{len(texts)} points for {len(names)} projects"
            election.fault(vote.line, what, "points for each project of the vote")
        if wrong or len(texts) != len(names):
            return []
        given = [Decimal(text) for text in texts]
    for name in dict.fromkeys(names):
        if name not in election.projects:
            election.fault(vote.line, f"a vote for {shown(name)}", "a project_id of PROJECTS")
        elif names.count(name) > 1:
            election.fault(vote.line, f"{shown(name)} {names.count(name)} times", "it once")
    return [(n, g) for n, g in zip(names, given, strict=True) if n in election.projects]
