"""The packs of a round as a list."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import Pack, PackSeal, PackState, PlanPutForward

MOST = 50


def packs_of(session: Session, round_id: int) -> list[tuple[Pack, PackSeal | None]]:
    """Packs that were made, newest first, each with its seal."""
    rows = session.execute(
        sa.select(Pack, PackSeal)
        .join(PlanPutForward, PlanPutForward.id == Pack.plan_id)
        .outerjoin(PackSeal, PackSeal.pack_id == Pack.id)
        .where(PlanPutForward.round_id == round_id, Pack.state == PackState.READY)
        .order_by(Pack.id.desc())
        .limit(MOST)
    )
    return [(pack, seal) for pack, seal in rows]
