"""Which imports, past grants and events of the log are there for whom."""

from __future__ import annotations

import sqlalchemy as sa

from funding.models import (
    Award,
    Binding,
    ChangeRequest,
    Event,
    HistoricGrant,
    Import,
    KnownName,
    Mail,
    NameMerge,
    Organisation,
    OrganisationKind,
    PlanLine,
    Proposal,
    Report,
    ReviewAssignment,
    Round,
    RoundFunder,
    Tranche,
)
from funding.permissions.acts import Actor
from funding.permissions.money import visible_awards, visible_lines, visible_tranches
from funding.permissions.reporting import visible_reports, visible_requests
from funding.permissions.reviews import visible_assignments
from funding.permissions.rounds import participants, visible_proposals, without_conflict


def visible_imports(by: Actor) -> sa.Select[tuple[Import]]:
    return sa.select(Import).where(Import.organisation_id.in_(list(by.where("import.read"))))


def holders_of_history(by: Actor, permission: str) -> sa.Select[tuple[int]]:
    """Whose past grants are all there for a person: the own organisations', where they hold the
    permission, those of the owners of rounds that these take part in, and of whoever runs the
    site."""
    own = by.where(permission)
    shared = sa.select(Round.owner_id).where(participants(own))
    return sa.select(Organisation.id).where(
        sa.or_(
            Organisation.id.in_(list(own)),
            Organisation.kind == OrganisationKind.PLATFORM,
            Organisation.id.in_(shared),
        )
    )


def visible_history(by: Actor) -> sa.Select[tuple[HistoricGrant]]:
    """Past grants imported by the person's own organisations, by the owners of rounds that these
    take part in, and by whoever runs the site; of others, those that are published."""
    return sa.select(HistoricGrant).where(
        sa.or_(
            HistoricGrant.organisation_id.in_(holders_of_history(by, "import.read")),
            sa.exists().where(Import.id == HistoricGrant.import_id, Import.is_public),
        )
    )


def visible_names(by: Actor) -> sa.Select[tuple[KnownName]]:
    """Names of recipients and funders in the past grants of those whose grants are all there for
    the person: a name may stand in grants that others have not published."""
    holders = holders_of_history(by, "names.read")
    return sa.select(KnownName).where(KnownName.organisation_id.in_(holders))


def visible_merges(by: Actor) -> sa.Select[tuple[NameMerge]]:
    """What is suggested or decided of such names."""
    holders = holders_of_history(by, "names.read")
    return sa.select(NameMerge).where(NameMerge.organisation_id.in_(holders))


def visible_events(by: Actor) -> sa.Select[tuple[Event]]:
    """What the log holds of an auditor's organisations, of their people and of their rounds.

    Not in it: acts of applicants' institutions, and acts on what is not there for this person.
    """
    home = by.where("log.read")
    own_people = sa.select(Binding.person_id).where(Binding.organisation_id.in_(list(home)))
    shared = sa.select(Round.id).where(participants(home))
    givers = sa.union(
        sa.select(Round.owner_id).where(Round.id.in_(shared)),
        sa.select(RoundFunder.funder_id).where(RoundFunder.round_id.in_(shared)),
    )
    subjects = {
        "proposal": visible_proposals(by, "log.read").with_only_columns(Proposal.id),
        "review_assignment": visible_assignments(by, "log.read").with_only_columns(
            ReviewAssignment.id
        ),
        "plan_line": visible_lines(by).with_only_columns(PlanLine.id),
        "award": visible_awards(by).with_only_columns(Award.id),
        "tranche": visible_tranches(by).with_only_columns(Tranche.id),
        "report": visible_reports(by).with_only_columns(Report.id),
        "change_request": visible_requests(by).with_only_columns(ChangeRequest.id),
    }
    return sa.select(Event).where(
        sa.or_(
            Event.organisation_id.in_(list(home)),
            sa.and_(
                Event.organisation_id.is_(None),
                Event.round_id.is_(None),
                Event.actor_id.in_(own_people),
            ),
            sa.and_(
                Event.round_id.in_(shared),
                sa.or_(Event.organisation_id.is_(None), Event.organisation_id.in_(givers)),
            ),
        ),
        *(
            sa.or_(
                Event.subject_type.is_(None),
                Event.subject_type != kind,
                Event.subject_id.in_(there),
            )
            for kind, there in subjects.items()
        ),
    )


def visible_mail(by: Actor) -> sa.Select[tuple[Mail]]:
    """Letters of the person's own organisations, less conflicts; for whoever runs the site also
    those that belong to none."""
    own = Mail.organisation_id.in_(list(by.where("mail.read")))
    if by.where("organisations.manage"):
        own = sa.or_(own, Mail.organisation_id.is_(None))
    return sa.select(Mail).where(
        own,
        sa.or_(
            Mail.proposal_id.is_(None),
            Mail.proposal_id.in_(sa.select(Proposal.id).where(without_conflict(by))),
        ),
    )
