"""What is said to officer, committee and applicant of a proposal that is not funded."""

from __future__ import annotations

from typing import Any

import pytest

from funding.services.run_words import Words
from funding.services.why_words import confirmed, estimated, touched

NAMES = {"P1": "“Maps of minds” (P1)", "P2": "“Better locks” (P2)", "areaA": "Evaluations"}


class PlainWords(Words):
    """With spaces that break, so that sentences can be compared."""

    def money(self, minor: float) -> str:
        return super().money(minor).replace("\u00a0", " ")


WORDS = PlainWords(NAMES, "USD")
PROOF = {"value": 100_000_00.0, "best": 100_000_00.0, "bound": 100_010_00.0, "funded": ["P2"]}


def a_forced(lost: float, **parts: Any) -> dict[str, Any]:
    moves = [
        {"proposal": "P1", "before": 0, "after": 40_000_00},
        {"proposal": "P2", "before": 30_000_00, "after": 0},
    ]
    return {
        "value": 100_000_00 - lost,
        "bound": 100_000_00 - lost,
        "lost": lost,
        "is_none": lost <= 10_00,
        "moves": moves,
        "areas": [
            {
                "area": "areaA",
                "open_before": 0,
                "open_after": 5_000_00,
                "short_before": 0,
                "short_after": 0,
            }
        ],
        "funders": {},
        **parts,
    }


def a_smallest(state: str) -> dict[str, dict[str, Any]]:
    by = {"merit": 0.07, "money": 6_000_00, "minimum": 2_000_00, "ask": 12_000_00}
    return {
        kind: {
            "kind": kind,
            "state": state,
            "enough": amount if state == "found" else None,
            "too_little": amount * 6 / 7 if state == "found" else None,
        }
        for kind, amount in by.items()
    }


def found(forced: dict[str, Any] | None, state: str = "found") -> dict[str, Any]:
    return {"proposal": "P1", "forced": forced, "smallest": a_smallest(state), "tries": 5}


def said(forced: dict[str, Any] | None, state: str = "found") -> Any:
    return confirmed(WORDS, found(forced, state), PROOF, ask=50_000_00, minimum=40_000_00)


def test_the_officer_reads_the_cost_who_loses_and_what_opens() -> None:
    told = said(a_forced(500_00))
    assert told.costs == "Funding it all the same would cost USD 500 of the plan’s value."
    assert told.touches == [
        "No longer funded: “Better locks” (P2), USD 30,000.",
        "Needs left open that the plan covers: Evaluations (USD 5,000).",
    ]


def test_the_officer_reads_each_smallest_change_and_what_is_too_little() -> None:
    assert said(a_forced(500_00)).changes == [
        "0.07 more score (7 points of a reviewer’s 100) would fund it; 0.06 would not.",
        "USD 6,000 more of money that may pay it would fund it; USD 5,142 would not.",
        "A least amount of USD 38,000 instead of USD 40,000 would fund it; USD 38,285 would not.",
        "An ask of USD 38,000 instead of USD 50,000 would fund it; USD 39,714 would not.",
    ]


def test_a_difference_below_the_proven_gap_is_called_none() -> None:
    told = said(a_forced(9_00), "none")
    assert "cost nothing that can be measured" in told.costs
    assert told.committee.startswith("The plan would be worth as much with it;")
    assert told.changes == [
        "None is needed: it stands at the margin, and a plan with it is worth as much."
    ]
    assert told.applicant == [
        "Its ask, its least amount and the money for such work did not stand in its way."
    ]


def test_the_committee_reads_what_it_means_for_the_whole() -> None:
    assert said(a_forced(500_00)).committee == (
        "With it, the plan would be worth 0.50% less; 1 funded proposal would leave the plan."
    )
    assert "only other limits could fund it" in said(None, "impossible").committee


@pytest.mark.parametrize("state", ["found", "none", "impossible", "unsure"])
@pytest.mark.parametrize("lost", [9_00, 500_00])
def test_the_applicant_hears_only_of_ask_least_amount_and_eligible_money(
    state: str, lost: int
) -> None:
    told = " ".join(said(a_forced(lost), state).applicant)
    for word in ("score", "merit", "reviewer", "Better locks", "P2", "value", "plan", "rank"):
        assert word not in told
    if state == "found":
        assert "no more than USD 38,000" in told


def test_estimates_are_marked_as_such_and_nothing_goes_to_the_applicant() -> None:
    about = {
        "costs": 500_00.0,
        "pushes_out": ["P2"],
        "merit": 0.07,
        "money": 6_000_00.0,
        "minimum": None,
        "ask": None,
    }
    told = estimated(WORDS, about)
    assert "about USD 500" in told.costs
    assert told.touches == ["Money would first be taken from “Better locks” (P2)."]
    assert all(change.startswith("About ") for change in told.changes)
    assert told.applicant == []


def test_small_sums_that_move_along_are_not_named() -> None:
    moves = [{"proposal": "P2", "before": 30_000_00, "after": 29_990_00}]
    assert touched(WORDS, a_forced(0, moves=moves, areas=[])) == []
