"""Amounts in every spelling, right and wrong."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funding.imports.amounts import (
    MOST_MINOR_UNITS,
    read_number,
    read_share,
    to_minor,
    written,
)
from funding.imports.faults import BadValue
from funding.imports.preview import summary
from tests.imports.files import fault_lines, only_record, read_history


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1200", 120_000),
        ("1200.5", 120_050),
        ("£1,200.00", 120_000),
        ("1,200", 120_000),
        ("1 200,50", 120_050),
        ("1\u00a0200.50", 120_050),
        ("1.200,50", 120_050),
        ("1.200.000", 120_000_000),
        ("1200,5", 120_050),
        ("1'200.50", 120_050),
        ("12,34,567", 123_456_700),
        ("GBP 1,200", 120_000),
        ("1200 GBP", 120_000),
        ("0.10", 10),
        (".5", 50),
        ("10000000000000", MOST_MINOR_UNITS),
    ],
)
def test_an_amount_is_read_as_a_person_would_read_it(text: str, minor: int) -> None:
    assert to_minor(read_number(text), "GBP", may_be_zero=False) == minor


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("1.005", "at most 2 decimals in USD"),
        ("NaN", "must be an amount in digits, such as 1200.50"),
        ("1e309", "must be an amount in digits, such as 1200.50"),
        ("1E+05", "must be an amount in digits, such as 1200.50"),
        ("Infinity", "must be an amount in digits, such as 1200.50"),
        ("1.2m", "must be an amount in digits, such as 1200.50"),
        ("12,3456", "must be an amount in digits, such as 1200.50"),
        ("٣", "must be an amount in digits, such as 1200.50"),
        ("=1+1", "must be an amount in digits, such as 1200.50"),
        (str(2**63), "at most 10,000,000,000,000.00 USD"),
        ("9" * 50, "at most 10,000,000,000,000.00 USD"),
        (f"-{2**63}", "at most -10,000,000,000,000.00 USD"),
    ],
)
def test_a_bad_amount_is_a_fault_that_names_the_rule(text: str, rule: str) -> None:
    reading = read_history(f'A Fund,A Lab,"{text}",USD,2020-01-01')
    assert fault_lines(reading) == [f'row 2, amount: "{text}": {rule}']
    assert not reading.entries


def test_the_brief_example_prints_word_for_word() -> None:
    rows = ["A,B,1,USD,2020"] * 15
    reading = read_history(*rows, "A,B,1.005,USD,2020")
    assert fault_lines(reading) == ['row 17, amount: "1.005": at most 2 decimals in USD']


@pytest.mark.parametrize(
    ("currency", "text", "minor"),
    [("JPY", "1200", 1200), ("BHD", "1.005", 1005), ("CLF", "1.0005", 10_005)],
)
def test_decimals_are_those_of_the_currency(currency: str, text: str, minor: int) -> None:
    assert only_record(read_history(f"A,B,{text},{currency},2020")).amount == minor


def test_yen_have_no_decimals() -> None:
    assert fault_lines(read_history("A,B,1200.5,JPY,2020")) == [
        'row 2, amount: "1200.5": no decimals in JPY'
    ]


def test_history_may_lack_an_amount_or_have_one_of_zero() -> None:
    reading = read_history("A,B,,,2020", "A,C,unknown,USD,2020", "A,D,0,USD,2020")
    assert [record.amount for record in reading.records] == [None, None, 0]
    assert "Rows without an amount, kept with the amount unknown: 2." in reading.notes
    assert "Rows with an amount of 0: 1." in reading.notes


@pytest.mark.parametrize("text", ["-5", "-$5", "(5.00)", "−5"])
def test_an_amount_below_zero_in_history_is_money_returned(text: str) -> None:
    reading = read_history(f"A,B,{text},USD,2020", "A,C,20,USD,2021")
    assert [record.amount for record in reading.records] == [-500, 2_000]
    assert "Rows with an amount below 0: money returned, which totals subtract: 1." in reading.notes
    where = "Amounts below 0 are in row 2: if a minus is a slip, mend it first."
    assert reading.notes[-1] == where
    assert summary(reading).totals == {"USD": 1_500}
    assert summary(reading).returned == (2,)


@pytest.mark.parametrize("text", ["-1", "-$5", "(5.00)", "−5"])
def test_only_history_knows_amounts_below_zero(text: str) -> None:
    with pytest.raises(BadValue, match="must not be negative"):
        to_minor(read_number(text), "USD", may_be_zero=True)


def test_a_binary_fraction_stands_for_the_cent_it_means() -> None:
    number = read_number(Decimal("41133.770000000004"))
    assert to_minor(number, "GBP", may_be_zero=False) == 4_113_377
    with pytest.raises(BadValue, match="at most 2 decimals"):
        to_minor(read_number(Decimal("1.005")), "GBP", may_be_zero=False)


def test_the_heading_can_name_the_currency() -> None:
    for heading in ("amount_usd", "Amount (USD)", "USD amount", "Amount awarded in USD"):
        reading = read_history("A,B,12.5,2020", headings=f"funder,recipient,{heading},date")
        assert (only_record(reading).amount, only_record(reading).currency) == (1250, "USD")


def test_the_sign_beside_an_amount_can_name_the_currency() -> None:
    reading = read_history('A,B,"£1,200.00",2020', headings="funder,recipient,amount,date")
    assert (only_record(reading).amount, only_record(reading).currency) == (120_000, "GBP")


def test_a_dollar_sign_alone_is_read_as_us_dollars_and_said_so() -> None:
    reading = read_history("A,B,$5,2020", headings="funder,recipient,amount,date")
    assert only_record(reading).currency == "USD"
    assert "Amounts with a $ and no currency, which were read as USD: 1." in reading.notes


def test_a_dollar_sign_goes_with_any_dollar() -> None:
    assert only_record(read_history("A,B,$5,CAD,2020")).currency == "CAD"


def test_contradicting_currencies_are_a_fault() -> None:
    assert fault_lines(read_history("A,B,£5,EUR,2020")) == ['row 2, amount: "£5": is not in EUR']
    reading = read_history("A,B,5,EUR,2020", headings="funder,recipient,amount_usd,currency,date")
    assert fault_lines(reading) == ['row 2, amount: "5": the heading says USD, the row EUR']


def test_an_amount_without_a_currency_is_a_fault() -> None:
    (line,) = fault_lines(read_history("A,B,5,,2020"))
    assert line.startswith("row 2, currency: is missing")


def test_one_currency_can_be_given_for_all_rows() -> None:
    reading = read_history("A,B,5,,2020", "A,C,5,CHF,2020", defaults={"currency": "eur"})
    assert [record.currency for record in reading.records] == ["EUR", "CHF"]


@pytest.mark.parametrize("code", ["XYZ", "XAU", "XXX", "US", "dollars", "123"])
def test_an_unknown_currency_is_a_fault(code: str) -> None:
    assert fault_lines(read_history(f"A,B,5,{code},2020")) == [
        f'row 2, currency: "{code}": is no currency code of ISO 4217, such as USD'
    ]


def test_currency_codes_may_be_in_lower_case() -> None:
    assert only_record(read_history("A,B,5,eur,2020")).currency == "EUR"


@pytest.mark.parametrize(
    ("cell", "share"), [("0.4", 0.4), ("40%", 0.4), ("40 %", 0.4), (Decimal("1"), 1.0), ("0", 0.0)]
)
def test_a_share_is_a_number_or_a_percentage(cell: object, share: float) -> None:
    assert read_share(cell) == share


@pytest.mark.parametrize("cell", ["40", "-0.1", "101%", "half", "NaN", "£0.5", Decimal("NaN")])
def test_a_share_outside_0_and_1_is_refused(cell: object) -> None:
    with pytest.raises(BadValue, match="between 0 and 1"):
        read_share(cell)


@given(st.integers(0, MOST_MINOR_UNITS), st.sampled_from(["USD", "JPY", "BHD"]))
def test_what_is_written_reads_back_the_same(minor: int, currency: str) -> None:
    number = read_number(written(minor, currency))
    assert number.symbol == currency
    assert to_minor(number, currency, may_be_zero=True) == minor
