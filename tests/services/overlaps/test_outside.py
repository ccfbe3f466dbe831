"""Overlaps with past grants and other rounds: found, confidential, judged, counted in a plan."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import NotFound, NotPermitted, RuleBroken
from funding.listing import Listing
from funding.models import (
    Disclosure,
    HistoricGrant,
    Import,
    KnownName,
    Mail,
    OutsideOverlap,
    Overlap,
    Proposal,
    Round,
    RoundFunder,
    Scenario,
)
from funding.overlap.works import Work
from funding.permissions import Actor, visible_outside
from funding.reports.outside_overlaps import SORTABLE, both_sides, list_outside
from funding.services.overlaps import deciding, disclosing, searching
from funding.services.overlaps.counting import counted_pairs, paid_outside
from funding.services.overlaps.works import by_merged_name
from funding.services.round_document import build_problem
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_proposal,
    make_round,
)
from tests.runs import make_scenario, work

PROBES = (
    "We test whether language models know when they are being evaluated. Linear probes read the"
    " signal in four open models, and we measure how scores move when it is suppressed."
)
LAW = "A fellowship brings civil servants from five ministries together to draft incident law."
URL = "https://pool.example"


class World:
    """A round with a proposal that another funder's past grant and another round have too."""

    def __init__(self, session: Session) -> None:
        self.alder = make_organisation(session, key="alder", name="Alder Fund")
        self.birch = make_organisation(session, key="birch", name="Birch Trust")
        self.round = make_round(session, key="spring")
        for funder in (self.alder, self.birch):
            make_commitment(session, self.round, funder)
        self.probes = make_proposal(
            session, self.round, key="P1", title="Probes of awareness", abstract=PROBES
        )
        self.law = make_proposal(session, self.round, key="P2", title="Law", abstract=LAW)
        batch = Import(
            kind="history",
            organisation_id=self.birch.id,
            filename="birch.csv",
            sha256="",
            state="done",
        )
        session.add(batch)
        session.flush()
        self.batch_id = batch.id
        self.grant = HistoricGrant(
            import_id=batch.id,
            organisation_id=self.birch.id,
            funder="Birch Trust",
            recipient="Larkspur Lab",
            amount=40_000_00,
            currency="USD",
            awarded_on=date(2025, 3, 1),
            title="Probes of awareness in language models",
            purpose=PROBES,
            fingerprint="one",
        )
        session.add(self.grant)
        session.flush()
        self.officer = make_actor(session, self.alder)
        self.holder = make_actor(session, self.birch)
        self.stranger = make_actor(session, make_organisation(session))
        self.round_id, self.proposal_id, self.grant_id = (
            self.round.id,
            self.probes.id,
            self.grant.id,
        )


def search(database: Database, folder: Path, world: World) -> None:
    database.in_transaction(searching.start_search, by=world.officer, round_id=world.round_id)
    work(database, folder)


def the_one(database: Database) -> OutsideOverlap:
    with database.reading() as session:
        return session.scalars(sa.select(OutsideOverlap)).one()


def add_overlap(session: Session, world: World, **values: object) -> OutsideOverlap:
    made = OutsideOverlap(
        **{
            "round_id": world.round.id,
            "proposal_id": world.probes.id,
            "grant_id": world.grant.id,
            "holder_id": world.birch.id,
            "degree": 0.5,
            "probability": 0.9,
            **values,
        }
    )
    session.add(made)
    session.flush()
    return made


def test_a_search_finds_a_past_grant_for_the_same_work(
    each_database: Database, tmp_path: Path
) -> None:
    world = each_database.in_transaction(World)
    search(each_database, tmp_path, world)
    found = the_one(each_database)
    assert (found.proposal_id, found.grant_id) == (world.proposal_id, world.grant_id)
    assert found.holder_id == world.birch.id
    assert found.verdict == "candidate"
    with each_database.reading() as session:
        assert session.scalars(sa.select(Overlap)).all() == []
    search(each_database, tmp_path, world)  # looking again changes nothing
    assert the_one(each_database).version == found.version


def test_a_proposal_of_another_round_is_found_too(database: Database, tmp_path: Path) -> None:
    world = database.in_transaction(World)

    def other_round(session: Session) -> int:
        session.delete(session.get_one(HistoricGrant, world.grant_id))
        return make_proposal(session, make_round(session), title="Probes", abstract=PROBES).id

    other_id = database.in_transaction(other_round)
    search(database, tmp_path, world)
    found = the_one(database)
    assert (found.other_id, found.grant_id) == (other_id, None)
    with database.reading() as session:
        other = session.get_one(Proposal, other_id)
        assert found.holder_id == session.get_one(Round, other.round_id).owner_id


def test_one_proposal_is_compared_without_touching_the_others(
    database: Database, tmp_path: Path
) -> None:
    world = database.in_transaction(World)

    def stale(session: Session) -> None:
        law = session.scalars(sa.select(Proposal).where(Proposal.key == "P2")).one()
        session.add(
            OutsideOverlap(
                round_id=law.round_id,
                proposal_id=law.id,
                grant_id=world.grant_id,
                holder_id=world.birch.id,
                degree=0.1,
                similarity=0.2,
            )
        )
        searching.enqueue(session, searching.COMPARE, proposal_id=world.proposal_id)

    database.in_transaction(stale)
    work(database, tmp_path)
    with database.reading() as session:
        assert len(session.scalars(sa.select(OutsideOverlap)).all()) == 2


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def rows_for(session: Session, by: Actor, world: World) -> list[object]:
    listing = Listing.parse("/", {}, sortable=SORTABLE, default_sort="-probability")
    return list_outside(session, by, world.round.id, listing)[1]


def test_others_see_that_there_is_one_and_its_degree_not_what(
    session: Session, world: World
) -> None:
    overlap = add_overlap(session, world)
    (row,) = rows_for(session, world.officer, world)
    assert row.outside is None
    assert row.degree == 0.5
    inside, outside = both_sides(session, world.officer, overlap)
    assert inside is not None
    assert outside is None
    (row,) = rows_for(session, world.holder, world)
    assert row.outside.who == "Larkspur Lab"
    assert session.scalars(visible_outside(world.stranger)).all() == []


def test_it_is_shown_once_both_agree(session: Session, world: World) -> None:
    overlap = add_overlap(session, world)
    ask = {"overlap_id": overlap.id, "public_url": URL}
    disclosing.agree_to_show(session, by=world.officer, organisation_id=world.alder.id, **ask)
    assert both_sides(session, world.officer, overlap)[1] is None
    asked = session.scalars(sa.select(Mail.body)).all()
    assert len(asked) == 1
    assert "Larkspur" not in asked[0]
    disclosing.agree_to_show(session, by=world.holder, organisation_id=world.birch.id, **ask)
    shown = both_sides(session, world.officer, overlap)[1]
    assert shown is not None
    assert shown.who == "Larkspur Lab"
    with pytest.raises(RuleBroken, match="already"):
        disclosing.agree_to_show(session, by=world.holder, organisation_id=world.birch.id, **ask)


def test_the_holders_word_alone_shows_nothing_to_those_who_did_not_ask(
    session: Session, world: World
) -> None:
    overlap = add_overlap(session, world)
    disclosing.agree_to_show(
        session,
        by=world.holder,
        overlap_id=overlap.id,
        organisation_id=world.birch.id,
        public_url=URL,
    )
    assert both_sides(session, world.officer, overlap)[1] is None


def test_nobody_gives_the_word_of_another_organisation(session: Session, world: World) -> None:
    overlap = add_overlap(session, world)
    with pytest.raises(NotPermitted):
        disclosing.agree_to_show(
            session,
            by=world.officer,
            overlap_id=overlap.id,
            organisation_id=world.birch.id,
            public_url=URL,
        )
    with pytest.raises(NotFound):
        disclosing.agree_to_show(
            session,
            by=world.stranger,
            overlap_id=overlap.id,
            organisation_id=world.birch.id,
            public_url=URL,
        )
    assert session.scalars(sa.select(Disclosure)).all() == []


def test_a_holder_outside_of_the_round_sees_its_own_side_only(
    session: Session, world: World
) -> None:
    cedar = make_organisation(session, key="cedar")
    overlap = add_overlap(session, world, holder_id=cedar.id)
    holder = make_actor(session, cedar)
    inside, outside = both_sides(session, holder, overlap)
    assert inside is None
    assert outside is not None


def test_what_is_published_is_shown_to_all_of_the_round(session: Session, world: World) -> None:
    overlap = add_overlap(session, world)
    session.get_one(Import, world.batch_id).is_public = True
    session.flush()
    assert both_sides(session, world.officer, overlap)[1] is not None


def decide(session: Session, by: Actor, overlap: OutsideOverlap, **values: object) -> None:
    deciding.decide_outside(
        session,
        **{
            "by": by,
            "overlap_id": overlap.id,
            "version": overlap.version,
            "verdict": "duplicate",
            "degree": 0.5,
            "note": "",
            **values,
        },
    )


def test_who_has_not_seen_the_other_work_does_not_judge_it(session: Session, world: World) -> None:
    overlap = add_overlap(session, world)
    with pytest.raises(RuleBroken, match="not seen"):
        decide(session, world.officer, overlap)
    decide(session, world.holder, overlap)
    assert overlap.verdict == "duplicate"


def paid(session: Session, world: World) -> dict[int, int]:
    by_id = {p.id: p for p in (world.probes, world.law)}
    return paid_outside(session, world.round, by_id)


def test_what_was_paid_for_the_same_work_counts_by_its_degree(
    session: Session, world: World
) -> None:
    overlap = add_overlap(session, world)
    assert paid(session, world) == {}  # nobody has judged it
    decide(session, world.holder, overlap)
    # half of the grant of 40,000, or of the minimum, whichever is less
    assert paid(session, world) == {world.probes.id: min(40_000_00, world.probes.minimum) // 2}


def test_what_nobody_judged_counts_by_probability_where_the_policy_says_so(
    session: Session, world: World
) -> None:
    add_overlap(session, world, probability=0.8)
    world.round.overlaps_count, world.round.probable_from = "probable", 0.7
    whole = min(40_000_00, world.probes.minimum)
    assert paid(session, world) == {world.probes.id: int(0.5 * 0.8 * whole)}
    world.round.probable_from = 0.9
    assert paid(session, world) == {}


def test_pairs_of_the_round_count_by_the_same_policy(session: Session, world: World) -> None:
    pair = Overlap(
        round_id=world.round.id,
        first_id=world.probes.id,
        second_id=world.law.id,
        degree=0.5,
        probability=0.8,
    )
    session.add(pair)
    session.flush()
    by_id = {p.id: p for p in (world.probes, world.law)}
    assert counted_pairs(session, world.round, by_id) == []
    world.round.overlaps_count = "probable"
    assert counted_pairs(session, world.round, by_id) == [
        {"proposals": ["P1", "P2"], "degree": 0.4}
    ]
    for verdict, counts in (("distinct", []), ("complementary", []), ("duplicate", [0.5])):
        pair.verdict = verdict
        session.flush()
        assert [o["degree"] for o in counted_pairs(session, world.round, by_id)] == counts


def test_the_rounds_document_says_what_was_paid_before(session: Session, world: World) -> None:
    decide(session, world.holder, add_overlap(session, world))
    scenario: Scenario = make_scenario(session, world.round, world.officer)
    document = build_problem(session, scenario).document
    before = {p["id"]: p.get("paid_before") for p in document["proposals"]}
    assert before == {"P1": min(40_000_00, world.probes.minimum) // 2, "P2": None}
    assert document["format"] == "tributary-round/2"


def test_a_grant_whose_amount_nobody_knows_counts_as_the_minimum(
    session: Session, world: World
) -> None:
    world.grant.amount = None
    decide(session, world.holder, add_overlap(session, world), degree=1.0)
    assert paid(session, world) == {world.probes.id: world.probes.minimum}


def test_a_funder_that_only_was_invited_gives_no_word(session: Session, world: World) -> None:
    invited = make_organisation(session)
    world.round.participants.append(RoundFunder(funder=invited))
    session.flush()
    overlap = add_overlap(session, world)
    assert disclosing.parties(session, make_actor(session, invited), overlap) == []


def test_spellings_that_are_merged_are_one_institution(session: Session, world: World) -> None:
    short, long = (
        KnownName(organisation_id=world.birch.id, kind="recipient", spelling=spelling)
        for spelling in ("LL", "Larkspur Lab")
    )
    session.add_all([short, long])
    session.flush()
    long.entity_id = short.entity_id = long.id
    works = [Work("grant:1", institution="LL"), Work("proposal:2", institution="Other")]
    session.flush()
    assert [w.institution for w in by_merged_name(session, works)] == ["Larkspur Lab", "Other"]
