"""The index of a host: made from the database, kept up to date, gone on with after a stop."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from funding.config import Config
from funding.db import Database
from funding.models import HistoricGrant, Proposal
from funding.services.overlaps import upkeep
from tests.conftest import make_config
from tests.services.overlaps.test_outside import World


@pytest.fixture
def config(database: Database, tmp_path: Path) -> Config:
    return make_config(tmp_path, str(database.engine.url))


def ids(database: Database, config: Config) -> set[str]:
    with upkeep.fresh_index(database, config) as known:
        return set(known.ids())


def test_the_index_follows_the_database(database: Database, config: Config) -> None:
    world = database.in_transaction(World)
    grant, proposal = f"grant:{world.grant_id}", f"proposal:{world.proposal_id}"
    assert upkeep.standing(config).works == 0
    assert {grant, proposal} <= ids(database, config)
    assert upkeep.standing(config).works == 3

    def change(session: Session) -> None:
        session.get_one(Proposal, world.proposal_id).state = "withdrawn"
        old = session.get_one(HistoricGrant, world.grant_id)
        columns = ("import_id", "organisation_id", "funder", "recipient", "title")
        same = {name: getattr(old, name) for name in columns}
        session.add(HistoricGrant(**same, fingerprint="two"))

    database.in_transaction(change)
    after = ids(database, config)
    assert proposal not in after
    assert f"grant:{world.grant_id + 1}" in after
    # another process on the host reads what was saved
    upkeep._kept.cache_clear()
    with upkeep.index(config) as known:
        assert set(known.ids()) == after


def test_nothing_new_is_not_saved_again(database: Database, config: Config) -> None:
    database.in_transaction(World)
    ids(database, config)
    manifest = config.data / "overlaps" / "characters" / "index.json"
    before = manifest.read_bytes()
    ids(database, config)
    assert manifest.read_bytes() == before


def test_a_folder_that_is_gone_or_broken_is_made_anew(database: Database, config: Config) -> None:
    database.in_transaction(World)
    whole = ids(database, config)
    (config.data / "overlaps" / "characters" / "index.json").write_text("{broken")
    (config.data / "overlaps" / "characters.json").write_text("{broken")
    upkeep._kept.cache_clear()
    assert upkeep.standing(config).works == 0
    assert ids(database, config) == whole


def test_how_fast_it_goes_is_told_while_it_goes(config: Config) -> None:
    folder = config.data / "overlaps" / "characters"
    folder.mkdir(parents=True)
    told = upkeep._Told(folder)
    told.write(64, 32.0)
    assert upkeep.standing(config) == upkeep.Standing("characters", 64, 32.0)
    told.write(128, None)
    assert upkeep.standing(config).rate is None
