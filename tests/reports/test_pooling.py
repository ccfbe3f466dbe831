"""The study of pooling in words: who gains, which groups would leave, what promises cost."""

from __future__ import annotations

import json
import re
from typing import Any

from funding.language import using
from funding.reports.pooling import view

NAMES = {"amber": "Amber Fund", "birch": "Birch Fund", "cedar": "Cedar Fund"}
FREE = {"is_held": False, "price": 0.0, "at_least": 0.0, "at_most": 0.0, "is_impossible": False}


def a_document(**parts: Any) -> dict[str, Any]:
    funders = {
        "amber": {"value": 150_00.0, "alone": 50_00.0, "leave": 100_00.0, "is_proven": True},
        "birch": {"value": 110_00.0, "alone": 40_00.0, "leave": 100_00.0, "is_proven": True},
    }
    groups = {
        "how": "all",
        "possible": 2,
        "looked": 2,
        "ruled_out": 1,
        "larger": 0,
        "undecided": 0,
        "blocking": [],
        "is_complete": True,
    }
    return {
        "funders": {**funders, **parts.get("funders", {})},
        "guarantees": {"amber": FREE, "birch": FREE, **parts.get("guarantees", {})},
        "groups": {**groups, **parts.get("groups", {})},
    }


def seen(**parts: Any) -> Any:
    return view(a_document(**parts), NAMES, "EUR", 1000_00.0)


def test_the_finding_says_how_much_every_funder_gains() -> None:
    found = seen()
    assert (
        found.finding == "Every funder gets more done in the pool than by leaving it, by 10% to 50%"
    )
    assert [row.name for row in found.rows] == ["Amber Fund", "Birch Fund"]
    bars = json.loads(found.figure)["data"][0]
    assert bars["x"] == [50.0, 10.000000000000009]


def test_the_finding_counts_those_that_do_not_gain() -> None:
    worse = {"value": 90_00.0, "alone": 0.0, "leave": 100_00.0, "is_proven": True}
    finding = seen(funders={"birch": worse}).finding
    assert finding == "1 of 2 funders gets no more done in the pool than by leaving it"


def test_a_promise_that_costs_nothing_something_too_little_or_the_impossible() -> None:
    costs = {**FREE, "price": 20_00.0, "at_least": 15_00.0, "at_most": 25_00.0}
    assert seen(guarantees={"amber": FREE}).rows[0].promise == (
        "nothing: the plan gives it as much already"
    )
    assert seen(guarantees={"amber": costs}).rows[0].promise == (
        "EUR\xa020 of the plan's value (2.0%)"
    )
    held = {**costs, "is_held": True}
    assert seen(guarantees={"amber": held}).rows[0].promise.startswith("held already; it costs EUR")
    slight = {**costs, "at_least": 0.0}
    assert seen(guarantees={"amber": slight}).rows[0].promise == (
        "too little to tell (at most EUR\xa025)"
    )
    never = {**FREE, "price": None, "at_least": None, "at_most": None, "is_impossible": True}
    assert seen(guarantees={"amber": never}).rows[0].promise == "no plan can keep it"
    unknown = {**never, "is_impossible": False}
    assert "not known" in seen(guarantees={"amber": unknown}).rows[0].promise
    assert "this rule" in seen(guarantees={"amber": None}).rows[0].promise


def test_a_group_that_would_leave_is_named_with_what_each_gains() -> None:
    both = {"funders": ["amber", "birch"], "gains": {"amber": 15_00.0, "birch": 55_00.0}}
    one = {"funders": ["birch"], "gains": {"birch": 11_00.0}}
    assert seen(groups={"blocking": [both, one]}).groups == (
        "Birch Fund would get 10.0% more done by leaving.",
        "Amber Fund and Birch Fund would each get more done by leaving together: "
        "Amber Fund 10.0% and Birch Fund 50.0% more.",
    )


def test_it_is_said_how_groups_were_looked_for_and_what_is_no_proof() -> None:
    assert seen().how == (
        "There are 2 groups of some but not all of the 2 funders; all were looked at. For 1 of "
        "them all the money of the round could not get more done for every member than the plan "
        "does."
    )
    sampled = seen(groups={"how": "sample", "possible": 500, "looked": 400, "is_complete": False})
    assert "400 groups were looked at" in sampled.how
    assert "no proof" in sampled.how
    assert "Time was up before 100 groups could be settled." in sampled.how
    assert not sampled.is_complete


def test_of_very_many_groups_the_smallest_are_named() -> None:
    many = [{"funders": ["birch"], "gains": {"birch": 11_00.0}}] * 23
    found = seen(groups={"blocking": many})
    assert (len(found.groups), found.hidden) == (20, 3)


def test_it_is_said_in_the_readers_language() -> None:
    one = {"funders": ["birch"], "gains": {"birch": 11_00.0}}
    costs = {**FREE, "price": 20_00.0, "at_least": 15_00.0, "at_most": 25_00.0}
    with using("fr"):
        found = seen(groups={"blocking": [one]}, guarantees={"amber": costs})
    plainly = [re.sub(r"\s", " ", words) for words in (*found.groups, found.how)]
    assert plainly[0] == "Birch Fund accomplirait 10,0 % de plus en partant."
    assert "all" not in plainly[1].split()
    promises = {row.name: re.sub(r"\s", " ", row.promise) for row in found.rows}
    assert promises == {
        "Amber Fund": "20 EUR de la valeur du plan (2,0 %)",
        "Birch Fund": "rien : le plan lui en donne déjà autant",
    }
