"""A commitment's form: its fields as typed, between the page and the promise they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from funding.forms import Typed, amount_text, share_text
from funding.imports.known import REGIONS
from funding.language import gettext
from funding.models import Commitment, RiskTier, Round
from funding.routes.choices import top_area_choices
from funding.services.other_funders import Match, Others
from funding.services.promises import MOST_RATIO, Promise
from funding.services.restrictions import Terms

LISTS = ("areas", "regions", "risk_tiers", "excluded")
"""Fields of which any number may be chosen; none of the first three means any."""

MOST_YEARS = 10
SPARE_YEARS = 2  # empty rows offered beyond those in use
FEWEST_YEARS = 4

LABELS = {
    "name": "Name",
    "note": "Note",
    "starts_on": "First day",
    "ends_on": "Last day",
    "releases": "Release by year",
    "areas": "Areas",
    "least_share": "Least share in these areas",
    "pays_share_only": "Pays only for that share",
    "regions": "Regions",
    "risk_tiers": "Risk tiers",
    "excluded": "Never pays",
    "cap_share_of_ask": "Most of one ask",
    "cap_per_proposal": "Most for one proposal",
    "ticket": "Smallest grant",
    "match_ratio": "Matches others' money",
    "match_up_to": "Matches at most",
    "only_if_funders": "Other funders of a proposal",
    "only_if_least": "Each of them at least",
    "only_if_total": "A proposal gets in all",
    "joins_if_funders": "Other funders in the round",
    "joins_if_least": "Each of these at least",
    "joins_if_total": "The round gives in all",
    "earlier": "Owed to earlier awards",
    "second_approval_above": "Second approval above",
    "own_rate": "Rate",
    "own_rate_on": "Rate of",
}


def first_values(round_: Round) -> dict[str, Any]:
    """What an empty form begins with: no restriction at all."""
    promise = Promise(name="", terms=Terms(amount=0, currency=round_.base_currency))
    return {**values_of(promise), "amount": "", "ticket": ""}


def values_of(promise: Promise) -> dict[str, Any]:
    """A promise as its fields show it."""
    terms = promise.terms
    values: dict[str, Any] = {
        "name": promise.name,
        "note": promise.note,
        "amount": amount_text(terms.amount, terms.currency),
        "amount_currency": terms.currency,
        "starts_on": promise.starts_on.isoformat() if promise.starts_on else "",
        "ends_on": promise.ends_on.isoformat() if promise.ends_on else "",
        "least_share": share_text(terms.least_share),
        "pays_share_only": "1" if terms.pays_share_only else "",
        "excluded": [str(id_) for id_ in terms.excluded],
        "cap_share_of_ask": ""
        if terms.cap_share_of_ask == 1
        else share_text(terms.cap_share_of_ask),
        "cap_per_proposal": amount_text(terms.cap_per_proposal, terms.currency),
        "ticket": amount_text(terms.ticket or None, terms.currency),
        **_others_typed(terms),
        "second_approval_above": amount_text(promise.second_approval_above, terms.currency),
        "own_rate": "" if promise.own_rate is None else f"{promise.own_rate:f}",
        "own_rate_on": promise.own_rate_on.isoformat() if promise.own_rate_on else "",
    }
    for name in ("areas", "regions", "risk_tiers"):
        values[name] = list(getattr(terms, name) or ())
    for name, prefix, by_year in (
        ("releases", "release", promise.releases or {}),
        ("earlier", "earlier", terms.earlier),
    ):
        years = sorted(by_year.items())
        rows = max(FEWEST_YEARS, len(years) + SPARE_YEARS)
        for place in range(min(rows, MOST_YEARS)):
            year, part = years[place] if place < len(years) else ("", None)
            values[f"{prefix}_year.{place}"] = str(year)
            values[f"{prefix}_amount.{place}"] = amount_text(part, terms.currency)
        values[name] = ", ".join(f"{y}: {amount_text(a, terms.currency)}" for y, a in years)
    return values


def promise_of(
    typed: Typed,
    round_: Round,
    institutions: Mapping[int, str],
    commitment: Commitment | None = None,
) -> Promise:
    """What was typed, as a promise; faults stay with `typed`.

    Of a commitment that is there already, amount and currency are not on the form.
    """
    if commitment is None:
        currency = typed.currency("amount_currency") or round_.base_currency
        amount = typed.amount("amount", currency, "Write the amount you promise.") or 0
    else:
        currency, amount = commitment.currency, commitment.amount
    money = _Money(typed, currency)
    terms = Terms(
        amount=amount,
        currency=currency,
        areas=_listed(typed, "areas", [key for key, _ in top_area_choices(round_.taxonomy)]),
        least_share=typed.share("least_share", 0.5) or 0.5,
        pays_share_only=typed.ticked("pays_share_only"),
        regions=_listed(typed, "regions", list(REGIONS)),
        risk_tiers=_listed(typed, "risk_tiers", [tier.value for tier in RiskTier]),
        excluded=_excluded(typed, institutions),
        cap_per_proposal=money.of("cap_per_proposal"),
        cap_share_of_ask=typed.share("cap_share_of_ask", 1.0) or 1.0,
        ticket=money.of("ticket") or 0,
        match=_match(typed, money),
        only_if=_others(typed, money, "only_if"),
        joins_if=_others(typed, money, "joins_if"),
        earlier=_by_year(
            typed, "earlier", "earlier", currency, "Write what falls due in this year."
        ),
    )
    rate = typed.text("own_rate")
    releases = _by_year(
        typed, "releases", "release", currency, "Write what is released in this year."
    )
    if not amount:
        releases = {}  # without a readable amount there is nothing they could add up to
    return Promise(
        name=typed.text("name"),
        terms=terms,
        starts_on=typed.day("starts_on"),
        ends_on=typed.day("ends_on"),
        releases=releases,
        second_approval_above=money.of("second_approval_above"),
        own_rate=_rate(typed, rate) if rate else None,
        own_rate_on=typed.day("own_rate_on"),
        note=typed.text("note"),
    )


@dataclass(frozen=True)
class _Money:
    typed: Typed
    currency: str

    def of(self, name: str) -> int | None:
        return self.typed.amount(name, self.currency)


def _others_typed(terms: Terms) -> dict[str, str]:
    """Matching and conditions as their fields show them; blank asks nothing."""
    match = terms.match
    values = {
        "match_ratio": f"{match.ratio:g}" if match else "",
        "match_up_to": amount_text(match.up_to if match else None, terms.currency),
    }
    for name, asked in (("only_if", terms.only_if), ("joins_if", terms.joins_if)):
        others = asked or Others()
        values[f"{name}_funders"] = str(others.funders or "")
        values[f"{name}_least"] = amount_text(others.least or None, terms.currency)
        values[f"{name}_total"] = amount_text(others.total or None, terms.currency)
    return values


def _match(typed: Typed, money: _Money) -> Match | None:
    up_to = money.of("match_up_to")
    if not typed.text("match_ratio"):
        if up_to is not None:
            typed.refuse("match_ratio", "Write how many for 1 it matches, such as 1.")
        return None
    ratio = typed.number("match_ratio", 0.01, MOST_RATIO, "Write a number such as 1 or 0.5.")
    return None if ratio is None else Match(ratio, up_to)


def _others(typed: Typed, money: _Money, name: str) -> Others | None:
    others = Others(
        funders=typed.whole(f"{name}_funders", 0, 100, "Write a number such as 2.") or 0,
        least=money.of(f"{name}_least") or 0,
        total=money.of(f"{name}_total") or 0,
    )
    return others if others != Others() else None


def _listed(typed: Typed, name: str, known: list[str]) -> tuple[str, ...] | None:
    """What is ticked; None, for any, where nothing is."""
    return tuple(typed.many(name, known)) or None


def _excluded(typed: Typed, institutions: Mapping[int, str]) -> dict[int, str]:
    ids = typed.many("excluded", [str(id_) for id_ in institutions])
    return {int(id_): institutions[int(id_)] for id_ in ids}


def _rate(typed: Typed, text: str) -> Decimal | None:
    number = typed.number("own_rate", 1e-9, 1e9, "Write a number such as 0.0077.")
    return None if number is None else Decimal(text)


def _by_year(typed: Typed, name: str, prefix: str, currency: str, needed: str) -> dict[int, int]:
    """Year -> minor units, from rows of a year and an amount; rows left empty are left out."""
    found: dict[int, int] = {}
    written = []
    for place in range(MOST_YEARS):
        year_field, amount_field = f"{prefix}_year.{place}", f"{prefix}_amount.{place}"
        if not typed.text(year_field) and not typed.text(amount_field):
            continue
        year = typed.whole(year_field, 2000, 2100, "Write a year, such as 2027.")
        part = typed.amount(amount_field, currency, needed)
        if not typed.text(year_field):
            typed.refuse(year_field, "Write the year of this amount.")
        elif year is not None and year in found:
            typed.refuse(year_field, gettext("%(year)s is there twice.", year=year))
        elif year is not None and part is not None:
            found[year] = part
        written.append(f"{typed.text(year_field)}: {typed.text(amount_field)}")
    typed.values[name] = ", ".join(written)
    return found
