"""What is held on a person, being forgotten, and a round's own term: money and log stay whole."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Base, Database, now
from funding.errors import NotFound, RuleBroken
from funding.models import (
    Account,
    Attachment,
    Award,
    AwardState,
    Binding,
    CoAuthor,
    ErasureRequest,
    Mail,
    Person,
    Proposal,
    Review,
    ReviewRemark,
    Role,
    Round,
    RoundState,
    TeamMember,
    Transfer,
)
from funding.permissions import Actor
from funding.services.attachments import path_of, store
from funding.services.awards import refuse_award
from funding.services.decisions import approve_lines
from funding.services.identity import sign_in
from funding.services.inbox import make_calendar_address
from funding.services.log import first_broken_link
from funding.services.mail import put_into_outbox
from funding.services.privacy import erasure, holdings, retention
from tests.builders import (
    PASSWORD,
    make_actor,
    make_commitment,
    make_organisation,
    make_person,
    make_plan,
    make_proposal,
    make_round,
)
from tests.conftest import make_config
from tests.review_scene import hand_in, make_scene

NAME, EMAIL = "Odalys Brightwater", "Odalys@Brightwater.example"


@dataclass(frozen=True)
class Scene:
    """A lead with an award, named in another's team and written to; who runs the site."""

    lead: Actor
    officer: Actor
    admin: Actor
    round_id: int
    award_id: int
    token: str


def set_scene(session: Session) -> Scene:
    committee, funder = make_organisation(session, "committee"), make_organisation(session)
    round_ = make_round(session, committee)
    commitment = make_commitment(session, round_, funder, amount=10_000_00)
    lead = make_person(
        session,
        make_organisation(session, "institution"),
        Role.RESEARCHER,
        name=NAME,
        email=EMAIL.lower(),
        orcid="0000-0002-1825-0097",
    )
    proposal = make_proposal(session, round_, lead=lead, ask=4_000_00, minimum=1)
    other = make_proposal(session, round_)
    member = TeamMember(position=0, name=NAME, email=EMAIL, orcid="0000-0002-1825-0097")
    other.team.append(member)
    put_into_outbox(session, EMAIL, "Hello", f"Good day, {NAME}")
    plan = make_plan(
        session, round_, [(commitment, proposal, 4_000_00)], make_actor(session, committee)
    )
    officer = make_actor(session, funder)
    approve_lines(session, by=officer, lines={plan.lines[0].id: None}, key="scene")
    admin = make_actor(session, make_organisation(session, "platform"), Role.PLATFORM_ADMIN)
    actor = Actor.of(lead)
    make_calendar_address(session, by=actor)
    token = sign_in(session, email=EMAIL, password=PASSWORD, browser="Any")
    award_id = session.scalars(sa.select(Award.id)).one()
    return Scene(actor, officer, admin, round_.id, award_id, str(token))


@pytest.fixture
def scene(each_database: Database) -> Scene:
    return each_database.in_transaction(set_scene)


def everything(database: Database) -> str:
    """Every cell of every table, as text."""
    with database.reading() as session:
        return "\n".join(
            str(tuple(row))
            for table in Base.metadata.sorted_tables
            for row in session.execute(sa.select(table))
        )


def money(database: Database) -> tuple[list[int], int]:
    with database.reading() as session:
        balances = list(session.scalars(sa.select(Account.balance).order_by(Account.id)))
        return balances, session.scalar(sa.select(sa.func.count(Transfer.id))) or 0


def test_all_that_points_at_a_person_or_holds_their_address_is_in_the_export(
    each_database: Database, scene: Scene, tmp_path: Path
) -> None:
    def attach(session: Session) -> str:
        file = store(tmp_path, "plan.txt", io.BytesIO(b"what we shall do"))
        proposal = session.scalars(
            sa.select(Proposal).where(Proposal.lead_id == scene.lead.person_id)
        ).one()
        attached = Attachment(
            name=file.name,
            media_type=file.media_type,
            size=file.size,
            sha256=file.sha256,
            added_by_id=scene.lead.person_id,
        )
        proposal.attachments.append(attached)
        session.flush()
        return f"files/{attached.id}-plan.txt"

    name = each_database.in_transaction(attach)
    archive = each_database.in_transaction(holdings.export, by=scene.lead, data=tmp_path)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.namelist() == ["README.txt", "data.json", name]
        assert opened.read(name) == b"what we shall do"
        told = json.loads(opened.read("data.json"))
    assert {"person", "binding", "login_session", "proposal", "team_member", "mail", "event"} <= {
        *told
    }
    assert told["person"][0]["email"] == EMAIL.lower()
    assert told["team_member"][0]["name"] == NAME
    with each_database.reading() as session:
        person = session.get_one(Person, scene.lead.person_id)
        secrets = [person.password_hash, person.calendar_hash]
    assert not any(secret in str(told) for secret in secrets if secret)
    assert not any("token_hash" in row for rows in told.values() for row in rows)


def test_nothing_of_others_is_in_the_export(each_database: Database, scene: Scene) -> None:
    with each_database.reading() as session:
        told = holdings.holdings(session, scene.admin.person_id)
    assert {*told} == {"person", "binding"}


def test_nobody_is_forgotten_while_something_of_theirs_is_under_way(
    each_database: Database, scene: Scene
) -> None:
    each_database.in_transaction(erasure.ask, by=scene.lead)
    with pytest.raises(RuleBroken, match="whose round is still going on"):
        each_database.in_transaction(erasure.erase, by=scene.admin, person_id=scene.lead.person_id)
    _close(each_database, scene.round_id)
    with pytest.raises(RuleBroken, match="an award that has not ended"):
        each_database.in_transaction(erasure.erase, by=scene.admin, person_id=scene.lead.person_id)
    assert NAME in everything(each_database)


def _close(database: Database, round_id: int) -> None:
    """Close a round, a stage at a time, as the database asks for."""
    for state in (RoundState.DECIDING, RoundState.CLOSED):
        database.in_transaction(
            lambda s, to=state: setattr(s.get_one(Round, round_id), "state", to)
        )


def end_what_is_under_way(database: Database, scene: Scene) -> None:
    database.in_transaction(
        refuse_award, by=scene.lead, award_id=scene.award_id, version=1, reason="We go elsewhere."
    )
    _close(database, scene.round_id)


def test_who_is_forgotten_is_nowhere_by_name_and_ledger_and_log_are_whole(
    each_database: Database, scene: Scene
) -> None:
    end_what_is_under_way(each_database, scene)
    each_database.in_transaction(erasure.ask, by=scene.lead)
    before = money(each_database)
    each_database.in_transaction(erasure.erase, by=scene.admin, person_id=scene.lead.person_id)
    left = everything(each_database)
    assert NAME not in left
    assert EMAIL.lower() not in left.lower()
    assert "0000-0002-1825-0097" not in left
    assert money(each_database) == before
    with each_database.reading() as session:
        assert first_broken_link(session) is None
        person = session.get_one(Person, scene.lead.person_id)
        assert (person.name, person.is_active) == (f"Erased person {person.id}", False)
        assert not session.scalars(sa.select(Binding).where(Binding.person_id == person.id)).all()
        assert not session.scalars(sa.select(Mail).where(Mail.to == EMAIL)).all()
        assert session.scalars(sa.select(ErasureRequest)).one().done_by_id == scene.admin.person_id
    with pytest.raises(NotFound):
        each_database.in_transaction(erasure.erase, by=scene.admin, person_id=person.id)


def test_a_request_can_be_taken_back_and_is_made_once(
    each_database: Database, scene: Scene
) -> None:
    each_database.in_transaction(erasure.ask, by=scene.lead)
    with pytest.raises(RuleBroken, match="already"):
        each_database.in_transaction(erasure.ask, by=scene.lead)
    each_database.in_transaction(erasure.take_back, by=scene.lead)
    with pytest.raises(NotFound):
        each_database.in_transaction(erasure.take_back, by=scene.lead)
    with pytest.raises(NotFound):
        each_database.in_transaction(erasure.erase, by=scene.admin, person_id=scene.lead.person_id)


def test_the_last_administrator_hands_over_first_and_nobody_forgets_themselves(
    each_database: Database, scene: Scene
) -> None:
    each_database.in_transaction(erasure.ask, by=scene.admin)
    with pytest.raises(RuleBroken, match="their own"):
        each_database.in_transaction(erasure.erase, by=scene.admin, person_id=scene.admin.person_id)
    with each_database.reading() as session:
        (told,) = erasure.obstacles(session, scene.admin.person_id)
    assert told.startswith("is the last platform administrator of ")

    def add_another(session: Session) -> Actor:
        platform = session.get_one(Binding, _binding_of(session, scene.admin)).organisation
        return make_actor(session, platform, Role.PLATFORM_ADMIN)

    other = each_database.in_transaction(add_another)
    each_database.in_transaction(erasure.erase, by=other, person_id=scene.admin.person_id)
    with each_database.reading() as session:
        assert not session.get_one(Person, scene.admin.person_id).is_active


def _binding_of(session: Session, by: Actor) -> int:
    return session.scalars(sa.select(Binding.id).where(Binding.person_id == by.person_id)).one()


# -- a round's own term


def years_on(years: int) -> datetime:
    return now() + timedelta(days=366 * years)


def with_a_file(database: Database, data: Path) -> tuple[int, str]:
    def make(session: Session) -> tuple[int, str]:
        round_ = make_round(session, make_organisation(session, "committee"), keep_years=3)
        proposal = make_proposal(session, round_, answers={"why": "For Odalys"})
        file = store(data, "plan.txt", io.BytesIO(b"plan"))
        proposal.team.append(TeamMember(position=0, name=NAME, email=EMAIL))
        proposal.scores[0].comment = f"{NAME} is careful"
        proposal.attachments.append(
            Attachment(
                name="plan.txt",
                media_type="text/plain",
                size=4,
                sha256=file.sha256,
                added_by_id=proposal.lead_id,
            )
        )
        return round_.id, file.sha256

    return database.in_transaction(make)


def test_after_its_term_a_round_keeps_what_it_did_and_not_who_or_their_files(
    each_database: Database, tmp_path: Path
) -> None:
    config = make_config(tmp_path, str(each_database.engine.url))
    round_id, sha256 = with_a_file(each_database, config.data)
    _close(each_database, round_id)
    retention.apply_retention(each_database, config, at=years_on(2))
    assert NAME in everything(each_database), "the term is not over"
    assert path_of(config.data, sha256).exists()
    retention.apply_retention(each_database, config, at=years_on(4))
    left = everything(each_database)
    assert NAME not in left
    assert "For Odalys" not in left
    assert not path_of(config.data, sha256).exists()
    with each_database.reading() as session:
        proposal = session.scalars(sa.select(Proposal)).one()
        assert proposal.title.startswith("Proposal ")
        assert proposal.ask == 10_000_00
        assert first_broken_link(session) is None
    once = everything(each_database)
    retention.apply_retention(each_database, config, at=years_on(5))
    assert everything(each_database) == once, "done once"


def test_a_file_that_another_round_still_names_stays(
    each_database: Database, tmp_path: Path
) -> None:
    config = make_config(tmp_path, str(each_database.engine.url))
    old, sha256 = with_a_file(each_database, config.data)
    with_a_file(each_database, config.data)
    _close(each_database, old)
    retention.apply_retention(each_database, config, at=years_on(4))
    assert path_of(config.data, sha256).exists()
    with each_database.reading() as session:
        assert session.scalar(sa.select(sa.func.count(Attachment.id))) == 1


def test_a_proposal_whose_award_goes_on_is_left_for_later(
    each_database: Database, scene: Scene, tmp_path: Path
) -> None:
    config = make_config(tmp_path, str(each_database.engine.url))
    _close(each_database, scene.round_id)
    retention.apply_retention(each_database, config, at=years_on(9))
    with each_database.reading() as session:
        removed = session.scalars(
            sa.select(Proposal.lead_id).where(Proposal.personal_removed_at.is_not(None))
        ).all()
        assert scene.lead.person_id not in removed
        assert len(removed) == 1
        assert session.get_one(Award, scene.award_id).state == AwardState.OFFERED


def test_a_reviewer_is_forgotten_and_the_scores_stay_under_a_number(
    each_database: Database, scene: Scene
) -> None:
    """Words of reviews go with the round's term; who wrote them, when they ask for it."""

    def review(session: Session) -> tuple[Actor, int]:
        made = make_scene(session)
        handed_in = hand_in(session, made, for_committee=f"{NAME} writes well.")
        person = made.reviewers[0]
        person.name = NAME
        session.add(ReviewRemark(proposal_id=handed_in.proposal_id, person=person, text=NAME))
        session.add(CoAuthor(person_id=made.reviewers[1].id, name=NAME, last_on=now().date()))
        made.round.keep_years = 1
        for state in ("allocating", "deciding", "closed"):
            made.round.state = state
            session.flush()
        return Actor.of(person), made.round.id

    reviewer, round_id = each_database.in_transaction(review)
    with each_database.reading() as session:
        address = session.get_one(Person, reviewer.person_id).email
        told = holdings.holdings(session, reviewer.person_id)
    assert {"review", "score", "review_remark", "reviewer_effect"} <= {*told}
    each_database.in_transaction(erasure.ask, by=reviewer)
    each_database.in_transaction(erasure.erase, by=scene.admin, person_id=reviewer.person_id)
    assert address not in everything(each_database)
    removed = each_database.in_transaction(retention.remove_of, round_id=round_id)
    assert removed == []
    left = everything(each_database)
    assert "writes well" not in left
    with each_database.reading() as session:
        assert session.scalars(sa.select(Review)).one().score == 62.5
        assert session.scalars(sa.select(ReviewRemark)).all() == []
        assert session.scalars(sa.select(CoAuthor)).all() == []
