"""The dashboard's pages: what a conflict hides, filters, CSV, and how many queries they send."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask, template_rendered
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding.models import (
    ConflictOfInterest,
    DashboardNote,
    Organisation,
    PlanLine,
    PlanPutForward,
    Proposal,
    Role,
    Round,
    Run,
    RunLine,
    RunState,
    Scenario,
    ScenarioState,
)
from funding.paths import STATIC
from funding.reports.dashboards.model import Dashboard
from funding.reports.ground import WITHHELD
from funding.routes.dashboards.asking import QUESTIONS
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

FIGURES = {
    "where": ("by-funder", "by-area", "by-region", "years", "areas-over-years"),
    "pooling": ("flow", "together"),
    "promises": ("promised-and-paid", "promises-by-year", "funders-over-years"),
    "changes": ("moved", "changes-by-funder"),
}


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
    dashboard = page(reader, f"/rounds/{scene.round_id}/dashboard/pooling")
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
        assert whole(table(reader, f"{at}/dashboard/where/{name}.csv"), "Total") == expected
    assert whole(table(reader, f"{at}/dashboard/pooling/flow.csv"), "From all funders") == placed
    years = table(reader, f"{at}/dashboard/where/years.csv")
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
        funders = table(reader, f"{at}/dashboard/where/by-funder.csv?{wanted}")
        assert whole(funders, "Total") == whole(rows)
        here = page(reader, f"{at}/money?{wanted}")
        assert f'money.csv?{wanted.replace("&", "&amp;")}"' in here


def test_a_page_shows_no_number_but_those_of_its_figures(
    site: Flask, reader: FlaskClient, scene: MoneyScene
) -> None:
    """Which tests/reports/test_dashboard_figures.py proves: a page cannot add one of its own."""
    made: dict[str, Dashboard] = {}

    def keep(_site: Flask, context: dict[str, Any], **_named: object) -> None:
        dashboard = context.get("dashboard")
        if isinstance(dashboard, Dashboard):
            made[dashboard.key] = dashboard

    at = f"/rounds/{scene.round_id}/dashboard"
    for question in QUESTIONS:
        view = at if question == "where" else f"{at}/{question}"
        with template_rendered.connected_to(keep, site):
            main = BeautifulSoup(page(reader, f"{view}?currency=EUR"), "html.parser").main
        assert main is not None
        for other in main.select("form, nav"):
            other.decompose()
        texts = [text.strip() for text in main.find_all(string=re.compile(r"\d"))]
        # the day and the rates are said, not counted
        found = {text for text in texts if text and not text.startswith(("In EUR.", "Since "))}
        assert found
        assert found <= numbers_of(made[question]), question


def numbers_of(dashboard: Dashboard) -> set[str]:
    """Every text of a dashboard's headline figures, sentences, tables and small charts."""
    texts = {dashboard.answer, *dashboard.notes}
    for stat in dashboard.stats:
        texts |= {stat.value, stat.note}
    for figure in dashboard.figures:
        texts |= {figure.finding, figure.unit, figure.note or "", f"of: {figure.finding}"}
        texts |= {head.label for head in figure.heads}
        texts |= {cell.text for row in (*figure.rows, figure.total) for cell in row}
        if figure.strips:
            texts |= set(figure.strips.along)
            for strip in figure.strips.rows:
                texts |= {strip.label, strip.total, "; ".join(strip.said)}
    return texts


def test_releases_are_left_out_where_a_filter_cannot_apply_to_them(
    reader: FlaskClient, scene: MoneyScene
) -> None:
    years = f"/rounds/{scene.round_id}/dashboard/where/years.csv"
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


def test_every_figure_is_there_as_table_and_as_picture(
    reader: FlaskClient, scene: MoneyScene
) -> None:
    at = f"/rounds/{scene.round_id}/dashboard"
    starts = {"xlsx": b"PK", "svg": b"<?xml", "png": b"\x89PNG"}
    for question, names in FIGURES.items():
        for name in names:
            assert table(reader, f"{at}/{question}/{name}.csv"), name
    for name in ("by-funder", "areas-over-years"):
        for form, start in starts.items():
            answer = reader.get(f"{at}/where/{name}.{form}")
            assert answer.status_code == 200
            assert answer.data.startswith(start)
            assert "attachment" in answer.headers["Content-Disposition"]


def test_a_file_holds_the_pages_amounts_as_numbers(reader: FlaskClient, scene: MoneyScene) -> None:
    at = f"/rounds/{scene.round_id}/dashboard/where/by-funder"
    sheet = openpyxl.load_workbook(io.BytesIO(reader.get(f"{at}.xlsx").data)).active
    heads, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    in_csv = table(reader, f"{at}.csv")
    assert heads == list(in_csv[0])
    assert [Decimal(str(row[6])) for row in rows] == [Decimal(row["Total"]) for row in in_csv]


def test_what_is_not_there_is_not_found(reader: FlaskClient, scene: MoneyScene) -> None:
    for address in (
        "dashboard/no-such",
        "dashboard/where/no-such.csv",
        "dashboard/where/by-funder.gif",
        "dashboard/no-such/by-funder.csv",
        "dashboard/no-such/page.pdf",
        "money.pdf",
        "changes.pdf",
        "off-plan.pdf",
    ):
        assert reader.get(f"/rounds/{scene.round_id}/{address}").status_code == 404, address


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_dashboard_comes_as_pdf_or_says_what_the_machine_lacks(
    reader: FlaskClient, scene: MoneyScene, question: str
) -> None:
    answer = reader.get(f"/rounds/{scene.round_id}/dashboard/{question}/page.pdf")
    if answer.status_code == 409:
        assert "Pango" in answer.get_data(as_text=True)
    else:
        assert answer.status_code == 200
        assert answer.data.startswith(b"%PDF-")


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_first_view_is_under_300_kilobytes_without_the_chart_library(
    reader: FlaskClient, scene: MoneyScene, question: str
) -> None:
    view = "dashboard" if question == "where" else f"dashboard/{question}"
    html = page(reader, f"/rounds/{scene.round_id}/{view}?with=none")
    linked = re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js|svg))"', html)
    assert len(linked) > 10
    loaded = [
        (STATIC / address.removeprefix("/static/")).stat().st_size
        for address in linked
        if "plotly-" not in address
    ]
    assert len(html.encode()) + sum(loaded) < 300_000


def test_amounts_come_in_the_currency_asked_for_and_say_their_rates(
    reader: FlaskClient, scene: MoneyScene
) -> None:
    at = f"/rounds/{scene.round_id}"
    own, other = (
        whole(table(reader, f"{at}/money.csv{query}"), f"Amount in {code}")
        for query, code in (("", "USD"), ("?currency=EUR", "EUR"))
    )
    words = words_of(page(reader, f"{at}/dashboard?currency=EUR"))
    rate = Decimal(re.search(r"1 USD = ([\d.]+) EUR \(", words)[1])
    assert abs(other - own * rate) / other < Decimal("0.03")  # the run's own rates differ
    assert "?currency=EUR" in page(reader, f"{at}/dashboard?currency=EUR")
    assert whole(table(reader, f"{at}/money.csv?currency=XXX")) == own


def test_another_round_stands_beside_under_the_same_filters(
    site: Flask, reader: FlaskClient, scene: MoneyScene
) -> None:
    def earlier(session: Session) -> tuple[int, str]:
        round_ = session.get_one(Round, scene.round_id)
        before = make_round(
            session,
            round_.owner,
            opens_at=round_.opens_at - timedelta(days=300),
            closes_at=round_.closes_at - timedelta(days=300),
        )
        make_commitment(
            session, before, session.get_one(Organisation, scene.funder_ids[0]), amount=5_000_00
        )
        return before.id, before.name

    round_id, name = site.extensions["database"].in_transaction(earlier)
    at = f"/rounds/{scene.round_id}/dashboard"
    assert f"{name}: USD 5 k" in words_of(page(reader, at)).replace("\u202f", " ")
    assert whole(table(reader, f"{at}/where/by-funder.csv"), name) == 5_000
    of_other = table(reader, f"{at}/where/by-funder.csv?funder={scene.funder_ids[1]}")
    assert whole(of_other, name) == 0
    assert name not in table(reader, f"{at}/where/by-funder.csv?with=none")[0]
    assert name in table(reader, f"{at}/where/by-funder.csv?with={round_id}")[0]


def test_the_rows_behind_what_changed_add_up_to_the_figure(
    reader: FlaskClient, scene: MoneyScene
) -> None:
    at, since = f"/rounds/{scene.round_id}", "since=2020-01-01"
    rows = table(reader, f"{at}/changes.csv?{since}")
    moved = table(reader, f"{at}/dashboard/changes/moved.csv?{since}")
    assert whole(moved, "Amount") == whole(rows)
    assert sum(int(row["How often"]) for row in moved) == len(rows)
    paid = table(reader, f"{at}/changes.csv?{since}&kind=tranche paid")
    assert 0 < len(paid) < len(rows)
    assert {row["Event"] for row in paid} == {"tranche paid"}
    shown = words_of(page(reader, f"{at}/changes?{since}&kind=tranche paid"))
    assert f"of {len(paid)}" in shown or f"{len(paid)} rows" in shown
    assert not table(reader, f"{at}/changes.csv?since=2999-01-01")


def test_others_than_the_rounds_own_funders_and_committee_see_no_dashboard(
    site: Flask, sign_in: SignIn, scene: MoneyScene
) -> None:
    database = site.extensions["database"]

    def strangers(session: Session) -> list[str]:
        funder = make_organisation(session)
        return [make_person(session, funder, Role.FINANCE_OFFICER).email]

    (email,) = database.in_transaction(strangers)
    client = sign_in(site, email)
    for view in (
        "dashboard",
        "money",
        "money.csv",
        "changes",
        "off-plan",
        "dashboard/gaps",
        "dashboard/where/years.csv",
    ):
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
        "reserved": 4_000,
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


@pytest.mark.parametrize(
    "view",
    [
        *(
            "dashboard" if question == "where" else f"dashboard/{question}"
            for question in QUESTIONS
        ),
        *("money", "money.csv", "changes", "off-plan", "dashboard/where/by-area.csv"),
    ],
)
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


def test_a_note_pinned_to_a_figure_is_read_under_it_and_can_be_withdrawn(
    site: Flask, reader: FlaskClient, scene: MoneyScene
) -> None:
    at = f"/rounds/{scene.round_id}/dashboard"
    refused = reader.post(f"{at}/where/notes", data={"figure": "years", "words": "  "})
    assert refused.status_code == 422
    assert "Write what you want the others to read." in words_of(refused.get_data(as_text=True))
    sent = reader.post(f"{at}/where/notes", data={"figure": "years", "words": "Yen fell in <May>"})
    assert sent.status_code == 302
    shown = page(reader, at)
    figure = shown.partition('id="years"')[2].partition("</figure>")[0]
    assert "Yen fell in &lt;May&gt;" in figure
    assert "Yen fell" not in page(reader, f"{at}/gaps")
    with site.extensions["database"].reading() as session:
        note_id = session.scalars(sa.select(DashboardNote.id)).one()
    assert f"/where/notes/{note_id}/withdraw" in shown
    assert reader.post(f"{at}/where/notes/{note_id}/withdraw").status_code == 302
    assert "Yen fell" not in page(reader, at)
