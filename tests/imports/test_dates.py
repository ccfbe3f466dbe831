"""Dates in every spelling, and how exact they are."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from funding.imports.dates import read_date, written_date
from funding.imports.faults import BadValue
from tests.imports.files import fault_lines, only_record, read_history

JUNE_5 = datetime.date(2014, 6, 5)


@pytest.mark.parametrize(
    "text",
    [
        "2014-06-05",
        " 2014-06-05 ",
        "2014-06-05T00:00:00+00:00",
        "2014-06-05 23:59",
        "2014/6/5",
        "20140605",
        "05/06/2014",
        "5.6.2014",
        "05-06-2014",
        "05/06/2014 00:00",
        "5 June 2014",
        "5th Jun 2014",
        "June 5, 2014",
        "5-Jun-2014",
    ],
)
def test_a_day_is_read_in_every_common_form(text: str) -> None:
    assert read_date(text)[:2] == (JUNE_5, "day")


@pytest.mark.parametrize(
    ("text", "first_day", "precision", "shown"),
    [
        ("2014-06", (2014, 6, 1), "month", "2014-06"),
        ("June 2014", (2014, 6, 1), "month", "2014-06"),
        ("Sept-2014", (2014, 9, 1), "month", "2014-09"),
        ("2014 Q2", (2014, 4, 1), "quarter", "2014 Q2"),
        ("q2/2014", (2014, 4, 1), "quarter", "2014 Q2"),
        ("2014", (2014, 1, 1), "year", "2014"),
        (Decimal(2014), (2014, 1, 1), "year", "2014"),
    ],
)
def test_less_exact_dates_are_kept_as_the_first_day_of_their_period(
    text: object, first_day: tuple[int, int, int], precision: str, shown: str
) -> None:
    read = read_date(text)
    assert read[:2] == (datetime.date(*first_day), precision)
    assert written_date(read.date, read.precision) == shown


@pytest.mark.parametrize(
    "text",
    [
        "2014-02-30",
        "31/04/2014",
        "29/02/2015",
        "2014-13-01",
        "0001-01-01",
        "1899-12-31",
        "2101-01-01",
        "soon",
        "2014-06-05 or a little later when the board has met",
        "05/06/14",
        "2014 Q5",
        "5 Juno 2014",
        "99999999",
        "٢٠١٤-٠٦-٠٥",
    ],
)
def test_a_date_that_does_not_exist_is_a_fault_of_its_row(text: str) -> None:
    (line,) = fault_lines(read_history(f"A,B,1,USD,{text}"))
    assert line.startswith(f'row 2, awarded_on: "{text[:60]}": ')


def test_a_serial_number_is_not_taken_for_a_date() -> None:
    with pytest.raises(BadValue, match="format the column as dates"):
        read_date(Decimal(41795))


def test_slashed_dates_are_read_day_first_and_said_so() -> None:
    reading = read_history("A,B,1,USD,05/06/2014", "A,B,1,USD,25/06/2014")
    assert reading.records[0].awarded_on == JUNE_5
    assert "Dates such as 05/06/2014, which were read day first: 1." in reading.notes


def test_slashed_dates_can_be_read_month_first() -> None:
    reading = read_history("A,B,1,USD,06/05/2014", month_first=True)
    assert only_record(reading).awarded_on == JUNE_5


def test_a_date_that_is_only_possible_the_other_way_round_says_so() -> None:
    (line,) = fault_lines(read_history("A,B,1,USD,12/25/2014"))
    assert "no such date when the day is read first" in line


def test_the_precision_column_makes_a_date_less_exact_never_more() -> None:
    headings = "funder,recipient,amount_usd,date,date_precision"
    reading = read_history(
        "A,B,1,2014-06-05,quarter", "A,B,1,2014,day", "A,B,1,,year", headings=headings
    )
    assert [(record.awarded_on, record.date_precision) for record in reading.records] == [
        (datetime.date(2014, 4, 1), "quarter"),
        (datetime.date(2014, 1, 1), "year"),
        (None, None),
    ]


def test_a_grant_over_several_years_is_kept_at_its_first() -> None:
    headings = "funder,recipient,amount_usd,date,date_precision"
    reading = read_history("A,B,1,2014-06-05,multi-year", headings=headings)
    assert only_record(reading).awarded_on == datetime.date(2014, 1, 1)
    assert "Dates that stand for several years, kept as their first year: 1." in reading.notes


def test_an_unknown_precision_is_a_fault() -> None:
    headings = "funder,recipient,amount_usd,date,date_precision"
    assert fault_lines(read_history("A,B,1,2014,decade", headings=headings)) == [
        'row 2, date_precision: "decade": must be day, month, quarter or year'
    ]


def test_history_without_a_date_is_kept_and_counted() -> None:
    reading = read_history("A,B,1,USD,", "A,B,2,USD,n/a")
    assert [record.awarded_on for record in reading.records] == [None, None]
    assert "Rows without a date, kept with the date unknown: 2." in reading.notes
