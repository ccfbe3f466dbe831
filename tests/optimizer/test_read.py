"""Reading: what keeps to the format is read as it stands, and every fault in a file is named."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from optimizer.problem import Funder, Lock, Policy, Problem, Proposal, Step
from optimizer.read import (
    BadInput,
    digest,
    faults_of,
    read_round,
    write_round,
)
from tests.optimizer.documents import REMOVED, ROUND, changed
from tests.optimizer.rounds import any_features, random_round, small_rounds

Document = dict[str, Any]


def faults(document: object) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read_round(document)  # type: ignore[arg-type]
    return caught.value.faults


# What keeps to the format


def test_every_key_is_read_as_it_stands() -> None:
    problem = read_round(ROUND)
    assert problem.currency == "EUR"
    assert problem.commitments[0].areas == ("a1",)
    assert problem.commitments[0].excludes == ("p2",)
    assert problem.commitments[1].regions == ("Africa",)
    assert problem.commitments[1].ticket == 50
    assert problem.funders == (Funder("f1", {"a1": 2.0}, "alone", 3.5),)
    assert problem.areas[0].steps == (Step(10, 0.5), Step(5, 0.5))
    assert (problem.areas[1].spent, problem.areas[1].floor, problem.areas[1].cap) == (7, 20, 900)
    assert problem.overlaps[0].proposals == ("p1", "p2")
    assert problem.locks[0] == Lock("p1", "c1", 40)
    assert problem.locks[2] == Lock("p2", funded=False)
    assert problem.policy == Policy(region_least={"Africa": 0.1}, round_to=10)


def test_absent_keys_take_the_defaults_of_the_format() -> None:
    problem = read_round(ROUND)
    assert problem.commitments[1].areas is None
    assert problem.commitments[0].least_share == 0.5
    assert problem.commitments[0].cap_share_of_ask == 1.0
    assert problem.proposals[0] == Proposal("p1", 400, 0.5, {"a1": 0.75, "a2": 0.25}, minimum=400)
    assert problem.proposals[1].minimum == 100
    assert problem.policy.overlap_weight == 1.0
    assert problem.policy.floor_penalty == 10


def test_a_round_with_nothing_but_a_currency_is_read() -> None:
    problem = read_round({"format": "tributary-round/1", "currency": "USD"})
    assert problem.commitments == ()
    assert problem.proposals == ()
    assert problem.policy == Policy()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("commitments.0.areas", []),
        ("commitments.0.areas", None),
        ("commitments.0.amount", 0),
        ("commitments.0.amount", 10**15),
        ("commitments.0.funder", "somebody not in funders"),
        ("commitments.0.cap_per_proposal", None),
        ("commitments.0.least_share", 0),
        ("commitments.0.least_share", 1),
        ("proposals.0.region", None),
        ("proposals.0.merit", 0),
        ("proposals.0.areas", {"a1": 0.333333, "a2": 0.666666}),
        ("proposals.0.areas", {"a1": 1.000001}),
        ("areas.0.steps.1.weight", 0),
        ("areas.0.cap", 0),
        ("overlaps.1", {"proposals": ["p2", "p1"], "degree": 0}),
        ("locks.0", {"proposal": "p1", "commitment": None, "amount": None, "funded": True}),
        ("policy.region_least", {"Nowhere": 1}),
        ("policy.max_cofunders", 0),
        ("funders.0.at_least", -1),
    ],
)
def test_what_the_format_allows_is_read(path: str, value: object) -> None:
    read_round(changed(ROUND, path, value))


def test_a_name_given_twice_in_a_list_counts_once() -> None:
    assert read_round(changed(ROUND, "commitments.0.areas", ["a2", "a1", "a2"])).commitments[
        0
    ].areas == ("a2", "a1")


# One fault each: where, what is there, what was expected


@pytest.mark.parametrize(
    ("path", "value", "where", "expected"),
    [
        ("format", "tributary-round/3", 'format: "tributary-round/3"', '"tributary-round/1"'),
        ("format", REMOVED, "format: missing", '"tributary-round/1"'),
        ("currency", REMOVED, "currency: missing", "ISO 4217"),
        ("currency", "usd", 'currency: "usd"', "ISO 4217"),
        ("currency", "XQQ", 'currency: "XQQ"', "ISO 4217"),
        ("currency", ["USD"], "currency: a list of 1", "ISO 4217"),
        (
            "proposals.0.ask",
            -5,
            "proposals[0].ask: -5",
            "a whole number of minor units, at least 1",
        ),
        ("proposals.0.ask", 0, "proposals[0].ask: 0", "at least 1"),
        ("proposals.0.ask", REMOVED, "proposals[0].ask: missing", "a whole number"),
        ("proposals.0.ask", 400.0, "proposals[0].ask: 400.0", "a whole number"),
        ("proposals.0.ask", 1.005, "proposals[0].ask: 1.005", "a whole number"),
        ("proposals.0.ask", "400", 'proposals[0].ask: "400"', "a whole number"),
        ("proposals.0.ask", True, "proposals[0].ask: true", "a whole number"),
        ("proposals.0.ask", None, "proposals[0].ask: null", "a whole number"),
        ("proposals.0.ask", 2**63, "proposals[0].ask: 9223372036854775808", "at most 10000000"),
        ("proposals.0.ask", 10**15 + 1, "proposals[0].ask: 1000000000000001", "at most 10000000"),
        ("proposals.0.ask", 10**4000, "proposals[0].ask: a whole number of more", "at most"),
        ("proposals.0.ask", math.nan, "proposals[0].ask: NaN", "a whole number"),
        ("proposals.1.minimum", 0, "proposals[1].minimum: 0", "at least 1"),
        ("proposals.1.minimum", 301, "proposals[1].minimum: 301", "at most the ask, 300"),
        ("proposals.1.minimum", None, "proposals[1].minimum: null", "a whole number"),
        ("proposals.0.merit", 1.01, "proposals[0].merit: 1.01", "from 0 to 1"),
        ("proposals.0.merit", -0.01, "proposals[0].merit: -0.01", "from 0 to 1"),
        ("proposals.0.merit", math.nan, "proposals[0].merit: NaN", "from 0 to 1"),
        ("proposals.0.merit", math.inf, "proposals[0].merit: Infinity", "from 0 to 1"),
        ("proposals.0.merit", -math.inf, "proposals[0].merit: -Infinity", "from 0 to 1"),
        ("proposals.0.merit", 10**400, "proposals[0].merit: a whole number of more", "0 to 1"),
        ("proposals.0.merit", False, "proposals[0].merit: false", "a number"),
        ("proposals.0.merit", REMOVED, "proposals[0].merit: missing", "a number"),
        ("proposals.0.areas", REMOVED, "proposals[0].areas: missing", "an object"),
        ("proposals.0.areas", ["a1"], "proposals[0].areas: a list of 1", "an object"),
        ("proposals.0.areas", {}, "proposals[0].areas: weights summing to 0", "1 within 1e-6"),
        (
            "proposals.0.areas",
            {"a1": 0.5, "a2": 0.499998},
            "proposals[0].areas: weights summing to 0.999998",
            "1 within 1e-6",
        ),
        ("proposals.0.areas", {"a1": 0.6, "a2": 0.6}, "proposals[0].areas: weights su", "a sum"),
        ("proposals.0.areas", {"a1": 1.2, "a2": -0.2}, "proposals[0].areas.a1: 1.2", "0 to 1"),
        ("proposals.0.areas", {"a1": "1"}, 'proposals[0].areas.a1: "1"', "a number"),
        ("proposals.0.areas", {"a9": 1}, 'proposals[0].areas: key "a9"', "an area in areas[]"),
        ("proposals.0.region", "", 'proposals[0].region: ""', "text that is not empty, or null"),
        ("proposals.0.region", 7, "proposals[0].region: 7", "text that is not empty, or null"),
        ("proposals.0.institution", ["x"], "proposals[0].institution: a list", "text"),
        ("proposals.0.risk_tier", {}, "proposals[0].risk_tier: an empty object", "text"),
        ("proposals.0.id", REMOVED, "proposals[0].id: missing", "text that is not empty"),
        ("proposals.0.title", "x", "proposals[0].title: unknown key", "one of id, ask"),
        ("proposals.2", 5, "proposals[2]: 5", "an object"),
        ("proposals", {"p1": {}}, "proposals: an object", "a list"),
        ("commitments.0.id", "", 'commitments[0].id: ""', "text that is not empty"),
        ("commitments.0.id", 1, "commitments[0].id: 1", "text that is not empty"),
        ("commitments.0.id", "\ud800", 'commitments[0].id: "\\ud800"', "text"),
        ("commitments.1.id", "c1", 'commitments[1].id: "c1" again', "(commitments[0] has it)"),
        ("commitments.0.funder", REMOVED, "commitments[0].funder: missing", "text"),
        ("commitments.0.amount", REMOVED, "commitments[0].amount: missing", "a whole number"),
        ("commitments.0.amount", -1, "commitments[0].amount: -1", "at least 0"),
        ("commitments.0.amount", math.inf, "commitments[0].amount: Infinity", "a whole number"),
        ("commitments.0.areas", "a1", 'commitments[0].areas: "a1"', "a list"),
        ("commitments.0.areas", ["a9"], 'commitments[0].areas[0]: "a9"', "an area in areas[]"),
        ("commitments.0.areas", [["a1"]], "commitments[0].areas[0]: a list of 1", "an area"),
        ("commitments.0.excludes", None, "commitments[0].excludes: null", "a list"),
        ("commitments.0.excludes", ["p9"], 'commitments[0].excludes[0]: "p9"', "a proposal"),
        ("commitments.0.least_share", 1.5, "commitments[0].least_share: 1.5", "from 0 to 1"),
        ("commitments.0.least_share", None, "commitments[0].least_share: null", "from 0 to 1"),
        ("commitments.0.pays_share_only", 1, "commitments[0].pays_share_only: 1", "true or false"),
        ("commitments.0.regions", [None], "commitments[0].regions[0]: null", "text"),
        ("commitments.0.risk_tiers", "high", 'commitments[0].risk_tiers: "high"', "a list"),
        ("commitments.0.cap_per_proposal", 1.5, "commitments[0].cap_per_proposal: 1.5", "or null"),
        ("commitments.0.cap_share_of_ask", 2, "commitments[0].cap_share_of_ask: 2", "from 0 to 1"),
        ("commitments.0.ticket", -1, "commitments[0].ticket: -1", "at least 0"),
        ("commitments.0.Amount", 5, "commitments[0].Amount: unknown key", "one of id, funder"),
        ("funders.1", {"id": "f1"}, 'funders[1].id: "f1" again', "an id of its own"),
        ("funders.0.weights", {"a9": 1}, 'funders[0].weights: key "a9"', "an area in areas[]"),
        ("funders.0.weights", {"a1": -1}, "funders[0].weights.a1: -1", "a number from 0"),
        ("funders.0.weights", {"a1": 1e308}, "funders[0].weights.a1: 1e+308", "to 1e+06"),
        ("funders.0.guarantee", "most", 'funders[0].guarantee: "most"', '"none" or "alone" or'),
        ("funders.0.guarantee", None, "funders[0].guarantee: null", '"none" or "alone" or'),
        ("funders.0.at_least", math.nan, "funders[0].at_least: NaN", "a number"),
        ("funders.0.at_least", True, "funders[0].at_least: true", "a number"),
        ("areas.1.id", "a1", 'areas[1].id: "a1" again', "an id of its own"),
        ("areas.0.steps", {}, "areas[0].steps: an empty object", "a list"),
        ("areas.0.steps.0.width", -1, "areas[0].steps[0].width: -1", "at least 0"),
        ("areas.0.steps.0.weight", REMOVED, "areas[0].steps[0].weight: missing", "a number"),
        ("areas.0.steps.1.weight", 0.6, "areas[0].steps[1].weight: 0.6 after 0.5", "never to rise"),
        ("areas.0.steps.1.weight", -0.1, "areas[0].steps[1].weight: -0.1", "a number from 0"),
        ("areas.0.steps.1.height", 1, "areas[0].steps[1].height: unknown key", "width, weight"),
        ("areas.0.cap", -1, "areas[0].cap: -1", "or null"),
        ("areas.0.floor", None, "areas[0].floor: null", "a whole number"),
        ("areas.0.spent", 0.5, "areas[0].spent: 0.5", "a whole number"),
        ("overlaps.0.proposals", ["p1"], "overlaps[0].proposals: 1 ids", "two different"),
        ("overlaps.0.proposals", ["p1", "p1"], 'overlaps[0].proposals: "p1" twice', "different"),
        ("overlaps.0.proposals", ["p1", "p9"], 'overlaps[0].proposals[1]: "p9"', "a proposal in"),
        ("overlaps.0.proposals", REMOVED, "overlaps[0].proposals: 0 ids", "two different"),
        ("overlaps.0.degree", REMOVED, "overlaps[0].degree: missing", "from 0 to 1"),
        ("overlaps.0.degree", 1.1, "overlaps[0].degree: 1.1", "from 0 to 1"),
        ("locks.0.proposal", "p9", 'locks[0].proposal: "p9"', "a proposal in proposals[]"),
        ("locks.0.proposal", REMOVED, "locks[0].proposal: missing", "a proposal in proposals[]"),
        ("locks.0.commitment", "c9", 'locks[0].commitment: "c9"', "a commitment in commitments[]"),
        ("locks.0.amount", REMOVED, "locks[0]: has commitment", "commitment and amount, or"),
        ("locks.0.funded", True, "locks[0]: has commitment and amount and funded", "or funded al"),
        ("locks.1.funded", True, "locks[1]: has amount and funded", "or funded alone"),
        ("locks.1.amount", REMOVED, "locks[1]: has none of them", "or funded alone"),
        ("locks.1.amount", -1, "locks[1].amount: -1", "or null"),
        ("locks.2.funded", "yes", 'locks[2].funded: "yes"', "true or false"),
        ("locks.2.reason", "x", "locks[2].reason: unknown key", "one of proposal"),
        ("policy", [], "policy: an empty list", "an object"),
        ("policy.round_to", 0, "policy.round_to: 0", "at least 1"),
        ("policy.max_cofunders", 1.5, "policy.max_cofunders: 1.5", "a whole number of lines"),
        ("policy.agreement_cost", 0.5, "policy.agreement_cost: 0.5", "a whole number of minor"),
        ("policy.overlap_weight", -1, "policy.overlap_weight: -1", "a number from 0"),
        ("policy.floor_penalty", 1e30, "policy.floor_penalty: 1e+30", "a number from 0"),
        ("policy.institution_share", 1.5, "policy.institution_share: 1.5", "from 0 to 1, or null"),
        ("policy.region_least", {"x": 2}, "policy.region_least.x: 2", "from 0 to 1"),
        ("policy.region_least", {"": 0}, 'policy.region_least: key ""', "text"),
        ("policy.risk_most", [0.5], "policy.risk_most: a list of 1", "an object"),
        ("policy.round", 1, "policy.round: unknown key", "one of overlap_weight"),
        ("notes", "x", "notes: unknown key", "one of format, currency"),
    ],
)
def test_a_fault_names_where_what_and_what_was_expected(
    path: str, value: object, where: str, expected: str
) -> None:
    found = faults(changed(ROUND, path, value))
    assert found[0].startswith(where)
    assert "; expected " in found[0]
    assert expected in found[0].split("; expected ")[1]
    assert all("\n" not in fault for fault in found)


def test_one_wrong_value_is_one_fault() -> None:
    for path, value in (
        ("proposals.0.ask", -5),
        ("proposals.1.ask", "x"),
        ("proposals.0.areas", {"a1": 2, "a2": 0.5}),
        ("locks.0.amount", "x"),
        ("overlaps.0.proposals", ["p1", 4]),
        ("areas.0.steps.0.weight", "x"),
        ("commitments.0", []),
        ("commitments", 5),
        ("areas", 5),
        ("proposals.2", {"id": "p3", "ask": "x", "merit": 1, "areas": {"a1": 1}}),
    ):
        assert len(faults(changed(ROUND, path, value))) == 1, path


def test_every_fault_of_a_file_is_named_at_once() -> None:
    document = changed(ROUND, "proposals.0.ask", -5)
    document = changed(document, "proposals.1.merit", 2)
    document = changed(document, "policy.round_to", 0)
    document = changed(document, "currency", "EURO")
    document = changed(document, "surprise", 1)
    assert [fault.split(":")[0] for fault in faults(document)] == [
        "currency",
        "proposals[0].ask",
        "proposals[1].merit",
        "policy.round_to",
        "surprise",
    ]


@pytest.mark.parametrize("document", [None, 5, "x", [], [ROUND], True])
def test_a_document_that_is_no_object_is_refused(document: object, tmp_path: Path) -> None:
    path = tmp_path / "round.json"
    path.write_text(json.dumps(document))
    assert faults(path) == [f"the document: {_shown(document)}; expected an object"]


def _shown(document: object) -> str:
    if isinstance(document, list):
        return "a list of 1" if document else "an empty list"
    return json.dumps(document)


# Files


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "round.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_file_is_read_by_path_or_by_name(tmp_path: Path) -> None:
    path = write(tmp_path, json.dumps(ROUND))
    assert read_round(path) == read_round(str(path)) == read_round(ROUND)


def test_a_byte_order_mark_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbf" + json.dumps(ROUND).encode())
    assert read_round(path).digest == read_round(ROUND).digest


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty; expected a JSON object"),
        (b" \n", "empty; expected a JSON object"),
        (b"{", "line 1, column 2: "),
        (b'{"a": 1,}', "expected JSON"),
        (b"\xff\xfe{\x00}\x00", "byte 0 is not UTF-8"),
        (b'{"a": "caf\xe9"}', "byte 10 is not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"PK\x03\x04", "expected JSON"),
        (b"{} {}", "Extra data"),
    ],
)
def test_a_file_that_is_not_json_in_utf8_is_refused_in_one_line(
    content: bytes, words: str, tmp_path: Path
) -> None:
    path = write(tmp_path, content)
    (fault,) = faults(path)
    assert fault.startswith(f"{path}: ")
    assert words in fault


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path / "none.json")
    assert fault == f"{tmp_path / 'none.json'}: cannot be read (No such file or directory); " + (
        "expected a file"
    )
    (fault,) = faults(tmp_path)
    assert "cannot be read (Is a directory)" in fault
    (fault,) = faults("no\0file")
    assert "cannot be read" in fault


def test_a_key_that_stands_twice_is_named_where_it_stands(tmp_path: Path) -> None:
    text = json.dumps(ROUND).replace('"ask": 400', '"ask": 400, "merit": 1, "ask": 5')
    assert faults(write(tmp_path, text)) == [
        "proposals[0].ask: stands more than once; expected each key once",
        "proposals[0].merit: stands more than once; expected each key once",
    ]
    text = json.dumps(ROUND).replace('{"a2": 1}', '{"a2": 0.5, "a2": 0.5}')
    assert "proposals[1].areas.a2: stands more than once" in faults(write(tmp_path, text))[0]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e309", "-1e309"])
@pytest.mark.parametrize("key", ["merit", "ask"])
def test_numbers_that_are_not_finite_are_refused(number: str, key: str, tmp_path: Path) -> None:
    document = changed(ROUND, f"proposals.0.{key}", "HERE")
    (fault,) = faults(write(tmp_path, json.dumps(document).replace('"HERE"', number)))
    assert fault.startswith(f"proposals[0].{key}: ")
    assert "NaN" in fault or "Infinity" in fault


def test_a_number_of_thousands_of_digits_is_refused_not_tripped_over(tmp_path: Path) -> None:
    text = json.dumps(changed(ROUND, "proposals.0.ask", "HERE")).replace('"HERE"', "9" * 10_000)
    (fault,) = faults(write(tmp_path, text))
    assert fault.startswith("proposals[0].ask: ")


def test_a_deep_value_where_none_belongs_is_a_fault_like_any_other() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert faults(changed_shallow(ROUND, "proposals", deep))[0].startswith("proposals[0]: a list")
    assert "notes: unknown key" in faults(changed_shallow(ROUND, "notes", deep))[0]


def changed_shallow(document: Document, key: str, value: object) -> Document:
    return {**document, key: value}


# The digest


def test_the_digest_is_of_the_document_as_parsed() -> None:
    document = {"format": "tributary-round/1", "currency": "EUR", "areas": [{"id": "é", "cap": 7}]}
    text = '{"areas":[{"cap":7,"id":"é"}],"currency":"EUR","format":"tributary-round/1"}'
    assert digest(document) == hashlib.sha256(text.encode()).hexdigest()
    assert read_round(document).digest == digest(document)


def test_the_digest_does_not_depend_on_layout_or_on_the_order_of_keys(tmp_path: Path) -> None:
    mixed = dict(reversed(list(ROUND.items())))
    assert read_round(write(tmp_path, json.dumps(mixed, indent=4))).digest == digest(ROUND)


def test_the_digest_changes_with_any_value() -> None:
    assert digest(changed(ROUND, "proposals.0.ask", 401)) != digest(ROUND)
    assert digest(changed(ROUND, "proposals.0.minimum", 400)) != digest(ROUND)


def test_the_digest_is_not_part_of_what_makes_two_problems_equal() -> None:
    explicit = changed(ROUND, "proposals.0.minimum", 400)
    assert read_round(explicit) == read_round(ROUND)
    assert read_round(explicit).digest != read_round(ROUND).digest


# Writing


def test_what_is_written_is_read_back_the_same() -> None:
    for seed in range(60):
        document = random_round(
            seed, commitments=seed % 5, proposals=seed % 7, features=any_features(seed)
        )
        problem = read_round(document)
        written = json.loads(json.dumps(write_round(problem)))
        assert read_round(written) == problem
        assert write_round(read_round(written)) == written


@settings(max_examples=60, deadline=None)
@given(small_rounds())
def test_every_round_that_is_made_at_random_keeps_to_the_format(document: Document) -> None:
    problem = read_round(document)
    assert read_round(write_round(problem)) == problem
    assert faults_of(problem) == []


def test_a_problem_made_by_hand_can_be_asked_for_its_faults() -> None:
    problem = Problem("USD", (), (Proposal("p", -1, 2.0, {"x": 1.0}, -1),))
    assert [fault.split(":")[0] for fault in faults_of(problem)] == [
        "proposals[0].ask",
        "proposals[0].minimum",
        "proposals[0].areas",
        "proposals[0].merit",
    ]
