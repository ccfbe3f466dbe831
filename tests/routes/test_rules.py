"""The page of rules side by side, and a scenario that another rule decides."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy.orm import Session

from funding.models import (
    Account,
    AccountKind,
    Award,
    Organisation,
    Person,
    PlanLine,
    Proposal,
    Role,
    Run,
    RunProposal,
    RunState,
    Scenario,
    Study,
)
from funding.permissions import Actor
from funding.reports import rules as report
from funding.studies.rules import IN_WORDS
from optimizer.check import check
from optimizer.compare import compare
from optimizer.problem import Lock
from optimizer.read import read_plan, read_round
from optimizer.solve import solve as solve_round
from tests.builders import make_person
from tests.conftest import SignIn
from tests.optimizer.small_rounds import a_problem
from tests.pages import fields_of, words_of
from tests.runs import small_round, solve, work

Scene = tuple[Flask, Actor, int]


@pytest.fixture
def scene(site: Flask, tmp_path: Path) -> Scene:
    database = site.extensions["database"]
    by, scenario_id = database.in_transaction(small_round)
    return site, by, solve(database, tmp_path, by, scenario_id).id


def email_of(site: Flask, by: Actor) -> str:
    with site.extensions["database"].reading() as session:
        return session.get_one(Person, by.person_id).email


def test_rules_are_laid_side_by_side_with_the_chosen_plan_marked(
    scene: Scene, sign_in: SignIn, tmp_path: Path
) -> None:
    site, by, run_id = scene
    officer = sign_in(site, email_of(site, by))
    address = f"/runs/{run_id}/studies/rules"
    assert address in officer.get(f"/runs/{run_id}").text  # its tab
    officer.post(address)
    work(site.extensions["database"], tmp_path)
    page = officer.get(address).text
    for words in IN_WORDS.values():
        assert words.label in page
        assert words.says[:40].replace("'", "&#39;") in page
    assert page.count("This result") == 1
    assert f"/runs/{run_id}/rules/greedy" in page
    assert f"/runs/{run_id}/rules/welfare" not in page  # this result's own
    assert "Funded by every rule" in page
    in_french = officer.get(f"{address}?language=fr").text
    assert "Parts équitables" in in_french
    assert not any(words.label in in_french for words in IN_WORDS.values())


def test_the_plan_at_hand_is_not_solved_again(
    scene: Scene, sign_in: SignIn, tmp_path: Path
) -> None:
    site, by, run_id = scene
    officer = sign_in(site, email_of(site, by))
    officer.post(f"/runs/{run_id}/studies/rules")
    work(site.extensions["database"], tmp_path)
    with site.extensions["database"].reading() as session:
        found = session.scalars(sa.select(Study)).one().result
        run = session.get_one(Run, run_id)
        assert found is not None
        own = next(row for row in found["rules"] if row["rule"] == "welfare")
        assert own["totals"] == run.plan["totals"]


def test_a_click_makes_a_scenario_that_the_rule_decides_and_it_can_be_put_forward(
    scene: Scene, sign_in: SignIn, tmp_path: Path
) -> None:
    site, by, run_id = scene
    database = site.extensions["database"]
    officer = sign_in(site, email_of(site, by))
    made = officer.post(f"/runs/{run_id}/rules/greedy").headers["Location"]
    again = officer.post(f"/runs/{run_id}/rules/greedy").headers["Location"]
    assert made == again  # not a second one
    work(database, tmp_path)
    with database.reading() as session:
        scenario = session.scalars(sa.select(Scenario).where(Scenario.rule == "greedy")).one()
        run = scenario.runs[-1]
        assert (run.state, run.status) == (RunState.DONE, "by_rule")
        problem = read_round(run.problem)
        assert check(problem, read_plan(run.plan, problem)) == []
        refused = session.scalars(
            sa.select(RunProposal).where(RunProposal.run_id == run.id, RunProposal.amount == 0)
        ).all()
        assert refused
        assert all(row.reason for row in refused)
        greedy_run = run.id
    assert "Rule: by score" in officer.get(made).text
    result = officer.get(f"/runs/{greedy_run}").text
    assert "Rule: by score" in result
    assert "does not look for the most value" in result
    assert "; rule: by score" in officer.get(f"/rounds/{scenario.round_id}/scenarios").text
    forward = officer.get(f"/runs/{greedy_run}/put-forward")
    assert forward.status_code == 200
    assert "Decided by the rule “By score”" in forward.text


def solve_by_rule(scene: Scene, sign_in: SignIn, tmp_path: Path, rule: str) -> int:
    """The run of a scenario that another rule decides."""
    site, by, run_id = scene
    sign_in(site, email_of(site, by)).post(f"/runs/{run_id}/rules/{rule}")
    work(site.extensions["database"], tmp_path)
    with site.extensions["database"].reading() as session:
        return session.scalars(sa.select(Scenario).where(Scenario.rule == rule)).one().runs[-1].id


@pytest.mark.parametrize("rule", ["greedy", "equal-shares"])
def test_a_plan_of_another_rule_is_put_forward_approved_and_on_the_ledger(
    scene: Scene, sign_in: SignIn, tmp_path: Path, rule: str
) -> None:
    site, by, _ = scene
    database, officer = site.extensions["database"], sign_in(site, email_of(site, by))
    run_id = solve_by_rule(scene, sign_in, tmp_path, rule)
    address = f"/runs/{run_id}/put-forward"
    form = fields_of(officer.get(address).text, address)
    assert officer.post(address, data={**form, "note": "As committees do"}).status_code == 302
    with database.reading() as session:
        line = session.scalars(sa.select(PlanLine).order_by(PlanLine.id)).first()
        assert line is not None
        funder, amount, round_id = line.commitment.funder_id, line.amount, line.plan.round_id

    def colleague(session: Session) -> str:
        organisation = session.get_one(Organisation, funder)
        return make_person(session, organisation, Role.PROGRAM_OFFICER).email

    approver = sign_in(site, database.in_transaction(colleague))
    approve = f"/rounds/{round_id}/plan/approve"
    page = approver.get(f"/rounds/{round_id}/plan")
    form = fields_of(page.text, approve) | {"picked": f"{line.id}:{line.version}"}
    assert approver.post(approve, data=form).status_code == 302
    with database.reading() as session:
        award = session.scalars(sa.select(Award)).one()
        held = session.scalar(
            sa.select(Account.balance).where(
                Account.award_id == award.id, Account.kind == AccountKind.AWARDED
            )
        )
    assert (award.amount, held) == (amount, amount)


def test_studies_of_plans_nearly_as_good_say_why_they_are_not_there_for_another_rule(
    scene: Scene, sign_in: SignIn, tmp_path: Path
) -> None:
    site, by, _ = scene
    officer = sign_in(site, email_of(site, by))
    run_id = solve_by_rule(scene, sign_in, tmp_path, "greedy")
    for kind in ("alternatives", "sureness", "frontier"):
        address = f"/runs/{run_id}/studies/{kind}"
        page = words_of(officer.get(address).text)
        assert "decided by the rule “By score”" in page
        assert "Work it out" not in page
        refused = officer.post(address, data={"tolerance": "1"})
        assert refused.status_code == 409
        assert "does not look for the most value" in words_of(refused.text)


@pytest.mark.parametrize("kind", ["rules", "pooling"])
def test_studies_that_mean_something_for_any_rule_work_on_its_results(
    scene: Scene, sign_in: SignIn, tmp_path: Path, kind: str
) -> None:
    site, by, _ = scene
    officer = sign_in(site, email_of(site, by))
    run_id = solve_by_rule(scene, sign_in, tmp_path, "greedy")
    address = f"/runs/{run_id}/studies/{kind}"
    assert officer.post(address).status_code == 302
    work(site.extensions["database"], tmp_path)
    with site.extensions["database"].reading() as session:
        study = session.scalars(sa.select(Study).where(Study.run_id == run_id)).one()
        assert (study.state, study.message) == ("done", "")
    page = officer.get(address)
    assert page.status_code == 200
    assert "Work it out" not in words_of(page.text)


def test_the_charts_of_the_rules_have_their_figures_as_csv_and_lead_to_rows(
    scene: Scene, sign_in: SignIn, tmp_path: Path
) -> None:
    site, by, run_id = scene
    officer = sign_in(site, email_of(site, by))
    address = f"/runs/{run_id}/studies/rules"
    assert officer.get(f"{address}/gains.csv").status_code == 404
    officer.post(address)
    work(site.extensions["database"], tmp_path)
    page = BeautifulSoup(officer.get(address).text, "html.parser")
    figures = page.select("figure")
    assert figures
    for figure in figures:
        rows, table = (link["href"] for link in figure.select(".figure-foot a"))
        assert page.select_one(rows).select("table tbody tr")
        text = officer.get(table).text.removeprefix("\ufeff")
        head, *lines = list(csv.reader(io.StringIO(text)))
        shown = figure.select("tbody tr")
        assert len(lines) == len(shown)
        assert [line[0] for line in lines] == [row.th.text for row in shown]
        assert len(head) == len(lines[0])
        assert all(float(cell) >= 0 for line in lines for cell in line[1:])


def test_a_rule_that_nobody_knows_is_not_found(scene: Scene, sign_in: SignIn) -> None:
    site, by, run_id = scene
    assert sign_in(site, email_of(site, by)).post(f"/runs/{run_id}/rules/luck").status_code == 404


def test_a_reader_without_the_right_to_run_cannot_make_one(scene: Scene, sign_in: SignIn) -> None:
    site, by, run_id = scene

    def auditor(session: Session) -> str:
        person = session.get_one(Person, by.person_id)
        return make_person(session, person.bindings[0].organisation, Role.AUDITOR).email

    reader = sign_in(site, site.extensions["database"].in_transaction(auditor))
    assert reader.post(f"/runs/{run_id}/rules/greedy").status_code == 403
    assert "Try it" not in reader.get(f"/runs/{run_id}/studies/rules").text


# Findings


def compared(*rules: str, **parts: object) -> report.Found:
    return compare(a_problem(**parts), rules).as_document()


def test_the_finding_names_the_rule_that_leaves_a_funder_worse_off_than_alone() -> None:
    found = compared("welfare", "greedy")
    found["rules"][1]["funders"]["northlight"] = 0.0
    chart = report.gain_chart(found, {"northlight": "Northlight Foundation"})
    assert chart is not None
    assert chart["finding"] == "“By score” leaves Northlight Foundation worse off than alone"


def test_the_finding_on_needs_names_the_rule_that_meets_most_of_them() -> None:
    areas = [{"id": "practice"}, {"id": "theory", "steps": [{"width": 400, "weight": 2}]}]
    found = compared("welfare", "greedy", areas=areas)
    found["rules"][1]["covered"] = 0.5
    chart = report.cover_chart(found)
    assert chart is not None
    assert chart["finding"] == (
        "“Best value” meets most of what the areas need, 100%; “By score” least, 50%"
    )
    assert [row[0] for row in chart["rows"]] == ["Best value", "By score"]


def test_missed_limits_are_said_in_plain_words() -> None:
    areas = [{"id": "practice", "cap": 550, "floor": 0}, {"id": "theory", "floor": 500_00}]
    found = compared("greedy", areas=areas)
    (row,) = report.rule_rows(found, "welfare", {"practice": "Practical work"}, "USD")
    assert [text.replace("\xa0", " ") for text in row["missed"]] == [
        "Practical work gets USD 0.5 more than it may.",
        "theory gets USD 496 less than it should.",
    ]


def test_the_price_of_a_pin_on_a_plan_of_another_rule_is_what_that_rule_makes_of_it(
    scene: Scene, sign_in: SignIn, tmp_path: Path
) -> None:
    site, by, _ = scene
    database, officer = site.extensions["database"], sign_in(site, email_of(site, by))
    run_id = solve_by_rule(scene, sign_in, tmp_path, "greedy")
    with database.reading() as session:
        run = session.get_one(Run, run_id)
        problem, plan = read_round(run.problem), run.plan
        key = next(p.id for p in problem.proposals if p.id not in plan["totals"])
        proposal_id = session.scalars(sa.select(Proposal.id).where(Proposal.key == key)).one()
    form = {"proposal": str(proposal_id), "act": "in", "reason": "The board wishes it"}
    address = officer.post(f"/runs/{run_id}/price", data=form).headers["Location"]
    work(database, tmp_path)
    page = words_of(officer.get(address).text)
    assert "The same rule, by score, decided both." in page
    pinned = replace(problem, locks=(*problem.locks, Lock(proposal=key, funded=True)))
    with database.reading() as session:
        study = session.scalars(sa.select(Study).where(Study.kind == "override")).one()
        outcome = study.result["outcome"]
    assert outcome["value"] == solve_round(pinned, rule="greedy").value
    assert outcome["lost"] == plan["value"] - outcome["value"]
