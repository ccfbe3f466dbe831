"""The seal: a pack as the committee decided on it, with the result, the votes and the remarks."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from funding.models import Endorsement, Pack, PackRemark, PackSeal, PlanPutForward, Vote
from funding.permissions import Actor
from funding.reports.packs.canonical import canonical, digest_of
from funding.services.jobs import enqueue
from funding.services.log import record
from funding.services.packs.making import latest_ready
from funding.services.packs.remarks import remarks_on

FORMAT = "tributary-pack-seal/1"
PRINT = "print_pack"


def seal(
    session: Session,
    by: Actor,
    plan: PlanPutForward,
    endorsement: Endorsement,
    votes: list[Vote],
) -> PackSeal | None:
    """Seal the newest pack of a plan that was decided on; None where none was made.

    Called by the vote's closing, in its transaction. A worker makes the PDF that is kept.
    """
    pack = latest_ready(session, plan.id)
    if pack is None:
        return None
    text = canonical(record_of(pack, endorsement, votes, remarks_on(session, pack)))
    made = PackSeal(
        pack_id=pack.id, endorsement_id=endorsement.id, record=text, digest=digest_of(text)
    )
    session.add(made)
    session.flush()
    enqueue(session, PRINT, pack_id=pack.id)
    record(
        session,
        by,
        "pack sealed",
        pack,
        round_id=plan.round_id,
        plan_id=plan.id,
        sha256=pack.digest,
        seal_sha256=made.digest,
    )
    return made


def record_of(
    pack: Pack, endorsement: Endorsement, votes: list[Vote], remarks: list[PackRemark]
) -> dict[str, Any]:
    """What is sealed beside the figures. People are numbers: their names stand elsewhere, and can
    be erased there."""
    return {
        "format": FORMAT,
        "pack": pack.digest,
        "plan": pack.plan_id,
        "result": {
            "result": endorsement.result,
            "members": endorsement.members,
            "in_conflict": endorsement.in_conflict,
            "quorum_percent": endorsement.quorum_percent,
            "majority": str(endorsement.majority),
            "votes_for": endorsement.votes_for,
            "votes_against": endorsement.votes_against,
            "abstentions": endorsement.abstentions,
            "minutes": endorsement.minutes,
            "closed_at": endorsement.closed_at.isoformat(timespec="seconds"),
        },
        "votes": [
            {"person": vote.person_id, "choice": str(vote.choice), "words": vote.words}
            for vote in sorted(votes, key=lambda v: v.person_id)
        ],
        "remarks": [
            {
                "person": said.person_id,
                "kind": str(said.kind),
                "portfolio": said.portfolio,
                "words": said.words,
                "said_at": said.said_at.isoformat(timespec="seconds"),
            }
            for said in remarks
        ],
    }
