"""Why a reviewer is suggested, or stands in: kept in parts, and said in the reader's language."""

from __future__ import annotations

from datetime import date

import pytest

from funding.language import using
from funding.sayings import as_written, day, sentence
from funding.services.reviewing.expertise import Fits, Knowledge, Work
from funding.services.run_words import said_again, told
from tests.plain_words import plain

NAMES = {"circuits": "Circuits", "control": "Control", "audits": "control of audits"}
WORK = Work(
    {"circuits": 0.6, "audits": 0.4}, "Observatory recordings of transformer circuits, measured."
)
REVIEWER = Knowledge(["circuits", "control"], "Recordings of an observatory.")
PARENTS = {"circuits": None, "control": "oversight", "audits": "oversight", "oversight": None}


def why(work: Work = WORK, reviewer: Knowledge = REVIEWER) -> object:
    return Fits([work], [reviewer], PARENTS).why(0, 0, NAMES)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            "Knows Circuits (60%); works close to control of audits;"
            " both speak of “observatory”, “recordings”.",
        ),
        (
            "fr",
            "Connaît Circuits (60 %) ; travaille sur un domaine proche de control of audits ;"
            " les deux parlent de « observatory », « recordings ».",
        ),
    ],
)
def test_it_is_said_in_the_readers_language(language: str, words: str) -> None:
    reason = why()
    with using(language):
        assert plain(told(reason.kept)) == words
        assert plain(said_again(reason, reason.kept)) == words


def test_arabic_has_no_english_words_but_names_and_what_was_written() -> None:
    with using("ar"):
        words = plain(told(why().kept))
    for name in ("Circuits", "control of audits", "observatory", "recordings"):
        assert name in words
        words = words.replace(name, "")
    assert not any(letter.isascii() and letter.isalpha() for letter in words), words


def test_nothing_in_common_is_said_too() -> None:
    reason = why(WORK, Knowledge([], "Whales."))
    assert reason == "No area or word in common."


def test_who_stands_in_is_said_with_the_day() -> None:
    reason = sentence(
        "Stands in for %(name)s, away until %(day)s.",
        name=as_written("Amara Osei"),
        day=day(date(2027, 3, 4)),
    )
    assert reason == "Stands in for Amara Osei, away until 4 March 2027."
    with using("fr"):
        assert told(reason.kept) == "Remplace Amara Osei, en absence jusqu’au 4 mars 2027."


def test_what_an_officer_wrote_stays_as_written() -> None:
    with using("fr"):
        assert said_again("She knows the field.", None) == "She knows the field."
