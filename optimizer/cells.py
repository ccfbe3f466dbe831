"""A cover of the eligible pairs by cells, so that money needs no identity on its way.

Proposals that the same commitments may pay, without a limit on the single pair, form a class.
Money flows commitment -> (hub ->) class -> proposal; a hub is a set of commitments that may all
pay the same set of classes, a biclique of the eligibility matrix. Pairs that need something of
their own (a cap below the ask, a locked line, a variable for taking part) stay explicit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.pairs import Pairs

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Hub:
    """Commitments that may all pay all of these classes."""

    commitments: tuple[int, ...]
    classes: tuple[int, ...]


@dataclass(frozen=True)
class Cells:
    """`classes[k]`: proposals; `direct`: (commitment, class) arcs that no hub carries.

    `explicit[p]`: commitments whose money for proposal p has a variable of its own.
    """

    classes: tuple[tuple[int, ...], ...]
    hubs: tuple[Hub, ...]
    direct: tuple[tuple[int, int], ...]
    explicit: tuple[tuple[int, ...], ...]


def cover(pairs: Pairs, own: Mask | None = None) -> Cells:
    """Cells for every eligible pair; `own` marks pairs that must be explicit besides the capped.

    A cap at or above what the proposal can get, or the commitment can give, binds nothing.
    """
    eligible: Mask = pairs.cap > 0
    enough = np.minimum(pairs.ask[np.newaxis, :], pairs.budget[:, np.newaxis])
    explicit: Mask = eligible & (pairs.cap < enough)
    if own is not None:
        explicit |= eligible & own
    for c, p in pairs.fixed:
        explicit[c, p] = eligible[c, p]
    shared = eligible & ~explicit
    classes, matrix = _classes(shared)
    hubs, rest = _hubs(matrix)
    direct = tuple((int(c), int(k)) for k, c in np.argwhere(rest.T))
    return Cells(
        classes=classes,
        hubs=hubs,
        direct=direct,
        explicit=tuple(tuple(np.flatnonzero(column).tolist()) for column in explicit.T),
    )


def _classes(shared: Mask) -> tuple[tuple[tuple[int, ...], ...], Mask]:
    """Proposals grouped by the set of commitments that may pay them, and that set by class."""
    members = np.flatnonzero(shared.any(axis=0))
    if members.size == 0:
        return (), np.zeros((len(shared), 0), dtype=bool)
    packed = np.ascontiguousarray(np.packbits(shared[:, members], axis=0).T)
    _, first, inverse = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(inverse.ravel(), kind="stable")
    ends = np.cumsum(np.bincount(inverse.ravel()))[:-1]
    groups = [tuple(members[group].tolist()) for group in np.split(order, ends)]
    by_first = sorted(range(len(groups)), key=lambda k: groups[k][0])
    columns: Mask = shared[:, members[first[by_first]]]
    return tuple(groups[k] for k in by_first), columns


def _hubs(matrix: Mask) -> tuple[tuple[Hub, ...], Mask]:
    """Bicliques taken greedily while each saves arcs, and the entries left over.

    A hub over m commitments and n classes needs m + n arcs in place of m n. Each is grown from
    the two commitments with most classes in common; ties go to the first in order.
    """
    rest = matrix.copy()
    hubs: list[Hub] = []
    common = rest.astype(np.int32) @ rest.T.astype(np.int32)
    np.fill_diagonal(common, 0)
    while common.size:
        a, b = np.unravel_index(int(np.argmax(common)), common.shape)
        sources, classes = _grow(rest, int(a), int(b))
        if len(sources) * int(classes.sum()) <= len(sources) + int(classes.sum()) + 2:
            break
        hubs.append(Hub(tuple(sorted(sources)), tuple(np.flatnonzero(classes).tolist())))
        rest[np.ix_(np.array(sources), np.flatnonzero(classes))] = False
        common[sources, :] = rest[sources].astype(np.int32) @ rest.T.astype(np.int32)
        common[:, sources] = common[sources, :].T
        np.fill_diagonal(common, 0)
    return tuple(hubs), rest


def _grow(rest: Mask, a: int, b: int) -> tuple[list[int], Mask]:
    """Two commitments and their common classes, widened by others while that saves arcs."""
    sources = [a, b]
    classes: Mask = rest[a] & rest[b]
    while True:
        kept = (rest & classes).sum(axis=1)
        kept[sources] = -1
        c = int(np.argmax(kept))
        now = len(sources) * int(classes.sum()) - len(sources) - int(classes.sum())
        then = (len(sources) + 1) * int(kept[c]) - len(sources) - 1 - int(kept[c])
        if kept[c] <= 0 or then < now:
            return sources, classes
        sources.append(c)
        classes = classes & rest[c]
