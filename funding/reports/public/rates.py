"""What a round's currencies are worth in its own: the rates its plan was decided at."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.models import Commitment, PlanPutForward, Round, Run
from funding.services.rates import Rate, rate_in_round, stored_rate


def rates_of(session: Session, rounds: Iterable[Round]) -> dict[int, dict[str, Rate]]:
    """By round id and currency: two queries, but for a currency that the plan's run did not have.

    As on the dashboards, such a currency counts at today's rate.
    """
    known = {round_.id: round_ for round_ in rounds}
    kept: dict[int, dict[str, dict[str, str]]] = {}
    plans = sa.select(PlanPutForward.round_id, Run.rates).join(Run, Run.id == PlanPutForward.run_id)
    for round_id, rates in session.execute(
        plans.where(PlanPutForward.round_id.in_(known)).order_by(
            PlanPutForward.is_current, PlanPutForward.id
        )
    ):
        kept[round_id] = rates  # the current plan's come last
    found: dict[int, dict[str, Rate]] = {round_id: {} for round_id in known}
    for round_id, currency in session.execute(
        sa.select(Commitment.round_id, Commitment.currency)
        .where(Commitment.round_id.in_(known))
        .distinct()
    ):
        round_, rates = known[round_id], kept.get(round_id, {})
        found[round_id][currency] = (
            stored_rate(currency, round_.base_currency, rates[currency])
            if currency in rates
            else rate_in_round(session, round_, currency, now().date())
        )
    return found
