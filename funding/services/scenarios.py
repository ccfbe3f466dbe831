"""Scenarios: questions put to the optimizer, their pins, and asking for a run.

A scenario that was put forward stays as it is, since people decide on it; a copy can be changed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.formatting import format_amount
from funding.forms import without_repeats
from funding.language import gettext
from funding.models import (
    Commitment,
    Pin,
    Proposal,
    Round,
    RoundState,
    Run,
    RunState,
    Scenario,
    ScenarioState,
)
from funding.permissions import (
    Actor,
    fetch,
    visible_proposals,
    visible_runs,
    visible_scenarios,
    working_rounds,
)
from funding.services.jobs import enqueue
from funding.services.log import record
from funding.studies.rules import IN_WORDS

TASK = "run_scenario"
LONGEST_NAME = 120
LONGEST_TEXT = 1000
UNDER_WAY = (RunState.QUEUED, RunState.RUNNING)
LONGEST_RUN = timedelta(minutes=10)
"""A run that has been going longer has lost its worker."""


def policy_of(scenario: Scenario) -> dict[str, Any]:
    """The policy that a run keeps to: the round's, with what this scenario changes."""
    return {**scenario.round.policy, **scenario.policy}


def create_scenario(
    session: Session,
    *,
    by: Actor,
    round_id: int,
    name: str,
    note: str = "",
    copy_of: int | None = None,
) -> Scenario:
    """A new scenario with the round's own policy, or with another's policy and pins.

    Raises NotFound, NotPermitted, InvalidInput.
    """
    round_ = round_to_work_in(session, by, round_id)
    _refuse(_name_faults(session, round_id, name, note))
    scenario = Scenario(
        round_id=round_.id, name=name.strip(), note=note.strip(), created_by_id=by.person_id
    )
    if copy_of is not None:
        model: Scenario = fetch(session, visible_scenarios(by), copy_of, "scenario")
        if model.round_id != round_id:
            raise InvalidInput(Fault("copy_of", "Choose a scenario of this round."))
        scenario.copied_from_id = model.id
        scenario.policy, scenario.needs = dict(model.policy), dict(model.needs)
        scenario.rule = model.rule
        for pin in model.pins:
            scenario.pins.append(
                Pin(
                    proposal_id=pin.proposal_id,
                    commitment_id=pin.commitment_id,
                    amount=pin.amount,
                    funded=pin.funded,
                    reason=pin.reason,
                )
            )
    session.add(scenario)
    session.flush()
    record(session, by, "scenario created", scenario, round_id=round_id, copy_of=copy_of)
    return scenario


def solve_by_rule(session: Session, *, by: Actor, run_id: int, rule: str) -> Scenario:
    """A copy of a run's scenario that another rule decides, and its run asked for.

    One that was made before is the answer. Raises NotFound, NotPermitted, RuleBroken.
    """
    run: Run = fetch(session, visible_runs(by), run_id, "run")
    if rule not in IN_WORDS:
        raise NotFound("rule")
    model = run.scenario
    name = f"{model.name}: {IN_WORDS[rule].label.lower()}"[:LONGEST_NAME]
    known = session.scalars(
        sa.select(Scenario).where(Scenario.round_id == model.round_id, Scenario.name == name)
    ).first()
    if known is not None and known.rule == rule:
        return known
    note = f"{model.name}, decided by the rule “{IN_WORDS[rule].label}”."
    made = create_scenario(
        session, by=by, round_id=model.round_id, name=name, note=note, copy_of=model.id
    )
    made.rule = rule
    start_run(session, by=by, scenario_id=made.id)
    return made


def edit_scenario(
    session: Session,
    *,
    by: Actor,
    scenario_id: int,
    version: int,
    name: str,
    note: str,
    policy: dict[str, Any],
    needs: dict[str, dict[str, Any]],
    faults: tuple[Fault, ...] = (),
) -> Scenario:
    """Change what a scenario asks. `policy` and `needs` hold only what differs from the round's.

    `faults`: what could not be read in the form. Raises NotFound, NotPermitted, Conflict for a
    stale version, RuleBroken once put forward, InvalidInput.
    """
    scenario = _scenario_to_change(session, by, scenario_id)
    if scenario.version != version:
        raise Conflict("Somebody else changed this scenario meanwhile.")
    ruled = [
        *_name_faults(session, scenario.round_id, name, note, scenario_id),
        *_policy_faults({**scenario.round.policy, **policy}, scenario),
    ]
    _refuse(without_repeats(faults, ruled))
    changed = policy != scenario.policy or needs != scenario.needs
    scenario.name, scenario.note = name.strip(), note.strip()
    scenario.policy, scenario.needs = policy, needs
    if changed:
        _reopen(scenario)
    record(
        session,
        by,
        "scenario edited",
        scenario,
        round_id=scenario.round_id,
        policy=policy,
        needs=needs,
    )
    return scenario


def set_pin(
    session: Session,
    *,
    by: Actor,
    scenario_id: int,
    proposal_id: int,
    reason: str,
    commitment_id: int | None = None,
    amount: int | None = None,
    funded: bool | None = None,
    faults: tuple[Fault, ...] = (),
) -> Pin:
    """Pin a proposal in or out (`funded`), or fix its total or one commitment's line (`amount`).

    `amount` is in minor units of the round's base currency. What the scenario pinned there before
    is replaced. Raises NotFound, NotPermitted, RuleBroken once put forward, InvalidInput.
    """
    scenario, _, _ = checked_pin(
        session,
        by=by,
        scenario_id=scenario_id,
        proposal_id=proposal_id,
        reason=reason,
        commitment_id=commitment_id,
        amount=amount,
        funded=funded,
        faults=faults,
    )
    for pin in [p for p in scenario.pins if p.proposal_id == proposal_id]:
        if commitment_id is None or pin.commitment_id in (None, commitment_id):
            scenario.pins.remove(pin)
    session.flush()
    pin = Pin(
        proposal_id=proposal_id,
        commitment_id=commitment_id,
        amount=amount,
        funded=funded if amount is None else None,
        reason=reason.strip(),
    )
    scenario.pins.append(pin)
    _reopen(scenario)
    record(
        session,
        by,
        "pin set",
        scenario,
        round_id=scenario.round_id,
        proposal_id=proposal_id,
        commitment_id=commitment_id,
        amount=amount,
        funded=pin.funded,
    )
    return pin


def checked_pin(
    session: Session,
    *,
    by: Actor,
    scenario_id: int,
    proposal_id: int,
    reason: str | None,
    commitment_id: int | None,
    amount: int | None,
    funded: bool | None,
    faults: tuple[Fault, ...] = (),
) -> tuple[Scenario, Proposal, Commitment | None]:
    """What a pin is about, if it may be set as it is; `reason` None: none is asked for yet.

    Raises NotFound, NotPermitted, RuleBroken once put forward, InvalidInput.
    """
    scenario = _scenario_to_change(session, by, scenario_id)
    proposal: Proposal = fetch(session, visible_proposals(by), proposal_id, "proposal")
    commitment = None
    if commitment_id is not None:
        in_round = sa.select(Commitment).where(Commitment.round_id == scenario.round_id)
        commitment = fetch(session, in_round, commitment_id, "commitment")
    ruled = []
    if proposal.round_id != scenario.round_id:
        ruled.append(Fault("proposal", "This proposal belongs to another round."))
    if reason is not None and not reason.strip():
        ruled.append(Fault("reason", "Say why; whoever reads the result will ask."))
    elif len(reason or "") > LONGEST_TEXT:
        ruled.append(
            Fault(
                "reason", gettext("At most %(longest_text)s characters.", longest_text=LONGEST_TEXT)
            )
        )
    if (amount is None) == (funded is None):
        ruled.append(Fault("act", "Choose one: fund it, leave it out, or fix its amount."))
    elif amount is not None:
        ruled += _amount_faults(scenario, proposal, commitment, amount)
    _refuse(without_repeats(faults, ruled))
    return scenario, proposal, commitment


def remove_pin(session: Session, *, by: Actor, scenario_id: int, pin_id: int) -> Pin | None:
    """Let the optimizer decide again; answers what was pinned. One that is gone is no fault."""
    scenario = _scenario_to_change(session, by, scenario_id)
    visible = visible_proposals(by).with_only_columns(Proposal.id)
    pin = session.scalars(
        sa.select(Pin).where(
            Pin.id == pin_id, Pin.scenario_id == scenario_id, Pin.proposal_id.in_(visible)
        )
    ).one_or_none()
    if pin is None:
        return None
    scenario.pins.remove(pin)
    _reopen(scenario)
    record(
        session,
        by,
        "pin removed",
        scenario,
        round_id=scenario.round_id,
        proposal_id=pin.proposal_id,
        commitment_id=pin.commitment_id,
    )
    return pin


def start_run(session: Session, *, by: Actor, scenario_id: int) -> Run:
    """Ask for the scenario to be solved in the background.

    Raises NotFound, NotPermitted, and RuleBroken while a run of it is under way.
    """
    scenario: Scenario = fetch(session, visible_scenarios(by), scenario_id, "scenario")
    round_to_work_in(session, by, scenario.round_id)
    if any(run.state in UNDER_WAY for run in scenario.runs):
        raise RuleBroken("This scenario is being solved already.")
    run = Run(asked_by_id=by.person_id)
    scenario.runs.append(run)
    session.flush()
    enqueue(session, TASK, run_id=run.id)
    record(session, by, "run asked for", run, round_id=scenario.round_id, scenario_id=scenario.id)
    return run


def cancel_run(session: Session, *, by: Actor, run_id: int) -> Run:
    """Ask a run to stop; one that has not begun, or lost its worker, ends at once."""
    run: Run = fetch(session, visible_runs(by), run_id, "run")
    round_to_work_in(session, by, run.scenario.round_id)
    if run.state not in UNDER_WAY:
        return run
    run.is_cancel_requested = True
    is_lost = run.started_at is not None and now() - run.started_at > LONGEST_RUN
    if run.state == RunState.QUEUED or is_lost:
        run.state, run.finished_at = RunState.CANCELLED, now()
    record(session, by, "run cancelled", run, round_id=run.scenario.round_id)
    return run


def mark_compared(session: Session, *, by: Actor, scenario_ids: list[int]) -> None:
    """Note that these solved scenarios were laid side by side."""
    for scenario_id in sorted(set(scenario_ids)):
        scenario: Scenario = fetch(session, visible_scenarios(by), scenario_id, "scenario")
        round_to_work_in(session, by, scenario.round_id)
        if scenario.state == ScenarioState.SOLVED:
            scenario.state = ScenarioState.COMPARED
            record(session, by, "scenario compared", scenario, round_id=scenario.round_id)


def round_to_work_in(session: Session, by: Actor, round_id: int) -> Round:
    """The round, where the person may run scenarios in it and its state allows any."""
    round_: Round = fetch(session, working_rounds(by, "scenario.read"), round_id, "round")
    allowed = working_rounds(by, "scenario.run").where(Round.id == round_id)
    if session.scalars(allowed).unique().one_or_none() is None:
        raise NotPermitted("Your role does not include running scenarios.")
    if round_.state in (RoundState.DRAFT, RoundState.CLOSED):
        raise RuleBroken(
            gettext("A round that is %(state)s takes no scenarios.", state=round_.state)
        )
    return round_


def _scenario_to_change(session: Session, by: Actor, scenario_id: int) -> Scenario:
    scenario: Scenario = fetch(session, visible_scenarios(by), scenario_id, "scenario")
    round_to_work_in(session, by, scenario.round_id)
    if scenario.state == ScenarioState.PUT_FORWARD:
        raise RuleBroken("This scenario has been put forward. Copy it, and change the copy.")
    return scenario


def _reopen(scenario: Scenario) -> None:
    """What is changed has to be solved again."""
    if scenario.state in (ScenarioState.SOLVED, ScenarioState.COMPARED):
        scenario.state = ScenarioState.DRAFT


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidInput(*faults)


def _name_faults(
    session: Session, round_id: int, name: str, note: str, own_id: int | None = None
) -> list[Fault]:
    faults = []
    name = name.strip()
    if not name:
        faults.append(Fault("name", "Give the scenario a name."))
    elif len(name) > LONGEST_NAME:
        faults.append(
            Fault(
                "name", gettext("At most %(longest_name)s characters.", longest_name=LONGEST_NAME)
            )
        )
    elif session.scalar(
        sa.select(Scenario.id)
        .where(Scenario.round_id == round_id, Scenario.name == name, Scenario.id != (own_id or 0))
        .limit(1)
    ):
        faults.append(Fault("name", "Another scenario of this round has this name."))
    if len(note) > LONGEST_TEXT:
        faults.append(
            Fault(
                "note", gettext("At most %(longest_text)s characters.", longest_text=LONGEST_TEXT)
            )
        )
    return faults


def _policy_faults(policy: dict[str, Any], scenario: Scenario) -> list[Fault]:
    """Rules across fields of the policy that is to hold."""
    faults = []
    least = policy.get("region_least", {})
    if sum(least.values()) > 1:
        region = max(least, key=lambda key: least[key])
        faults.append(
            Fault(
                f"region_least.{region}",
                "The regions' shares add up to more than 100%.",
            )
        )
    step = policy.get("round_to", 1)
    off_step = [pin for pin in scenario.pins if pin.amount and pin.amount % step]
    if off_step:
        amount = format_amount(off_step[0].amount or 0, scenario.round.base_currency)
        faults.append(
            Fault(
                "round_to",
                gettext("A pinned amount, %(amount)s, is no multiple of it.", amount=amount),
            )
        )
    return faults


def _amount_faults(
    scenario: Scenario, proposal: Proposal, commitment: Commitment | None, amount: int
) -> list[Fault]:
    currency = scenario.round.base_currency
    step = policy_of(scenario).get("round_to", 1)
    if amount % step:
        rule = f"Amounts in this scenario are multiples of {format_amount(step, currency)}."
        return [Fault("amount", rule)]
    if amount > proposal.ask:
        rule = f"The ask is {format_amount(proposal.ask, currency)}: no more can be given."
        return [Fault("amount", rule)]
    if commitment is None and amount < proposal.minimum:
        least = format_amount(proposal.minimum, currency)
        rule = f"The work needs at least {least}. To give nothing, leave it out."
        return [Fault("amount", rule)]
    return []
