"""What people may change of a scenario, and what is refused."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.models import ConflictOfInterest, Job, Role, Scenario, ScenarioState
from funding.permissions import Actor
from funding.services import scenarios as service
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_proposal,
    make_round,
)
from tests.runs import make_scenario


class Scene:
    """A round with one funder, a proposal and a scenario; `officer` runs scenarios."""

    def __init__(self, session: Session) -> None:
        self.committee = make_organisation(session, "committee")
        self.round = make_round(session, self.committee, policy={"round_to": 100_00})
        self.funder = make_organisation(session)
        self.commitment = make_commitment(session, self.round, self.funder)
        self.proposal = make_proposal(session, self.round)
        self.officer = make_actor(session, self.funder)
        self.scenario = make_scenario(session, self.round, self.officer)
        self.session = session

    def pin(self, **values: object):
        return service.set_pin(
            self.session,
            **{
                "by": self.officer,
                "scenario_id": self.scenario.id,
                "proposal_id": self.proposal.id,
                "reason": "because",
                **values,
            },
        )

    def edit(self, **values: object) -> Scenario:
        return service.edit_scenario(
            self.session,
            **{
                "by": self.officer,
                "scenario_id": self.scenario.id,
                "version": self.scenario.version,
                "name": "As it is",
                "note": "",
                "policy": {},
                "needs": {},
                **values,
            },
        )


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


def faults(refusal: pytest.ExceptionInfo[InvalidInput]) -> set[str]:
    return {fault.field for fault in refusal.value.faults}


def test_a_copy_brings_policy_needs_and_pins(scene: Scene) -> None:
    scene.pin(funded=True)
    scene.edit(policy={"overlap_weight": 2.0}, needs={"evaluations": {"floor": 5}})
    copy = service.create_scenario(
        scene.session,
        by=scene.officer,
        round_id=scene.round.id,
        name="Another",
        copy_of=scene.scenario.id,
    )
    assert (copy.policy, copy.needs) == ({"overlap_weight": 2.0}, {"evaluations": {"floor": 5}})
    assert [(pin.proposal_id, pin.funded) for pin in copy.pins] == [(scene.proposal.id, True)]
    assert copy.state == ScenarioState.DRAFT


def test_two_scenarios_of_a_round_never_share_a_name(scene: Scene) -> None:
    with pytest.raises(InvalidInput) as refusal:
        service.create_scenario(
            scene.session, by=scene.officer, round_id=scene.round.id, name=" As it is "
        )
    assert faults(refusal) == {"name"}


def test_a_stale_edit_is_refused(scene: Scene) -> None:
    scene.edit(name="First")
    with pytest.raises(Conflict):
        scene.edit(version=scene.scenario.version - 1, name="Second")
    assert scene.scenario.name == "First"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"amount": 5_000_01}, "amount"),  # no multiple of the step
        ({"amount": 10_100_00}, "amount"),  # above the ask
        ({"amount": 4_900_00}, "amount"),  # below the minimum
        ({"funded": True, "reason": " "}, "reason"),
        ({"funded": True, "amount": 5_000_00}, "act"),
        ({}, "act"),
    ],
)
def test_a_pin_that_cannot_be_kept_is_refused(
    scene: Scene, values: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        scene.pin(**values)
    assert faults(refusal) == {field}
    assert scene.scenario.pins == []


def test_a_pin_on_one_commitments_line_may_be_nothing(scene: Scene) -> None:
    pin = scene.pin(commitment_id=scene.commitment.id, amount=0)
    assert (pin.amount, pin.commitment_id) == (0, scene.commitment.id)


def test_a_new_pin_replaces_the_one_before(scene: Scene) -> None:
    scene.pin(funded=True)
    scene.pin(funded=False)
    assert [pin.funded for pin in scene.scenario.pins] == [False]


def test_what_is_changed_has_to_be_solved_again(scene: Scene) -> None:
    scene.scenario.state = ScenarioState.SOLVED
    scene.session.flush()
    pin = scene.pin(funded=True)
    assert scene.scenario.state == ScenarioState.DRAFT
    scene.scenario.state = ScenarioState.SOLVED
    scene.session.flush()
    service.remove_pin(
        scene.session, by=scene.officer, scenario_id=scene.scenario.id, pin_id=pin.id
    )
    assert scene.scenario.pins == []
    assert scene.scenario.state == ScenarioState.DRAFT


def test_a_scenario_put_forward_stays_as_it_is(scene: Scene) -> None:
    for state in (ScenarioState.SOLVED, ScenarioState.PUT_FORWARD):
        scene.scenario.state = state
        scene.session.flush()
    with pytest.raises(RuleBroken, match="Copy it"):
        scene.pin(funded=True)
    with pytest.raises(RuleBroken, match="Copy it"):
        scene.edit(policy={"overlap_weight": 2.0})


def test_a_coarser_step_that_a_pinned_amount_does_not_fit_is_refused(scene: Scene) -> None:
    scene.pin(amount=5_100_00)
    with pytest.raises(InvalidInput) as refusal:
        scene.edit(policy={"round_to": 1_000_00})
    assert faults(refusal) == {"round_to"}


def test_regions_cannot_be_promised_more_than_everything(scene: Scene) -> None:
    with pytest.raises(InvalidInput) as refusal:
        scene.edit(policy={"region_least": {"africa": 0.7, "south-asia": 0.4}})
    assert faults(refusal) == {"region_least.africa"}


def test_a_proposal_in_conflict_cannot_be_pinned(scene: Scene) -> None:
    scene.session.add(
        ConflictOfInterest(
            proposal_id=scene.proposal.id,
            person_id=scene.officer.person_id,
            reason="kin",
            declared_by_id=scene.officer.person_id,
        )
    )
    scene.session.flush()
    with pytest.raises(NotFound):
        scene.pin(funded=True)


def test_only_officers_of_the_round_run_scenarios(scene: Scene) -> None:
    session = scene.session
    committee = make_actor(session, scene.committee, Role.COMMITTEE)
    auditor = make_actor(session, scene.funder, Role.AUDITOR)
    for reader in (committee, auditor):
        with pytest.raises(NotPermitted):
            service.start_run(session, by=reader, scenario_id=scene.scenario.id)
    stranger = make_actor(session, make_organisation(session))
    researcher = make_actor(session, make_organisation(session, "institution"), Role.RESEARCHER)
    for other in (stranger, researcher):
        with pytest.raises(NotFound):
            service.start_run(session, by=other, scenario_id=scene.scenario.id)


def test_a_scenario_is_solved_once_at_a_time(each_database: Database) -> None:
    def ask(session: Session) -> tuple[Actor, int]:
        scene = Scene(session)
        service.start_run(session, by=scene.officer, scenario_id=scene.scenario.id)
        return scene.officer, scene.scenario.id

    by, scenario_id = each_database.in_transaction(ask)
    with pytest.raises(RuleBroken, match="already"):
        each_database.in_transaction(service.start_run, by=by, scenario_id=scenario_id)
    with each_database.reading() as session:
        assert session.scalars(sa.select(Job.task)).all() == ["run_scenario"]


def test_a_closed_round_takes_no_scenarios(scene: Scene) -> None:
    for state in ("deciding", "closed"):
        scene.round.state = state
        scene.session.flush()
    with pytest.raises(RuleBroken, match="closed"):
        service.create_scenario(
            scene.session, by=scene.officer, round_id=scene.round.id, name="Late"
        )
