"""The form in which an officer says what two works are to each other."""

from __future__ import annotations

from typing import Any

from funding.forms import Typed, share_text
from funding.models import OutsideOverlap, Overlap

LABELS = {"verdict": "Verdict", "degree": "Degree", "note": "Note"}
CHOICES = [
    ("duplicate", "Duplicate", "The same work, in whole or in part: it would be paid twice."),
    ("complementary", "Complementary", "Each is more useful with the other."),
    ("distinct", "Same team, distinct work", "The same team or the same field, other work."),
    ("unsure", "Not sure", "Somebody else should look."),
]


def typed_verdict(typed: Typed) -> dict[str, Any]:
    """What the fields of a verdict say, with what could not be read."""
    return {
        "verdict": typed.text("verdict"),
        "degree": typed.share("degree"),
        "note": typed.text("note"),
        "faults": tuple(typed.faults),
    }


def verdict_values(overlap: Overlap | OutsideOverlap) -> dict[str, str]:
    """What is stored, as the fields have it."""
    verdict = "" if overlap.verdict == "candidate" else overlap.verdict
    return {
        "verdict": verdict,
        "degree": share_text(overlap.degree) if overlap.degree else "",
        "note": overlap.note,
    }
