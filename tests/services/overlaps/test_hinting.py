"""While somebody writes, they are told of published work that is close, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import NotFound
from funding.models import Import, Person, Proposal, Round
from funding.permissions import Actor
from funding.services.overlaps.hinting import hints_for
from funding.services.overlaps.searching import refresh_index
from tests.builders import make_actor, make_organisation, make_proposal, make_round
from tests.conftest import make_config
from tests.services.overlaps.test_outside import PROBES, World


class Writing(World):
    """The world of past grants, and somebody who writes a proposal."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        draft = make_proposal(session, make_round(session, state="open"), state="draft")
        self.draft_id = draft.id
        self.writer = Actor.of(session.get_one(Person, draft.lead_id))
        self.other = make_actor(session, make_organisation(session))


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Writing:
    made = database.in_transaction(Writing)
    refresh(database, tmp_path)
    return made


def refresh(database: Database, folder: Path) -> None:
    refresh_index(database, make_config(folder, str(database.engine.url)))


def hints(database: Database, folder: Path, world: Writing, text: str = PROBES) -> list[str]:
    with database.reading() as session:
        found = hints_for(
            session,
            make_config(folder, str(database.engine.url)),
            by=world.writer,
            proposal_id=world.draft_id,
            title="",
            text=text,
        )
        return [hint.title for hint in found]


def test_what_is_not_published_is_not_told(
    database: Database, tmp_path: Path, world: Writing
) -> None:
    assert hints(database, tmp_path, world) == []


def test_a_published_grant_is_told(database: Database, tmp_path: Path, world: Writing) -> None:
    def publish(session: Session) -> None:
        session.get_one(Import, world.batch_id).is_public = True

    database.in_transaction(publish)
    assert hints(database, tmp_path, world) == ["Probes of awareness in language models"]
    assert hints(database, tmp_path, world, "Harbours for fishing boats in the north.") == []
    for nothing in ("", " \n ", "🙂", "<script>alert(1)</script>"):
        assert hints(database, tmp_path, world, nothing) == []


def test_a_funded_proposal_of_a_closed_round_is_told(
    database: Database, tmp_path: Path, world: Writing
) -> None:
    def close(session: Session) -> None:
        proposal = session.get_one(Proposal, world.proposal_id)
        proposal.state = "funded"
        for state in ("deciding", "closed"):
            session.get_one(Round, proposal.round_id).state = state
            session.flush()

    assert hints(database, tmp_path, world) == []
    database.in_transaction(close)
    refresh(database, tmp_path)
    assert hints(database, tmp_path, world) == ["Probes of awareness"]


def test_only_the_proposals_own_team_asks(
    database: Database, tmp_path: Path, world: Writing
) -> None:
    with database.reading() as session, pytest.raises(NotFound):
        hints_for(
            session,
            make_config(tmp_path, str(database.engine.url)),
            by=world.other,
            proposal_id=world.draft_id,
            title="",
            text=PROBES,
        )
