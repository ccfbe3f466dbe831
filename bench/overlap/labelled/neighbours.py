"""Pairs of one round that are near in text and are not the same work: the hard cases of a field.

Texts of fourteen topics lie far apart; those of one round do not. So to either set come, of one
half of the demo round's proposals (odd numbers to learn from, even ones to test), the five
nearest of each by the method in question, those left out that the demo round's own list names.
"""

from __future__ import annotations

import csv
from functools import cache

from bench.overlap.labelled import LabelledPair, labelled_pairs
from bench.overlap.rows import CACHE, ROOT, demo_works
from funding.overlap.embedding import embed
from funding.overlap.index import Index

NEAREST = 5
KIND = "near in a round"


@cache
def demo_kinds() -> dict[frozenset[str], str]:
    """Of each pair that the demo round's list names, what it is."""
    with (ROOT / "seeds" / "overlaps.csv").open(encoding="utf-8", newline="") as file:
        return {
            frozenset((row["first"], row["second"])): row["kind"] for row in csv.DictReader(file)
        }


def demo_index(method: str) -> Index:
    index = Index.open(CACHE / f"demo-{method}", method)
    embed(demo_works(), index)
    return index


def is_learned_from(work_id: str) -> bool:
    return int(work_id[1:]) % 2 == 1


@cache
def pairs_of(name: str, method: str) -> tuple[LabelledPair, ...]:
    """The labelled pairs of `train` or `test`, and those of the round that are near by `method`."""
    pairs = labelled_pairs(name)
    works = {w.id: w for w in demo_works() if is_learned_from(w.id) == (name == "train")}
    others = {work.id for work in demo_works()} - set(works)
    index = demo_index(method)
    seen = {*demo_kinds()}
    topic = 1 + max(pair.topic for pair in pairs)
    for work, near in zip(
        works.values(), index.nearest_of(list(works.values()), NEAREST, others), strict=True
    ):
        for one in near:
            key = frozenset((work.id, one.id))
            if key not in seen:
                seen.add(key)
                pairs.append(LabelledPair(KIND, topic + len(pairs) % 7, work, works[one.id]))
    return tuple(pairs)
