"""One proposal within a run: what it gets, from whom, and why."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import NotFound
from funding.language import gettext as _
from funding.models import Pin, Proposal, Run, RunProposal
from funding.permissions import Actor, without_conflict
from funding.reports.discretion import Discretion
from funding.reports.results import OverlapNote, Payer, overlaps_of, payers_of, tags_of
from funding.services.run_words import told, why_of

EARNED_WORDS = {
    "merit": "Merit times money",
    "gap": "Needs it meets",
    "floor": "Areas kept at their least",
    "overlap": "Overlaps",
    "agreement": "Agreements to make",
}


@dataclass(frozen=True)
class ProposalInRun:
    """Money in base minor units; `rank` by merit among the proposals the reader sees.

    `earned`: (what, value) of the parts of the plan's value that this proposal brings or costs.
    `changes`: what it would take to be funded, each a sentence. `pins`: of the scenario, on it.
    """

    amount: int
    merit: float
    is_scored: bool
    rank: int
    candidates: int
    areas: list[tuple[str, float]]
    payers: list[Payer]
    overlaps: list[OverlapNote]
    reason: str
    why: str
    earned: list[tuple[str, float]]
    changes: list[str]
    applicant: str
    pins: list[Pin]

    @property
    def first_reason(self) -> str:
        """The reason without saying again that it is not funded; a clause that goes on."""
        before, _none, _stop = _("Not funded: %(why)s.", why="|").partition("|")
        clause = self.why.removeprefix(before)
        return clause or _("none was worked out for this run.")


def proposal_in_run(
    session: Session, by: Actor, run: Run, proposal: Proposal, discretion: Discretion
) -> ProposalInRun:
    """Raises NotFound where the run did not look at this proposal."""
    row = session.scalars(
        sa.select(RunProposal).where(
            RunProposal.run_id == run.id, RunProposal.proposal_id == proposal.id
        )
    ).one_or_none()
    if row is None:
        raise NotFound("proposal")
    seen = (
        sa.select(sa.func.count())
        .select_from(RunProposal)
        .join(Proposal, Proposal.id == RunProposal.proposal_id)
        .where(RunProposal.run_id == run.id, without_conflict(by))
    )
    return ProposalInRun(
        amount=row.amount,
        merit=row.merit,
        is_scored=row.detail.get("is_scored", True),
        rank=(session.scalar(seen.where(RunProposal.merit > row.merit)) or 0) + 1,
        candidates=session.scalar(seen) or 0,
        areas=tags_of(session, run.scenario.round, [proposal.id])[proposal.id],
        payers=payers_of(session, run.id, [proposal.id])[proposal.id],
        overlaps=overlaps_of(session, run, [proposal.id], discretion)[proposal.id],
        reason=discretion.text(row.reason),
        why=discretion.text(
            why_of(
                row.amount,
                proposal.ask,
                row.reason,
                row.detail,
                run.scenario.round.base_currency,
            )
        ),
        earned=[(EARNED_WORDS[part], value) for part, value in row.detail.get("earned", [])],
        changes=[discretion.text(told(sentence)) for sentence in row.detail.get("changes", [])],
        applicant=told(row.detail.get("applicant", "")),
        pins=[pin for pin in run.scenario.pins if pin.proposal_id == proposal.id],
    )
