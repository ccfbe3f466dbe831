"""What speaks for and against two works being one, and how probable it makes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from funding.overlap.probability import Judgement, judge
from funding.overlap.works import Someone, Work

FIRST = Work(
    "proposal:1",
    "Probes for test awareness",
    "We train linear probes on 4 models and 1,250 prompts to tell whether a model is tested.",
    people=(Someone("Ada Tull", "0000-0001"), Someone("Bo Renn", mail_domain="tull.example")),
    institution="Tull Institute",
    amount=100_000_00,
    starts_on=date(2027, 1, 1),
    ends_on=date(2027, 12, 31),
)
COPY = replace(FIRST, id="proposal:2", amount=103_000_00)


def said(judgement: Judgement) -> set[str]:
    return {signal.words for signal in judgement.signals}


def test_a_copy_is_probable_and_the_reasons_are_said() -> None:
    judgement = judge(FIRST, COPY, 1.0)
    assert judgement.probability > 0.9
    assert judgement.degree == 1.0
    assert {"the same lead", "budgets within 3%", "periods overlap by 12 months"} <= said(judgement)


def test_works_with_nothing_in_common_are_improbable() -> None:
    assert (
        judge(FIRST, Work("grant:9", "Swimming", "A pool for a village."), 0.02).probability < 0.1
    )


def test_the_order_of_the_two_does_not_matter() -> None:
    assert judge(FIRST, COPY, 0.7).probability == judge(COPY, FIRST, 0.7).probability


def test_a_second_stage_is_no_duplicate() -> None:
    second = replace(
        COPY, stage_of="proposal:1", starts_on=date(2028, 1, 1), ends_on=date(2028, 12, 31)
    )
    judgement = judge(FIRST, second, 0.7)
    assert judgement.probability < judge(FIRST, COPY, 0.7).probability / 2
    assert "the second says that it continues the first" in said(judgement)


def test_what_is_paid_together_on_purpose_is_no_duplicate() -> None:
    together = replace(COPY, cofunded_with=frozenset({"proposal:1"}))
    judgement = judge(FIRST, together, 0.8)
    assert judgement.probability < judge(FIRST, COPY, 0.8).probability
    assert "paid for together on purpose" in said(judgement)


def test_the_pushes_add_up_to_the_log_odds() -> None:
    one, two = judge(FIRST, COPY, 0.3), judge(FIRST, replace(COPY, outputs=frozenset()), 0.3)
    assert [signal.push for signal in one.signals] == [signal.push for signal in two.signals]
    pushes = [abs(signal.push) for signal in one.signals]
    assert pushes == sorted(pushes, reverse=True)
