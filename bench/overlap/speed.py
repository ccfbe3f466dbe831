"""How fast and in how much memory: one size and method, in a process of its own.

`python -m bench.overlap.speed characters 100000` prints its figures as one line of JSON. Seconds
are wall seconds, so that a busy machine shows; memory is what the process held at most, less what
it held before the first work was made.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.overlap.rows import CACHE, make_works
from funding.overlap.embedding import embed
from funding.overlap.index import Index
from funding.overlap.rows import dot
from funding.overlap.works import Work

QUERIES = 100
NEAREST = 20
_COMPARED = 5_000


def command(*arguments: str) -> list[str]:
    """What measures in a fresh process: `pairs`, or a method and a number of rows."""
    return [sys.executable, "-m", "bench.overlap.speed", *arguments]


def measure(method: str, count: int) -> dict[str, float]:
    """Of the default method the index is made anew in a temporary folder; vectors of sentences
    are kept in the bench's own, so that a long run can be stopped and gone on with."""
    before = _megabytes()
    if method == "characters":
        with tempfile.TemporaryDirectory() as folder:
            return _measure(Path(folder), method, count, before)
    return _measure(CACHE / f"speed-{method}-{count}", method, count, before)


def _measure(folder: Path, method: str, count: int, before: float) -> dict[str, float]:
    figures: dict[str, float] = {}
    index = Index.open(folder, method)
    known = len(index)
    source = _Source(count)
    begun = time.perf_counter()
    done = embed(source, index)
    took = time.perf_counter() - begun - source.seconds
    figures["characters a text"] = source.characters / count
    if done.computed:
        figures["texts a second"] = done.computed / max(took, 1e-9)
    if known == 0:
        figures["index, seconds"] = took
    figures["memory while indexing, MB"] = _megabytes() - before
    del index
    begun = time.perf_counter()
    index = Index.open(folder, method)
    figures["open, seconds"] = time.perf_counter() - begun
    asked = source.asked
    index.nearest(asked[0])
    times = [_timed(lambda work=work: index.nearest(work, NEAREST)) for work in asked]
    figures["query, median ms"] = 1000 * float(np.median(times))
    figures["query, 95 of 100 ms"] = 1000 * float(np.quantile(times, 0.95))
    times = [
        _timed(lambda work=work, at=at: _put_and_ask(index, work, at))
        for at, work in enumerate(asked[:10])
    ]
    figures["put one and ask, median ms"] = 1000 * float(np.median(times))
    index.drop(f"new:{at}" for at in range(10))
    figures["recall of the true 20 nearest"] = _recall(index, asked[:50])
    figures["files, MB"] = sum(path.stat().st_size for path in folder.iterdir()) / 2**20
    return figures


class _Source:
    """The works of a size, with the time that making them took, and some to ask for later.

    Those have a word more, so that they are not in the set as they are.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.seconds, self.characters = 0.0, 0
        self.asked: list[Work] = []

    def __iter__(self) -> Iterator[Work]:
        step = max(1, self.count // QUERIES)
        begun = time.perf_counter()
        for at, work in enumerate(make_works(self.count)):
            self.characters += len(work.words)
            if at % step == 0 and len(self.asked) < QUERIES:
                self.asked.append(Work(f"asked:{work.id}", work.title, f"{work.text} again"))
            self.seconds += time.perf_counter() - begun
            yield work
            begun = time.perf_counter()


def _put_and_ask(index: Index, work: Work, at: int) -> None:
    index.put([Work(f"new:{at}", work.title, f"{work.text} once")])
    index.nearest(work, NEAREST)


def _recall(index: Index, asked: list[Work]) -> float:
    """Which part of the rows as near as the true twentieth was found."""
    ready = index._rows_of(asked).ready(index._weights_now())
    best = np.zeros((len(asked), 0))
    for part in _parts(index):
        best = np.concatenate([best, dot(ready, part.ready(index._weights_now()))], axis=1)
        best = -np.partition(-best, min(NEAREST, best.shape[1] - 1), axis=1)[:, : NEAREST + 1]
    least = np.sort(best, axis=1)[:, -NEAREST]
    found = index.nearest_of(asked, NEAREST)
    hits = sum(
        min(NEAREST, sum(near.similarity >= low - 1e-3 for near in some))
        for some, low in zip(found, least, strict=True)
    )
    return hits / (NEAREST * len(asked))


def _parts(index: Index) -> Iterator[Any]:
    rows = np.array(list(index._row.values()))
    for start in range(0, len(rows), _COMPARED):
        yield index._shelf.take(rows[start : start + _COMPARED])


def all_pairs_ratio(count: int = 10_000) -> dict[str, float]:
    """Every work's nearest five, by the index and by a plain scikit-learn run on all pairs.

    The plain run is the usual one: `TfidfVectorizer` on characters, the product of the matrix
    with itself a thousand rows at a time, the best of each row.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    works = list(make_works(count))

    def plain() -> None:
        texts = [work.words for work in works]
        matrix = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, dtype=np.float32
        ).fit_transform(texts)
        for start in range(0, count, 1000):
            alike = (matrix[start : start + 1000] @ matrix.T).toarray()
            np.argpartition(-alike, 5, axis=1)[:, :5]

    def ours() -> None:
        index = Index()
        index.put(works)
        index.nearest_of(works, 5)

    seconds = {"plain, seconds": _processor(plain), "ours, seconds": _processor(ours)}
    return {**seconds, "ours over plain": seconds["ours, seconds"] / seconds["plain, seconds"]}


def _timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def _processor(act: Callable[[], object]) -> float:
    """Seconds of the processor: for a ratio that other work on the machine disturbs little."""
    begun = time.process_time()
    act()
    return time.process_time() - begun


def _megabytes() -> float:
    """The most that this process held; not what the one that began it did, as `getrusage` says."""
    held = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(held[1]) / 1024 if held else 0.0


if __name__ == "__main__":
    if sys.argv[1] == "pairs":
        print(json.dumps(all_pairs_ratio()))
    else:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
