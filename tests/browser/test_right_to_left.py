"""Pages in Arabic as a browser lays them out: names, amounts and signs stay in reading order."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from funding.formatting import format_amount, format_percent, with_plus
from funding.language import gettext, using
from tests.browser.conftest import PHONE, OpenPage

pytestmark = pytest.mark.browser

OFFICER = "amara.osei@northlight.example"
WHERE = "/rounds/1/dashboard?language="

MIDDLE_OF = """(part) => {
  const text = document.querySelector("p").firstChild;
  const range = document.createRange();
  range.setStart(text, text.data.indexOf(part));
  range.setEnd(text, text.data.indexOf(part) + part.length);
  const at = range.getBoundingClientRect();
  return (at.left + at.right) / 2;
}"""


@pytest.fixture
def paper(browser: Browser) -> Page:
    """A page on which to lay out a sentence."""
    page = browser.new_page()
    yield page
    page.close()


def from_the_right(page: Page, sentence: str, *parts: str) -> list[str]:
    """The parts as a reader of a sentence from right to left meets them."""
    page.set_content(f'<p dir="rtl">{sentence}</p>')
    return sorted(parts, key=lambda part: -page.evaluate(MIDDLE_OF, part))


@pytest.mark.parametrize("name", ["Amara Osei", "أمارا أوسي"])
def test_a_name_stands_before_what_is_said_after_it(paper: Page, name: str) -> None:
    with using("ar"):
        sentence = gettext("%(first)s, %(then)s", first=name, then=28)
    assert from_the_right(paper, sentence, "28", name) == [name, "28"]


def test_an_amount_reads_number_first_whatever_stands_beside_it(paper: Page) -> None:
    with using("ar"):
        amounts = (format_amount(100 * size, "EUR") for size in (12, 345))
        sentence = gettext("%(first)s, %(then)s", first=next(amounts), then=next(amounts))
        change = with_plus(format_amount(67_00, "EUR"), 1)
        fall = format_amount(-67_00, "EUR")
    assert from_the_right(paper, sentence, "345", "12") == ["12", "345"]
    for amount in (change, fall):
        for before in ("", "USD ", "من "):
            assert from_the_right(paper, before + amount, "EUR", "67") == ["67", "EUR"]
    assert from_the_right(paper, change, "+", "67") == ["67", "+"]  # the sign before its digits


def test_a_percent_sign_has_one_side(paper: Page) -> None:
    with using("ar"):
        shares = [format_percent(share) for share in (0.42, -0.42, 0.0001)]
    for share in shares:
        digits = "42" if "42" in share else "1"
        for before in ("", "USD ", "من "):
            assert from_the_right(paper, before + share, digits, "%") == ["%", digits]


def test_a_sentence_that_begins_with_a_share_or_a_name_runs_as_its_words_do(paper: Page) -> None:
    """Also where a part of the page takes its direction from its own first letter."""
    for begins in ("Amara Osei", format_percent(0.42), format_percent(-0.42)):
        with using("ar"):
            sentence = gettext("%(first)s, %(then)s", first=begins, then="من الدرجة")
        paper.set_content(f'<p dir="rtl" style="unicode-bidi: plaintext">{sentence}</p>')
        middles = [paper.evaluate(MIDDLE_OF, part) for part in (begins[:2], "الدرجة")]
        assert middles[0] > middles[1], begins


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ar"])
def test_on_a_phone_the_tabs_begin_where_this_page_is(open_page: OpenPage, language: str) -> None:
    page = open_page(OFFICER, viewport=PHONE)
    page.goto(WHERE + language)
    expect(page.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=1)


@pytest.mark.slow
def test_bars_that_lie_begin_where_lines_begin(open_page: OpenPage) -> None:
    page = open_page(OFFICER)
    sides = {}
    for language in ("en", "ar"):
        page.goto(WHERE + language)
        chart = page.locator(".chart[data-drawn]").first
        expect(chart).to_be_visible()
        name, bar = chart.locator(".ytick text").first, chart.locator(".bars path").first
        sides[language] = name.bounding_box()["x"] > bar.bounding_box()["x"]
    assert sides == {"en": False, "ar": True}
