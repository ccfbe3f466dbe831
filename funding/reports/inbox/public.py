"""What the public said and nobody has read yet."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import Round, Voice, VoiceState
from funding.permissions import Actor, owned_rounds
from funding.reports.inbox.entries import Arguments, Waiting


def voices(session: Session, by: Actor) -> Iterator[Waiting]:
    """Public voices that wait to be shown or hidden by the owners of their round, by round."""
    rows = session.execute(
        owned_rounds(by)
        .join(Voice, Voice.round_id == Round.id)
        .where(Voice.state == VoiceState.WAITING)
        .with_only_columns(Round.id, Round.name, sa.func.count(Voice.id))
        .group_by(Round.id, Round.name)
        .order_by(Round.id)
    )
    for round_id, name, count in rows:
        to: Arguments = {"round_id": round_id}
        one, many = f"public voice to read in {name}", f"public voices to read in {name}"
        yield Waiting(count, one, many, "publishing.voices", to)
