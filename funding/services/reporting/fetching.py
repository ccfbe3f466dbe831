"""What every act on a report begins and ends with: the award or report, held, and the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import Conflict
from funding.models import (
    Account,
    AccountKind,
    Award,
    Binding,
    ChangeRequest,
    ConflictOfInterest,
    Event,
    Person,
    Proposal,
    Report,
    Role,
    TeamMember,
)
from funding.permissions import (
    Actor,
    fetch,
    require,
    visible_awards,
    visible_reports,
    without_conflict,
)
from funding.services.log import record
from funding.services.mail import Written, post_mail


def award_of(session: Session, by: Actor, permission: str, award_id: int) -> Award:
    """An award of a funder for which the person may do this, held; raises NotFound, NotPermitted.

    Whoever is in its proposal, or in conflict over it, does not act for its funder.
    """
    query = (
        visible_awards(by)
        .where(without_conflict(by))
        .with_for_update(of=Award, key_share=True)
        .execution_options(populate_existing=True)
    )
    award: Award = fetch(session, query, award_id, "award")
    require(by, permission, award.commitment.funder_id)
    return award


def report_of(session: Session, by: Actor, report_id: int, version: int) -> Report:
    """A report to one's own funder, as last looked at; raises NotFound, NotPermitted, Conflict."""
    report: Report = fetch(session, visible_reports(by), report_id, "report")
    award_of(session, by, "report.decide", report.award_id)
    session.refresh(report, with_for_update={"of": Report, "key_share": True})
    if report.version != version:
        raise Conflict("This report was changed meanwhile. Please look at it again.")
    return report


def record_on(
    session: Session,
    by: Actor | None,
    action: str,
    thing: Report | Award | ChangeRequest,
    award: Award,
    **detail: Any,
) -> Event:
    """One act on an award's report or terms, in the log of its funder and round."""
    return record(
        session,
        by,
        action,
        thing,
        organisation_id=award.commitment.funder_id,
        round_id=award.commitment.round_id,
        award_id=award.id,
        **detail,
    )


def applicants(session: Session, proposal: Proposal) -> list[Person]:
    """The lead and the co-applicants with an account."""
    ids = {proposal.lead_id} | {m.person_id for m in proposal.team if m.person_id is not None}
    return list(session.scalars(sa.select(Person).where(Person.id.in_(ids)).order_by(Person.id)))


def officers(session: Session, award: Award) -> list[Person]:
    """Program officers of the award's funder, without those in conflict over its proposal."""
    out = sa.select(ConflictOfInterest.person_id).where(
        ConflictOfInterest.proposal_id == award.proposal_id
    )
    team = sa.select(TeamMember.person_id).where(
        TeamMember.proposal_id == award.proposal_id, TeamMember.person_id.is_not(None)
    )
    return list(
        session.scalars(
            sa.select(Person)
            .join(Binding, Binding.person_id == Person.id)
            .where(
                Binding.organisation_id == award.commitment.funder_id,
                Binding.role == Role.PROGRAM_OFFICER,
                Person.is_active,
                Person.id.not_in(out),
                Person.id.not_in(team),
                Person.id != award.proposal.lead_id,
            )
            .order_by(Person.id)
        )
    )


def tell(
    session: Session,
    to: Person,
    award: Award,
    write: Callable[[], Written],
    *,
    key: str | None = None,
) -> None:
    """A mail about an award's report or terms: a letter of its funder, in the outbox once a key."""
    post_mail(
        session,
        to,
        write,
        key=key,
        kind="report",
        organisation_id=award.commitment.funder_id,
        proposal_id=award.proposal_id,
    )


def paid_and_kept(session: Session, award_ids: list[int]) -> dict[int, int]:
    """By award: what was paid and did not come back, in its commitment's minor units."""
    rows = session.execute(
        sa.select(Account.award_id, sa.func.sum(Account.balance))
        .where(Account.award_id.in_(award_ids), Account.kind == AccountKind.PAID)
        .group_by(Account.award_id)
    )
    return {award_id: int(balance) for award_id, balance in rows if award_id is not None}
