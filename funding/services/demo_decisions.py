"""What the demo has of decisions: votes on the pilot with a dissent, two funders' terms."""

from __future__ import annotations

import json
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.models import (
    Choice,
    CommitteeRule,
    DiligenceItem,
    Endorsement,
    FunderTerms,
    LetterTemplate,
    Organisation,
    Person,
    PlanPutForward,
    Role,
    Round,
    Vote,
)
from funding.paths import SEEDS
from funding.services.committee import members_of, rule_of


def load(
    session: Session,
    round_: Round,
    pilot: Round,
    organisations: dict[str, Organisation],
    people: dict[str, Person],
) -> None:
    """Give the demo round its committee's rule, the pilot its vote, two funders their terms."""
    seed = json.loads((SEEDS / "decisions.json").read_text(encoding="utf-8"))
    session.add(CommitteeRule(round_id=round_.id, **seed["committee"]))
    plan = session.scalars(
        sa.select(PlanPutForward).where(PlanPutForward.round_id == pilot.id)
    ).one()
    at = plan.put_forward_at + timedelta(days=3)
    for entry in seed["pilot_votes"]:
        session.add(
            Vote(
                plan_id=plan.id,
                person_id=people[entry["member"]].id,
                choice=entry["choice"],
                words=entry["words"],
                declares_no_conflict=True,
                cast_at=at,
            )
        )
    session.flush()
    rule, members = rule_of(session, pilot.id), members_of(session, plan)
    counts = {
        choice: sum(entry["choice"] == choice for entry in seed["pilot_votes"]) for choice in Choice
    }
    session.add(
        Endorsement(
            plan_id=plan.id,
            result="endorsed",
            members=len(members.counted),
            in_conflict=len(members.in_conflict),
            quorum_percent=rule.quorum_percent,
            majority=rule.majority,
            votes_for=counts[Choice.FOR],
            votes_against=counts[Choice.AGAINST],
            abstentions=counts[Choice.ABSTAIN],
            minutes=seed["pilot_minutes"],
            closed_by_id=members.counted[0].id,
            closed_at=at + timedelta(hours=2),
        )
    )
    for key, terms in seed["terms"].items():
        _load_terms(session, organisations[key], people, terms)
    session.flush()


def _load_terms(
    session: Session, funder: Organisation, people: dict[str, Person], terms: dict[str, object]
) -> None:
    items, texts = terms.pop("checklist"), terms.pop("texts")
    assert isinstance(items, list)
    assert isinstance(texts, dict)
    session.add(FunderTerms(funder_id=funder.id, **terms))
    for position, item in enumerate(items, 1):
        session.add(DiligenceItem(funder_id=funder.id, position=position, **item))
    admin = next(
        person
        for person in people.values()
        for binding in person.bindings
        if binding.organisation is funder and binding.role == Role.FUNDER_ADMIN
    )
    for kind, body in texts.items():
        session.add(
            LetterTemplate(
                funder_id=funder.id,
                kind=kind,
                language=terms["language"],
                number=1,
                body=body,
                written_by_id=admin.id,
            )
        )
