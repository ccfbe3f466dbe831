"""What the demo has in public: the earlier round published, a title withheld, a few voices."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import (
    Person,
    Proposal,
    Publication,
    Round,
    Voice,
    VoiceArea,
    VoiceState,
    WithheldTitle,
)
from funding.paths import SEEDS
from funding.services.log import record
from optimizer.sentences import marked


def load(session: Session, people: dict[str, Person]) -> None:
    """Publish the earlier round and let its owner moderate what was said; rounds are there."""
    seed: dict[str, Any] = json.loads(Path(SEEDS / "voices.json").read_text(encoding="utf-8"))
    rounds = {round_.key: round_ for round_ in session.scalars(sa.select(Round))}
    act = seed["publish"]
    round_, owner = rounds[act["round"]], people[act["by"]]
    session.add(
        Publication(
            round_id=round_.id,
            is_public=True,
            published_at=_moment(act["at"], round_),
            published_by_id=owner.id,
        )
    )
    for entry in seed["withheld"]:
        proposal = session.scalars(
            sa.select(Proposal).where(
                Proposal.round_id == round_.id, Proposal.key == entry["proposal"]
            )
        ).one()
        session.add(
            WithheldTitle(
                proposal_id=proposal.id,
                reason=entry["reason"],
                note=entry["note"],
                withheld_by_id=people[entry["by"]].id,
                withheld_at=_moment(entry["at"], round_),
            )
        )
    for entry in seed["voices"]:
        _voice(session, rounds[entry["round"]], owner, entry)
    record(session, None, marked("earlier round published"), round_, round_id=round_.id)


def _voice(session: Session, round_: Round, owner: Person, entry: dict[str, Any]) -> None:
    at = _moment(entry["at"], round_)
    voice = Voice(
        round_id=round_.id, capacity=entry["capacity"], words=entry["words"], received_at=at
    )
    voice.areas = [VoiceArea(position=n, area_key=key) for n, key in enumerate(entry["areas"], 1)]
    session.add(voice)
    session.flush()
    hidden = entry.get("hidden")
    if hidden or entry.get("shown"):
        voice.state = VoiceState.HIDDEN if hidden else VoiceState.SHOWN
        voice.hidden_because = hidden
        voice.moderated_by_id, voice.moderated_at = owner.id, at
        session.flush()


def _moment(text: str, round_: Round) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(round_.timezone))
