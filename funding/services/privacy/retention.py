"""What a closed round still keeps of people, removed when the round's own term is over.

Titles, abstracts, areas, money and decisions stay: they are what the round did. Names and
addresses of teams, files, answers to the round's own questions and comments on scores go, and so
do the words of reviews and of their discussion, and the text of drafts that were never handed in.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from funding.config import Config
from funding.db import Database, now
from funding.models import (
    Attachment,
    Award,
    EvidenceFile,
    ParkedForm,
    Proposal,
    ProposalState,
    ReportFile,
    Review,
    ReviewAssignment,
    ReviewRemark,
    Round,
    RoundState,
    Transition,
)
from funding.services.attachments import path_of
from funding.services.log import record
from funding.services.privacy.erasure import ENDED
from funding.services.reviewing.drafts import form_name

APPLY_RETENTION = "apply_retention"
REMOVED = "Removed"


def apply_retention(database: Database, config: Config, *, at: datetime | None = None) -> None:
    """Remove what is over its round's term at that moment (now), a round at a time; files that
    nothing names any more are deleted after the rows."""
    with database.reading() as session:
        rounds = over_their_term(session, at or now())
    for round_id in rounds:
        removed = database.in_transaction(remove_of, round_id=round_id)
        for sha256 in removed:
            with database.reading() as session:
                if not _is_used(session, sha256):
                    path_of(config.data, sha256).unlink(missing_ok=True)


def over_their_term(session: Session, at: datetime) -> list[int]:
    """Rounds that closed longer ago than they keep what is personal."""
    closed = (
        sa.select(Round.id, Round.keep_years, sa.func.max(Transition.at).label("at"))
        .join(Transition, Transition.subject_id == Round.id)
        .where(
            Round.state == RoundState.CLOSED,
            Transition.kind == "round",
            Transition.to_state == RoundState.CLOSED,
        )
        .group_by(Round.id, Round.keep_years)
        .order_by(Round.id)
    )
    return [
        round_id
        for round_id, years, closed_at in session.execute(closed)
        if _years_later(closed_at, years) <= at
    ]


def _years_later(moment: datetime, years: int) -> datetime:
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # 29 February
        return moment.replace(year=moment.year + years, day=28)


def remove_of(session: Session, *, round_id: int) -> list[str]:
    """Remove what is personal from a round's proposals; answers the digests of their files.

    A proposal with an award that has not ended is left for later.
    """
    live = sa.exists().where(Award.proposal_id == Proposal.id, Award.state.not_in(ENDED))
    proposals = session.scalars(
        sa.select(Proposal)
        .where(Proposal.round_id == round_id, Proposal.personal_removed_at.is_(None), ~live)
        .options(
            selectinload(Proposal.team),
            selectinload(Proposal.attachments),
            selectinload(Proposal.scores),
        )
        .order_by(Proposal.id)
    ).all()
    files = [file.sha256 for proposal in proposals for file in proposal.attachments]
    for proposal in proposals:
        _remove(session, proposal)
    if proposals:
        round_ = session.get_one(Round, round_id)
        record(
            session,
            None,
            "personal data removed",
            round_,
            organisation_id=round_.owner_id,
            round_id=round_id,
            proposals=len(proposals),
            files=len(files),
        )
    return files


def _remove(session: Session, proposal: Proposal) -> None:
    for member in proposal.team:
        member.name, member.email, member.orcid = REMOVED, None, None
    for file in proposal.attachments:
        session.delete(file)
    for score in proposal.scores:
        score.comment = ""
    for review in session.scalars(sa.select(Review).where(Review.proposal_id == proposal.id)):
        review.for_committee = review.for_applicant = ""
    session.execute(sa.delete(ReviewRemark).where(ReviewRemark.proposal_id == proposal.id))
    drafts = sa.select(ReviewAssignment.id).where(ReviewAssignment.proposal_id == proposal.id)
    names = [form_name(assignment) for assignment in session.scalars(drafts)]
    session.execute(sa.delete(ParkedForm).where(ParkedForm.form.in_(names)))
    proposal.answers = {}
    if proposal.state == ProposalState.DRAFT:
        proposal.title, proposal.abstract, proposal.keywords = REMOVED, "", []
    proposal.personal_removed_at = now()


def _is_used(session: Session, sha256: str) -> bool:
    return any(
        session.scalar(sa.select(sa.exists().where(kind.sha256 == sha256)))
        for kind in (Attachment, ReportFile, EvidenceFile)
    )
