"""Cells that hold several things: `interpretability:0.7|evaluations:0.3`, `Staff:1000|Travel:500`.

In JSON the same come as lists and objects. Every function raises BadValue.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from funding.imports.amounts import read_number, symbol_fits, to_minor, written
from funding.imports.dates import FIRST_YEAR, LAST_YEAR
from funding.imports.faults import BadValue, shown
from funding.imports.records import BudgetLine, TeamMember
from funding.imports.tables import Cell, is_blank
from funding.imports.texts import read_email, read_orcid, read_text
from funding.language import gettext

_MOST_ENTRIES = 200
_LONGEST = 20_000
_ENTRIES = re.compile(r"[|;\n]")
_ENTRIES_OR_COMMAS = re.compile(r"[|;,\n]")
_MEMBER = re.compile(r"(?P<name>[^<>()]*)(?:\((?P<role>[^()]*)\))?\s*(?:<(?P<email>[^<>]*)>)?")
_WEIGHTS_WITHIN = Decimal("1e-6")


def read_names(
    cell: Cell, look_up: Callable[[str], str] | None = None, *, commas: bool = True
) -> tuple[str, ...]:
    """Different names in the order given, each through `look_up`; `commas` separate them too."""
    parts = cell if isinstance(cell, list) else _split(cell, commas)
    names = [read_text(part, 300) for part in _not_too_many(parts)]
    found = [look_up(name) if look_up else name for name in names if name]
    return tuple(dict.fromkeys(found))


def read_weights(cell: Cell, look_up: Callable[[str], str]) -> tuple[tuple[str, float], ...]:
    """(id, weight) with weights that sum to 1; percentages, or none at all (equal), will do."""
    if isinstance(cell, dict):
        pairs = list(cell.items())
    else:
        entries = cell if isinstance(cell, list) else _split(cell, commas=True)
        pairs = [_name_and_rest(read_text(entry, 300)) for entry in entries]
    _not_too_many(pairs)
    names = [look_up(read_text(name, 300)) for name, _ in pairs]
    if len(set(names)) < len(names):
        raise BadValue("names an area twice")
    if not names:
        raise BadValue("names no area")
    if all(is_blank(weight) for _, weight in pairs):
        return tuple((name, 1 / len(names)) for name in names)
    weights = [_weight(weight) for _, weight in pairs]
    total = sum(weights, Decimal(0))
    for whole in (Decimal(1), Decimal(100)):
        if abs(total / whole - 1) <= _WEIGHTS_WITHIN:
            return tuple(
                (name, float(weight / whole)) for name, weight in zip(names, weights, strict=True)
            )
    raise BadValue(
        gettext(
            "weights must sum to 1; these sum to %(normalize)s", normalize=f"{total.normalize():f}"
        )
    )


def read_budget(cell: Cell, currency: str) -> tuple[BudgetLine, ...]:
    """Lines with their amounts, which may be 0."""
    lines = []
    for entry in _not_too_many(cell if isinstance(cell, list) else _split(cell, commas=False)):
        if isinstance(entry, dict):
            name, amount = entry.get("line"), entry.get("amount")
        else:
            name, amount = _name_and_rest(read_text(entry, 1000))
        name = read_text(name, 300)
        if not name or is_blank(amount):
            raise BadValue("every budget line needs a name and an amount, such as Staff:1000")
        number = read_number(amount)
        if number.symbol and not symbol_fits(number.symbol, currency):
            raise BadValue(
                gettext(
                    "budget line %(name)s is not in %(currency)s",
                    name=shown(name),
                    currency=currency,
                )
            )
        try:
            lines.append(BudgetLine(name, to_minor(number, currency, may_be_zero=True)))
        except BadValue as error:
            raise BadValue(
                gettext("budget line %(name)s: %(rule)s", name=shown(name), rule=error.rule)
            ) from error
    return tuple(lines)


def read_team(cell: Cell) -> tuple[TeamMember, ...]:
    """People, written `Name`, `Name <address>` or `Name (role) <address>`."""
    members = []
    for entry in _not_too_many(cell if isinstance(cell, list) else _split(cell, commas=False)):
        if isinstance(entry, dict):
            given = {key: entry.get(key) for key in ("name", "role", "orcid", "email")}
        else:
            match = _MEMBER.fullmatch(read_text(entry, 600))
            if match is None:
                raise BadValue("write people as Name <address>, separated by |")
            given = match.groupdict()
        member = TeamMember(
            read_text(given["name"], 200),
            read_text(given.get("role"), 200),
            read_orcid(given.get("orcid")),
            read_email(given.get("email")),
        )
        if not member.name:
            raise BadValue("every member of a team needs a name")
        members.append(member)
    return tuple(members)


def read_years(
    cell: Cell, amount: int, currency: str, of: str = "amount"
) -> tuple[tuple[int, int], ...]:
    """(year, minor units) that sum to `amount`, the `of`: `2027:60%|2028:40%` or amounts."""
    years, shares = _by_year(cell)
    if shares and all(isinstance(share, str) and share.endswith("%") for share in shares):
        percentages = [read_number(share[:-1]).value for share in shares]
        if sum(percentages) != 100 or min(percentages) < 0:
            raise BadValue("percentages must sum to 100")
        return tuple(zip(years, _split_amount(amount, percentages), strict=True))
    parts = [to_minor(read_number(share), currency, may_be_zero=True) for share in shares]
    if sum(parts) != amount:
        raise BadValue(
            gettext(
                "must sum to the %(of)s, %(written)s; these sum to %(written2)s",
                of=of,
                written=written(amount, currency),
                written2=written(sum(parts), currency),
            )
        )
    return tuple(zip(years, parts, strict=True))


def read_dues(cell: Cell, currency: str) -> tuple[tuple[int, int], ...]:
    """(year, minor units above 0), from `2027:50000|2028:20000`."""
    years, shares = _by_year(cell)
    parts = (to_minor(read_number(share), currency, may_be_zero=False) for share in shares)
    return tuple(zip(years, parts, strict=True))


def _by_year(cell: Cell) -> tuple[list[int], list[Any]]:
    """Years and what stands beside each; in JSON an object, or a list of {"year", "amount"}."""
    if isinstance(cell, dict):
        pairs = list(cell.items())
    elif isinstance(cell, list):
        if not all(isinstance(entry, dict) for entry in cell):
            raise BadValue("write each year as an object of year and amount")
        pairs = [(entry.get("year"), entry.get("amount")) for entry in cell]
    else:
        pairs = [_name_and_rest(read_text(part, 100)) for part in _split(cell, commas=False)]
    years = [_year(read_text(year, 100)) for year, _ in _not_too_many(pairs)]
    if sorted(set(years)) != years:
        raise BadValue("years must follow one another, each once, such as 2027:60%|2028:40%")
    return years, [share.strip() if isinstance(share, str) else share for _, share in pairs]


def _split_amount(amount: int, percentages: list[Decimal]) -> list[int]:
    """Whole parts of `amount`: each running total is rounded down, so the last makes it whole."""
    parts, given, percentage_so_far = [], 0, Decimal(0)
    for percentage in percentages:
        percentage_so_far += percentage
        running = int(amount * percentage_so_far / 100)
        parts.append(running - given)
        given = running
    return parts


def _split(cell: Cell, commas: bool) -> list[str]:
    text = read_text(cell, _LONGEST, is_long=True)
    separators = _ENTRIES
    if commas and not _ENTRIES.search(text):
        separators = _ENTRIES_OR_COMMAS
    return [part.strip() for part in separators.split(text) if part.strip()]


def _not_too_many(entries: list[Any]) -> list[Any]:
    if len(entries) > _MOST_ENTRIES:
        raise BadValue(gettext("at most %(most_entries)s entries", most_entries=_MOST_ENTRIES))
    return entries


def _name_and_rest(entry: str) -> tuple[str, str]:
    name, _, rest = entry.rpartition(":") if ":" in entry else (entry, "", "")
    return name.strip(), rest.strip()


def _weight(cell: Cell) -> Decimal:
    if is_blank(cell):
        raise BadValue("give every area a weight, such as interpretability:0.7, or none of them")
    text = cell.strip().removesuffix("%") if isinstance(cell, str) else cell
    value = read_number(text).value
    if not 0 < value <= 100:
        raise BadValue("weights must be more than 0 and sum to 1")
    return value


def _year(text: str) -> int:
    if len(text) != 4 or not text.isascii() or not text.isdigit():
        raise BadValue("write a year and its share, such as 2027:60%|2028:40%")
    if not FIRST_YEAR <= int(text) <= LAST_YEAR:
        raise BadValue(
            gettext(
                "years must lie between %(first_year)s and %(last_year)s",
                first_year=FIRST_YEAR,
                last_year=LAST_YEAR,
            )
        )
    return int(text)
