"""Indicators: defined once by those who own a round; addresses of outputs, checked for form."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import Conflict, InvalidInput, NotPermitted, RuleBroken
from funding.models import Indicator
from funding.services.reporting import indicators
from funding.services.reporting.addresses import clean_address
from tests.reporting_scene import Scene, make_scene, report_id, write_and_hand_in

HOURS = indicators.Definition("Hours of computing", "hours", "down", "On accelerators, all kinds.")


@pytest.fixture
def scene(each_database: Database) -> Scene:
    return each_database.in_transaction(make_scene)


def test_indicators_are_defined_by_those_who_own_a_round(
    each_database: Database, scene: Scene
) -> None:
    for by in (scene.first.officer, scene.lead, scene.first.preparer):
        with pytest.raises(NotPermitted):
            each_database.in_transaction(indicators.define, by=by, wanted=HOURS)
    made = each_database.in_transaction(indicators.define, by=scene.owner, wanted=HOURS)
    for wrong in (
        replace(HOURS, name="hours of COMPUTING"),
        replace(HOURS, name="Other", unit=""),
        replace(HOURS, name="Other", direction="sideways"),
        replace(HOURS, name="x" * 200),
    ):
        with pytest.raises(InvalidInput):
            each_database.in_transaction(indicators.define, by=scene.owner, wanted=wrong)
    change = {"by": scene.owner, "indicator_id": made.id, "wanted": replace(HOURS, unit="h")}
    each_database.in_transaction(indicators.change, version=1, is_asked=True, **change)
    with pytest.raises(Conflict):
        each_database.in_transaction(indicators.change, version=1, is_asked=True, **change)


def test_an_indicator_that_was_reported_keeps_its_meaning(
    each_database: Database, scene: Scene
) -> None:
    with each_database.reading() as session:
        report = report_id(session, scene.first)
    write_and_hand_in(each_database, scene, report)
    each_database.in_transaction(
        indicators.change,
        by=scene.owner,
        indicator_id=scene.indicator_id,
        version=1,
        wanted=replace(HOURS, name="Something else"),
        is_asked=False,
    )
    with each_database.reading() as session:
        kept = session.get_one(Indicator, scene.indicator_id)
        assert (kept.name, kept.unit, kept.is_asked) == ("Auditors trained", "people", False)

    def past_the_service(session: Session) -> None:
        session.get_one(Indicator, scene.indicator_id).unit = "hours"

    with pytest.raises(RuleBroken, match="keeps its meaning"):
        each_database.in_transaction(past_the_service)


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("paper", "10.1234/ab.cd", "https://doi.org/10.1234/ab.cd"),
        ("paper", " doi: 10.1234/ab(1)2 ", "https://doi.org/10.1234/ab(1)2"),
        ("paper", "http://dx.doi.org/10.48550/arXiv.2403.16414", None),
        ("data set", "https://data.example/sets/7?v=2", "https://data.example/sets/7?v=2"),
        ("repository", "https://Forge.Example:8443/team/code", None),
        ("audit", "https://auditor.example", "https://auditor.example"),
        ("model", "https://models.example/m#weights", "https://models.example/m#weights"),
    ],
)
def test_an_address_that_leads_somewhere_is_taken(kind: str, typed: str, kept: str | None) -> None:
    found = clean_address(kind, typed)
    assert found.startswith("https://")
    if kept:
        assert found == kept


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("paper", ""),
        ("paper", "in print"),
        ("paper", "10.12/short"),
        ("paper", "doi:10.1234/with space"),
        ("repository", "https://forge.example/"),
        ("repository", "git@forge.example:team/code"),
        ("repository", "javascript:alert(1)"),
        ("data set", "ftp://data.example/x"),
        ("data set", "https://user:secret@data.example/x"),
        ("model", "https://localhost/m"),
        ("model", 'https://models.example/"onclick='),
        ("audit", "https://[::1"),
        ("audit", "https://auditor.example:99999/x"),
        ("audit", "https://auditor.example/" + "x" * 500),
    ],
)
def test_an_address_that_cannot_be_one_is_refused_in_words(kind: str, typed: str) -> None:
    with pytest.raises(ValueError, match=r"[.…]$"):
        clean_address(kind, typed)
