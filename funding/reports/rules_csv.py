"""The charts of the page of rules as tables: numbers a spreadsheet can go on with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from funding.reports.rules import Found, gains_of, rule_label, shares_of

Table = tuple[list[str], list[list[object]]]


def gains(found: Found, names: Mapping[str, str]) -> Table:
    """By funder and rule: the plan's value to it, in times what it reaches alone."""
    rules, by_funder = gains_of(found)
    head = ["Funder", *(f"{rule_label(rule)}, times what it reaches alone" for rule in rules)]
    return head, [
        [names.get(funder, funder), *(round(ratio, 4) for ratio in ratios)]
        for funder, ratios in by_funder.items()
    ]


def covered(found: Found, _names: Mapping[str, str]) -> Table:
    """By rule: the share of the areas' open needs it meets, and its value over the best's."""
    return ["Rule", "Needs met", "Value, of the best"], [
        [rule_label(rule), round(met, 4), round(value, 4)]
        for rule, (met, value) in shares_of(found).items()
    ]


TABLES: dict[str, Callable[[Found, Mapping[str, str]], Table]] = {
    "gains": gains,
    "covered": covered,
}
