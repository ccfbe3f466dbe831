"""`python -m bench.overlap_names`: how well names that are one are found, a figure a line.

Real names come from `../shared/data` (public, CC0); what people judged of them is in
`bench/overlap`: `name_pairs.csv` (pairs to fit the probability to, and pairs kept apart from that)
and `merges_judged.csv` (merges made by themselves, looked at one by one; the sample `before` led to
a stricter rule, the sample `after` was drawn anew under it). `--fit` prints the weights that
`funding/overlap/name_chance.py` holds.
"""

from __future__ import annotations

import csv
import gzip
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

from funding.imports.reading import read_records
from funding.imports.texts import read_text
from funding.overlap.entities import (
    AUTOMATIC,
    Groups,
    Suggestion,
    join_by_themselves,
    suggest,
)
from funding.overlap.name_chance import chance
from funding.overlap.name_evidence import FEATURES, Evidence, gather
from funding.overlap.name_index import NameIndex
from funding.overlap.name_pairs import Mention
from funding.overlap.names import read_name

HERE = Path(__file__).parent / "overlap"
DATA = Path(__file__).parents[2] / "shared" / "data"
FILES = ("grants_history.csv.gz", "ai_safety_grants.csv")
NUMBERED = "360giving/power-to-change.json"
LISTS = {"recipient": "funder", "funder": "recipient"}
"""Names of which column -> the column on the other side of a grant."""

_BANDS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, AUTOMATIC, 1.0)


def are_there() -> bool:
    return all((DATA / name).exists() for name in (*FILES, NUMBERED))


def mentions(column: str, files: tuple[str, ...] = FILES) -> list[Mention]:
    """The distinct names of a column, as an import keeps them, in the order of the files."""
    found: dict[str, tuple[set[str], set[str], list[int]]] = {}
    for name in files:
        opened = gzip.open if name.endswith(".gz") else open
        with opened(DATA / name, "rt", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                partners, areas, grants = found.setdefault(
                    read_text(row[column], 500), (set(), set(), [0])
                )
                partners.add(read_text(row[LISTS[column]], 500))
                areas.update([row["cause_area"].split("/")[0]] if row["cause_area"] else [])
                grants[0] += 1
    return [
        Mention(read_name(name), "", frozenset(partners), frozenset(areas), grants[0])
        for name, (partners, areas, grants) in found.items()
        if name
    ]


def judged(name: str) -> list[dict[str, str]]:
    with open(HERE / name, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@dataclass(frozen=True)
class Pairs:
    """Judged pairs with their evidence; those that something forbids are not among them."""

    evidence: list[Evidence]
    are_same: np.ndarray
    weights: np.ndarray

    @property
    def figures(self) -> np.ndarray:
        return np.array([[e.figures[name] for name in FEATURES] for e in self.evidence])


def pairs_of(part: str, indexes: dict[str, NameIndex]) -> Pairs:
    evidence, are_same, weights = [], [], []
    known = {
        column: {mention.name.given: mention for mention in index.mentions}
        for column, index in indexes.items()
    }
    for row in judged("name_pairs.csv"):
        if row["part"] != part or row["verdict"] == "unsure":
            continue
        column = row["list"] if row["list"] in indexes else "recipient"
        there = known[column] if row["list"] in indexes else {}
        one, other = (
            there.get(name) or Mention(read_name(name)) for name in (row["first"], row["second"])
        )
        found, _ = gather(one, other, indexes[column].vocabulary)
        if not found.against:
            evidence.append(found)
            are_same.append(row["verdict"] == "same")
            weights.append(float(row["stands_for"]))
    return Pairs(evidence, np.array(are_same), np.array(weights))


def fit(train: Pairs) -> tuple[float, dict[str, float]]:
    """The intercept and the weights of the probability, to two decimals."""
    model = LogisticRegression(C=3, max_iter=5000)
    model.fit(train.figures, train.are_same, sample_weight=train.weights)
    weights = zip(FEATURES, model.coef_[0], strict=True)
    return round(float(model.intercept_[0]), 2), {name: round(float(w), 2) for name, w in weights}


def merged_by_themselves(index: NameIndex) -> tuple[list[Suggestion], list[Suggestion]]:
    """(all that is suggested, the lines that were drawn)."""
    suggestions = suggest(index)
    return suggestions, join_by_themselves(index, suggestions, Groups())


def precision(drawn: set[frozenset[str]], sample: str) -> tuple[int, int]:
    """(right, looked at) of the judged merges of a sample that are still made by themselves."""
    still = [
        row
        for row in judged("merges_judged.csv")
        if row["sample"] == sample and frozenset((row["first"], row["second"])) in drawn
    ]
    return sum(row["verdict"] == "same" for row in still), len(still)


def report() -> Iterator[str]:
    if not are_there():
        yield "names: not measured, ../shared/data is not there"
        return
    indexes, drawn = {}, set()
    for column in LISTS:
        began = time.perf_counter()
        index = NameIndex(mentions(column))
        suggestions, lines = merged_by_themselves(index)
        seconds = time.perf_counter() - began
        indexes[column] = index
        drawn |= {
            frozenset(index.mentions[n].name.given for n in (line.first, line.second))
            for line in lines
        }
        yield f"names: {column}s, distinct spellings: {len(index.mentions):,}"
        yield f"names: {column}s, resolved in seconds: {seconds:.1f}"
        yield f"names: {column}s, merged by themselves: {len(lines):,}"
        same = sum(s.relation == "same" for s in suggestions) - len(lines)
        yield f"names: {column}s, suggested as the same besides: {same:,}"
        parts = sum(s.relation != "same" for s in suggestions)
        yield f"names: {column}s, suggested as a part of another: {parts:,}"
    for sample in ("before", "after"):
        right, looked_at = precision(drawn, sample)
        yield (
            f"names: right among the judged sample {sample} that are merged by themselves: "
            f"{right} of {looked_at} = {right / looked_at:.3f}"
        )
    yield from _of_the_probability(indexes)
    yield from _of_pieces()
    yield from _of_numbers()
    yield from _of_speed(indexes["recipient"])


def _of_the_probability(indexes: dict[str, NameIndex]) -> Iterator[str]:
    test = pairs_of("test", indexes)
    said = np.array([chance(each) for each in test.evidence])
    yield f"names: judged pairs kept apart from the fit: {len(said)}"
    yield f"names: Brier score on them: {brier_score_loss(test.are_same, said):.3f}"
    yield f"names: area under the curve on them: {roc_auc_score(test.are_same, said):.3f}"
    for low, high in pairwise(_BANDS):
        within = (said >= low) & ((said < high) | (high == 1.0))
        if within.any():
            yield (
                f"names: said {low:.2f} to {high:.2f}: {within.sum()} pairs, "
                f"said {said[within].mean():.2f}, true {test.are_same[within].mean():.2f}"
            )
    for threshold in (0.5, 0.9, AUTOMATIC):
        chosen = said >= threshold
        right = (test.are_same & chosen).sum()
        yield (
            f"names: from {threshold} on, precision {right / chosen.sum():.3f}, "
            f"recall {right / test.are_same.sum():.3f}"
        )


def _of_pieces() -> Iterator[str]:
    verdicts = Counter(r["verdict"] for r in judged("name_pairs.csv") if r["part"] == "pieces")
    yield (
        f"names: of {verdicts.total()} suggested as a part, part {verdicts['part']}, "
        f"the same {verdicts['same']}, neither {verdicts['different']}"
    )


def _of_numbers() -> Iterator[str]:
    """Names of a 360Giving file merged without their register numbers, then held against these."""
    numbers: dict[str, set[str]] = {}
    for record in read_records(DATA / NUMBERED, "history").records:
        numbers.setdefault(record.recipient, set()).add(record.recipient_ref)
    names = sorted(numbers)
    index = NameIndex(Mention(read_name(name), partners=frozenset("x")) for name in names)
    _, lines = merged_by_themselves(index)
    right = sum(bool(numbers[names[s.first]] & numbers[names[s.second]]) for s in lines)
    yield f"names: {NUMBERED}: merged by themselves {len(lines)}, of one register number {right}"


def _of_speed(index: NameIndex) -> Iterator[str]:
    new = [f"{mention.name.given} Society" for mention in index.mentions[:2000:10]]
    began = time.perf_counter()
    for name in new:
        suggest(index, [index.add(Mention(read_name(name)))])
    each = (time.perf_counter() - began) / len(new)
    yield f"names: one new name against all, ms: {each * 1e3:.2f}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield f"names: most memory, MB: {peak:.0f}"


def main() -> None:
    if "--fit" in sys.argv[1:]:
        indexes = {column: NameIndex(mentions(column)) for column in LISTS}
        intercept, weights = fit(pairs_of("train", indexes))
        print(f"INTERCEPT = {intercept}")
        for name, weight in weights.items():
            print(f'    "{name}": {weight},')
        return
    for line in report():
        print(line, flush=True)


if __name__ == "__main__":
    main()
