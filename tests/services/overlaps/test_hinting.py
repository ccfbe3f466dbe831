"""While somebody writes, they are told of published work that is close, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import NotFound
from funding.models import Award, Import, Person, Proposal, WithheldTitle
from funding.permissions import Actor
from funding.services.decisions import approve_lines
from funding.services.overlaps.hinting import hints_for
from funding.services.overlaps.searching import refresh_index
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_person,
    make_plan,
    make_proposal,
    make_round,
)
from tests.conftest import make_config
from tests.public_scene import close, publish
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


def test_a_funded_proposal_is_told_once_its_round_is_published(
    database: Database, tmp_path: Path, world: Writing
) -> None:
    def award(session: Session) -> None:
        proposal = session.get_one(Proposal, world.proposal_id)
        commitment = make_commitment(session, proposal.round)
        officer = make_actor(session, commitment.funder)
        by = make_actor(session, proposal.round.owner)
        line = make_plan(session, proposal.round, [(commitment, proposal, 1_000_00)], by).lines[0]
        approve_lines(session, by=officer, lines={line.id: None}, key="hint")
        session.scalars(sa.select(Award)).one().state = "accepted"
        proposal.state = "funded"
        close(session, proposal.round)

    def publish_it(session: Session) -> None:
        round_ = session.get_one(Proposal, world.proposal_id).round
        publish(session, round_, make_person(session, round_.owner))

    def withhold(session: Session) -> None:
        by = make_person(session, make_organisation(session))
        session.add(
            WithheldTitle(proposal_id=world.proposal_id, reason="security", withheld_by_id=by.id)
        )

    database.in_transaction(award)
    refresh(database, tmp_path)
    assert hints(database, tmp_path, world) == []
    database.in_transaction(publish_it)
    assert hints(database, tmp_path, world) == ["Probes of awareness"]
    database.in_transaction(withhold)
    assert hints(database, tmp_path, world) == []


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
