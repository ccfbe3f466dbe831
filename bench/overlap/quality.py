"""How well: on the labelled test set, on the demo round, on real 360Giving files."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score

from bench.overlap.labelled import DEGREES, LabelledPair
from bench.overlap.labelled.neighbours import demo_index, demo_kinds, is_learned_from, pairs_of
from bench.overlap.rows import CACHE, SHARED, demo_works
from bench.overlap.training import similarities
from funding.overlap.embedding import embed
from funding.overlap.index import Index
from funding.overlap.methods import NAMES
from funding.overlap.minilm import is_installed
from funding.overlap.probability import judge
from funding.overlap.works import Work

PRECISION = 0.9
REWRITTEN = ("verbatim", "edited", "paraphrase")
_BINS = 10
_YEAR = 365


def methods() -> list[str]:
    return [name for name in NAMES if name != "sentences" or is_installed()]


@cache
def judged(method: str) -> tuple[Sequence[LabelledPair], Any, Any]:
    """Pairs of the test set, their texts' likeness, their probability."""
    pairs = pairs_of("test", method)
    alike = similarities(pairs, method)
    said = [
        judge(pair.first, pair.second, similarity, method).probability
        for pair, similarity in zip(pairs, alike, strict=True)
    ]
    return pairs, np.array(alike), np.array(said)


def recall_at(score: Any, truth: Any, precision: float = PRECISION) -> float:
    """The most that can be found while at least this part of what is found is true."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(truth[order])
    enough = hits / np.arange(1, len(truth) + 1) >= precision
    return float(hits[enough].max() / truth.sum()) if enough.any() else 0.0


def labelled_lines() -> Iterator[tuple[str, str]]:
    """(what, figure) of the labelled test set."""
    for method in methods():
        pairs, alike, said = judged(method)
        truth = np.array([pair.is_same for pair in pairs])
        found = said >= 0.5
        head = f"labelled test, {method}"
        yield f"{head}: pairs, the same work", f"{len(pairs)}, {int(truth.sum())}"
        yield f"{head}: precision at probability 0.5", f"{(truth & found).sum() / found.sum():.3f}"
        yield f"{head}: recall at probability 0.5", f"{(truth & found).sum() / truth.sum():.3f}"
        yield f"{head}: recall at precision 0.9", f"{recall_at(said, truth):.3f}"
        yield f"{head}: recall at precision 0.9, text alone", f"{recall_at(alike, truth):.3f}"
        yield f"{head}: average precision", f"{average_precision_score(truth, said):.3f}"
        yield f"{head}: Brier score", f"{((said - truth) ** 2).mean():.3f}"
        yield f"{head}: calibration error (ECE)", f"{calibration_error(said, truth):.3f}"


def by_kind(method: str) -> list[list[str]]:
    """Rows: kind, mean likeness, mean probability, which part has 0.5 and more."""
    pairs, alike, said = judged(method)
    rows = []
    for kind in dict.fromkeys(pair.kind for pair in pairs):
        own = np.array([pair.kind == kind for pair in pairs])
        same = "yes" if kind in DEGREES else "no"
        figures = (alike[own].mean(), said[own].mean(), (said[own] >= 0.5).mean())
        rows.append([kind, same, str(int(own.sum())), *(f"{figure:.2f}" for figure in figures)])
    return rows


def reliability(method: str) -> list[tuple[float, float, int]]:
    """Of each tenth of probability with pairs in it: mean said, share true, how many."""
    pairs, _, said = judged(method)
    truth = np.array([pair.is_same for pair in pairs])
    tenth = np.minimum((said * _BINS).astype(int), _BINS - 1)
    return [
        (float(said[own].mean()), float(truth[own].mean()), int(own.sum()))
        for k in range(_BINS)
        if (own := tenth == k).any()
    ]


def calibration_error(said: Any, truth: Any) -> float:
    """Expected calibration error over ten bins of equal width (Naeini et al. 2015)."""
    tenth = np.minimum((said * _BINS).astype(int), _BINS - 1)
    return float(
        sum(
            own.mean() * abs(said[own].mean() - truth[own].mean())
            for k in range(_BINS)
            if (own := tenth == k).any()
        )
    )


# -- the demo round -----------------------------------------------------------------------------


def demo_lines() -> Iterator[tuple[str, str]]:
    """Rewritten duplicates against all other pairs; those that share an idea left out, then in.

    Pairs that the weights may have been learned from are not counted.
    """
    kinds = demo_kinds()
    works = demo_works()
    pairs = [
        (a, b)
        for a, b in combinations(range(len(works)), 2)
        if frozenset((works[a].id, works[b].id)) in kinds
        or not (is_learned_from(works[a].id) and is_learned_from(works[b].id))
    ]
    kind = [kinds.get(frozenset((works[a].id, works[b].id)), "") for a, b in pairs]
    rewritten = np.array([k in REWRITTEN for k in kind])
    idea = np.array([k == "same-idea" for k in kind])
    for method in methods():
        alike_of = demo_index(method).nearest_of(works, len(works))
        alike: dict[tuple[str, str], float] = {
            (work.id, near.id): near.similarity
            for work, some in zip(works, alike_of, strict=True)
            for near in some
        }
        text = np.array([alike.get((works[a].id, works[b].id), 0.0) for a, b in pairs])
        said = np.array(
            [
                judge(works[a], works[b], similarity, method).probability
                for (a, b), similarity in zip(pairs, text, strict=True)
            ]
        )
        head = f"demo round, {method}"
        for score, by in ((said, "probability"), (text, "text alone")):
            kept = ~idea
            value = recall_at(score[kept], rewritten[kept])
            yield f"{head}: recall of rewritten duplicates at precision 0.9, {by}", f"{value:.3f}"
            value = recall_at(score, rewritten | idea)
            yield f"{head}: recall with shared ideas at precision 0.9, {by}", f"{value:.3f}"
            value = average_precision_score(rewritten | idea, score)
            yield f"{head}: average precision with shared ideas, {by}", f"{value:.3f}"


# -- real files ---------------------------------------------------------------------------------


def giving_works(name: str) -> list[Work]:
    """The grants of one 360Giving file as works; amounts in minor units of the file's currency."""
    found = []
    grants = json.loads((SHARED / "360giving" / name).read_text(encoding="utf-8"))["grants"]
    for at, grant in enumerate(grants):
        planned = (grant.get("plannedDates") or [{}])[0]
        starts = _day(planned.get("startDate") or grant.get("awardDate"))
        ends = _day(planned.get("endDate"))
        if starts and not ends and str(planned.get("duration") or "").isdigit():
            ends = starts + timedelta(days=int(planned["duration"]) * 30)
        amount = str(grant.get("amountAwarded") or "").replace(",", "")
        found.append(
            Work(
                f"{name}:{at}",
                str(grant.get("title") or ""),
                str(grant.get("description") or ""),
                institution=str(grant["recipientOrganization"][0].get("name") or ""),
                funder=str(grant["fundingOrganization"][0].get("name") or ""),
                amount=round(float(amount) * 100) if re.fullmatch(r"[\d.]+", amount) else None,
                starts_on=starts,
                ends_on=ends if starts and ends and ends >= starts else None,
            )
        )
    return found


def _day(said: Any) -> date | None:
    found = re.match(r"(\d{4})-(\d\d)-(\d\d)", str(said or ""))
    if found:
        return date(int(found[1]), int(found[2]), int(found[3]))
    found = re.match(r"(\d\d)/(\d\d)/(\d{4})", str(said or ""))
    return date(int(found[3]), int(found[2]), int(found[1])) if found else None


def giving_lines() -> Iterator[tuple[str, str]]:
    """Grants to one recipient under one text: repeated at once, or staged over the years."""
    files = sorted((SHARED / "360giving").glob("*.json"))
    if not files:
        yield "360Giving files", "not at hand"
        return
    for path in files:
        works = giving_works(path.name)
        groups: dict[tuple[str, str], list[Work]] = defaultdict(list)
        for work in works:
            groups[work.institution.casefold(), work.words.casefold()].append(work)
        repeated = [pair for some in groups.values() for pair in combinations(some, 2)]
        for method in methods():
            index = Index.open(CACHE / f"{path.stem}-{method}", method)
            embed(works, index)
            yield from _repeated_lines(path.stem, method, index, repeated)


def _repeated_lines(
    name: str, method: str, index: Index, repeated: Sequence[tuple[Work, Work]]
) -> Iterator[tuple[str, str]]:
    head = f"360Giving {name}, {method}"
    yield f"{head}: pairs of one recipient under one text", str(len(repeated))
    if not repeated:
        return
    asked = list({work.id: work for pair in repeated for work in pair}.values())
    near = {
        work.id: {n.id for n in some}
        for work, some in zip(asked, index.nearest_of(asked, 20), strict=True)
    }
    found = sum(b.id in near[a.id] or a.id in near[b.id] for a, b in repeated)
    yield f"{head}: of these among the nearest 20", f"{found / len(repeated):.3f}"
    for what, own in (
        ("begun within nine months", [p for p in repeated if not _is_apart(*p)]),
        ("begun later, so staged or renewed", [p for p in repeated if _is_apart(*p)]),
    ):
        if own:
            said = [judge(a, b, index.similarity(a, b), method).probability for a, b in own]
            high = sum(p >= 0.5 for p in said)
            yield f"{head}: {what}: pairs, probability 0.5 and more", f"{len(own)}, {high}"


def _is_apart(first: Work, second: Work) -> bool:
    if first.starts_on is None or second.starts_on is None:
        return False
    return abs((first.starts_on - second.starts_on).days) > _YEAR * 3 // 4
