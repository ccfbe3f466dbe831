"""Whether a pack is what was made, and can be made again: each question with its answer.

Nothing is written. What was changed is named: the row, the figures by path, the votes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import Event, Pack, PackSeal
from funding.reports.packs.canonical import canonical, differences, digest_of
from funding.reports.packs.figures import figures
from funding.services.committee import votes_on
from funding.services.packs.content import sources_of, stamps_of
from funding.services.packs.remarks import remarks_on, seal_of
from funding.services.packs.sealing import record_of

MOST_NAMED = 8


@dataclass(frozen=True)
class Answer:
    """One question asked of a pack. `details` name what is not as it was."""

    question: str
    is_so: bool
    details: tuple[str, ...] = ()


def verify(session: Session, pack: Pack) -> list[Answer]:
    """Every question, the simplest first."""
    text = pack.content or ""
    found = [_text(pack, text), _logged(session, pack, "pack made", "sha256", pack.digest or "")]
    try:
        content = json.loads(text)
    except ValueError:
        return found
    found += [_sources(session, pack, content), _figures(session, pack, content)]
    sealed = seal_of(session, pack)
    if sealed is not None:
        found += [
            _seal(sealed, pack),
            _record(session, sealed, pack),
            _logged(session, pack, "pack sealed", "seal_sha256", sealed.digest),
        ]
    return found


def is_whole(answers: list[Answer]) -> bool:
    return all(answer.is_so for answer in answers)


def _text(pack: Pack, text: str) -> Answer:
    question = "The content has the digest that was noted when it was made"
    actual = digest_of(text)
    if actual == pack.digest:
        return Answer(question, True)
    return Answer(
        question, False, (f"pack {pack.id}: noted {pack.digest}, the content has {actual}",)
    )


_IN_THE_LOG = {
    "pack made": "The log holds this digest of the pack",
    "pack sealed": "The log holds this digest of the seal",
}


def _logged(session: Session, pack: Pack, action: str, key: str, digest: str) -> Answer:
    """The log proves itself (`tributary verify-log`), so a digest in it cannot be exchanged."""
    question = _IN_THE_LOG[action]
    event = session.scalars(
        sa.select(Event)
        .where(Event.subject_type == "pack", Event.subject_id == pack.id, Event.action == action)
        .limit(1)
    ).first()
    logged = None if event is None else event.detail.get(key)
    if logged == digest:
        return Answer(question, True)
    return Answer(question, False, (f"the log has {logged or 'none'}, the row {digest or 'none'}",))


def _sources(session: Session, pack: Pack, content: dict[str, Any]) -> Answer:
    question = "The stored run and studies are those that it was made of"
    ids = {kind: stamp["id"] for kind, stamp in content["sources"]["studies"].items()}
    now = stamps_of(content["plan"]["run"], sources_of(session, pack.plan, ids), ids)
    apart = differences(content["sources"], now, "sources", MOST_NAMED)
    return Answer(question, not apart, tuple(apart))


def _figures(session: Session, pack: Pack, content: dict[str, Any]) -> Answer:
    question = "Its figures, made again from the stored run and studies, are the same to the byte"
    ids = {kind: stamp["id"] for kind, stamp in content["sources"]["studies"].items()}
    again = figures(sources_of(session, pack.plan, ids))
    if canonical(again) == canonical(content["figures"]):
        return Answer(question, True)
    apart = differences(content["figures"], again, "figures", MOST_NAMED)
    return Answer(question, False, tuple(apart))


def _seal(sealed: PackSeal, pack: Pack) -> Answer:
    question = "The seal has its digest, and names this pack"
    details = []
    actual = digest_of(sealed.record)
    if actual != sealed.digest:
        details.append(f"seal {sealed.id}: noted {sealed.digest}, the record has {actual}")
    try:
        named = json.loads(sealed.record).get("pack")
    except ValueError:
        named = None
    if named != pack.digest:
        details.append(f"the record names the pack {named}, this one is {pack.digest}")
    return Answer(question, not details, tuple(details))


def _record(session: Session, sealed: PackSeal, pack: Pack) -> Answer:
    question = "Result, votes and remarks are those that were sealed"
    votes = votes_on(session, pack.plan)
    now = record_of(pack, sealed.endorsement, votes, remarks_on(session, pack))
    try:
        stored = json.loads(sealed.record)
    except ValueError:
        return Answer(question, False, ("the sealed record cannot be read",))
    apart = differences(stored, now, "seal", MOST_NAMED)
    return Answer(question, not apart, tuple(apart))
