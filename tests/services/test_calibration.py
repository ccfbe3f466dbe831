"""Harsh and mild reviewers: found where they are, not where they are not, and never by force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from funding.db import Database
from funding.models import COUNTED_SCORE, Job, Proposal, ReviewerEffect, Score, with_effects
from funding.services.reviewing.calibration import MOST_AT_ONCE, TASK, calibrate, scores_changed
from funding.services.reviewing.harshness import estimate_effects
from funding.services.reviewing.settings import set_settings, settings_of
from funding.tasks import TASKS
from tests.review_scene import Scene, hand_in, make_scene


def simulated(
    *, spread: float, noise: float, seed: int, proposals: int = 150, reviewers: int = 12
) -> tuple[list[tuple[int, str, float]], np.ndarray, np.ndarray]:
    """Three of the reviewers for each proposal; (scores, true worths, true effects)."""
    random = np.random.default_rng(seed)
    worth = random.normal(65, 10, proposals)
    effect = random.normal(0, spread, reviewers) if spread else np.zeros(reviewers)
    scores = [
        (p, f"r{r:02}", float(worth[p] + effect[r] + random.normal(0, noise)))
        for p in range(proposals)
        for r in random.choice(reviewers, 3, replace=False)
    ]
    return scores, worth, effect


def test_effects_of_simulated_reviewers_are_found() -> None:
    scores, worth, effect = simulated(spread=6, noise=4, seed=3)
    found = estimate_effects(scores)
    estimated = np.array([found.of[f"r{r:02}"] for r in range(12)])
    centred = effect - effect.mean()
    assert np.abs(estimated - estimated.mean() - centred).max() < 2.0
    assert found.spread == pytest.approx(6, rel=0.5)
    assert found.noise == pytest.approx(4, rel=0.15)
    assert abs(estimated.sum()) < 1e-4  # only differences between reviewers can be known

    def off(scores: list[tuple[int, str, float]], effects: dict[str, float]) -> float:
        means = [
            np.mean([s - effects[r] for p, r, s in scores if p == place])
            for place in range(len(worth))
        ]
        return float(np.std(np.array(means) - worth))

    # calibrated means lie nearer to the truth than raw ones
    assert off(scores, found.of) < 0.8 * off(scores, dict.fromkeys(found.of, 0.0))


@pytest.mark.parametrize("seed", range(4))
def test_reviewers_alike_are_hardly_moved(seed: int) -> None:
    scores, _, _ = simulated(spread=0, noise=5, seed=seed)
    assert max(map(abs, estimate_effects(scores).of.values())) < 1.5


def test_who_shares_no_proposal_or_has_scored_little_is_drawn_to_nought() -> None:
    scores, _, _ = simulated(spread=6, noise=4, seed=5)
    alone = [*scores, (999, "alone", 5.0)]
    assert estimate_effects(alone).of["alone"] == 0
    others = [s for s in scores if s[0] == 0]
    mean = float(np.mean([s for _, _, s in others]))
    once = [*scores, (0, "once", mean - 30)]
    often = [*scores, *((p, "once", _mean(scores, p) - 30) for p in range(60))]
    assert estimate_effects(often).of["once"] < estimate_effects(once).of["once"] < 0


def _mean(scores: list[tuple[int, str, float]], proposal: int) -> float:
    return float(np.mean([s for p, _, s in scores if p == proposal]))


def test_the_order_of_the_scores_and_few_of_them_do_not_matter() -> None:
    scores, _, _ = simulated(spread=6, noise=4, seed=1, proposals=20)
    assert estimate_effects(scores) == estimate_effects(scores[::-1])
    assert estimate_effects([]).of == {}
    assert estimate_effects([(1, "a", 50.0)]).of == {"a": 0.0}
    assert set(estimate_effects([(1, "a", 50.0), (1, "b", 50.0)]).of.values()) == {0.0}


# -- in a round ---------------------------------------------------------------------------------


def harsh_and_mild(session: Any) -> Scene:
    """One reviewer gives each proposal far more than the other."""
    scene = make_scene(session, proposals=6)
    for proposal in range(6):
        hand_in(session, scene, proposal, 0, mark_idea="5", mark_team="4")
        hand_in(session, scene, proposal, 1, mark_idea="2", mark_team=f"{1 + proposal % 3}")
    return scene


def counted(database: Database) -> dict[tuple[int, str], float]:
    with database.reading() as session:
        query = sa.select(Score.proposal_id, Score.reviewer, COUNTED_SCORE).join(
            Proposal, Proposal.id == Score.proposal_id
        )
        return {(row[0], row[1]): row[2] for row in session.execute(with_effects(query))}


def test_the_round_says_whether_raw_or_calibrated_scores_count(each_database: Database) -> None:
    scene = each_database.in_transaction(harsh_and_mild)
    with each_database.reading() as session:
        raw = {(s.proposal_id, s.reviewer): s.score for s in session.scalars(sa.select(Score))}
        effects = {e.reviewer: e.effect for e in session.scalars(sa.select(ReviewerEffect))}
        settings = settings_of(session, scene.round.id)
    mild, harsh = (person.email for person in scene.reviewers)
    assert effects[mild] > 20
    assert effects[harsh] == pytest.approx(-effects[mild])
    assert counted(each_database) == raw
    each_database.in_transaction(
        set_settings,
        by=scene.owner,
        round_id=scene.round.id,
        version=settings.version,
        least=2,
        due_at=settings.due_at,
        remind_days=3,
        counts="calibrated",
    )
    for (proposal, reviewer), score in counted(each_database).items():
        assert score == pytest.approx(min(100, max(0, raw[proposal, reviewer] - effects[reviewer])))
    with each_database.reading() as session:  # what the reviewers said stays
        still = {(s.proposal_id, s.reviewer): s.score for s in session.scalars(sa.select(Score))}
    assert still == raw


def test_calibrating_again_changes_nothing(database: Database) -> None:
    scene = database.in_transaction(harsh_and_mild)
    first = database.in_transaction(calibrate, scene.round.id)
    assert database.in_transaction(calibrate, scene.round.id) == first


def test_with_many_reviewers_a_worker_calibrates_soon_and_once(database: Database) -> None:
    def crowd(session: Any) -> Scene:
        scene = make_scene(session)
        for number in range(MOST_AT_ONCE + 1):
            for proposal in scene.proposals:
                score = Score(proposal_id=proposal.id, reviewer=f"r{number}", score=number % 90)
                session.add(score)
        return scene

    scene = database.in_transaction(crowd)
    for _ in range(2):
        database.in_transaction(scores_changed, scene.round.id)
    with database.reading() as session:
        (job,) = session.scalars(sa.select(Job).where(Job.task == TASK))
        assert session.scalars(sa.select(ReviewerEffect)).first() is None
    TASKS[job.task](database, None, **job.arguments)
    with database.reading() as session:
        assert len(session.scalars(sa.select(ReviewerEffect)).all()) == MOST_AT_ONCE + 1
