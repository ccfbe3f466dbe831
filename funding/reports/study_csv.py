"""The charts of the pages of studies as tables: numbers a spreadsheet can go on with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from funding.language import in_english
from funding.reports.frontier import Point
from funding.reports.pooling import FunderRow
from funding.reports.result_csv import major
from funding.reports.rules import Found, gains_of, rule_label, shares_of
from funding.reports.sureness import STANDINGS, Sure

Table = tuple[list[str], list[list[object]]]


def gains(found: Found, names: Mapping[str, str]) -> Table:
    """By funder and rule: the plan's value to it, in times what it reaches alone."""
    rules, by_funder = gains_of(found)
    head = [
        "Funder",
        *(f"{in_english(rule_label(rule))}, times what it reaches alone" for rule in rules),
    ]
    return head, [
        [names.get(funder, funder), *(round(ratio, 4) for ratio in ratios)]
        for funder, ratios in by_funder.items()
    ]


def covered(found: Found) -> Table:
    """By rule: the share of the areas' open needs it meets, and its value over the best's."""
    return ["Rule", "Needs met", "Value, of the best"], [
        [in_english(rule_label(rule)), round(met, 4), round(value, 4)]
        for rule, (met, value) in shares_of(found).items()
    ]


def trade_offs(points: Sequence[Point], currency: str) -> Table:
    """By plan: what needs and overlaps were multiplied by, and what came of it."""
    head = ["Plan", "Needs, times", "Overlaps, times", "Currency", "Merit", "Needs covered"]
    return [*head, "Paid twice", "Agreements"], [
        [
            point.in_words,
            point.coverage,
            point.overlap,
            currency,
            major(point.merit, currency),
            major(point.covered, currency),
            major(point.twice, currency),
            point.agreements,
        ]
        for point in points
    ]


def how_sure(rows: Sequence[Sure], currency: str) -> Table:
    """By proposal: the share of resampled reviews in which it is funded, and its standing."""
    head = ["Proposal", "Title", "Funded if reviews differ", "In good plans", "Currency"]
    return [*head, "This plan"], [
        [
            row.key,
            row.title,
            round(row.often, 4),
            STANDINGS[row.standing],
            currency,
            major(row.amount, currency),
        ]
        for row in rows
    ]


def pooled(rows: Sequence[FunderRow], currency: str) -> Table:
    """By funder: what gets done as it sees it, without the pool and in it."""
    head = ["Funder", "Currency", "Alone", "If it left", "In the pool", "Gain over leaving"]
    return [*head, "A promise costs the pool"], [
        [
            row.name,
            currency,
            major(row.alone, currency),
            major(row.leave, currency),
            major(row.value, currency),
            None if row.gain is None else round(row.gain, 4),
            in_english(row.promise),
        ]
        for row in rows
    ]
