"""The dashboard's pages: what a conflict hides, filters, CSV, and how many queries they send."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding.models import (
    ConflictOfInterest,
    PlanLine,
    PlanPutForward,
    Proposal,
    Role,
    Run,
    RunLine,
    RunState,
    Scenario,
    ScenarioState,
)
from funding.reports.positions import WITHHELD
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_person,
    make_plan,
    make_proposal,
    make_round,
)
from tests.conftest import SignIn
from tests.money_scene import MoneyScene, make_money_scene
from tests.pages import words_of
from tests.queries import count_queries

CHARTS = ("by-funder", "gaps", "flow", "by-area", "by-region", "together", "years")


@pytest.fixture
def scene(site: Flask) -> MoneyScene:
    return site.extensions["database"].in_transaction(make_money_scene, seed=5)


@pytest.fixture
def reader(site: Flask, sign_in: SignIn, scene: MoneyScene) -> FlaskClient:
    return sign_in(site, scene.email)


def page(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    return answer.get_data(as_text=True)


def table(client: FlaskClient, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page(client, address).lstrip("\ufeff"))))


def whole(rows: list[dict[str, str]], column: str = "Amount in USD") -> Decimal:
    return sum((Decimal(row[column]) for row in rows), Decimal(0))


def test_a_proposal_in_conflict_keeps_its_money_and_loses_its_name(
    site: Flask, reader: FlaskClient, scene: MoneyScene
) -> None:
    rows_at = f"/rounds/{scene.round_id}/money.csv"
    before = table(reader, rows_at)
    paid = [row for row in before if row["Stage"] == "paid"]
    title = paid[0]["Proposal"]
    page_at = f"/rounds/{scene.round_id}/money?per_page=200"
    assert f">{title}<" in page(reader, page_at)

    def declare(session: Session) -> None:
        proposal = session.scalars(sa.select(Proposal).where(Proposal.title == title)).one()
        session.add(
            ConflictOfInterest(
                proposal_id=proposal.id,
                person_id=scene.reader.person_id,
                reason="A former colleague",
                declared_by_id=scene.reader.person_id,
            )
        )

    site.extensions["database"].in_transaction(declare)
    after = table(reader, rows_at)
    assert title not in {row["Proposal"] for row in after}
    hidden = [row for row in before if row["Proposal"] == title]
    withheld = [row for row in after if row["Proposal"] == WITHHELD]
    assert whole(withheld) == whole(hidden) > 0
    assert whole(after) == whole(before)
    shown = page(reader, page_at)
    assert WITHHELD in shown
    assert f">{title}<" not in shown
    dashboard = page(reader, f"/rounds/{scene.round_id}/dashboard")
    assert WITHHELD[:30] in dashboard
    assert f'"{title}"' not in dashboard
    assert f"&#34;{title}&#34;" not in dashboard


def test_the_charts_tables_and_the_rows_add_up_to_the_same_money(
    reader: FlaskClient, scene: MoneyScene
) -> None:
    at = f"/rounds/{scene.round_id}"
    rows = table(reader, f"{at}/money.csv")
    placed = whole([row for row in rows if row["Proposal"]])
    for name, expected in (
        ("by-funder", whole(rows)),
        ("by-area", placed),
        ("by-region", placed),
    ):
        assert whole(table(reader, f"{at}/dashboard/{name}.csv"), "Total") == expected
    assert whole(table(reader, f"{at}/dashboard/flow.csv"), "From all funders") == placed
    years = table(reader, f"{at}/dashboard/years.csv")
    for column, stage in (("Paid", "paid"), ("Due in tranches", "scheduled")):
        assert whole(years, column) == whole([row for row in rows if row["Stage"] == stage])


def test_a_filter_in_the_address_narrows_rows_and_charts_alike(
    reader: FlaskClient, scene: MoneyScene
) -> None:
    at = f"/rounds/{scene.round_id}"
    everything = table(reader, f"{at}/money.csv")
    for wanted in ("region=africa", "year=2027", "area=evaluations&region=africa"):
        rows = table(reader, f"{at}/money.csv?{wanted}")
        assert 0 < len(rows) < len(everything)
        funders = table(reader, f"{at}/dashboard/by-funder.csv?{wanted}")
        assert whole(funders, "Total") == whole(rows)
        here = page(reader, f"{at}/money?{wanted}")
        assert f'money.csv?{wanted.replace("&", "&amp;")}"' in here


def test_releases_are_left_out_where_a_filter_cannot_apply_to_them(
    reader: FlaskClient, scene: MoneyScene
) -> None:
    years = f"/rounds/{scene.round_id}/dashboard/years.csv"
    whole_round = table(reader, years)
    of_one = table(reader, f"{years}?funder={scene.funder_ids[0]}")
    released = "Released by commitments"
    assert 0 < whole(of_one, released) < whole(whole_round, released)
    assert released not in table(reader, f"{years}?region=africa")[0]


def test_no_address_breaks_a_page(reader: FlaskClient, scene: MoneyScene) -> None:
    for strange in (
        "funder=%C2%B2&year=%C2%B2",
        "round_id=1&table=x&_scheme=gopher&_anchor=a",
        "area=gone",
        "region=nowhere&stage=lost",
        "funder=99999999999999999999",
    ):
        for view in ("dashboard", "money", "money.csv"):
            page(reader, f"/rounds/{scene.round_id}/{view}?{strange}")


def test_a_table_that_is_not_there_is_not_found(reader: FlaskClient, scene: MoneyScene) -> None:
    for name in CHARTS:
        if name != "gaps":  # this round states no needs
            page(reader, f"/rounds/{scene.round_id}/dashboard/{name}.csv")
    assert reader.get(f"/rounds/{scene.round_id}/dashboard/no-such.csv").status_code == 404


def test_others_than_the_rounds_own_funders_and_committee_see_no_dashboard(
    site: Flask, sign_in: SignIn, scene: MoneyScene
) -> None:
    database = site.extensions["database"]

    def strangers(session: Session) -> list[str]:
        funder = make_organisation(session)
        return [make_person(session, funder, Role.FINANCE_OFFICER).email]

    (email,) = database.in_transaction(strangers)
    client = sign_in(site, email)
    for view in ("dashboard", "money", "money.csv", "dashboard/flow.csv"):
        assert client.get(f"/rounds/{scene.round_id}/{view}").status_code == 404


def test_before_a_plan_the_newest_run_is_shown_as_not_decided(site: Flask, sign_in: SignIn) -> None:
    def prepare(session: Session) -> tuple[int, str]:
        committee = make_organisation(session, "committee")
        round_ = make_round(session, committee)
        commitment = make_commitment(session, round_, amount=10_000_00)
        proposal = make_proposal(session, round_)
        person = make_person(session, committee, Role.COMMITTEE)
        scenario = Scenario(
            round=round_, name="First try", created_by_id=person.id, state=ScenarioState.SOLVED
        )
        run = Run(state=RunState.DONE, rates={"USD": {"rate": "1", "on": "2026-01-02"}})
        run.lines.append(
            RunLine(
                commitment_id=commitment.id,
                proposal_id=proposal.id,
                amount=4_000_00,
                base_amount=4_000_00,
            )
        )
        scenario.runs.append(run)
        session.add(scenario)
        session.flush()
        return round_.id, person.email

    round_id, email = site.extensions["database"].in_transaction(prepare)
    client = sign_in(site, email)
    words = words_of(page(client, f"/rounds/{round_id}/dashboard"))
    assert "Not decided" in words
    assert "First try" in words
    rows = table(client, f"/rounds/{round_id}/money.csv")
    assert {row["Stage"]: Decimal(row["Amount"]) for row in rows} == {
        "allocated": 4_000,
        "available": 6_000,
    }


def test_a_round_without_money_says_so(site: Flask, sign_in: SignIn) -> None:
    def prepare(session: Session) -> tuple[int, str]:
        committee = make_organisation(session, "committee")
        person = make_person(session, committee, Role.COMMITTEE)
        return make_round(session, committee).id, person.email

    round_id, email = site.extensions["database"].in_transaction(prepare)
    words = words_of(page(sign_in(site, email), f"/rounds/{round_id}/dashboard"))
    assert "No money here yet" in words


def make_waiting_lines(session: Session, size: int) -> tuple[int, str]:
    """A round with one line that went the whole way, and `size` more of twelve commitments."""
    committee = make_organisation(session, "committee")
    round_ = make_round(session, committee)
    person = make_person(session, committee, Role.COMMITTEE)
    commitments = [make_commitment(session, round_) for _ in range(12)]
    home = make_organisation(session, "institution")
    lead = make_person(session, home, Role.RESEARCHER)
    proposals = [
        make_proposal(session, round_, institution=home, lead=lead, score=None)
        for _ in range(1 + size // 12)
    ]
    officer = make_actor(session, committee)
    plan: PlanPutForward = make_plan(
        session, round_, [(commitments[0], proposals[0], 1_00)], officer
    )
    session.execute(
        sa.insert(PlanLine),
        [
            {
                "plan_id": plan.id,
                "commitment_id": commitment.id,
                "proposal_id": proposal.id,
                "state": "recommended",
                "suggested_amount": 1_00,
                "amount": 1_00,
                "base_amount": 1_00,
                "recommended_by_id": officer.person_id,
                "version": 1,
            }
            for proposal in proposals[1:]
            for commitment in commitments
        ],
    )
    return round_.id, person.email


@pytest.mark.parametrize("view", ["dashboard", "money", "money.csv", "dashboard/by-area.csv"])
def test_a_thousand_lines_take_as_many_queries_as_a_dozen(
    site: Flask, sign_in: SignIn, view: str
) -> None:
    database = site.extensions["database"]
    sent = []
    for size in (12, 1_200):
        round_id, email = database.in_transaction(make_waiting_lines, size=size)
        client = sign_in(site, email)
        client.get("/")
        with count_queries(database) as queries:
            page(client, f"/rounds/{round_id}/{view}")
        sent.append(len(queries))
    few, many = sent
    assert many == few <= 40
