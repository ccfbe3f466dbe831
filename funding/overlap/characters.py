"""The method `characters`: how often each group of letters occurs, counted by its hash.

Groups of 3 to 5 signs within a word (its edges count as a space), and pairs where a script puts
no spaces between words. They see through endings and word order and need no dictionary of any
language; what they cannot see is the same idea in wholly other words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from funding.overlap.texts import plain

BITS = 20
"""Hashes are this wide: 2^20 places, so that two groups seldom share one."""

FINGERPRINT = f"characters-1-{BITS}"
_GROUPS = (3, 4, 5)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_TURN = np.uint64(0xC2B2AE3D27D4EB4F)
_SPACE = ord(" ")
_SIGNS_AT_ONCE = 2_000_000


class Characters:
    """Counts of hashed groups of letters; rows of whole numbers, weighted by who holds them."""

    name = "characters"
    fingerprint = FINGERPRINT
    is_sparse = True

    def vectors(self, texts: Sequence[str]) -> Any:
        """One sparse row of counts a text, 2^20 wide; a text without words is an empty row."""
        parts, batch, size = [], [], 0
        for text in texts:
            batch.append(f" {plain(text)} ")
            size += len(batch[-1])
            if size > _SIGNS_AT_ONCE:
                parts.append(_counted(batch))
                batch, size = [], 0
        parts.append(_counted(batch))
        return sp.vstack(parts, format="csr")


def _counted(texts: Sequence[str]) -> Any:
    lengths = np.fromiter((len(text) for text in texts), dtype=np.int64, count=len(texts))
    signs = np.frombuffer("".join(texts).encode("utf-32-le"), dtype=np.uint32)
    rows = np.repeat(np.arange(len(texts), dtype=np.uint64), lengths)
    is_space = signs == _SPACE
    keys = []
    for width in _GROUPS:
        if len(signs) < width:
            continue
        starts = len(signs) - width + 1
        # within one text and one word: a space only at the edges
        fits = rows[:starts] == rows[width - 1 :]
        for at in range(1, width - 1):
            fits &= ~is_space[at : at + starts]
        keys.append(_keys(signs, rows, np.flatnonzero(fits), width))
    if len(signs) > 1:
        unspaced = _is_unspaced(signs)
        pairs = np.flatnonzero(unspaced[:-1] & unspaced[1:] & (rows[:-1] == rows[1:]))
        keys.append(_keys(signs, rows, pairs, 2))
    every = np.concatenate(keys) if keys else np.empty(0, np.uint64)
    found, counts = np.unique(every, return_counts=True)
    width = 1 << BITS
    indptr = np.searchsorted(found, np.arange(len(texts) + 1, dtype=np.uint64) << np.uint64(BITS))
    indices = (found & np.uint64(width - 1)).astype(np.int32)
    return sp.csr_matrix((counts.astype(np.float32), indices, indptr), shape=(len(texts), width))


def _keys(signs: Any, rows: Any, starts: Any, width: int) -> Any:
    """Row and hash of each group in one number; the hash of a group is the same in any text."""
    hashed = np.full(len(starts), width, dtype=np.uint64)
    for at in range(width):
        hashed = (hashed ^ signs[starts + at].astype(np.uint64)) * _MIX
        hashed ^= hashed >> np.uint64(29)
    hashed = (hashed * _TURN) >> np.uint64(64 - BITS)
    return (rows[starts] << np.uint64(BITS)) | hashed


def _is_unspaced(signs: Any) -> Any:
    """Whether a sign belongs to a script that puts no spaces between words."""
    return (
        ((signs >= 0x0E00) & (signs <= 0x0EFF))
        | ((signs >= 0x1000) & (signs <= 0x109F))
        | ((signs >= 0x1780) & (signs <= 0x17FF))
        | ((signs >= 0x3040) & (signs <= 0x30FF))
        | ((signs >= 0x3400) & (signs <= 0x4DBF))
        | ((signs >= 0x4E00) & (signs <= 0x9FFF))
    )
