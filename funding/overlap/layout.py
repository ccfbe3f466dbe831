"""Places on a plane: works near to those whose texts are alike, funders near to whom they pay.

Drawn once, in the background, and kept: the same works in the same order get the same places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from funding.overlap.methods import method_named

_DIMENSIONS = 50
_NEIGHBOURS = 20
_FEW = 5
_SEED = 7
_STRIP = 0.16  # of the height, for small parts of a network
_EDGE = 0.02  # else a few far out leave the rest no room


def places_of(texts: Sequence[str], method: str) -> list[tuple[float, float]]:
    """A place from 0 to 1 in both directions for each text; alike texts are near each other."""
    if len({text.strip() for text in texts} - {""}) < _FEW:  # nothing to tell apart
        return _spread([(float(at), float(at % 2)) for at in range(len(texts))])
    # here, since they take seconds to load and only a worker draws
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.manifold import TSNE

    method_used = method_named(method)
    rows: Any = method_used.vectors(texts)
    if method_used.is_sparse:
        rows = rows[:, np.unique(rows.indices)]  # what no text has needs no column
        rows = TfidfTransformer(sublinear_tf=True).fit_transform(rows)
        wanted = max(1, min(_DIMENSIONS, len(texts) - 1, rows.shape[1] - 1))
        rows = TruncatedSVD(wanted, random_state=_SEED).fit_transform(rows)
    # a text without words has no direction: it gets one of its own, so that distances are defined
    empty = ~np.asarray(rows).any(axis=1)
    rows = np.array(rows, dtype=np.float64)
    rows[empty, 0] = 1e-3
    drawn = TSNE(
        perplexity=min(_NEIGHBOURS, (len(texts) - 1) / 3),
        init="random",
        metric="cosine",
        random_state=_SEED,
        n_jobs=1,
    ).fit_transform(rows)
    return _spread([(float(x), float(y)) for x, y in drawn])


def network_of(links: Mapping[tuple[str, str], float]) -> dict[str, tuple[float, float]]:
    """A place from 0 to 1 for each end of a link; the heavier a link, the nearer its ends."""
    import networkx

    if not links:
        return {}
    graph = networkx.Graph()
    heaviest = max(links.values(), default=1.0) or 1.0
    for (one, other), weight in sorted(links.items()):
        graph.add_edge(one, other, weight=0.1 + weight / heaviest)
    # each part by itself: what hangs together with nothing else would push the rest aside
    largest, *others = sorted(map(sorted, networkx.connected_components(graph)), key=_by_size)
    below = _STRIP if others else 0.0
    places = {n: (x, below + y * (1 - below)) for n, (x, y) in _drawn(graph, largest).items()}
    for number, names in enumerate(others):
        for name, (x, y) in _drawn(graph, names).items():
            places[name] = ((number + 0.1 + 0.8 * x) / len(others), y * _STRIP / 2)
    return {name: (round(x, 4), round(y, 4)) for name, (x, y) in sorted(places.items())}


def _by_size(names: Sequence[str]) -> tuple[int, Sequence[str]]:
    return -len(names), names


def _drawn(graph: Any, names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """The places of a part of the network that hangs together, from 0 to 1."""
    import networkx

    part = networkx.Graph()
    part.add_nodes_from(names)  # in this order, whatever that of a view is
    part.add_edges_from(graph.subgraph(names).edges(data=True))
    drawn = networkx.spring_layout(part, seed=_SEED, iterations=100)
    spread = _spread([(float(drawn[name][0]), float(drawn[name][1])) for name in names])
    return dict(zip(names, spread, strict=True))


def groups_of(pairs: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Works that hang together by pairs: each group sorted, the largest first."""
    import networkx

    groups = networkx.connected_components(networkx.Graph(list(pairs)))
    return sorted((sorted(group) for group in groups), key=lambda g: (-len(g), g))


def _spread(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The same places, from 0 to 1 in both directions; what lies far out stands at the edge."""
    if not places:
        return []
    rows = np.array(places, dtype=np.float64)
    least, most = np.quantile(rows, (_EDGE, 1 - _EDGE), axis=0)
    size = np.where(most > least, most - least, 1.0)
    inside = np.clip((rows - least) / size, 0.0, 1.0)
    return [(round(float(x), 4), round(float(y), 4)) for x, y in inside]
