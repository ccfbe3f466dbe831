"""The particulars of the log in words: amounts as amounts, days as days, fields by name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from funding.db import Database
from funding.language import using
from funding.models import Event
from funding.reports.particulars import NAMES, act_in_words, particulars
from tests.builders import make_organisation, make_round
from tests.plain_words import plain, plain_lines
from tools import messages
from tools.messages import PACKAGE

DETAIL = {
    "amount": 1_234_50,
    "ask": 5_000_00,
    "before": {"minimum": 100_00, "state": "in_review"},
    "due_at": "2027-03-31T17:00:00+00:00",
    "must_endorse": True,
    "reason": "draft of_ours",
    "start": "2027-03-31",
    "unheard_of": 7,
    "currency": "EUR",
}


@pytest.mark.parametrize(
    ("language", "says"),
    [
        (
            "en",
            {
                "Amount: EUR 1,234.50",
                "Ask: KES 5,000",
                "Lines wait for the endorsement: yes",
                "Reason: draft of_ours",
                "unheard of: 7",
            },
        ),
        (
            "fr",
            {
                "Montant : 1 234,50 EUR",
                "Montant demandé : 5 000 KES",
                "Motif : draft of_ours",
                "31 mars 2027",
            },
        ),
        ("ar", {"المبلغ: 1,234.50 EUR"}),
    ],
)
def test_particulars_are_said_in_the_readers_language(
    database: Database, language: str, says: set[str]
) -> None:
    def make(session) -> str:
        owner = make_organisation(session)
        round_ = make_round(session, owner=owner, base_currency="KES")
        event = Event(detail=DETAIL, round_id=round_.id, subject_type="round", subject_id=round_.id)
        with using(language):
            return particulars(session, [event])[0]

    line = plain_lines(database.in_transaction(make))
    for each in says:
        assert each in line, line
    assert "in_review" not in line
    assert "2027-03" not in line


def test_an_amount_whose_currency_nobody_knows_says_that_it_is_in_minor_units(
    database: Database,
) -> None:
    event = Event(detail={"amount": 1_234_50})
    (line,) = database.in_transaction(particulars, [event])
    assert line == "Amount: 123,450 minor units"


def recorded() -> Iterator[tuple[str, set[str]]]:
    """Each act that the code records by name, and the keys of its particulars."""
    own = {"round_id", "organisation_id", "on", "at"}  # columns of the log
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("record", "_record"):
                acts = [arg.value for arg in node.args[2:3] if isinstance(arg, ast.Constant)]
                keys = {word.arg for word in node.keywords if word.arg} - own
                yield (acts[0] if acts else ""), keys


@pytest.mark.parametrize("language", ["fr", "es", "ar"])
def test_every_act_and_every_particular_has_words_in_every_language(language: str) -> None:
    known = {message.id for message in messages.catalogue_of(language) if message.string}
    found = list(recorded())
    assert len(found) > 150
    assert {act for act, _ in found if act} <= known
    assert {key for _, keys in found for key in keys} <= set(NAMES)
    assert set(NAMES.values()) <= known


@pytest.mark.parametrize(
    ("act", "french"),
    [
        ("run done", "Calcul : terminé"),
        ("live step failed", "Étape d’une séance en direct : en échec"),
        ("compensating review: objected", "Évaluation compensatoire : objection émise"),
        ("payment approved", None),
        ("unheard", "Unheard"),
    ],
)
def test_an_act_with_a_state_is_said_part_by_part(act: str, french: str | None) -> None:
    assert act_in_words(act) == act[:1].upper() + act[1:]
    with using("fr"):
        words = plain(act_in_words(act))
    assert words == french if french else words != act_in_words(act)


def test_what_an_amount_was_before_is_an_amount(database: Database) -> None:
    event = Event(detail={"amount": 1_234_50, "before": 2_000_00, "currency": "EUR"})
    (line,) = database.in_transaction(particulars, [event])
    assert plain(line) == "Amount: EUR 1,234.50; Before: EUR 2,000; Currency: EUR"
    event = Event(detail={"before": 61, "score": 70})
    (line,) = database.in_transaction(particulars, [event])
    assert plain(line) == "Before: 61; Score: 70"
