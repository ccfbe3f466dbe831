"""Candidates by text, and officers' verdicts."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import Conflict, InvalidInput, NotFound, NotPermitted
from funding.models import ConflictOfInterest, Overlap, Role
from funding.overlap.index import Index
from funding.overlap.methods import DEFAULT, NOTICEABLE
from funding.overlap.probability import judge
from funding.overlap.works import Work
from funding.paths import SEEDS
from funding.permissions import Actor, visible_overlaps
from funding.services.overlaps import deciding, searching
from funding.services.run_words import told
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_proposal,
    make_round,
)
from tests.runs import work

ONE = "We test whether language models know when they are being evaluated, with linear probes."
EDITED = "We will test whether large models know when they are evaluated, using linear probes."
OTHER = "A fellowship brings civil servants from five ministries together to draft incident law."


def test_what_is_found_on_the_demo_rounds_labelled_pairs() -> None:
    works = [
        Work(p["id"], title=p["title"], text=p["abstract"])
        for p in json.loads(Path(SEEDS / "proposals.json").read_text(encoding="utf-8"))
    ]
    index = Index()
    index.put(works)
    by_id = {work.id: work for work in works}
    found = {
        frozenset({work.id, near.id})
        for work, nearest in zip(works, index.nearest_of(works, searching.NEAREST), strict=True)
        for place, near in enumerate(nearest)
        if (place < searching.CLOSEST and near.similarity >= NOTICEABLE[DEFAULT])
        or judge(work, by_id[near.id], near.similarity).probability >= searching.LEAST
    }
    missed: dict[str, int] = {}
    with Path(SEEDS / "overlaps.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            pair = frozenset({row["first"], row["second"]})
            missed[row["kind"]] = missed.get(row["kind"], 0) + (pair not in found)
    # copies, edits and paraphrases are all found; some that share only the idea are not
    assert (missed["verbatim"], missed["edited"], missed["paraphrase"]) == (0, 0, 0)
    assert missed["same-idea"] <= 6
    # and an officer has fewer than a hundred pairs to look at, of 7,140
    assert len(found) < 100


class Scene:
    """A round with three proposals, two of them alike."""

    def __init__(self, session: Session) -> None:
        self.round = make_round(session)
        self.funder = make_organisation(session)
        make_commitment(session, self.round, self.funder)
        self.one, self.edited, self.other = (
            make_proposal(session, self.round, title=title, abstract=text, ask=ask, minimum=ask)
            for title, text, ask in (
                ("Awareness of evaluation", ONE, 10_000_00),
                ("Do models know?", EDITED, 30_000_00),
                ("Fellows for incident law", OTHER, 70_000_00),
            )
        )
        self.officer = make_actor(session, self.funder)
        self.ids = [self.round.id, self.one.id, self.edited.id, self.other.id]


def build(session: Session) -> Scene:
    return Scene(session)


def test_a_worker_finds_candidates_and_verdicts_stay(
    each_database: Database, tmp_path: Path
) -> None:
    scene = each_database.in_transaction(build)
    round_id = scene.ids[0]
    each_database.in_transaction(searching.start_search, by=scene.officer, round_id=round_id)
    work(each_database, tmp_path)
    with each_database.reading() as session:
        (found,) = session.scalars(sa.select(Overlap)).all()
        assert {found.first_id, found.second_id} == set(scene.ids[1:3])
        assert found.verdict == "candidate"
        assert found.probability is not None
        assert found.probability >= searching.LEAST
        assert any("%" in told(words) for words, _ in found.signals["said"])
    each_database.in_transaction(
        deciding.decide_overlap,
        by=scene.officer,
        overlap_id=found.id,
        version=found.version,
        verdict="duplicate",
        degree=0.4,
        note="the same probes",
    )
    each_database.in_transaction(searching.start_search, by=scene.officer, round_id=round_id)
    work(each_database, tmp_path)
    with each_database.reading() as session:
        (found,) = session.scalars(sa.select(Overlap)).all()
        assert (found.verdict, found.degree, found.note) == ("duplicate", 0.4, "the same probes")


def test_a_verdict_teaches_the_ranking_of_the_rounds_other_pairs(
    database: Database, tmp_path: Path
) -> None:
    def twins(session: Session) -> Scene:
        scene = Scene(session)
        make_proposal(
            session, scene.round, title="Awareness once more", abstract=EDITED, ask=500_000_00
        )
        return scene

    scene = database.in_transaction(twins)
    database.in_transaction(searching.start_search, by=scene.officer, round_id=scene.ids[0])
    work(database, tmp_path)
    with database.reading() as session:
        pairs = session.scalars(sa.select(Overlap).order_by(Overlap.id)).all()
        before = {pair.id: pair.probability for pair in pairs}
    assert len(pairs) == 3
    database.in_transaction(
        deciding.decide_overlap,
        by=scene.officer,
        overlap_id=pairs[0].id,
        version=pairs[0].version,
        verdict="distinct",
        degree=None,
        note="",
    )
    with database.reading() as session:
        judged, *others = session.scalars(sa.select(Overlap).order_by(Overlap.id))
        assert judged.probability == before[judged.id]  # what was judged stays as it was judged
        for pair in others:
            assert pair.probability < before[pair.id]
            assert pair.signals["first"] == pytest.approx(before[pair.id], abs=1e-3)
            assert pair.signals["verdicts"] == 1
    # and looking again keeps what was learned
    database.in_transaction(searching.start_search, by=scene.officer, round_id=scene.ids[0])
    work(database, tmp_path)
    with database.reading() as session:
        again = session.scalars(sa.select(Overlap).order_by(Overlap.id)).all()
        assert [p.probability for p in again[1:]] == [p.probability for p in others]


def test_candidates_no_longer_alike_go_unless_somebody_judged_them(
    database: Database, tmp_path: Path
) -> None:
    scene = database.in_transaction(build)

    def add(session: Session) -> None:
        for other, verdict in ((scene.other, "candidate"), (scene.edited, "distinct")):
            first, second = sorted((scene.one.id, other.id))
            session.add(
                Overlap(
                    round_id=scene.round.id,
                    first_id=first,
                    second_id=second,
                    degree=0.1,
                    similarity=0.2,
                    verdict=verdict,
                )
            )

    database.in_transaction(add)
    database.in_transaction(searching.start_search, by=scene.officer, round_id=scene.round.id)
    work(database, tmp_path)
    with database.reading() as session:
        assert session.scalars(sa.select(Overlap.verdict)).all() == ["distinct"]


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


def mark(session: Session, scene: Scene, by: Actor | None = None, **values: object) -> Overlap:
    return deciding.mark_overlap(
        session,
        **{
            "by": by or scene.officer,
            "round_id": scene.round.id,
            "first_key": scene.other.key,
            "second_key": scene.one.key,
            "verdict": "duplicate",
            "degree": 0.5,
            "note": "",
            **values,
        },
    )


def test_a_pair_is_marked_by_hand_in_either_order(session: Session, scene: Scene) -> None:
    marked = mark(session, scene)
    again = mark(
        session, scene, first_key=scene.one.key, second_key=scene.other.key, verdict="unsure"
    )
    assert again.id == marked.id
    assert again.verdict == "unsure"
    assert again.first_id < again.second_id


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"verdict": "maybe"}, "verdict"),
        ({"degree": None}, "degree"),
        ({"degree": 0.0}, "degree"),
        ({"first_key": "P-nowhere"}, "first"),
        ({"note": "x" * 2001}, "note"),
    ],
)
def test_a_verdict_that_cannot_be_is_refused(
    session: Session, scene: Scene, values: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        mark(session, scene, **values)
    assert {fault.field for fault in refusal.value.faults} == {field}


def test_a_proposal_does_not_overlap_with_itself(session: Session, scene: Scene) -> None:
    with pytest.raises(InvalidInput, match="two different"):
        mark(session, scene, first_key=scene.one.key)


def test_a_stale_verdict_is_refused(session: Session, scene: Scene) -> None:
    marked = mark(session, scene)
    stale = marked.version
    mark(session, scene, verdict="distinct")
    with pytest.raises(Conflict):
        deciding.decide_overlap(
            session,
            by=scene.officer,
            overlap_id=marked.id,
            version=stale,
            verdict="complementary",
            degree=None,
            note="",
        )


def test_who_is_in_conflict_with_one_of_a_pair_does_not_find_it(
    session: Session, scene: Scene
) -> None:
    marked = mark(session, scene)
    session.add(
        ConflictOfInterest(
            proposal_id=scene.other.id,
            person_id=scene.officer.person_id,
            reason="kin",
            declared_by_id=scene.officer.person_id,
        )
    )
    session.flush()
    assert session.scalars(visible_overlaps(scene.officer)).all() == []
    with pytest.raises(InvalidInput, match="that you can see"):
        mark(session, scene)
    with pytest.raises(NotFound):
        deciding.decide_overlap(
            session,
            by=scene.officer,
            overlap_id=marked.id,
            version=1,
            verdict="distinct",
            degree=None,
            note="",
        )


def test_readers_do_not_decide(session: Session, scene: Scene) -> None:
    with pytest.raises(NotPermitted):
        mark(session, scene, by=make_actor(session, scene.funder, Role.AUDITOR))
    with pytest.raises(NotFound):
        mark(session, scene, by=make_actor(session, make_organisation(session)))
