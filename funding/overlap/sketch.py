"""Short codes of rows, so that a million can be looked through for candidates at once.

A row becomes 1,024 bits: on which side of 1,024 random planes it lies. The share of bits in which
two codes differ tells the angle between the rows, give or take a few degrees, so the rows whose
codes are nearest are candidates, to be compared exactly. 128 bytes a row stay in memory; faiss
counts the differing bits of a million in some ten milliseconds. Adding a row is appending its
code; nothing has to be trained or balanced. Why this and no graph: docs/decisions/0009.

Method: M. Charikar, Similarity estimation techniques from rounding algorithms, STOC 2002; sparse
rows are first folded by signed hashing (Weinberger et al., Feature hashing, ICML 2009).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import scipy.sparse as sp

BITS = 1024
BYTES = BITS // 8

_FOLDED = 4096
_ROWS_AT_ONCE = 4096


class Codes:
    """Codes of rows 0, 1, 2 ... in the order in which they were added."""

    def __init__(self) -> None:
        # here, since it takes a while to load and small sets never need it
        import faiss

        # one is enough for a million; several wait for one another on a busy machine
        faiss.omp_set_num_threads(1)
        self._codes = faiss.IndexBinaryFlat(BITS)

    def __len__(self) -> int:
        return int(self._codes.ntotal)

    def add(self, codes: Any) -> None:
        self._codes.add(np.ascontiguousarray(codes, dtype=np.uint8))

    def array(self) -> Any:
        import faiss

        return faiss.vector_to_array(self._codes.xb).reshape(len(self), BYTES)

    def nearest(self, codes: Any, count: int) -> Any:
        """Numbers of the rows whose codes are nearest, one list a code."""
        _, rows = self._codes.search(np.ascontiguousarray(codes), min(count, len(self)))
        return rows


def codes_of(ready: Any) -> Any:
    """The codes of rows made ready: an array of bytes, 128 a row."""
    parts = []
    for start in range(0, ready.shape[0], _ROWS_AT_ONCE):
        some = ready[start : start + _ROWS_AT_ONCE]
        if sp.issparse(some):
            some = _folded(some)
        parts.append(np.packbits(some @ _planes(some.shape[1]) > 0, axis=1))
    return np.concatenate(parts) if parts else np.empty((0, BYTES), np.uint8)


def _folded(rows: Any) -> Any:
    """Sparse rows on fewer places: which one, and with which sign, is hashed."""
    mixed = _mixed(rows.indices.astype(np.uint64))
    places = (mixed & np.uint64(_FOLDED - 1)).astype(np.int32)
    signs = np.where(mixed >> np.uint64(63), np.float32(1), np.float32(-1))
    return sp.csr_matrix((rows.data * signs, places, rows.indptr), shape=(rows.shape[0], _FOLDED))


@cache
def _planes(width: int) -> Any:
    """1,024 random directions; the same on any machine, since codes are kept in files."""
    places = np.arange(width * BITS // 64, dtype=np.uint64)
    bits = np.unpackbits(_mixed(places + np.uint64(1 << 40)).view(np.uint8))
    return (2 * bits.astype(np.float32) - 1).reshape(width, BITS)


def _mixed(numbers: Any) -> Any:
    """Each number scattered over 64 bits (splitmix64)."""
    with np.errstate(over="ignore"):
        mixed = (numbers + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
