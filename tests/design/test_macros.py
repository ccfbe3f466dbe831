"""What the macros write: right words, right links, nothing a typed text could break."""

from __future__ import annotations

from collections import Counter

import pytest
from bs4 import BeautifulSoup
from flask import Flask, render_template, render_template_string

from funding.listing import Listing
from tests.design.gallery import create_app

NASTY = "<b>\"Tom\" & 'Ann'</b>"


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app()


def write(app: Flask, source: str, **values: object) -> BeautifulSoup:
    imports = "".join(
        f'{{% import "macros/{name}.html" as {name} %}}'
        for name in ("money", "forms", "tables", "ui", "charts")
    )
    with app.test_request_context():
        return BeautifulSoup(render_template_string(imports + source, **values), "html.parser")


@pytest.fixture(scope="module")
def gallery(app: Flask) -> BeautifulSoup:
    return BeautifulSoup(app.test_client().get("/").get_data(as_text=True), "html.parser")


def test_no_id_is_used_twice(gallery: BeautifulSoup) -> None:
    counted = Counter(element["id"] for element in gallery.find_all(id=True))
    assert [name for name, times in counted.items() if times > 1] == []


def test_every_label_and_description_points_at_something(gallery: BeautifulSoup) -> None:
    ids = {element["id"] for element in gallery.find_all(id=True)}
    pointed = [label["for"] for label in gallery.find_all("label", attrs={"for": True})]
    for element in gallery.find_all(attrs={"aria-describedby": True}):
        pointed += element["aria-describedby"].split()
    assert pointed
    assert set(pointed) <= ids


def test_each_line_of_an_error_summary_leads_to_its_field(gallery: BeautifulSoup) -> None:
    links = gallery.select(".error-summary a")
    assert links
    for link in links:
        assert gallery.find(id=link["href"].removeprefix("#"))


def test_typed_text_comes_back_as_typed_and_is_never_markup(app: Flask) -> None:
    form = {"values": {"title": NASTY, "ask": "1 234,50"}, "errors": {"title": NASTY}}
    page = write(
        app,
        "{{ forms.field('title', 'Title', form) }}"
        "{{ forms.textarea('title', 'T', form, limit=99) }}"
        "{{ forms.money('ask', 'Ask', ['EUR'], form) }}",
        form=form,
    )
    assert page.find("input", id="f-title")["value"] == NASTY
    assert page.find("textarea").get_text().strip() == NASTY
    assert page.find("input", id="f-ask")["value"] == "1 234,50"
    assert page.find(class_="field-error").get_text() == NASTY
    assert page.find("b") is None


def test_characters_are_counted_as_typed_not_as_escaped(app: Flask) -> None:
    page = write(app, "{{ forms.textarea('a', 'A', value='a & b', limit=10) }}")
    assert page.find(class_="counter").get_text() == "5 of 10 characters"


def test_a_password_is_never_written_back(app: Flask) -> None:
    page = write(app, "{{ forms.field('p', 'Password', kind='password', value='secret') }}")
    assert "secret" not in str(page)


def test_choices_made_before_are_still_made(app: Flask) -> None:
    form = {"values": {"regions": ["sa"], "tier": "high", "area": 7, "agreed": True}, "errors": {}}
    page = write(
        app,
        "{{ forms.checkbox_group('regions', 'R', [('ssa', 'A'), ('sa', 'B')], form) }}"
        "{{ forms.radio_group('tier', 'T', ['low', 'high'], form) }}"
        "{{ forms.select('area', 'A', [(6, 'Six'), (7, 'Seven')], form) }}"
        "{{ forms.checkbox('agreed', 'I agree', form) }}",
        form=form,
    )
    chosen = {box["value"] for box in page.find_all("input", checked=True)}
    assert chosen == {"sa", "high", "1"}
    assert page.find("option", selected=True).get_text() == "Seven"


def test_what_was_not_chosen_is_not(app: Flask) -> None:
    form = {"values": {"agreed": False}, "errors": {}}
    page = write(
        app,
        "{{ forms.checkbox('agreed', 'I agree', form) }}{{ forms.checkbox('other', 'Other') }}"
        "{{ forms.select('area', 'A', ['x', 'y'], blank='Choose') }}",
        form=form,
    )
    assert page.find_all("input", checked=True) == []
    assert page.find_all("option", selected=True) == []


def test_an_amount_that_is_not_known_is_a_dash_that_is_read_out(app: Flask) -> None:
    page = write(app, "{{ money.render_amount(none, 'EUR') }}{{ money.render_amount(0, 'EUR') }}")
    first, second = page.find_all("span", recursive=False)
    assert first.find(class_="visually-hidden").get_text() == "none"
    assert second.get_text() == "EUR 0"


def test_a_short_amount_gives_the_whole_one_on_hover_and_out_loud(app: Flask) -> None:
    page = write(app, "{{ money.short_amount(123456789, 'EUR') }}")
    amount = page.find(class_="money")
    assert amount["title"].replace("\xa0", " ") == "EUR 1,234,567.89"
    assert amount.find(class_="visually-hidden").get_text().replace("\xa0", " ") == amount[
        "title"
    ].replace("\xa0", " ")


@pytest.mark.parametrize("state", ["not_funded", "not funded", "Not-Funded"])
def test_a_state_is_understood_however_it_is_spelt(app: Flask, state: str) -> None:
    page = write(app, "{{ ui.status('proposal', state) }}", state=state)
    badge = page.find(class_="badge")
    assert (badge.get_text(), "badge-bad" in badge["class"]) == ("Not funded", True)


def test_a_state_nobody_described_still_shows_its_name(app: Flask) -> None:
    assert write(app, "{{ ui.status('line', 'on_hold') }}").get_text() == "On hold"


def test_the_sorted_column_says_so_and_its_link_turns_it_round(app: Flask) -> None:
    listing = Listing("/p", args={"q": "x & y"}, sort="-ask", total=9)
    page = write(
        app, "{{ tables.sort_header('Ask', 'ask', listing, numeric=true) }}", listing=listing
    )
    assert page.find("th")["aria-sort"] == "descending"
    assert page.find("a")["href"] == "/p?q=x+%26+y&sort=ask"


def test_a_pager_names_the_rows_and_the_page(app: Flask) -> None:
    listing = Listing("/p", page=3, per_page=50, total=1234)
    page = write(app, "{{ tables.pager(listing, 'proposal') }}", listing=listing)
    assert "101 to 150 of 1,234 proposals" in page.get_text()
    assert page.find(attrs={"aria-current": "page"}).get_text() == "Page 3"
    assert page.find("a", rel="next")["href"] == "/p?page=4"


def test_a_bar_never_leaves_its_box(app: Flask) -> None:
    page = write(app, "{{ ui.bar(1.7, 'over') }}{{ ui.bar(-1, 'under') }}")
    assert [float(rect["width"]) for rect in page.find_all("rect")] == [100, 0]


def test_a_chart_says_its_finding_and_carries_its_table(app: Flask) -> None:
    page = write(
        app,
        "{{ charts.figure('c', finding, figure_url='/f.json', headers=['Area', {'label': 'EUR', "
        "'numeric': true}], rows=[[{'text': finding, 'url': '/a'}, none]], csv_url='/c.csv') }}",
        finding=NASTY,
    )
    chart = page.find(class_="chart")
    assert (chart["role"], chart["aria-label"]) == ("img", NASTY)
    assert page.find("tbody").find("a").get_text() == NASTY
    assert page.find("tbody").find("td").get_text() == "–"
    assert page.find("a", href="/c.csv")


@pytest.mark.parametrize("status", [400, 403, 404, 409, 412, 413, 422, 429, 500, 503])
def test_every_refusal_has_a_page_that_names_the_reason(app: Flask, status: int) -> None:
    page = BeautifulSoup(app.test_client().get(f"/errors/{status}").get_data(True), "html.parser")
    assert page.find("h1").get_text()
    assert f"Error {status}" in page.get_text()
    assert "The round closed on 3 May 2027." in page.get_text()


def test_the_frame_stands_when_the_page_knows_nothing(app: Flask) -> None:
    with app.test_request_context():
        text = render_template("errors/500.html")
    assert "Something went wrong on our side" in text
