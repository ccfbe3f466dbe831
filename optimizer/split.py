"""Who pays: from each proposal's total to whole lines, few and always the same.

The order is this. Locked and least lines come first. Then proposals are taken by how few
commitments may pay them, the larger total first, ties by id; each is paid by one commitment if
one has enough, else by several, the commitment that may pay fewest proposals first, ties by id.
Where money is missing at the end it is moved along shortest chains (c pays p, so that c' need not
pay p and can pay p'). Last, every ring of lines is opened by moving money around it until a line
vanishes or meets a limit; what remains is a forest, so at most commitments + proposals - 1 lines
lie strictly within their limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from optimizer.pairs import Amounts, Pairs

Pair = tuple[int, int]


@dataclass(frozen=True)
class Split:
    """Lines by (commitment, proposal), minor units, and what no eligible money was left for."""

    lines: dict[Pair, int]
    missing: dict[int, int]


def split(
    pairs: Pairs,
    totals: Sequence[int],
    cap: Amounts | None = None,
    least: Mapping[Pair, int] | None = None,
) -> Split:
    """Lines that add up to `totals` as far as eligible money reaches; commitments not overdrawn.

    `cap` (pairs.cap where None) is the most of each line, 0 forbids it; `least` what given lines
    hold at least. Locked lines are always held. Tickets and co-funders are only held as far as
    `cap` and `least` say so. `missing` is empty if the totals are met; where money runs short,
    every minimum is met before any proposal gets more.
    """
    able = pairs.cap if cap is None else cap
    flow = _Flow(pairs, totals, able, least or {})
    flow.spread()
    if any(totals[p] - short < pairs.least[p] for p, short in flow.missing.items()):
        floor = pairs.least.tolist()
        for p in {p for _, p in flow.least}:
            floor[p] = max(floor[p], sum(v for (_, q), v in flow.least.items() if q == p))
        minimums = [min(total, lowest) for total, lowest in zip(totals, floor, strict=True)]
        flow = _Flow(pairs, minimums, able, least or {})
        flow.spread()
        flow.missing = {p: m + totals[p] - minimums[p] for p, m in flow.missing.items()}
        flow.spread()
    flow.open_rings()
    lines = {(c, p): amount for c, paid in enumerate(flow.paid) for p, amount in paid.items()}
    return Split(dict(sorted(lines.items())), {p: m for p, m in flow.missing.items() if m})


class _Flow:
    """The lines under construction. `room[p]` is a bit set of commitments that could pay more."""

    def __init__(
        self, pairs: Pairs, totals: Sequence[int], cap: Amounts, least: Mapping[Pair, int]
    ) -> None:
        funded = [p for p, total in enumerate(totals) if total]
        self.cap: dict[int, list[int]] = {p: cap[:, p].tolist() for p in funded}
        self.least = {**least, **pairs.fixed}
        self.most = dict(pairs.fixed)
        self.left: list[int] = pairs.budget.tolist()
        self.paid: list[dict[int, int]] = [{} for _ in self.left]
        self.missing = {p: totals[p] for p in funded}
        self.room = {
            p: sum(1 << c for c, most in enumerate(caps) if most) for p, caps in self.cap.items()
        }
        reach = (cap[:, funded] > 0).sum(axis=1) if funded else np.zeros(len(self.left))
        self.narrow_first = sorted(range(len(self.left)), key=lambda c: (int(reach[c]), c))
        for (c, p), amount in sorted(self.least.items()):
            if p in self.missing:
                self.pay(c, p, min(amount, self.missing[p], self.left[c]))
        self.order = sorted(funded, key=lambda p: (self.room[p].bit_count(), -totals[p], p))

    def space(self, c: int, p: int) -> int:
        """What commitment c could still add to proposal p, its budget aside."""
        most = self.most.get((c, p))
        if most is None:
            most = self.cap[p][c]
        return most - self.paid[c].get(p, 0)

    def pay(self, c: int, p: int, amount: int) -> None:
        """Move money on a line; negative takes back."""
        if amount:
            now = self.paid[c].get(p, 0) + amount
            if now:
                self.paid[c][p] = now
            else:
                del self.paid[c][p]
            self.left[c] -= amount
            self.missing[p] -= amount
        bit = 1 << c
        self.room[p] = self.room[p] | bit if self.space(c, p) > 0 else self.room[p] & ~bit

    def spread(self) -> None:
        """Pay what is missing: directly, then along chains."""
        self.place()
        self.chain()

    def place(self) -> None:
        """Each proposal from one commitment if one has enough, else from several."""
        for p in self.order:
            need = self.missing[p]
            able = [c for c in self.narrow_first if self.room[p] >> c & 1 and self.left[c]]
            whole = next((c for c in able if min(self.space(c, p), self.left[c]) >= need), None)
            for c in able if whole is None else [whole]:
                self.pay(c, p, min(self.space(c, p), self.left[c], self.missing[p]))
                if not self.missing[p]:
                    break

    def chain(self) -> None:
        """Meet what is missing along shortest chains of lines."""
        for p in self.order:
            while self.missing[p] and self._step(p):
                pass

    def _step(self, p: int) -> bool:
        """One chain from a commitment with money left to proposal p; False if there is none."""
        came: dict[int, Pair] = {}  # commitment: (the proposal it would pay, who paid that before)
        frontier = [c for c in self.narrow_first if self.room[p] >> c & 1]
        seen = 0
        for c in frontier:
            came[c] = (p, -1)
            seen |= 1 << c
        while frontier:
            for c in frontier:
                if self.left[c]:
                    self._push(came, c)
                    return True
            following: list[int] = []
            for c in frontier:
                for other in sorted(self.paid[c]):
                    fresh = self.room[other] & ~seen
                    if not fresh or not self._spare(c, other):
                        continue
                    seen |= fresh
                    while fresh:
                        d = (fresh & -fresh).bit_length() - 1
                        fresh &= fresh - 1
                        came[d] = (other, c)
                        following.append(d)
            frontier = following
        return False

    def _spare(self, c: int, p: int) -> int:
        """What line (c, p) holds above its least."""
        return self.paid[c].get(p, 0) - self.least.get((c, p), 0)

    def _push(self, came: dict[int, Pair], end: int) -> None:
        """Move as much as the chain that ends in commitment `end` lets through."""
        steps: list[tuple[int, int, int]] = []
        c = end
        while c >= 0:
            p, before = came[c]
            steps.append((c, p, before))
            c = before
        wanted = self.missing[steps[-1][1]]
        amount = min(wanted, self.left[end], *(self.space(c, p) for c, p, _ in steps))
        for _, p, before in steps:
            if before >= 0:
                amount = min(amount, self._spare(before, p))
        for c, p, before in steps:
            self.pay(c, p, amount)
            if before >= 0:
                self.pay(before, p, -amount)

    def open_rings(self) -> None:
        """Cancel every ring of lines that lie strictly within their limits."""
        payers: dict[int, list[int]] = {}
        for c, paid in enumerate(self.paid):
            for p in paid:
                payers.setdefault(p, []).append(c)
        tree: dict[int, set[int]] = {}  # nodes: commitments >= 0, proposals as ~p
        for p, several in sorted(payers.items()):
            if len(several) > 1:
                for c in several:
                    self._add_branch(tree, c, p)

    def _is_free(self, c: int, p: int) -> bool:
        return self._spare(c, p) > 0 and self.space(c, p) > 0

    def _add_branch(self, tree: dict[int, set[int]], c: int, p: int) -> None:
        """Add a line to the forest; while that closes a ring, move money around the ring."""
        while self._is_free(c, p):
            path = _path(tree, c, ~p)
            if path is None:
                tree.setdefault(c, set()).add(~p)
                tree.setdefault(~p, set()).add(c)
                return
            ring = [(c, p)]
            ring += [(a, ~b) if a >= 0 else (b, ~a) for a, b in pairwise(path)]
            self._turn(ring)
            for d, r in ring[1:]:
                if not self._is_free(d, r):
                    tree[d].discard(~r)
                    tree[~r].discard(d)

    def _turn(self, ring: list[Pair]) -> None:
        """Take from every other line and add to the rest, as the new line would best vanish."""
        falling, rising = ring[0::2], ring[1::2]
        if min(self._spare(c, p) for c, p in rising) < min(self._spare(c, p) for c, p in falling):
            falling, rising = rising, falling
        amount = min(
            min(self._spare(c, p) for c, p in falling), min(self.space(c, p) for c, p in rising)
        )
        for c, p in falling:
            self.pay(c, p, -amount)
        for c, p in rising:
            self.pay(c, p, amount)


def _path(tree: dict[int, set[int]], start: int, end: int) -> list[int] | None:
    """The nodes from start to end in the forest, or None if they hang on different trees."""
    if start not in tree or end not in tree:
        return None
    came = {start: start}
    stack = [start]
    while stack:
        node = stack.pop()
        if node == end:
            path = [node]
            while node != start:
                node = came[node]
                path.append(node)
            return path[::-1]
        for nearby in sorted(tree[node]):
            if nearby not in came:
                came[nearby] = node
                stack.append(nearby)
    return None
