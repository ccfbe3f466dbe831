"""What the change of exchange rates made of payments, by award and by funder.

A plan counts an award in the round's currency at the rates recorded with its run. A payment is
worth what it is at the rate of its own day, also kept with it. The difference is a gain for the
grantee's work in the round's currency where it is above zero, a loss below.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload

from funding.models import (
    Account,
    AccountKind,
    Award,
    Commitment,
    PlanLine,
    PlanPutForward,
    Proposal,
    Round,
    Run,
    Tranche,
)
from funding.permissions import Actor, visible_tranches
from funding.services.rates import Rate, stored_rate


@dataclass(frozen=True)
class ExchangeRow:
    """One paid tranche, in minor units: what is kept of it, in the round's currency both ways.

    `planned` at the run's rate, `paid` at the payment's; None where a rate is not known.
    """

    tranche: Tranche
    kept: int
    base_currency: str
    run_rate: Rate | None
    paid_rate: Rate | None

    @property
    def planned(self) -> int | None:
        return self.run_rate.to_base(self.kept) if self.run_rate else None

    @property
    def paid(self) -> int | None:
        return self.paid_rate.to_base(self.kept) if self.paid_rate else None

    @property
    def gain(self) -> int | None:
        planned, paid = self.planned, self.paid
        return None if planned is None or paid is None else paid - planned


@dataclass(frozen=True)
class FunderGain:
    """All payments of one funder in one round's currency; `unknown` had no rate."""

    funder: str
    base_currency: str
    planned: int
    paid: int
    payments: int
    unknown: int

    @property
    def gain(self) -> int:
        return self.paid - self.planned


def exchange_rows(session: Session, by: Actor, award_id: int | None = None) -> list[ExchangeRow]:
    """Paid tranches whose currency is not the round's, of one award or of one's funders."""
    query = (
        visible_tranches(by)
        .join(Award, Award.id == Tranche.award_id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .join(Proposal, Proposal.id == Award.proposal_id)
        .join(Round, Round.id == Commitment.round_id)
        .where(Tranche.paid_on.is_not(None), Commitment.currency != Round.base_currency)
        .options(
            contains_eager(Tranche.award).options(
                contains_eager(Award.proposal),
                contains_eager(Award.commitment).options(
                    joinedload(Commitment.funder), contains_eager(Commitment.round)
                ),
            )
        )
        .order_by(Tranche.paid_on, Tranche.id)
    )
    if award_id is not None:
        query = query.where(Tranche.award_id == award_id)
    else:
        query = query.where(Commitment.funder_id.in_(list(by.where("ledger.read"))))
    tranches = session.scalars(query).unique().all()
    kept = dict(
        session.execute(
            sa.select(Account.tranche_id, Account.balance).where(
                Account.kind == AccountKind.PAID,
                Account.tranche_id.in_([t.id for t in tranches]),
            )
        ).all()
    )
    rates = _run_rates(session, {t.award_id for t in tranches})
    rows = []
    for tranche in tranches:
        commitment = tranche.award.commitment
        base, currency = commitment.round.base_currency, commitment.currency
        run = rates.get(tranche.award_id, {}).get(currency)
        paid = tranche.paid_rate and tranche.paid_rate_on
        rows.append(
            ExchangeRow(
                tranche,
                kept.get(tranche.id, 0),
                base,
                stored_rate(currency, base, run) if run else None,
                Rate(currency, base, Decimal(tranche.paid_rate or 0), tranche.paid_rate_on)
                if paid and tranche.paid_rate_on
                else None,
            )
        )
    return [row for row in rows if row.kept]


def _run_rates(session: Session, award_ids: set[int]) -> dict[int, dict[str, dict[str, str]]]:
    """Award -> the rates of the run that its line came from."""
    rows = session.execute(
        sa.select(Award.id, Run.rates)
        .join(PlanLine, PlanLine.id == Award.plan_line_id)
        .join(PlanPutForward, PlanPutForward.id == PlanLine.plan_id)
        .join(Run, Run.id == PlanPutForward.run_id)
        .where(Award.id.in_(award_ids))
    )
    return {award_id: rates or {} for award_id, rates in rows}


def by_funder(rows: list[ExchangeRow]) -> list[FunderGain]:
    """The rows summed up by funder and round's currency, by name."""
    grouped: dict[tuple[str, str], list[ExchangeRow]] = {}
    for row in rows:
        name = row.tranche.award.commitment.funder.name
        grouped.setdefault((name, row.base_currency), []).append(row)
    found = []
    for (funder, base), mine in sorted(grouped.items()):
        known = [row for row in mine if row.gain is not None]
        found.append(
            FunderGain(
                funder,
                base,
                sum(row.planned or 0 for row in known),
                sum(row.paid or 0 for row in known),
                len(mine),
                len(mine) - len(known),
            )
        )
    return found
