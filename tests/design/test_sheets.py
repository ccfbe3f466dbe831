"""Stylesheets, scripts and templates keep to the security policy and to each other."""

from __future__ import annotations

import re
from pathlib import Path

import plotly
import pytest

import funding
from funding.paths import STATIC, TEMPLATES

SHEETS = sorted((STATIC / "css").glob("*.css"))
OWN_SHEETS = [sheet for sheet in SHEETS if sheet.name != "plotly.css"]
PAGES = sorted(TEMPLATES.rglob("*.html"))


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("sheet", OWN_SHEETS, ids=lambda path: path.name)
def test_every_token_used_is_defined(sheet: Path) -> None:
    defined = set(re.findall(r"^\s*(--[a-z0-9-]+):", read(STATIC / "css" / "tokens.css"), re.M))
    assert set(re.findall(r"var\((--[a-z0-9-]+)", read(sheet))) <= defined


@pytest.mark.parametrize("sheet", OWN_SHEETS, ids=lambda path: path.name)
def test_a_sheet_loads_nothing_from_elsewhere(sheet: Path) -> None:
    assert not re.search(
        r"@import|url\(|https?://(?!www\.w3\.org)", read(sheet).replace('"http"', "")
    )


@pytest.mark.parametrize(
    "sheet",
    # tokens.css is where the colours are; paper is white whatever the screen's colours
    [sheet for sheet in OWN_SHEETS if sheet.name not in ("tokens.css", "print.css")],
    ids=lambda path: path.name,
)
def test_screen_colours_come_from_the_tokens(sheet: Path) -> None:
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?=[^{]*;)", read(sheet))


def test_every_sheet_is_linked_by_the_frame_or_by_a_page() -> None:
    frame = read(TEMPLATES / "base.html")
    pages = "".join(read(path) for path in TEMPLATES.rglob("*.html"))
    assert [s.stem for s in SHEETS if s.stem not in frame and f"css/{s.name}" not in pages] == []


PLOTLYS = {"hoverlayer", "nsewdrag", "sankey-node", "sankey-link", "node-label"}
"""Classes that Plotly gives to parts of its charts."""


def test_every_class_that_a_sheet_styles_is_given_to_something() -> None:
    users = [*PAGES, *(STATIC / "js").glob("*.js"), *Path(funding.__file__).parent.rglob("*.py")]
    text = "\n".join(read(path) for path in users)
    styled = {
        name
        for sheet in OWN_SHEETS
        for selector in re.findall(r"([^{}]+)\{", re.sub(r"/\*.*?\*/", "", read(sheet), flags=re.S))
        for name in re.findall(r"\.([a-zA-Z][\w-]*)", selector)
    }
    assert len(styled) > 100
    assert sorted(name for name in styled - PLOTLYS if not _is_given(name, text)) == []


def _is_given(name: str, text: str) -> bool:
    """Written out, or begun and then made of a value: `button-{{ kind }}`."""
    parts = name.split("-")
    begun = ("-".join(parts[:count]) for count in range(1, len(parts)))
    ends = r"""-(?:\{\{|\{%|["']|\$\{)"""
    return bool(
        re.search(rf"(?<![\w-]){name}(?![\w-])", text)
        or any(re.search(rf"(?<![\w-]){start}{ends}", text) for start in begun)
    )


def test_plotlys_rules_are_those_of_the_installed_version() -> None:
    first_line = read(STATIC / "css" / "plotly.css").splitlines()[0]
    assert f"plotly {plotly.__version__}," in first_line, "run python -m tools.plotly_css"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_template_holds_no_inline_style_script_or_handler(page: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", read(page), flags=re.S)
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"<style", text)
    assert "|safe" not in text.replace(" ", "")


def test_htmx_is_the_pinned_version_with_its_licence() -> None:
    folder = STATIC / "vendor" / "htmx"
    assert 'version:"2.0.11"' in read(folder / "htmx.min.js")
    assert "Zero-Clause BSD" in read(folder / "LICENSE")
