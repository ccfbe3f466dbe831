"""The one door to the optimizer: a scenario's run, from the queue to a plan that was checked.

The whole input is kept with the run, so that it can be made again years later. Nothing is shown
of a plan before `optimizer.check` has found no fault in it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.config import Config
from funding.db import Database, now
from funding.errors import TributaryError
from funding.models import (
    Commitment,
    Proposal,
    Run,
    RunLine,
    RunProposal,
    RunState,
    ScenarioState,
)
from funding.services import baselines
from funding.services.log import record
from funding.services.round_document import RoundInput, build_problem
from funding.services.round_years import in_own_currency
from funding.services.run_progress import RunProgress
from funding.services.run_words import Words, baselines_of, earned, least_gain, names_of, told
from optimizer.baselines import reach_alone, reach_leaving
from optimizer.check import check
from optimizer.clock import Cancelled, Clock
from optimizer.conflicts import conflict_of
from optimizer.explain import Explanation, Gain, explain
from optimizer.pairs import in_order, most, refusal
from optimizer.problem import Plan, Problem
from optimizer.read import BadInput, read_round, write_plan
from optimizer.relaxation import relaxation_of
from optimizer.rules.giving import held_by
from optimizer.sentences import kept, lines_of, sentence, whole
from optimizer.solve import Infeasible, OutOfTime, SolverFault, solve

GAP = 1e-3
EXPLAIN_SECONDS = 20.0
CONFLICT_SECONDS = 30.0
REPAIR_SECONDS = 20.0
BASELINE_SECONDS = 240.0


def run_scenario(database: Database, config: Config, run_id: int) -> None:
    """The task of a worker: solve what a run asks and store the plan, or say why there is none.

    Begun again after its worker died, it starts from the round as it is then.
    """
    if not database.in_transaction(_begin, run_id=run_id):
        return
    try:
        with database.reading() as session:
            scenario = session.get_one(Run, run_id).scenario
            rule = scenario.rule
            given = build_problem(session, scenario)
            words = Words(names_of(session, scenario.round), given.document["currency"])
        problem = read_round(given.document)
        database.in_transaction(_keep_input, run_id=run_id, given=given, digest=problem.digest)
        progress = RunProgress(database, run_id, _promised(problem, words))
        plan = _solve(problem, rule, progress, words, config)
        progress.tell("check")
        faults = check(problem, plan)
        if faults:
            raise SolverFault("; ".join(map(str, faults)))
        progress.tell("explain")
        explained = explain(
            problem,
            plan,
            seconds=EXPLAIN_SECONDS,
            names=words.names,
            money=words.money,
            cancelled=progress.is_cancelled,
            has_baselines=False,  # they take longer than the plan: `funding.services.baselines`
        )
        progress.tell("store")
        solved = Solved(given, problem, plan, explained)
        database.in_transaction(store, run_id=run_id, solved=solved, words=words)
    except Cancelled:
        database.in_transaction(_end, run_id=run_id, state=RunState.CANCELLED, message="")
    except Exception as error:
        state, message = _in_words(error)
        database.in_transaction(_end, run_id=run_id, state=state, message=message)
        if not isinstance(error, (TributaryError, OutOfTime)):
            raise


class NoPlan(TributaryError):
    """The round's demands contradict each other; the message names them, one a line.

    After an empty line, where it is known: the least that would have to change. `said` is the
    message with what it was made of.
    """

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


def _solve(
    problem: Problem, rule: str, progress: RunProgress, words: Words, config: Config
) -> Plan:
    """The plan; raises NoPlan with the conflicting demands where there can be none."""
    try:
        return solve(
            problem,
            rule=rule,
            gap=GAP,
            seconds=config.solve_seconds,
            solver=config.solver,
            progress=progress.tell,
            cancelled=progress.is_cancelled,
        )
    except Infeasible as infeasible:
        progress.tell("conflict")
        held, floors = held_by(rule, problem, infeasible.floors)
        conflict = conflict_of(held, floors, CONFLICT_SECONDS, progress.is_cancelled)
        if not conflict.members:
            raise NoPlan(str(infeasible) or "No plan keeps every limit of the round.") from None
        members = [{**asdict(m.demand), "short_by": m.short_by} for m in conflict.members]
        said = words.conflict(members)
        repair = relaxation_of(held, floors, REPAIR_SECONDS, progress.is_cancelled)
        if repair is not None:
            changes = [{**asdict(c.demand), **asdict(c)} for c in repair.changes]
            said = lines_of([said, "", words.repair(changes)])
        raise NoPlan(said) from None


def _promised(problem: Problem, words: Words) -> dict[str, str]:
    """Names by key of the funders whose baselines are reckoned before the plan."""
    return {f.id: words.name(f.id) for f in problem.funders if f.guarantee != "none"}


def _in_words(error: Exception) -> tuple[RunState, str]:
    """The state a run ends in, and the sentences that people read."""
    if isinstance(error, NoPlan):
        return RunState.INFEASIBLE, error.said
    if isinstance(error, OutOfTime):
        return RunState.FAILED, "No plan was found in the time that a run may take."
    if isinstance(error, BadInput):
        return RunState.FAILED, "The round cannot be read: " + "; ".join(error.faults)
    if isinstance(error, SolverFault):
        return RunState.FAILED, f"The plan did not pass its check, so it is not shown: {error}"
    if isinstance(error, TributaryError):
        return RunState.FAILED, str(error)
    return RunState.FAILED, "The run stopped by a fault of ours; the site's log has the details."


def _begin(session: Session, *, run_id: int) -> bool:
    """Take the run up; False where it was ended meanwhile or somebody asked for it to stop."""
    run = session.get_one(Run, run_id)
    if run.state not in (RunState.QUEUED, RunState.RUNNING):
        return False
    if run.is_cancel_requested:
        run.state, run.finished_at = RunState.CANCELLED, now()
        return False
    run.state, run.started_at, run.progress = RunState.RUNNING, now(), 0.0
    run.stage = "Reading the round"
    return True


def _keep_input(session: Session, *, run_id: int, given: RoundInput, digest: str) -> None:
    run = session.get_one(Run, run_id)
    run.problem, run.digest = given.document, digest
    run.rates = {currency: rate.stored() for currency, rate in given.rates.items()}


def _end(session: Session, *, run_id: int, state: RunState, message: str) -> None:
    run = session.get_one(Run, run_id)
    run.state, run.message, run.finished_at = state, message, now()
    run.says = kept(message)
    record(
        session,
        None,
        f"run {state}",
        run,
        round_id=run.scenario.round_id,
        scenario_id=run.scenario_id,
    )


@dataclass(frozen=True)
class Solved:
    """A plan that passed its check, what it was made from, and what is said of it."""

    given: RoundInput
    problem: Problem
    plan: Plan
    explained: Explanation


def store(session: Session, *, run_id: int, solved: Solved, words: Words) -> None:
    """Keep a plan: the run's figures, a row for each proposal and one for each line."""
    run = session.get_one(Run, run_id)
    plan = solved.plan
    run.state, run.finished_at, run.progress, run.stage = RunState.DONE, now(), 1.0, ""
    run.plan = write_plan(plan)
    run.explanation = _plain(solved.explained.add_to(write_plan(plan)))
    run.summary = {
        "available": sum(c.available for c in solved.problem.commitments),
        "least_gain": least_gain(baselines_of(run.plan, run.explanation)),
    }
    run.value, run.bound, run.gap = plan.value, plan.bound, plan.gap
    run.status, run.seconds = plan.status, plan.seconds
    for table in (RunLine, RunProposal):
        session.execute(sa.delete(table).where(table.run_id == run_id))
    lines = _lines(session, run, solved)
    rows = _proposals(session, run, solved, words, lines)
    for table, values in ((RunProposal, rows), (RunLine, lines)):
        if values:
            session.execute(sa.insert(table), values)
    if run.scenario.state == ScenarioState.DRAFT:
        run.scenario.state = ScenarioState.SOLVED
    baselines.ask(session, run)
    record(
        session,
        None,
        "scenario solved",
        run,
        round_id=run.scenario.round_id,
        scenario_id=run.scenario_id,
        digest=run.digest,
        value=round(plan.value),
        lines=len(lines),
    )


def _plain(document: dict[str, object]) -> dict[str, Any]:
    """The document as JSON has it: infinite numbers, which it lacks, become null."""
    kept: dict[str, Any] = json.loads(json.dumps(document), parse_constant=lambda _: None)
    return kept


def _lines(session: Session, run: Run, solved: Solved) -> list[dict[str, Any]]:
    """The plan's lines in both currencies; decided ones with the amounts that were decided."""
    round_id = run.scenario.round_id
    proposals = _ids(session, Proposal, round_id)
    commitments = _ids(session, Commitment, round_id)
    currencies = dict(
        session.execute(
            sa.select(Commitment.key, Commitment.currency).where(Commitment.round_id == round_id)
        ).all()
    )
    rates = solved.given.rates
    amounts = {
        (line.commitment, line.proposal): (
            line.amount,
            rates[currencies[line.commitment]].from_base(line.amount),
            {str(part.year): part.amount for part in line.years},
        )
        for line in solved.plan.lines
    }
    reasons = {
        (line.commitment, line.proposal): whole(ground.clause)
        for line, ground in solved.explained.lines.items()
    }
    for pair, decided in solved.given.decided.items():
        if decided.amount:
            years = amounts[pair][2] if pair in amounts else {}
            amounts[pair] = (decided.base_amount, decided.amount, years)
            reasons[pair] = (
                sentence("Decided already. %(why)s", why=reasons[pair])
                if pair in reasons
                else sentence("Decided already.")
            )
    return [
        {
            "run_id": run.id,
            "commitment_id": commitments[commitment],
            "proposal_id": proposals[proposal],
            "base_amount": base_amount,
            "amount": amount,
            "years": in_own_currency(years, sum(years.values()), amount),
            "reason": reasons[commitment, proposal],
            "says": kept(reasons[commitment, proposal]),
        }
        for (commitment, proposal), (base_amount, amount, years) in sorted(amounts.items())
    ]


def _proposals(
    session: Session,
    run: Run,
    solved: Solved,
    words: Words,
    lines: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """A row for each proposal: its amount, and why it is that."""
    ids = _ids(session, Proposal, run.scenario.round_id)
    totals: dict[int, int] = defaultdict(int)
    for line in lines:
        totals[line["proposal_id"]] += line["base_amount"]
    grounds: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for planned, ground in solved.explained.lines.items():
        grounds[planned.proposal].append(asdict(ground))
    rows = []
    for p in solved.problem.proposals:
        amount, refusal = totals[ids[p.id]], solved.explained.proposals.get(p.id)
        detail: dict[str, Any] = {"is_scored": p.id not in solved.given.unscored}
        reason = ""
        if grounds[p.id]:
            detail["earned"] = earned(grounds[p.id])
            reason = words.funded(amount, p.ask, dict(detail["earned"]))
        elif refusal is not None:
            reason = refusal.sentence
            detail |= {
                "kind": refusal.kind,
                "others": refusal.others,
                "about": asdict(refusal.about),
                "changes": [kept(change) for change in words.changes(asdict(refusal))],
                "applicant": refusal.for_applicant,
                "says": kept(refusal.sentence),
            }
        rows.append(
            {
                "run_id": run.id,
                "proposal_id": ids[p.id],
                "merit": p.merit,
                "amount": amount,
                "reason": reason,
                "detail": detail,
            }
        )
    return rows


def _ids(session: Session, table: type[Proposal | Commitment], round_id: int) -> dict[str, int]:
    """Ids by key of a round's proposals or commitments."""
    rows = session.execute(sa.select(table.key, table.id).where(table.round_id == round_id))
    return dict(rows.all())


@dataclass(frozen=True)
class Clause:
    """Whether a commitment (by key) may pay a proposal: the clause against it, or how much.

    The clause is in the reader's language.
    """

    commitment: str
    refusal: str | None
    most: int


def clauses_of(
    document: dict[str, Any], proposal_key: str, names: Mapping[str, str]
) -> list[Clause]:
    """For each commitment of a round, in order: may it pay this proposal, and at most how much?"""
    alone = {
        **document,
        "proposals": [p for p in document["proposals"] if p["id"] == proposal_key],
        "commitments": [
            {**c, "excludes": [p for p in c.get("excludes", ()) if p == proposal_key]}
            for c in document["commitments"]
        ],
        "overlaps": [],
        "locks": [],
    }
    problem = read_round(alone)
    found = []
    for proposal in problem.proposals:
        for c in problem.commitments:
            against = refusal(c, proposal, lambda id_: names.get(id_, id_))
            words = None if against is None else told(kept(against))
            found.append(Clause(c.id, words, most(c, proposal)))
    return found


def reckon_baselines(
    database: Database,
    config: Config,
    run_id: int,
    funders: list[str],
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """The task of a worker: what the first of these funders would reach without the pool.

    Raises Cancelled.
    """
    with database.reading() as session:
        run = session.get_one(Run, run_id)
        problem = in_order(read_round(run.problem or {}))
        value: float = (run.plan or {})["funders"][funders[0]]["value"]
    clock = Clock.of(BASELINE_SECONDS, None, cancelled)
    alone = reach_alone(problem, funders[0], clock)
    leave = reach_leaving(problem, funders[0], clock)
    found = Gain(value, alone.value, leave.value, alone.is_proven and leave.is_proven)
    database.in_transaction(
        baselines.keep,
        run_id=run_id,
        funders=funders,
        found={**asdict(found), "gain": found.gain},
    )
