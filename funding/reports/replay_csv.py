"""A kept replay's tables as CSV; amounts in whole units of the currency, shares as fractions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from funding.exports.csv_files import csv_text
from funding.replay.measure import FOLLOWED
from funding.reports.replay import Result, major


def table_as_csv(result: Result, table: str) -> str | None:
    """One of the result's tables; None for a name that is none of them."""
    makers = {
        "recipients": _recipients_csv,
        "agreements": _agreements_csv,
        "areas": _areas_csv,
        "funders": _funders_csv,
        "variations": _variations_csv,
    }
    maker = makers.get(table)
    return maker(result) if maker else None


def _recipients_csv(result: Result) -> str:
    currency = result["currency"]
    heads = ("recipient", "currency", "ask", "ask from", "least viable", "merit", "merit from",
             "areas", "really", "paid really by", "in turn", "pooled", "paid in the pool by",
             "variations up", "variations down", "variations tried")  # fmt: skip
    return csv_text(
        heads,
        (
            (
                row["name"], currency, major(row["ask"], currency), row["ask_from"],
                major(row["minimum"], currency), row["merit"], row["merit_from"],
                "; ".join(f"{name} {share:.0%}" for name, share in row["areas"]),
                major(row["really"], currency), _payers(row["payers_really"], currency),
                major(row["in_turn"], currency), major(row["plan"], currency),
                _payers(row["payers"], currency),
                row["steady"]["up"], row["steady"]["down"], row["steady"]["tried"],
            )
            for row in result["recipients"]
        ),
    )  # fmt: skip


def _payers(payers: Sequence[Sequence[Any]], currency: str) -> str:
    return "; ".join(f"{name}: {major(amount, currency)}" for name, amount in payers)


def _agreements_csv(result: Result) -> str:
    currency = result["currency"]
    return csv_text(
        ("funder", "recipient", "currency", "really", "pooled"),
        (
            (row["funder"], row["recipient"], currency, major(row["really"], currency),
             major(row["plan"], currency))
            for row in result["lines"]
        ),
    )  # fmt: skip


def _areas_csv(result: Result) -> str:
    currency = result["currency"]
    keys = ("need", "really", "in_turn", "plan")
    return csv_text(
        ("area", "currency", "needed", "really", "in turn", "pooled", "candidates"),
        (
            (row["name"], currency, *(major(row[key], currency) for key in keys), row["candidates"])
            for row in result["areas"]
        ),
    )


def _funders_csv(result: Result) -> str:
    currency = result["currency"]
    worths = ("really", "in_turn", "leave", "plan")
    heads = ("funder", "currency", "money", "agreements really", "agreements pooled",
             "worth really", "worth in turn", "worth by leaving", "worth pooled")  # fmt: skip
    return csv_text(
        heads,
        (
            (
                row["name"], currency, major(row["amount"], currency), row["agreements_really"],
                row["agreements"],
                *(None if row[key] is None else major(row[key], currency) for key in worths),
            )
            for row in result["funders"]
        ),
    )  # fmt: skip


def _variations_csv(result: Result) -> str:
    return csv_text(
        ("assumed instead", *FOLLOWED, "promise held", "status"),
        (
            (one["label"], *(_plain(one[key]) for key in FOLLOWED), one["guarantee_held"],
             one["status"])
            for one in result["variations"]
        ),
    )  # fmt: skip


def _plain(value: float | None) -> float | int | None:
    return round(value, 6) if isinstance(value, float) else value
