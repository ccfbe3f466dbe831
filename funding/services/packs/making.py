"""Making a pack: what studies are missing is asked for, waited for, and then written down."""

from __future__ import annotations

import time

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.config import Config
from funding.db import Database, now
from funding.errors import NotPermitted, RuleBroken, TributaryError
from funding.models import (
    Pack,
    PackState,
    PlanPutForward,
    Round,
    RoundState,
    Run,
    RunState,
    Study,
)
from funding.permissions import Actor, fetch, visible_packs, working_rounds
from funding.reports.packs.canonical import canonical, digest_of
from funding.services import baselines, studies
from funding.services.allocation import reckon_baselines
from funding.services.jobs import enqueue, is_under_way
from funding.services.log import record
from funding.services.packs.content import KINDS, content_of
from funding.services.run_progress import Progress
from funding.services.scenarios import UNDER_WAY
from funding.studies.kind import Cancelled
from funding.studies.kinds import KINDS as OFFERED
from funding.studies.kinds import QUESTIONS
from funding.studies.tolerances import TOLERANCES, USUAL

TASK, QUICK = "make_pack", "make_pack_now"
"""Of a pack that waits for studies, and of one that does not: that is soon done."""
EVERY = 0.3
"""Seconds between two looks at the studies that are waited for."""
STUDIES_PART = 0.7
"""Of the bar, for the studies; the rest is for what funders reach without the pool."""


def ask_for_pack(session: Session, *, by: Actor, round_id: int, is_quick: bool = False) -> Pack:
    """Have the pack of the plan before the funders made, with the studies it lacks; `is_quick`:
    of what is there already.

    Raises NotFound, NotPermitted, and RuleBroken without a plan, or where one is being made.
    """
    fetch(session, working_rounds(by, "pack.read"), round_id, "round")
    if not session.scalars(working_rounds(by, "pack.make").where(Round.id == round_id)).first():
        raise NotPermitted("Your role does not include making a pack.")
    plan = session.scalars(
        sa.select(PlanPutForward).where(
            PlanPutForward.round_id == round_id, PlanPutForward.is_current
        )
    ).one_or_none()
    if plan is None:
        raise RuleBroken("No plan is before the funders; a pack is made of the plan put forward.")
    if plan.run.plan is None:
        raise RuleBroken(
            "This plan was agreed by hand. A pack needs one that the optimizer worked out."
        )
    if is_decided(session, plan):
        raise RuleBroken("The committee has decided on this plan.")
    last = latest(session, plan.id)
    if last is not None and is_making(session, last):
        raise RuleBroken("This pack is being made already.")
    if last is not None and last.state == PackState.MAKING:  # its worker died too often
        last.state = PackState.FAILED
        session.flush()
    pack = Pack(plan_id=plan.id, asked_by_id=by.person_id, stage="Waiting for a worker")
    pack.studies = _studies_for(session, by, plan.run, may_ask=not is_quick)
    session.add(pack)
    session.flush()
    enqueue(session, QUICK if is_quick else TASK, pack_id=pack.id, is_quick=is_quick)
    record(session, by, "pack asked for", pack, round_id=round_id, plan_id=plan.id)
    return pack


def is_decided(session: Session, plan: PlanPutForward) -> bool:
    # here, since the vote seals packs
    from funding.services.committee import endorsement_of

    return endorsement_of(session, plan) is not None


def _studies_for(session: Session, by: Actor, run: Run, *, may_ask: bool) -> dict[str, int]:
    """Ids by kind of the studies to read: finished ones, and new ones where `may_ask`."""
    found = {}
    for kind in KINDS:
        done = session.scalars(
            sa.select(Study)
            .where(Study.run_id == run.id, Study.kind == kind, Study.state == RunState.DONE)
            .order_by(Study.id.desc())
            .limit(1)
        ).first()
        if done is None and may_ask:
            done = _begun(session, by, run, kind)
        if done is not None:
            found[kind] = done.id
    return found


def _begun(session: Session, by: Actor, run: Run, kind: str) -> Study | None:
    """A study that the pack waits for; None where it is not one to wait for.

    What pooling gains takes up to an hour: its page offers it, and a pack shows it if it is there.
    """
    offered = (OFFERED | QUESTIONS)[kind]
    round_ = run.scenario.round
    is_closed = round_.state in (RoundState.DRAFT, RoundState.CLOSED)
    if kind == "pooling" or is_closed or studies.why_not_of(run, offered):
        return None
    if kind != "overrides":
        return studies.begin(session, by, run, offered, {"tolerance": TOLERANCES[USUAL]})
    pins = _pins_of(run)
    return studies.begin(session, by, run, offered, {"pins": pins}) if pins else None


def _pins_of(run: Run) -> list[dict[str, object]]:
    """The locks of the run's round that are pins of its scenario."""
    pinned = {pin.proposal.key: pin for pin in run.scenario.pins}
    found = []
    for lock in (run.problem or {}).get("locks", ()):
        pin = pinned.get(lock["proposal"])
        if pin is not None and (pin.amount, pin.funded) == (lock.get("amount"), lock.get("funded")):
            found.append(lock)
    return found


def latest(session: Session, plan_id: int) -> Pack | None:
    """The pack of a plan that was asked for last."""
    packs = sa.select(Pack).where(Pack.plan_id == plan_id).order_by(Pack.id.desc())
    return session.scalars(packs.limit(1)).first()


def latest_ready(session: Session, plan_id: int) -> Pack | None:
    packs = sa.select(Pack).where(Pack.plan_id == plan_id, Pack.state == PackState.READY)
    return session.scalars(packs.order_by(Pack.id.desc()).limit(1)).first()


def is_making(session: Session, pack: Pack) -> bool:
    """Whether somebody works on it or will; not where its worker died too often."""
    return pack.state == PackState.MAKING and any(
        is_under_way(session, task, pack_id=pack.id) for task in (TASK, QUICK)
    )


def cancel_pack(session: Session, *, by: Actor, pack_id: int) -> Pack:
    """Stop making a pack; what its studies have worked out is kept. Raises NotFound."""
    pack: Pack = fetch(session, visible_packs(by), pack_id, "pack")
    if pack.state != PackState.MAKING:
        return pack
    pack.is_cancel_requested = True
    pack.state, pack.message = PackState.CANCELLED, ""
    for study in _waited_for(session, pack):
        studies.stop(session, by, study)
    record(session, by, "pack cancelled", pack, round_id=pack.plan.round_id)
    return pack


def _waited_for(session: Session, pack: Pack) -> list[Study]:
    return list(
        session.scalars(
            sa.select(Study).where(Study.id.in_(pack.studies.values()), Study.state.in_(UNDER_WAY))
        )
    )


# -- the worker -----------------------------------------------------------------------------------


def make_pack(database: Database, config: Config, pack_id: int, is_quick: bool = False) -> None:
    """The task of a worker: wait for the studies, work out what is left, write the pack."""
    progress = Progress(database, Pack, pack_id)
    try:
        run_id = _wait(database, progress)
        if not is_quick:
            _baselines(database, config, run_id, progress)
        database.in_transaction(_write, pack_id=pack_id)
    except Cancelled:
        pass  # the row says so already
    except TributaryError as refusal:
        database.in_transaction(_fail, pack_id=pack_id, message=str(refusal))
    except Exception:
        message = "It stopped by a fault of ours; the site's log has the details."
        database.in_transaction(_fail, pack_id=pack_id, message=message)
        raise


def _wait(database: Database, progress: Progress) -> int:
    """Look at the studies until all have ended; the run's id. Raises Cancelled."""
    while True:
        with database.reading() as session:
            pack = session.get_one(Pack, progress.row_id)
            if pack.state != PackState.MAKING:
                raise Cancelled
            waited = [
                study
                for study in _waited_for(session, pack)
                if studies.is_study_under_way(session, study)
            ]
            if not waited:
                return pack.plan.run_id
            parts = len(pack.studies)
            done = parts - len(waited) + sum(study.progress for study in waited)
            at_work = min(waited, key=lambda study: (study.state != RunState.RUNNING, study.id))
            label = (OFFERED | QUESTIONS)[at_work.kind].label
            progress.progress = STUDIES_PART * done / parts
            progress.stage = f"{label}: {at_work.stage}" if at_work.stage else label
        progress.write()
        time.sleep(EVERY)


def _baselines(database: Database, config: Config, run_id: int, progress: Progress) -> None:
    """Work out what funders would reach without the pool, where that is not known yet."""
    with database.reading() as session:
        run = session.get_one(Run, run_id)
        missing = [] if run.explanation is None else baselines.missing_of(run)
    for number, funder in enumerate(missing):
        if progress.is_cancelled():
            raise Cancelled
        progress.progress = STUDIES_PART + (1 - STUDIES_PART) * number / len(missing)
        progress.stage = f"What {number + 1} of {len(missing)} funders would reach without the pool"
        progress.write()
        reckon_baselines(database, config, run_id, [funder], progress.is_cancelled)


def _write(session: Session, *, pack_id: int) -> None:
    pack = session.get_one(Pack, pack_id)
    if pack.state != PackState.MAKING:
        return
    plan, at = pack.plan, now()
    rows = session.scalars(sa.select(Study).where(Study.id.in_(pack.studies.values())))
    asked = {study.kind: study for study in rows}
    done = {kind: s.id for kind, s in asked.items() if s.state == RunState.DONE}
    missing = {
        kind: asked[kind].message or str(asked[kind].state) if kind in asked else "not asked for"
        for kind in KINDS
        if kind not in done and not (kind == "overrides" and not plan.run.scenario.pins)
    }
    text = canonical(content_of(session, plan, done, missing, at))
    pack.studies, pack.content, pack.digest, pack.made_at = done, text, digest_of(text), at
    pack.state, pack.progress, pack.stage = PackState.READY, 1.0, ""
    record(
        session,
        None,
        "pack made",
        pack,
        round_id=plan.round_id,
        plan_id=plan.id,
        sha256=pack.digest,
    )


def _fail(session: Session, *, pack_id: int, message: str) -> None:
    pack = session.get_one(Pack, pack_id)
    if pack.state == PackState.MAKING:
        pack.state, pack.message = PackState.FAILED, message
        record(session, None, "pack failed", pack, round_id=pack.plan.round_id)
