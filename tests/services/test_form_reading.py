"""Reading the application form: what can be stored, what cannot, and two edits of one form."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funding.formatting import format_amount_number
from funding.forms import share_text
from funding.services.form_fields import (
    MOST_AREAS,
    marks_of,
    merge,
    rows_of,
    rows_shown,
    take_part,
    typed_fields,
)
from funding.services.form_reading import Entries, FormReader, Scope

SCOPE = Scope(
    currency="USD",
    areas={f"area-{number}" for number in range(10)},
    questions=(),
    institutions={7},
)


def read(**fields: str) -> tuple[Entries, dict[str, str]]:
    reader = FormReader(fields, SCOPE)
    return reader.read(), {fault.field: fault.rule for fault in reader.faults}


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("ask", "NaN"),
        ("ask", "1e309"),
        ("ask", "-1"),
        ("ask", "1.005"),
        ("ask", str(2**63)),
        ("ask", "12.000,50"),
        ("minimum", "five"),
        ("starts_on", "2027-02-30"),
        ("starts_on", "01.03.2027"),
        ("ends_on", "0027-03-01"),
        ("institution", "8"),
        ("institution", "seven"),
        ("institution", "9" * 5_000),
        ("country", "XX"),
        ("region", "atlantis"),
        ("risk_tier", "none"),
        ("risk_people", "maybe"),
        ("ror", "https://ror.org/0abcdef13"),
        ("title", "t" * 201),
        ("abstract", "a" * 3_001),
        ("member_1_orcid", "0009-9999-9900-0019"),
        ("member_1_email", "nobody"),
        ("amount_1", "1,00"),
        ("share_1", "0"),
        ("share_1", "100.1"),
        ("share_1", "many"),
        ("area_1", "phrenology"),
    ],
)
def test_what_cannot_be_stored_is_named_by_its_field(field: str, text: str) -> None:
    others = {"area_1": "area-1", "share_1": "100"} if field in ("area_1", "share_1") else {}
    _, faults = read(**{**others, field: text})
    assert set(faults) == {field}


def test_every_fault_is_named_at_once() -> None:
    _, faults = read(ask="lots", starts_on="soon", share_1="half", line_1="x" * 300)
    assert set(faults) == {"ask", "starts_on", "share_1", "area_1", "line_1"}


def test_an_empty_form_can_be_stored() -> None:
    entries, faults = read()
    assert (entries.ask, entries.areas, entries.budget, faults) == (0, {}, [], {})


def test_the_least_amount_cannot_exceed_the_ask_nor_the_end_come_before_the_start() -> None:
    _, faults = read(ask="100", minimum="100.01", starts_on="2027-03-02", ends_on="2027-03-01")
    assert set(faults) == {"minimum", "ends_on"}


def test_an_area_twice_is_refused() -> None:
    _, faults = read(area_1="area-1", share_1="50", area_2="area-1", share_2="50")
    assert set(faults) == {"area_2"}


def test_rows_left_out_between_others_make_no_gap() -> None:
    entries, faults = read(line_1="Staff", amount_1="10", line_4="Travel", amount_4="5")
    assert entries.budget == [("Staff", 1000), ("Travel", 500)]
    assert not faults


@given(st.lists(st.integers(1, 9_999), min_size=1, max_size=MOST_AREAS - 1))
def test_shares_typed_with_decimals_add_up_exactly_when_their_text_does(cuts: list[int]) -> None:
    edges = sorted({0, 10_000, *cuts})
    shares = [Decimal(b - a) / 100 for a, b in pairwise(edges)][:MOST_AREAS]
    fields = {}
    for number, share in enumerate(shares, 1):
        fields |= {f"area_{number}": f"area-{number}", f"share_{number}": f"{share}"}
    entries, faults = read(**fields)
    assert not faults
    assert sum(Decimal(str(weight)) for weight in entries.areas.values()) == sum(shares) / 100
    assert [share_text(weight) for weight in entries.areas.values()] == [
        f"{share.normalize():f}" for share in shares
    ]


@given(st.integers(0, 10**15), st.sampled_from(["USD", "JPY", "BHD"]))
def test_an_amount_shown_in_the_form_is_read_back_to_the_last_unit(
    minor: int, currency: str
) -> None:
    scope = Scope(currency, set(), (), set())
    reader = FormReader({"ask": format_amount_number(minor, currency)}, scope)
    assert (reader.read().ask, reader.faults) == (minor, [])


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=40), max_size=20))
def test_any_text_is_read_or_named_and_never_breaks_the_reader(form: dict[str, str]) -> None:
    names = ("ask", "share_1", "starts_on", "member_1_orcid", "ror", "institution", "risk_people")
    texts = list(form.values())
    fields = typed_fields({**form, **dict(zip(names, texts, strict=False))})
    reader = FormReader(fields, SCOPE)
    reader.read()
    assert all(fault.rule for fault in reader.faults)


def test_fields_the_form_does_not_have_are_left_behind() -> None:
    sent = {"title": "A", "csrf_token": "x", "state": "funded", "lead_id": "1", "area_100": "x"}
    assert typed_fields(sent) == {"title": "A"}


def test_the_form_always_shows_a_row_to_go_on_with() -> None:
    fields = {f"line_{number}": "x" for number in range(1, 8)}
    assert rows_shown(fields, "budget") == 9
    assert [number for number, _ in rows_of(fields, "budget")] == list(range(1, 8))


# -- two edits ----------------------------------------------------------------------------------

OPENED = {"title": "Old", "abstract": "Old text", "line_1": "Staff", "amount_1": "10"}


def test_edits_of_different_parts_are_brought_together() -> None:
    mine = {**OPENED, "title": "Mine"}
    theirs = {**OPENED, "amount_1": "20"}
    merged = merge(mine, theirs, marks_of(OPENED))
    assert merged.fields == {**OPENED, "title": "Mine", "amount_1": "20"}
    assert merged.clashes == ()
    assert merged.taken == ("budget",)


def test_the_same_part_changed_twice_is_a_clash_that_shows_both() -> None:
    mine, theirs = {**OPENED, "title": "Mine"}, {**OPENED, "title": "Theirs"}
    merged = merge(mine, theirs, marks_of(OPENED))
    assert [(c.group, c.mine, c.theirs) for c in merged.clashes] == [("title", "Mine", "Theirs")]
    assert merged.fields["title"] == "Mine"


def test_the_same_change_made_twice_is_no_clash() -> None:
    both = {**OPENED, "title": "Same"}
    assert merge(both, dict(both), marks_of(OPENED)).clashes == ()


@pytest.mark.parametrize("marks", ["", "nonsense", "[1]", "null"])
def test_without_usable_marks_every_difference_is_a_clash(marks: str) -> None:
    merged = merge({**OPENED, "title": "Mine"}, {**OPENED, "abstract": "Theirs"}, marks)
    assert {clash.group for clash in merged.clashes} == {"title", "abstract"}


def test_taking_a_part_takes_all_its_rows() -> None:
    mine = {"line_1": "A", "line_2": "B", "title": "Mine"}
    assert take_part(mine, {"line_1": "C"}, "budget") == {"title": "Mine", "line_1": "C"}
