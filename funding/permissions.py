"""Who may do what (RELIABILITY §4).

Two questions, asked apart. `PERMISSIONS` says which roles may do an act at all; every route
declares one of its names. What the act may be done *to* is said by the `visible_*` queries: what
is not in them answers NotFound, exactly as if it did not exist.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import NotFound, NotPermitted
from funding.models import (
    Award,
    Binding,
    Commitment,
    ConflictOfInterest,
    Event,
    HistoricGrant,
    Import,
    Organisation,
    OrganisationKind,
    Person,
    PlanLine,
    PlanPutForward,
    Proposal,
    ProposalState,
    Role,
    Round,
    RoundFunder,
    RoundState,
    Run,
    Scenario,
    Study,
    TeamMember,
    Tranche,
)

LAST_ID = 2**31 - 1
"""The highest number that a row can have on both databases."""

PUBLIC = "public"
SIGNED_IN = "signed in"

_FUNDERS = (Role.FUNDER_ADMIN, Role.PROGRAM_OFFICER, Role.FINANCE_OFFICER)
_READERS = (Role.PROGRAM_OFFICER, Role.COMMITTEE, Role.AUDITOR)

PERMISSIONS: dict[str, tuple[Role, ...]] = {
    "people.manage": (Role.PLATFORM_ADMIN, Role.FUNDER_ADMIN),
    "organisations.manage": (Role.PLATFORM_ADMIN,),
    "round.create": (Role.COMMITTEE, Role.PROGRAM_OFFICER),
    "round.manage": (Role.COMMITTEE, Role.PROGRAM_OFFICER),
    "round.join": (Role.FUNDER_ADMIN,),
    "commitment.read": (*_FUNDERS, Role.COMMITTEE, Role.AUDITOR),
    "commitment.edit": (Role.FUNDER_ADMIN, Role.FINANCE_OFFICER),
    "proposal.write": (Role.RESEARCHER,),
    "proposal.read": _READERS,
    "score.enter": (Role.PROGRAM_OFFICER,),
    "conflict.declare": (Role.PROGRAM_OFFICER, Role.COMMITTEE, Role.REVIEWER),
    "overlap.decide": (Role.PROGRAM_OFFICER,),
    "overlap.read": _READERS,
    "import.start": (*_FUNDERS, Role.COMMITTEE),
    "import.history": (Role.PROGRAM_OFFICER, Role.COMMITTEE),
    "import.commitments": (Role.FUNDER_ADMIN, Role.FINANCE_OFFICER),
    "import.proposals": (Role.PROGRAM_OFFICER,),
    "import.read": (*_FUNDERS, Role.COMMITTEE, Role.AUDITOR),
    "scenario.read": _READERS,
    "scenario.run": (Role.PROGRAM_OFFICER,),
    "plan.read": (*_READERS, Role.FINANCE_OFFICER),
    "plan.put_forward": (Role.PROGRAM_OFFICER,),
    "line.decide": (Role.PROGRAM_OFFICER,),
    "award.read": (*_READERS, Role.FINANCE_OFFICER, Role.RESEARCHER),
    "tranche.prepare": (Role.FINANCE_OFFICER,),
    "tranche.release": (Role.FINANCE_OFFICER,),
    "dashboard.read": (*_FUNDERS, Role.COMMITTEE, Role.AUDITOR),
    "replay.use": (*_FUNDERS, Role.COMMITTEE, Role.AUDITOR),
    "log.read": (Role.AUDITOR,),
}
"""Each act and the roles that may do it at all, in an organisation where the person holds them."""


@dataclass(frozen=True)
class Actor:
    """Who is acting: a person and every (organisation id, role) they hold. A plain value."""

    person_id: int
    name: str
    bindings: frozenset[tuple[int, Role]]

    @classmethod
    def of(cls, person: Person) -> Actor:
        return cls(
            person.id,
            person.name,
            frozenset((b.organisation_id, Role(b.role)) for b in person.bindings),
        )

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(role for _, role in self.bindings)

    @property
    def organisations(self) -> frozenset[int]:
        return frozenset(organisation for organisation, _ in self.bindings)

    def may(self, permission: str, organisation_id: int | None = None) -> bool:
        """Whether some role of theirs (in that organisation, where one is given) includes it."""
        if permission in (PUBLIC, SIGNED_IN):
            return True
        return bool(
            self.where(permission)
            if organisation_id is None
            else organisation_id in self.where(permission)
        )

    def where(self, permission: str) -> frozenset[int]:
        """The organisations in which they may do it."""
        allowed = PERMISSIONS[permission]
        return frozenset(organisation for organisation, role in self.bindings if role in allowed)


def load_actor(session: Session, person_id: int) -> Actor:
    """The actor as the database has it now; raises NotFound."""
    person = session.get(Person, person_id)
    if person is None or not person.is_active:
        raise NotFound("person")
    return Actor.of(person)


def require(by: Actor, permission: str, organisation_id: int) -> None:
    """Raise NotFound where the person has nothing to do with that organisation, NotPermitted
    where their role in it does not include the act."""
    if by.may(permission, organisation_id):
        return
    if organisation_id in by.organisations:
        raise NotPermitted("Your role does not include this.")
    raise NotFound


# -- what is there for whom ---------------------------------------------------------------------


def _participants(organisations: Iterable[int]) -> sa.ColumnElement[bool]:
    """Rounds that one of these organisations owns or has a part in (invited or joined)."""
    organisations = list(organisations)
    return sa.or_(
        Round.owner_id.in_(organisations),
        sa.exists().where(
            RoundFunder.round_id == Round.id, RoundFunder.funder_id.in_(organisations)
        ),
    )


def visible_rounds(by: Actor | None) -> sa.Select[tuple[Round]]:
    """Rounds that are open or past for everybody; drafts for those who take part."""
    published = Round.state != RoundState.DRAFT
    if by is None:
        return sa.select(Round).where(published)
    return sa.select(Round).where(sa.or_(published, _participants(by.organisations)))


def working_rounds(by: Actor, permission: str) -> sa.Select[tuple[Round]]:
    """Rounds whose inside the person may see, through an organisation where they may do this."""
    return sa.select(Round).where(_participants(by.where(permission)))


def owned_rounds(by: Actor) -> sa.Select[tuple[Round]]:
    return sa.select(Round).where(Round.owner_id.in_(list(by.where("round.manage"))))


def without_conflict(by: Actor, proposal: Any = Proposal) -> sa.ColumnElement[bool]:
    """True for proposals on which the person has no declared conflict and is no colleague."""
    return sa.and_(
        ~sa.exists().where(
            ConflictOfInterest.proposal_id == proposal.id,
            ConflictOfInterest.person_id == by.person_id,
        ),
        ~sa.exists().where(
            TeamMember.proposal_id == proposal.id, TeamMember.person_id == by.person_id
        ),
        proposal.lead_id != by.person_id,
        sa.or_(
            proposal.institution_id.is_(None),
            proposal.institution_id.not_in(list(by.organisations)),
        ),
    )


def own_proposals(by: Actor) -> sa.Select[tuple[Proposal]]:
    """Proposals the person leads or is named in as a co-applicant with an account."""
    return sa.select(Proposal).where(
        sa.or_(
            Proposal.lead_id == by.person_id,
            sa.exists().where(
                TeamMember.proposal_id == Proposal.id, TeamMember.person_id == by.person_id
            ),
        )
    )


def visible_proposals(by: Actor, permission: str = "proposal.read") -> sa.Select[tuple[Proposal]]:
    """Submitted proposals of the rounds a reader takes part in, less those in conflict."""
    return (
        sa.select(Proposal)
        .join(Round, Round.id == Proposal.round_id)
        .where(
            _participants(by.where(permission)),
            Proposal.state != ProposalState.DRAFT,
            without_conflict(by),
        )
    )


def visible_commitments(by: Actor) -> sa.Select[tuple[Commitment]]:
    """Commitments of the person's own funder, and of rounds their organisation takes part in."""
    return (
        sa.select(Commitment)
        .join(Round, Round.id == Commitment.round_id)
        .where(
            sa.or_(
                Commitment.funder_id.in_(list(by.where("commitment.read"))),
                _participants(by.where("commitment.read")),
            )
        )
    )


def visible_scenarios(by: Actor) -> sa.Select[tuple[Scenario]]:
    return (
        sa.select(Scenario)
        .join(Round, Round.id == Scenario.round_id)
        .where(_participants(by.where("scenario.read")))
    )


def visible_runs(by: Actor) -> sa.Select[tuple[Run]]:
    return (
        sa.select(Run)
        .join(Scenario, Scenario.id == Run.scenario_id)
        .join(Round, Round.id == Scenario.round_id)
        .where(_participants(by.where("scenario.read")))
    )


def visible_studies(by: Actor) -> sa.Select[tuple[Study]]:
    runs = visible_runs(by).with_only_columns(Run.id)
    return sa.select(Study).where(Study.run_id.in_(runs))


def visible_plans(by: Actor) -> sa.Select[tuple[PlanPutForward]]:
    return (
        sa.select(PlanPutForward)
        .join(Round, Round.id == PlanPutForward.round_id)
        .where(_participants(by.where("plan.read")))
    )


def visible_lines(by: Actor) -> sa.Select[tuple[PlanLine]]:
    """Lines of plans the person may read, less those on proposals in conflict."""
    return (
        sa.select(PlanLine)
        .join(PlanPutForward, PlanPutForward.id == PlanLine.plan_id)
        .join(Round, Round.id == PlanPutForward.round_id)
        .join(Proposal, Proposal.id == PlanLine.proposal_id)
        .where(_participants(by.where("plan.read")), without_conflict(by))
    )


def visible_awards(by: Actor) -> sa.Select[tuple[Award]]:
    """Awards of own money, of rounds one takes part in (less conflicts), and to own proposals."""
    return (
        sa.select(Award)
        .join(Proposal, Proposal.id == Award.proposal_id)
        .join(Commitment, Commitment.id == Award.commitment_id)
        .join(Round, Round.id == Proposal.round_id)
        .where(
            sa.or_(
                sa.and_(
                    sa.or_(
                        Commitment.funder_id.in_(
                            [o for o, role in by.bindings if role is Role.FINANCE_OFFICER]
                        ),
                        _participants(o for o, role in by.bindings if role in _READERS),
                    ),
                    without_conflict(by),
                ),
                Proposal.id.in_(own_proposals(by).with_only_columns(Proposal.id)),
            )
        )
    )


def visible_tranches(by: Actor) -> sa.Select[tuple[Tranche]]:
    awards = visible_awards(by).with_only_columns(Award.id)
    return sa.select(Tranche).where(Tranche.award_id.in_(awards))


def visible_imports(by: Actor) -> sa.Select[tuple[Import]]:
    return sa.select(Import).where(Import.organisation_id.in_(list(by.where("import.read"))))


def visible_history(by: Actor) -> sa.Select[tuple[HistoricGrant]]:
    """Past grants imported by the person's own organisations, by those that own or have joined a
    round with them, and by whoever runs the site."""
    own = by.where("import.read")
    shared = sa.select(Round.id).where(_participants(own))
    return sa.select(HistoricGrant).where(
        HistoricGrant.organisation_id.in_(
            sa.select(Organisation.id).where(
                sa.or_(
                    Organisation.id.in_(list(own)),
                    Organisation.kind == OrganisationKind.PLATFORM,
                    Organisation.id.in_(sa.select(Round.owner_id).where(Round.id.in_(shared))),
                    Organisation.id.in_(
                        sa.select(RoundFunder.funder_id).where(
                            RoundFunder.round_id.in_(shared), RoundFunder.joined_at.is_not(None)
                        )
                    ),
                )
            )
        )
    )


def visible_events(by: Actor) -> sa.Select[tuple[Event]]:
    """What the log holds of an auditor's organisations, of their people and of their rounds.

    Not in it: acts of applicants' institutions, and acts on what is not there for this person.
    """
    home = by.where("log.read")
    own_people = sa.select(Binding.person_id).where(Binding.organisation_id.in_(list(home)))
    shared = sa.select(Round.id).where(_participants(home))
    givers = sa.union(
        sa.select(Round.owner_id).where(Round.id.in_(shared)),
        sa.select(RoundFunder.funder_id).where(RoundFunder.round_id.in_(shared)),
    )
    subjects = {
        "proposal": visible_proposals(by, "log.read").with_only_columns(Proposal.id),
        "plan_line": visible_lines(by).with_only_columns(PlanLine.id),
        "award": visible_awards(by).with_only_columns(Award.id),
        "tranche": visible_tranches(by).with_only_columns(Tranche.id),
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


def visible_organisations(by: Actor) -> sa.Select[tuple[Organisation]]:
    """All of them for the platform's administrators, else one's own."""
    if by.where("organisations.manage"):
        return sa.select(Organisation)
    return sa.select(Organisation).where(Organisation.id.in_(list(by.organisations)))


def fetch(session: Session, query: sa.Select[tuple[Any]], id: int, what: str) -> Any:
    """The one row of a `visible_*` query with this id; raises NotFound, naming `what`."""
    if not id or not 0 < id <= LAST_ID:
        raise NotFound(what)
    model = query.column_descriptions[0]["entity"]
    found = session.scalars(query.where(model.id == id)).unique().one_or_none()
    if found is None:
        raise NotFound(what)
    return found
