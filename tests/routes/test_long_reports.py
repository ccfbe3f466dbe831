"""10,000 reports, outputs and values of an indicator: pages, filters, bounded queries."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from funding.models import (
    Account,
    Award,
    HandedIn,
    IndicatorValue,
    Narrative,
    Output,
    Person,
    PlanLine,
    Proposal,
    Report,
    Transfer,
)
from funding.models.triggers import lift_rules, set_rules
from tests.conftest import SignIn
from tests.queries import count_queries
from tests.reporting_scene import Scene, make_scene

MANY = 10_000


def add(session: Session, table: Any, rows: list[dict[str, Any]]) -> list[int]:
    first = (session.scalar(sa.select(sa.func.max(table.id))) or 0) + 1
    numbered = [{"id": first + number, **row} for number, row in enumerate(rows)]
    session.execute(sa.insert(table), numbered)
    return [row["id"] for row in numbered]


def fill(session: Session) -> tuple[Scene, dict[str, str]]:
    """Many more awards, each with a report, an output and a value; put in past the rules."""
    scene = make_scene(session)
    award = session.get_one(Award, scene.first.award_id)
    lead, officer = scene.lead.person_id, scene.first.officer.person_id
    lift_rules(session.connection())
    proposals = add(
        session,
        Proposal,
        [
            {
                "key": f"X{number}",
                "round_id": scene.round_id,
                "state": "funded",
                "title": f"Work number {number}",
                "lead_id": lead,
                "version": 1,
            }
            for number in range(MANY)
        ],
    )
    lines = add(
        session,
        PlanLine,
        [
            {
                "plan_id": award.plan_line.plan_id,
                "commitment_id": award.commitment_id,
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
        session,
        Award,
        [
            {
                "plan_line_id": line,
                "commitment_id": award.commitment_id,
                "proposal_id": proposal,
                "state": "active",
                "amount": 100,
                "base_amount": 100,
                "version": 1,
            }
            for line, proposal in zip(lines, proposals, strict=True)
        ],
    )
    narratives = add(
        session,
        Narrative,
        [
            {"proposal_id": p, "kind": "progress", "started_by_id": lead, "version": 1}
            for p in proposals
        ],
    )
    versions = add(
        session,
        HandedIn,
        [
            {
                "narrative_id": narrative,
                "number": 1,
                "progress": "Done.",
                "counts": True,
                "handed_in_by_id": lead,
            }
            for narrative in narratives
        ],
    )
    add(
        session,
        Output,
        [
            {
                "handed_in_id": version,
                "position": 0,
                "kind": "paper",
                "title": f"Paper {version}",
                "address": f"https://doi.org/10.5555/{version}",
            }
            for version in versions
        ],
    )
    add(
        session,
        IndicatorValue,
        [
            {"handed_in_id": version, "indicator_id": scene.indicator_id, "value": version % 97}
            for version in versions
        ],
    )
    states = ("due", "submitted", "accepted", "sent back")
    add(
        session,
        Report,
        [
            {
                "award_id": each,
                "kind": "progress",
                "due_on": date(2026, 1, 1) + timedelta(days=number % 700),
                "state": states[number % 4],
                "narrative_id": narratives[number],
                "handed_in_id": versions[number],
                "decided_by_id": officer,
                "version": 1,
            }
            for number, each in enumerate(awards)
        ],
    )
    add_transfers(session, award, awards)
    set_rules(session.connection())
    people = {"officer": officer, "lead": lead, "owner": scene.owner.person_id}
    return scene, {n: session.get_one(Person, person).email for n, person in people.items()}


def add_transfers(session: Session, award: Award, awards: list[int]) -> None:
    """A cent of each award came back."""
    available = session.scalars(
        sa.select(Account).where(
            Account.commitment_id == award.commitment_id, Account.kind == "available"
        )
    ).one()
    same = {"funder_id": available.funder_id, "currency": available.currency}
    accounts = add(
        session,
        Account,
        [
            {"kind": "awarded", "commitment_id": award.commitment_id, "award_id": each, **same}
            for each in awards
        ],
    )
    add(
        session,
        Transfer,
        [
            {
                "event": "award completed",
                "debit_id": account,
                "credit_id": available.id,
                "amount": 1,
                **same,
            }
            for account in accounts
        ],
    )


@pytest.mark.slow
def test_long_lists_of_reports_page_and_filter_on_the_server_with_few_queries(
    site: Flask, sign_in: SignIn
) -> None:
    database = site.extensions["database"]
    scene, emails = database.in_transaction(fill)
    lists = (
        ("/reports", "officer", "whose=own&state=late&q=work&sort=-proposal"),
        ("/reports", "lead", "whose=mine&state=waiting&sort=funder"),
        ("/outputs", "owner", "q=paper&kind=paper&sort=proposal"),
        (f"/indicators/{scene.indicator_id}", "owner", "q=work&sort=value"),
        (f"/rounds/{scene.round_id}/came-back", "owner", "sort=amount"),
    )
    for path, who, query in lists:
        client = sign_in(site, emails[who])
        for shown in ("", "?page=90&per_page=100", f"?{query}&page=2"):
            with count_queries(database) as queries:
                answer = client.get(path + shown)
            assert answer.status_code == 200, path
            assert len(queries) <= 30, (path, shown, len(queries))
            assert 20 < answer.text.count("<tr") <= 130, (path, shown)
            assert len(answer.data) < 1_000_000, (path, shown)
    client = sign_in(site, emails["officer"])
    with count_queries(database) as queries:
        assert client.get("/").status_code == 200
        assert client.get("/indicators").status_code == 200
    assert len(queries) <= 60
