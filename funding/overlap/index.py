"""An index of works by their texts: put, drop, ask for the nearest, keep in a folder.

```python
index = Index.open(folder, "characters")     # or Index("characters"), in memory only
index.put(works)                             # adds, or replaces by id; same text: nothing to do
index.nearest(work, count=20)                # [Near(id, similarity)], most alike first
index.save()
```

`similarity` is the exact cosine of the two texts in the method's own space, from 0 to 1. Up to
`EXACT` rows are all compared. Above that, older rows have short codes (funding/overlap/sketch.py)
that bring candidates, which are compared exactly; the newest rows, up to `EXACT` of them, are
still all compared. `nearest` needs no `put` first and changes nothing, so the site may ask while
a worker alone puts, drops and saves.

In the folder, `index.json` names the files of the one whole state; `save` writes new files first
and then replaces it in one step, so that what is half-written is never opened. A folder of
another method, or of another version of it, opens empty: `was_of_another_method` says so, and its
works have to be put again. What was dropped stays in the files, as numbers without words, until a
quarter of the rows are; `compact` takes it away at once.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from funding.overlap.methods import DEFAULT, method_named
from funding.overlap.rows import DenseRows, Shelf, SparseRows, dot, weights_of
from funding.overlap.sketch import Codes, codes_of
from funding.overlap.storage import (
    State,
    new_name,
    read_part,
    read_state,
    saving,
    write_array,
    write_part,
    write_state,
)
from funding.overlap.works import Work

EXACT = 10_000
"""Most rows without codes: these are compared one by one."""

CANDIDATES = 25
"""Rows that the codes bring for each one asked for, to be compared exactly..."""

FEWEST = 200
"""...and at least so many."""

_AT_ONCE = 2_000
_COMPARED_AT_ONCE = 1_000
_LOOKED_UP_AT_ONCE = 250
_CODED_AT_ONCE = 5_000
_GROWN = 4
_MOST_PARTS = 16
_LIVELY = 0.75
_TRIES = 5


@dataclass(frozen=True)
class Near:
    """A work of the index, and how alike its text is: the cosine, from 0 to 1."""

    id: str
    similarity: float


@dataclass(frozen=True)
class Pair:
    """Two works of the index by id, `first` < `second`, and how alike their texts are."""

    first: str
    second: str
    similarity: float


def digest_of(work: Work) -> int:
    """64 bits that change when the text does; what has the same digest is not computed again."""
    text = work.words.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


class Index:
    """Not for several threads at once; several processes may read one folder, one may save."""

    def __init__(self, method: str = DEFAULT) -> None:
        self.method = method_named(method)
        self.was_of_another_method = False
        self.folder: Path | None = None
        self._generation = 0
        self._saved: list[str] = []
        self._shelf = Shelf(SparseRows if self.method.is_sparse else DenseRows)
        self._ids: list[str] = []
        self._digests = array("Q")
        self._row: dict[str, int] = {}
        self._holders: Any = None
        self._weights: Any = None
        self._newest: Any = None
        self._codes: Codes | None = None
        self._codes_name: str | None = None
        # what the codes were reckoned with: weights of that day, and of how many rows
        self._coded_with: Any = None
        self._coded_at = 0

    # -- its folder -----------------------------------------------------------------------------

    @classmethod
    def open(cls, folder: Path, method: str = DEFAULT) -> Index:
        """The index of a folder, made if it is not there; rows stay in their files."""
        for _ in range(_TRIES):
            try:
                return cls._read(folder, method)
            except FileNotFoundError:  # another process saved between the manifest and its files
                continue
        return cls._read(folder, method)

    @classmethod
    def _read(cls, folder: Path, method: str) -> Index:
        index = cls(method)
        index.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        state = read_state(folder)
        if state is None:
            return index
        index._generation = state.generation
        if state.fingerprint != index.fingerprint:
            index.was_of_another_method = True
            return index
        for name in state.parts:
            arrays, ids, digests = read_part(folder, name, index._shelf.kind.KEYS)
            index._shelf.add(index._shelf.kind(**arrays))
            index._ids += ids
            index._digests.extend(digests)
        index._saved = list(state.parts)
        gone = np.load(folder / f"{state.dropped}.npy") if state.dropped else np.empty(0, np.int64)
        kept = np.setdiff1d(np.arange(len(index._ids)), gone, assume_unique=True)
        index._row = {index._ids[row]: int(row) for row in kept}
        holders = np.load(folder / f"{state.dropped}.holders.npy")
        index._holders = holders if len(holders) else None
        if state.codes:
            index._codes, index._codes_name = Codes(), state.codes
            index._codes.add(np.load(folder / f"{state.codes}.npy"))
            index._coded_with = np.load(folder / f"{state.codes}.weights.npy")
            index._coded_at = state.coded_at
        return index

    @property
    def is_behind(self) -> bool:
        """Whether another process has saved since this was opened: then open it again."""
        state = read_state(self.folder) if self.folder else None
        return state is not None and state.generation != self._generation

    def save(self) -> None:
        """Write what changed; raises SavedMeanwhile, and ValueError without a folder."""
        if self.folder is None:
            raise ValueError("This index has no folder.")
        with saving(self.folder, self._generation):
            self._save(self.folder)

    def _save(self, folder: Path) -> None:
        if len(self._saved) >= _MOST_PARTS or len(self._row) < _LIVELY * len(self._ids):
            self.compact()
        self._shelf.join(len(self._saved))
        if len(self._shelf.parts) > len(self._saved):
            begin = self._shelf.ends[len(self._saved) - 1] if self._saved else 0
            name = new_name("rows")
            arrays = self._shelf.parts[-1].arrays()
            write_part(folder, name, arrays, self._ids[begin:], self._digests[begin:])
            self._saved.append(name)
        gone = np.ones(len(self._ids), dtype=bool)
        gone[list(self._row.values())] = False
        dropped = new_name("dropped")
        write_array(folder / f"{dropped}.npy", np.flatnonzero(gone))
        holders = np.empty(0, np.int64) if self._holders is None else self._holders
        write_array(folder / f"{dropped}.holders.npy", holders)
        if self._codes is not None and self._codes_name is None:
            self._codes_name = new_name("codes")
            write_array(folder / f"{self._codes_name}.npy", self._codes.array())
            write_array(folder / f"{self._codes_name}.weights.npy", self._coded_with)
        self._generation += 1
        state = State(
            self.fingerprint,
            self._generation,
            list(self._saved),
            dropped,
            self._codes_name,
            self._coded_at,
        )
        write_state(folder, state)

    def compact(self) -> None:
        """Leave out the rows that were dropped, and make one part of the rest."""
        rows = list(self._row.values())
        shelf = Shelf(self._shelf.kind)
        if rows:
            shelf.add(self._shelf.take(rows))
        self._shelf = shelf
        self._ids = [self._ids[row] for row in rows]
        self._digests = array("Q", [self._digests[row] for row in rows])
        self._row = {id_: at for at, id_ in enumerate(self._ids)}
        self._saved = []
        self._newest = None
        if self._codes is not None:
            kept = [row for row in rows if row < len(self._codes)]
            codes = self._codes.array()[kept]
            self._codes, self._codes_name = Codes(), None
            self._codes.add(codes)

    @property
    def fingerprint(self) -> str:
        return self.method.fingerprint

    def __len__(self) -> int:
        return len(self._row)

    def __contains__(self, id_: str) -> bool:
        return id_ in self._row

    def ids(self) -> list[str]:
        return list(self._row)

    # -- changing it ----------------------------------------------------------------------------

    def put(self, works: Iterable[Work]) -> int:
        """Add works, or replace by id; how many were new or had another text than before."""
        changed = 0
        batch: dict[str, tuple[Work, int]] = {}
        for work in works:
            digest = digest_of(work)
            row = self._row.get(work.id)
            if row is None or self._digests[row] != digest:
                batch[work.id] = (work, digest)
            if len(batch) == _AT_ONCE:
                changed += self._add(batch)
                batch = {}
        return changed + self._add(batch)

    def _add(self, batch: dict[str, tuple[Work, int]]) -> int:
        if batch:
            self.drop(batch)
            rows = self._shelf.kind.of(
                self.method.vectors([work.words for work, _ in batch.values()])
            )
            self._shelf.add(rows)
            self._count(rows, 1)
            for id_, (_, digest) in batch.items():
                self._row[id_] = len(self._ids)
                self._ids.append(id_)
                self._digests.append(digest)
            if len(self._ids) - self._coded > EXACT:
                self._give_codes()
        return len(batch)

    def drop(self, ids: Iterable[str]) -> int:
        """Take works out; ids that are not in it are passed over. How many went."""
        rows = [self._row.pop(id_) for id_ in dict.fromkeys(ids) if id_ in self._row]
        if rows:
            self._count(self._shelf.take(rows), -1)
        return len(rows)

    def _count(self, rows: Any, sign: int) -> None:
        found = sign * rows.holders()
        self._holders = found if self._holders is None else self._holders + found
        self._weights = self._newest = None

    @property
    def _coded(self) -> int:
        return 0 if self._codes is None else len(self._codes)

    def _give_codes(self) -> None:
        """Codes for every row; all anew when the index has become several times as large."""
        if self._codes is None or len(self._row) > _GROWN * self._coded_at:
            self._codes = Codes()
            self._coded_with, self._coded_at = self._weights_now(), len(self._row)
        for start in range(self._coded, len(self._ids), _CODED_AT_ONCE):
            rows = np.arange(start, min(start + _CODED_AT_ONCE, len(self._ids)))
            self._codes.add(codes_of(self._shelf.take(rows).ready(self._coded_with)))
        self._codes_name = self._newest = None

    # -- asking ---------------------------------------------------------------------------------

    def nearest(
        self, work: Work, count: int = 20, besides: Collection[str] = frozenset()
    ) -> list[Near]:
        """The works whose texts are most alike, itself and `besides` left out."""
        return self.nearest_of([work], count, besides)[0]

    def nearest_of(
        self, works: Sequence[Work], count: int = 20, besides: Collection[str] = frozenset()
    ) -> list[list[Near]]:
        """`nearest` for each of several works, in fewer steps."""
        found: list[list[Near]] = []
        at_once = _COMPARED_AT_ONCE if self._codes is None else _LOOKED_UP_AT_ONCE
        for start in range(0, len(works), at_once):
            some = works[start : start + at_once]
            found += self._nearest_rows(some, self._rows_of(some), count, besides)
        return found

    def _nearest_rows(
        self, works: Sequence[Work], asked: Any, count: int, besides: Collection[str]
    ) -> list[list[Near]]:
        if not self._row:
            return [[] for _ in works]
        ready = asked.ready(self._weights_now())
        rows, newest = self._newest_ready()
        alike = dot(ready, newest)
        if self._codes is not None:
            older = self._older(asked, count + len(besides))
            exact = dot(ready, self._shelf.take(older).ready(self._weights_now()))
            rows, alike = np.concatenate([older, rows]), np.concatenate([exact, alike], axis=1)
        return [
            self._best(rows, alike[at], count, {work.id, *besides}) for at, work in enumerate(works)
        ]

    def _older(self, asked: Any, count: int) -> Any:
        """Rows with codes that are candidates of any of those asked, in order."""
        most = max(FEWEST, CANDIDATES * count)
        near = np.unique(self._codes.nearest(codes_of(asked.ready(self._coded_with)), most))
        live = [self._row.get(self._ids[row]) == row for row in near]
        return near[np.array(live, dtype=bool)]

    def _rows_of(self, works: Sequence[Work]) -> Any:
        """Their rows: those that the index has with this text, the others computed."""
        known = {}
        for at, work in enumerate(works):
            row = self._row.get(work.id)
            if row is not None and self._digests[row] == digest_of(work):
                known[at] = row
        parts, order = [], []
        if known:
            parts.append(self._shelf.take(list(known.values())))
            order += known
        new = [at for at in range(len(works)) if at not in known]
        if new:
            parts.append(self._shelf.kind.of(self.method.vectors([works[at].words for at in new])))
            order += new
        return self._shelf.kind.joined(parts).take(np.argsort(order))

    def _best(self, rows: Any, alike: Any, count: int, besides: Collection[str]) -> list[Near]:
        most = min(count + len(besides), len(rows))
        best = np.argpartition(-alike, most - 1)[:most] if most else ()
        found = [
            Near(id_, round(min(1.0, float(alike[at])), 4))
            for at in best
            if alike[at] > 0 and (id_ := self._ids[rows[at]]) not in besides
        ]
        return sorted(found, key=lambda n: (-n.similarity, n.id))[:count]

    def _weights_now(self) -> Any:
        if self._weights is None:
            self._weights = weights_of(self._holders, len(self._row))
        return self._weights

    def _newest_ready(self) -> tuple[Any, Any]:
        """Numbers of the rows without codes, and these rows made ready."""
        if self._newest is None:
            coded = self._coded
            live = [
                row for row in range(coded, len(self._ids)) if self._row.get(self._ids[row]) == row
            ]
            rows = np.array(live, dtype=np.int64)  # of this kind even where there is none
            self._newest = (rows, self._shelf.take(rows).ready(self._weights_now()))
        return self._newest  # type: ignore[no-any-return]

    def similarity(self, first: Work, second: Work) -> float:
        """How alike two texts are, whether the works are in the index or not."""
        vectors = self._rows_of([first, second])
        if self._holders is None:
            weights = np.ones(len(vectors.holders()), dtype=np.float32)
        else:
            weights = self._weights_now()
        ready = vectors.ready(weights)
        return round(max(0.0, min(1.0, float(dot(ready[:1], ready[1:])[0, 0]))), 4)

    def alike(self, works: Sequence[Work], threshold: float, count: int) -> list[Pair]:
        """Pairs at or above the threshold among each work's nearest, most alike first."""
        found: dict[tuple[str, str], float] = {}
        for work, nearest in zip(works, self.nearest_of(works, count), strict=True):
            for near in nearest:
                if near.similarity >= threshold:
                    pair = (min(work.id, near.id), max(work.id, near.id))
                    found[pair] = near.similarity
        pairs = [Pair(*pair, similarity) for pair, similarity in found.items()]
        return sorted(pairs, key=lambda p: (-p.similarity, p.first, p.second))
