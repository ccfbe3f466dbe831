"""A step of a session kept as a scenario of its round."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import RuleBroken
from funding.language import gettext as _
from funding.models import LiveSession, Pin, Proposal, Scenario, StepState
from funding.permissions import Actor, fetch, visible_live_sessions
from funding.services.live.sessions import step_of
from funding.services.log import record
from funding.services.scenarios import create_scenario


def keep_step(
    session: Session, *, by: Actor, live_id: int, number: int | None, name: str
) -> Scenario:
    """A copy of the run's scenario with a step's weights, floors, caps and pins.

    What a commitment gives is no part of a scenario: the note says what was tried. Raises
    NotFound, NotPermitted, InvalidInput, RuleBroken.
    """
    live: LiveSession = fetch(session, visible_live_sessions(by), live_id, "session")
    step = step_of(session, live, -1 if number is None else number)
    if step.state != StepState.DONE:
        raise RuleBroken(_("This step has no plan to keep."))
    source = live.run.scenario
    note = _("Step %(step)s of the live session %(session)s.", step=number, session=live.id)
    if step.changes.get("amounts"):
        keys = ", ".join(sorted(step.changes["amounts"]))
        tried = _("Other amounts were tried of %(commitments)s.", commitments=keys)
        note = f"{note} {tried}"
    made = create_scenario(
        session, by=by, round_id=live.round_id, name=name, note=note, copy_of=source.id
    )
    made.needs = _needs(made.needs, live, step.changes)
    _pin(session, made, live, step.changes.get("pins", {}))
    record(session, by, "live step kept", made, round_id=live.round_id, number=number)
    return made


def _needs(before: dict[str, Any], live: LiveSession, changes: dict[str, Any]) -> dict[str, Any]:
    needs = {key: dict(of) for key, of in before.items()}
    for area in (live.run.problem or {})["areas"]:
        key = area["id"]
        times = changes.get("weights", {}).get(key)
        if times is not None:
            steps = [[step["width"], step["weight"] * times] for step in area.get("steps") or ()]
            needs.setdefault(key, {})["steps"] = steps
        for kind, field in (("floors", "floor"), ("caps", "cap")):
            if key in changes.get(kind, {}):
                needs.setdefault(key, {})[field] = changes[kind][key]
    return needs


def _pin(session: Session, made: Scenario, live: LiveSession, pins: dict[str, bool | None]) -> None:
    ids = dict(
        session.execute(
            sa.select(Proposal.key, Proposal.id).where(
                Proposal.round_id == live.round_id, Proposal.key.in_(sorted(pins))
            )
        ).all()
    )
    for pin in [pin for pin in made.pins if pin.proposal_id in ids.values()]:
        if pin.commitment_id is None:
            made.pins.remove(pin)
    session.flush()
    for key, funded in sorted(pins.items()):
        if funded is not None and key in ids:
            reason = _("Tried in the live session %(session)s", session=live.id)
            made.pins.append(Pin(proposal_id=ids[key], funded=funded, reason=reason))
