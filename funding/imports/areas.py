"""Which of our areas a cause area of somebody else's list is: rules in code, each with its reason.

Lists of past grants name areas by paths (`AI safety/technical research/talent pipeline`), several
joined by `|`, `;` or `, `. The longest known path decides; of equally long ones, the first named.
Most such lists name AI safety as a whole more often than any part of it: such a grant belongs to
no single area of ours and stays without one, counted apart from grants to other fields.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from funding.imports.known import Known


class Breadth(Enum):
    """How an area's text lies to our areas."""

    ONE_AREA = "one of our areas"
    WHOLE_FIELD = "AI safety as a whole, no area of it"
    ELSEWHERE = "another field"


class AreaMatch(NamedTuple):
    """`area` is our area's id, None where there is none; `path` the words that decided it."""

    area: str | None
    breadth: Breadth
    path: str = ""
    reason: str = ""


_TALENT = "people, training and the growth of the field, whatever they then work on"
_FORESIGHT = "forecasts of what is coming"
_POLICY = "what states, laboratories and institutions should do"

# Top areas of the shipped taxonomy only: lists of grants are never more exact than that.
_RULES: dict[str, tuple[str, str]] = {
    "ai safety/governance": ("policy-institutions", _POLICY),
    "ai safety/strategy": ("policy-institutions", "strategy research asks what actors should do"),
    "ai safety/technical research/strategy": ("policy-institutions", _POLICY),
    "ai safety/technical research/governance": (
        "technical-governance",
        "technical work in the service of governance",
    ),
    "ai safety/forecasting": ("monitoring-incidents", _FORESIGHT),
    "ai safety/strategy/forecasting": ("monitoring-incidents", _FORESIGHT),
    "ai safety/governance/forecasting": ("monitoring-incidents", _FORESIGHT),
    "ai safety/talent pipeline": ("talent-field-building", _TALENT),
    "ai safety/technical research/talent pipeline": ("talent-field-building", _TALENT),
    "ai safety/governance/talent pipeline": ("talent-field-building", _TALENT),
    "ai safety/movement growth": ("talent-field-building", _TALENT),
    "ai safety/technical research/movement growth": ("talent-field-building", _TALENT),
    "ai safety/upskilling": ("talent-field-building", _TALENT),
    "ai safety/content creation": ("talent-field-building", _TALENT),
    "ai safety/field building": ("talent-field-building", _TALENT),
    "ai safety/deconfusion research": (
        "agent-foundations",
        "deconfusion is work on the concepts of agency and optimisation",
    ),
    "ai safety/decision theory": ("agent-foundations", "a theory of how agents should decide"),
    "ai safety/agent foundations": ("agent-foundations", "the same name"),
    "ai safety/alignment": ("oversight-alignment", "making systems pursue what people intend"),
    "ai alignment": ("oversight-alignment", "making systems pursue what people intend"),
    "alignment": ("oversight-alignment", "making systems pursue what people intend"),
    "scalable oversight": ("oversight-alignment", "judging what people could not do themselves"),
    "ai governance": ("policy-institutions", _POLICY),
    "ai policy": ("policy-institutions", _POLICY),
    "ai strategy": ("policy-institutions", _POLICY),
    "compute governance": ("technical-governance", "a technical means of governance"),
    "ai forecasting": ("monitoring-incidents", _FORESIGHT),
    "red teaming": ("evaluations", "finding what a system can be brought to do"),
    "adversarial robustness": ("robustness", "reliability under attack"),
    "ai control": ("control", "the same name"),
    "field building": ("talent-field-building", _TALENT),
    "ai security": ("security", "protection of models and their computers"),
    "information security/ai": ("security", "protection of models and their computers"),
}

# The whole field, or a part of it that spans several of our areas.
_WHOLE_FIELD = frozenset(
    {
        "ai safety",
        "ai risk",
        "ai safety and governance",
        "ai safety/technical research",
        "ai safety/tecnical research",  # so spelled in the Donations List
        "ai safety/suffering reduction",
        "ai safety/other global catastrophic risks",
        "artificial intelligence safety",
        "risks from artificial intelligence",
        "potential risks from advanced artificial intelligence",
    }
)

_PARTS = re.compile(r"[|;]|, ")
_STEPS = re.compile(r"[/\\>]")


def match_area(text: str, known: Known | None = None) -> AreaMatch:
    """The area that `text` names, and why; ids and names in `known` count as known paths too."""
    best, best_length = AreaMatch(None, Breadth.ELSEWHERE), 0
    for steps in _match_words(text):
        for first in range(len(steps)):
            for last in range(len(steps), first + best_length, -1):
                found = _known_path("/".join(steps[first:last]), known)
                if found is not None:
                    best, best_length = found, last - first
                    break
    return best


@lru_cache(maxsize=16_384)
def _match_words(text: str) -> tuple[tuple[str, ...], ...]:
    parts = (_STEPS.split(part) for part in _PARTS.split(text.casefold()))
    return tuple(tuple(" ".join(step.split()) for step in part if step.strip()) for part in parts)


def _known_path(path: str, known: Known | None) -> AreaMatch | None:
    if path in _RULES:
        area, reason = _RULES[path]
        return AreaMatch(area, Breadth.ONE_AREA, path, reason)
    if path in _WHOLE_FIELD:
        return AreaMatch(None, Breadth.WHOLE_FIELD, path, "names no part of the field")
    if known is not None and known.areas is not None and path in known.areas:
        return AreaMatch(known.areas[path], Breadth.ONE_AREA, path, "the same name")
    return None
