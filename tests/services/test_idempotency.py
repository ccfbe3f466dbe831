"""One effect a key, also for two who send the same form at the same moment, on both engines."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import IdempotencyInFlight
from funding.permissions import Actor
from funding.services.idempotency import Answer, once
from tests.builders import make_actor, make_organisation

REQUEST = {"amount": 5}


def one_actor(database: Database) -> Actor:
    return database.in_transaction(lambda s: make_actor(s, make_organisation(s)))


def test_a_form_sent_again_while_the_first_is_worked_on_has_no_second_effect(
    each_database: Database,
) -> None:
    """On PostgreSQL the second is told so at once; on SQLite it waits for the first's answer."""
    by = one_actor(each_database)
    effects: list[str] = []
    answers: dict[str, Answer | str] = {}
    inside, may_end = threading.Event(), threading.Event()

    def act(name: str) -> Answer:
        effects.append(name)
        inside.set()
        assert may_end.wait(30)
        return {"by": name}

    def send(session: Session, name: str) -> Answer:
        return once(session, by, "key", REQUEST, lambda: act(name))

    def press(name: str) -> None:
        try:
            answers[name] = each_database.in_transaction(send, name)
        except IdempotencyInFlight as refusal:
            answers[name] = str(refusal)

    first = threading.Thread(target=press, args=("first",))
    second = threading.Thread(target=press, args=("second",))
    first.start()
    assert inside.wait(30)
    second.start()
    if not each_database.is_sqlite:
        second.join(30)
        assert "already" in str(answers["second"])
    may_end.set()
    first.join(30)
    second.join(30)
    assert effects == ["first"]
    assert answers["first"] == {"by": "first"}
    if each_database.is_sqlite:
        assert answers["second"] == {"by": "first"}
    assert each_database.in_transaction(send, "third") == {"by": "first"}
    assert effects == ["first"]


def test_a_key_whose_effect_was_refused_is_free_again(each_database: Database) -> None:
    by = one_actor(each_database)

    def refused() -> Answer:
        raise ValueError("not today")

    with pytest.raises(ValueError, match="not today"):
        each_database.in_transaction(lambda s: once(s, by, "key", REQUEST, refused))
    answer = each_database.in_transaction(lambda s: once(s, by, "key", REQUEST, lambda: {"ok": 1}))
    assert answer == {"ok": 1}


def test_another_person_may_use_the_same_key(each_database: Database) -> None:
    for number in range(2):
        by = one_actor(each_database)
        answer = {"by": number}
        assert each_database.in_transaction(
            lambda s, by=by, answer=answer: once(s, by, "key", REQUEST, lambda: answer)
        ) == {"by": number}
