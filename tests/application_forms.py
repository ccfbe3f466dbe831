"""An open round, an applicant and a complete form, for tests of the applicant's side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.models import FormQuestion, Proposal, Role, Round, TeamMember
from funding.permissions import Actor
from funding.services import drafts, submission
from funding.services.form_fields import fields_of, marks_of
from tests.builders import make_organisation, make_person, make_round

ABSTRACT = "We ask whether a model's account of its own reasons can be checked from outside. " * 5


@dataclass(frozen=True)
class Applicant:
    """A lead applicant with a draft in an open round, as plain values."""

    by: Actor
    email: str
    round_id: int
    proposal_id: int
    institution_id: int


def open_round(session: Session, **values: Any) -> Round:
    round_ = make_round(session, **{"state": "open", **values})
    round_.questions.append(
        FormQuestion(position=0, key="users", label="Who will use it?", is_required=True)
    )
    round_.questions.append(
        FormQuestion(
            position=1, key="access", label="Which access?", kind="choice", choices=["None", "Open"]
        )
    )
    round_.questions.append(
        FormQuestion(position=2, key="hours", label="Hours needed", kind="number")
    )
    session.flush()
    return round_


def make_applicant(database: Database, **round_values: Any) -> Applicant:
    """Someone who has just started a proposal."""

    def make(session: Session) -> Applicant:
        round_ = open_round(session, **round_values)
        institution = make_organisation(
            session, "institution", country="KE", region="africa", name="Placeholder Institute"
        )
        lead = make_person(session, institution, Role.RESEARCHER)
        proposal = drafts.start(session, by=Actor.of(lead), round_id=round_.id)
        return Applicant(Actor.of(lead), lead.email, round_.id, proposal.id, institution.id)

    return database.in_transaction(make)


def add_co_applicant(database: Database, applicant: Applicant) -> tuple[Actor, str]:
    """Somebody else who may edit the same proposal, and their address."""

    def add(session: Session) -> tuple[Actor, str]:
        person = make_person(session, make_organisation(session, "institution"), Role.RESEARCHER)
        proposal = session.get_one(Proposal, applicant.proposal_id)
        proposal.team.append(
            TeamMember(position=9, name=person.name, email=person.email, person_id=person.id)
        )
        return Actor.of(person), person.email

    return database.in_transaction(add)


def complete_fields(applicant: Applicant, **changes: str) -> dict[str, str]:
    """The form with nothing missing: USD 100,000 in two lines, two areas, all questions."""
    return {
        "title": "Checking stated reasons from outside",
        "abstract": ABSTRACT.strip(),
        "ask": "100,000",
        "minimum": "60,000",
        "institution": str(applicant.institution_id),
        "country": "KE",
        "region": "africa",
        "starts_on": "2027-03-01",
        "ends_on": "2028-02-29",
        "area_1": "interpretability",
        "share_1": "66.7",
        "area_2": "evaluations-capability",
        "share_2": "33.3",
        "line_1": "Two researchers",
        "amount_1": "80,000",
        "line_2": "Computing",
        "amount_2": "20,000.00",
        "member_1_name": "Ada Placeholder",
        "member_1_role": "Lead applicant",
        "member_1_orcid": "0009-9999-9900-0018",
        "risk_people": "no",
        "risk_autonomy": "no",
        "risk_capability": "no",
        "risk_release": "no",
        "risk_purpose": "no",
        "risk_tier": "minimal",
        "question_users": "Two regulators.",
        "question_access": "Open",
        "question_hours": "1200",
        **changes,
    }


def saved_form(database: Database, proposal_id: int) -> dict[str, Any]:
    """What the form is opened with now: its fields, marks and version."""
    with database.reading() as session:
        proposal = session.get_one(Proposal, proposal_id)
        fields = fields_of(proposal)
        return {"fields": fields, "marks": marks_of(fields), "base_version": proposal.version}


def save(database: Database, applicant: Applicant, **changes: str) -> None:
    """Save the complete form, with changes."""
    opened = saved_form(database, applicant.proposal_id)
    database.in_transaction(
        drafts.save,
        by=applicant.by,
        proposal_id=applicant.proposal_id,
        fields=complete_fields(applicant, **changes),
        base_version=opened["base_version"],
    )


def submit(database: Database, applicant: Applicant) -> str:
    return database.in_transaction(
        submission.submit,
        by=applicant.by,
        proposal_id=applicant.proposal_id,
        version=None,
        public_url="https://site.example",
    )


def move_deadline(database: Database, round_id: int, by: timedelta) -> None:
    """Let the round close that long from now; a negative time has passed."""

    def move(session: Session) -> None:
        session.get_one(Round, round_id).closes_at = now() + by

    database.in_transaction(move)
