"""A scenario made of what a study found, so that solving it gives that portfolio."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import NotFound, RuleBroken
from funding.models import Pin, Proposal, RunState, Scenario, Study
from funding.permissions import Actor, fetch, visible_proposals, visible_studies
from funding.services.log import record
from funding.services.scenarios import LONGEST_NAME, create_scenario, policy_of


def scenario_of_portfolio(
    session: Session, *, by: Actor, study_id: int, number: int, name: str
) -> Scenario:
    """A copy of the run's scenario in which every proposal is pinned as a portfolio has it.

    Raises NotFound, NotPermitted, and RuleBroken for somebody who may not see all proposals.
    """
    study, found = _found(session, by, study_id, "alternatives", "portfolios", number)
    totals: Mapping[str, int] = found["plan"]["totals"]
    scenario = _copy(session, by, study, name)
    visible = visible_proposals(by).where(Proposal.round_id == scenario.round_id)
    ids = dict(session.execute(visible.with_only_columns(Proposal.key, Proposal.id)).all())
    candidates = [p["id"] for p in (study.run.problem or {})["proposals"]]
    if not ids.keys() >= set(candidates):
        raise RuleBroken(
            "This portfolio decides on proposals that you may not see, so a colleague has to make"
            " the scenario."
        )
    for pin in [pin for pin in scenario.pins if pin.commitment_id is None]:
        scenario.pins.remove(pin)
    session.flush()
    reason = f"As in the portfolio “{name}”"
    for key in candidates:
        amount = totals.get(key)
        scenario.pins.append(
            Pin(
                proposal_id=ids[key],
                amount=amount or None,
                funded=None if amount else False,
                reason=reason,
            )
        )
    record(session, by, "pins set", scenario, round_id=scenario.round_id, study_id=study_id)
    return scenario


def scenario_of_point(
    session: Session, *, by: Actor, study_id: int, number: int, name: str
) -> Scenario:
    """A copy of the run's scenario with the weights that led to a point of the frontier.

    Raises NotFound, NotPermitted.
    """
    study, found = _found(session, by, study_id, "frontier", "points", number)
    scenario = _copy(session, by, study, name)
    weight = policy_of(scenario).get("overlap_weight", 1.0) * found["overlap"]
    scenario.policy = {**scenario.policy, "overlap_weight": weight}
    needs = dict(scenario.needs)
    for area in (study.run.problem or {})["areas"]:
        steps = [[s["width"], s["weight"] * found["coverage"]] for s in area.get("steps", ())]
        if steps and found["coverage"] != 1:
            needs[area["id"]] = {**needs.get(area["id"], {}), "steps": steps}
    scenario.needs = needs
    record(session, by, "weights set", scenario, round_id=scenario.round_id, study_id=study_id)
    return scenario


def _found(
    session: Session, by: Actor, study_id: int, kind: str, part: str, number: int
) -> tuple[Study, dict[str, Any]]:
    """A finished study of this kind, and one entry of what it found."""
    study: Study = fetch(session, visible_studies(by), study_id, "study")
    entries = (study.result or {}).get(part, []) if study.kind == kind else []
    if study.state != RunState.DONE or not 0 <= number < len(entries):
        raise NotFound("result")
    return study, entries[number]


def _copy(session: Session, by: Actor, study: Study, name: str) -> Scenario:
    source = study.run.scenario
    return create_scenario(
        session,
        by=by,
        round_id=source.round_id,
        name=_free_name(session, source.round_id, name),
        note=f"Made from “{source.name}”.",
        copy_of=source.id,
    )


def _free_name(session: Session, round_id: int, name: str) -> str:
    """The name, or with the next number where the round has a scenario of it."""
    taken = set(session.scalars(sa.select(Scenario.name).where(Scenario.round_id == round_id)))
    name = name.strip()[: LONGEST_NAME - 6] or "Portfolio"
    candidates = (name, *(f"{name} ({n})" for n in range(2, len(taken) + 3)))
    return next(candidate for candidate in candidates if candidate not in taken)
