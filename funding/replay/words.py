"""Areas told from the words of a grant, where its list names AI safety as a whole or nothing.

Each rule is a pattern and the area it stands for. The patterns are meant to be cautious: words
that fit several areas ("safety", "risk") stand for none.
"""

from __future__ import annotations

import re
from functools import lru_cache

WORDS: tuple[tuple[str, str], ...] = (
    ("interpretability", r"interpretab|explainab|mechanistic|interpreting (large )?language model"),
    ("evaluations", r"\bevals?\b|evaluat(e|ing|ion) (of |whether |of whether )?.{0,30}model"),
    ("evaluations", r"\bbenchmark|capabilit(y|ies) evaluation|red[- ]team"),
    ("robustness", r"robustness|adversarial (example|training|attack|machine)|trojan|backdoor"),
    ("robustness", r"out[- ]of[- ]distribution|uncertainty estimation|safety[- ]critical"),
    ("oversight-alignment", r"\balign(ment|ing)\b|scalable oversight|reward (model|learning)"),
    ("oversight-alignment", r"human (values|feedback|preferences)|preference learning|sandwiching"),
    ("oversight-alignment", r"human[- ]compatible|value learning|inverse reinforcement|truthful"),
    ("control", r"\bAI control\b|control evaluation|safety case|untrusted model"),
    ("multi-agent", r"multi-?agent|cooperative ai|modell?ing cooperation|game theor"),
    ("agent-foundations", r"agent foundations|decision theory|deconfusion|logical uncertainty"),
    ("agent-foundations", r"corrigib|embedded agency|machine intelligence research institute"),
    ("agent-foundations", r"shard theory|goal[- ]directed"),
    ("security", r"cyber-?security|information security|model weights|hardware security"),
    (
        "technical-governance",
        r"compute governance|provenance|watermark|external (researchers|audit)",
    ),
    ("technical-governance", r"safety standards|model audit|verification of (ai|agreements)"),
    ("policy-institutions", r"\bpolic(y|ies|ymakers?)\b|governance|regulat(ion|ory)|legislat"),
    ("policy-institutions", r"think[- ]tank|diplomacy|emerging technolog"),
    ("societal-effects", r"labou?r market|economic (effect|impact)|persuasion|misinformation"),
    ("societal-effects", r"moral patien|consciousness|concentration of power"),
    ("misuse", r"\bmisuse\b|bioweapon|biosecurity risks? (of|from) ai|malicious use"),
    (
        "talent-field-building",
        r"fellowship|scholar|\bcareer|training program|\bcourses?\b|bootcamp",
    ),
    (
        "talent-field-building",
        r"\bcamp\b|community|field[- ]building|talent|mentor|upskill|student",
    ),
    ("talent-field-building", r"conference|workshop|office space|reading group|ai safety support"),
    ("monitoring-incidents", r"forecast|\btrends\b|timelines|incident|ai progress|expert survey"),
)
"""(area id, pattern): searched in title, purpose and recipient, whatever the case."""

_COMPILED = tuple((area, re.compile(pattern, re.IGNORECASE)) for area, pattern in WORDS)


@lru_cache(maxsize=65_536)
def areas_in(text: str) -> tuple[str, ...]:
    """The areas whose words occur in the text, each once, in the order of `WORDS`."""
    return tuple(dict.fromkeys(area for area, pattern in _COMPILED if pattern.search(text)))
