"""Other people's cause areas, and which of ours they are."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from funding.imports.areas import _RULES, Breadth, match_area
from funding.imports.known import Known
from funding.imports.reading import read_records
from funding.paths import SEEDS
from tests.imports.files import SHARED, needs_shared

KNOWN = Known.from_taxonomy(json.loads((SEEDS / "taxonomy.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("AI safety/governance", "policy-institutions"),
        ("AI safety/governance/talent pipeline", "talent-field-building"),
        ("AI safety/content creation/video", "talent-field-building"),
        ("AI safety/strategy/forecasting", "monitoring-incidents"),
        ("AI safety/agent foundations", "agent-foundations"),
        ("Global catastrophic risks/AI safety/forecasting", "monitoring-incidents"),
        ("Biosecurity, AI safety/governance", "policy-institutions"),
        ("AI safety|AI safety/forecasting", "monitoring-incidents"),
        (" ai  SAFETY / Governance ", "policy-institutions"),
        ("Interpretability", "interpretability"),
        ("Representations and probing", "interpretability-representations"),
        ("techgov-compute", "techgov-compute"),
    ],
)
def test_the_longest_known_path_decides(text: str, area: str) -> None:
    match = match_area(text, KNOWN)
    assert (match.area, match.breadth) == (area, Breadth.ONE_AREA)
    assert match.reason


@pytest.mark.parametrize(
    "text", ["AI safety", "AI safety/technical research", "Global catastrophic risks/AI safety"]
)
def test_ai_safety_as_a_whole_is_no_single_area(text: str) -> None:
    match = match_area(text, KNOWN)
    assert (match.area, match.breadth) == (None, Breadth.WHOLE_FIELD)


@pytest.mark.parametrize("text", ["Population", "Communities, Arts", "", "/", "|", "Road safety"])
def test_other_fields_are_none_of_ours(text: str) -> None:
    assert match_area(text, KNOWN)[:2] == (None, Breadth.ELSEWHERE)


def test_every_rule_leads_to_an_area_of_the_shipped_taxonomy() -> None:
    assert KNOWN.areas is not None
    ids = set(KNOWN.areas.values())
    assert {area for area, _ in _RULES.values()} <= ids


@needs_shared
def test_every_cause_area_of_the_real_ai_safety_list_is_within_our_field() -> None:
    reading = read_records(SHARED / "data/ai_safety_grants.csv", "history")
    breadths = Counter(match_area(record.area, KNOWN).breadth for record in reading.records)
    assert breadths[Breadth.ELSEWHERE] == 0
    assert breadths[Breadth.ONE_AREA] > 90
