"""Reference rates: by day, and the last one before where a day has none."""

from __future__ import annotations

from datetime import date

import pytest

from funding.errors import InvalidInput
from funding.services.rates import rate


def test_a_day_off_takes_the_last_rate_before_it() -> None:
    new_year = rate("GBP", "USD", date(2024, 1, 1))
    assert new_year.on == date(2023, 12, 29)
    assert new_year.rate == rate("GBP", "USD", date(2023, 12, 29)).rate


def test_a_weekend_takes_fridays_rate() -> None:
    assert rate("JPY", "CHF", date(2024, 3, 17)).on == date(2024, 3, 15)


def test_a_day_before_the_table_begins_has_no_rate() -> None:
    with pytest.raises(InvalidInput, match="no rate from GBP to USD"):
        rate("GBP", "USD", date(1990, 1, 1))
