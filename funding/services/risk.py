"""The risk tiers of a proposal, the questions that lead to one, and what each tier means.

One scheme for all rounds. The answers suggest a tier; the applicant states one, and says why where
it is lower than what the answers suggest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from funding.models import RiskTier


@dataclass(frozen=True)
class RiskQuestion:
    """A question with the answers yes, no and not sure; `tier` is where a yes leads."""

    key: str
    text: str
    help: str
    tier: RiskTier


QUESTIONS = (
    RiskQuestion(
        "people",
        "Does the work collect data about people, or run experiments with them?",
        "Interviews, surveys, logs of conversations, tests with users.",
        RiskTier.LIMITED,
    ),
    RiskQuestion(
        "autonomy",
        "Will AI systems act on the open internet, or on systems of others, without a person "
        "approving each step?",
        "Work in a closed test environment is a no.",
        RiskTier.LIMITED,
    ),
    RiskQuestion(
        "capability",
        "Does it bring out abilities of a model that could help cause serious harm, even if only "
        "to measure them?",
        "Such as attacks on networks, dangerous biology or chemistry, deception at scale.",
        RiskTier.HIGH,
    ),
    RiskQuestion(
        "release",
        "Would publishing everything (data, code, weights, method) make such harm noticeably "
        "easier?",
        "Think of the least careful reader.",
        RiskTier.HIGH,
    ),
    RiskQuestion(
        "purpose",
        "Is harming people, watching them unlawfully, or freeing a system from human control "
        "outside a closed test a purpose of the work, or its likely main use?",
        "",
        RiskTier.PROHIBITED,
    ),
)

ANSWERS = (("no", "No"), ("unsure", "Not sure"), ("yes", "Yes"))

GUIDANCE: dict[str, str] = {
    RiskTier.MINIMAL: "No more than what any careful research asks for.",
    RiskTier.LIMITED: "Say in the abstract who looks after the people or systems concerned.",
    RiskTier.HIGH: "A safety reviewer reads the proposal. Say who will have access to what, and "
    "what will not be published. Rounds may limit how much money goes to this tier.",
    RiskTier.PROHIBITED: "Rounds do not fund work in this tier, whatever its score. If a yes was "
    "a slip, correct it; if the work can be done in a closed test, say so and change the answer.",
}

_ORDER = list(RiskTier)


def suggest_tier(answers: Mapping[str, str]) -> RiskTier | None:
    """The tier the answers lead to; None until every question is answered.

    'Not sure' counts as yes, but never leads to `prohibited`: that takes a plain yes.
    """
    if any(answers.get(question.key) not in ("yes", "no", "unsure") for question in QUESTIONS):
        return None
    reached = [RiskTier.MINIMAL]
    for question in QUESTIONS:
        answer = answers[question.key]
        if answer == "yes":
            reached.append(question.tier)
        elif answer == "unsure":
            reached.append(min(question.tier, RiskTier.HIGH, key=_ORDER.index))
    return max(reached, key=_ORDER.index)


def is_below(tier: str, suggested: str) -> bool:
    """Whether a stated tier is milder than the one suggested."""
    return _ORDER.index(RiskTier(tier)) < _ORDER.index(RiskTier(suggested))
