"""Opening and closing a session, asking for a step, going back to one, keeping one as a scenario.

Every step is a row; the room looks at the session's current one. Changes of a step are all that
differs from the run, so that any step can be solved again from the run alone.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.formatting import format_figure
from funding.language import gettext as _
from funding.models import (
    LiveSession,
    LiveStep,
    Proposal,
    Round,
    RoundState,
    Run,
    RunState,
    StepState,
)
from funding.permissions import (
    Actor,
    fetch,
    visible_live_sessions,
    visible_proposals,
    visible_runs,
    working_rounds,
)
from funding.services.log import record
from funding.services.studies import OWN
from funding.studies.live import KEYS, STEP_KEYS

MOST_TIMES = 20.0
"""Times an area's needs may weigh more."""
MOST_STEPS = 500


def open_session(session: Session, *, by: Actor, round_id: int, run_id: int | None) -> LiveSession:
    """Open a session on a run that ended with a plan; step 0 is the run's own plan.

    Raises NotFound, NotPermitted, RuleBroken where one is open or the run is of another rule.
    """
    round_ = _led_round(session, by, round_id)
    if round_.state in (RoundState.DRAFT, RoundState.CLOSED):
        raise RuleBroken(_("A live session needs a round that is under way."))
    run: Run = fetch(session, visible_runs(by), run_id or 0, "run")
    if run.scenario.round_id != round_id or run.state != RunState.DONE or not run.plan:
        raise NotFound("run")
    if (run.plan or {}).get("rule", OWN) != OWN:
        raise RuleBroken(_("A live session needs a result that looks for the most value."))
    if open_of(session, round_id) is not None:
        raise RuleBroken(_("A live session of this round is open already."))
    made = LiveSession(round_id=round_id, run_id=run_id, opened_by_id=by.person_id)
    session.add(made)
    session.flush()
    session.add(
        LiveStep(
            session_id=made.id,
            number=0,
            state=StepState.DONE,
            result={key: run.plan[key] for key in STEP_KEYS},
            seconds=0.0,
            asked_by_id=by.person_id,
            solved_at=now(),
        )
    )
    record(session, by, "live session opened", made, round_id=round_id, run_id=run_id)
    return made


def _led_round(session: Session, by: Actor, round_id: int) -> Round:
    """The round, where the person leads its meetings: of its owner, or an officer in it."""
    round_: Round = fetch(session, working_rounds(by, "pack.read"), round_id, "round")
    if not session.scalars(working_rounds(by, "live.lead").where(Round.id == round_id)).first():
        raise NotPermitted(_("Your role does not include leading a session."))
    return round_


def open_of(session: Session, round_id: int) -> LiveSession | None:
    return session.scalars(
        sa.select(LiveSession).where(
            LiveSession.round_id == round_id, LiveSession.closed_at.is_(None)
        )
    ).one_or_none()


def led(session: Session, by: Actor, live_id: int) -> LiveSession:
    """An open session that the person leads. Raises NotFound, NotPermitted, RuleBroken."""
    found: LiveSession = fetch(session, visible_live_sessions(by), live_id, "session")
    _led_round(session, by, found.round_id)
    if found.closed_at is not None:
        raise RuleBroken(_("This session is closed."))
    return found


def step_of(session: Session, live: LiveSession, number: int) -> LiveStep:
    """One step. Raises NotFound."""
    found = session.scalars(
        sa.select(LiveStep).where(LiveStep.session_id == live.id, LiveStep.number == number)
    ).one_or_none()
    if found is None:
        raise NotFound("step")
    return found


def waiting(session: Session, live: LiveSession) -> LiveStep | None:
    """The step that is being solved."""
    return session.scalars(
        sa.select(LiveStep).where(
            LiveStep.session_id == live.id, LiveStep.state == StepState.WAITING
        )
    ).first()


def ask_for_step(
    session: Session,
    *,
    by: Actor,
    live_id: int,
    at: int | None,
    kind: str,
    where: str,
    value: Any,
    faults: tuple[Fault, ...] = (),
) -> LiveStep:
    """Ask for one change on the step that is shown; a worker solves it.

    `kind` is one of `funding.studies.live.KEYS`, `where` the key of an area, commitment or
    proposal, `value` the new value (None takes the change back). `at`: the step that the chair
    saw; raises Conflict where the room looks at another. Also raises NotFound, NotPermitted,
    InvalidInput, RuleBroken while one is being solved.
    """
    live = led(session, by, live_id)
    if live.current != at:
        raise Conflict(_("The room looks at another step by now. Please look at it first."))
    if waiting(session, live) is not None:
        raise RuleBroken(_("The last change is still being solved."))
    current = step_of(session, live, live.current)
    fault = _fault(session, by, live, kind, where, value)
    if faults or fault is not None:
        raise InvalidInput(*faults, *([fault] if fault and not faults else []))
    number = _next_number(session, live)
    changes = {key: dict(current.changes.get(key, {})) for key in KEYS}
    changes[kind].pop(where, None)
    if value is not None or (kind == "caps" and _has_cap(live.run, where)):
        changes[kind][where] = value
    step = LiveStep(
        session_id=live.id,
        number=number,
        parent=current.number,
        changes={key: of for key, of in changes.items() if of},
        what={"kind": kind, "where": where, "value": value},
        asked_by_id=by.person_id,
    )
    session.add(step)
    live.asked_at = now()
    session.flush()
    record(session, by, "live step asked for", live, round_id=live.round_id, number=number)
    return step


def _next_number(session: Session, live: LiveSession) -> int:
    last = session.scalar(
        sa.select(sa.func.max(LiveStep.number)).where(LiveStep.session_id == live.id)
    )
    if last >= MOST_STEPS:
        raise RuleBroken(_("This session has as many steps as one may have; open another."))
    return int(last) + 1


def _has_cap(run: Run, area: str) -> bool:
    areas = (run.problem or {})["areas"]
    return any(a["id"] == area and a.get("cap") is not None for a in areas)


def _fault(
    session: Session, by: Actor, live: LiveSession, kind: str, where: str, value: Any
) -> Fault | None:
    """What is wrong with a change; pins only on proposals that the chair may see."""
    problem = live.run.problem or {}
    if kind not in KEYS:
        return Fault("kind", _("choose what to change"))
    if kind == "pins":
        seen = visible_proposals(by).where(
            Proposal.round_id == live.round_id, Proposal.key == where
        )
        known = {p["id"] for p in problem["proposals"]}
        if where not in known or session.scalars(seen).unique().first() is None:
            return Fault("pins_where", _("choose a proposal of the round"))
        return None
    listed = problem["commitments"] if kind == "amounts" else problem["areas"]
    if where not in {entry["id"] for entry in listed}:
        return Fault(f"{kind}_where", _("choose one of the list"))
    if kind == "weights" and value is not None and not 0 <= value <= MOST_TIMES:
        return Fault(
            "weights_value",
            _("a number from 0 to %(most)s, please", most=format_figure(MOST_TIMES)),
        )
    if kind == "amounts" and value is not None:
        owed = next(c.get("promised") or [] for c in listed if c["id"] == where)
        if value < sum(part["amount"] for part in owed):
            return Fault("amounts_value", _("less than it owes to earlier awards"))
    return None


def go_to(session: Session, *, by: Actor, live_id: int, number: int | None) -> LiveSession:
    """Have the room look at another step that was solved. Raises NotFound, NotPermitted,
    RuleBroken."""
    live = led(session, by, live_id)
    step = step_of(session, live, -1 if number is None else number)
    if step.state != StepState.DONE:
        raise RuleBroken(_("This step has no plan to look at."))
    live.current, live.asked_at, live.is_voting_open = step.number, now(), False
    record(session, by, "live step shown", live, round_id=live.round_id, number=step.number)
    return live


def set_voting(session: Session, *, by: Actor, live_id: int, is_open: bool) -> LiveSession:
    """Open or close the signalling votes on the step that is shown."""
    live = led(session, by, live_id)
    live.is_voting_open, live.asked_at = is_open, now()
    act = "live votes opened" if is_open else "live votes closed"
    record(session, by, act, live, round_id=live.round_id, number=live.current)
    return live


def close_session(session: Session, *, by: Actor, live_id: int) -> LiveSession:
    """End a session; everything stays to be read."""
    live = led(session, by, live_id)
    live.closed_at, live.is_voting_open = now(), False
    live.holder, live.held_until = None, None
    record(session, by, "live session closed", live, round_id=live.round_id)
    return live
