"""Amounts, dates, shares and counts: how they are written for people, and amounts read back.

Written as the current language writes them (`funding.language`, Babel's CLDR data), always with
the digits 0 to 9 and a true minus sign. What is read back is what is written in that language.
Money is integer minor units of an ISO 4217 currency everywhere; this module alone knows how
many decimals a currency has (Babel's CLDR data). Reading is strict: an amount that could mean
two things is refused with the way to write it, never guessed.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache, reduce
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import dates
from babel.core import get_global
from babel.lists import format_list
from babel.numbers import (
    format_compact_decimal,
    format_decimal,
    get_currency_precision,
    get_decimal_symbol,
    get_group_symbol,
)

from funding.language import (
    END_OF_ISOLATE,
    ENGLISH,
    Language,
    current,
    gettext,
    isolated,
    ngettext,
    translated,
)

LARGEST_AMOUNT = 10**15  # minor units; the database's own limit on any amount
MINUS = "\N{MINUS SIGN}"
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
LEFT_TO_RIGHT_ISOLATE = "\N{LEFT-TO-RIGHT ISOLATE}"  # keeps a sign at its side of the digits
RIGHT_TO_LEFT_ISOLATE = "\N{RIGHT-TO-LEFT ISOLATE}"

_SPACES = f" {NO_BREAK_SPACE}{NARROW_SPACE}\N{THIN SPACE}"
_OF_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What is not seen and comes along where an amount is copied from a page."""
_THREE_FIGURES = Context(prec=3, rounding=ROUND_HALF_UP)
_STEPS = (("bn", 10**9), ("M", 10**6), ("k", 10**3))


@cache
def _signs(language: Language) -> tuple[str, str]:
    """What stands before decimals, and the signs that may part thousands, beside spaces."""
    if language is ENGLISH:
        return ".", ","
    decimal, group = (
        sign(language.locale, numbering_system="latn")
        for sign in (get_decimal_symbol, get_group_symbol)
    )
    return decimal, "" if group in _SPACES else group


@cache
def _amount_pattern(language: Language) -> re.Pattern[str]:
    """Whole part plain, or in threes by one kind of separator; then the sign and decimals."""
    decimal, groups = _signs(language)
    # where a point parts no thousands, it is understood before decimals in every language
    decimals = "".join(re.escape(sign) for sign in {decimal, "."} - set(groups))
    sign = f"[{re.escape(groups)}{_SPACES}]"
    return re.compile(
        rf"(?P<whole>[0-9]+|[0-9]{{1,3}}(?:(?P<sep>{sign})[0-9]{{3}}(?:(?P=sep)[0-9]{{3}})*))"
        rf"(?:[{decimals}](?P<decimals>[0-9]+))?"
    )


class AmountRefused(ValueError):
    """An amount cannot be read; the message says why and how to write it."""


class UnknownCurrency(ValueError):
    """A code is not an ISO 4217 currency."""


@cache
def minor_units(currency: str) -> int:
    """How many decimals `currency` has: 2 for EUR, 0 for JPY, 3 for BHD, 4 for CLF (CLDR's data).

    Raises UnknownCurrency, so that a mistyped code is never taken to have two decimals.
    """
    if currency not in get_global("all_currencies"):
        raise UnknownCurrency(f"{currency!r} is not an ISO 4217 currency code such as EUR or KES.")
    return get_currency_precision(currency)


def parse_amount(text: str, currency: str) -> int:
    """Minor units of what a person wrote: "1,234.50", "1 234.50", "1234.5", "EUR 1,234".

    Zero is read as 0; whether it is allowed is the caller's rule. Raises AmountRefused for
    anything else: signs, exponents, decimal commas, more decimals than the currency has, and
    amounts above LARGEST_AMOUNT. Raises UnknownCurrency.
    """
    digits = minor_units(currency)
    cleaned = _OF_DIRECTION.sub("", text).strip()
    if cleaned.upper().startswith(currency):
        cleaned = cleaned[len(currency) :].strip()
    elif cleaned.upper().endswith(currency):
        cleaned = cleaned[: -len(currency)].strip()
    if not cleaned:
        raise AmountRefused("Write an amount.")
    match = _amount_pattern(current()).fullmatch(cleaned)
    if match is None:
        raise AmountRefused(_why_refused(cleaned, currency))
    decimals = match["decimals"] or ""
    if len(decimals) > digits:
        raise AmountRefused(_too_many_decimals(currency, digits))
    whole = re.sub(r"[^0-9]", "", match["whole"])
    # Checked by length first: int() itself refuses thousands of digits with another error.
    if len(whole.lstrip("0")) > len(str(LARGEST_AMOUNT)):
        raise AmountRefused(_too_large(currency))
    amount = int(whole) * 10**digits + int(decimals.ljust(digits, "0") or "0")
    if amount > LARGEST_AMOUNT:
        raise AmountRefused(_too_large(currency))
    return amount


def _why_refused(text: str, currency: str) -> str:
    decimal, _ = _signs(current())
    other = "," if decimal == "." else "."
    example = format_amount_number(123_450, "EUR", exact=True)
    if text[0] in f"-{MINUS}(":
        return gettext("An amount cannot be negative.")
    if text[0] == "+":
        return gettext("Write the amount without a sign.")
    if re.fullmatch(r"[0-9.]+[eE][+-]?[0-9]+", text):
        return gettext("Write the amount in full, without an exponent.")
    if re.fullmatch(rf"[0-9][0-9.{_SPACES}]*{other}[0-9]+", text) or text.count(decimal) > 1:
        return gettext(
            "Thousands and decimals are written like this: %(example)s.", example=example
        )
    if re.search(r"[^\W\d_]|[$€£¥]", text):
        return gettext(
            "Write the amount in %(currency)s with digits only, such as %(example)s.",
            currency=currency,
            example=example,
        )
    return gettext(
        "“%(typed)s” is not an amount. Write digits, such as %(example)s.",
        typed=text[:40],
        example=example,
    )


def _too_many_decimals(currency: str, digits: int) -> str:
    if digits == 0:
        return gettext("%(currency)s has no decimals: write a whole amount.", currency=currency)
    return gettext(
        "%(currency)s has at most %(digits)s decimals.", currency=currency, digits=digits
    )


def _too_large(currency: str) -> str:
    largest = format_amount(LARGEST_AMOUNT, currency)
    return gettext("The largest amount is %(largest)s.", largest=largest)


def _signed(text: str, is_negative: bool) -> str:
    """With a minus sign where it is negative."""
    return _digits_with(f"{MINUS}{text}") if is_negative else text


def _digits_with(signs: str) -> str:
    """Digits with a sign before or after them, which stays there whatever stands beside; a word
    such as million may follow."""
    if current().direction == "ltr":
        return signs
    digits, space, word = re.fullmatch(r"(\S+)(\s?)(.*)", signs).groups()
    return f"{LEFT_TO_RIGHT_ISOLATE}{digits}{END_OF_ISOLATE}{space}{word}"


def with_plus(text: str, change: float) -> str:
    """A change as it was written, with a plus sign before it if it is one for the more."""
    if change <= 0:
        return text
    if text.startswith(RIGHT_TO_LEFT_ISOLATE):  # an amount: its currency stays outside
        return f"{RIGHT_TO_LEFT_ISOLATE}{_digits_with('+' + text[1:])}"
    return _digits_with(f"+{text}")


def _grouped(number: int | Decimal, decimals: int = 0) -> str:
    """The number's size with thousands parted and so many decimals."""
    if current() is ENGLISH:
        return f"{abs(number):,.{decimals}f}"
    zeros = "." + "0" * decimals if decimals else ""
    return format_decimal(abs(number), f"#,##0{zeros}", current().locale, numbering_system="latn")


@translated
def format_number(number: int) -> str:
    """A whole number with thousands parted and a true minus sign: −1,234."""
    return _signed(_grouped(number), number < 0)


@translated
def format_decimals(number: float | Decimal, decimals: int) -> str:
    """A number with so many decimals, such as a merit, points or seconds: −1,234.50."""
    rounded = round(Decimal(number), decimals)
    return _signed(_grouped(rounded, decimals), rounded < 0)


@translated
def format_figure(number: float) -> str:
    """A number with the decimals it has, at most six figures: a weight of 0.05, 1.5 or 20."""
    return format_decimals(*_six_figures(number))


def _six_figures(number: float) -> tuple[Decimal, int]:
    """The number to six figures, and how many decimals that has."""
    figures = Decimal(f"{number:.6g}").normalize()
    return figures, max(0, -int(figures.as_tuple().exponent))


@translated
def format_amount_number(minor: int, currency: str, exact: bool = False) -> str:
    """format_amount without the currency: 1,234.50."""
    digits = minor_units(currency)
    has_decimals = digits and (exact or minor % 10**digits)
    size = Decimal(abs(minor)).scaleb(-digits)
    return _signed(_grouped(size, digits if has_decimals else 0), minor < 0)


@translated
def format_amount(minor: int, currency: str, exact: bool = False) -> str:
    """EUR 1,234.50; decimals are left out when all zero (EUR 1,234) unless `exact`."""
    return _with_code(format_amount_number(minor, currency, exact), currency)


def _with_code(number: str, currency: str) -> str:
    """The currency's code where the language has it: −EUR 1,234; −1 234 EUR.

    Read from the right, the number comes first whatever stands beside the amount.
    """
    if current().direction == "rtl":
        return f"{RIGHT_TO_LEFT_ISOLATE}{number}{NO_BREAK_SPACE}{currency}{END_OF_ISOLATE}"
    if current() is not ENGLISH:
        return f"{number}{NO_BREAK_SPACE}{currency}"
    sign, size = (MINUS, number[1:]) if number.startswith(MINUS) else ("", number)
    return f"{sign}{currency}{NO_BREAK_SPACE}{size}"


@translated
def format_short_number(minor: int, currency: str) -> str:
    """format_short without the currency: 1.23 M."""
    figures = _THREE_FIGURES.create_decimal(abs(Decimal(minor)) / 10 ** minor_units(currency))
    return _signed(_short(figures), minor < 0)


def _short(figures: Decimal) -> str:
    if current() is not ENGLISH:
        return format_compact_decimal(
            figures,
            format_type="short",
            locale=current().locale,
            fraction_digits=2,
            numbering_system="latn",
        )
    for suffix, step in _STEPS:
        if figures >= step:
            return f"{_plain(figures / step)}{NARROW_SPACE}{suffix}"
    return _plain(figures)


@translated
def format_short(minor: int, currency: str) -> str:
    """Three figures and a step: EUR 1.23 M, EUR 250 k, EUR 3.4 bn, EUR 950."""
    return _with_code(format_short_number(minor, currency), currency)


def _plain(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@translated
def format_percent(share: float, decimals: int = 0) -> str:
    """A fraction as a percentage: 0.42 is 42%.

    What is not quite none or all never looks like it: 0.001 is <1%, 0.999 is >99%, -0.001 is >−1%.
    """
    value = Decimal(str(share)) * 100
    step = Decimal(1).scaleb(-decimals)
    rounded = value.quantize(step, ROUND_HALF_UP)
    if value > 0 and rounded == 0:
        return _digits_with(f"<{_percent(step, decimals)}")
    if value < 100 and rounded >= 100:
        return _digits_with(f">{_percent(100 - step, decimals)}")
    if value < 0 and rounded == 0:
        return _digits_with(f">{_percent(-step, decimals)}")
    return _percent(rounded, decimals)


@translated
def format_share(share: float) -> str:
    """A fraction as a percentage with the decimals it has: 0.985 is 98.5%, 0.5 is 50%."""
    return _percent(*_six_figures(100 * share))


def _percent(value: Decimal, decimals: int) -> str:
    if current() is ENGLISH:  # no commas in a share of many thousand percent
        return _signed(f"{abs(value):.{decimals}f}", value < 0) + "%"
    affixes = current().locale.percent_formats[None].suffix
    space = NO_BREAK_SPACE if affixes[1].strip("%\u200e\u200f") else ""
    minus = MINUS if value < 0 else ""
    return _digits_with(f"{minus}{_grouped(value, decimals)}{space}%")


def file_size(count: int) -> str:
    """Of so many bytes: 950 bytes, 12.3 kB, 1.0 MB."""
    if count >= 10**6:
        return gettext("%(size)s MB", size=format_decimals(count / 10**6, 1))
    if count >= 10**3:
        return gettext("%(size)s kB", size=format_decimals(count / 10**3, 1))
    return plural(count, "byte")


@translated
def format_date(day: date) -> str:
    """14 March 2026."""
    if current() is ENGLISH:
        return f"{day.day} {day:%B %Y}"
    return dates.format_date(day, "long", current().locale)


@translated
def format_day(day: date) -> str:
    """14 Mar 2026, for tables."""
    if current() is ENGLISH:
        return f"{day.day} {day:%b %Y}"
    return dates.format_date(day, "d MMM y", current().locale)


@translated
def format_when(moment: datetime, zone: str = "UTC") -> str:
    """14 March 2026, 17:00 Nairobi time (UTC+3): a moment in a named zone, the zone always said.

    `moment` must carry its own zone; raises ValueError if it does not, or if `zone` is unknown.
    """
    if moment.tzinfo is None:
        raise ValueError("A moment without a time zone cannot be shown: give it one.")
    if zone == "UTC":
        local = moment.astimezone(UTC)
        return gettext("%(day)s, %(time)s UTC", day=format_date(local), time=f"{local:%H:%M}")
    try:
        local = moment.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a path is no name of a zone
        raise ValueError(f"{zone!r} is not a time zone such as Africa/Nairobi.") from error
    return gettext(
        "%(day)s, %(time)s %(place)s time (%(offset)s)",
        day=format_date(local),
        time=f"{local:%H:%M}",
        place=zone.rsplit("/", 1)[-1].replace("_", " "),
        offset=_offset(local),
    )


def _offset(local: datetime) -> str:
    minutes = int(local.utcoffset().total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    sign = MINUS if minutes < 0 else "+"
    return f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")


def plural(number: int, one: str, many: str | None = None) -> str:
    """1 proposal, 2 proposals, 1,234 proposals; `many` for words that do not just take an s.

    Looked up as `%(num)s proposal`, `%(num)s proposals` (tools/messages.py finds them so).
    """
    many = many or f"{one}s"
    return ngettext(f"%(num)s {one}", f"%(num)s {many}", number, num=format_number(number))


def none_of(one: str, many: str | None = None) -> str:
    """No proposals: of a list that is empty."""
    return f"No {many or f'{one}s'}" if current() is ENGLISH else plural(0, one, many)


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return format_list([isolated(part) for part in parts], locale=current().locale)


def one_after_another(parts: Iterable[str], sign: str = ",") -> str:
    """The parts, at least one, with the language's comma or semicolon between them."""
    form = gettext("%(first)s; %(then)s") if sign == ";" else gettext("%(first)s, %(then)s")
    return reduce(lambda first, then: form % {"first": first, "then": then}, map(isolated, parts))


def shortened(text: str, most: int) -> str:
    """At most so many letters, for what stands beside a bar; the end is then an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
