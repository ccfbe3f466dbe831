"""PDFs of pages: the same bytes for the same page, nothing from outside, pictures in them."""

from __future__ import annotations

import re
import zlib

import pytest

from funding.exports.pdf import NoPdf, page_style, pdf_of
from funding.exports.pictures import picture

PICTURE = picture({"data": [{"type": "bar", "x": ["a"], "y": [1]}], "layout": {}}, title="One bar")


def page(body: str) -> str:
    return f'<!doctype html><html lang="en"><head><title>Money</title></head><body>{body}</body>'


@pytest.fixture(autouse=True)
def with_pango() -> None:
    try:
        pdf_of(page("<p>x</p>"), "")
    except NoPdf as reason:
        pytest.skip(str(reason))


def test_the_same_page_gives_the_same_bytes() -> None:
    html = page('<h1>Money</h1><img src="picture:one.svg" alt="One bar">')
    made = pdf_of(html, page_style(), {"one.svg": PICTURE})
    assert made.startswith(b"%PDF-")
    assert made == pdf_of(html, page_style(), {"one.svg": PICTURE})
    assert made != pdf_of(html.replace("Money", "Sums"), page_style(), {"one.svg": PICTURE})
    assert b"CreationDate" not in made


def test_a_picture_is_drawn_into_the_page() -> None:
    without = pdf_of(page("<p>x</p>"), page_style())
    drawn = pdf_of(page('<img src="picture:one.svg" alt="">'), page_style(), {"one.svg": PICTURE})
    assert drawing(drawn) > 3 * drawing(without)


def drawing(pdf: bytes) -> int:
    """How many bytes of drawing a document holds."""
    parts = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    sizes = []
    for part in parts:
        try:
            sizes.append(len(zlib.decompress(part)))
        except zlib.error:
            sizes.append(len(part))
    return sum(sizes)


@pytest.mark.parametrize(
    "outside",
    [
        '<img src="https://outside.example/a.png" alt="">',
        '<img src="file:///etc/passwd" alt="">',
        '<img src="picture:another.svg" alt="">',
        '<link rel="stylesheet" href="https://outside.example/a.css">',
    ],
)
def test_a_page_that_refers_to_something_outside_is_refused(outside: str) -> None:
    with pytest.raises(ValueError, match="holds all it shows"):
        pdf_of(page(outside), page_style(), {"one.svg": PICTURE})


def test_the_look_names_only_colours_that_are_there() -> None:
    assert "var(" not in page_style()
