"""Demands that contradict each other and what would mend them, in the reader's language."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from funding.db import Database
from funding.language import using
from funding.models import Overlap, Person, Pin, Run, RunState, Scenario
from funding.services.run_words import Words, said_again, told
from optimizer.sentences import kept
from tests.conftest import SignIn
from tests.plain_words import plain, plain_lines
from tests.runs import small_round, solve

WORDS = Words(
    {"f": "Fund A", "c": "Open call", "audits": "Audits", "africa": "Africa", "P1": "“Maps” (P1)"},
    "USD",
)
LOCK = {"proposal": "P1", "commitment": None, "amount": 9_000_00, "funded": None}


def a_demand(kind: str, where: str = "", limit: float | None = None, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "where": where, "limit": limit, "short_by": None, "lock": None, **more}


def a_change(kind: str, where: str, limit: float | None, to: float | None, **more: Any) -> Any:
    return {**a_demand(kind, where, limit), "to": to, "share": None, "year": None, **more}


DEMANDS = [
    a_demand("lock", "P1", lock=LOCK),
    a_demand("guarantee", "f", 5_000_00, short_by=1_000_00),
    a_demand("area cap", "audits", 2_000_00, short_by=500_00),
    a_demand("institution_share", "", 3_000_00),
    a_demand("region_least", "africa", 4_000_00),
    a_demand("risk_most", "high", 1_000_00),
    a_demand("budget"),
    a_demand("match", "c"),
    a_demand("only_if", "c"),
    a_demand("joins_if", "c"),
]
CHANGES = [
    a_change("lock", "P1", None, None, lock=LOCK),
    a_change("guarantee", "f", 5_000_00, 4_000_00),
    a_change("guarantee", "f", 5_000_00, 5_000_00),
    a_change("area cap", "audits", 2_000_00, 2_500_00),
    a_change("institution_share", "", 3_000_00, 4_000_00, share=0.333334),
    a_change("region_least", "africa", 4_000_00, 3_000_00, share=0.25),
    a_change("risk_most", "high", 1_000_00, 2_000_00, share=0.2),
    a_change("match", "c", None, None),
    a_change("only_if", "c", None, None),
    a_change("joins_if", "c", None, None),
    a_change("releases", "c", 1_000_00, 2_000_00, year=2027),
]


@pytest.mark.parametrize("demand", DEMANDS, ids=lambda d: d["kind"])
def test_every_demand_is_said_in_each_language(demand: dict[str, Any]) -> None:
    words = WORDS.conflict([demand])
    stored = json.loads(json.dumps(kept(words)))
    assert told(stored) == words
    for language in ("fr", "es", "ar"):
        with using(language):
            assert told(stored) != words
            assert "%(" not in told(stored)


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: f"{c['kind']} {c['to']}")
def test_every_change_is_said_in_each_language(change: dict[str, Any]) -> None:
    words = WORDS.repair([change])
    stored = json.loads(json.dumps(kept(words)))
    assert told(stored) == words
    english = {"found by solving", "let ", "instead of", "no longer", "keep to", "pay "}
    for language in ("fr", "es", "ar"):
        with using(language):
            assert not [word for word in english if word in told(stored)]


def test_a_change_says_how_much_and_which_part() -> None:
    with using("fr"):
        said = plain(told(kept(WORDS.repair([CHANGES[4], CHANGES[10]]))))
    assert said == (
        "Le moins qui y remédierait, trouvé par une nouvelle résolution : laisser une "
        "institution recevoir jusqu’à 4 000 USD (33,3 %) au lieu de 3 000 USD ; faire libérer "
        "2 000 USD de Open call d’ici à la fin de 2027 au lieu de 1 000 USD."
    )


def pinned_to_too_much(session: Session) -> tuple[Any, int]:
    """Two proposals fixed at more than all money there is."""
    by, scenario_id = small_round(session)
    scenario, same = (
        session.get_one(Scenario, scenario_id),
        session.scalars(sa.select(Overlap)).one(),
    )
    for proposal in (same.first, same.second):
        scenario.pins.append(Pin(proposal_id=proposal.id, amount=9_000_00, reason="x"))
    return by, scenario_id


SAYS = {
    "fr": ("“Title A” (A) est fixée à 9 000 USD.", "renoncer à cette demande : “Title "),
    "ar": ("تحديد مبلغ “Title A” (A) عند 9,000", "العدول عن هذا الشرط: "),
}


def test_a_run_without_a_plan_keeps_what_its_message_was_made_of(
    each_database: Database, tmp_path: Path
) -> None:
    by, scenario_id = each_database.in_transaction(pinned_to_too_much)
    run = solve(each_database, tmp_path, by, scenario_id)
    assert run.state == RunState.INFEASIBLE
    assert said_again(run.message, run.says) == run.message == told(run.says)
    for language, (demand, repair) in SAYS.items():
        with using(language):
            conflict, _, mends = plain_lines(said_again(run.message, run.says)).partition("\n\n")
        assert any(line.startswith(demand) for line in conflict.split("\n")), conflict
        assert repair in mends


def test_the_page_of_a_scenario_says_so_to_its_reader(
    site: Flask, sign_in: SignIn, tmp_path: Path
) -> None:
    database = site.extensions["database"]
    by, scenario_id = database.in_transaction(pinned_to_too_much)
    solve(database, tmp_path, by, scenario_id)
    with database.reading() as session:
        email = session.get_one(Person, by.person_id).email
    client = sign_in(site, email)
    page = plain(client.get(f"/scenarios/{scenario_id}?language=fr").text)
    assert SAYS["fr"][0] in page
    assert "is fixed at" not in page
    assert "The least that would" not in page

    def forget(session: Session) -> None:  # as a run from before
        session.execute(sa.update(Run).values(says=sa.null()))

    database.in_transaction(forget)
    page = plain(client.get(f"/scenarios/{scenario_id}?language=fr").text)
    assert "“Title A” (A) is fixed at USD 9,000." in page
    assert "The least that would mend this" in page
