"""How an amount of a proposal is split by top area, so that the parts always add up."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from funding.models import Proposal, ProposalArea, Round
from funding.reports.sql import millionths
from funding.services.areas import top_areas


def effects(round_: Round) -> sa.CTE:
    """What an amount of a proposal adds to each top area: `area`, `weight` of `whole`, `sign`.

    Sign 0: all of it. To the largest area goes all, and what goes to each other (sign 1) is taken
    from it again (sign -1): so the parts add up whatever rounding leaves. Weights in millionths.
    """
    tops = top_areas(round_)
    named = (
        sa.values(sa.column("key", sa.Text), sa.column("top", sa.Text), name="named")
        .data([*tops.items()] or [("", "")])
        .cte("tops")
    )
    top = sa.func.coalesce(named.c.top, ProposalArea.area_key)
    weight = sa.cast(sa.func.sum(millionths(ProposalArea.weight)), sa.BigInteger)
    tagged = (
        sa.select(ProposalArea.proposal_id, top.label("area"), weight.label("weight"))
        .join(Proposal, Proposal.id == ProposalArea.proposal_id)
        .outerjoin(named, named.c.key == ProposalArea.area_key)
        .where(Proposal.round_id == round_.id)
        .group_by(ProposalArea.proposal_id, top)
        .having(weight > 0)
        .cte("tagged")
    )
    order: dict[str, Any] = {
        "partition_by": tagged.c.proposal_id,
        "order_by": (tagged.c.weight.desc(), tagged.c.area),
    }
    whole = sa.func.sum(tagged.c.weight).over(partition_by=tagged.c.proposal_id)
    ranked = sa.select(
        tagged,
        sa.cast(whole, sa.BigInteger).label("whole"),
        sa.func.row_number().over(**order).label("place"),
        sa.func.first_value(tagged.c.area).over(**order).label("largest"),
    ).cte("ranked")

    def effect(area: Any, sign: int) -> sa.Select[Any]:
        return sa.select(
            ranked.c.proposal_id,
            area.label("area"),
            ranked.c.weight,
            ranked.c.whole,
            sa.literal(sign, sa.Integer).label("sign"),
        ).where(ranked.c.place == 1 if sign == 0 else ranked.c.place > 1)

    return sa.union_all(
        effect(ranked.c.area, 0), effect(ranked.c.area, 1), effect(ranked.c.largest, -1)
    ).cte("effects")


def parts_by_area(base: int, areas: dict[str, float]) -> tuple[tuple[str, int], ...]:
    """The same for one amount: each part rounded down, what that leaves to the largest."""
    weights = {key: int(share * 1_000_000 + 0.5) for key, share in areas.items()}
    whole = sum(weights.values())
    if not whole:
        return ()
    ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    parts = {key: base * weight // whole for key, weight in ranked}
    parts[ranked[0][0]] += base - sum(parts.values())
    return tuple(parts.items())
