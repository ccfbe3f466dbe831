"""What others already spend in each area: the imported history, as a need counts it."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import HistoricGrant, Round, RoundFunder

MONTHS = 24
"""How far before a round opens a past grant still counts as money in its area."""


def counted_since(round_: Round) -> date:
    """The day from which past grants count: `MONTHS` before the round opens."""
    opens = round_.opens_at.date()
    year = opens.year - MONTHS // 12
    # the 29th of February has no like in most years
    return opens.replace(year=year, day=28 if (opens.month, opens.day) == (2, 29) else opens.day)


def counted_grants(round_: Round) -> sa.Select[tuple[HistoricGrant]]:
    """Past grants, imported by the round's owner or its funders, that count as already spent."""
    joined = sa.select(RoundFunder.funder_id).where(
        RoundFunder.round_id == round_.id, RoundFunder.joined_at.is_not(None)
    )
    return sa.select(HistoricGrant).where(
        sa.or_(
            HistoricGrant.organisation_id == round_.owner_id,
            HistoricGrant.organisation_id.in_(joined),
        ),
        HistoricGrant.area_key.is_not(None),
        HistoricGrant.amount.is_not(None),
        HistoricGrant.currency.is_not(None),
        HistoricGrant.awarded_on >= counted_since(round_),
    )


def spent_in_history(session: Session, round_: Round) -> dict[tuple[str, str], int]:
    """Minor units by (area key as imported, currency) of the grants that count."""
    grants = counted_grants(round_).subquery()
    rows = session.execute(
        sa.select(grants.c.area_key, grants.c.currency, sa.func.sum(grants.c.amount)).group_by(
            grants.c.area_key, grants.c.currency
        )
    )
    return {(area, currency): int(total) for area, currency, total in rows}
