"""Proposals imported: handed in, with institutions, lead applicants and scores."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from funding.db import Database
from funding.errors import NotFound, NotPermitted
from funding.models import Mail, Organisation, Person, Proposal, Role, Round
from funding.permissions import Actor, own_proposals
from funding.services.proposal_import import REVIEWER
from funding.services.run_words import told
from tests.builders import make_actor, make_organisation, make_person, make_round
from tests.services.importing import Desk, lines

PROBING: dict[str, Any] = {
    "id": "X1",
    "title": "Probing for deception",
    "abstract": "We look inside.",
    "areas": {"interpretability": 0.7, "evaluations-capability": 0.3},
    "ask": 1500,
    "minimum": 800,
    "institution": "Sorrel University",
    "lead": "Ada.Vale@sorrel.example",
    "team": [{"name": "Ada Vale", "email": "ada.vale@sorrel.example"}, {"name": "Bo Reed"}],
    "country": "KE",
    "region": "africa",
    "risk_tier": "limited",
    "starts": "2026-01-01",
    "ends": "2026-12-31",
    "budget": [{"line": "Staff", "amount": 1000}, {"line": "Compute", "amount": 500}],
    "keywords": ["probes"],
    "score": 71.5,
}


@dataclass
class Scene:
    """An open round of a committee with an officer; one institution with one researcher."""

    desk: Desk
    round_id: int
    known: str


@pytest.fixture
def scene(each_database: Database, tmp_path: Path) -> Scene:
    def make(session):
        committee = make_organisation(session, "committee")
        larkspur = make_organisation(session, "institution", key="larkspur", name="Larkspur Lab")
        known = make_person(session, larkspur, Role.RESEARCHER)
        round_ = make_round(session, committee, state="open")
        return committee.id, round_.id, known.email, make_actor(session, committee)

    committee_id, round_id, known, by = each_database.in_transaction(make)
    return Scene(Desk(each_database, tmp_path, by, committee_id, round_id), round_id, known)


def document(*proposals: dict[str, Any]) -> bytes:
    return json.dumps(list(proposals)).encode()


def proposals(scene: Scene) -> list[Proposal]:
    with scene.desk.database.reading() as session:
        found = session.scalars(sa.select(Proposal).order_by(Proposal.id)).all()
        for each in found:
            for part in (each.areas, each.budget, each.team, each.scores):
                assert part is not None
            assert each.institution
            assert each.lead
        return list(found)


def test_a_proposal_is_handed_in_with_all_that_its_file_says(scene: Scene) -> None:
    scene.desk.bring_in("proposals", document(PROBING), "proposals.json")
    (made,) = proposals(scene)
    assert (made.key, made.state, made.round_id) == ("X1", "submitted", scene.round_id)
    assert made.submitted_at is not None
    assert (made.ask, made.minimum) == (150_000, 80_000)
    assert {a.area_key: a.weight for a in made.areas} == {
        "interpretability": 0.7,
        "evaluations-capability": 0.3,
    }
    assert [(line.name, line.amount) for line in made.budget] == [
        ("Staff", 100_000),
        ("Compute", 50_000),
    ]
    assert [member.name for member in made.team] == ["Ada Vale", "Bo Reed"]
    assert made.team[0].person_id == made.lead_id
    assert [(s.reviewer, s.score) for s in made.scores] == [(REVIEWER, 71.5)]
    assert (made.country, made.region, made.risk_tier) == ("KE", "africa", "limited")
    assert made.keywords == ["probes"]


def test_institutions_and_people_not_here_yet_are_named_and_made(scene: Scene) -> None:
    batch = scene.desk.look("proposals", document(PROBING), "proposals.json")
    assert list(map(told, batch.preview["effects"])) == [
        "1 new institution: Sorrel University.",
        "1 new person: ada.vale@sorrel.example; no mail goes out, each can ask for a password on "
        "the sign-in page.",
    ]
    scene.desk.write(scene.desk.confirm(batch))
    (made,) = proposals(scene)
    assert (made.institution.key, made.institution.kind) == ("sorrel-university", "institution")
    assert (made.institution.country, made.institution.region) == ("KE", "africa")
    assert (made.lead.email, made.lead.name) == ("ada.vale@sorrel.example", "Ada Vale")
    assert made.lead.password_hash is None
    with scene.desk.database.reading() as session:
        lead = Actor.of(session.get_one(Person, made.lead_id))
        assert lead.bindings == {(made.institution_id, Role.RESEARCHER)}
        assert session.scalars(own_proposals(lead)).all()
        assert session.scalars(sa.select(Mail)).all() == []


def test_institutions_and_people_that_are_here_are_found(scene: Scene) -> None:
    known = {**PROBING, "institution": "larkspur  LAB", "lead": scene.known.upper()}
    batch = scene.desk.bring_in("proposals", document(known), "proposals.json")
    assert batch.preview["effects"] == []
    (made,) = proposals(scene)
    assert (made.institution.key, made.lead.email) == ("larkspur", scene.known)
    with scene.desk.database.reading() as session:
        count = session.scalar(sa.select(sa.func.count()).select_from(Organisation))
    assert count == 2


def test_two_rows_with_one_new_institution_make_one(scene: Scene) -> None:
    other = {**PROBING, "id": "X2", "title": "Again", "institution": "SORREL university"}
    batch = scene.desk.bring_in("proposals", document(PROBING, other), "proposals.json")
    assert batch.counts["new"] == 2
    first, second = proposals(scene)
    assert first.institution_id == second.institution_id
    assert first.lead_id == second.lead_id


def test_the_same_file_again_adds_nothing_whatever_became_of_its_proposals(scene: Scene) -> None:
    scene.desk.bring_in("proposals", document(PROBING), "proposals.json")

    def edit(session):
        session.scalars(sa.select(Proposal)).one().title = "Edited on the site"

    scene.desk.database.in_transaction(edit)
    again = scene.desk.bring_in("proposals", document(PROBING), "proposals.json")
    assert (again.counts["new"], again.counts["same"]) == (0, 1)
    assert [p.title for p in proposals(scene)] == ["Edited on the site"]


def test_a_proposal_changed_in_the_file_overwrites_nothing(scene: Scene) -> None:
    scene.desk.bring_in("proposals", document(PROBING), "proposals.json")
    changed = {**PROBING, "title": "Another title"}
    (fault,) = lines(scene.desk.look("proposals", document(changed), "proposals.json"))
    assert fault.startswith("1, external_id: X1: changed in the file since it was imported")
    assert [p.title for p in proposals(scene)] == ["Probing for deception"]


def test_a_spreadsheet_does_as_well(scene: Scene) -> None:
    table = (
        "Title,Areas,Amount requested,Organisation,Team\n"
        'Probing,interpretability:0.5|Evaluations:0.5,"1,200",Larkspur Lab,'
        "Bo Reed <bo.reed@larkspur.example>\n"
        "Another,interpretability,900,Larkspur Lab,Bo Reed <bo.reed@larkspur.example>\n"
    )
    scene.desk.bring_in("proposals", table.encode())
    made = proposals(scene)
    assert [(p.key, p.ask, p.minimum) for p in made] == [
        ("I0001", 120_000, 120_000),
        ("I0002", 90_000, 90_000),
    ]
    assert {p.lead.email for p in made} == {"bo.reed@larkspur.example"}
    assert {p.lead.name for p in made} == {"Bo Reed"}


def test_every_row_against_the_round_is_named(scene: Scene) -> None:
    batch = scene.desk.look(
        "proposals",
        document(
            {**PROBING, "id": "Y1", "currency": "EUR"},
            {**PROBING, "id": "Y2", "lead": "", "team": []},
            {**PROBING, "id": "Y3", "areas": {"astrology": 1}},
            {**PROBING, "id": "Y4", "ask": -5},
        ),
        "proposals.json",
    )
    assert [line.split(": ")[0] for line in lines(batch)] == [
        "1, currency",
        "2, lead",
        "3, areas",
        "4, ask",
    ]
    assert proposals(scene) == []


def test_a_round_past_its_call_takes_them_as_in_review(scene: Scene) -> None:
    def move(session):
        session.get_one(Round, scene.round_id).state = "in review"

    scene.desk.database.in_transaction(move)
    scene.desk.bring_in("proposals", document(PROBING), "proposals.json")
    assert [p.state for p in proposals(scene)] == ["in review"]


def test_many_proposals_come_in_together(scene: Scene) -> None:
    many = [{**PROBING, "id": f"M{n}", "title": f"Number {n}"} for n in range(600)]
    batch = scene.desk.bring_in("proposals", document(*many), "proposals.json")
    assert batch.counts["new"] == 600
    assert len({p.key for p in proposals(scene)}) == 600


def test_only_officers_who_take_part_in_the_round_import_into_it(scene: Scene) -> None:
    def make(session):
        funder = make_organisation(session)
        committee = session.get_one(Organisation, scene.desk.organisation_id)
        return (
            (make_actor(session, funder), funder.id, NotFound),
            (make_actor(session, committee, Role.COMMITTEE), committee.id, NotPermitted),
        )

    desk = scene.desk
    for by, organisation_id, refusal in desk.database.in_transaction(make):
        with pytest.raises(refusal):
            Desk(desk.database, desk.data, by, organisation_id, scene.round_id).put_in(
                "proposals", document(PROBING)
            )
