"""Amounts, shares and dates are written one way, and amounts are read strictly."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funding.formatting import (
    LARGEST_AMOUNT,
    NARROW_SPACE,
    NO_BREAK_SPACE,
    AmountRefused,
    UnknownCurrency,
    file_size,
    format_amount,
    format_amount_number,
    format_date,
    format_day,
    format_decimals,
    format_figure,
    format_percent,
    format_share,
    format_short,
    format_when,
    minor_units,
    parse_amount,
    plural,
    with_plus,
)
from funding.language import using
from tests.plain_words import plain


def spaces_made_plain(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("currency", "digits"), [("EUR", 2), ("KES", 2), ("JPY", 0), ("BHD", 3), ("CLF", 4)]
)
def test_each_currency_has_its_own_number_of_decimals(currency: str, digits: int) -> None:
    assert minor_units(currency) == digits


@pytest.mark.parametrize("code", ["EURO", "eur", "QQQ", "", "€"])
def test_an_unknown_currency_is_refused_rather_than_taken_to_have_two_decimals(code: str) -> None:
    with pytest.raises(UnknownCurrency, match="ISO 4217"):
        minor_units(code)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1234.5", "EUR", 123450),
        ("1,234.50", "EUR", 123450),
        ("1 234.50", "EUR", 123450),
        ("1\N{NARROW NO-BREAK SPACE}234.50", "EUR", 123450),
        ("1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567", "EUR", 123456700),
        ("1,234,567", "EUR", 123456700),
        ("  250000 ", "EUR", 25000000),
        ("EUR 1,234", "EUR", 123400),
        ("1,234 eur", "EUR", 123400),
        ("1,234", "JPY", 1234),
        ("1.234", "BHD", 1234),
        ("0.0001", "CLF", 1),
        ("007", "EUR", 700),
        ("0", "EUR", 0),
        ("10,000,000,000,000.00", "EUR", LARGEST_AMOUNT),
    ],
)
def test_clear_amounts_are_read_to_the_minor_unit(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "reason"),
    [
        ("", "EUR", "Write an amount"),
        ("   ", "EUR", "Write an amount"),
        ("EUR", "EUR", "Write an amount"),
        ("NaN", "EUR", "digits only"),
        ("inf", "EUR", "digits only"),
        ("1e309", "EUR", "exponent"),
        ("1E5", "EUR", "exponent"),
        ("-1", "EUR", "negative"),
        ("\N{MINUS SIGN}1", "EUR", "negative"),
        ("(100)", "EUR", "negative"),
        ("+1", "EUR", "sign"),
        ("1.005", "EUR", "at most 2 decimals"),
        ("1.5", "JPY", "no decimals"),
        ("1234,50", "EUR", "like this: 1,234.50"),
        ("1 234,50", "EUR", "like this: 1,234.50"),
        ("1.234,50", "EUR", "like this: 1,234.50"),
        ("1.234.567", "EUR", "like this: 1,234.50"),
        ("1,23,456", "EUR", "not an amount"),
        ("1,234 567", "EUR", "not an amount"),
        ("12,34", "EUR", "like this: 1,234.50"),
        ("1,2345", "EUR", "like this: 1,234.50"),
        ("1..2", "EUR", "like this: 1,234.50"),
        (".5", "EUR", "not an amount"),
        ("5.", "EUR", "not an amount"),
        ("USD 100", "EUR", "digits only"),
        ("€100", "EUR", "digits only"),
        ("100k", "EUR", "digits only"),
        ("0x10", "EUR", "digits only"),
        ("1_000", "EUR", "not an amount"),
        ("\N{ARABIC-INDIC DIGIT ONE}\N{ARABIC-INDIC DIGIT TWO}", "EUR", "not an amount"),
        ("=1+1", "EUR", "not an amount"),
        (str(2**63), "EUR", "largest amount"),
        ("10,000,000,000,000.01", "EUR", "largest amount"),
        ("9" * 6000, "EUR", "largest amount"),
    ],
)
def test_unclear_amounts_are_refused_with_the_way_to_write_them(
    text: str, currency: str, reason: str
) -> None:
    with pytest.raises(AmountRefused, match=reason):
        parse_amount(text, currency)


@given(
    minor=st.integers(min_value=0, max_value=LARGEST_AMOUNT),
    currency=st.sampled_from(["EUR", "JPY", "BHD", "CLF", "KES"]),
    exact=st.booleans(),
)
def test_what_is_written_is_read_back_to_the_same_amount(
    minor: int, currency: str, exact: bool
) -> None:
    assert parse_amount(format_amount(minor, currency, exact), currency) == minor
    assert parse_amount(format_amount_number(minor, currency, exact), currency) == minor


@given(text=st.text(alphabet="0123456789.,+-eE $€EUR\u00a0", max_size=30))
def test_any_text_is_either_an_amount_in_range_or_refused(text: str) -> None:
    with contextlib.suppress(AmountRefused):
        assert 0 <= parse_amount(text, "EUR") <= LARGEST_AMOUNT


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (123450, "EUR", "EUR 1,234.50"),
        (123400, "EUR", "EUR 1,234"),
        (5, "EUR", "EUR 0.05"),
        (0, "EUR", "EUR 0"),
        (-123450, "EUR", "−EUR 1,234.50"),
        (1234, "JPY", "JPY 1,234"),
        (1234, "BHD", "BHD 1.234"),
        (12345, "CLF", "CLF 1.2345"),
    ],
)
def test_amounts_show_decimals_only_where_there_are_any(
    minor: int, currency: str, text: str
) -> None:
    assert spaces_made_plain(format_amount(minor, currency)) == text


def test_an_exact_amount_always_shows_its_decimals() -> None:
    assert spaces_made_plain(format_amount(123400, "EUR", exact=True)) == "EUR 1,234.00"
    assert spaces_made_plain(format_amount(1234, "JPY", exact=True)) == "JPY 1,234"


@pytest.mark.parametrize(
    ("minor", "text"),
    [
        (0, "EUR 0"),
        (49, "EUR 0.49"),
        (95000, "EUR 950"),
        (99_950, "EUR 1 k"),
        (123_400, "EUR 1.23 k"),
        (25_000_000, "EUR 250 k"),
        (99_949_900, "EUR 999 k"),
        (99_950_000, "EUR 1 M"),
        (99_999_999, "EUR 1 M"),
        (123_456_789, "EUR 1.23 M"),
        (1_234_567_800, "EUR 12.3 M"),
        (340_000_000_000, "EUR 3.4 bn"),
        (-123_456_789, "−EUR 1.23 M"),
    ],
)
def test_short_amounts_keep_three_figures_and_the_right_step(minor: int, text: str) -> None:
    assert spaces_made_plain(format_short(minor, "EUR")) == text


@given(
    minor=st.integers(min_value=1, max_value=LARGEST_AMOUNT),
    currency=st.sampled_from(["EUR", "JPY", "BHD", "CLF"]),
)
def test_a_short_amount_is_within_one_percent_of_the_amount(minor: int, currency: str) -> None:
    words = spaces_made_plain(format_short(minor, currency)).split()
    step = {"k": 1e3, "M": 1e6, "bn": 1e9}.get(words[-1], 1.0)
    shown = float(words[1].replace(",", "")) * step
    real = minor / 10 ** minor_units(currency)
    assert abs(shown - real) <= max(0.01 * real, 0.005)


@pytest.mark.parametrize(
    ("share", "decimals", "text"),
    [
        (0.42, 0, "42%"),
        (0.125, 1, "12.5%"),
        (0, 0, "0%"),
        (1, 0, "100%"),
        (1.5, 0, "150%"),
        (0.001, 0, "<1%"),
        (-0.001, 0, ">−1%"),
        (-0.0001, 1, ">−0.1%"),
        (0.999, 0, ">99%"),
        (0.9999, 1, ">99.9%"),
        (0.0001, 1, "<0.1%"),
        (-0.03, 0, "−3%"),
        (0.005, 0, "1%"),
    ],
)
def test_what_is_not_quite_none_or_all_never_looks_like_it(
    share: float, decimals: int, text: str
) -> None:
    assert format_percent(share, decimals) == text


def test_dates_are_written_day_first_with_the_month_in_letters() -> None:
    assert format_date(date(2026, 3, 4)) == "4 March 2026"
    assert format_day(date(2026, 3, 4)) == "4 Mar 2026"


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("UTC", "14 March 2026, 22:30 UTC"),
        ("Africa/Nairobi", "15 March 2026, 01:30 Nairobi time (UTC+3)"),
        ("Asia/Kolkata", "15 March 2026, 04:00 Kolkata time (UTC+5:30)"),
        ("America/New_York", "14 March 2026, 18:30 New York time (UTC−4)"),
        ("Europe/London", "14 March 2026, 22:30 London time (UTC+0)"),
    ],
)
def test_a_moment_always_says_its_zone(zone: str, text: str) -> None:
    assert format_when(datetime(2026, 3, 14, 22, 30, tzinfo=UTC), zone) == text


def test_a_moment_is_the_same_from_whichever_zone_it_comes() -> None:
    west = timezone(timedelta(hours=-8))
    assert format_when(datetime(2026, 3, 14, 14, 30, tzinfo=west)) == "14 March 2026, 22:30 UTC"


def test_a_moment_without_a_zone_is_not_shown() -> None:
    with pytest.raises(ValueError, match="time zone"):
        format_when(datetime(2026, 3, 14, 22, 30))


@pytest.mark.parametrize("zone", ["Nowhere/At_All", "../../etc/passwd", ""])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        format_when(datetime(2026, 3, 14, 22, 30, tzinfo=UTC), zone)


def test_counts_take_the_right_word() -> None:
    assert plural(1, "proposal") == "1 proposal"
    assert plural(0, "proposal") == "0 proposals"
    assert plural(1234, "proposal") == "1,234 proposals"
    assert plural(2, "currency", "currencies") == "2 currencies"


@pytest.mark.parametrize(
    ("tag", "amount", "short", "share", "day"),
    [
        ("fr", "−1 234 567,80 EUR", "1,23 M EUR", "42 %", "4 mars 2026"),
        ("es", "−1.234.567,80 EUR", "1,23 M EUR", "42 %", "4 de marzo de 2026"),
        (
            "ar",
            "\u2067\u2066−1,234,567.80\u2069 EUR\u2069",
            "\u20671.23 مليون EUR\u2069",
            "\u206642%\u2069",
            "4 مارس 2026",
        ),
    ],
)
def test_each_language_writes_numbers_and_days_its_own_way(
    tag: str, amount: str, short: str, share: str, day: str
) -> None:
    def plain(text: str) -> str:
        return text.replace(NO_BREAK_SPACE, " ").replace(NARROW_SPACE, " ")

    with using(tag):
        assert plain(format_amount(-123_456_780, "EUR")) == amount
        assert plain(format_short(123_456_780, "EUR")) == short
        assert plain(format_percent(0.42)) == share
        assert format_date(date(2026, 3, 4)) == day


@pytest.mark.parametrize(
    ("tag", "points", "change"),
    [
        ("en", "1,234.5", "+EUR 5,000"),
        ("fr", "1 234,5", "+5 000 EUR"),
        ("es", "1.234,5", "+5.000 EUR"),
        ("ar", "1,234.5", "\u2067\u2066+5,000\u2069 EUR\u2069"),
    ],
)
def test_decimals_and_signs_are_written_as_the_language_does(
    tag: str, points: str, change: str
) -> None:
    def plain(text: str) -> str:
        return text.replace(NO_BREAK_SPACE, " ").replace(NARROW_SPACE, " ")

    with using(tag):
        assert plain(format_decimals(1234.5, 1)) == points
        assert format_decimals(-0.04, 1) == format_decimals(0, 1)
        assert plain(with_plus(format_amount(500_000, "EUR"), 500_000)) == change
        assert with_plus(format_amount(0, "EUR"), 0) == format_amount(0, "EUR")


@pytest.mark.parametrize("tag", ["en", "fr", "es", "ar"])
@pytest.mark.parametrize("minor", [0, 5, 99_900, 123_456_789, LARGEST_AMOUNT])
def test_what_a_language_writes_it_reads_back(tag: str, minor: int) -> None:
    with using(tag):
        assert parse_amount(format_amount_number(minor, "EUR"), "EUR") == minor
        assert parse_amount(format_amount(minor, "EUR", exact=True), "EUR") == minor


def test_what_could_mean_two_amounts_is_refused_in_every_language() -> None:
    with using("fr"), pytest.raises(AmountRefused):
        parse_amount("1,234.50", "EUR")
    with using("es"), pytest.raises(AmountRefused):
        parse_amount("1234.50", "EUR")


@pytest.mark.parametrize(
    ("days", "said"), [(2, "يومين"), (5, "5 أيام"), (59, "59 يومًا"), (100, "100 يوم")]
)
def test_arabic_counts_as_its_grammar_does(days: int, said: str) -> None:
    with using("ar"):
        assert plural(days, "day") == said


@pytest.mark.parametrize(
    ("number", "english", "french"),
    [(20, "20", "20"), (0.05, "0.05", "0,05"), (1.5, "1.5", "1,5"), (-2.250, "−2.25", "−2,25")],
)
def test_a_number_has_the_decimals_that_it_needs(number: float, english: str, french: str) -> None:
    assert format_figure(number) == english
    with using("fr"):
        assert format_figure(number) == french


@pytest.mark.parametrize(
    ("share", "english", "french"), [(0.985, "98.5%", "98,5 %"), (0.5, "50%", "50 %")]
)
def test_a_share_has_the_decimals_that_it_needs(share: float, english: str, french: str) -> None:
    assert format_share(share) == english
    with using("fr"):
        assert format_share(share).replace(NO_BREAK_SPACE, " ") == french


@pytest.mark.parametrize(
    ("language", "sizes"),
    [
        ("en", ["1 byte", "950 bytes", "12.3 kB", "2.0 MB"]),
        ("fr", ["1 octet", "950 octets", "12,3 ko", "2,0 Mo"]),
        ("es", ["1 byte", "950 bytes", "12,3 kB", "2,0 MB"]),
        ("ar", ["1 بايت", "950 بايت", "12.3 ك.ب", "2.0 م.ب"]),
    ],
)
def test_the_size_of_a_file_is_written_in_the_languages_units(
    language: str, sizes: list[str]
) -> None:
    with using(language):
        assert [plain(file_size(count)) for count in (1, 950, 12_345, 2_000_000)] == sizes
