"""What waits for whom, with its dates: on the first page, in a calendar, by mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from icalendar import Calendar
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.errors import InvalidInput, NotFound
from funding.exports.calendar_file import Day, calendar_file
from funding.models import Award, AwardState, Event, Mail, Person, ProposalState, Role, Round
from funding.permissions import Actor
from funding.reports.inbox import Waiting, dates_of, waiting_for
from funding.services import awards, inbox
from funding.services.decisions import approve_lines
from funding.services.payments.tranches import schedule_tranche
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_plan,
    make_proposal,
    make_round,
)

DECISION = date(2031, 3, 14)
DUE = date(2031, 6, 1)
MONDAY = datetime(2031, 3, 10, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Scene:
    """Two lines put forward, one of them approved and offered; a draft; and everybody's actors."""

    round_id: int
    award_id: int
    officer: Actor
    lead: Actor
    preparer: Actor
    releaser: Actor
    stranger: Actor


def set_scene(session: Session) -> Scene:
    committee, funder = make_organisation(session, "committee"), make_organisation(session)
    round_ = make_round(session, committee, decides_on=DECISION)
    commitment = make_commitment(session, round_, funder, amount=10_000_00)
    first, second = (make_proposal(session, round_, ask=4_000_00, minimum=1) for _ in range(2))
    plan = make_plan(
        session,
        round_,
        [(commitment, first, 4_000_00), (commitment, second, 3_000_00)],
        make_actor(session, committee),
    )
    officer = make_actor(session, funder)
    approve_lines(session, by=officer, lines={plan.lines[0].id: None}, key="scene")
    return Scene(
        round_.id,
        session.scalars(sa.select(Award.id)).one(),
        officer,
        Actor.of(session.get_one(Person, first.lead_id)),
        make_actor(session, funder, Role.FINANCE_OFFICER),
        make_actor(session, funder, Role.FINANCE_OFFICER),
        make_actor(session, make_organisation(session)),
    )


@pytest.fixture
def scene(each_database: Database) -> Scene:
    return each_database.in_transaction(set_scene)


def waits(database: Database, by: Actor) -> list[Waiting]:
    with database.reading() as session:
        return waiting_for(session, by)


def test_an_officer_sees_the_lines_left_to_decide_until_the_day_of_decision(
    each_database: Database, scene: Scene
) -> None:
    (work,) = waits(each_database, scene.officer)
    assert (work.count, work.text.split(" in ")[0]) == (1, "line of your funder to decide")
    assert work.due_on == DECISION
    assert waits(each_database, scene.stranger) == []


def test_an_offer_waits_for_the_lead_alone_and_a_tranche_for_who_did_not_prepare_it(
    each_database: Database, scene: Scene
) -> None:
    (offer,) = waits(each_database, scene.lead)
    assert offer.text == "offer to accept"
    assert waits(each_database, scene.releaser) == []
    each_database.in_transaction(
        awards.accept_award, by=scene.lead, award_id=scene.award_id, version=1
    )
    assert waits(each_database, scene.lead) == []
    for number, month in enumerate((9, 6)):
        each_database.in_transaction(
            schedule_tranche,
            by=scene.preparer,
            award_id=scene.award_id,
            amount=1_000_00,
            due_on=DUE.replace(month=month),
            condition="",
            key=f"schedule {number}",
        )
    (release,) = waits(each_database, scene.releaser)
    assert (release.count, release.due_on) == (2, DUE)
    assert [one.on.month for one in release.dates] == [6, 9], "the first due first"
    assert "USD\u00a01,000 for " in release.dates[0].text
    assert waits(each_database, scene.preparer) == []


def test_a_draft_waits_until_its_deadline(each_database: Database) -> None:
    def make(session: Session) -> tuple[Actor, int, int]:
        committee = make_organisation(session, "committee")
        round_ = make_round(session, committee, state="open")
        draft = make_proposal(session, round_, state=ProposalState.DRAFT, title="Probing")
        return Actor.of(session.get_one(Person, draft.lead_id)), round_.id, draft.id

    lead, round_id, draft_id = each_database.in_transaction(make)
    (work,) = waits(each_database, lead)
    (one,) = work.dates
    assert (one.text, one.arguments) == ("Hand in Probing", {"proposal_id": draft_id})

    def close(session: Session) -> date:
        round_ = session.get_one(Round, round_id)
        before = round_.closes_at.date()
        round_.opens_at = now() - timedelta(days=9)
        round_.closes_at = now() - timedelta(days=1)
        return before

    assert one.on == each_database.in_transaction(close)
    assert waits(each_database, lead) == [], "nothing can be done any more"


def test_a_calendar_holds_ones_work_and_the_days_of_ones_rounds(
    each_database: Database, scene: Scene
) -> None:
    with each_database.reading() as session:
        dates = dates_of(session, scene.officer)
        closing = session.get_one(Round, scene.round_id).closes_at.date()
        assert dates_of(session, scene.stranger) == []
    assert [(one.uid, one.on) for one in dates] == [
        (f"closing-{scene.round_id}", closing),
        (f"decide-{scene.round_id}", DECISION),
        (f"decision-{scene.round_id}", DECISION),
    ]


def test_the_calendar_file_is_read_back_with_all_that_went_in() -> None:
    awkward = Day("a-1", DUE, "Release EUR 5; for “Maß, Wert”\nand more", "https://a.example/1?x=2")
    written = calendar_file([awkward], name="Tributary", host="a.example", at=MONDAY)
    (event,) = Calendar.from_ical(written).walk("VEVENT")
    assert event["UID"] == "a-1@a.example"
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (DUE, DUE + timedelta(days=1))
    assert str(event["SUMMARY"]) == awkward.text
    assert str(event["URL"]) == awkward.url
    assert all(len(line) <= 75 for line in written.split(b"\r\n"))


def test_an_address_opens_the_calendar_until_another_is_made(
    each_database: Database, scene: Scene
) -> None:
    first = each_database.in_transaction(inbox.make_calendar_address, by=scene.officer)
    with each_database.reading() as session:
        assert inbox.reader_of_calendar(session, first) == scene.officer
        kept = session.get_one(Person, scene.officer.person_id).calendar_hash
        logged = str([event.detail for event in session.scalars(sa.select(Event))])
    assert first not in (kept or "")
    assert first not in logged
    second = each_database.in_transaction(inbox.make_calendar_address, by=scene.officer)
    with each_database.reading() as session:
        assert inbox.reader_of_calendar(session, second) == scene.officer
        with pytest.raises(NotFound):
            inbox.reader_of_calendar(session, first)
    each_database.in_transaction(inbox.end_calendar, by=scene.officer)
    with each_database.reading() as session, pytest.raises(NotFound):
        inbox.reader_of_calendar(session, second)


def digest(database: Database, by: Actor, at: datetime) -> bool:
    return database.in_transaction(
        inbox.post_digest, person_id=by.person_id, at=at, public_url="https://t.example"
    )


def test_a_digest_comes_once_a_day_in_the_persons_own_morning(
    each_database: Database, scene: Scene
) -> None:
    each_database.in_transaction(inbox.choose_digest, by=scene.officer, how_often="daily")
    each_database.in_transaction(
        lambda s: setattr(s.get_one(Person, scene.officer.person_id), "timezone", "Asia/Tokyo")
    )
    night = datetime(2031, 3, 11, 20, 30, tzinfo=UTC)  # 5:30 of the twelfth in Tokyo
    assert not digest(each_database, scene.officer, night)
    assert digest(each_database, scene.officer, night + timedelta(minutes=40))
    assert not digest(each_database, scene.officer, night + timedelta(hours=8))
    assert digest(each_database, scene.officer, night + timedelta(hours=25))
    with each_database.reading() as session:
        mail = session.scalars(sa.select(Mail).order_by(Mail.id.desc())).first()
    assert mail is not None
    assert mail.subject == "Tributary: 1 thing waits for you"
    assert "14 March 2031: Decide your lines in" in mail.body
    assert "https://t.example/account" in mail.body


def test_a_weekly_digest_comes_on_mondays_and_an_empty_one_never(
    each_database: Database, scene: Scene
) -> None:
    for person in (scene.officer, scene.stranger):
        each_database.in_transaction(inbox.choose_digest, by=person, how_often="weekly")
    sent = [
        digest(each_database, scene.officer, MONDAY + timedelta(days=day)) for day in range(-1, 8)
    ]
    assert [day for day, is_sent in enumerate(sent) if is_sent] == [1, 8]
    assert not digest(each_database, scene.stranger, MONDAY)
    with pytest.raises(InvalidInput):
        each_database.in_transaction(inbox.choose_digest, by=scene.officer, how_often="hourly")


def test_nobody_is_mailed_who_did_not_ask(each_database: Database, scene: Scene, tmp_path) -> None:
    from tests.conftest import make_config

    config = make_config(tmp_path, str(each_database.engine.url))
    with each_database.reading() as session:
        before = session.scalar(sa.select(sa.func.count(Mail.id)))
        assert session.get_one(Award, scene.award_id).state == AwardState.OFFERED
    inbox.send_digests(each_database, config)
    with each_database.reading() as session:
        assert session.scalar(sa.select(sa.func.count(Mail.id))) == before
