"""Real records: the most probable overlaps between funders in `ai_safety_grants.csv`.

A work is a grant with a purpose; its institution the recipient, its beginning the day it was
given. Candidates are the nearest by text and the other grants of the same recipient.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from bench.overlap.rows import CACHE, SHARED
from funding.overlap.embedding import embed
from funding.overlap.index import Index
from funding.overlap.probability import Judgement, judge
from funding.overlap.works import Work

FILE = SHARED / "ai_safety_grants.csv"
NEAREST = 20
LISTED = 20


@dataclass(frozen=True)
class Across:
    """Two grants of different funders, the earlier first, and what is judged of them."""

    first: Work
    second: Work
    judgement: Judgement


def grants() -> list[Work]:
    """Grants that say what they are for; amounts in cents of a US dollar."""
    found = []
    with FILE.open(encoding="utf-8", newline="") as file:
        for at, row in enumerate(csv.DictReader(file), 2):
            if row["purpose"].strip():
                found.append(
                    Work(
                        f"line {at}",
                        "",
                        row["purpose"].strip(),
                        institution=row["recipient"],
                        funder=row["funder"],
                        amount=round(float(row["amount_usd"]) * 100) if row["amount_usd"] else None,
                        starts_on=date.fromisoformat(row["date"]),
                    )
                )
    return found


def across(method: str) -> list[Across]:
    """Pairs of different funders, most probable first."""
    works = grants()
    known = {work.id: work for work in works}
    index = Index.open(CACHE / f"ai-safety-{method}", method)
    embed(works, index)
    likeness: dict[tuple[str, str], float] = {}
    for work, near in zip(works, index.nearest_of(works, NEAREST), strict=True):
        for one in near:
            likeness[min(work.id, one.id), max(work.id, one.id)] = one.similarity
    recipients: dict[str, list[Work]] = defaultdict(list)
    for work in works:
        recipients[work.institution.casefold()].append(work)
    for own in recipients.values():
        for at, work in enumerate(own):
            for other in own[at + 1 :]:
                pair = (min(work.id, other.id), max(work.id, other.id))
                if pair not in likeness and work.funder != other.funder:
                    likeness[pair] = index.similarity(work, other)
    found = []
    for pair, similarity in likeness.items():
        first, second = sorted((known[id_] for id_ in pair), key=lambda w: (w.starts_on, w.id))
        if first.funder != second.funder:
            found.append(Across(first, second, judge(first, second, similarity, method)))
    return sorted(found, key=lambda a: (-a.judgement.probability, a.first.id, a.second.id))
