"""What the public says: taken in without who or where, cleaned, moderated, counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import InvalidInput, NotFound, RuleBroken
from funding.models import Role, Round, Voice
from funding.permissions import Actor
from funding.reports import inbox
from funding.reports.public.voices import heard_in, newest_words
from funding.services.publishing import voices
from tests.builders import make_actor, make_organisation, make_round
from tests.public_scene import close


@dataclass(frozen=True)
class Scene:
    round_id: int
    key: str
    owner: Actor
    stranger: Actor


@pytest.fixture
def scene(each_database: Database) -> Scene:
    def make(session: Session) -> Scene:
        round_ = make_round(session)
        return Scene(
            round_.id,
            round_.key,
            make_actor(session, round_.owner, Role.COMMITTEE),
            make_actor(session, make_organisation(session)),
        )

    return each_database.in_transaction(make)


def speak(database: Database, scene: Scene, **values: Any) -> int:
    values = {
        "by": None,
        "areas": ["interpretability"],
        "words": "Nobody looks inside.",
        "capacity": "teacher",
        **values,
    }
    return database.in_transaction(
        lambda session: voices.speak(session, round_key=scene.key, **values).id
    )


def moderate(database: Database, scene: Scene, voice_id: int, reason: str = "", **by: Any) -> None:
    with database.reading() as session:
        version = session.get_one(Voice, voice_id).version
    values = {
        "by": scene.owner,
        "round_id": scene.round_id,
        "voice_id": voice_id,
        "version": version,
        **by,
    }
    if reason:
        database.in_transaction(voices.hide_voice, reason=reason, **values)
    else:
        database.in_transaction(voices.show_voice, **values)


def heard(database: Database, scene: Scene) -> tuple[int, int, dict[str, int], list[str]]:
    with database.reading() as session:
        round_ = session.get_one(Round, scene.round_id)
        found = heard_in(session, round_)
        words = [voice.words for voice in newest_words(session, round_, 10)]
        return found.shown, found.waiting, found.by_area, words


def test_a_voice_counts_and_is_read_once_it_is_let_through(
    each_database: Database, scene: Scene
) -> None:
    first = speak(each_database, scene)
    second = speak(each_database, scene, areas=["evaluations", "interpretability"], words="")
    assert heard(each_database, scene) == (0, 2, {}, [])
    with each_database.reading() as session:
        (work,) = [w for w in inbox.waiting_for(session, scene.owner) if "voice" in w.many]
        assert (work.count, work.arguments) == (2, {"round_id": scene.round_id})
        assert not [w for w in inbox.waiting_for(session, scene.stranger) if "voice" in w.many]
    moderate(each_database, scene, first)
    moderate(each_database, scene, second)
    counts = {"interpretability": 2, "evaluations": 1}
    assert heard(each_database, scene) == (2, 0, counts, ["Nobody looks inside."])
    moderate(each_database, scene, first, "abuse")
    counts = {"interpretability": 1, "evaluations": 1}
    assert heard(each_database, scene) == (1, 0, counts, [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"areas": []},
        {"areas": ["interpretability", "interpretability"]},
        {"areas": ["evaluations-capability"]},
        {"areas": ["x"]},
        {"areas": ["a", "b", "c", "d"]},
        {"words": "x" * (voices.LONGEST_WORDS + 1)},
        {"capacity": "the pope"},
    ],
)
def test_what_does_not_keep_to_the_form_is_refused(
    each_database: Database, scene: Scene, wrong: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput):
        speak(each_database, scene, **wrong)
    assert heard(each_database, scene)[:2] == (0, 0)


def test_nobody_speaks_to_a_draft_or_to_a_closed_round_that_is_not_public(
    each_database: Database, scene: Scene
) -> None:
    def draft(session: Session) -> str:
        return make_round(session, state="draft").key

    hidden = Scene(0, each_database.in_transaction(draft), scene.owner, scene.stranger)
    with pytest.raises(NotFound):
        speak(each_database, hidden)
    each_database.in_transaction(
        lambda session: close(session, session.get_one(Round, scene.round_id))
    )
    with pytest.raises(NotFound):
        speak(each_database, scene)


def test_only_the_rounds_owners_moderate_each_once(each_database: Database, scene: Scene) -> None:
    voice = speak(each_database, scene)
    with pytest.raises(NotFound):
        moderate(each_database, scene, voice, by=scene.stranger)
    with pytest.raises(RuleBroken, match="meanwhile"):
        moderate(each_database, scene, voice, version=99)
    with pytest.raises(InvalidInput):
        moderate(each_database, scene, voice, "I do not like it")
    assert heard(each_database, scene)[:2] == (0, 1)


def test_words_that_name_a_person_are_deleted_and_no_others_can_be_changed(
    each_database: Database, scene: Scene
) -> None:
    named, said = speak(each_database, scene, words="Ask Ann."), speak(each_database, scene)
    moderate(each_database, scene, named, "names a person")
    with each_database.reading() as session:
        assert session.get_one(Voice, named).words == ""
        assert session.get_one(Voice, said).words == "Nobody looks inside."
    for statement in (
        "update voice set words = 'I never said that'",
        "update voice set words = ''",
        "update voice set capacity = 'industry'",
        "delete from voice",
        "update voice_area set area_key = 'evaluations'",
        "delete from voice_area",
        "update voice set state = 'shown'",
        "insert into voice_area (voice_id, position, area_key) select id, 4, 'x' from voice",
    ):
        with pytest.raises(RuleBroken):
            each_database.in_transaction(lambda s, text=statement: s.execute(sa.text(text)))


LINKS = (
    "http://pills.example/buy",
    "HTTPS://pills.example",
    "www.pills.example",
    "pills.com/buy",
    "ｗｗｗ.pills.example",
    "ftp://x.y/z",
    "javascript:alert(1)",
    "mailto:ann@pills.example",
    "ann@pills.example",
)


@pytest.mark.parametrize("link", LINKS)
def test_links_and_addresses_are_taken_out(link: str) -> None:
    cleaned = voices.cleaned(f"Please see {link} and tell us.")
    assert cleaned.startswith("Please see [link removed]")
    assert "pills" not in cleaned
    assert "alert" not in cleaned


def test_ordinary_sentences_stay_as_they_are() -> None:
    words = "It costs 3.5 million. e.g. Nobody knows: why?\n\nA second paragraph, “quoted”; ¿qué?"
    assert voices.cleaned(words) == words


@given(st.text(max_size=300))
@example("\u202eevil\u202c\x00\ud7ff")
@example("a\r\n\r\n\r\n\r\nb")
@example("ﷺ" * 20)
def test_whatever_is_typed_becomes_plain_text(words: str) -> None:
    cleaned = voices.cleaned(words)
    assert all(c == "\n" or c.isprintable() or c.isspace() for c in cleaned)
    assert "\u202e" not in cleaned
    assert "\n\n\n" not in cleaned
    assert voices.cleaned(cleaned) == cleaned
