"""The catalogues of translations: nothing missing, nothing broken, compiled as they are written."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Catalog, Message

from funding.language import LANGUAGES, gettext, lazy, ngettext, said, using
from tools import messages

TRANSLATED = [tag for tag in LANGUAGES if tag != "en"]


@pytest.fixture(scope="module")
def sentences() -> Catalog:
    return messages.collected()


@pytest.fixture(scope="module", params=TRANSLATED)
def tag(request: pytest.FixtureRequest) -> str:
    return request.param


def said_in(message: Message) -> list[str]:
    return list(message.string) if message.pluralizable else [message.string]


def test_every_sentence_of_the_site_is_translated(tag: str, sentences: Catalog) -> None:
    lacking = messages.missing(messages.brought_up_to_date(tag, sentences))
    assert not lacking, f"{tag} lacks {len(lacking)}; run python -m tools.messages: {lacking[:5]}"


def test_a_catalogue_is_written_and_compiled_as_the_tool_does_it(
    tag: str, sentences: Catalog
) -> None:
    path = messages.path_of(tag)
    catalogue = messages.brought_up_to_date(tag, sentences)
    assert path.read_bytes() == messages.written(catalogue), "run python -m tools.messages"
    compiled = messages.compiled(messages.catalogue_of(tag))
    assert path.with_suffix(".mo").read_bytes() == compiled, "run python -m tools.messages"


def test_a_translation_fills_in_and_marks_up_what_the_sentence_does(tag: str) -> None:
    for message in messages.catalogue_of(tag):
        if not message.id:
            continue
        source = message.id[1] if message.pluralizable else message.id
        for text in said_in(message):
            wanted, there = placeholders(source), placeholders(text)
            # a counted noun may leave the number to the word: Arabic has a dual
            assert there <= wanted if message.pluralizable else there == wanted, (source, text)
            assert tags(source) == tags(text), (source, text)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s|\{\w+\}|%%", text))


def tags(text: str) -> list[str]:
    return sorted(re.findall(r"</?[a-z]+", text))


def test_words_are_looked_up_when_they_are_said() -> None:
    label = lazy("Draft")
    assert str(label) == "Draft"
    with using("fr"):
        assert str(label) == said("Draft") == gettext("Draft") != "Draft"
    assert str(label) == "Draft"


def test_what_no_catalogue_knows_stays_as_it_is() -> None:
    with using("ar"):
        assert said("Interpretability of Neural Frobnicators") == (
            "Interpretability of Neural Frobnicators"
        )
        assert said("") == ""
        assert said(None) is None
        assert said(12) == 12


def test_arabic_counts_in_six_ways() -> None:
    with using("ar"):
        ways = {
            ngettext("%(num)s proposal", "%(num)s proposals", n).replace(str(n), "#")
            for n in (1, 2, 5, 11, 100)
        }
    assert len(ways) >= 4


def test_two_of_a_thing_in_arabic_fit_after_a_preposition() -> None:
    """Counted nouns stand mostly within sentences: من مقترحين, never من مقترحان."""
    bare = re.compile(r"%\(num\)s (?!accepted|late$)[a-z-]+")
    duals = {
        message.id[0]: message.string[2]
        for message in messages.catalogue_of("ar")
        if message.pluralizable and bare.fullmatch(message.id[0])
    }
    assert duals["%(num)s proposal"] == "مقترحين"
    assert len(duals) > 40
    assert not [two for two in duals.values() if re.search(r"[اآ]ن( |$)", two)]


def test_no_sentence_is_in_the_wrong_language() -> None:
    """Arabic words have Arabic letters, unless they are the same in every language."""
    letters = re.compile("[\N{ARABIC LETTER HAMZA}-\N{ARABIC LETTER YEH}]")
    wrong = [
        message.id
        for message in messages.catalogue_of("ar")
        if message.id and not message.pluralizable and message.string != message.id
        if re.search("[a-zß-ÿ]{2,}", re.sub(r"%\(\w+\)s|<[^>]*>", "", message.string))
        and not letters.search(message.string)
    ]
    assert not wrong
