"""The round's policy as a form: FORMAT's keys, each with the words that say what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from funding.formatting import format_amount, format_figure, format_percent
from funding.forms import Typed, amount_text, share_text
from funding.imports.known import REGIONS
from funding.language import gettext, said
from funding.models import RiskTier, Round


@dataclass(frozen=True)
class PolicyField:
    """`kind`: number, count, money or share (a percentage). `group`: which part of the form.

    `name` is the key of FORMAT; a share for one region or tier is `region_least.africa`.
    `otherwise`: what holds where nothing is written.
    """

    name: str
    label: str
    help: str
    kind: str
    group: str
    otherwise: str


_TIERS = {
    RiskTier.MINIMAL: "Minimal risk",
    RiskTier.LIMITED: "Limited risk",
    RiskTier.HIGH: "High risk",
    RiskTier.PROHIBITED: "Prohibited risk",
}

FIELDS: tuple[PolicyField, ...] = (
    PolicyField(
        "overlap_weight",
        "Price of paying twice",
        "How much of a confirmed overlap's doubled money is taken off a plan's value:"
        " 1 counts it in full, 0 not at all.",
        "number",
        "value",
        "1",
    ),
    PolicyField(
        "agreement_cost",
        "Price of one more agreement",
        "Each line of a plan is a grant agreement to write, sign and follow."
        " Among plans of equal merit, the one with fewer wins by this much a line.",
        "money",
        "value",
        "nothing",
    ),
    PolicyField(
        "floor_penalty",
        "Price of missing an area's least",
        "Value lost for each unit of money by which an area stays below the least wanted there."
        " At 10, almost any proposal in the area is preferred to missing it.",
        "number",
        "value",
        "10",
    ),
    PolicyField(
        "max_cofunders",
        "Most funders' lines for one proposal",
        "More co-funders spread a risk, and cost the applicant more reports.",
        "count",
        "limits",
        "no limit",
    ),
    PolicyField(
        "institution_share",
        "Most for one institution",
        "As a share of all money committed to the round.",
        "share",
        "limits",
        "no limit",
    ),
    PolicyField(
        "round_to",
        "Amounts in steps of",
        "Every amount suggested is a multiple of this.",
        "money",
        "limits",
        "the smallest unit",
    ),
    *(
        PolicyField(f"region_least.{key}", name, "", "share", "regions", "none kept")
        for key, name in REGIONS.items()
    ),
    *(
        PolicyField(f"risk_most.{tier.value}", label, "", "most", "risk", "no limit")
        for tier, label in _TIERS.items()
    ),
)


def _stored(policy: dict[str, Any], name: str) -> Any:
    key, _, part = name.partition(".")
    return policy.get(key, {}).get(part) if part else policy.get(key)


def policy_values(round_: Round) -> dict[str, str]:
    """The stored policy as its fields show it."""
    values = {}
    for field in FIELDS:
        stored = _stored(round_.policy, field.name)
        if stored is None:
            values[field.name] = ""
        elif field.kind == "money":
            values[field.name] = amount_text(stored, round_.base_currency)
        elif field.kind in ("share", "most"):
            values[field.name] = share_text(stored)
        else:
            values[field.name] = f"{stored:g}"
    return values


def policy_rows(round_: Round) -> list[tuple[str, str]]:
    """(label, value in words) of what is set, for reading."""
    rows = []
    for field in FIELDS:
        stored = _stored(round_.policy, field.name)
        if stored is not None:
            rows.append((_label(field), _in_words(field, stored, round_.base_currency)))
    return rows


def _label(field: PolicyField) -> str:
    """As it stands by itself, without the heading of its group above it."""
    if field.group == "regions":
        return gettext("Least for %(region)s", region=said(field.label))
    if field.group == "risk":
        return gettext("Most for %(tier)s risk", tier=field.name.partition(".")[2])
    return str(said(field.label))


def _in_words(field: PolicyField, stored: float, currency: str) -> str:
    if field.kind == "money":
        return format_amount(round(stored), currency)
    if field.kind in ("share", "most"):
        if not stored:
            return gettext("none")
        share = format_percent(stored, len(share_text(stored).partition(".")[2]))
        if field.group == "regions":
            return gettext("at least %(share)s", share=share)
        return gettext("at most %(share)s", share=share)
    return format_figure(stored)


def policy_of(typed: Typed, currency: str) -> dict[str, Any]:
    """The policy that was typed; keys left empty are left out. Faults stay with `typed`."""
    policy: dict[str, Any] = {}
    for field in FIELDS:
        value = _value(typed, field, currency)
        if value is None:
            continue
        key, _, part = field.name.partition(".")
        if part:
            policy.setdefault(key, {})[part] = value
        else:
            policy[key] = value
    return policy


def _value(typed: Typed, field: PolicyField, currency: str) -> float | int | None:
    if field.kind == "money":
        amount = typed.amount(field.name, currency)
        if field.name == "round_to" and amount == 0:
            typed.refuse(field.name, "Write an amount above 0.")
            return None
        return amount
    if field.kind == "count":
        return typed.whole(field.name, 1, 100, "Write a whole number from 1 to 100.")
    if field.kind == "share":
        return typed.share(field.name)
    if field.kind == "most":  # here 0 has a meaning of its own: nothing at all
        if typed.text(field.name).removesuffix("%").strip() in ("0", "0.0"):
            return 0
        return typed.share(field.name)
    return typed.number(field.name, 0, 1000, "Write a number from 0 to 1,000.")
