"""Scenarios, runs and results, through the pages."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding.db import now
from funding.models import (
    ConflictOfInterest,
    Organisation,
    Overlap,
    Person,
    Pin,
    Proposal,
    ProposalArea,
    Role,
    Round,
    Run,
    RunLine,
    RunProposal,
    RunState,
    Scenario,
)
from tests.builders import (
    make_commitment,
    make_organisation,
    make_person,
    make_proposal,
    make_round,
)
from tests.conftest import SignIn
from tests.queries import count_queries
from tests.runs import work


@dataclass
class World:
    """A small round; people by role, all of the one funder but the committee's."""

    app: Flask
    folder: Path
    round_id: int
    scenario_id: int
    proposals: dict[str, int]
    emails: dict[Role, str]

    def work(self) -> None:
        work(self.app.extensions["database"], self.folder)

    def change(self, act) -> None:
        self.app.extensions["database"].in_transaction(act)

    def run_id(self) -> int:
        with self.app.extensions["database"].reading() as session:
            return session.scalars(sa.select(sa.func.max(Run.id))).one()


ROLES = (Role.PROGRAM_OFFICER, Role.AUDITOR, Role.RESEARCHER, Role.FINANCE_OFFICER)


@pytest.fixture
def world(site: Flask, tmp_path: Path) -> World:
    def make(session: Session) -> World:
        committee = make_organisation(session, "committee")
        round_ = make_round(session, committee, policy={"overlap_weight": 1.0, "round_to": 100_00})
        funder = make_organisation(session, name="Lantern Fund")
        make_commitment(session, round_, funder, amount=11_000_00, name="Open Call")
        round_.participants[0].guarantee = "none"
        proposals = {
            key: make_proposal(session, round_, key=key, title=f"Title {key}", score=score)
            for key, score in (("A", 90), ("B", 80), ("C", 60))
        }
        session.add(
            Overlap(
                round_id=round_.id,
                first=proposals["A"],
                second=proposals["B"],
                degree=1.0,
                verdict="duplicate",
            )
        )
        people = {role: make_person(session, funder, role) for role in ROLES}
        people[Role.COMMITTEE] = make_person(session, committee, Role.COMMITTEE)
        scenario = Scenario(
            round=round_, name="As it is", created_by_id=people[Role.PROGRAM_OFFICER].id
        )
        session.add(scenario)
        session.flush()
        return World(
            site,
            tmp_path,
            round_.id,
            scenario.id,
            {key: p.id for key, p in proposals.items()},
            {role: person.email for role, person in people.items()},
        )

    return site.extensions["database"].in_transaction(make)


@pytest.fixture
def officer(world: World, sign_in: SignIn) -> FlaskClient:
    return sign_in(world.app, world.emails[Role.PROGRAM_OFFICER])


def solved(world: World, officer: FlaskClient) -> int:
    assert officer.post(f"/scenarios/{world.scenario_id}/runs").status_code == 302
    world.work()
    return world.run_id()


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))


def test_an_officer_solves_a_scenario_and_reads_the_result(
    world: World, officer: FlaskClient
) -> None:
    page = officer.get(f"/rounds/{world.round_id}/scenarios").text
    assert "As it is" in page
    officer.post(f"/scenarios/{world.scenario_id}/runs")
    waiting = officer.get(f"/scenarios/{world.scenario_id}").text
    assert "Waiting for a worker" in waiting
    assert '<meta http-equiv="refresh"' in waiting  # for browsers without scripts
    run_id = world.run_id()
    assert "Waiting for a worker" in officer.get(f"/runs/{run_id}/progress").text
    world.work()
    assert officer.get(f"/runs/{run_id}/progress").headers["HX-Redirect"] == f"/runs/{run_id}"
    result = officer.get(f"/runs/{run_id}").text
    assert "Funded in full" in result
    assert "overlaps with “Title A” (A)" in result
    for view, words in {
        "funders": "Lantern Fund",
        "areas": "Interpretability",
        "overlaps": "Avoided",
        "whole": "SHA-256",
    }.items():
        page = officer.get(f"/runs/{run_id}/{view}")
        assert page.status_code == 200
        assert words in page.text
    why = officer.get(f"/runs/{run_id}/proposals/{world.proposals['B']}").text
    assert "What it would take" in why
    assert "Open Call" in why


def test_the_result_is_filtered_and_sorted(world: World, officer: FlaskClient) -> None:
    run_id = solved(world, officer)

    def keys(query: str) -> list[str]:
        return [
            row["proposal"]
            for row in rows_of(officer.get(f"/runs/{run_id}/proposals.csv?{query}").text)
        ]

    assert keys("") == ["A", "B", "C"]
    assert keys("sort=merit") == ["C", "B", "A"]
    assert keys("outcome=unfunded") == ["B", "C"]
    assert keys("outcome=funded") == ["A"]
    assert keys("q=title+c") == ["C"]
    assert keys("area=evaluations") == []
    assert keys("area=interpretability&region=africa") == []
    assert keys("outcome=pinned") == []


def test_every_table_comes_as_csv(world: World, officer: FlaskClient) -> None:
    run_id = solved(world, officer)
    (line,) = rows_of(officer.get(f"/runs/{run_id}/funders.csv").text)
    assert (line["proposal"], line["amount"], line["currency"]) == ("A", "10000.00", "USD")
    areas = rows_of(officer.get(f"/runs/{run_id}/areas.csv").text)
    assert {row["area"]: row["this plan"] for row in areas}["Interpretability"] == "10000.00"
    (pair,) = rows_of(officer.get(f"/runs/{run_id}/overlaps.csv").text)
    assert pair["avoided"] == "yes"


def test_the_files_of_a_run_are_what_the_optimizer_reads(
    world: World, officer: FlaskClient
) -> None:
    from optimizer.check import check
    from optimizer.read import digest, read_plan, read_round

    run_id = solved(world, officer)
    document = officer.get(f"/runs/{run_id}/round.json").json
    problem = read_round(document)
    assert check(problem, read_plan(officer.get(f"/runs/{run_id}/plan.json").json, problem)) == []
    assert digest(document) in officer.get(f"/runs/{run_id}/whole").text
    assert officer.get(f"/runs/{run_id}/explanation.json").json["why"]["proposals"]["B"]


def test_pinning_from_a_row_and_solving_again_changes_the_plan(
    world: World, officer: FlaskClient
) -> None:
    first = solved(world, officer)
    pinned = officer.post(
        f"/scenarios/{world.scenario_id}/pins",
        data={
            "proposal": world.proposals["A"],
            "act": "out",
            "reason": "its team asked us to",
            "back": f"/runs/{first}?sort=ask",
        },
    )
    assert pinned.headers["Location"] == f"/runs/{first}?sort=ask"
    page = officer.get(f"/runs/{first}").text
    assert "Policy or pins have changed since this result" in page
    second = solved(world, officer)
    assert "solved again since" in officer.get(f"/runs/{first}").text
    amounts = {
        row["proposal"]: row["suggested"]
        for row in rows_of(officer.get(f"/runs/{second}/proposals.csv").text)
    }
    assert amounts["A"] == "0.00"
    assert amounts["B"] == "10000.00"
    assert "its team asked us to" in officer.get(f"/scenarios/{world.scenario_id}").text


def test_an_amount_fixed_by_hand_is_kept_to_the_cent(world: World, officer: FlaskClient) -> None:
    officer.post(
        f"/scenarios/{world.scenario_id}/pins",
        data={
            "proposal": world.proposals["C"],
            "act": "amount",
            "amount": "5,300",
            "reason": "a smaller pilot",
        },
    )
    run_id = solved(world, officer)
    rows = rows_of(officer.get(f"/runs/{run_id}/proposals.csv?outcome=pinned").text)
    assert [(row["proposal"], row["suggested"]) for row in rows] == [("C", "5300.00")]


def test_a_pin_filled_in_wrongly_comes_back_with_what_was_typed(
    world: World, officer: FlaskClient
) -> None:
    answer = officer.post(
        f"/scenarios/{world.scenario_id}/pins",
        data={
            "proposal": world.proposals["C"],
            "act": "amount",
            "amount": "5,301.50",
            "reason": "Mine",
        },
    )
    assert answer.status_code == 422
    assert "multiples of" in answer.text
    assert "5,301.50" in answer.text
    assert 'value="Mine"' in answer.text


def test_a_pin_leads_back_only_to_pages_of_ours(world: World, officer: FlaskClient) -> None:
    for back in ("https://evil.example/", "//evil.example", "/runs/\\evil.example", ""):
        answer = officer.post(
            f"/scenarios/{world.scenario_id}/pins",
            data={"proposal": world.proposals["C"], "act": "in", "reason": "x", "back": back},
        )
        assert answer.headers["Location"] == f"/scenarios/{world.scenario_id}"


def form_of(officer: FlaskClient, scenario_id: int) -> dict[str, str]:
    """The fields of the policy form as the page shows them."""
    from bs4 import BeautifulSoup

    page = BeautifulSoup(officer.get(f"/scenarios/{scenario_id}/edit").text, "html.parser")
    form = page.find("form", attrs={"data-guard": True})
    fields = {i["name"]: i.get("value", "") for i in form.find_all("input") if i.get("name")}
    fields |= {t["name"]: t.text.strip() for t in form.find_all("textarea")}
    fields.pop("csrf_token", None)
    return fields


def test_the_policy_form_saved_untouched_changes_nothing(
    world: World, officer: FlaskClient
) -> None:
    fields = form_of(officer, world.scenario_id)
    assert officer.post(f"/scenarios/{world.scenario_id}/edit", data=fields).status_code == 302
    with world.app.extensions["database"].reading() as session:
        scenario = session.get_one(Scenario, world.scenario_id)
        assert (scenario.policy, scenario.needs) == ({}, {})


def test_only_what_differs_from_the_round_is_kept(world: World, officer: FlaskClient) -> None:
    fields = form_of(officer, world.scenario_id)
    fields |= {
        "overlap_weight": "0",
        "round_to": "",
        "max_cofunders": "2",
        "region_least.africa": "12.5",
        "floor.evaluations": "1,000",
        "steps.evaluations": "2,000: 0.5; 1,000: 0.25",
    }
    assert officer.post(f"/scenarios/{world.scenario_id}/edit", data=fields).status_code == 302
    with world.app.extensions["database"].reading() as session:
        scenario = session.get_one(Scenario, world.scenario_id)
        assert scenario.policy == {
            "overlap_weight": 0.0,
            "round_to": 1,
            "max_cofunders": 2,
            "region_least": {"africa": 0.125},
        }
        assert scenario.needs == {
            "evaluations": {"floor": 1_000_00, "steps": [[2_000_00, 0.5], [1_000_00, 0.25]]}
        }
    again = form_of(officer, world.scenario_id)
    assert again.pop("round_to") == "0.01"  # no step at all is a step of one cent
    assert again | {"version": ""} == {k: v for k, v in fields.items() if k != "round_to"} | {
        "version": ""
    }


def test_a_policy_filled_in_wrongly_names_every_field_and_keeps_what_was_typed(
    world: World, officer: FlaskClient
) -> None:
    fields = form_of(officer, world.scenario_id)
    fields |= {
        "name": "",
        "institution_share": "140",
        "steps.evaluations": "rising: 1",
        "cap.evaluations": "-5",
    }
    answer = officer.post(f"/scenarios/{world.scenario_id}/edit", data=fields)
    assert answer.status_code == 422
    assert "4 things need your attention" in answer.text
    assert "rising: 1" in answer.text
    assert 'value="140"' in answer.text


def test_a_stale_policy_form_shows_both_and_loses_nothing(
    world: World, officer: FlaskClient
) -> None:
    fields = form_of(officer, world.scenario_id)
    theirs = fields | {"note": "What a colleague wrote"}
    officer.post(f"/scenarios/{world.scenario_id}/edit", data=theirs)
    answer = officer.post(
        f"/scenarios/{world.scenario_id}/edit", data=fields | {"note": "What I wrote"}
    )
    assert answer.status_code == 409
    assert "What I wrote" in answer.text
    assert "What a colleague wrote" in answer.text


def test_two_scenarios_side_by_side_show_what_changed_and_why(
    world: World, officer: FlaskClient
) -> None:
    solved(world, officer)
    officer.post(
        f"/rounds/{world.round_id}/scenarios",
        data={"name": "Without A", "copy_of": world.scenario_id},
    )
    with world.app.extensions["database"].reading() as session:
        copy = session.scalars(sa.select(Scenario.id).where(Scenario.name == "Without A")).one()
    officer.post(
        f"/scenarios/{copy}/pins",
        data={"proposal": world.proposals["A"], "act": "out", "reason": "withdrawn soon"},
    )
    officer.post(f"/scenarios/{copy}/runs")
    world.work()
    answer = officer.post(
        f"/rounds/{world.round_id}/scenarios/compare",
        data={"picked": [world.scenario_id, copy]},
        follow_redirects=True,
    )
    assert answer.status_code == 200
    page = " ".join(answer.text.split())
    assert "newly funded" in page
    assert "no longer funded" in page
    assert "Pin: A" in page
    assert "it overlaps with “Title A” (A)" in page
    assert answer.request.path == f"/scenarios/{world.scenario_id}/beside/{world.run_id()}"
    table = officer.get(f"{answer.request.path}.csv")
    changes = {row["proposal"]: row["change"] for row in rows_of(table.text)}
    assert changes == {"A": "-10000.00", "B": "10000.00"}
    with world.app.extensions["database"].reading() as session:
        assert {s.state for s in session.scalars(sa.select(Scenario))} == {"compared"}


def test_readers_see_results_but_change_nothing(world: World, sign_in: SignIn) -> None:
    officer = sign_in(world.app, world.emails[Role.PROGRAM_OFFICER])
    run_id = solved(world, officer)
    for role in (Role.COMMITTEE, Role.AUDITOR):
        reader = sign_in(world.app, world.emails[role])
        page = reader.get(f"/runs/{run_id}")
        assert page.status_code == 200
        assert "Pin it" not in page.text
        assert reader.post(f"/scenarios/{world.scenario_id}/runs").status_code == 403
    for role in (Role.RESEARCHER, Role.FINANCE_OFFICER):
        assert sign_in(world.app, world.emails[role]).get(f"/runs/{run_id}").status_code == 403


def test_a_proposal_in_conflict_is_in_no_table_count_sentence_or_file(
    world: World, officer: FlaskClient, sign_in: SignIn
) -> None:
    run_id = solved(world, officer)

    def conflict(session: Session) -> None:
        email = world.emails[Role.PROGRAM_OFFICER]
        person = session.scalars(sa.select(Person).where(Person.email == email)).one()
        session.add(
            ConflictOfInterest(
                proposal_id=world.proposals["A"],
                person_id=person.id,
                reason="kin",
                declared_by_id=person.id,
            )
        )
        scenario = session.get_one(Scenario, world.scenario_id)
        scenario.pins.append(
            Pin(proposal_id=world.proposals["A"], funded=True, reason="secret why")
        )
        run = session.get_one(Run, run_id)
        price = {"kind": "max_cofunders", "where": "A", "price": 900_00.0, "is_tried": True}
        run.explanation = {**run.explanation, "shadow_prices": [price]}

    world.change(conflict)
    pages = [f"/runs/{run_id}", *(f"/runs/{run_id}/{v}" for v in ("funders", "overlaps", "whole"))]
    pages += [f"/runs/{run_id}/{t}.csv" for t in ("proposals", "funders", "overlaps")]
    pages += [
        f"/runs/{run_id}/proposals/{world.proposals['B']}",
        f"/scenarios/{world.scenario_id}",
        f"/rounds/{world.round_id}/scenarios",
        f"/rounds/{world.round_id}/overlaps",
        f"/scenarios/{world.scenario_id}/beside/{run_id}",
    ]
    for address in pages:
        answer = officer.get(address)
        assert answer.status_code == 200, address
        assert "Title A" not in answer.text, address
        assert "secret why" not in answer.text, address
    assert "overlaps with another proposal" in officer.get(f"/runs/{run_id}").text
    assert "of 2" in officer.get(f"/runs/{run_id}").text
    assert officer.get(f"/runs/{run_id}/proposals/{world.proposals['A']}").status_code == 404
    for document in ("round", "plan", "explanation"):
        assert officer.get(f"/runs/{run_id}/{document}.json").status_code == 404
    # nobody else is affected
    auditor = sign_in(world.app, world.emails[Role.AUDITOR])
    assert "Title A" in auditor.get(f"/runs/{run_id}").text
    whole = auditor.get(f"/runs/{run_id}/whole").text
    assert "One more co-funder, 1 proposal with as many as the round allows" in whole
    assert "Co-funders of “Title A” (A)" in whole


def test_an_impossible_scenario_says_which_limits_contradict(
    world: World, officer: FlaskClient
) -> None:
    fields = form_of(officer, world.scenario_id) | {"region_least.africa": "50"}
    officer.post(f"/scenarios/{world.scenario_id}/edit", data=fields)
    solved(world, officer)
    page = officer.get(f"/scenarios/{world.scenario_id}").text
    assert "No plan keeps all of these limits" in page
    assert "Sub-Saharan Africa gets at least USD" in page


def test_a_run_is_cancelled_from_its_page(world: World, officer: FlaskClient) -> None:
    officer.post(f"/scenarios/{world.scenario_id}/runs")
    answer = officer.post(f"/runs/{world.run_id()}/cancel", follow_redirects=True)
    assert "Cancelled" in answer.text


def fill(session: Session, world: World, number: int) -> int:
    """A run over this many proposals, written as a run writes it; its id."""
    round_ = session.get_one(Round, world.round_id)
    lead = session.scalars(sa.select(Proposal.lead_id)).first()
    institution = session.scalars(
        sa.select(Organisation.id).where(Organisation.kind == "institution")
    ).first()
    session.execute(
        sa.insert(Proposal),
        [
            {
                "key": f"M{n:05}",
                "round_id": round_.id,
                "state": "in review",
                "title": f"Many {n}",
                "abstract": "",
                "ask": 10_000_00 + n,
                "minimum": 1,
                "institution_id": institution,
                "lead_id": lead,
                "region": "africa",
                "version": 1,
                "keywords": [],
                "answers": {},
                "risk_answers": {},
            }
            for n in range(number)
        ],
    )
    ids = session.scalars(sa.select(Proposal.id).where(Proposal.key.like("M%"))).all()
    session.execute(
        sa.insert(ProposalArea),
        [{"proposal_id": id_, "area_key": "evaluations", "weight": 1.0} for id_ in ids],
    )
    run = Run(
        scenario_id=world.scenario_id,
        state=RunState.DONE,
        digest="d",
        status="optimal",
        finished_at=now(),
    )
    session.add(run)
    session.flush()
    commitment = session.scalars(sa.text("select id from commitment")).first()
    session.execute(
        sa.insert(RunProposal),
        [
            {
                "run_id": run.id,
                "proposal_id": id_,
                "merit": n / number,
                "amount": 1_000_00 if n % 2 else 0,
                "reason": f"Reason {n}",
                "detail": {"is_scored": True},
            }
            for n, id_ in enumerate(ids)
        ],
    )
    session.execute(
        sa.insert(RunLine),
        [
            {
                "run_id": run.id,
                "commitment_id": commitment,
                "proposal_id": id_,
                "base_amount": 1_000_00,
                "amount": 1_000_00,
                "reason": "",
            }
            for n, id_ in enumerate(ids)
            if n % 2
        ],
    )
    return run.id


def test_a_result_of_ten_thousand_proposals_pages_with_as_many_queries_as_one_of_ten(
    world: World, officer: FlaskClient
) -> None:
    database = world.app.extensions["database"]
    address = "/runs/{}?sort=-amount&page=2&per_page=25&area=evaluations&q=Many"
    small = database.in_transaction(fill, world=world, number=60)
    with count_queries(database) as few:
        assert officer.get(address.format(small)).status_code == 200

    def clear(session: Session) -> None:
        for table in ("run_line", "run_proposal"):
            session.execute(sa.text(f"delete from {table}"))
        session.execute(sa.text("delete from proposal_area where area_key = 'evaluations'"))
        session.execute(sa.text("delete from proposal where key like 'M%'"))

    database.in_transaction(clear)
    large = database.in_transaction(fill, world=world, number=10_000)
    with count_queries(database) as many:
        page = officer.get(address.format(large))
    assert len(many) == len(few) < 30
    assert "26 to 50 of 10,000 proposals" in page.text
    whole = rows_of(officer.get(f"/runs/{large}/proposals.csv").text)
    assert len(whole) == 10_000
