"""Lists of 10,000 rows that have no test of their own: pages, filters, a bounded number of
queries; and that no address breaks a page."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from funding.db import now
from funding.models import (
    Account,
    Award,
    Binding,
    Commitment,
    Event,
    Mail,
    Organisation,
    Person,
    PlanLine,
    PlanPutForward,
    Proposal,
    Review,
    ReviewAssignment,
    ReviewForm,
    Role,
    Round,
    RoundFunder,
    RoundReviewer,
    Score,
)
from funding.models.triggers import lift_rules, set_rules
from tests.conftest import SignIn
from tests.queries import count_queries
from tests.routes.test_permissions import address, rules
from tests.routes.world import Side, make_side

MANY = 10_000


def fill(session) -> Side:
    """A side with MANY more of everything that is listed; put in past the rules, for speed."""
    side = make_side(session)
    round_id, plan = side.ids["round_id"], session.scalars(sa.select(PlanPutForward)).one()
    commitment = session.get_one(Commitment, side.ids["commitment_id"])
    officer = plan.put_forward_by_id
    lift_rules(session.connection())

    def add(table, rows) -> list[int]:
        first = (session.scalar(sa.select(sa.func.max(table.id))) or 0) + 1
        numbered = [{"id": first + number, **row} for number, row in enumerate(rows)]
        session.execute(sa.insert(table), numbered)
        return [row["id"] for row in numbered]

    proposals = add(
        Proposal,
        [
            {
                "key": f"X{number}",
                "round_id": round_id,
                "state": "in review",
                "title": f"Work number {number}",
                "abstract": "",
                "ask": 100,
                "minimum": 1,
                "lead_id": officer + 1,
                "version": 1,
            }
            for number in range(MANY)
        ],
    )
    session.execute(sa.update(Proposal).values(lead_id=side_lead(session, side)))
    lines = add(
        PlanLine,
        [
            {
                "plan_id": plan.id,
                "commitment_id": commitment.id,
                "proposal_id": proposal,
                "state": "approved",
                "suggested_amount": 100,
                "amount": 100,
                "base_amount": 100,
                "recommended_by_id": officer,
                "version": 1,
            }
            for proposal in proposals
        ],
    )
    awards = add(
        Award,
        [
            {
                "plan_line_id": line,
                "commitment_id": commitment.id,
                "proposal_id": proposal,
                "amount": 100,
                "base_amount": 100,
                "version": 1,
            }
            for line, proposal in zip(lines, proposals, strict=True)
        ],
    )
    add(
        Account,
        [
            {
                "kind": "awarded",
                "funder_id": commitment.funder_id,
                "currency": commitment.currency,
                "commitment_id": commitment.id,
                "award_id": award,
                "balance": 100,
            }
            for award in awards
        ],
    )
    people = add(
        Person,
        [{"email": f"many{n}@test.example", "name": f"Many {n}"} for n in range(MANY)],
    )
    add(
        Binding,
        [
            {"person_id": person, "organisation_id": commitment.funder_id, "role": "reviewer"}
            for person in people
        ],
    )
    add(
        RoundReviewer,
        [
            {"round_id": round_id, "person_id": p, "areas": [], "expertise": "", "version": 1}
            for p in people
        ],
    )
    asked = add(
        ReviewAssignment,
        [
            {"proposal_id": proposal, "person_id": person, "state": "handed in", "version": 1}
            for proposal, person in zip(proposals, people, strict=True)
        ],
    )
    form = session.scalar(sa.select(sa.func.max(ReviewForm.id)))
    add(
        Review,
        [
            {
                "assignment_id": assignment,
                "proposal_id": proposal,
                "person_id": person,
                "form_id": form,
                "marks": {},
                "score": 50.0,
                "for_applicant": "Say more.",
            }
            for assignment, proposal, person in zip(asked, proposals, people, strict=True)
        ],
    )
    add(
        Score,
        [
            {"proposal_id": p, "reviewer": f"many{n}@test.example", "score": n % 100}
            for n, p in enumerate(proposals)
        ],
    )
    funders = add(
        Organisation,
        [{"key": f"many-{n}", "name": f"Many {n}", "kind": "funder"} for n in range(MANY)],
    )
    add(
        RoundFunder,
        [{"round_id": round_id, "funder_id": funder, "joined_at": now()} for funder in funders],
    )
    add(
        Commitment,
        [
            {
                "key": f"many-{funder}",
                "name": f"Many {funder}",
                "round_id": round_id,
                "funder_id": funder,
                "amount": 100,
                "currency": "USD",
                "version": 1,
            }
            for funder in funders
        ],
    )
    add(
        Round,
        [
            {
                "key": f"many-{n}",
                "name": f"Many {n}",
                "owner_id": session.get_one(Round, round_id).owner_id,
                "state": "open",
                "base_currency": "USD",
                "opens_at": now(),
                "closes_at": now() + timedelta(days=30),
                "version": 1,
            }
            for n in range(MANY)
        ],
    )
    add(
        Event,
        [
            {
                "seq": 10_000 + number,
                "action": f"act {number % 7}",
                "organisation_id": commitment.funder_id,
                "detail": {},
                "previous_hash": "",
                "hash": "",
            }
            for number in range(MANY)
        ],
    )
    add(
        Mail,
        [
            {
                "to": f"many{n}@test.example",
                "subject": f"Letter {n}",
                "body": "",
                "sent_at": now(),
                "organisation_id": commitment.funder_id,
            }
            for n in range(MANY)
        ],
    )
    set_rules(session.connection())
    return side


def side_lead(session, side: Side) -> int:
    return session.get_one(Proposal, side.ids["proposal_id"]).lead_id


LISTS = (
    ("/rounds/{round_id}/plan", Role.PROGRAM_OFFICER, "state=approved&q=work&sort=amount"),
    ("/awards", Role.PROGRAM_OFFICER, "state=offered&q=work&sort=-amount"),
    ("/people", Role.FUNDER_ADMIN, "q=many&role=reviewer&sort=-name"),
    ("/organisations", Role.PLATFORM_ADMIN, "q=many&kind=funder&sort=-name"),
    ("/rounds/{round_id}/commitments", Role.PROGRAM_OFFICER, "q=many&sort=-amount"),
    ("/rounds/", Role.PROGRAM_OFFICER, "q=many&state=open"),
    ("/outbox", Role.PROGRAM_OFFICER, "q=many&state=sent&sort=to"),
    ("/log", Role.AUDITOR, "action=act+3&sort=number"),
    ("/rounds/{round_id}/money", Role.COMMITTEE, "sort=-base"),
    ("/rounds/{round_id}/reviews", Role.PROGRAM_OFFICER, "q=work&standing=short&sort=-assigned"),
    ("/rounds/{round_id}/reviewers", Role.PROGRAM_OFFICER, "q=many&sort=-load"),
    ("/rounds/{round_id}/reviews/calibration", Role.COMMITTEE, "sort=-moved"),
    ("/rounds/{round_id}/reviews/release", Role.PROGRAM_OFFICER, "q=work&standing=waiting"),
)


@pytest.mark.slow
def test_long_lists_page_and_filter_on_the_server_with_few_queries(
    site: Flask, sign_in: SignIn
) -> None:
    database = site.extensions["database"]
    side = database.in_transaction(fill)
    for path, role, query in LISTS:
        client = sign_in(site, side.people[role])
        path = path.format(**side.ids)
        for shown in ("", "?page=100&per_page=100", f"?{query}&page=2"):
            with count_queries(database) as queries:
                answer = client.get(path + shown)
            assert answer.status_code == 200, path
            assert len(queries) <= 30, (path, shown, len(queries))
            assert 20 < answer.text.count("<tr") <= 260, (path, shown)
            assert len(answer.data) < 1_000_000, (path, shown)


ODD = {
    "q": "'\"%_\\<script>\u0000é",
    "sort": "-no such column",
    "page": "9" * 40,
    "per_page": "²",
    "since": "-1",
    "state": "no such state",
    "import": "9" * 30,
    **dict.fromkeys(("round", "funder", "organisation", "area", "year", "role"), "²"),
}


@pytest.mark.parametrize("role", [Role.PROGRAM_OFFICER, Role.AUDITOR, Role.FUNDER_ADMIN])
def test_no_filter_page_or_order_in_an_address_breaks_a_page(
    site: Flask, sign_in: SignIn, role: Role
) -> None:
    side = site.extensions["database"].in_transaction(make_side)
    client = sign_in(site, side.people[role])
    tried = 0
    for rule, method, _ in rules(site):
        if method != "GET" or rule.endpoint.startswith(("assets", "identity")):
            continue
        for odd in (ODD, dict.fromkeys(ODD, "9" * 30)):
            answer = client.get(address(site, rule, side), query_string=odd, buffered=True)
            assert answer.status_code < 500, rule
            tried += 1
    assert tried > 100


def test_a_number_that_no_row_can_have_is_not_there(site: Flask, sign_in: SignIn) -> None:
    side = site.extensions["database"].in_transaction(make_side)
    client = sign_in(site, side.people[Role.PROGRAM_OFFICER])
    for rule, method, _ in rules(site):
        names = [name for name in rule.arguments if name.endswith("_id") and name != "replay_id"]
        if not names:
            continue
        path = address(site, rule, side)
        for number in (0, 2**31, 10**30):
            wrong = path
            for name in names:
                wrong = wrong.replace(f"/{side.ids[name]}", f"/{number}")
            answer = client.open(wrong, method=method, buffered=True)
            # 405: of a number it refuses, the router says only that no method fits
            assert answer.status_code in (403, 404, 405), (method, wrong)
