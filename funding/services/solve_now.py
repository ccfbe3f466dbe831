"""Solving a scenario in the foreground, for the command line and the demo round."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.config import Config
from funding.db import Database
from funding.errors import NotFound, RuleBroken
from funding.language import gettext as _
from funding.models import Binding, Person, Role, Round, RoundFunder, Run, Scenario
from funding.services.allocation import run_scenario
from funding.services.log import record
from funding.services.round_document import build_problem

OWN_POLICY = "The round's own policy"


def solve_now(
    database: Database, config: Config, round_key: str, scenario_name: str | None = None
) -> Run:
    """Run a scenario of a round here and now, and return the run as it ended.

    Without a name it is `OWN_POLICY`, made if need be. Raises NotFound, RuleBroken.
    """
    run_id = database.in_transaction(_ask, round_key=round_key, scenario_name=scenario_name)
    run_scenario(database, config, run_id)
    with database.reading() as session:
        return session.get_one(Run, run_id)


def solve_waiting(database: Database, config: Config, round_key: str) -> Run | None:
    """Solve a round that has no run yet; None where it has one."""
    with database.reading() as session:
        runs = (
            sa.select(Run.id)
            .join(Scenario, Scenario.id == Run.scenario_id)
            .join(Round, Round.id == Scenario.round_id)
            .where(Round.key == round_key)
        )
        if session.scalars(runs.limit(1)).first() is not None:
            return None
    return solve_now(database, config, round_key)


def document_of(database: Database, round_key: str) -> dict[str, object]:
    """The round as its own policy asks it, in the optimizer's format; nothing is stored.

    Raises NotFound, RuleBroken.
    """
    with database.reading() as session:
        round_ = _round(session, round_key)
        with session.no_autoflush:
            return build_problem(session, Scenario(round=round_, policy={}, needs={})).document


def _round(session: Session, key: str) -> Round:
    found = session.scalars(sa.select(Round).where(Round.key == key)).one_or_none()
    if found is None:
        raise NotFound("round")
    return found


def _ask(session: Session, *, round_key: str, scenario_name: str | None) -> int:
    round_ = _round(session, round_key)
    name = scenario_name or OWN_POLICY
    scenario = session.scalars(
        sa.select(Scenario).where(Scenario.round_id == round_.id, Scenario.name == name)
    ).one_or_none()
    if scenario is None and scenario_name:
        raise NotFound(_("scenario “%(name)s”", name=scenario_name))
    if scenario is None:
        scenario = Scenario(
            round_id=round_.id, name=name, created_by_id=_an_officer(session, round_)
        )
        session.add(scenario)
        session.flush()
        record(session, None, "scenario created", scenario, round_id=round_.id)
    run = Run()
    scenario.runs.append(run)
    session.flush()
    record(session, None, "run asked for", run, round_id=round_.id, scenario_id=scenario.id)
    return run.id


def _an_officer(session: Session, round_: Round) -> int:
    """Whose scenario it is: the first officer of a funder of the round; raises RuleBroken."""
    found = session.scalars(
        sa.select(Person.id)
        .join(Binding, Binding.person_id == Person.id)
        .join(RoundFunder, RoundFunder.funder_id == Binding.organisation_id)
        .where(RoundFunder.round_id == round_.id, Binding.role == Role.PROGRAM_OFFICER)
        .order_by(Person.id)
        .limit(1)
    ).first()
    if found is None:
        raise RuleBroken("No funder of this round has a program officer yet.")
    return found
