"""Which roles may do an act at all, and who is acting."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from funding.errors import NotFound, NotPermitted
from funding.models import Person, Role

PUBLIC = "public"
SIGNED_IN = "signed in"

FUNDERS = (Role.FUNDER_ADMIN, Role.PROGRAM_OFFICER, Role.FINANCE_OFFICER)
READERS = (Role.PROGRAM_OFFICER, Role.COMMITTEE, Role.AUDITOR)

PERMISSIONS: dict[str, tuple[Role, ...]] = {
    "people.manage": (Role.PLATFORM_ADMIN, Role.FUNDER_ADMIN),
    "organisations.manage": (Role.PLATFORM_ADMIN,),
    "person.erase": (Role.PLATFORM_ADMIN,),
    "round.create": (Role.COMMITTEE, Role.PROGRAM_OFFICER),
    "round.manage": (Role.COMMITTEE, Role.PROGRAM_OFFICER),
    "round.join": (Role.FUNDER_ADMIN,),
    "commitment.read": (*FUNDERS, Role.COMMITTEE, Role.AUDITOR),
    "commitment.edit": (Role.FUNDER_ADMIN, Role.FINANCE_OFFICER),
    "proposal.write": (Role.RESEARCHER,),
    "proposal.read": READERS,
    "score.enter": (Role.PROGRAM_OFFICER,),
    "conflict.declare": (Role.PROGRAM_OFFICER, Role.COMMITTEE, Role.REVIEWER),
    "review.read": READERS,
    "review.assign": (Role.PROGRAM_OFFICER,),
    "review.write": (Role.REVIEWER,),
    "overlap.decide": (Role.PROGRAM_OFFICER,),
    "overlap.read": READERS,
    "import.start": (*FUNDERS, Role.COMMITTEE),
    "import.history": (Role.PROGRAM_OFFICER, Role.COMMITTEE),
    "import.commitments": (Role.FUNDER_ADMIN, Role.FINANCE_OFFICER),
    "import.proposals": (Role.PROGRAM_OFFICER,),
    "import.read": (*FUNDERS, Role.COMMITTEE, Role.AUDITOR),
    "names.read": (*FUNDERS, Role.COMMITTEE, Role.AUDITOR, Role.PLATFORM_ADMIN),
    "names.decide": (Role.PROGRAM_OFFICER, Role.COMMITTEE, Role.PLATFORM_ADMIN),
    "scenario.read": READERS,
    "scenario.run": (Role.PROGRAM_OFFICER,),
    "plan.read": (*READERS, Role.FINANCE_OFFICER),
    "plan.put_forward": (Role.PROGRAM_OFFICER,),
    "vote.cast": (Role.COMMITTEE,),
    "vote.close": (Role.COMMITTEE, Role.PROGRAM_OFFICER),
    "pack.read": READERS,
    "pack.make": (Role.COMMITTEE, Role.PROGRAM_OFFICER),
    "pack.remark": (Role.COMMITTEE, Role.PROGRAM_OFFICER),
    "live.lead": (Role.COMMITTEE, Role.PROGRAM_OFFICER),
    "line.decide": (Role.PROGRAM_OFFICER,),
    "compensating.read": (*FUNDERS, Role.COMMITTEE, Role.AUDITOR),
    "compensating.judge": (
        Role.FUNDER_ADMIN,
        Role.AUDITOR,
        Role.COMMITTEE,
        Role.PROGRAM_OFFICER,
    ),
    "terms.read": (*FUNDERS, Role.AUDITOR),
    "terms.edit": (Role.FUNDER_ADMIN,),
    "diligence.do": (Role.PROGRAM_OFFICER, Role.FINANCE_OFFICER),
    "award.withhold": (Role.COMMITTEE, Role.PROGRAM_OFFICER),
    "decline.edit": (Role.COMMITTEE, Role.PROGRAM_OFFICER),
    "mail.read": (
        Role.PLATFORM_ADMIN,
        Role.FUNDER_ADMIN,
        Role.PROGRAM_OFFICER,
        Role.COMMITTEE,
    ),
    "award.read": (*READERS, Role.FINANCE_OFFICER, Role.RESEARCHER),
    "tranche.prepare": (Role.FINANCE_OFFICER,),
    "tranche.release": (Role.FINANCE_OFFICER,),
    "milestone.reach": (Role.PROGRAM_OFFICER,),
    "payment.read": (Role.FINANCE_OFFICER, Role.AUDITOR),
    "payment.make": (Role.FINANCE_OFFICER,),
    "payee.edit": (Role.FINANCE_OFFICER,),
    "bank.reconcile": (Role.FINANCE_OFFICER,),
    "ledger.read": (*FUNDERS, Role.AUDITOR),
    "report.read": (*READERS, Role.FINANCE_OFFICER, Role.RESEARCHER),
    "report.decide": (Role.PROGRAM_OFFICER,),
    "reporting.set": (Role.FUNDER_ADMIN, Role.PROGRAM_OFFICER),
    "milestone.set": (Role.PROGRAM_OFFICER, Role.FINANCE_OFFICER),
    "indicator.define": (Role.COMMITTEE, Role.PROGRAM_OFFICER),
    "dashboard.read": (*FUNDERS, Role.COMMITTEE, Role.AUDITOR),
    "dashboard.annotate": (*FUNDERS, Role.COMMITTEE),
    "replay.use": (*FUNDERS, Role.COMMITTEE, Role.AUDITOR),
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
