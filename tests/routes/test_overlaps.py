"""Overlaps of a round, through the pages."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding.models import Overlap, Proposal, Role
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

SENTENCE = "Linear probes tell whether a language model knows that it is being evaluated."


@pytest.fixture
def scene(site: Flask) -> dict[str, object]:
    def make(session: Session) -> dict[str, object]:
        round_ = make_round(session)
        funder = make_organisation(session)
        make_commitment(session, round_, funder)
        first = make_proposal(
            session, round_, key="P1", abstract=f"{SENTENCE} We then repair the probes."
        )
        second = make_proposal(
            session, round_, key="P2", abstract=f"Fellows draft incident law. {SENTENCE}"
        )
        return {
            "round": round_.id,
            "officer": make_person(session, funder).email,
            "auditor": make_person(session, funder, Role.AUDITOR).email,
            "ids": (first.id, second.id),
        }

    return site.extensions["database"].in_transaction(make)


@pytest.fixture
def officer(site: Flask, scene: dict[str, object], sign_in: SignIn) -> FlaskClient:
    return sign_in(site, str(scene["officer"]))


def the_overlap(site: Flask) -> Overlap:
    with site.extensions["database"].reading() as session:
        return session.scalars(sa.select(Overlap)).one()


def test_candidates_are_found_in_the_background_and_judged_side_by_side(
    site: Flask, scene: dict[str, object], officer: FlaskClient, tmp_path: Path
) -> None:
    page = f"/rounds/{scene['round']}/overlaps"
    assert "From 15% on" in officer.get(page).text  # the threshold is stated
    officer.post(f"{page}/search")
    assert "Comparing the texts" in officer.get(page).text
    assert officer.get(f"{page}/searching").status_code == 204
    work(site.extensions["database"], tmp_path)
    assert officer.get(f"{page}/searching").headers["HX-Redirect"] == page
    found = the_overlap(site)
    assert "To be judged" in officer.get(page).text
    pair = officer.get(f"/overlaps/{found.id}").text
    assert "1 sentence is alike" in pair
    assert pair.count('<mark class="passage">') == 2
    answer = officer.post(
        f"/overlaps/{found.id}",
        data={
            "version": found.version,
            "verdict": "duplicate",
            "degree": "35",
            "note": "The probes are the same.",
        },
    )
    assert answer.status_code == 302
    judged = the_overlap(site)
    assert (judged.verdict, judged.degree) == ("duplicate", 0.35)
    assert "The probes are the same." in officer.get(f"{page}.csv").text


def test_a_verdict_filled_in_wrongly_comes_back_as_typed(
    site: Flask, scene: dict[str, object], officer: FlaskClient
) -> None:
    answer = officer.post(
        f"/rounds/{scene['round']}/overlaps",
        data={
            "first": "P1",
            "second": "P9",
            "verdict": "duplicate",
            "degree": "135",
            "note": "Mine",
        },
    )
    assert answer.status_code == 422
    assert "2 things need your attention" in answer.text
    assert 'value="P9"' in answer.text
    assert 'value="135"' in answer.text
    assert "Mine" in answer.text


def test_a_stale_verdict_shows_both(
    site: Flask, scene: dict[str, object], officer: FlaskClient
) -> None:
    officer.post(
        f"/rounds/{scene['round']}/overlaps",
        data={"first": "P1", "second": "P2", "verdict": "distinct", "note": "Theirs"},
    )
    marked = the_overlap(site)
    answer = officer.post(
        f"/overlaps/{marked.id}",
        data={"version": marked.version - 1, "verdict": "unsure", "note": "Mine"},
    )
    assert answer.status_code == 409
    assert "Theirs" in answer.text
    assert "Mine" in answer.text
    assert the_overlap(site).verdict == "distinct"


def test_readers_look_but_do_not_judge(
    site: Flask, scene: dict[str, object], officer: FlaskClient, sign_in: SignIn
) -> None:
    officer.post(
        f"/rounds/{scene['round']}/overlaps",
        data={"first": "P1", "second": "P2", "verdict": "complementary"},
    )
    auditor = sign_in(site, str(scene["auditor"]))
    marked = the_overlap(site)
    assert "Save the verdict" not in auditor.get(f"/overlaps/{marked.id}").text
    refused = auditor.post(
        f"/overlaps/{marked.id}", data={"version": marked.version, "verdict": "distinct"}
    )
    assert refused.status_code == 403


def test_ten_thousand_pairs_page_with_as_many_queries_as_thirty(
    site: Flask, scene: dict[str, object], officer: FlaskClient
) -> None:
    database = site.extensions["database"]
    address = f"/rounds/{scene['round']}/overlaps?sort=-probability&per_page=25&page=2"

    def fill(session: Session, number: int) -> None:
        first, _ = scene["ids"]
        model = session.get_one(Proposal, first)
        known = session.scalar(sa.select(sa.func.count(Proposal.id)))
        session.execute(
            sa.insert(Proposal),
            [
                {
                    "key": f"M{n}",
                    "round_id": model.round_id,
                    "state": "in review",
                    "title": f"Many {n}",
                    "lead_id": model.lead_id,
                    "version": 1,
                }
                for n in range(known, known + number)
            ],
        )
        others = session.scalars(
            sa.select(Proposal.id).where(
                Proposal.id > first, ~sa.exists().where(Overlap.second_id == Proposal.id)
            )
        ).all()
        session.execute(
            sa.insert(Overlap),
            [
                {
                    "round_id": model.round_id,
                    "first_id": first,
                    "second_id": other,
                    "degree": 0.5,
                    "similarity": 0.5,
                    "probability": 0.5,
                    "version": 1,
                }
                for other in others
            ],
        )

    database.in_transaction(fill, number=30)
    with count_queries(database) as few:
        assert officer.get(address).status_code == 200
    database.in_transaction(fill, number=10_000)
    with count_queries(database) as many:
        page = officer.get(address)
    assert "26 to 50 of 10,031 pairs" in page.text
    assert len(many) == len(few) < 30
