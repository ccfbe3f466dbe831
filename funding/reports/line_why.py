"""Why a line's money comes from this commitment and not from another that may pay the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.formatting import format_decimals, listed
from funding.language import gettext as _
from funding.models import Commitment, Run
from funding.reports.result_views import prices_of
from funding.reports.results import Payer

SAME = 0.005  # a difference in price that two decimals do not show


def line_words(
    session: Session, run: Run, payers: Sequence[Payer], clauses: Sequence[Mapping[str, Any]]
) -> dict[int, list[str]]:
    """Sentences by commitment id, for the lines of one proposal.

    `clauses`: which money may pay it, each with its commitment's `key` and name and a `refusal`.
    """
    keys = dict(
        session.execute(
            sa.select(Commitment.id, Commitment.key).where(
                Commitment.id.in_([payer.commitment_id for payer in payers])
            )
        ).all()
    )
    prices, currency = prices_of(run, "commitment"), run.scenario.round.base_currency
    paying = set(keys.values())
    others = [c for c in clauses if c["refusal"] is None and c["key"] not in paying]
    found = {}
    for payer in payers:
        price = prices.get(keys[payer.commitment_id])
        if price is not None:
            found[payer.commitment_id] = [
                _worth(price, currency),
                *_beside(price, others, prices, currency),
            ]
    return found


def _worth(price: float, currency: str) -> str:
    if price < SAME:
        return "Some of this commitment is left, so paying from it takes nothing from other work."
    return _(
        "One more %(currency)s in this commitment would be worth %(price)s "
        "%(currency)s of good work: that is what its money could do elsewhere.",
        currency=currency,
        price=format_decimals(price, 2),
    )


def _beside(
    price: float,
    others: Sequence[Mapping[str, Any]],
    prices: Mapping[str, float],
    currency: str,
) -> list[str]:
    """How the other commitments that may pay the proposal compare, by their prices."""
    if not others:
        return ["No other money that is not used for it already may pay this proposal."]
    dearer, same, cheaper = [], [], []
    for clause in others:
        other = prices.get(clause["key"])
        if other is None:
            continue
        group = dearer if other > price + SAME else same if other > price - SAME else cheaper
        group.append(f"{clause['commitment']} ({format_decimals(other, 2)})")
    sentences = []
    if dearer:
        sentences.append(
            _(
                "May pay it too, but does more good elsewhere: %(listed)s, in %(currency)s "
                "of good work for one more %(currency)s.",
                listed=listed(dearer),
                currency=currency,
            )
        )
    if same:
        sentences.append(
            _("Could as well pay it, at the same value: %(listed)s.", listed=listed(same))
        )
    if cheaper:
        sentences.append(
            _(
                "Would be cheaper at the plan’s prices, but pays under limits of its own: "
                "%(listed)s.",
                listed=listed(cheaper),
            )
        )
    return sentences
