"""An index of works by their texts: put, drop, ask for the nearest, keep in a folder.

```python
index = Index.open(folder, "characters")     # or Index("characters"), in memory only
index.put(works)                             # adds, or replaces by id; same text: nothing to do
index.nearest(work, count=20)                # [Near(id, similarity)], most alike first
index.save()
```

`similarity` is the exact cosine of the two texts in the method's own space, from 0 to 1. Up to
`EXACT` rows are all compared; above that, an approximate search brings candidates of the rows it
covers, and the newest ones are still all compared. `nearest` needs no `put` first and changes
nothing, so the site may ask while a worker alone puts, drops and saves.

In the folder, `index.json` names the files of the one whole state; `save` writes new files first
and then replaces it in one step, so that what is half-written is never opened. A folder of
another method, or of another version of it, opens empty: `was_of_another_method` says so, and its
works have to be put again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from funding.overlap.methods import DEFAULT, method_named
from funding.overlap.rows import DenseRows, Shelf, SparseRows, dot, weights_of
from funding.overlap.storage import (
    State,
    new_name,
    read_part,
    read_state,
    saving,
    write_part,
    write_state,
)
from funding.overlap.works import Work

_AT_ONCE = 2_000
_COMPARED_AT_ONCE = 256
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


def digest_of(work: Work) -> str:
    """Changes when the text does; what has the same digest is not computed again."""
    return hashlib.blake2b(work.words.encode("utf-8", "replace"), digest_size=8).hexdigest()


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
        self._digests: list[str] = []
        self._row: dict[str, int] = {}
        self._holders: Any = None
        self._ready: Any = None

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
            arrays, (ids, digests) = read_part(folder, name, index._shelf.kind.KEYS)
            index._shelf.add(index._shelf.kind(**arrays))
            index._ids += ids
            index._digests += digests
        index._saved = list(state.parts)
        gone = np.load(folder / f"{state.dropped}.npy") if state.dropped else np.empty(0, np.int64)
        kept = np.setdiff1d(np.arange(len(index._ids)), gone, assume_unique=True)
        index._row = {index._ids[row]: int(row) for row in kept}
        holders = np.load(folder / f"{state.dropped}.holders.npy")
        index._holders = holders if len(holders) else None
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
            self._rewrite()
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
        np.save(folder / f"{dropped}.npy", np.flatnonzero(gone))
        holders = np.empty(0, np.int64) if self._holders is None else self._holders
        np.save(folder / f"{dropped}.holders.npy", holders)
        self._generation += 1
        write_state(folder, State(self.fingerprint, self._generation, list(self._saved), dropped))

    def _rewrite(self) -> None:
        """Leave out the rows that were dropped, and make one part of the rest."""
        rows = list(self._row.values())
        shelf = Shelf(self._shelf.kind)
        if rows:
            shelf.add(self._shelf.take(rows))
        self._shelf = shelf
        self._ids = [self._ids[row] for row in rows]
        self._digests = [self._digests[row] for row in rows]
        self._row = {id_: at for at, id_ in enumerate(self._ids)}
        self._saved = []
        self._ready = None

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
        batch: dict[str, tuple[Work, str]] = {}
        for work in works:
            digest = digest_of(work)
            row = self._row.get(work.id)
            if row is None or self._digests[row] != digest:
                batch[work.id] = (work, digest)
            if len(batch) == _AT_ONCE:
                changed += self._add(batch)
                batch = {}
        return changed + self._add(batch)

    def _add(self, batch: dict[str, tuple[Work, str]]) -> int:
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
        self._ready = None

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
        if not self._row:
            return [[] for _ in works]
        weights, rows, ready = self._made_ready()
        found = []
        for start in range(0, len(works), _COMPARED_AT_ONCE):
            some = works[start : start + _COMPARED_AT_ONCE]
            asked = self._shelf.kind.of(self.method.vectors([work.words for work in some]))
            for work, alike in zip(some, dot(asked.ready(weights), ready), strict=True):
                found.append(self._best(rows, alike, count, {work.id, *besides}))
        return found

    def _best(self, rows: Any, alike: Any, count: int, besides: Collection[str]) -> list[Near]:
        most = min(count + len(besides), len(rows))
        best = np.argpartition(-alike, most - 1)[:most]
        near = [
            Near(self._ids[rows[at]], round(min(1.0, float(alike[at])), 4))
            for at in best
            if alike[at] > 0 and self._ids[rows[at]] not in besides
        ]
        return sorted(near, key=lambda n: (-n.similarity, n.id))[:count]

    def _made_ready(self) -> tuple[Any, Any, Any]:
        if self._ready is None:
            rows = np.fromiter(self._row.values(), dtype=np.int64, count=len(self._row))
            weights = weights_of(self._holders, len(rows))
            self._ready = (weights, rows, self._shelf.take(rows).ready(weights))
        return self._ready

    def similarity(self, first: Work, second: Work) -> float:
        """How alike two texts are, whether the works are in the index or not."""
        weights = None if self._holders is None else weights_of(self._holders, len(self._row))
        vectors = self._shelf.kind.of(self.method.vectors([first.words, second.words]))
        if weights is None:
            weights = np.ones(len(vectors.holders()), dtype=np.float32)
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
