"""Rows of an index: packed for a file, taken out by place, and made ready to be compared.

Sparse rows (counts of hashed groups of letters) are kept as one number a group: its place in the
lower bits, its count above. What a group weighs is reckoned when rows are compared, from how many
rows hold it today, so that no row has to be written again because others came. Dense rows are
vectors of length 1, kept as half-width floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
import scipy.sparse as sp

from funding.overlap.characters import BITS

_PLACES = (1 << BITS) - 1
_MOST = (1 << (32 - BITS)) - 1
_A_FEW = 10
_FEW_ROWS = 8
_LOG = np.concatenate(([0.0], 1 + np.log(np.arange(1, _MOST + 1)))).astype(np.float32)


class SparseRows:
    """`packed` numbers of all rows one after another; row k is `starts[k]` to `starts[k + 1]`."""

    KEYS = ("packed", "starts")

    def __init__(self, packed: Any, starts: Any) -> None:
        self.packed, self.starts = packed, starts

    def __len__(self) -> int:
        return len(self.starts) - 1

    @classmethod
    def of(cls, vectors: Any) -> SparseRows:
        counts = np.minimum(vectors.data, _MOST).astype(np.uint32) << np.uint32(BITS)
        return cls(counts | vectors.indices.astype(np.uint32), vectors.indptr.astype(np.int64))

    @classmethod
    def joined(cls, parts: Sequence[SparseRows]) -> SparseRows:
        lengths = [np.diff(part.starts) for part in parts]
        starts = np.concatenate(([0], np.cumsum(np.concatenate(lengths)))).astype(np.int64)
        return cls(np.concatenate([part.packed for part in parts]), starts)

    def take(self, places: Any) -> SparseRows:
        places = np.asarray(places, dtype=np.int64)
        lengths = self.starts[places + 1] - self.starts[places]
        starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        pieces = [self.packed[self.starts[at] : self.starts[at + 1]] for at in places]
        return SparseRows(np.concatenate(pieces) if pieces else np.empty(0, np.uint32), starts)

    def holders(self) -> Any:
        """Of each place, in how many of these rows it occurs."""
        return np.bincount(self.packed & np.uint32(_PLACES), minlength=1 << BITS)

    def ready(self, weights: Any) -> Any:
        """A sparse matrix with rows of length 1; what holds nothing of weight stays 0."""
        places = (self.packed & np.uint32(_PLACES)).astype(np.int32)
        values = _LOG[self.packed >> np.uint32(BITS)] * weights[places]
        rows = np.repeat(np.arange(len(self)), np.diff(self.starts))
        lengths = np.sqrt(np.bincount(rows, values * values, minlength=len(self)))
        scale = np.divide(1, lengths, out=np.zeros(len(self)), where=lengths > 0)
        values *= scale[rows].astype(np.float32)
        return sp.csr_matrix((values, places, self.starts), shape=(len(self), 1 << BITS))

    def arrays(self) -> dict[str, Any]:
        return {"packed": self.packed, "starts": self.starts}


class DenseRows:
    """One vector of length 1 a row; a text without words has a row of zeros."""

    KEYS = ("vectors",)

    def __init__(self, vectors: Any) -> None:
        self.vectors = vectors

    def __len__(self) -> int:
        return len(self.vectors)

    @classmethod
    def of(cls, vectors: Any) -> DenseRows:
        return cls(np.asarray(vectors, dtype=np.float16))

    @classmethod
    def joined(cls, parts: Sequence[DenseRows]) -> DenseRows:
        return cls(np.concatenate([part.vectors for part in parts]))

    def take(self, places: Any) -> DenseRows:
        return DenseRows(self.vectors[np.asarray(places, dtype=np.int64)])

    def holders(self) -> Any:
        return np.zeros(1, dtype=np.int64)

    def ready(self, weights: Any) -> Any:
        return np.asarray(self.vectors, dtype=np.float32)

    def arrays(self) -> dict[str, Any]:
        return {"vectors": self.vectors}


Rows = SparseRows | DenseRows


def weights_of(holders: Any, rows: int) -> Any:
    """What each place tells: the fewer of the rows hold it the more; nothing where a quarter do."""
    weights = np.log((1 + rows) / (1 + holders)) + 1
    weights[holders > max(_A_FEW, rows // 4)] = 0
    return weights.astype(np.float32)


def dot(one: Any, other: Any) -> Any:
    """Cosine of each row of `one` with each of `other`, both made ready: an array."""
    if not sp.issparse(one):
        return one @ other.T
    if one.shape[0] > _FEW_ROWS:
        return (other @ one.T).toarray().T
    # a few rows laid out in full are quicker than any product of sparse matrices
    found = np.zeros((one.shape[0], other.shape[0]), dtype=np.float32)
    for at in range(one.shape[0]):
        full = np.zeros(one.shape[1], dtype=np.float32)
        begin, end = one.indptr[at], one.indptr[at + 1]
        full[one.indices[begin:end]] = one.data[begin:end]
        found[at] = other @ full
    return found


class Shelf:
    """Parts of rows numbered through: what was read from files first, then what was added."""

    def __init__(self, kind: type[SparseRows] | type[DenseRows]) -> None:
        self.kind = kind
        self.parts: list[Any] = []
        self.ends: list[int] = []

    def __len__(self) -> int:
        return self.ends[-1] if self.ends else 0

    def add(self, part: Rows) -> None:
        self.parts.append(part)
        self.ends.append(len(self) + len(part))

    def take(self, numbers: Any) -> Rows:
        """These rows in this order."""
        numbers = np.asarray(numbers, dtype=np.int64)
        owner = np.searchsorted(self.ends, numbers, side="right")
        begins = np.concatenate(([0], self.ends))
        pieces = []
        for part, run in groupby(range(len(numbers)), key=lambda at: int(owner[at])):
            chosen = numbers[list(run)] - begins[part]
            pieces.append(self.parts[part].take(chosen))
        if not pieces:
            return self.parts[0].take([])
        return self.kind.joined(pieces) if len(pieces) > 1 else pieces[0]

    def join(self, since: int) -> None:
        """Make one part of all from this one on."""
        if len(self.parts) - since > 1:
            whole = self.kind.joined(self.parts[since:])
            del self.parts[since:], self.ends[since:]
            self.add(whole)
