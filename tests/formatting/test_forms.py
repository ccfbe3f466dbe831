"""Typed text read into values: amounts, shares, local times, and every fault kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from funding.errors import Fault
from funding.forms import Typed, as_errors, moment_text, share_text, without_repeats


def typed(**values: Any) -> Typed:
    return Typed(values)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1,234.50", "EUR", 123450),
        ("430 000", "JPY", 430000),
        ("1.234", "BHD", 1234),
        ("", "EUR", None),
    ],
)
def test_amounts_are_minor_units_of_their_currency(
    text: str, currency: str, minor: int | None
) -> None:
    form = typed(ask=text)
    assert (form.amount("ask", currency), form.faults) == (minor, [])


@pytest.mark.parametrize("text", ["1.005", "-1", "NaN", "1e309", "1,5", "9223372036854775808"])
def test_an_amount_that_cannot_be_is_a_fault_of_its_field(text: str) -> None:
    form = typed(ask=text)
    assert form.amount("ask", "EUR") is None
    assert [fault.field for fault in form.faults] == ["ask"]


@pytest.mark.parametrize(
    ("text", "share"), [("40", 0.4), ("33.3", 0.333), ("29 %", 0.29), ("100", 1.0)]
)
def test_a_percentage_is_read_and_written_exactly(text: str, share: float) -> None:
    assert typed(s=text).share("s") == share
    assert share_text(share) == text.removesuffix("%").strip()


@pytest.mark.parametrize("text", ["0", "101", "-5", "half", "nan", "1e2"])
def test_a_share_outside_one_to_a_hundred_percent_is_refused(text: str) -> None:
    form = typed(s=text)
    assert form.share("s", 0.5) == 0.5
    assert [fault.field for fault in form.faults] == ["s"]


def test_a_deadline_is_in_the_rounds_time_winter_and_summer() -> None:
    winter = typed(at="2026-11-06T17:00").moment("at", "Europe/Zurich")
    summer = typed(at="2027-06-06T17:00").moment("at", "Europe/Zurich")
    assert winter == datetime(2026, 11, 6, 16, tzinfo=UTC)
    assert summer == datetime(2027, 6, 6, 15, tzinfo=UTC)
    assert moment_text(summer, "Europe/Zurich") == "2027-06-06T17:00"


def test_an_hour_that_the_clocks_skip_is_refused() -> None:
    form = typed(at="2027-03-28T02:30")
    assert form.moment("at", "Europe/Zurich") is None
    assert "clocks go forward" in form.faults[0].rule


def test_of_an_hour_that_comes_twice_the_later_is_meant() -> None:
    form = typed(at="2026-10-25T02:30")
    assert form.moment("at", "Europe/Zurich") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert form.faults == []


@pytest.mark.parametrize("text", ["2027-02-30T10:00", "tomorrow", "2027-01-01T10:00+02:00"])
def test_a_time_that_does_not_exist_is_refused(text: str) -> None:
    form = typed(at=text)
    assert form.moment("at", "UTC") is None
    assert [fault.field for fault in form.faults] == ["at"]


def test_choices_that_are_not_on_the_list_are_refused() -> None:
    form = Typed.of({"areas": ["b", "x", "a"]}, ["areas", "regions"])
    assert form.many("areas", ["a", "b"]) == ["a", "b"]
    assert [fault.field for fault in form.faults] == ["areas"]
    assert form.many("regions", ["a"]) == []


@pytest.mark.parametrize("text", ["2.5", "0", "eleven", "11"])
def test_a_count_is_a_whole_number_within_its_bounds(text: str) -> None:
    form = typed(n=text)
    assert form.whole("n", 1, 10, "1 to 10") is None
    assert as_errors(form.faults) == {"n": "1 to 10"}


def test_what_could_not_be_read_is_not_refused_twice() -> None:
    read = [Fault("ask", "Write an amount.")]
    ruled = [Fault("ask", "It must be above 0."), Fault("name", "Give a name.")]
    assert without_repeats(read, ruled) == [read[0], ruled[1]]
