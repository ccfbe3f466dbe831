"""A scenario's policy and needs as a form: shown in force, kept only where the round's differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from funding.formatting import AmountRefused, format_amount, one_after_another, parse_amount
from funding.forms import Typed, amount_text
from funding.language import gettext as _
from funding.models import Scenario
from funding.routes import policy_form
from funding.services.scenarios import policy_of

_DEFAULTS: dict[str, Any] = {
    "overlap_weight": 1.0,
    "max_cofunders": None,
    "agreement_cost": 0,
    "institution_share": None,
    "region_least": {},
    "risk_most": {},
    "floor_penalty": 10.0,
    "round_to": 1,
}
"""What holds where neither the round nor the scenario says anything (FORMAT's own defaults)."""

LABELS = {
    "name": "Name",
    "note": "What it asks",
    **{field.name: field.label for field in policy_form.FIELDS},
}

GROUPS = {
    "value": ("What a plan is worth", "Beside merit and the areas' needs."),
    "limits": ("Limits", "These always hold."),
    "regions": ("Least for a region", "As shares of all money in the round; they always hold."),
    "risk": ("Most for a risk tier", "As shares of all money in the round; they always hold."),
}


@dataclass(frozen=True)
class InForce:
    """A policy and its currency, as `policy_form` reads them from a round."""

    policy: dict[str, Any]
    base_currency: str


def groups_of() -> list[tuple[str, str, list[policy_form.PolicyField]]]:
    """(title, help, fields) of each part of the policy."""
    return [
        (title, words, [f for f in policy_form.FIELDS if f.group == group])
        for group, (title, words) in GROUPS.items()
    ]


@dataclass(frozen=True)
class NeedRow:
    """One top area in the form: the names of its fields."""

    key: str
    name: str
    is_changed: bool


def need_rows(scenario: Scenario) -> list[NeedRow]:
    return [
        NeedRow(area.key, area.name, area.key in scenario.needs)
        for area in scenario.round.taxonomy.areas
        if area.parent_key is None
    ]


def _needs_of_round(scenario: Scenario) -> dict[str, dict[str, Any]]:
    needs = {need.area_key: need for need in scenario.round.needs}
    found = {}
    for row in need_rows(scenario):
        need = needs.get(row.key)
        found[row.key] = {
            "floor": need.floor if need else 0,
            "cap": need.cap if need else None,
            "spent": need.spent if need else None,
            "steps": [[int(w), float(v)] for w, v in need.steps] if need else [],
        }
    return found


def values_of(scenario: Scenario) -> dict[str, str]:
    """Everything as its fields show it: what holds in this scenario."""
    currency = scenario.round.base_currency
    values = {
        "name": scenario.name,
        "note": scenario.note,
        **policy_form.policy_values(InForce(policy_of(scenario), currency)),
    }
    for key, of_round in _needs_of_round(scenario).items():
        need = {**of_round, **scenario.needs.get(key, {})}
        for part in ("floor", "cap", "spent"):
            values[f"{part}.{key}"] = amount_text(need[part] or None, currency)
        if need["spent"] == 0:
            values[f"spent.{key}"] = "0"
        values[f"steps.{key}"] = steps_text(need["steps"], currency)
    return values


def steps_text(steps: list[list[float]], currency: str) -> str:
    """[[300000000, 0.6], ...] as its field shows it: 3,000,000: 0.6; 3,000,000: 0.4."""
    return "; ".join(f"{amount_text(int(width), currency)}: {weight:g}" for width, weight in steps)


def typed_policy(typed: Typed, scenario: Scenario) -> dict[str, Any]:
    """FORMAT's keys where what was typed differs from the round's policy."""
    written = policy_form.policy_of(typed, scenario.round.base_currency)
    of_round = scenario.round.policy
    return {
        key: written.get(key, default)
        for key, default in _DEFAULTS.items()
        if written.get(key, default) != of_round.get(key, default)
    }


def typed_needs(typed: Typed, scenario: Scenario) -> dict[str, dict[str, Any]]:
    """{area: {floor, cap, spent, steps}} where what was typed differs from the round's needs."""
    currency = scenario.round.base_currency
    needs = {}
    for key, of_round in _needs_of_round(scenario).items():
        written = {
            "floor": typed.amount(f"floor.{key}", currency) or 0,
            "cap": typed.amount(f"cap.{key}", currency),
            "spent": typed.amount(f"spent.{key}", currency),
            "steps": _steps(typed, f"steps.{key}", currency),
        }
        if written["cap"] is not None and written["cap"] < written["floor"]:
            typed.refuse(f"cap.{key}", "The most cannot be less than the least wanted.")
        changed = {part: value for part, value in written.items() if value != of_round[part]}
        if changed.get("spent", 0) is None:
            # nothing written: the imported history counts, as it does without any change
            del changed["spent"]
        if changed:
            needs[key] = changed
    return needs


def _steps(typed: Typed, name: str, currency: str) -> list[list[float]]:
    """`3,000,000: 0.6; 3,000,000: 0.4` as widths in minor units with falling weights."""
    steps: list[list[float]] = []
    for part in filter(None, (p.strip() for p in typed.text(name).split(";"))):
        width, colon, weight = part.rpartition(":")
        try:
            value = float(weight)
            if not colon or not 0 <= value <= 1000:
                raise ValueError
            amount = parse_amount(width, currency)
        except (AmountRefused, ValueError):
            typed.refuse(name, "Write each step as an amount, a colon and a weight: 3,000,000: 0.6")
            return []
        if amount <= 0:
            typed.refuse(name, "A step is an amount above 0.")
        if steps and value > steps[-1][1]:
            typed.refuse(name, "Weights never rise: the first money in an area does the most good.")
        steps.append([amount, value])
    return steps


@dataclass(frozen=True)
class PolicyRow:
    """A rule in words, in this scenario and in the round."""

    label: str
    here: str
    of_round: str

    @property
    def is_changed(self) -> bool:
        return self.here != self.of_round


def policy_in_words(scenario: Scenario) -> list[PolicyRow]:
    """Every rule that is set here or in the round."""
    currency = scenario.round.base_currency
    of_round = dict(policy_form.policy_rows(InForce(scenario.round.policy, currency)))
    here = dict(policy_form.policy_rows(InForce(policy_of(scenario), currency)))
    return [
        PolicyRow(label, here.get(label, _("not set")), of_round.get(label, _("not set")))
        for label in {**of_round, **here}
    ]


def need_changes_in_words(scenario: Scenario) -> list[tuple[str, str]]:
    """(area, what differs from the round's need) in words."""
    currency = scenario.round.base_currency
    names = {row.key: row.name for row in need_rows(scenario)}
    rows = []
    for key, need in scenario.needs.items():
        rows.append((names.get(key, key), one_after_another(_need_parts(need, currency))))
    return rows


def _need_parts(need: dict[str, Any], currency: str) -> list[str]:
    """What of a need differs, each in words."""
    words = []
    if "floor" in need:
        words.append(_("least %(amount)s", amount=format_amount(need["floor"], currency)))
    if "cap" in need:
        cap = need["cap"]
        words.append(
            _("no limit")
            if cap is None
            else _("most %(amount)s", amount=format_amount(cap, currency))
        )
    if "spent" in need:
        spent = format_amount(need["spent"], currency)
        words.append(_("already spent %(amount_text)s", amount_text=spent))
    if "steps" in need:
        steps = steps_text(need["steps"], currency)
        words.append(
            _("steps in %(currency)s: %(steps)s", currency=currency, steps=steps)
            if steps
            else _("no steps")
        )
    return words
