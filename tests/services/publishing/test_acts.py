"""Publishing a round: only closed, only as previewed, on record, and taken down again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.models import Award, Commitment, Event, Proposal, Role, Round
from funding.permissions import Actor, Scope, public_awards, public_rounds, published_proposals
from funding.reports.public.datasets import digest_of
from funding.services.publishing import acts, confidential
from tests.builders import make_actor, make_award, make_organisation
from tests.public_scene import close

SEEN = "seen"


@dataclass(frozen=True)
class Scene:
    round_id: int
    award_id: int
    owner: Actor
    officer: Actor
    stranger: Actor


@pytest.fixture
def scene(each_database: Database) -> Scene:
    """A closed round with one accepted award, not published."""

    def make(session: Session) -> Scene:
        award = make_award(session)
        award.state = "accepted"
        round_ = award.proposal.round
        close(session, round_)
        return Scene(
            round_.id,
            award.id,
            make_actor(session, round_.owner, Role.COMMITTEE),
            make_actor(session, award.commitment.funder),
            make_actor(session, make_organisation(session)),
        )

    return each_database.in_transaction(make)


def publish(database: Database, scene: Scene, **values: Any) -> None:
    values = {"by": scene.owner, "seen": SEEN, "digest": lambda session, round_: SEEN, **values}
    database.in_serializable_transaction(acts.publish, round_id=scene.round_id, **values)


def is_public(database: Database, days_ahead: int = 0) -> tuple[int, int]:
    """How many rounds and awards the public sees, so many days from now."""
    scope = Scope(now().date() + timedelta(days=days_ahead))
    with database.reading() as session:
        return (
            len(session.scalars(public_rounds(scope)).all()),
            len(session.scalars(public_awards(scope)).all()),
        )


def actions(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Event.action).order_by(Event.seq.desc()).limit(1)))


def test_a_closed_round_is_public_once_its_owner_publishes_it(
    each_database: Database, scene: Scene
) -> None:
    assert is_public(each_database) == (0, 0)
    publish(each_database, scene)
    assert is_public(each_database) == (1, 1)
    assert actions(each_database) == ["round published"]
    publish(each_database, scene)
    assert actions(each_database) == ["round published again"]


def test_only_what_was_previewed_is_published(each_database: Database, scene: Scene) -> None:
    today = now().date()
    with each_database.reading() as session:
        seen = digest_of(session, session.get_one(Round, scene.round_id), today)

    def change(session: Session) -> None:
        session.get_one(Award, scene.award_id).proposal.title = "Another title"

    each_database.in_transaction(change)
    anew: Callable[[Session, Round], str] = lambda s, round_: digest_of(s, round_, today)  # noqa: E731
    with pytest.raises(Conflict):
        publish(each_database, scene, seen=seen, digest=anew)
    assert is_public(each_database) == (0, 0)


@pytest.mark.parametrize("who", ["officer", "stranger"])
def test_nobody_but_the_owner_publishes(each_database: Database, scene: Scene, who: str) -> None:
    with pytest.raises((NotFound, NotPermitted)):
        publish(each_database, scene, by=getattr(scene, who))
    assert is_public(each_database) == (0, 0)


def test_the_database_refuses_to_publish_a_round_that_is_not_closed(
    each_database: Database, scene: Scene
) -> None:
    publish(each_database, scene)

    def reopen(session: Session) -> None:
        session.get_one(Round, scene.round_id).state = "allocating"

    each_database.in_transaction(reopen)
    assert is_public(each_database) == (1, 1)  # what was published stays
    with pytest.raises(RuleBroken, match="closed"):
        publish(each_database, scene)
    again = sa.text("update publication set published_at = :at").bindparams(
        sa.bindparam("at", now() + timedelta(hours=1), type_=Award.awarded_at.type)
    )
    with pytest.raises(RuleBroken, match="closed"):
        each_database.in_transaction(lambda session: session.execute(again))
    with pytest.raises(RuleBroken, match="on record"):
        each_database.in_transaction(
            lambda session: session.execute(sa.text("delete from publication"))
        )


def test_an_award_made_after_the_publishing_waits_for_the_next_one(
    each_database: Database, scene: Scene
) -> None:
    publish(each_database, scene)

    def later(session: Session) -> None:
        session.get_one(Award, scene.award_id).awarded_at = now() + timedelta(minutes=5)

    each_database.in_transaction(later)
    assert is_public(each_database) == (1, 0)


def test_taken_down_it_is_gone_and_says_why_to_its_owner(
    each_database: Database, scene: Scene
) -> None:
    def take_down(reason: str) -> None:
        each_database.in_transaction(
            acts.take_down, by=scene.owner, round_id=scene.round_id, reason=reason
        )

    with pytest.raises(RuleBroken, match="not published"):
        take_down("A title names a person.")
    publish(each_database, scene)
    with pytest.raises(InvalidInput):
        take_down("  ")
    take_down("A title names a person.")
    assert is_public(each_database) == (0, 0)
    assert actions(each_database) == ["round taken down"]
    publish(each_database, scene)
    assert is_public(each_database) == (1, 1)


def test_nothing_of_a_round_is_public_before_its_day(each_database: Database, scene: Scene) -> None:
    def embargo(days: int | None) -> None:
        until = now().date() + timedelta(days=days) if days is not None else None
        each_database.in_transaction(
            acts.set_embargo, by=scene.owner, round_id=scene.round_id, until=until
        )

    embargo(3)
    publish(each_database, scene)
    assert is_public(each_database, 2) == (0, 0)
    assert is_public(each_database, 3) == (1, 1)
    embargo(None)
    assert is_public(each_database) == (1, 1)
    with pytest.raises(RuleBroken, match="public already"):
        embargo(2)


def test_an_award_is_kept_back_until_its_day(each_database: Database, scene: Scene) -> None:
    publish(each_database, scene)

    def embargo(by: Actor, days: int | None, reason: str = "Talks go on.") -> None:
        until = now().date() + timedelta(days=days) if days is not None else None
        each_database.in_transaction(
            confidential.set_award_embargo,
            by=by,
            award_id=scene.award_id,
            until=until,
            reason=reason,
        )

    with pytest.raises(NotFound):
        embargo(scene.stranger, 3)
    for days, reason in ((0, "Now."), (3, " "), (3, "x" * 501)):
        with pytest.raises(InvalidInput):
            embargo(scene.officer, days, reason)
    embargo(scene.officer, 3)
    assert is_public(each_database, 2) == (1, 0)
    assert is_public(each_database, 3) == (1, 1)
    embargo(scene.owner, 5)
    assert is_public(each_database, 4) == (1, 0)
    embargo(scene.owner, None)
    assert is_public(each_database) == (1, 1)
    assert actions(each_database) == ["award embargo lifted"]


def test_a_title_is_withheld_for_a_reason_of_the_list_and_shown_again(
    each_database: Database, scene: Scene
) -> None:
    publish(each_database, scene)

    def names() -> list[str]:
        with each_database.reading() as session:
            return list(session.scalars(published_proposals().with_only_columns(Proposal.title)))

    def withhold(by: Actor, reason: str) -> None:
        each_database.in_transaction(
            confidential.withhold_title, by=by, award_id=scene.award_id, reason=reason, note=""
        )

    assert len(names()) == 1
    with pytest.raises(NotFound):
        withhold(scene.stranger, "security")
    with pytest.raises(InvalidInput):
        withhold(scene.officer, "embarrassing")
    withhold(scene.officer, "security")
    assert names() == []
    with pytest.raises(RuleBroken, match="already"):
        withhold(scene.owner, "law")
    each_database.in_transaction(confidential.show_title, by=scene.owner, award_id=scene.award_id)
    assert len(names()) == 1
    assert actions(each_database) == ["title shown"]


def test_an_offer_is_no_award_yet_and_a_refused_one_never_was(
    each_database: Database, scene: Scene
) -> None:
    def offered(session: Session) -> None:
        award = make_award(session)
        close(session, award.proposal.round)
        owner = make_actor(session, award.proposal.round.owner, Role.COMMITTEE)
        acts.publish(
            session,
            by=owner,
            round_id=award.proposal.round_id,
            seen=SEEN,
            digest=lambda session, round_: SEEN,
        )
        other = session.get_one(Award, scene.award_id)
        assert other.commitment_id != award.commitment_id
        award.state = "terminated"

    each_database.in_transaction(offered)
    assert is_public(each_database) == (1, 0)
    with each_database.reading() as session:
        assert session.scalar(sa.select(sa.func.count(Commitment.id))) == 2
