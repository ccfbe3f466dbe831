"""Names among words that run the other way: kept apart, so that numbers stay in their order."""

from __future__ import annotations

import re
import unicodedata

import pytest
from babel.messages.pofile import read_po
from flask import Flask, render_template_string
from markupsafe import Markup

from funding.formatting import format_amount, listed, one_after_another
from funding.language import LANGUAGES, gettext, in_english, isolated, using
from funding.paths import TRANSLATIONS

APART, END = "\u2068", "\u2069"
FROM_LEFT, FROM_RIGHT = "\u200e", "\u200f"
CHANGED = "%(name)s, %(day)s"
"""A sentence that no catalogue has is filled in all the same."""


@pytest.mark.parametrize(
    ("language", "name", "is_kept_apart"),
    [
        ("ar", "Amara Osei", True),
        ("ar", "أمارا", False),
        ("ar", "28", False),
        ("en", "Amara Osei", False),
        ("en", "أمارا", True),
        ("fr", "Žofie Nováková", False),
        ("es", "תמר", True),
    ],
)
def test_a_name_is_kept_apart_where_it_runs_the_other_way(
    language: str, name: str, is_kept_apart: bool
) -> None:
    with using(language):
        written = gettext(CHANGED, name=name, day="5")
    assert written == (f"{APART}{name}{END}, 5" if is_kept_apart else f"{name}, 5")


def test_what_is_kept_apart_already_is_not_kept_apart_again() -> None:
    with using("ar"):
        amount = format_amount(123_400, "EUR")
        assert gettext(CHANGED, name=amount, day="5") == f"{amount}, 5"
        once = isolated("Amara Osei")
        assert isolated(f"{once}، 5") == f"{once}، 5"
        assert isolated(f"{once}، EUR") == f"{APART}{once}، EUR{END}"


def test_each_of_a_list_is_kept_apart() -> None:
    with using("ar"):
        assert listed(["A", "B"]) == f"{APART}A{END} و{APART}B{END}"
        assert one_after_another(["A", "B"]) == f"{APART}A{END}{FROM_RIGHT}، {APART}B{END}"


def test_a_record_has_no_such_marks() -> None:
    with using("ar"):
        assert in_english(gettext(CHANGED, name="Amara Osei", day="5")) == "Amara Osei, 5"


def test_templates_keep_names_apart_and_leave_addresses_alone(site: Flask) -> None:
    page = """{{ _("%(name)s, %(day)s", name=name, day="5") }}|{{ _("%(name)s", name=linked) }}|
        {%- trans url="/areas/3", name=name %}<a href="{{ url }}">{{ name }}</a>{% endtrans %}"""
    with site.test_request_context("/"), using("ar"):
        written = render_template_string(page, name="A<b>", linked=Markup("<i>A</i>"))
    assert written.split("|") == [
        f"{APART}A&lt;b&gt;{END}, 5",
        f"{APART}<i>A</i>{END}",
        f'<a href="/areas/3">{APART}A&lt;b&gt;{END}</a>',
    ]


@pytest.mark.parametrize("tag", [tag for tag in LANGUAGES if tag != "en"])
def test_every_part_that_is_an_address_is_named_so(tag: str) -> None:
    catalogue = (TRANSLATIONS / tag / "LC_MESSAGES" / "messages.po").read_text("utf-8")
    text = catalogue.replace('"\n"', "").replace('\\"', '"')
    parts = set(re.findall(r'="[^"]*%\((\w+)\)s', text))
    assert parts
    assert all(part.endswith("url") for part in parts), parts


def arabic_sentences() -> list[str]:
    path = TRANSLATIONS / "ar" / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale="ar")
    return [
        text
        for message in catalogue
        if message.id
        for text in (message.string if message.pluralizable else [message.string])
    ]


def test_an_arabic_sentence_that_begins_with_a_latin_word_says_that_it_runs_from_the_right() -> (
    None
):
    """Where a part of a page takes its direction from its first letter, that would be wrong."""
    for text in arabic_sentences():
        bare = re.sub(r"%\(\w+\)[sd]|<[^>]*>|\{\w+\}", "", text)
        directions = [unicodedata.bidirectional(sign) for sign in bare]
        strong = [d for d in directions if d in ("L", "R", "AL")]
        assert "AL" not in strong or strong[0] != "L", text


def test_a_percent_sign_that_is_part_of_an_arabic_sentence_has_the_side_of_all_others() -> None:
    for text in arabic_sentences():
        for before in re.findall(r"(.?)(?<![\d.,])(?:\d[\d.,]*|%\(\w+\)s)%%", text):
            assert before == FROM_LEFT, text
