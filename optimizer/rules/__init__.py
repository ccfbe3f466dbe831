"""Rules of allocation: one file a rule, all with one signature, from the same round to whole lines.

`(pairs, floors, gap, clock) -> Found`: `pairs` is the round in arrays (pairs.py), `floors` the
least value promised to funders in minor units, `gap` the relative gap asked for, `clock` the time
left and who listens. The limits of lines and of single proposals hold for every rule; `maxmin` and
`welfare` promise every limit of the round, the others only those (problem.LINES_ONLY), and `check`
lists what else their plans do not keep.

The value of a Found is its lines' value as docs/format.md defines it, whatever the rule aims at; no
plan that keeps the limits which the rule promises is worth more than its bound.
"""

from __future__ import annotations

from collections.abc import Callable

from optimizer.clock import Clock
from optimizer.found import Found
from optimizer.pairs import Pairs
from optimizer.rules.equal_shares import equal_shares
from optimizer.rules.greedy import greedy
from optimizer.rules.maxmin import maxmin
from optimizer.rules.nash import nash
from optimizer.rules.pro_rata import pro_rata
from optimizer.rules.s_process import s_process
from optimizer.search import best_lines

Rule = Callable[[Pairs, dict[str, float], float, Clock], Found]

RULES: dict[str, Rule] = {
    "welfare": best_lines,
    "maxmin": maxmin,
    "nash": nash,
    "equal-shares": equal_shares,
    "s-process": s_process,
    "greedy": greedy,
    "pro-rata": pro_rata,
}
