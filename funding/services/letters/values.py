"""What is filled into a letter, written as its language writes amounts and dates (Babel)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.numbers import format_currency

from funding.formatting import NO_BREAK_SPACE, minor_units
from funding.models import Award

LOCALES = {"en": "en_GB", "fr": "fr", "es": "es", "ar": "ar"}
OPEN = {
    "en": "a day to be agreed",
    "fr": "une date à convenir",
    "es": "una fecha por acordar",
    "ar": "يوم يُتفق عليه",
}


def amount_in(language: str, amount: int, currency: str) -> str:
    """An amount of minor units with its ISO code: "USD 1,234.50", "1 234,50 USD"."""
    exact = Decimal(amount).scaleb(-minor_units(currency))
    pattern = f"¤¤{NO_BREAK_SPACE}#,##0.00" if language == "en" else f"#,##0.00{NO_BREAK_SPACE}¤¤"
    return format_currency(exact, currency, pattern, locale=LOCALES[language], currency_digits=True)


def day_in(language: str, day: date | None) -> str:
    return format_date(day, format="long", locale=LOCALES[language]) if day else OPEN[language]


def moment_in(language: str, moment: datetime, timezone: str) -> str:
    """A moment in the round's time, with the zone's name."""
    local = moment.astimezone(ZoneInfo(timezone))
    said = format_datetime(local, "d MMMM y, HH:mm", tzinfo=local.tzinfo, locale=LOCALES[language])
    return f"{said} ({timezone})"


def days_in(language: str, days: Sequence[date]) -> str:
    """Several days, the last one joined by the language's word for and."""
    said = [day_in(language, day) for day in days] or [OPEN[language]]
    return format_list(said, locale=LOCALES[language])


def values_of(
    award: Award,
    language: str,
    *,
    officer: str,
    at: datetime,
    expires_at: datetime,
    reports: Sequence[date],
) -> dict[str, str]:
    """Every placeholder's value for one award, whose reports are due on the days `reports`."""
    proposal, commitment = award.proposal, award.commitment
    zone = proposal.round.timezone
    return {
        "funder": commitment.funder.name,
        "commitment": commitment.name,
        "applicant": (proposal.institution or proposal.lead).name,
        "lead": proposal.lead.name,
        "proposal": proposal.title,
        "number": proposal.key,
        "round": proposal.round.name,
        "amount": amount_in(language, award.amount, commitment.currency),
        "starts": day_in(language, proposal.starts_on),
        "ends": day_in(language, proposal.ends_on),
        "reports": days_in(language, reports),
        "deadline": moment_in(language, expires_at, zone),
        "date": day_in(language, at.astimezone(ZoneInfo(zone)).date()),
        "officer": officer,
    }
