"""Loading the demo round from `seeds/`: plainly fictional people, funders and proposals.

Everything goes in as one transaction, and only once: where the round is there, nothing is done.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.formatting import minor_units
from funding.models import (
    AreaNeed,
    Binding,
    BudgetLine,
    Commitment,
    ExcludedApplicant,
    FormQuestion,
    FunderWeight,
    Organisation,
    Person,
    Proposal,
    ProposalArea,
    ProposalState,
    Release,
    Round,
    RoundEnquiry,
    RoundFunder,
    RoundState,
    Score,
    TeamMember,
)
from funding.paths import SEEDS
from funding.services import (
    demo_decisions,
    demo_overlaps,
    demo_payments,
    demo_pilot,
    demo_public,
    demo_reviews,
    ledger,
)
from funding.services.areas import add_shipped_taxonomy
from funding.services.identity import hash_password
from funding.services.log import record
from funding.services.other_funders import Others
from optimizer.sentences import marked

EXAMPLES = {
    "program officer": "amara.osei@northlight.example",
    "her colleague": "declan.whitmoor@northlight.example",
    "finance officer": "priscilla.vantongeren@northlight.example",
    "funder admin": "marguerite.halvorsen@northlight.example",
    "reviewer": "sunniva.torkelsrud@hogvik.example",
    "committee": "philippa.odhiambo-strand@common-ground.example",
    "auditor": "ines.calloway@northlight.example",
    "administrator": "hendrika.vossema@platform-office.example",
}
"""Whom to sign in as, to see the site as each role."""

SECOND_APPROVAL_ABOVE = 1_000_000
"""In major units of the commitment's currency; JPY counts a hundred times that."""


def _rows(name: str) -> Iterator[dict[str, str]]:
    with Path(SEEDS / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _document(name: str) -> Any:
    return json.loads(Path(SEEDS / name).read_text(encoding="utf-8"))


def _list(text: str) -> list[str] | None:
    return text.split("|") if text else None


def _minor(text: str, currency: str) -> int:
    """A seed's amount, written with two decimals in any currency, in minor units."""
    return int(Decimal(text) * 10 ** minor_units(currency))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def round_key() -> str:
    """The key of the demo round."""
    key: str = _document("round.json")["id"]
    return key


def load(session: Session, *, password: str) -> bool:
    """Load the demo round; False where it was loaded before."""
    plan = _document("round.json")
    if session.scalars(sa.select(Round.id).where(Round.key == plan["id"])).first():
        return False
    organisations = _load_organisations(session)
    people = _load_people(session, organisations, password)
    round_ = _load_round(session, plan, organisations)
    _load_areas(session, round_)
    _load_commitments(session, round_, organisations)
    proposals = _load_proposals(session, round_, organisations, people)
    _load_scores(session, proposals)
    demo_reviews.load(session, round_, people, proposals)
    demo_overlaps.load(session, round_, organisations, proposals)
    pilot = demo_pilot.load(session, round_, organisations, people)
    demo_decisions.load(session, round_, pilot, organisations, people)
    demo_payments.load(session, organisations, people)
    demo_public.load(session, people)
    record(session, None, marked("demo loaded"), round_, round_id=round_.id)
    return True


def change_password(session: Session, *, password: str) -> None:
    """Give all demo people this password."""
    hashed = hash_password(password)
    emails = {row["email"] for row in _rows("people.csv")}
    for person in session.scalars(sa.select(Person).where(Person.email.in_(emails))):
        person.password_hash = hashed


def _load_organisations(session: Session) -> dict[str, Organisation]:
    made = {
        row["id"]: Organisation(
            key=row["id"],
            name=row["name"],
            kind=row["kind"],
            country=row["country"] or None,
            region=row["region"] or None,
            website=row["website"] or None,
        )
        for row in _rows("organisations.csv")
    }
    session.add_all(made.values())
    session.flush()
    return made


def _load_people(
    session: Session, organisations: dict[str, Organisation], password: str
) -> dict[str, Person]:
    hashed = hash_password(password)  # once: hashing is slow on purpose
    people: dict[str, Person] = {}
    for row in _rows("people.csv"):
        person = people.setdefault(
            row["email"],
            Person(email=row["email"], name=row["name"], password_hash=hashed),
        )
        person.bindings.append(
            Binding(organisation=organisations[row["organisation"]], role=row["role"])
        )
    session.add_all(people.values())
    session.flush()
    return people


def _load_round(
    session: Session, plan: dict[str, Any], organisations: dict[str, Organisation]
) -> Round:
    zone = ZoneInfo(plan["timezone"])

    def moment(key: str) -> datetime:
        return datetime.fromisoformat(plan[key]).replace(tzinfo=zone)

    round_ = Round(
        key=plan["id"],
        name=plan["name"],
        owner=organisations[plan["owner"]],
        state=RoundState.ALLOCATING,
        base_currency=plan["base_currency"],
        summary=plan["summary"],
        eligibility="\n\n".join(plan["eligibility"]),
        timezone=plan["timezone"],
        opens_at=moment("opens"),
        closes_at=moment("closes"),
        decides_on=moment("decides").date(),
        policy=plan["policy"],
    )
    for position, question in enumerate(plan["questions"]):
        round_.questions.append(
            FormQuestion(
                position=position,
                key=question["key"],
                label=question["label"],
                help=question["help"],
                kind=question["kind"],
                choices=question["choices"],
                is_required=question["required"],
            )
        )
    session.add(round_)
    session.flush()
    for asked in plan["faq"]:
        at = datetime.fromisoformat(asked["asked_on"]).replace(tzinfo=zone)
        session.add(
            RoundEnquiry(
                round_id=round_.id,
                question=asked["question"],
                answer=asked["answer"],
                asked_at=at,
                answered_at=at,
            )
        )
    return round_


def _load_areas(session: Session, round_: Round) -> None:
    add_shipped_taxonomy(session, round_)
    scale = 10 ** minor_units(round_.base_currency)
    for row in _rows("needs.csv"):
        steps = [step.split(":") for step in row["steps"].split("|")]
        round_.needs.append(
            AreaNeed(
                area_key=row["area"],
                floor=int(row["floor"] or 0) * scale,
                cap=int(row["cap"]) * scale if row["cap"] else None,
                steps=[[int(width) * scale, float(weight)] for width, weight in steps],
                note=row["note"],
            )
        )


def _load_commitments(
    session: Session, round_: Round, organisations: dict[str, Organisation]
) -> None:
    funders: dict[str, RoundFunder] = {}
    for row in _rows("commitments.csv"):
        currency, funder = row["currency"], organisations[row["funder"]]
        if row["funder"] not in funders:
            funders[row["funder"]] = RoundFunder(
                funder=funder, invited_at=round_.opens_at, joined_at=round_.opens_at
            )
            round_.participants.append(funders[row["funder"]])
        amount = _minor(row["amount"], currency)
        second_above = SECOND_APPROVAL_ABOVE * (100 if currency == "JPY" else 1)
        commitment = Commitment(
            key=row["id"],
            round=round_,
            funder=funder,
            name=row["name"],
            amount=amount,
            currency=currency,
            areas=_list(row["areas"]),
            least_share=float(row["least_share"] or 0.5),
            pays_share_only=row["pays_share_only"] == "true",
            regions=_list(row["regions"]),
            risk_tiers=_list(row["risk_tiers"]),
            cap_per_proposal=(
                _minor(row["cap_per_proposal"], currency) if row["cap_per_proposal"] else None
            ),
            cap_share_of_ask=float(row["cap_share_of_ask"] or 1),
            ticket=_minor(row["ticket"], currency) if row["ticket"] else 0,
            match_ratio=float(row["match_ratio"]) if row["match_ratio"] else None,
            only_if=_others(row, currency),
            second_approval_above=second_above * 10 ** minor_units(currency),
            starts_on=_day(row["starts"]),
            ends_on=_day(row["ends"]),
            note=row["note"],
        )
        commitment.releases = _releases(row["releases"], amount)
        for excluded in _list(row["excludes"]) or ():
            commitment.excluded.append(ExcludedApplicant(institution=organisations[excluded]))
        session.add(commitment)
        session.flush()
        ledger.open_commitment_accounts(session, commitment)
        ledger.register(session, None, commitment, amount)
    for row in _rows("funder_weights.csv"):
        funders[row["funder"]].weights.append(
            FunderWeight(area_key=row["area"], weight=float(row["weight"]))
        )


def _others(row: dict[str, str], currency: str) -> dict[str, int] | None:
    """Whom a commitment waits for in a proposal, as it keeps that."""
    least = row["only_if_least"]
    return Others(
        funders=int(row["only_if_funders"] or 0), least=_minor(least, currency) if least else 0
    ).kept()


def _releases(text: str, amount: int) -> list[Release]:
    """`2027:60%|2028:40%` as amounts that sum to the whole: the last year takes the rest."""
    shares = [part.split(":") for part in _list(text) or ()]
    amounts = [int(amount * Decimal(share.rstrip("%")) / 100) for _, share in shares]
    if amounts:
        amounts[-1] += amount - sum(amounts)
    return [
        Release(year=int(year), amount=part)
        for (year, _), part in zip(shares, amounts, strict=True)
    ]


def _load_proposals(
    session: Session,
    round_: Round,
    organisations: dict[str, Organisation],
    people: dict[str, Person],
) -> dict[str, Proposal]:
    scale = 10 ** minor_units(round_.base_currency)
    made: dict[str, Proposal] = {}
    for entry in _document("proposals.json"):
        proposal = Proposal(
            key=entry["id"],
            round=round_,
            state=ProposalState.IN_REVIEW,
            title=entry["title"],
            abstract=entry["abstract"],
            ask=entry["ask"] * scale,
            minimum=entry["minimum"] * scale,
            institution=organisations[entry["institution"]],
            lead=people[entry["lead"]],
            country=entry["country"],
            region=entry["region"],
            risk_tier=entry["risk_tier"],
            keywords=entry["keywords"],
            starts_on=_day(entry["starts"]),
            ends_on=_day(entry["ends"]),
            submitted_at=round_.closes_at,
        )
        proposal.areas = [
            ProposalArea(area_key=key, weight=weight) for key, weight in entry["areas"].items()
        ]
        proposal.budget = [
            BudgetLine(position=position, name=line["line"], amount=line["amount"] * scale)
            for position, line in enumerate(entry["budget"])
        ]
        proposal.team = [
            TeamMember(
                position=position,
                name=member["name"],
                role=member["role"],
                orcid=member.get("orcid"),
            )
            for position, member in enumerate(entry["team"])
        ]
        made[entry["id"]] = proposal
    session.add_all(made.values())
    session.flush()
    return made


def _load_scores(session: Session, proposals: dict[str, Proposal]) -> None:
    for row in _rows("scores.csv"):
        proposals[row["proposal"]].scores.append(
            Score(reviewer=row["reviewer"], score=float(row["score"]), comment=row["comment"])
        )
    session.flush()
