"""Mail: through a real server, tried again when that is away, never sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.errors import NotFound, RuleBroken
from funding.models import Mail
from funding.permissions import Actor
from funding.services.mail import MOST_TRIES, put_into_outbox, send_again, send_waiting
from tests.builders import make_actor, make_organisation
from tests.mail_sink import Sink, config_for, listening


@pytest.fixture
def sink() -> Iterator[tuple[Sink, int]]:
    with listening() as found:
        yield found


def test_a_mail_reaches_the_server_once_with_its_text_whole(
    each_database: Database, sink: tuple[Sink, int], tmp_path: Path
) -> None:
    handler, port = sink
    each_database.in_transaction(
        put_into_outbox, "lead@lab.example", "Your\r\nBcc: x", "Received: 100 €"
    )
    config = config_for(tmp_path, port)
    assert send_waiting(each_database, config) == 1
    assert send_waiting(each_database, config) == 0
    ((to, content),) = handler.letters
    letter = message_from_bytes(content)
    assert to == ["lead@lab.example"]
    assert (letter["From"], letter["Subject"]) == ("round@fund.example", "Your Bcc: x")
    assert letter["Bcc"] is None
    assert "Received: 100 €" in letter.get_payload(decode=True).decode()


def test_a_mail_that_was_refused_waits_longer_each_time_and_then_goes(
    database: Database, sink: tuple[Sink, int], tmp_path: Path
) -> None:
    handler, port = sink
    config = config_for(tmp_path, port)
    handler.is_closed = True
    database.in_transaction(put_into_outbox, "lead@lab.example", "Hello", "Hello.")
    waits = []
    for _ in range(3):
        assert send_waiting(database, config) == 1
        assert send_waiting(database, config) == 0  # not before its time
        with database.reading() as session:
            mail = session.scalars(sa.select(Mail)).one()
            assert "451" in mail.error
            assert mail.sent_at is None
            waits.append((mail.not_before - now()).total_seconds())
        database.in_transaction(lambda s: s.execute(sa.update(Mail).values(not_before=now())))
    assert waits == sorted(waits)
    assert waits[-1] > 2 * waits[0]
    handler.is_closed = False
    assert send_waiting(database, config) == 1
    assert len(handler.letters) == 1
    with database.reading() as session:
        assert session.scalars(sa.select(Mail)).one().error == ""


def test_a_mail_is_given_up_after_its_last_try(database: Database, tmp_path: Path) -> None:
    config = config_for(tmp_path, 9)  # nothing listens there
    database.in_transaction(put_into_outbox, "lead@lab.example", "Hello", "Hello.")
    for _ in range(MOST_TRIES + 2):
        send_waiting(database, config)
        database.in_transaction(lambda s: s.execute(sa.update(Mail).values(not_before=now())))
    with database.reading() as session:
        mail = session.scalars(sa.select(Mail)).one()
    assert (mail.tries, mail.sent_at) == (MOST_TRIES, None)


def test_without_a_server_mails_are_files(database: Database, tmp_path: Path) -> None:
    database.in_transaction(put_into_outbox, "lead@lab.example", "Your receipt", "Received: 100 €")
    assert send_waiting(database, config_for(tmp_path, None)) == 1
    (file,) = (tmp_path / "mail").glob("*.eml")
    letter = message_from_bytes(file.read_bytes())
    assert (letter["To"], letter["Subject"]) == ("lead@lab.example", "Your receipt")


def test_a_mail_of_an_act_that_was_undone_is_never_sent(database: Database, tmp_path: Path) -> None:
    def act(session) -> None:
        put_into_outbox(session, "lead@lab.example", "Funded", "You are funded.")
        raise ValueError("undone")

    with pytest.raises(ValueError, match="undone"):
        database.in_transaction(act)
    assert send_waiting(database, config_for(tmp_path, None)) == 0


def test_a_letter_with_a_key_is_in_the_outbox_once(each_database: Database) -> None:
    for body in ("First.", "Again."):
        each_database.in_transaction(
            put_into_outbox, "lead@lab.example", "Offer", body, key="offer 7", kind="offer"
        )
    each_database.in_transaction(put_into_outbox, "lead@lab.example", "Other", "Other.")
    each_database.in_transaction(put_into_outbox, "lead@lab.example", "Other", "Other.")
    with each_database.reading() as session:
        kept = session.scalars(sa.select(Mail).where(Mail.key == "offer 7")).one()
        assert kept.body == "First."
        assert session.scalar(sa.select(sa.func.count(Mail.id))) == 3
    with pytest.raises(RuleBroken):
        each_database.in_transaction(
            lambda session: session.execute(
                sa.text("update mail set key = 'offer 7' where subject = 'Other'")
            )
        )


def test_a_letter_that_failed_is_sent_again_by_its_own_people_and_a_sent_one_is_not(
    each_database: Database, sink: tuple[Sink, int], tmp_path: Path
) -> None:
    handler, port = sink
    config = config_for(tmp_path, port)

    def scene(session: Session) -> tuple[Actor, Actor, int]:
        funder = make_organisation(session)
        put_into_outbox(
            session, "lead@lab.example", "Offer", "Text", key="o", organisation_id=funder.id
        )
        mail = session.scalars(sa.select(Mail)).one()
        mail.tries, mail.error = MOST_TRIES, "gone"
        return (
            make_actor(session, funder),
            make_actor(session, make_organisation(session)),
            mail.id,
        )

    officer, foreign, mail_id = each_database.in_transaction(scene)
    assert send_waiting(each_database, config) == 0
    with pytest.raises(NotFound):
        each_database.in_transaction(send_again, by=foreign, mail_id=mail_id)
    each_database.in_transaction(send_again, by=officer, mail_id=mail_id)
    assert send_waiting(each_database, config) == 1
    assert len(handler.letters) == 1
    with pytest.raises(RuleBroken, match="sent already"):
        each_database.in_transaction(send_again, by=officer, mail_id=mail_id)


def test_an_address_that_is_none_fails_alone(
    database: Database, sink: tuple[Sink, int], tmp_path: Path
) -> None:
    handler, port = sink
    database.in_transaction(
        put_into_outbox, "lead@lab.example\nBcc: x@y.example", "Hello", "Hello."
    )
    database.in_transaction(put_into_outbox, "right@lab.example", "Hello", "Hello.")
    assert send_waiting(database, config_for(tmp_path, port)) == 2
    assert [to for to, _ in handler.letters] == [["right@lab.example"]]
    with database.reading() as session:
        assert session.scalars(sa.select(Mail).order_by(Mail.id)).first().error
