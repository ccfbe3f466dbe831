"""Tiny rounds of three funders, and the most a group could gain by leaving: every amount tried."""

from __future__ import annotations

import random

import numpy as np

from optimizer.baselines import PROOF, others_leaving
from optimizer.clock import Clock
from optimizer.problem import Plan, Problem
from tests.optimizer.small_rounds import a_problem

FUNDERS = ("amber", "birch", "cedar")


def tiny_round(draw: random.Random) -> Problem:
    """Three funders, three proposals, amounts small enough to try them all."""
    weights = [0.1, 0.5, 1.0, 3.0]
    need = [{"width": 60, "weight": draw.choice([0.0, 1.0, 2.0])}]  # not the funders' own
    asks = {name: draw.randint(8, 30) for name in ("audit", "proof", "survey")}
    return a_problem(
        areas=[{"id": "theory", "steps": need}, {"id": "practice"}],
        commitments=[
            {"id": f"c-{name}", "funder": name, "amount": draw.randint(4, 20)} for name in FUNDERS
        ],
        funders=[
            {
                "id": name,
                "weights": {"theory": draw.choice(weights), "practice": draw.choice(weights)},
            }
            for name in FUNDERS
        ],
        proposals=[
            {
                "id": name,
                "ask": ask,
                "minimum": draw.choice([ask, ask, 1 + ask // 2]),
                "merit": draw.choice([0.3, 0.6, 0.9, 1.0]),
                "areas": {draw.choice(["theory", "practice"]): 1},
            }
            for name, ask in asks.items()
        ],
    )


def best_of_all(problem: Problem, plan: Plan, group: tuple[str, ...]) -> float:
    """The most by which the least gaining member could do better, by trying every amount."""
    others = others_leaving(problem, group, Clock.of(60.0), PROOF)
    had = np.array(others.totals)
    money = sum(c.amount for c in problem.commitments if c.funder in group)
    choices = []
    for p, proposal in enumerate(problem.proposals):
        least = 1 if had[p] else proposal.minimum
        choices.append(np.array([0, *range(least, proposal.ask - had[p] + 1)]))
    added = np.stack(np.meshgrid(*choices, indexing="ij"), axis=-1).reshape(-1, len(choices))
    added = added[added.sum(axis=1) <= money]
    before = np.array([plan.totals.get(p.id, 0) for p in problem.proposals])
    gains = []
    for name in group:
        weights = problem.funder_by_id[name].weights
        worth = [p.merit * weights[next(iter(p.areas))] for p in problem.proposals]
        gains.append((added + had - before) @ np.array(worth))
    return float(np.min(gains, axis=0).max())
