"""The round's proposals as officers, committee and auditors read them."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from html import unescape

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.models import (
    Overlap,
    Proposal,
    ProposalArea,
    Role,
    Run,
    RunProposal,
    Scenario,
    Score,
)
from tests.builders import (
    make_commitment,
    make_organisation,
    make_person,
    make_proposal,
    make_round,
)
from tests.conftest import SignIn
from tests.pages import without_token
from tests.queries import count_queries


@dataclass(frozen=True)
class Room:
    """A round with four proposals, and people who may or may not look inside."""

    round_id: int
    ids: dict[str, int]
    officer: str
    colleague: str
    committee: str
    auditor: str
    finance: str
    outsider: str
    lead: str


def database_of(app: Flask) -> Database:
    return app.extensions["database"]


def make_room(database: Database) -> Room:
    def make(session: Session) -> Room:
        round_, funder = make_round(session), make_organisation(session)
        make_commitment(session, round_, funder)
        institution = make_organisation(session, "institution", name="Placeholder Institute")
        lead = make_person(session, institution, Role.RESEARCHER)
        proposals = {
            "circuits": make_proposal(
                session, round_, lead=lead, institution=institution, title="Circuits", score=90
            ),
            "graders": make_proposal(
                session,
                round_,
                title="Honest graders",
                score=60,
                ask=50_000_00,
                areas={"evaluations-capability": 0.7, "interpretability": 0.3},
                region="africa",
                risk_tier="high",
            ),
            "unscored": make_proposal(
                session, round_, title="=Unscored", score=None, areas={"evaluations": 1.0}
            ),
            "withdrawn": make_proposal(session, round_, title="Gone", state="withdrawn"),
        }
        make_proposal(session, round_, title="Secret draft", state="draft")
        people = [
            make_person(session, organisation, role).email
            for organisation, role in (
                (funder, Role.PROGRAM_OFFICER),
                (funder, Role.PROGRAM_OFFICER),
                (round_.owner, Role.COMMITTEE),
                (funder, Role.AUDITOR),
                (funder, Role.FINANCE_OFFICER),
                (make_organisation(session), Role.PROGRAM_OFFICER),
            )
        ]
        ids = {name: proposal.id for name, proposal in proposals.items()}
        return Room(round_.id, ids, *people, lead.email)

    return database.in_transaction(make)


@pytest.fixture
def room(site: Flask) -> Room:
    return make_room(database_of(site))


@pytest.fixture
def officer(site: Flask, sign_in: SignIn, room: Room) -> FlaskClient:
    return sign_in(site, room.officer)


def titles(client: FlaskClient, room: Room, query: str = "") -> list[str]:
    page = client.get(f"/rounds/{room.round_id}/proposals?{query}").text
    return [link.text for link in BeautifulSoup(page, "html.parser").select("#results tbody th a")]


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(BeautifulSoup(page, "html.parser").main.get_text(" ")))


def test_the_list_shows_the_best_first_and_no_drafts(officer: FlaskClient, room: Room) -> None:
    assert titles(officer, room) == ["Circuits", "Gone", "Honest graders", "=Unscored"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("area=evaluations", {"Honest graders", "=Unscored"}),
        ("area=evaluations-capability", {"Honest graders"}),
        ("state=withdrawn", {"Gone"}),
        ("region=africa", {"Honest graders"}),
        ("risk=high", {"Honest graders"}),
        ("q=GRADERS", {"Honest graders"}),
        ("q=placeholder+inst", {"Circuits"}),
        ("q=%25", set()),
        ("scored=no", {"=Unscored"}),
        ("scored=yes&risk=minimal", {"Circuits", "Gone"}),
        ("area=nonsense&region=nowhere", set()),
    ],
)
def test_filters_narrow_the_list(
    officer: FlaskClient, room: Room, query: str, expected: set[str]
) -> None:
    assert set(titles(officer, room, query)) == expected


def test_an_institution_is_a_filter_by_name(officer: FlaskClient, room: Room) -> None:
    page = officer.get(f"/rounds/{room.round_id}/proposals").text
    option = BeautifulSoup(page, "html.parser").find("option", string="Placeholder Institute")
    assert titles(officer, room, f"institution={option['value']}") == ["Circuits"]


@pytest.mark.parametrize(
    ("sort", "first"),
    [("-ask", "Honest graders"), ("title", "=Unscored"), ("merit", "Honest graders")],
)
def test_the_list_is_sorted_on_the_server(
    officer: FlaskClient, room: Room, sort: str, first: str
) -> None:
    assert titles(officer, room, f"sort={sort}")[0] == first


def test_a_part_swapped_in_is_the_same_part_of_the_page(officer: FlaskClient, room: Room) -> None:
    path = f"/rounds/{room.round_id}/proposals?q=circuits"
    part = officer.get(path, headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<div id="results">')
    whole = BeautifulSoup(officer.get(path).text, "html.parser").select_one("#results")
    assert whole.text.split() == BeautifulSoup(part, "html.parser").text.split()


def test_the_csv_has_the_same_rows_and_no_formulas(officer: FlaskClient, room: Room) -> None:
    answer = officer.get(f"/rounds/{room.round_id}/proposals.csv?area=evaluations")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["title"] for row in rows] == ["Honest graders", "'=Unscored"]
    assert (rows[0]["ask"], rows[0]["merit"]) == ("50000", "0.6")
    assert rows[0]["areas"] == "Capability evaluations:70%|Interpretability:30%"


def test_a_round_of_10000_proposals_pages_with_a_bounded_number_of_queries(
    site: Flask, sign_in: SignIn
) -> None:
    room = make_room(database_of(site))
    client = sign_in(site, room.officer)
    path = f"/rounds/{room.round_id}/proposals?q=Proposal+number&sort=-merit&page=3"
    with count_queries(database_of(site)) as few:
        client.get(path)
    database_of(site).in_transaction(add_many, round_id=room.round_id, number=10_000)
    with count_queries(database_of(site)) as many:
        page = client.get(path).text
    assert "101 to 150 of 10,000 proposals" in page
    assert len(many) <= max(len(few), 20)
    with count_queries(database_of(site)) as exported:
        answer = client.get(f"/rounds/{room.round_id}/proposals.csv")
    assert len(answer.text.splitlines()) == 10_005
    assert len(exported) <= 12


def add_many(session: Session, *, round_id: int, number: int) -> None:
    lead_id, institution_id = session.execute(
        sa.select(Proposal.lead_id, Proposal.institution_id).where(Proposal.round_id == round_id)
    ).first()
    first = session.scalars(sa.select(sa.func.max(Proposal.id))).one() + 1
    session.execute(
        sa.insert(Proposal),
        [
            {
                "id": first + place,
                "key": f"N{place}",
                "round_id": round_id,
                "state": "in review",
                "title": f"Proposal number {place}",
                "abstract": "Words.",
                "ask": 1000 + place,
                "minimum": 1000,
                "lead_id": lead_id,
                "institution_id": institution_id,
                "created_at": now(),
                "version": 1,
            }
            for place in range(number)
        ],
    )
    session.execute(
        sa.insert(ProposalArea),
        [
            {"proposal_id": first + place, "area_key": "interpretability", "weight": 1.0}
            for place in range(number)
        ],
    )
    session.execute(
        sa.insert(Score),
        [
            {"proposal_id": first + place, "reviewer": "r", "score": place % 100}
            for place in range(number)
        ],
    )


# -- who sees what ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("officer", 200),
        ("committee", 200),
        ("auditor", 200),
        ("finance", 403),
        ("outsider", 404),
        ("lead", 403),
    ],
)
def test_the_list_is_there_for_readers_of_the_round_only(
    site: Flask, sign_in: SignIn, room: Room, who: str, status: int
) -> None:
    client = sign_in(site, getattr(room, who))
    for path in ("proposals", "proposals.csv"):
        assert client.get(f"/rounds/{room.round_id}/{path}").status_code == status


@pytest.mark.parametrize(
    ("who", "status"),
    [("officer", 200), ("committee", 200), ("auditor", 200), ("finance", 404), ("outsider", 404)],
)
def test_a_proposal_is_there_for_readers_of_the_round_only(
    site: Flask, sign_in: SignIn, room: Room, who: str, status: int
) -> None:
    client = sign_in(site, getattr(room, who))
    assert client.get(f"/proposals/{room.ids['circuits']}").status_code == status


def test_foreign_and_missing_proposals_read_the_same(
    site: Flask, sign_in: SignIn, room: Room
) -> None:
    client = sign_in(site, room.outsider)
    foreign, missing = (
        client.get(f"/proposals/{number}") for number in (room.ids["circuits"], 987_654)
    )
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert without_token(foreign.text) == without_token(missing.text)


def test_only_officers_are_offered_and_allowed_to_score(
    site: Flask, sign_in: SignIn, room: Room
) -> None:
    path = f"/proposals/{room.ids['circuits']}"
    for who, allowed in (("officer", True), ("committee", False), ("auditor", False)):
        client = sign_in(site, getattr(room, who))
        assert (f"{path}/scores" in client.get(path).text) is allowed
        answer = client.post(f"{path}/scores", data={"reviewer": "x", "score": "1"})
        assert answer.status_code == (303 if allowed else 403)


def test_the_page_of_a_proposal_leads_to_scores_overlaps_runs_and_history(
    site: Flask, officer: FlaskClient, room: Room
) -> None:
    def surround(session: Session) -> None:
        first, second = sorted((room.ids["circuits"], room.ids["graders"]))
        session.add(
            Overlap(
                round_id=room.round_id,
                first_id=first,
                second_id=second,
                degree=0.8,
                verdict="duplicate",
            )
        )
        lead_id = session.get_one(Proposal, first).lead_id
        scenario = Scenario(
            round_id=room.round_id, name="More for oversight", created_by_id=lead_id
        )
        session.add(scenario)
        session.flush()
        for reason in ("An older reason.", "It earns the most merit."):
            run = Run(scenario_id=scenario.id, state="done")
            session.add(run)
            session.flush()
            session.add(
                RunProposal(
                    run_id=run.id, proposal_id=first, merit=0.9, amount=700_000, reason=reason
                )
            )

    database_of(site).in_transaction(surround)
    path = f"/proposals/{room.ids['circuits']}"
    officer.post(f"{path}/scores", data={"reviewer": "Bo", "score": "70", "comment": "Sound."})
    words = words_of(officer.get(path).text)
    assert "the mean of 2 scores out of 100: 80.0" in words
    assert "Honest graders Duplicate 80%" in words
    assert "More for oversight 7,000 It earns the most merit." in words
    assert "An older reason." not in words
    assert "Score entered by Person" in words


# -- scores -------------------------------------------------------------------------------------


def field(page: str, name: str) -> str:
    return BeautifulSoup(page, "html.parser").select_one(f"[name={name}]")["value"]


def test_a_wrong_score_comes_back_as_typed(officer: FlaskClient, room: Room) -> None:
    path = f"/proposals/{room.ids['unscored']}/scores"
    answer = officer.post(path, data={"reviewer": "Bo", "score": "eighty", "comment": "Long text"})
    assert answer.status_code == 422
    assert field(answer.text, "score") == "eighty"
    assert "Long text" in answer.text


def test_two_officers_do_not_overwrite_each_others_change(
    site: Flask, sign_in: SignIn, officer: FlaskClient, room: Room
) -> None:
    scores = officer.get(f"/proposals/{room.ids['circuits']}/scores").text
    link = BeautifulSoup(scores, "html.parser").select_one("a[href^='/scores/']")["href"]
    seen = field(officer.get(link).text, "seen")
    colleague = sign_in(site, room.colleague)
    assert colleague.post(link, data={"score": "85", "seen": seen}).status_code == 303
    answer = officer.post(link, data={"score": "75", "comment": "Mine", "seen": seen})
    assert answer.status_code == 409
    assert field(answer.text, "score") == "75"
    assert "it is 85 now" in answer.text


def test_scores_are_imported_from_a_file_or_from_what_was_pasted(
    officer: FlaskClient, room: Room
) -> None:
    path = f"/rounds/{room.round_id}/scores/import"
    page = officer.get(f"/rounds/{room.round_id}/proposals?scored=no").text
    key = BeautifulSoup(page, "html.parser").select_one("#results tbody .sub").text
    table = f"proposal\treviewer\tscore\n{key}\tBo\t70\n"
    answer = officer.post(path, data={"table": table})
    assert answer.status_code == 303
    assert "1 new, 0 changed, 0 the same" in officer.get(answer.location).text
    answer = officer.post(
        path, data={"table": "", "file": (io.BytesIO(table.encode()), "scores.csv")}
    )
    assert "0 new, 0 changed, 1 the same" in officer.get(answer.location).text


def test_a_table_with_faults_comes_back_with_each_of_them(officer: FlaskClient, room: Room) -> None:
    table = "proposal,reviewer,score\nNOPE,Bo,70\nNOPE,,many\n"
    answer = officer.post(f"/rounds/{room.round_id}/scores/import", data={"table": table})
    assert answer.status_code == 422
    words = words_of(answer.text)
    for said in ("row 2, proposal", "row 3, reviewer", "row 3, score", "NOPE,Bo,70"):
        assert said in words


# -- conflicts ----------------------------------------------------------------------------------


def test_after_declaring_a_conflict_the_proposal_is_nowhere(
    site: Flask, sign_in: SignIn, officer: FlaskClient, room: Room
) -> None:
    path = f"/proposals/{room.ids['circuits']}"
    scores = officer.get(f"{path}/scores").text
    score_link = BeautifulSoup(scores, "html.parser").select_one("a[href^='/scores/']")["href"]
    assert officer.post(f"{path}/conflicts", data={"reason": " "}).status_code == 422
    answer = officer.post(f"{path}/conflicts", data={"reason": "My doctoral adviser."})
    assert "is not shown to you any more" in officer.get(answer.location).text
    assert "Circuits" not in titles(officer, room)
    assert "Circuits" not in officer.get(f"/rounds/{room.round_id}/proposals.csv").text
    page = officer.get(f"/rounds/{room.round_id}/proposals").text
    assert "Placeholder Institute" not in page
    for gone in (path, f"{path}/scores", f"{path}/conflicts", score_link):
        assert officer.get(gone).status_code == 404
    assert "Circuits" in titles(sign_in(site, room.colleague), room)


def test_an_officer_records_a_colleagues_conflict(
    site: Flask, sign_in: SignIn, officer: FlaskClient, room: Room
) -> None:
    path = f"/proposals/{room.ids['circuits']}"
    page = BeautifulSoup(officer.get(f"{path}/conflicts").text, "html.parser")
    options = {o.text: o["value"] for o in page.select("select[name=person] option") if o["value"]}
    answer = officer.post(f"{path}/conflicts/colleague", data={"colleague_reason": "Neighbours"})
    assert answer.status_code == 422
    assert field(answer.text, "colleague_reason") == "Neighbours"
    for person in options.values():
        officer.post(
            f"{path}/conflicts/colleague",
            data={"person": person, "colleague_reason": "Neighbours"},
        )
    assert "Circuits" not in titles(sign_in(site, room.colleague), room)
    assert "Neighbours" in officer.get(path).text


def test_conflicts_of_other_funders_are_counted_and_not_named(
    site: Flask, sign_in: SignIn, officer: FlaskClient, room: Room
) -> None:
    path = f"/proposals/{room.ids['circuits']}"
    officer.post(f"{path}/conflicts", data={"reason": "My doctoral adviser."})
    words = words_of(sign_in(site, room.committee).get(path).text)
    assert "1 person of other organisations" in words
    assert "My doctoral adviser." not in words
