"""A page of a list: links never break, and its numbers agree with each other."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funding.listing import PAGE_SIZES, Listing


def parse(**query: str) -> Listing:
    return Listing.parse(
        "/proposals", query, sortable=("title", "ask"), filters=("q", "area"), default_sort="title"
    )


def test_an_empty_query_is_the_first_page_in_the_usual_order() -> None:
    listing = parse()
    assert (listing.page, listing.sort, listing.offset, listing.is_filtered) == (
        1,
        "title",
        0,
        False,
    )


@pytest.mark.parametrize("page", ["0", "-3", "x", "", "1e9", "²", "9" * 400])
def test_a_page_that_makes_no_sense_is_the_first(page: str) -> None:
    assert parse(page=page).page == 1


def test_a_page_past_the_end_is_the_last() -> None:
    assert parse(page="99").counting(120).page == 3


def test_a_column_that_cannot_be_sorted_by_is_ignored() -> None:
    assert parse(sort="password; drop table").sort == "title"
    assert parse(sort="-ask").sort == "-ask"


def test_only_known_filters_with_some_text_are_kept() -> None:
    assert parse(q="  deep ", area=" ", other="1").args == {"q": "deep"}


def test_sorting_by_a_new_column_starts_from_the_largest_figure_and_the_first_page() -> None:
    listing = parse(page="3", q="deep").counting(500)
    assert parse_qs(urlsplit(listing.sort_url("ask", largest_first=True)).query) == {
        "q": ["deep"],
        "sort": ["-ask"],
    }


def test_sorting_by_the_same_column_again_turns_it_round() -> None:
    assert "sort=-title" in parse(sort="title").sort_url("title")
    assert "sort=title" in parse(sort="-title").sort_url("title")


def test_order_is_said_only_of_the_column_sorted_by() -> None:
    listing = parse(sort="-ask")
    assert (listing.order_of("ask"), listing.order_of("title")) == ("descending", "")
    assert parse().order_of("title") == "ascending"


def test_filters_are_escaped_in_links() -> None:
    url = parse(q="a&b=c #1").page_url(2)
    assert parse_qs(urlsplit(url).query)["q"] == ["a&b=c #1"]


def test_an_empty_list_has_one_empty_page() -> None:
    listing = parse().counting(0)
    assert (listing.pages, listing.first, listing.last) == (1, 0, 0)


@given(
    total=st.integers(min_value=1, max_value=10**6),
    page=st.integers(min_value=1, max_value=10**5),
    per_page=st.sampled_from(PAGE_SIZES),
)
def test_every_page_shows_its_own_rows_and_offers_itself_and_both_ends(
    total: int, page: int, per_page: int
) -> None:
    listing = parse(page=str(page), per_page=str(per_page)).counting(total)
    assert 1 <= listing.first <= listing.last <= total
    assert listing.last - listing.first < per_page
    assert listing.first == listing.offset + 1
    offered = [number for number in listing.nearby_pages if number is not None]
    assert offered == sorted(set(offered))
    assert {1, listing.page, listing.pages} <= set(offered)
    assert len(listing.nearby_pages) <= 9


@given(
    page=st.integers(min_value=1, max_value=20), sort=st.sampled_from(["title", "-title", "-ask"])
)
def test_a_link_to_a_page_leads_to_that_page_in_the_same_order(page: int, sort: str) -> None:
    listing = parse(sort=sort, q="x").counting(1000)
    query = {k: v[0] for k, v in parse_qs(urlsplit(listing.page_url(page)).query).items()}
    again = parse(**query).counting(1000)
    assert (again.page, again.sort, again.args) == (page, sort, {"q": "x"})
