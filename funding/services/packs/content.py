"""The whole content of a pack: figures made of stored documents, and the state of the day.

`figures` can be made again from the run and its studies; `state`, `names` and the head are what
was so on the day, and only the digest vouches for them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import (
    UNJUDGED,
    Commitment,
    ConflictOfInterest,
    Organisation,
    Overlap,
    PlanPutForward,
    Proposal,
    RunState,
    Study,
)
from funding.reports.packs.canonical import digest_of_stored, parts_per_million
from funding.reports.packs.figures import Sources, figures
from funding.services.committee import members_of, quorum, rule_of

FORMAT = "tributary-pack/1"
KINDS = ("alternatives", "sureness", "pooling", "overrides")
"""Studies that a pack is made of."""

Document = dict[str, Any]


def content_of(
    session: Session,
    plan: PlanPutForward,
    studies: dict[str, int],
    missing: dict[str, str],
    at: datetime,
) -> Document:
    """The pack of a plan. `studies`: ids of finished ones by kind; `missing`: why others are."""
    run, round_ = plan.run, plan.round
    sources = sources_of(session, plan, studies)
    made = figures(sources)
    return {
        "format": FORMAT,
        "made_at": at.isoformat(timespec="seconds"),
        "round": {
            "key": round_.key,
            "name": round_.name,
            "currency": round_.base_currency,
            "owner": round_.owner.name,
        },
        "plan": {
            "id": plan.id,
            "run": run.id,
            "scenario": run.scenario.name,
            "rule": sources.plan.get("rule", "welfare"),
            "status": run.status,
            "gap": parts_per_million(run.gap or 0.0),
            "note": plan.note,
            "put_forward_at": plan.put_forward_at.isoformat(timespec="seconds"),
        },
        "sources": stamps_of(run.id, sources, studies),
        "missing": missing,
        "figures": made,
        "state": _state(session, plan, sources.plan),
        "names": _names(session, plan, sources.problem),
    }


def sources_of(session: Session, plan: PlanPutForward, studies: dict[str, int]) -> Sources:
    """The stored documents; a study that is not there any more is left out."""
    run = plan.run
    rows = session.scalars(
        sa.select(Study).where(Study.id.in_(studies.values()), Study.state == RunState.DONE)
    )
    found = {study.kind: study.result or {} for study in rows}
    return Sources(run.problem or {}, run.plan or {}, run.explanation or {}, found)


def stamps_of(run_id: int, sources: Sources, studies: dict[str, int]) -> Document:
    """What the figures were made of, each with its SHA-256."""
    return {
        "run": {
            "id": run_id,
            "problem": digest_of_stored(sources.problem),
            "plan": digest_of_stored(sources.plan),
        },
        "studies": {
            kind: {"id": id_, "result": digest_of_stored(sources.studies.get(kind))}
            for kind, id_ in sorted(studies.items())
        },
    }


def _state(session: Session, plan: PlanPutForward, document: Document) -> Document:
    """Conflicts (how many, never whose), open overlaps, reasons and the committee, on the day."""
    funded = sorted(key for key, total in document["totals"].items() if total)
    of_plan = sa.select(Proposal.id).where(
        Proposal.round_id == plan.round_id, Proposal.key.in_(funded)
    )
    declared = session.execute(
        sa.select(
            sa.func.count(ConflictOfInterest.id),
            sa.func.count(sa.distinct(ConflictOfInterest.proposal_id)),
        ).where(ConflictOfInterest.proposal_id.in_(of_plan))
    ).one()
    rule, members = rule_of(session, plan.round_id), members_of(session, plan)
    return {
        "conflicts": {
            "declared": declared[0],
            "proposals": declared[1],
            "members_out": len(members.in_conflict),
        },
        "committee": {
            "members": len(members.counted),
            "quorum": quorum(rule, members),
            "quorum_percent": rule.quorum_percent,
            "majority": str(rule.majority),
            "must_endorse": rule.must_endorse,
        },
        "open_overlaps": _open_overlaps(session, plan.round_id, set(funded)),
        "pins": [
            {
                "proposal": pin.proposal.key,
                "commitment": None
                if pin.commitment_id is None
                else session.get_one(Commitment, pin.commitment_id).key,
                "funded": pin.funded,
                "amount": pin.amount,
                "reason": pin.reason,
            }
            for pin in plan.run.scenario.pins
        ],
    }


def _open_overlaps(session: Session, round_id: int, funded: set[str]) -> list[Document]:
    """Pairs of the plan that nobody has judged yet, the likeliest first."""
    pairs = session.scalars(
        sa.select(Overlap).where(Overlap.round_id == round_id, Overlap.verdict.in_(UNJUDGED))
    )
    found = [
        {
            "proposals": sorted([pair.first.key, pair.second.key]),
            "probability": parts_per_million(pair.probability or 0.0),
        }
        for pair in pairs
        if {pair.first.key, pair.second.key} <= funded
    ]
    return sorted(found, key=lambda o: (-o["probability"], o["proposals"]))


def _names(session: Session, plan: PlanPutForward, problem: Document) -> Document:
    """Names by the keys that the figures use."""
    round_ = plan.round
    proposals = session.execute(
        sa.select(Proposal.key, Proposal.title).where(Proposal.round_id == round_.id)
    )
    commitments = session.execute(
        sa.select(Commitment.key, Commitment.name, Organisation.key, Organisation.name)
        .join(Organisation, Organisation.id == Commitment.funder_id)
        .where(Commitment.round_id == round_.id)
    ).all()
    wanted = {p["id"] for p in problem["proposals"]}
    return {
        "areas": {area.key: area.name for area in round_.taxonomy.areas if not area.parent_key},
        "proposals": {key: title for key, title in proposals if key in wanted},
        "commitments": {key: name for key, name, _, _ in commitments},
        "funders": {key: name for _, _, key, name in commitments},
    }
