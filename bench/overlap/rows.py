"""Works for speed and memory: real texts first, then as many as asked made out of their sentences.

Sentences come from the demo round's abstracts, the purposes of `ai_safety_grants.csv` and the
titles and descriptions of the 360Giving files, where those are at hand. A made text is one to six
of them (as the real ones: mostly one or two), with a third of the words replaced by words of the
same pool, drawn as often as they occur there, so that no two texts are the same by chance; every
fiftieth is a light edit of an earlier one, so that there is something to find. The same number of
rows is the same texts, whatever the machine.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np

from funding.overlap.works import Someone, Work

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
CACHE = ROOT / ".data" / "bench-overlap"
"""Where vectors are kept between runs, so that a long one can be stopped and gone on with."""

SENTENCES = (1, 1, 1, 2, 2, 2, 3, 4, 5, 6)
REPLACED = 1 / 3
EDITED = 50
_END = re.compile(r"(?<=[.!?])\s+")


def demo_works() -> list[Work]:
    """The demo round's proposals by id `P001` and up; amounts in minor units."""
    demo = json.loads((ROOT / "seeds" / "proposals.json").read_text(encoding="utf-8"))
    return [
        Work(
            proposal["id"],
            proposal["title"],
            proposal["abstract"],
            people=tuple(Someone(one["name"], one.get("orcid")) for one in proposal["team"]),
            institution=proposal["institution"],
            amount=proposal["ask"] * 100,
            starts_on=date.fromisoformat(proposal["starts"]),
            ends_on=date.fromisoformat(proposal["ends"]),
        )
        for proposal in demo
    ]


@cache
def real_texts() -> tuple[tuple[str, str], ...]:
    """(title, text) of the demo round and of the real files that are at hand."""
    found = [(work.title, work.text) for work in demo_works()]
    if (SHARED / "ai_safety_grants.csv").exists():
        with (SHARED / "ai_safety_grants.csv").open(encoding="utf-8", newline="") as file:
            found += [("", row["purpose"]) for row in csv.DictReader(file) if row["purpose"]]
    for path in sorted((SHARED / "360giving").glob("*.json")):
        for grant in json.loads(path.read_text(encoding="utf-8"))["grants"]:
            found.append((str(grant.get("title") or ""), str(grant.get("description") or "")))
    return tuple(found)


def make_works(count: int, seed: int = 7) -> Iterator[Work]:
    """`count` works by id `grant:0` and up; see the module for how their texts are made."""
    real = real_texts()[:count]
    for at, (title, text) in enumerate(real):
        yield Work(f"grant:{at}", title, text)
    sentences = [s.split() for _, text in real_texts() for s in _END.split(text) if s]
    words = np.array([word for sentence in sentences for word in sentence])
    random = np.random.default_rng(seed)
    earlier: list[str] = [text for _, text in real]
    for at in range(len(real), count):
        if at % EDITED == 0:
            picked = earlier[int(random.integers(len(earlier)))].split()
            share = 0.1
        else:
            chosen = random.integers(len(sentences), size=SENTENCES[random.integers(10)])
            picked = [word for one in chosen for word in sentences[one]]
            share = REPLACED
        swapped = random.random(len(picked)) < share
        others = words[random.integers(len(words), size=len(picked))]
        text = " ".join(
            str(other) if is_swapped else word
            for word, other, is_swapped in zip(picked, others, swapped, strict=True)
        )
        if at % 10 == 1 and len(earlier) < 20_000:
            earlier.append(text)
        yield Work(f"grant:{at}", "", text)
