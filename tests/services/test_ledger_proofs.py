"""The ledger's proofs, each at a small size; `python -m prove` runs them at full size."""

from __future__ import annotations

import pytest

from funding.db import Database
from prove.ledger_crowd import crowd_on
from prove.ledger_kills import kill_on
from prove.ledger_machine import run


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def test_the_ledger_holds_under_every_act_in_any_order(each_database: Database) -> None:
    counts = run(each_database, 2, 5, 50)
    assert counts["looked"] >= 5 * 50
    assert counts["done"] > 20


@pytest.mark.slow
def test_a_crowd_overdraws_nothing_and_pays_nothing_twice(each_database: Database) -> None:
    counts = crowd_on(url_of(each_database), 80, 3)
    assert (counts["done"], counts["refused"]) == (40, 40)
    assert counts["read right"] > 0


@pytest.mark.slow
def test_a_sudden_death_loses_nothing_and_leaves_nothing_half_done(
    each_database: Database,
) -> None:
    assert kill_on(url_of(each_database), 4, seed=7)["kills"] == 4
