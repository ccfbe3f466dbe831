"""The areas' versions: what an edit makes, what it refuses, what goes along with a retired area."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.errors import Conflict, InvalidInput, NotFound
from funding.models import (
    AreaNeed,
    Commitment,
    FunderWeight,
    HistoricGrant,
    Import,
    ProposalArea,
    Role,
    Round,
    Taxonomy,
)
from funding.reports.areas import compare_versions, needs_of, tagged_by_area
from funding.services import area_needs
from funding.services import areas as service
from funding.services.areas import AreaEntry
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_proposal,
    make_round,
)


def make_world(session: Session) -> dict[str, Any]:
    """A round with interpretability, evaluations and, below it, evaluations-capability, in use."""
    committee = make_organisation(session, "committee")
    round_ = make_round(session, committee)
    commitment = make_commitment(session, round_, areas=["evaluations", "interpretability"])
    proposal = make_proposal(
        session, round_, areas={"evaluations-capability": 0.4, "interpretability": 0.6}
    )
    round_.needs.append(AreaNeed(area_key="evaluations", floor=5_00, steps=[[100_00, 0.5]]))
    part = round_.participants[0]
    part.weights.append(FunderWeight(area_key="evaluations", weight=2.0))
    session.flush()
    return {
        "by": make_actor(session, committee, Role.COMMITTEE),
        "reader": make_actor(session, committee, Role.PROGRAM_OFFICER),
        "stranger": make_actor(session, make_organisation(session, "committee"), Role.COMMITTEE),
        "round_id": round_.id,
        "commitment_id": commitment.id,
        "proposal_id": proposal.id,
        "owner_id": committee.id,
    }


def entries(taxonomy: Taxonomy) -> list[AreaEntry]:
    return [
        AreaEntry(a.key, a.key, a.parent_key, a.name, a.definition, into_field=f"into.{a.key}")
        for a in taxonomy.areas
    ]


def edit(database: Database, world: dict[str, Any], *extra: AreaEntry, **changes: Any) -> Taxonomy:
    """The next version: `changes` by key (dashes as underscores), `extra` areas at the end."""
    with database.reading() as session:
        taxonomy = session.get_one(Round, world["round_id"]).taxonomy
        wanted = entries(taxonomy)
        number = taxonomy.number
    for key, values in changes.items():
        wanted = [replace(e, **values) if e.key == key.replace("_", "-") else e for e in wanted]
    return database.in_transaction(
        service.edit_areas,
        by=world["by"],
        round_id=world["round_id"],
        number=number,
        entries=[*wanted, *extra],
        note="why",
    )


def test_an_edit_makes_the_next_version_and_leaves_the_last_readable(database: Database) -> None:
    world = database.in_transaction(make_world)
    edit(
        database,
        world,
        AreaEntry("t.0", "", None, "AI & Law", "Courts."),
        AreaEntry("n.0", "", "evaluations", "Statistics"),
        interpretability={"name": "Interpretability research", "definition": "Inside."},
    )
    with database.reading() as session:
        round_ = session.get_one(Round, world["round_id"])
        assert [t.number for t in round_.taxonomies] == [1, 2]
        assert [a.key for a in round_.taxonomy.areas] == [
            "interpretability",
            "evaluations",
            "evaluations-capability",
            "evaluations-statistics",
            "ai-law",
        ]
        assert round_.taxonomies[0].areas[0].name == "Interpretability"
        assert round_.taxonomy.created_by_id == world["by"].person_id
        changes = compare_versions(round_, *round_.taxonomies)
        assert {(c.kind, c.name, c.what) for c in changes} == {
            ("added", "AI & Law", "new area"),
            ("added", "Statistics", "new area"),
            ("changed", "Interpretability research", "renamed"),
            ("changed", "Interpretability research", "defined anew"),
        }


def test_a_new_area_with_a_new_parent_goes_below_it(database: Database) -> None:
    world = database.in_transaction(make_world)
    made = edit(
        database,
        world,
        AreaEntry("t.0", "", None, "Law"),
        AreaEntry("c.0", "", "t.0", "Liability"),
    )
    assert [(a.key, a.parent_key) for a in made.areas[-2:]] == [
        ("law", None),
        ("law-liability", "law"),
    ]


def test_everything_that_carries_a_retired_area_carries_its_heir(each_database: Database) -> None:
    world = each_database.in_transaction(make_world)
    edit(each_database, world, evaluations={"into": "interpretability"})
    with each_database.reading() as session:
        round_ = session.get_one(Round, world["round_id"])
        assert [(a.key, a.parent_key) for a in round_.taxonomy.areas] == [
            ("interpretability", None),
            ("evaluations-capability", "interpretability"),
        ]
        assert session.get_one(Commitment, world["commitment_id"]).areas == ["interpretability"]
        assert [n.area_key for n in round_.needs] == ["interpretability"]
        assert session.scalars(sa.select(FunderWeight.area_key)).all() == ["interpretability"]
        assert service.top_areas(round_) == {
            "interpretability": "interpretability",
            "evaluations-capability": "interpretability",
            "evaluations": "interpretability",
        }


def test_two_tags_that_become_one_add_up(each_database: Database) -> None:
    world = each_database.in_transaction(make_world)
    edit(each_database, world, evaluations_capability={"into": "interpretability"})
    with each_database.reading() as session:
        tags = session.execute(sa.select(ProposalArea.area_key, ProposalArea.weight)).all()
        assert tags == [("interpretability", 1.0)]


def test_a_need_and_a_weight_of_the_heirs_own_stay(database: Database) -> None:
    world = database.in_transaction(make_world)

    def own(session: Session) -> None:
        round_ = session.get_one(Round, world["round_id"])
        round_.needs.append(AreaNeed(area_key="interpretability", floor=7_00))
        round_.participants[0].weights.append(FunderWeight(area_key="interpretability", weight=3.0))

    database.in_transaction(own)
    edit(database, world, evaluations={"into": "interpretability"})
    with database.reading() as session:
        assert session.scalars(sa.select(AreaNeed.floor)).all() == [7_00]
        assert session.scalars(sa.select(FunderWeight.weight)).all() == [3.0]


def test_a_key_once_retired_leads_on_through_later_retirements(database: Database) -> None:
    world = database.in_transaction(make_world)
    edit(database, world, AreaEntry("t.0", "", None, "Law"))
    edit(database, world, evaluations_capability={"into": "evaluations"})
    made = edit(database, world, evaluations={"into": "law"})
    with database.reading() as session:
        round_ = session.get_one(Round, world["round_id"])
        assert service.top_areas(round_)["evaluations-capability"] == "law"
        changes = compare_versions(round_, round_.taxonomies[0], made)
        removed = {c.name: c.what for c in changes if c.kind == "removed"}
        assert removed == {
            "Evaluations": "now part of Law",
            "Capability evaluations": "now part of Law",
        }


def test_a_retired_key_is_never_given_to_a_new_area(database: Database) -> None:
    world = database.in_transaction(make_world)
    edit(database, world, evaluations={"into": "interpretability"})
    made = edit(database, world, AreaEntry("t.0", "", None, "Evaluations"))
    assert made.areas[-1].key == "evaluations-2"


@pytest.mark.parametrize(
    ("key", "values", "field"),
    [
        ("interpretability", {"name": " "}, "interpretability.name"),
        ("interpretability", {"name": "evaluations"}, "evaluations.name"),
        ("interpretability", {"name": "x" * 81}, "interpretability.name"),
        ("interpretability", {"definition": "x" * 1001}, "interpretability.definition"),
        ("evaluations", {"into": "evaluations"}, "into.evaluations"),
        ("evaluations", {"into": "nowhere"}, "into.evaluations"),
        ("evaluations", {"into": "evaluations-capability"}, "into.evaluations"),
    ],
)
def test_an_edit_that_would_break_the_list_names_the_field(
    database: Database, key: str, values: dict[str, Any], field: str
) -> None:
    world = database.in_transaction(make_world)
    with pytest.raises(InvalidInput) as refusal:
        edit(database, world, **{key.replace("-", "_"): values})
    assert field in {fault.field for fault in refusal.value.faults}


def test_an_area_does_not_vanish_and_nothing_is_saved_for_nothing(database: Database) -> None:
    world = database.in_transaction(make_world)
    with pytest.raises(InvalidInput, match="Nothing was changed"):
        edit(database, world)
    with database.reading() as session:
        wanted = entries(session.get_one(Round, world["round_id"]).taxonomy)[1:]
    with pytest.raises(InvalidInput, match="Interpretability” is missing"):
        database.in_transaction(
            service.edit_areas,
            by=world["by"],
            round_id=world["round_id"],
            number=1,
            entries=wanted,
            note="why",
        )


def test_of_two_edits_of_one_version_the_second_is_refused(database: Database) -> None:
    world = database.in_transaction(make_world)
    edit(database, world, AreaEntry("t.0", "", None, "Law"))
    stale = {
        "round_id": world["round_id"],
        "number": 1,
        "entries": [AreaEntry("t.0", "", None, "Ethics")],
        "note": "why",
    }
    with pytest.raises(Conflict):
        database.in_transaction(service.edit_areas, by=world["by"], **stale)
    with pytest.raises(NotFound):
        database.in_transaction(service.edit_areas, by=world["stranger"], **stale)


def test_a_top_area_counts_its_children_and_a_proposal_once(session: Session) -> None:
    world = make_world(session)
    round_ = session.get_one(Round, world["round_id"])
    make_proposal(
        session,
        round_,
        ask=100_00,
        minimum=1_00,
        areas={"evaluations": 0.5, "evaluations-capability": 0.5},
    )
    tagged = tagged_by_area(session, round_, world["reader"])
    assert (tagged["evaluations"].proposals, tagged["evaluations"].ask) == (2, 4_000_00 + 100_00)
    assert tagged["evaluations-capability"].proposals == 2
    assert tagged["interpretability"].ask == 6_000_00


# -- needs ----------------------------------------------------------------------------------------


def terms(*steps: tuple[int, float], **values: Any) -> area_needs.NeedTerms:
    return area_needs.NeedTerms(
        **{"steps": steps, "floor": 0, "cap": None, "spent": None, "note": "", **values}
    )


def set_need(database: Database, world: dict[str, Any], wanted: Any, key: str = "evaluations"):
    with database.reading() as session:
        version = session.get_one(Round, world["round_id"]).version
    return database.in_transaction(
        area_needs.set_need,
        by=world["by"],
        round_id=world["round_id"],
        area_key=key,
        version=version,
        terms=wanted,
    )


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (terms((100, 0.5), (100, 0.6)), "weight.1"),
        (terms((0, 0.5)), "width.0"),
        (terms((100, 5000.0)), "weight.0"),
        (terms(floor=500, cap=400), "cap"),
        (terms((10**15, 0.5), (10**15, 0.5)), "width.0"),
    ],
)
def test_a_need_has_steps_of_falling_weight(
    database: Database, wanted: area_needs.NeedTerms, field: str
) -> None:
    world = database.in_transaction(make_world)
    with pytest.raises(InvalidInput) as refusal:
        set_need(database, world, wanted)
    assert [fault.field for fault in refusal.value.faults] == [field]


def test_needs_are_of_top_areas_only_and_equal_weights_are_allowed(database: Database) -> None:
    world = database.in_transaction(make_world)
    set_need(database, world, terms((100, 0.5), (100, 0.5), spent=70))
    with pytest.raises(NotFound):
        set_need(database, world, terms((100, 0.5)), key="evaluations-capability")
    with database.reading() as session:
        row = needs_of(session, session.get_one(Round, world["round_id"]), now()).rows[1]
        assert (row.wanted, row.spent, row.open, row.is_from_history) == (200, 70, 130, False)


def test_a_need_set_by_two_at_once_is_refused_the_second_time(database: Database) -> None:
    world = database.in_transaction(make_world)
    set_need(database, world, terms((100, 0.5)))
    with pytest.raises(Conflict):
        database.in_transaction(
            area_needs.set_need,
            by=world["by"],
            round_id=world["round_id"],
            area_key="evaluations",
            version=1,
            terms=terms((5, 0.5)),
        )


def test_spent_is_what_earlier_grants_put_there_of_areas_below_and_retired_too(
    database: Database,
) -> None:
    world = database.in_transaction(make_world)

    def remember(session: Session) -> None:
        batch = Import(
            kind="history", organisation_id=world["owner_id"], filename="h.csv", sha256=""
        )
        session.add(batch)
        session.flush()
        for number, (area, currency) in enumerate(
            [("evaluations", "USD"), ("evaluations-capability", "USD"), ("gone", "USD"),
             ("evaluations", "KES")]
        ):  # fmt: skip
            session.add(
                HistoricGrant(
                    import_id=batch.id,
                    organisation_id=world["owner_id"],
                    funder="F",
                    recipient="R",
                    amount=50_00,
                    currency=currency,
                    awarded_on=date.today(),
                    area_key=area,
                    fingerprint=f"{number}",
                )
            )

    database.in_transaction(remember)

    def spent(key: str) -> tuple[int, int]:
        with database.reading() as session:
            needs = needs_of(session, session.get_one(Round, world["round_id"]), now())
            return next(r.spent for r in needs.rows if r.area.key == key), needs.uncounted

    assert spent("evaluations") == (100_00, 2)
    edit(database, world, evaluations={"into": "interpretability"})
    assert spent("interpretability") == (100_00, 2)
