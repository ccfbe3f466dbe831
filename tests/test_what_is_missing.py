"""What can be missing, and what the log is about, has a name in every language."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from funding.db import Base
from funding.errors import NotFound
from funding.language import LANGUAGES, said, using
from tests.plain_words import plain
from tools import messages

TRANSLATED = [tag for tag in LANGUAGES if tag != "en"]
FETCHING = messages.PACKAGE / "permissions" / "fetching.py"


def names_in_the_code() -> list[tuple[Path, ast.expr]]:
    return [
        (path, name)
        for path in sorted(messages.PACKAGE.rglob("*.py"))
        if path != FETCHING  # passes on what it is given
        for name in messages.not_there(ast.parse(path.read_text(encoding="utf-8")))
    ]


def test_what_is_missing_is_always_a_word_that_can_be_collected() -> None:
    """A word as it stands, or a sentence with a name in it that `_` says."""
    names = names_in_the_code()
    assert len(names) > 150
    for path, name in names:
        is_said = isinstance(name, ast.Call) and ast.unparse(name.func) in ("_", "gettext")
        assert is_said or isinstance(name, ast.Constant), (path, ast.unparse(name))


@pytest.mark.parametrize("tag", TRANSLATED)
def test_all_that_can_be_missing_is_in_the_catalogue(tag: str) -> None:
    known = {message.id for message in messages.catalogue_of(tag) if message.string}
    words = {name.value for _, name in names_in_the_code() if isinstance(name, ast.Constant)}
    assert words <= known


@pytest.mark.parametrize("tag", TRANSLATED)
def test_all_that_the_log_can_be_about_is_in_the_catalogue(tag: str) -> None:
    """The log's page says the name of the table, with spaces."""
    known = {message.id for message in messages.catalogue_of(tag) if message.string}
    tables = {
        mapper.class_.__tablename__.replace("_", " ")
        for mapper in Base.registry.mappers
        if "id" in mapper.columns
    }
    assert len(tables) > 100
    assert tables <= known


def test_a_refusal_names_it_in_the_readers_language() -> None:
    for language, words in (
        ("fr", "Introuvable ici : bénéficiaire du paiement."),
        ("ar", "لا يوجد هنا ما يطابق ذلك (مستفيد من الدفع)."),
    ):
        with using(language):
            assert plain(NotFound("payee")) == words
            assert said("plan line") != "plan line"
    assert str(NotFound("payee")) == "There is no such payee here."
    assert str(NotFound()) == "There is no such page here."
