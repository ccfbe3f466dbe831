"""Expressions that SQLite and PostgreSQL write differently and must answer alike."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class year_of(FunctionElement[int]):  # noqa: N801 - reads as the function that it is
    """The calendar year of a moment, in UTC whatever the session's time zone is."""

    type = sa.Integer()
    inherit_cache = True


@compiles(year_of)
def _year(element: year_of, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"cast(extract(year from {moment} at time zone 'UTC') as integer)"


@compiles(year_of, "sqlite")
def _year_on_sqlite(element: year_of, compiler: Any, **options: Any) -> str:
    return f"cast(strftime('%Y', {compiler.process(element.clauses, **options)}) as integer)"


class millionths(FunctionElement[int]):  # noqa: N801 - as above
    """A share as a whole number of millionths: whole numbers divide alike on both engines."""

    type = sa.BigInteger()
    inherit_cache = True


@compiles(millionths)
def _millionths(element: millionths, compiler: Any, **options: Any) -> str:
    share = compiler.process(element.clauses, **options)
    return f"cast(floor({share} * 1000000.0 + 0.5) as bigint)"


@compiles(millionths, "sqlite")
def _millionths_on_sqlite(element: millionths, compiler: Any, **options: Any) -> str:
    share = compiler.process(element.clauses, **options)
    return f"cast({share} * 1000000.0 + 0.5 as integer)"


def share_of(
    amount: sa.ColumnElement[int], part: sa.ColumnElement[int], whole: sa.ColumnElement[int]
) -> sa.ColumnElement[int]:
    """`amount * part / whole` rounded down, in whole numbers that stay within 64 bits."""
    return amount // whole * part + amount % whole * part // whole


class day_of(FunctionElement[date]):  # noqa: N801 - as above
    """The day of a moment, in UTC."""

    type = sa.Date()
    inherit_cache = True


@compiles(day_of)
def _day(element: day_of, compiler: Any, **options: Any) -> str:
    return f"cast({compiler.process(element.clauses, **options)} at time zone 'UTC' as date)"


@compiles(day_of, "sqlite")
def _day_on_sqlite(element: day_of, compiler: Any, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)})"


class days_between(FunctionElement[int]):  # noqa: N801 - as above
    """How many days the second day is after the first."""

    type = sa.Integer()
    inherit_cache = True


@compiles(days_between)
def _days(element: days_between, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({second} - {first})"


@compiles(days_between, "sqlite")
def _days_on_sqlite(element: days_between, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(clause, **options) for clause in element.clauses)
    return f"cast(julianday({second}) - julianday({first}) as integer)"
